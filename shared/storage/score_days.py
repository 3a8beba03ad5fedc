"""The score documents of one survey's day, lane by lane: what a recount is held against, and how they are mended."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Protocol

from botocore.exceptions import ClientError

from shared.domain.recording import MAX_ACTIONS
from shared.domain.recount import DayDocuments, Difference
from shared.domain.responses import ScoreDelta, ScoreKey
from shared.errors import ConflictError, TemporaryError
from shared.storage.keys import score_key, score_partition
from shared.storage.responses import LANES
from shared.storage.scores import read_lanes
from shared.storage.table import cancellation_codes, error_code, to_value, translated

_MENDED_LANE = 0
"""The lane that a difference is added to; any would do, for only the sum of the lanes means anything."""
_MENDED_AT_ONCE = 100
"""Counters of one document; a condition takes 31 bytes and two operators for each, of 4 KB and of 300."""
_TOTALS = ("responses", "certificate")


class ScoreDaysTable(Protocol):
    """The calls we make to DynamoDB."""

    def query(self, **kwargs: Any) -> Mapping[str, Any]:
        """Query."""
        ...

    def transact_write_items(self, **kwargs: Any) -> Any:
        """TransactWriteItems."""
        ...


class ScoreDays:
    """The score documents in the responses table, by day.

    Args:
        dynamodb: A DynamoDB client.
        table_name: The table's name.
    """

    def __init__(self, dynamodb: ScoreDaysTable, table_name: str) -> None:
        self._dynamodb = dynamodb
        self._table_name = table_name

    def of_day(self, survey_id: str, day: date, breakdowns: Collection[str]) -> DayDocuments:
        """The documents of a day as they are committed: the whole survey's and those of these breakdowns.

        Raises:
            TemporaryError: the store did not answer.
        """
        documents: dict[ScoreKey, dict[int, Mapping[str, int]]] = {}
        for breakdown in ("", *sorted(breakdowns)):
            lanes = read_lanes(
                self._dynamodb,
                self._table_name,
                "pk = :pk AND begins_with(sk, :day)",
                {":pk": score_partition(survey_id, breakdown), ":day": f"{day.isoformat()}#"},
            )
            for lane in lanes:
                documents.setdefault(ScoreKey(survey_id, day, breakdown, lane.value), {})[lane.number] = lane.numbers
        return DayDocuments(survey_id, day, documents)

    def span(self, survey_id: str, breakdowns: Collection[str]) -> tuple[date, date] | None:
        """The first and the last day of which a survey has any score document; None if it has none.

        Raises:
            TemporaryError: the store did not answer.
        """
        ends = [day for breakdown in ("", *breakdowns) for day in self._ends(survey_id, breakdown)]
        return (min(ends), max(ends)) if ends else None

    def _ends(self, survey_id: str, breakdown: str) -> Iterator[date]:
        for backwards in (False, True):
            values = {":pk": score_partition(survey_id, breakdown)}
            lanes = read_lanes(self._dynamodb, self._table_name, "pk = :pk", values, backwards=backwards, limit=1)
            if (lane := next(lanes, None)) is not None:
                yield lane.day

    def add(self, documents: DayDocuments, differences: Sequence[Difference]) -> None:
        """Add to each document exactly what it lacks, if all its lanes still are what they were when it was judged.

        A document with its lanes is in one transaction, and as many documents as a transaction takes. The condition is
        on what every commit moves, the count and the certificate of each lane, and on each counter that is added to. So
        a difference is added once, though two may be mending, or one may not have heard that it succeeded.

        Args:
            documents: The day as it was judged.
            differences: What is wrong with it.

        Raises:
            ConflictError: a document has changed; it, and those after it, are as they were. Judge the day again.
            TemporaryError: the store did not answer; documents may have been mended or not. Judge the day again.
        """
        per_transaction = MAX_ACTIONS // LANES
        for start in range(0, len(differences), per_transaction):
            some = differences[start : start + per_transaction]
            actions = [action for each in some for action in self._actions(documents, each)]
            with translated():
                try:
                    self._dynamodb.transact_write_items(TransactItems=actions)
                except ClientError as error:
                    if error_code(error) != "TransactionCanceledException":
                        raise
                    if "ConditionalCheckFailed" in cancellation_codes(error):
                        raise ConflictError(
                            "The scores have changed since they were judged; judge them again."
                        ) from error
                    raise TemporaryError("the scores are being written to just now") from error

    def _actions(self, documents: DayDocuments, difference: Difference) -> Iterator[dict[str, Any]]:
        key, missing = difference.key, difference.missing
        lanes = documents.lanes.get(key, {})
        for number in range(LANES):
            where = {
                "TableName": self._table_name,
                "Key": score_key(key.survey_id, key.breakdown, key.day, key.value, number),
            }
            if number == _MENDED_LANE:
                yield {"Update": {**where, **_mended(lanes.get(number), missing)}}
            else:
                yield {"ConditionCheck": {**where, **_unchanged(lanes.get(number), _TOTALS)}}


def _mended(lane: Mapping[str, int] | None, missing: ScoreDelta) -> dict[str, Any]:
    """The addition to a lane, under the condition that nothing it touches has changed, nor anything was counted.

    Of very many counters only the first are added: the day is judged again then, and differs by the rest.
    """
    numbers = {**missing.counters, "responses": missing.responses, "certificate": missing.certificate}
    numbers = dict(list(numbers.items())[:_MENDED_AT_ONCE])
    added = {f"{i}": (name, number) for i, (name, number) in enumerate(numbers.items()) if number}
    condition = _unchanged(lane, tuple(dict.fromkeys((*_TOTALS, *numbers))))
    return {
        **condition,
        "UpdateExpression": "ADD " + ",".join(f"#a{i} :a{i}" for i in added),
        "ExpressionAttributeNames": {
            **condition.get("ExpressionAttributeNames", {}),
            **{f"#a{i}": name for i, (name, _) in added.items()},
        },
        "ExpressionAttributeValues": {
            **condition.get("ExpressionAttributeValues", {}),
            **{f":a{i}": to_value(number) for i, (_, number) in added.items()},
        },
    }


def _unchanged(lane: Mapping[str, int] | None, names: Sequence[str]) -> dict[str, Any]:
    """The condition that these numbers of a lane are still what they were; None: that the lane is still not there."""
    if lane is None:
        return {"ConditionExpression": "attribute_not_exists(pk)"}
    tests = [f"#c{i} = :c{i}" if name in lane else f"attribute_not_exists(#c{i})" for i, name in enumerate(names)]
    values = {f":c{i}": to_value(lane[name]) for i, name in enumerate(names) if name in lane}
    condition: dict[str, Any] = {
        "ConditionExpression": " AND ".join(tests),
        "ExpressionAttributeNames": {f"#c{i}": name for i, name in enumerate(names)},
    }
    return {**condition, "ExpressionAttributeValues": values} if values else condition
