"""Lists in the people table: who is known, who does not want to be asked, whose address bounced, what is to be sent.

All come from one index, in the order in which they came about. It lags behind what is committed, usually by less than
a second; DynamoDB promises no bound.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from shared.domain.asking import ListedAddress, ListedPerson
from shared.domain.base import iso
from shared.domain.people import Person
from shared.errors import InvalidRequestError
from shared.storage.keys import person_key
from shared.storage.table import AttributeValue, BatchReadable, Item, Queryable, every_item, items_of, to_item

LISTED = "listed"
"""The index by `listed_as` and `listed_at`."""
PERSON, UNSUBSCRIBE, BOUNCE, PENDING = "person", "unsubscribe", "bounce", "pending"
"""What is listed."""

_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(9999, 12, 31, tzinfo=UTC)
_CURSOR = re.compile(r"(?P<at>[0-9T:.Z-]{24})#(?P<pk>PERSON#[A-Za-z0-9._:-]{1,128})#(?P<sk>[A-Z]+(#[0-9a-f]{64})?)")

T = TypeVar("T")


class ListsTable(Queryable, BatchReadable, Protocol):
    """The calls we make to DynamoDB."""


class Page(NamedTuple, Generic[T]):
    """A part of a list.

    Args:
        items: At most as many as were asked for.
        next: Where the list goes on, an opaque word for `after`; None if this is its end.
    """

    items: tuple[T, ...]
    next: str | None


def listed(what: str, at: datetime) -> dict[str, AttributeValue]:
    """The attributes that put an item into a list."""
    return to_item({"listed_as": what, "listed_at": iso(at)})


class PeopleLists:
    """The lists.

    Args:
        dynamodb: A DynamoDB client.
        table_name: The table's name.
    """

    def __init__(self, dynamodb: ListsTable, table_name: str) -> None:
        self._dynamodb = dynamodb
        self._table_name = table_name

    def people(
        self, since: datetime | None, until: datetime | None, *, limit: int, after: str | None = None
    ) -> Page[ListedPerson]:
        """Who is known, in the order in which they became so.

        Args:
            since: The first moment; None for the beginning.
            until: The last second, all of it included; None for the end.
            limit: The most that are wanted.
            after: Where an earlier page said that the list goes on.

        Raises:
            InvalidRequestError: `after` is no place in this list.
            TemporaryError: the store did not answer; so for every method here.
        """
        start = {} if after is None else {"ExclusiveStartKey": _start(PERSON, after, since, until)}
        # One more than asked for is read, so that a list's last page does not promise another.
        found = list(islice(self._walk(PERSON, since, until, Limit=limit + 1, **start), limit + 1))
        more = _cursor(found[limit - 1]) if len(found) > limit else None
        return Page(tuple(_person(item) for item in found[:limit]), more)

    def unsubscribes(
        self, since: datetime | None, until: datetime | None, *, skip: int, limit: int
    ) -> tuple[ListedAddress, ...]:
        """Addresses whose people do not want to be asked, in the order in which they said so.

        Args:
            since: The first moment; None for the beginning.
            until: The last second, all of it included; None for the end.
            skip: How many at the beginning are not wanted.
            limit: The most that are wanted.
        """
        return self._addresses(UNSUBSCRIBE, since, until, skip, limit)

    def bounces(
        self, since: datetime | None, until: datetime | None, *, skip: int, limit: int
    ) -> tuple[ListedAddress, ...]:
        """Addresses that bounced for good, in the order in which they did; arguments as for unsubscribes."""
        return self._addresses(BOUNCE, since, until, skip, limit)

    def one(self, person_id: str) -> ListedPerson | None:
        """A person as the list has them, None if they are not known (any more)."""
        return self.named([person_id]).get(person_id)

    def named(self, person_ids: Collection[str]) -> Mapping[str, ListedPerson]:
        """People by their ids; those who are not known any more are left out."""
        keys = [person_key(person_id) for person_id in sorted(set(person_ids))]
        found = map(_person, items_of(self._dynamodb, self._table_name, keys))
        return {each.person.person_id: each for each in found}

    def _addresses(
        self, what: str, since: datetime | None, until: datetime | None, skip: int, limit: int
    ) -> tuple[ListedAddress, ...]:
        walk = self._walk(what, since, until, Limit=skip + limit)
        return tuple(_address(item) for item in islice(walk, skip, skip + limit))

    def _walk(self, what: str, since: datetime | None, until: datetime | None, **page: Any) -> Iterator[Item]:
        values = {":what": what, ":since": iso(since or _EARLIEST), ":until": _last(until)}
        return every_item(
            self._dynamodb,
            TableName=self._table_name,
            IndexName=LISTED,
            KeyConditionExpression="listed_as = :what AND listed_at BETWEEN :since AND :until",
            ExpressionAttributeValues=to_item(values),
            **page,
        )


def _last(until: datetime | None) -> str:
    """The last moment of a second: callers name seconds, and lists have milliseconds."""
    return iso((until or _LATEST).replace(microsecond=999_000))


def _person(item: Item) -> ListedPerson:
    return ListedPerson(
        person=Person.model_validate_json(item["content"]["S"]),
        created_at=datetime.fromisoformat(item.get("listed_at", item["told_at"])["S"]),
        claims=tuple(sorted(item["claims"]["SS"])),
    )


def _address(item: Item) -> ListedAddress:
    return ListedAddress(
        person_id=item["person_id"]["S"],
        email=item["email"]["S"],
        at=datetime.fromisoformat(item["listed_at"]["S"]),
    )


def _cursor(item: Item) -> str:
    place = "#".join(item[name]["S"] for name in ("listed_at", "pk", "sk"))
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def _start(what: str, after: str, since: datetime | None, until: datetime | None) -> Item:
    """The place a cursor names.

    Raises:
        InvalidRequestError: it names none, or one outside this list, which DynamoDB would refuse too.
    """
    try:
        place = _CURSOR.fullmatch(base64.b64decode(after + "=" * (-len(after) % 4), b"-_", validate=True).decode())
    except (binascii.Error, UnicodeError, ValueError):
        place = None
    if place is None or not iso(since or _EARLIEST) <= place["at"] <= _last(until):
        raise InvalidRequestError("after is no place in this list.", {"after": ["must be what an earlier page said"]})
    return to_item({"listed_as": what, "listed_at": place["at"], "pk": place["pk"], "sk": place["sk"]})
