"""Addresses that are not to be asked: the mark that the fence heeds, and the lists a back office reads.

The mark is a hash, so that it may outlive the person; the entry of the list hangs on the person, and goes with them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from botocore.exceptions import ClientError

from shared.domain.base import iso
from shared.domain.messages import Channel
from shared.storage.keys import Key, bounce_key, opt_out_key, unsubscribe_key
from shared.storage.people_lists import BOUNCE, UNSUBSCRIBE, listed
from shared.storage.survey_requests import not_erased
from shared.storage.table import cancellation_codes, condition_held, to_item, translated


class MarksTable(Protocol):
    """The call we make to DynamoDB to mark an address."""

    def put_item(self, **kwargs: Any) -> Any:
        """PutItem."""
        ...


class EntriesTable(Protocol):
    """The call we make to DynamoDB to enter an address into a list."""

    def transact_write_items(self, **kwargs: Any) -> Any:
        """TransactWriteItems."""
        ...


class OptOutRepository:
    """The marks in the messages table.

    Args:
        dynamodb: A DynamoDB client.
        table_name: The messages table's name.
    """

    def __init__(self, dynamodb: MarksTable, table_name: str) -> None:
        self._dynamodb = dynamodb
        self._table_name = table_name

    def add(self, channel: Channel, address: str, at: datetime) -> None:
        """Have an address asked no more; the first time it was wished for stays.

        Raises:
            TemporaryError: the store did not answer.
        """
        item = {**opt_out_key(channel, address), **to_item({"since": iso(at)})}
        put = {"TableName": self._table_name, "Item": item, "ConditionExpression": "attribute_not_exists(pk)"}
        condition_held(self._dynamodb.put_item, **put)


class AddressLists:
    """The entries in the people table; whoever was erased gets none.

    Args:
        dynamodb: A DynamoDB client.
        table_name: The people table's name.
    """

    def __init__(self, dynamodb: EntriesTable, table_name: str) -> None:
        self._dynamodb = dynamodb
        self._table_name = table_name

    def unsubscribed(self, person_id: str, email: str, at: datetime) -> None:
        """Enter an address of a person who does not want to be asked; the first time stays.

        Raises:
            TemporaryError: the store did not answer; so for every method here.
        """
        self._enter(unsubscribe_key(person_id, email), UNSUBSCRIBE, person_id, email, at)

    def bounced(self, person_id: str, email: str, at: datetime) -> None:
        """Enter an address of a person that bounced for good; the first time stays."""
        self._enter(bounce_key(person_id, email), BOUNCE, person_id, email, at)

    def _enter(self, key: Key, what: str, person_id: str, email: str, at: datetime) -> None:
        entry: Mapping[str, Any] = {**key, **listed(what, at), **to_item({"person_id": person_id, "email": email})}
        put = {"TableName": self._table_name, "Item": entry, "ConditionExpression": "attribute_not_exists(pk)"}
        with translated():
            try:
                self._dynamodb.transact_write_items(
                    TransactItems=[not_erased(self._table_name, person_id), {"Put": put}]
                )
            except ClientError as error:
                # Either it is entered already, or the person is to be forgotten; both are as wished.
                if set(cancellation_codes(error)) - {"None"} != {"ConditionalCheckFailed"}:
                    raise
