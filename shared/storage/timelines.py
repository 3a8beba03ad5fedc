"""What there is of a person in the tables of messages and parcels, the newest first.

Both are found by indexes, which lag behind what is committed, usually by less than a second.
"""

from __future__ import annotations

from datetime import datetime
from itertools import islice
from typing import Protocol

from shared.domain.base import iso
from shared.domain.deliveries import Delivery
from shared.domain.sending import Message
from shared.storage.keys import MESSAGE
from shared.storage.message_items import message_of
from shared.storage.table import BatchReadable, Item, Queryable, every_item, items_of, to_item


class TimelineTables(Queryable, BatchReadable, Protocol):
    """The calls we make to DynamoDB."""


class Timelines:
    """Reads them.

    Args:
        dynamodb: A DynamoDB client.
        messages_table: The messages table's name.
        deliveries_table: The deliveries table's name.
    """

    def __init__(self, dynamodb: TimelineTables, messages_table: str, deliveries_table: str) -> None:
        self._dynamodb = dynamodb
        self._messages = messages_table
        self._deliveries = deliveries_table

    def messages(self, person_id: str, until: datetime, limit: int) -> list[Message]:
        """The messages to a person that were wished for until a moment, the newest first.

        Raises:
            TemporaryError: the store did not answer; so for both methods.
        """
        found = every_item(
            self._dynamodb,
            TableName=self._messages,
            IndexName="by_person",
            KeyConditionExpression="person_id = :person AND requested_at <= :until",
            ExpressionAttributeValues=to_item({":person": person_id, ":until": iso(until)}),
            ScanIndexForward=False,
            Limit=limit,
        )
        # Short links are found by the same index.
        keys = islice((item for item in found if item["pk"]["S"].startswith(MESSAGE)), limit)
        return [message_of(item) for item in items_of(self._dynamodb, self._messages, [*map(_key, keys)])]

    def deliveries(self, person_id: str, limit: int) -> tuple[list[Delivery], bool]:
        """Parcels to a person, in no order; and whether these are all."""
        found = every_item(
            self._dynamodb,
            TableName=self._deliveries,
            IndexName="by_person",
            KeyConditionExpression="person_id = :person",
            ExpressionAttributeValues=to_item({":person": person_id}),
            Limit=limit + 1,
        )
        keys = [*map(_key, islice(found, limit + 1))]
        items = items_of(self._dynamodb, self._deliveries, keys[:limit])
        return [Delivery.model_validate_json(item["content"]["S"]) for item in items], len(keys) <= limit


def _key(item: Item) -> Item:
    return {name: item[name] for name in ("pk", "sk")}
