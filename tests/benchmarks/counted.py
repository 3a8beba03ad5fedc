"""What one answer costs, counted in the in-memory AWS: calls and capacity units are facts, not timings."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import boto3

from shared.domain.api_keys import ApiKey, KeyKind, key_hash
from shared.domain.queued import ResponseSubmitted
from shared.domain.surveys import Survey
from shared.storage.api_keys import ApiKeyRepository
from shared.storage.surveys import SurveyRepository
from tests.simulation.aws import InMemoryAws
from tests.simulation.deployed import DeployedStack, deployed

SECRET, PUBLISHABLE = "sk_measured", "pk_measured"
BREAKDOWNS = {name: [f"{name}-{value}" for value in range(5)] for name in ("region", "carrier", "device")}
COMMENT = "The parcel came on time, and the driver rang twice. ".ljust(500, "x")


class Count(NamedTuple):
    """Calls and units of a number of answers.

    Args:
        answers: How many there are.
        calls: Calls to tables and queues.
        write_units: Of the responses table.
        transactions: How many of the calls are one.
        event_calls: Calls to the event bus, which takes at most ten events in each.
        events: What it was told.
    """

    answers: int
    calls: int
    write_units: float
    transactions: int
    event_calls: int
    events: int


@contextmanager
def measured_stack() -> Iterator[DeployedStack]:
    """A stack with one survey of one question and three breakdowns of five values."""
    with deployed(InMemoryAws(seed=84)) as stack:
        dynamodb = boto3.client("dynamodb")
        SurveyRepository(dynamodb, "SurveysTable").publish(
            Survey.model_validate(
                {
                    "survey_id": "delivery",
                    "name": "Delivery",
                    "touchpoint": "delivery",
                    "brand": {"name": "Shop"},
                    "questions": [{"id": "recommend", "scale": "nps", "text": {"en": "Would you recommend us?"}}],
                    "breakdowns": [{"name": name, "values": values} for name, values in BREAKDOWNS.items()],
                }
            )
        )
        keys = ApiKeyRepository(dynamodb, "SurveysTable")
        for name, kind, key in (("server", KeyKind.SECRET, SECRET), ("page", KeyKind.PUBLISHABLE, PUBLISHABLE)):
            now = stack.aws.clock.now()
            keys.add(ApiKey(key_hash=key_hash(key), kind=kind, name=name, created_at=now, survey_id="delivery"))
        yield stack


def answer(stack: DeployedStack, number: int) -> None:
    """Post one answer with a comment of 500 bytes."""
    reply = stack.http(
        "POST",
        "/v1/surveys/delivery/responses",
        {
            "response_id": str(UUID(int=number, version=4)),
            "rating": number % 11,
            "comment": COMMENT,
            "properties": {name: values[number % 5] for name, values in BREAKDOWNS.items()},
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


def counting(batch: int) -> Count:
    """What nps_calc spends on one batch of new answers."""
    with measured_stack() as stack:
        source = next(source for source in stack.sources if source.function == "nps_calc")
        # A first batch makes the score documents and warms the function, as in any hour but the first.
        for number in range(1, 6):
            answer(stack, number)
        source.poll()
        for number in range(100, 100 + batch):
            answer(stack, number)
        units, logged = stack.aws.dynamodb.consumed["ResponsesTable", "write"], len(stack.aws.log)
        assert source.poll() == batch
        made = [entry.call for entry in stack.aws.log[logged:] if entry.call.function == "nps_calc"]
        calls = [call for call in made if call.service != "eventbridge"]
        told = [call for call in made if call.service == "eventbridge"]
        return Count(
            answers=batch,
            calls=len(calls),
            write_units=stack.aws.dynamodb.consumed["ResponsesTable", "write"] - units,
            transactions=sum(call.operation == "TransactWriteItems" for call in calls),
            event_calls=len(told),
            events=sum(len(call.params["Entries"]) for call in told),
        )


def dollars_per_million(batch: int) -> float:
    """What a million new answers cost in requests and write units; time, logs, messages and events come on top.

    SQS is asked to send each answer, and to receive and delete ten at a time.
    """
    prices = json.loads((Path(__file__).parent / "prices.json").read_text())
    units = counting(batch).write_units / batch
    return float(
        prices["http_api_request"]
        + prices["lambda_request"] * (1 + 1 / batch)
        + prices["sqs_request"] * (1 + 2 / 10)
        + prices["dynamodb_write_unit"] * units
    )


def dollars_for_events(count: Count) -> float:
    """What the events of a million such answers cost: EventBridge bills each that a custom bus takes."""
    prices = json.loads((Path(__file__).parent / "prices.json").read_text())
    return float(prices["eventbridge_event"] * count.events / count.answers)


def queued_batch(answers: int) -> list[ResponseSubmitted]:
    """A batch of answers as nps_calc gets it."""
    with measured_stack() as stack:
        for number in range(answers):
            answer(stack, number)
        deliveries = stack.aws.sqs.queue("ResponsesQueue").receive(answers)
        return [ResponseSubmitted.model_validate_json(delivery.message.body) for delivery in deliveries]


def read_units_of_a_month(answers: int) -> tuple[float, int]:
    """Read units and Queries of `/v1/metrics` over 30 given days with this many answers."""
    with measured_stack() as stack:
        source = next(source for source in stack.sources if source.function == "nps_calc")
        for number in range(answers):
            answer(stack, 1000 + number)
            if number % (answers // 30) == 0:
                while source.poll():
                    pass
                stack.aws.clock.advance(86_400)
        while source.poll():
            pass
        units, logged = stack.aws.dynamodb.consumed["ResponsesTable", "read"], len(stack.aws.log)
        today = stack.aws.clock.now().date()
        days = {"since": (today - timedelta(days=29)).isoformat(), "until": today.isoformat()}
        metrics = stack.http("GET", "/v1/metrics", key=SECRET, query=days)
        assert metrics.json["response_count"] > answers * 0.9, metrics
        queries = sum(entry.call.operation == "Query" for entry in stack.aws.log[logged:])
        return stack.aws.dynamodb.consumed["ResponsesTable", "read"] - units, queries
