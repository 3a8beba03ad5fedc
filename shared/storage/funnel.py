"""The funnel: how far people came, by day and by the way they were asked, each step counted once.

A thing (a view, an invitation, an answer) has one mark, which says which of its steps are counted. The mark and the
documents that its steps are counted in are written together, so that what is told again finds what was done.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, datetime
from typing import Any, NamedTuple, Protocol

from shared.domain.steps import MARK_KEPT_FOR, AskedBy, Document, Step, Thing, added
from shared.errors import TemporaryError
from shared.storage.keys import funnel_key, funnel_mark_key, funnel_partition
from shared.storage.table import BatchReadable, Queryable, every_item, from_item, items_of, to_item
from shared.storage.transactions import CONDITION_FAILED, Action, Cancelled, Refused, TransactedTable, commit

MAX_ACTIONS = 100
"""Actions of one transaction (API reference of TransactWriteItems)."""
MAX_ATTEMPTS = 10
"""How often a transaction is tried that others keep cancelling, before the queue has it come again later."""


class FunnelTable(BatchReadable, Queryable, TransactedTable, Protocol):
    """The calls we make to DynamoDB."""


class FunnelDay(NamedTuple):
    """What was counted of a day, on one way of asking."""

    day: date
    channel: AskedBy
    steps: Mapping[Step, int]


class Counted(NamedTuple):
    """What became of a batch.

    Args:
        steps: How many steps are counted anew.
        postponed: The things of which that is not certain; the same again, later, is right.
    """

    steps: int
    postponed: frozenset[str]


class _New(NamedTuple):
    """The steps of a thing that its mark does not have yet."""

    thing: Thing
    marked: frozenset[str]
    steps: tuple[Step, ...]


class FunnelRepository:
    """The marks and documents in the funnel table.

    Args:
        dynamodb: A DynamoDB client.
        table_name: The table's name.
    """

    def __init__(self, dynamodb: FunnelTable, table_name: str) -> None:
        self._dynamodb = dynamodb
        self._table_name = table_name

    def count(self, things: Mapping[str, Thing], read_first: Collection[str], now: datetime) -> Counted:
        """Count what is not counted yet, whoever told it before and whoever else is at it.

        A thing is taken for new, and written as such; others are read first. Nothing is raised for an outage.

        Args:
            things: By their ids.
            read_first: Ids of those that are probably marked already; only the cost depends on it.
            now: From when on a mark is kept.
        """
        try:
            marks = dict(self._marks([id_ for id_ in things if id_ in read_first]))
        except TemporaryError:
            return Counted(0, frozenset(things))
        counted, lost = 0, set[str]()
        for _ in range(MAX_ATTEMPTS):
            new = [each for each in _new(things, marks) if each.thing.id not in lost]
            if not new:
                break
            for together in _packed(new):
                try:
                    counted += self._try(together, marks, now)
                except TemporaryError:
                    lost.update(each.thing.id for each in together)
        return Counted(counted, frozenset(each.thing.id for each in _new(things, marks)))

    def read(self, survey_id: str, since: date, until: date) -> tuple[FunnelDay, ...]:
        """The documents of a range of days, both included, by day and channel; days without a step have none.

        Raises:
            TemporaryError: the store did not answer.
        """
        items = every_item(
            self._dynamodb,
            TableName=self._table_name,
            KeyConditionExpression="pk = :pk AND sk BETWEEN :since AND :until",
            ExpressionAttributeValues=to_item(
                {
                    ":pk": funnel_partition(survey_id),
                    ":since": since.isoformat(),
                    # In a key, `#` follows the day, and `$` is the character after it: beyond all of the last day.
                    ":until": f"{until.isoformat()}$",
                }
            ),
            ConsistentRead=True,
        )
        return tuple(_day(from_item(item)) for item in items)

    def _marks(self, ids: Sequence[str]) -> Iterator[tuple[str, frozenset[str]]]:
        """The marks that there are of these things."""
        of_keys = {funnel_mark_key(id_)["pk"]["S"]: id_ for id_ in ids}
        keys = [funnel_mark_key(id_) for id_ in ids]
        for item in items_of(self._dynamodb, self._table_name, keys, consistent=True):
            yield of_keys[item["pk"]["S"]], from_item(item)["steps"]

    def _try(self, new: Sequence[_New], marks: dict[str, frozenset[str]], now: datetime) -> int:
        """Try a transaction once: it is counted, or more is known of the marks for the next try."""
        documents = added((each.thing, each.steps) for each in new)
        actions = [*(self._mark(each, now) for each in new), *(self._add(*item) for item in documents.items())]
        try:
            commit(self._dynamodb, actions)
        except Refused as refused:
            raise TemporaryError("the store does not take the steps as they are") from refused
        except Cancelled as cancelled:
            for each, reason in zip(new, cancelled.reasons, strict=False):
                if reason["Code"] == CONDITION_FAILED:
                    marks[each.thing.id] = from_item(reason["Item"])["steps"] if reason.get("Item") else frozenset()
            return 0
        for each in new:
            marks[each.thing.id] = each.marked.union(each.steps)
        return sum(len(each.steps) for each in new)

    def _mark(self, new: _New, now: datetime) -> Action:
        marked = new.marked.union(new.steps)
        condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(pk)"}
        if new.marked:
            condition = {
                "ConditionExpression": "steps = :marked",
                "ExpressionAttributeValues": to_item({":marked": new.marked}),
            }
        attributes = {"steps": marked, "ttl": int((now + MARK_KEPT_FOR).timestamp())}
        return {
            "Put": {
                "TableName": self._table_name,
                "Item": {**funnel_mark_key(new.thing.id), **to_item(attributes)},
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
                **condition,
            }
        }

    def _add(self, document: Document, steps: Mapping[Step, int]) -> Action:
        return {
            "Update": {
                "TableName": self._table_name,
                "Key": funnel_key(document.survey_id, document.day, document.channel),
                "UpdateExpression": "ADD " + ", ".join(f"{step} :{step}" for step in steps),
                "ExpressionAttributeValues": to_item({f":{step}": number for step, number in steps.items()}),
            }
        }


def _new(things: Mapping[str, Thing], marks: Mapping[str, AbstractSet[str]]) -> Iterator[_New]:
    """What is not marked yet; those of one document side by side, for each transaction pays for those it adds to."""
    for thing in sorted(things.values(), key=lambda thing: (thing.survey_id, thing.channel, thing.id)):
        marked = frozenset(marks.get(thing.id, ()))
        if steps := tuple(step for step in thing.steps if step not in marked):
            yield _New(thing, marked, steps)


def _packed(new: Sequence[_New]) -> Iterator[list[_New]]:
    """As few transactions as the limit allows."""
    together: list[_New] = []
    documents: set[Document] = set()
    for each in new:
        mine = added([(each.thing, each.steps)]).keys()
        if together and len(together) + 1 + len(documents | mine) > MAX_ACTIONS:
            yield together
            together, documents = [], set()
        together.append(each)
        documents |= mine
    if together:
        yield together


def _day(document: Mapping[str, Any]) -> FunnelDay:
    day, _, channel = document["sk"].partition("#")
    steps = {step: document[step.value] for step in Step if step.value in document}
    return FunnelDay(date.fromisoformat(day), AskedBy(channel), steps)
