"""Lists of messages, the newest wish first: all of them, or those to one person.

Both are found by indexes, which lag behind what is committed, usually by less than a second. The index of all of them
has what a list is chosen by, so that a message is read only if it is shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import NamedTuple, Protocol

from shared.domain.base import iso
from shared.domain.sending import Message
from shared.storage.keys import MESSAGE, listed_month, message_key
from shared.storage.message_items import message_of
from shared.storage.table import BatchReadable, Item, Queryable, every_item, from_item, items_of, to_item

LISTED = "listed"
"""The index by `listed_as` and `requested_at`."""
BY_PERSON = "by_person"


class ListsTable(Queryable, BatchReadable, Protocol):
    """The calls we make to DynamoDB."""


class ListedMessage(NamedTuple):
    """What an index says of a message; None where it does not know.

    Args:
        message_id: Which one.
        requested_at: When it was wished for, as text that sorts.
        kind: What it says.
        state: How far it has come.
        reason: Why it was not sent.
        channel: The way it took.
        delivery_id: The parcel that it is about.
    """

    message_id: str
    requested_at: str
    kind: str | None = None
    state: str | None = None
    reason: str | None = None
    channel: str | None = None
    delivery_id: str | None = None


class MessageLists:
    """Reads them.

    Args:
        dynamodb: A DynamoDB client.
        table_name: The messages table's name.
    """

    def __init__(self, dynamodb: ListsTable, table_name: str) -> None:
        self._dynamodb = dynamodb
        self._table_name = table_name

    def every(self, since: datetime, until: datetime) -> Iterator[ListedMessage]:
        """Messages that were wished for between two moments, both included, the newest first.

        Raises:
            TemporaryError: the store did not answer; so for every method here.
        """
        for month in _months_back(since, until):
            yield from self._walk(LISTED, "listed_as", month, since, until)

    def of_person(self, person_id: str, since: datetime, until: datetime) -> Iterator[ListedMessage]:
        """Those of them that are to one person; this index knows nothing more of them."""
        return self._walk(BY_PERSON, "person_id", person_id, since, until)

    def read(self, message_ids: Sequence[str]) -> list[Message]:
        """Messages by their ids, in the same order; those that are no more are left out."""
        items = items_of(self._dynamodb, self._table_name, [message_key(each) for each in message_ids])
        found = {item["pk"]["S"].removeprefix(MESSAGE): message_of(item) for item in items}
        return [found[each] for each in message_ids if each in found]

    def _walk(
        self, index: str, attribute: str, value: str, since: datetime, until: datetime
    ) -> Iterator[ListedMessage]:
        found = every_item(
            self._dynamodb,
            TableName=self._table_name,
            IndexName=index,
            KeyConditionExpression=f"{attribute} = :value AND requested_at BETWEEN :since AND :until",
            ExpressionAttributeValues=to_item({":value": value, ":since": iso(since), ":until": iso(until)}),
            ScanIndexForward=False,
        )
        # Short links are found by the index of persons too.
        listed = (_listed(item) for item in found if item["pk"]["S"].startswith(MESSAGE))
        # An index has those of one moment in no order.
        for _, at_once in groupby(listed, key=lambda each: each.requested_at):
            yield from sorted(at_once, reverse=True)


def _listed(item: Item) -> ListedMessage:
    known = from_item({name: value for name, value in item.items() if name in ListedMessage._fields})
    return ListedMessage(message_id=item["pk"]["S"].removeprefix(MESSAGE), **known)


def _months_back(since: datetime, until: datetime) -> Iterator[str]:
    """The parts of the list between two moments, the latest first."""
    first, last = listed_month(since), listed_month(until)
    while last >= first:
        yield last
        year, month = int(last[:4]), int(last[5:])
        last = f"{year - (month == 1):04d}-{(month - 2) % 12 + 1:02d}"
