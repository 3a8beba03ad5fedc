"""What happens when there is more and more: on items that are generated in memory, never in the emulator."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from typing import NamedTuple
from uuid import UUID

import boto3

from shared.domain.recording import StoredResponse
from shared.domain.recount import recount
from shared.domain.responses import Rating, Response, ScoreDelta, ScoreKey, Source, score_keys
from shared.domain.surveys import Scale
from shared.storage.response_actions import ResponseActions
from tests.benchmarks.counted import FEW, NAMES, SECRET, measured_stack

DAYS = 30
NOON = time_of_day(12, tzinfo=UTC)
DIFFERENT = 1_000
"""Responses that are generated; of more, these come again and again."""


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


def read_units(answers: int) -> float:
    """Read units of `/v1/metrics` over 30 days, by a breakdown, when so many answers have been counted in them."""
    with measured_stack() as stack:
        today = stack.aws.clock.now().date()
        actions = ResponseActions("ResponsesTable")
        dynamodb = boto3.client("dynamodb")
        for day in (today - timedelta(days=ago) for ago in range(DAYS)):
            for key, delta in _documents(day, answers // DAYS).items():
                dynamodb.transact_write_items(TransactItems=[actions.of_score(key, delta, 0)])
        before = stack.aws.dynamodb.consumed["ResponsesTable", "read"]
        asked = {"since": (today - timedelta(days=DAYS - 1)).isoformat(), "until": today.isoformat(), "by": NAMES[0]}
        told = stack.http("GET", "/v1/metrics", key=SECRET, query=asked)
        assert told.json["response_count"] == answers // DAYS * DAYS
        return stack.aws.dynamodb.consumed["ResponsesTable", "read"] - before


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


class Recounted(NamedTuple):
    """What a recount took: microseconds of processor time per response, and the most memory at a time in KB."""

    microseconds: float
    kilobytes: float


def recounted(answers: int) -> Recounted:
    """Recount so many responses, one after the other, as `ops rebuild --check` does."""
    day = date(2026, 11, 22)
    pool = [StoredResponse(each, each.counted) for each in (generated(number, day) for number in range(DIFFERENT))]

    def responses(count: int) -> Iterator[StoredResponse]:
        return (pool[number % DIFFERENT] for number in range(count))

    began = time.process_time()
    recount(responses(answers))
    taken = time.process_time() - began
    tracemalloc.start()
    # Watching each allocation is slow; ten thousand show whether memory grows.
    recount(responses(min(answers, 10 * DIFFERENT)))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return Recounted(taken / answers * 1e6, peak / 1024)
