"""Scores: the documents that `record` adds to, read back with their lanes summed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from itertools import groupby
from typing import Any, NamedTuple, Protocol

from shared.domain.responses import CERTIFICATE_MODULUS
from shared.domain.scores import ScoreDocument
from shared.storage.keys import score_partition
from shared.storage.table import from_item, to_item, translated

_KEYS = {"pk", "sk"}


class ScoresTable(Protocol):
    """The call we make to DynamoDB."""

    def query(self, **kwargs: Any) -> Mapping[str, Any]:
        """Query."""
        ...


class _Lane(NamedTuple):
    day: date
    value: str
    numbers: Mapping[str, int]


class ScoreRepository:
    """The score documents in the responses table.

    Args:
        dynamodb: A DynamoDB client.
        table_name: The table's name.
    """

    def __init__(self, dynamodb: ScoresTable, table_name: str) -> None:
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
        lanes = self._lanes(
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
        lanes = self._lanes("pk = :pk", {":pk": score_partition(survey_id)}, backwards=True, limit=8)
        for (day, _), same in groupby(lanes, key=_day_and_value):
            if sum(lane.numbers.get("responses", 0) for lane in same):
                return day
        return None

    def _lanes(
        self, condition: str, values: Mapping[str, object], *, backwards: bool = False, limit: int | None = None
    ) -> Iterator[_Lane]:
        page: dict[str, Any] = {} if limit is None else {"Limit": limit}
        while True:
            with translated():
                answer = self._dynamodb.query(
                    TableName=self._table_name,
                    KeyConditionExpression=condition,
                    ExpressionAttributeValues=to_item(values),
                    ConsistentRead=True,
                    ScanIndexForward=not backwards,
                    **page,
                )
            for item in answer["Items"]:
                day, value, _ = item["sk"]["S"].split("#")
                numbers = {name: int(number) for name, number in from_item(item).items() if name not in _KEYS}
                yield _Lane(date.fromisoformat(day), value, numbers)
            if "LastEvaluatedKey" not in answer:
                return
            page["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def _day_and_value(lane: _Lane) -> tuple[date, str]:
    return lane.day, lane.value


def _document(lanes: Iterable[_Lane]) -> ScoreDocument:
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
