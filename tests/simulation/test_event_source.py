"""How Lambda reads what a function answers to a batch: the twelve shapes of a partial batch response.

Source: AWS Lambda Developer Guide, "Handling errors for an SQS event source in Lambda", success and failure conditions.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulation.aws import InMemoryAws
from tests.simulation.aws.queues import Queue
from tests.simulation.event_source import EventSource
from tests.simulation.faults import Crash

BODIES = ["one", "two", "three"]


@pytest.fixture
def queue(aws: InMemoryAws) -> Queue:
    dead = aws.sqs.create_queue("dead")
    return aws.sqs.create_queue("live", visibility=60, dead_letter_queue=dead, max_receive_count=2)


def bodies_left(aws: InMemoryAws, queue: Queue, answer: Any) -> list[str]:
    """What is still on the queue after one batch whose function gave `answer(event)`."""
    for body in BODIES:
        queue.send(body)
    source = EventSource(aws, "function", queue, lambda event, context: answer(event))
    assert source.poll() == 3
    return sorted(message.body for message in queue.messages)


def failure(event: Any, *positions: int, key: str = "itemIdentifier") -> dict[str, Any]:
    return {"batchItemFailures": [{key: event["Records"][position]["messageId"]} for position in positions]}


@pytest.mark.parametrize(
    "answer",
    [
        {"batchItemFailures": []},
        {"batchItemFailures": None},
        {},
        None,
    ],
    ids=["empty list", "null list", "empty object", "null"],
)
def test_a_batch_without_failures_is_deleted(aws: InMemoryAws, queue: Queue, answer: Any) -> None:
    assert bodies_left(aws, queue, lambda event: answer) == []


def raises(event: Any) -> Any:
    raise RuntimeError("out of order")


@pytest.mark.parametrize(
    "answer",
    [
        lambda event: {object()},
        lambda event: "done",
        lambda event: ["done"],
        lambda event: {"batchItemFailures": [{"itemIdentifier": ""}]},
        lambda event: {"batchItemFailures": [{"itemIdentifier": None}]},
        lambda event: failure(event, 0, key="messageId"),
        lambda event: {"batchItemFailures": [*failure(event, 0)["batchItemFailures"], {"itemIdentifier": "unknown"}]},
        lambda event: {"batchItemFailures": [event["Records"][0]["messageId"]]},
        lambda event: {"batchItemFailures": [[event["Records"][0]["messageId"]]]},
        lambda event: {"batchItemFailures": event["Records"][0]["messageId"]},
        raises,
    ],
    ids=[
        "not JSON",
        "a string",
        "a list",
        "empty id",
        "null id",
        "wrong key name",
        "unknown id",
        "strings for entries",
        "lists for entries",
        "a string for the list",
        "exception",
    ],
)
def test_a_malformed_answer_or_an_exception_fails_the_whole_batch(aws: InMemoryAws, queue: Queue, answer: Any) -> None:
    assert bodies_left(aws, queue, answer) == sorted(BODIES)


def test_only_the_named_messages_fail(aws: InMemoryAws, queue: Queue) -> None:
    assert bodies_left(aws, queue, lambda event: failure(event, 0, 2)) == ["one", "three"]


def test_failed_messages_come_back_when_their_visibility_timeout_ends(aws: InMemoryAws, queue: Queue) -> None:
    counts: list[list[str]] = []

    def handler(event: Any, context: Any) -> Any:
        counts.append([record["attributes"]["ApproximateReceiveCount"] for record in event["Records"]])
        return failure(event, *range(len(event["Records"])))

    queue.send("stubborn")
    source = EventSource(aws, "function", queue, handler)
    assert source.poll() == 1
    assert source.poll() == 0, "in flight"
    aws.clock.advance(60)
    assert source.poll() == 1
    aws.clock.advance(60)
    assert source.poll() == 0, "received twice already: moved to the dead-letter queue"
    assert counts == [["1"], ["2"]]
    assert queue.dead_letter_queue is not None
    assert [message.body for message in queue.dead_letter_queue.messages] == ["stubborn"]


def test_a_crash_fails_the_whole_batch_and_the_next_run_is_a_cold_start(aws: InMemoryAws, queue: Queue) -> None:
    cold_starts: list[int] = []

    def handler(event: Any, context: Any) -> Any:
        try:
            raise Crash("out of memory")
        except Exception:  # noqa: BLE001
            return {}

    queue.send("x")
    source = EventSource(aws, "function", queue, handler, restart=lambda: cold_starts.append(1))
    source.poll()
    assert (len(queue.messages), source.deaths, cold_starts) == (1, ["out of memory"], [1])


def test_the_event_has_the_shape_that_lambda_documents(aws: InMemoryAws, queue: Queue) -> None:
    events: list[Any] = []
    attributes = {"kind": {"DataType": "String", "StringValue": "a"}}
    queue.send('{"n": 1}', attributes, group_id="survey-1")
    EventSource(aws, "function", queue, lambda event, context: events.append((event, context))).poll()
    (event, context), *_ = events
    record = event["Records"][0]
    assert record == {
        "messageId": record["messageId"],
        "receiptHandle": "live/receipt/2",
        "body": '{"n": 1}',
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": "1772442000000",
            "SenderId": "AIDASIMULATION",
            "ApproximateFirstReceiveTimestamp": "1772442000000",
            "MessageGroupId": "survey-1",
        },
        "messageAttributes": {
            "kind": {
                "stringValue": "a",
                "binaryValue": None,
                "stringListValues": [],
                "binaryListValues": [],
                "dataType": "String",
            }
        },
        "md5OfBody": "96d730b7a405ed0e9cb1068b43e06fe4",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-central-1:000000000000:live",
        "awsRegion": "eu-central-1",
    }
    assert len(record["messageId"]) == 36
    assert context.aws_request_id == "function-000001"
