"""Scores: the documents that `record` adds to, read back with their lanes summed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from itertools import groupby
from typing import NamedTuple

from shared.domain.responses import CERTIFICATE_MODULUS
from shared.domain.scores import ScoreDocument
from shared.storage.keys import score_partition
from shared.storage.table import Queryable, every_item, from_item, to_item

_KEYS = {"pk", "sk"}


class Lane(NamedTuple):
    """One part of a score document."""

    day: date
    value: str
    number: int
    numbers: Mapping[str, int]


class ScoreRepository:
    """The score documents in the responses table.

    Args:
        dynamodb: A DynamoDB client.
        table_name: The table's name.
    """

    def __init__(self, dynamodb: Queryable, table_name: str) -> None:
        self._dynamodb = dynamodb
        self._table_name = table_name

    def read(self, survey_id: str, since: date, until: date, breakdown: str = "") -> tuple[ScoreDocument, ...]:
        """The documents of a range of days, both ends included, by day and value; days without answers have none.

        Args:
            survey_id: The survey.
            since: The first day.
            until: The last day.
            breakdown: Empty for the whole survey, or the breakdown whose values are wanted.

        Raises:
            TemporaryError: the store did not answer.
        """
        lanes = read_lanes(
            self._dynamodb,
            self._table_name,
            "pk = :pk AND sk BETWEEN :since AND :until",
            {
                ":pk": score_partition(survey_id, breakdown),
                ":since": since.isoformat(),
                # In a key, `#` follows the day, and `$` is the character after it: beyond all of the last day.
                ":until": f"{until.isoformat()}$",
            },
        )
        documents = (_document(same) for _, same in groupby(lanes, key=_day_and_value))
        return tuple(each for each in documents if each.responses or each.certificate)

    def latest_day(self, survey_id: str) -> date | None:
        """The last day on which somebody answered whose answer still counts; None if nobody ever did.

        Raises:
            TemporaryError: the store did not answer.
        """
        lanes = read_lanes(
            self._dynamodb,
            self._table_name,
            "pk = :pk",
            {":pk": score_partition(survey_id)},
            backwards=True,
            limit=8,
        )
        for (day, _), same in groupby(lanes, key=_day_and_value):
            if sum(lane.numbers.get("responses", 0) for lane in same):
                return day
        return None


def read_lanes(
    dynamodb: Queryable,
    table_name: str,
    condition: str,
    values: Mapping[str, object],
    *,
    backwards: bool = False,
    limit: int | None = None,
) -> Iterator[Lane]:
    """The lanes of one partition of score documents, by day and value, each page read when it is needed.

    Args:
        dynamodb: A DynamoDB client.
        table_name: The table's name.
        condition: The condition on the keys.
        values: The values in the condition.
        backwards: The last ones first.
        limit: How many items one page has at most; None for as many as DynamoDB answers.

    Raises:
        TemporaryError: the store did not answer.
    """
    items = every_item(
        dynamodb,
        TableName=table_name,
        KeyConditionExpression=condition,
        ExpressionAttributeValues=to_item(values),
        ConsistentRead=True,
        ScanIndexForward=not backwards,
        **({} if limit is None else {"Limit": limit}),
    )
    for item in items:
        day, value, number = item["sk"]["S"].split("#")
        numbers = {name: int(each) for name, each in from_item(item).items() if name not in _KEYS}
        yield Lane(date.fromisoformat(day), value, int(number), numbers)


def _day_and_value(lane: Lane) -> tuple[date, str]:
    return lane.day, lane.value


def _document(lanes: Iterable[Lane]) -> ScoreDocument:
    """The sum of the lanes of one document; a single lane may well be below zero."""
    lanes = list(lanes)
    total: dict[str, int] = {}
    for lane in lanes:
        for name, number in lane.numbers.items():
            total[name] = total.get(name, 0) + number
    responses, certificate = total.pop("responses", 0), total.pop("certificate", 0)
    counters: dict[str, dict[int, int]] = {}
    for name, number in total.items():
        if number:
            question, _, rating = name.partition(":")
            counters.setdefault(question, {})[int(rating)] = number
    return ScoreDocument(lanes[0].day, lanes[0].value, counters, responses, certificate % CERTIFICATE_MODULUS)
