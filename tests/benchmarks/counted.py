"""What one answer costs, counted in the in-memory AWS: calls and capacity units are facts, not timings."""

from __future__ import annotations

import json
import math
import os
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch
from uuid import UUID

import boto3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.httpsession import URLLib3Session

from shared.domain.api_keys import ApiKey, KeyKind, key_hash
from shared.domain.queued import ResponseSubmitted
from shared.domain.surveys import Survey
from shared.storage.api_keys import ApiKeyRepository
from shared.storage.surveys import SurveyRepository
from tests.benchmarks import offline
from tests.simulation.aws import Call, InMemoryAws, ServiceError
from tests.simulation.aws.cloud import Effect
from tests.simulation.aws.tables import read_units, write_units
from tests.simulation.aws.transactions import cancelled
from tests.simulation.aws.values import normalise_item, size_of_item
from tests.simulation.deployed import DeployedStack, deployed

SECRET, PUBLISHABLE = "sk_measured", "pk_measured"
NAMES = ("region", "carrier", "device", "size", "payment", "language", "courier", "shop")
FEW, MANY, WIDE = (5,) * 3, (5,) * 8, (12, 5, 30, 5, 20, 50, 100, 200)
"""How many values each breakdown has; of the wide ones, some are answered far more often than others (Zipf, 1.1)."""
MESSAGES_OF_A_REQUEST = 10
"""SQS receives and deletes at most so many at once."""
COMMENT = "The parcel came on time, and the driver rang twice. ".ljust(500, "x")


class Count(NamedTuple):
    """Calls and units of a number of answers.

    Args:
        answers: How many there are.
        calls: Calls to tables and queues.
        write_units: Of the responses table itself.
        index_units: Of its indexes.
        transactions: How many of the calls are one.
        event_calls: Calls to the event bus, which takes at most ten events in each.
        events: What it was told.
        puts: The items of responses as they were written.
        http_requests: Requests to the HTTP API.
        lambda_runs: Runs of functions, those of the public door and those of nps_calc.
        queue_calls: Requests to SQS: what the functions sent, and what Lambda receives and deletes for them.
        read_units: Of every table.
    """

    answers: int
    calls: int
    write_units: float
    index_units: float
    transactions: int
    event_calls: int = 0
    events: int = 0
    puts: tuple[dict[str, Any], ...] = ()
    http_requests: int = 0
    lambda_runs: int = 0
    queue_calls: int = 0
    read_units: float = 0


NO_FLOOD = {"AddressAnswersPerMinute": "0", "BurstAnswersPerMinute": "1000000"}
"""All answers of a benchmark come from one address, and at once."""


@contextmanager
def measured_stack(widths: Sequence[int] = FEW, *, counts_views: bool = False) -> Iterator[DeployedStack]:
    """A stack with one survey of one question, and breakdowns with so many values each."""
    with deployed(InMemoryAws(seed=84), NO_FLOOD) as stack:
        dynamodb = boto3.client("dynamodb")
        SurveyRepository(dynamodb, "SurveysTable").publish(
            Survey.model_validate(
                {
                    "survey_id": "delivery",
                    "name": "Delivery",
                    "touchpoint": "delivery",
                    "funnel": counts_views,
                    "brand": {"name": "Shop"},
                    "questions": [{"id": "recommend", "scale": "nps", "text": {"en": "Would you recommend us?"}}],
                    "breakdowns": [
                        {"name": name, "values": [f"{name}-{value}" for value in range(width)]}
                        for name, width in zip(NAMES, widths, strict=False)
                    ],
                }
            )
        )
        keys = ApiKeyRepository(dynamodb, "SurveysTable")
        for name, kind, key in (("server", KeyKind.SECRET, SECRET), ("page", KeyKind.PUBLISHABLE, PUBLISHABLE)):
            now = stack.aws.clock.now()
            keys.add(ApiKey(key_hash=key_hash(key), kind=kind, name=name, created_at=now, survey_id="delivery"))
        yield stack


def properties_of(number: int, widths: Sequence[int] = FEW, revision: int = 1) -> dict[str, str]:
    """What is known of an answer, one of the values of each breakdown; the same for the same number and revision."""
    chance = random.Random(f"{number}-{revision}")
    return {
        name: f"{name}-{chance.choices(range(width), [(1 + v) ** -1.1 if width > 5 else 1 for v in range(width)])[0]}"
        for name, width in zip(NAMES, widths, strict=False)
    }


def answer(stack: DeployedStack, number: int, widths: Sequence[int] = FEW, revision: int = 1) -> None:
    """Post one answer with a comment of 500 bytes; the same number and revision is the same answer."""
    reply = stack.http(
        "POST",
        "/v1/surveys/delivery/responses",
        {
            "response_id": str(UUID(int=number, version=4)),
            "revision": revision,
            "rating": (number + revision) % 11,
            "comment": COMMENT,
            "properties": properties_of(number, widths, revision),
        },
        key=PUBLISHABLE,
    )
    assert reply.status == 202, reply


def calls_per_accepted_answer() -> float:
    """AWS calls of the public path, once the survey is known."""
    with measured_stack() as stack:
        answer(stack, 1)
        before = len(stack.aws.log)
        for number in range(2, 12):
            answer(stack, number)
        return (len(stack.aws.log) - before) / 10


def counting(
    batch: int, widths: Sequence[int] = FEW, conflicts: float = 0, revision: int = 1, batches: int = 1
) -> Count:
    """What nps_calc spends on a batch, or several.

    Args:
        batch: How many answers come together.
        widths: How many values each breakdown has.
        conflicts: The share of transactions that other writers cancel, by a conflict on one of the score documents.
        revision: Above 1, the answers are known already and come again with another rating.
        batches: How many such batches.
    """
    with measured_stack(widths) as stack:
        source = next(source for source in stack.sources if source.function == "nps_calc")
        # A first batch makes the score documents and warms the function, as in any hour but the first.
        for number in range(1, 6):
            answer(stack, number, widths)
        source.poll()
        for before in range(1, revision):
            for number in range(100, 100 + batch):
                answer(stack, number, widths, before)
            while source.poll():
                pass
        consumed, logged = stack.aws.dynamodb.consumed.copy(), len(stack.aws.log)
        for first in range(100, 100 + batch * batches, batch):
            for number in range(first, first + batch):
                answer(stack, number, widths, revision)
            stack.aws.hook = _Rivals(stack, conflicts, first) if conflicts else None
            assert source.poll() == batch
            stack.aws.hook = None
        everything = [entry.call for entry in stack.aws.log[logged:]]
        runs = {(call.function, call.run) for call in everything}
        made = [call for call in everything if call.function == "nps_calc"]
        calls = [call for call in made if call.service != "eventbridge"]
        told = [call for call in made if call.service == "eventbridge"]
        written = [call for call in calls if call.operation == "TransactWriteItems"]
        spent = stack.aws.dynamodb.consumed - consumed
        read = sum(units for (_, kind), units in spent.items() if kind == "read")
        assert stack.http("GET", "/v1/metrics", key=SECRET).json["response_count"] == batch * batches + 5
        return Count(
            answers=batch * batches,
            calls=len(calls),
            write_units=spent["ResponsesTable", "write"],
            index_units=spent["ResponsesTable", "index"],
            transactions=len(written),
            event_calls=len(told),
            events=sum(len(call.params["Entries"]) for call in told),
            puts=tuple(
                entry["Put"]["Item"]
                for call in written
                for entry in call.params["TransactItems"]
                if entry.get("Put", {}).get("Item", {}).get("sk") == {"S": "RESPONSE"}
            ),
            http_requests=sum(function == "survey_ingest" for function, _ in runs),
            lambda_runs=len(runs),
            queue_calls=sum(call.service == "sqs" for call in everything) + batches * _calls_of_a_poller(batch),
            read_units=read,
        )


def _calls_of_a_poller(messages: int) -> int:
    """What Lambda asks of SQS to fetch a batch and delete it: each request takes at most ten messages.

    Lambda does this outside of any function, so it is in no log of calls.
    """
    return 2 * math.ceil(messages / MESSAGES_OF_A_REQUEST)


class ViewCount(NamedTuple):
    """What views cost, and what the funnel adds to an answer.

    Args:
        calls: AWS calls of the public path for each view.
        write_units: Of the funnel's table, for each view that is shown and begun.
        of_an_answer: The same for each answer, beside what its score costs.
    """

    calls: float
    write_units: float
    of_an_answer: float


def views_counted(batch: int) -> ViewCount:
    """What the door and funnel spend on views that come in batches of this many."""
    with measured_stack(counts_views=True) as stack:
        sources = {source.function: source for source in stack.sources}
        consumed = stack.aws.dynamodb.consumed

        def view(number: int) -> None:
            said = {"view_id": str(UUID(int=number, version=4)), "channel": "widget", "shown": True, "started": True}
            assert stack.http("POST", "/v1/surveys/delivery/views", said, key=PUBLISHABLE).status == 202

        # A first view makes the document and warms the function, as in any hour but the first.
        view(1)
        assert sources["funnel"].poll() == 1
        written, logged = consumed["FunnelTable", "write"], len(stack.aws.log)
        for number in range(2, 2 + batch):
            view(number)
        calls = len(stack.aws.log) - logged
        assert sources["funnel"].poll() == batch
        of_views = consumed["FunnelTable", "write"] - written
        for number in range(1, 1 + batch):
            answer(stack, number)
        assert sources["nps_calc"].poll() == batch
        written = consumed["FunnelTable", "write"]
        assert sources["funnel"].poll() == 1
        return ViewCount(calls / batch, of_views / batch, (consumed["FunnelTable", "write"] - written) / batch)


class _Rivals:
    """Others who write the same documents: a share of the transactions is cancelled, and billed all the same."""

    def __init__(self, stack: DeployedStack, share: float, seed: int) -> None:
        self._consumed = stack.aws.dynamodb.consumed
        self._share = share
        self._chance = random.Random(seed)

    def __call__(self, call: Call, effect: Effect) -> dict[str, Any]:
        entries = call.params.get("TransactItems", ())
        documents = [place for place, entry in enumerate(entries) if "Update" in entry]
        if not documents or self._chance.random() >= self._share:
            return effect()
        # Each item of such a transaction weighs at most a kilobyte.
        self._consumed["ResponsesTable", "write"] += 2 * len(entries)
        hit = self._chance.choice(documents)
        raise _cancelled_at(hit, len(entries))


def _cancelled_at(place: int, actions: int) -> ServiceError:
    return cancelled([{"Code": "TransactionConflict" if at == place else "None"} for at in range(actions)])


def peer_count() -> Count:
    """What the handler everyone writes spends on one answer, counted from its requests."""
    requests: list[tuple[str, Any]] = []

    def send(session: URLLib3Session, request: AWSPreparedRequest) -> AWSResponse:
        target = request.headers["X-Amz-Target"]
        operation = (target.decode() if isinstance(target, bytes) else target).partition(".")[2]
        body: Any = request.body
        requests.append((operation, json.loads(body)))
        return offline._send(session, request)

    with patch.dict(os.environ, {"SURVEYS_TABLE_NAME": "peer", **offline.ENVIRONMENT}):
        from tests.benchmarks.peer.app import lambda_handler

        with offline.answers() as events, patch.object(URLLib3Session, "send", send):
            assert lambda_handler(next(events), offline.CONTEXT)["statusCode"] == 202
    put = [write_units(size_of_item(normalise_item(asked["Item"]))) for name, asked in requests if name == "PutItem"]
    # What it updates, a counter and the mark of an idempotent call, stays below a kilobyte.
    updated = sum(name == "UpdateItem" for name, _ in requests)
    survey = size_of_item(normalise_item(offline.ITEM))
    read = [
        read_units(survey, consistent=asked.get("ConsistentRead", False))
        for name, asked in requests
        if name == "GetItem"
    ]
    return Count(
        1, len(requests), sum(put) + updated, 0, 0, http_requests=1, lambda_runs=1, queue_calls=0, read_units=sum(read)
    )


def dollars_per_million(count: Count) -> float:
    """What a million such answers cost in requests and units, of table and indexes, read and written.

    Time, logs, messages and events come on top, and Lambda's polls of a queue that has nothing.
    """
    prices = _prices()
    dollars = (
        prices["http_api_request"] * count.http_requests
        + prices["lambda_request"] * count.lambda_runs
        + prices["sqs_request"] * count.queue_calls
        + prices["dynamodb_write_unit"] * (count.write_units + count.index_units)
        + prices["dynamodb_read_unit"] * count.read_units
    )
    return float(dollars / count.answers)


def _prices() -> dict[str, Any]:
    prices: dict[str, Any] = json.loads((Path(__file__).parent / "prices.json").read_text())
    return prices


def dollars_for_events(count: Count) -> float:
    """What the events of a million such answers cost: EventBridge bills each that a custom bus takes."""
    return float(_prices()["eventbridge_event"] * count.events / count.answers)


def queued_batch(answers: int) -> list[ResponseSubmitted]:
    """A batch of answers as nps_calc gets it."""
    with measured_stack() as stack:
        for number in range(answers):
            answer(stack, number)
        deliveries = stack.aws.sqs.queue("ResponsesQueue").receive(answers)
        return [ResponseSubmitted.model_validate_json(delivery.message.body) for delivery in deliveries]


def read_units_of_a_month(answers: int, widths: Sequence[int] = FEW, by: int | None = None) -> tuple[float, int]:
    """Read units and Queries of `/v1/metrics` over 30 days with this many answers, by a breakdown if asked."""
    with measured_stack(widths) as stack:
        source = next(source for source in stack.sources if source.function == "nps_calc")
        for number in range(answers):
            answer(stack, 1000 + number, widths)
            if number % (answers // 30) == 0:
                while source.poll():
                    pass
                stack.aws.clock.advance(86_400)
        while source.poll():
            pass
        units, logged = stack.aws.dynamodb.consumed["ResponsesTable", "read"], len(stack.aws.log)
        today = stack.aws.clock.now().date()
        asked = {"since": (today - timedelta(days=29)).isoformat(), "until": today.isoformat()}
        if by is not None:
            asked["by"] = NAMES[by]
        metrics = stack.http("GET", "/v1/metrics", key=SECRET, query=asked)
        assert metrics.json["response_count"] > answers * 0.9, metrics
        queries = sum(entry.call.operation == "Query" for entry in stack.aws.log[logged:])
        return stack.aws.dynamodb.consumed["ResponsesTable", "read"] - units, queries
