"""What happens when there is more and more: on items that are generated in memory, never in the emulator."""

from __future__ import annotations

import json
import time
import tracemalloc
from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from typing import Any, NamedTuple
from uuid import UUID

import boto3

from shared.domain.recording import ABSENT, StoredResponse, write
from shared.domain.recount import DayDocuments, Verdict, check_day, recount
from shared.domain.responses import Rating, Response, ScoreDelta, ScoreKey, Source, score_keys
from shared.domain.surveys import Scale
from shared.storage.response_actions import ResponseActions
from shared.storage.response_lists import ResponseLists
from tests.benchmarks.counted import FEW, NAMES, SECRET, measured_stack
from tests.simulation.aws.values import normalise_item, size_of_item

DAYS = 30
NOON = time_of_day(12, tzinfo=UTC)
DIFFERENT = 1_000
"""Responses that are counted again; of more, these come again and again."""
PAGE_BYTES = 1024 * 1024
"""What DynamoDB answers to one Query at most."""


def generated(number: int, day: date) -> Response:
    """The nth response of a day."""
    return Response(
        response_id=str(UUID(int=number)),
        revision=1,
        survey_id="delivery",
        survey_version=1,
        ratings={"recommend": Rating(scale=Scale.NPS, value=number % 11)},
        breakdowns={name: f"{name}-{number % width}" for name, width in zip(NAMES, FEW, strict=False)},
        source=Source.WIDGET,
        answered_at=datetime.combine(day, NOON),
        accepted_at=datetime.combine(day, NOON),
        day=day,
    )


class Read(NamedTuple):
    """What `/v1/metrics` over 30 days read of the responses table."""

    read_units: float
    queries: int


def months_of_metrics(answers: int) -> tuple[Read, Read]:
    """What 30 days cost of the whole survey, and by a breakdown, when so many answers have been counted in them."""
    with measured_stack() as stack:
        today = stack.aws.clock.now().date()
        actions = ResponseActions("ResponsesTable")
        dynamodb = boto3.client("dynamodb")
        for day in (today - timedelta(days=ago) for ago in range(DAYS)):
            for key, delta in _documents(day, answers // DAYS).items():
                dynamodb.transact_write_items(TransactItems=[actions.of_score(key, delta, 0)])

        def read(**asked: str) -> Read:
            before, logged = stack.aws.dynamodb.consumed["ResponsesTable", "read"], len(stack.aws.log)
            days = {"since": (today - timedelta(days=DAYS - 1)).isoformat(), "until": today.isoformat()}
            told = stack.http("GET", "/v1/metrics", key=SECRET, query={**days, **asked})
            assert told.json["response_count"] == answers // DAYS * DAYS
            queries = sum(entry.call.operation == "Query" for entry in stack.aws.log[logged:])
            return Read(stack.aws.dynamodb.consumed["ResponsesTable", "read"] - before, queries)

        return read(), read(by=NAMES[0])


def _documents(day: date, answers: int) -> dict[ScoreKey, ScoreDelta]:
    """A day's documents, with the answers spread evenly over eleven ratings."""
    ratings = {f"recommend:{rating}": len(range(rating, answers, 11)) for rating in range(11)}
    counted = generated(1, day).counted
    assert counted is not None
    # A certificate of as many digits as a sum of so many has.
    certificate = answers * (2**63 + 12_345)
    whole = ScoreDelta(ratings, answers, certificate)
    part = ScoreDelta({name: max(1, n // 5) for name, n in ratings.items()}, answers // 5, certificate)
    return {
        key._replace(value=f"{key.breakdown}-{value}" if key.breakdown else ""): part if key.breakdown else whole
        for key in score_keys(counted)
        for value in range(5 if key.breakdown else 1)
    }


def recounted(answers: int) -> float:
    """Count so many responses again that are in memory already: microseconds of processor time for each."""
    day = date(2026, 11, 22)
    pool = [StoredResponse(each, each.counted) for each in (generated(number, day) for number in range(DIFFERENT))]
    began = time.process_time()
    recount(pool[number % DIFFERENT] for number in range(answers))
    return (time.process_time() - began) / answers * 1e6


class StoredDay:
    """One survey's day as DynamoDB holds it: a Query makes a page of responses when it is asked for it.

    Stands in for the client of `ResponseLists`, and for `ScoreDays`.

    Attributes:
        seconds: Processor time that was spent on making pages, which is none of the reader's.
    """

    def __init__(self, answers: int, day: date, page_bytes: int = PAGE_BYTES) -> None:
        self.seconds = 0.0
        self._answers = answers
        self._day = day
        self._actions = ResponseActions("ResponsesTable")
        self._items_of_a_page = page_bytes // size_of_item(normalise_item(self._item(0)))
        every = (generated(number, day) for number in range(answers))
        self._documents = {
            key: {0: {**delta.counters, "responses": delta.responses, "certificate": delta.certificate}}
            for key, delta in recount(StoredResponse(each, each.counted) for each in every).items()
        }

    def query(self, **request: Any) -> dict[str, Any]:
        """A page of at most so many bytes, made anew and told as JSON, as it comes from the network."""
        began = time.process_time()
        first = int(request.get("ExclusiveStartKey", {}).get("answered", {}).get("S", 0))
        beyond = min(first + self._items_of_a_page, self._answers)
        answer: dict[str, Any] = {"Items": [self._item(number) for number in range(first, beyond)]}
        if beyond < self._answers:
            answer["LastEvaluatedKey"] = {"answered": {"S": str(beyond)}}
        told = json.dumps(answer)
        del answer
        self.seconds += time.process_time() - began
        parsed: dict[str, Any] = json.loads(told)
        return parsed

    def of_day(self, survey_id: str, day: date, breakdowns: Collection[str]) -> DayDocuments:
        """Its documents, all there should be."""
        return DayDocuments(survey_id, day, self._documents)

    def span(self, survey_id: str, breakdowns: Collection[str]) -> tuple[date, date]:
        """It is one day."""
        return self._day, self._day

    def _item(self, number: int) -> dict[str, Any]:
        put, *_ = self._actions.of_write(write(generated(number, self._day), ABSENT))
        item: dict[str, Any] = put["Put"]["Item"]
        return item


class Checked(NamedTuple):
    """What the check of a day took: microseconds of processor time per response, and the most memory at once in KB."""

    microseconds: float
    kilobytes: float


def checked(answers: int, page_bytes: int = PAGE_BYTES) -> Checked:
    """Check a day with so many responses as `ops rebuild --check` does: page by page, each item decoded and counted."""
    day = date(2026, 11, 22)
    stored = StoredDay(answers, day, page_bytes)
    lists = ResponseLists(stored, "ResponsesTable")

    def check() -> None:
        found = check_day(lists, stored, "delivery", day, NAMES[: len(FEW)], pause=lambda: None)
        assert (found.verdict, found.responses) == (Verdict.EXACT, answers), found.verdict

    began = time.process_time()
    check()
    taken = time.process_time() - began - stored.seconds
    tracemalloc.start()
    check()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return Checked(taken / answers * 1e6, peak / 1024)
