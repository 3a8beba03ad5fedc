"""Refusals: the marks that the fence heeds, and the lists of addresses that a back office reads.

A mark is a hash, so that it may outlive the person; the entry of a list hangs on the person, and goes with them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from botocore.exceptions import ClientError

from shared.domain.base import iso
from shared.domain.messages import Category, Channel
from shared.domain.people import Person
from shared.domain.preferences import Refusal, Refusals, Refused, addresses_of, refuses
from shared.storage.keys import EVERYTHING, Key, bounce_key, opt_out_key, unsubscribe_key
from shared.storage.people_lists import BOUNCE, UNSUBSCRIBE, listed
from shared.storage.survey_requests import not_erased
from shared.storage.table import (
    Queryable,
    cancellation_codes,
    condition_held,
    every_item,
    from_item,
    to_item,
    translated,
)


class MarksTable(Queryable, Protocol):
    """The calls we make to DynamoDB for marks."""

    def update_item(self, **kwargs: Any) -> Any:
        """UpdateItem."""
        ...

    def delete_item(self, **kwargs: Any) -> Any:
        """DeleteItem."""
        ...


class EntriesTable(Protocol):
    """The calls we make to DynamoDB to enter an address into a list, and to take it out."""

    def transact_write_items(self, **kwargs: Any) -> Any:
        """TransactWriteItems."""
        ...

    def delete_item(self, **kwargs: Any) -> Any:
        """DeleteItem."""
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

    def refuse(self, channel: Channel, address: str, category: Category | None, at: datetime, by: str) -> None:
        """Have an address sent no more messages of a category, None for any by this channel.

        Said again it stays what it was first; when it was said last is kept too, for what `allow` says of order.

        Raises:
            TemporaryError: the store did not answer; so for every method here.
        """
        condition_held(
            self._dynamodb.update_item,
            TableName=self._table_name,
            Key=opt_out_key(channel, address, category),
            UpdateExpression="SET #since = if_not_exists(#since, :at), #by = if_not_exists(#by, :by), #last = :at",
            ConditionExpression="attribute_not_exists(#last) OR #last < :at",
            ExpressionAttributeNames={"#since": "since", "#by": "by", "#last": "last"},
            ExpressionAttributeValues=to_item({":at": iso(at), ":by": by}),
        )

    def allow(self, channel: Channel, address: str, category: Category | None, at: datetime) -> bool:
        """Take a refusal back that was said until `at`; False if it was said again later, and stays.

        So a START that comes late, or twice, undoes no STOP that came after it.
        """
        return condition_held(
            self._dynamodb.delete_item,
            TableName=self._table_name,
            Key=opt_out_key(channel, address, category),
            ConditionExpression="attribute_not_exists(#since) OR (#since <= :at AND NOT #last > :at)",
            ExpressionAttributeNames={"#since": "since", "#last": "last"},
            ExpressionAttributeValues=to_item({":at": iso(at)}),
        )

    def of(self, channel: Channel, address: str) -> dict[Refused, Refusal]:
        """What is refused under an address, as it is at this moment."""
        found = every_item(
            self._dynamodb,
            TableName=self._table_name,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": opt_out_key(channel, address, None)["pk"]},
            ConsistentRead=True,
        )
        return {Refused(channel, _category(item["sk"]["S"])): _refusal(item) for item in found}


def _category(sort_key: str) -> Category | None:
    return None if sort_key == EVERYTHING else Category(sort_key.lower())


def _refusal(item: Mapping[str, Any]) -> Refusal:
    stored = from_item(item)
    return Refusal(since=stored["since"], by=stored.get("by"))


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

    def subscribed(self, person_id: str, email: str) -> None:
        """Take the address of a person out again who may be asked after all."""
        with translated():
            self._dynamodb.delete_item(TableName=self._table_name, Key=unsubscribe_key(person_id, email))

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


class PreferenceRepository:
    """What people we know refuse: the marks of all their addresses, and the list kept in step with them.

    Args:
        marks: The marks.
        lists: The list of who does not want to be asked by e-mail.
    """

    def __init__(self, marks: OptOutRepository, lists: AddressLists) -> None:
        self._marks = marks
        self._lists = lists

    def of(self, person: Person) -> Refusals:
        """What a person refuses under the addresses they have now.

        Raises:
            TemporaryError: the store did not answer; so for every method here.
        """
        found: dict[Refused, Refusal] = {}
        for channel, address in addresses_of(person).items():
            found |= self._marks.of(channel, address)
        return found

    def save(self, person: Person, wanted: Mapping[Refused, bool], at: datetime, by: str) -> Refusals:
        """Refuse and allow what a person wants, and nothing that they say nothing of; what they refuse now.

        Only what is different is written, mark by mark, so that the same again changes nothing, and of two who save at
        once the last one wins for each mark. The marks come first: what sends heeds them, and the list only tells.

        Args:
            person: Who.
            wanted: Whether each of these is refused; what is of a channel that they do not have is left aside.
            at: When they said so.
            by: Who said so.
        """
        addresses, before = addresses_of(person), self.of(person)
        for what, is_refused in wanted.items():
            address = addresses.get(what.channel)
            if address is None or is_refused == (what in before):
                continue
            if is_refused:
                self._marks.refuse(what.channel, address, what.category, at, by)
            else:
                self._marks.allow(what.channel, address, what.category, at)
        after = self.of(person)
        if person.email is not None:
            if refuses(after, Channel.EMAIL, Category.SURVEYS):
                self._lists.unsubscribed(person.person_id, person.email, at)
            else:
                self._lists.subscribed(person.person_id, person.email)
        return after
