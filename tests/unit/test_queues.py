"""Queues: putting, taking, and when what failed comes again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from shared.domain.queued import DeliveryReported, ResponseSubmitted
from shared.errors import PoisonMessageError, TemporaryError
from shared.queues import BackOff, Queue, Received, back_off, batch_response, parsed, received
from tests.fakes.answers import answer, submitted

DOWN = [
    ClientError({"Error": {"Code": "ServiceUnavailable", "Message": ""}}, "SendMessage"),
    EndpointConnectionError(endpoint_url="https://sqs"),
]


class Sqs:
    """Remembers what it was asked."""

    def __init__(self, fault: Exception | None = None) -> None:
        self.asked: list[dict[str, Any]] = []
        self.fault = fault

    def send_message(self, **kwargs: Any) -> Mapping[str, Any]:
        return self._ask(kwargs)

    def change_message_visibility(self, **kwargs: Any) -> Any:
        return self._ask(kwargs)

    def _ask(self, kwargs: dict[str, Any]) -> Mapping[str, Any]:
        self.asked.append(kwargs)
        if self.fault is not None:
            raise self.fault
        return {}


def message(body: str = "{}", receive_count: int = 1) -> Received:
    return Received("id-1", "handle-1", body, receive_count)


def test_a_message_says_its_schema_its_group_and_its_delay() -> None:
    sqs = Sqs()
    Queue(sqs, "https://queue").send(submitted(answer())[0], group="shop", delay=timedelta(seconds=90))
    (asked,) = sqs.asked
    assert (asked["QueueUrl"], asked["MessageGroupId"], asked["DelaySeconds"]) == ("https://queue", "shop", 90)
    assert json.loads(asked["MessageBody"])["schema"] == 1
    assert parsed(message(asked["MessageBody"]), ResponseSubmitted) == submitted(answer())[0]


@pytest.mark.parametrize("fault", DOWN)
def test_a_queue_that_did_not_take_a_message_is_temporary(fault: Exception) -> None:
    with pytest.raises(TemporaryError):
        Queue(Sqs(fault), "https://queue").send(submitted(answer())[0], group="shop")


def test_a_delay_that_sqs_does_not_know_is_a_fault_of_ours() -> None:
    with pytest.raises(ValueError, match="at most"):
        Queue(Sqs(), "https://queue").send(submitted(answer())[0], group="shop", delay=timedelta(minutes=16))


@pytest.mark.parametrize(
    "body", ["", "not json", "[]", "{}", '{"schema": 2}', "null", "\ud800", '{"type": "DeliveryReported"}']
)
def test_what_is_no_message_of_ours_is_poison(body: str) -> None:
    with pytest.raises(PoisonMessageError):
        parsed(message(body), ResponseSubmitted)


def test_a_message_of_another_queue_is_poison_here() -> None:
    body = DeliveryReported(delivery_id="order-1").model_dump_json(exclude_none=True)
    with pytest.raises(PoisonMessageError):
        parsed(message(body), ResponseSubmitted)


def test_the_fault_of_a_message_quotes_nothing_of_it() -> None:
    with pytest.raises(PoisonMessageError) as refused:
        parsed(message('{"email": "ada@example.com"}'), ResponseSubmitted)
    assert "ada@example.com" not in str(refused.value)


def test_an_event_is_read_as_lambda_hands_it_over() -> None:
    record = {
        "messageId": "id-1",
        "receiptHandle": "handle-1",
        "body": "{}",
        "attributes": {"ApproximateReceiveCount": "3"},
    }
    assert received({"Records": [record]}) == [message(receive_count=3)]


def test_the_answer_names_what_must_come_again_and_nothing_else() -> None:
    assert batch_response([]) == {"batchItemFailures": []}
    assert batch_response([message()]) == {"batchItemFailures": [{"itemIdentifier": "id-1"}]}


def test_what_failed_waits_30_seconds_doubling_to_15_minutes() -> None:
    waits = [back_off(receive_count).total_seconds() for receive_count in (1, 2, 3, 4, 5, 6, 12, 1000)]
    assert waits == [30, 60, 120, 240, 480, 900, 900, 900]


def test_twelve_receives_outlast_an_outage_of_two_hours() -> None:
    assert sum((back_off(n) for n in range(1, 12)), timedelta(0)) > timedelta(hours=1, minutes=45)


def test_postponed_waits_and_poison_hurries() -> None:
    sqs = Sqs()
    back = BackOff(sqs, "https://queue", lambda line: None)
    back.postpone([message(receive_count=2)])
    back.hurry([message()])
    assert [(each["ReceiptHandle"], each["VisibilityTimeout"]) for each in sqs.asked] == [
        ("handle-1", 60),
        ("handle-1", 0),
    ]


@pytest.mark.parametrize("fault", DOWN)
def test_a_wait_that_could_not_be_set_is_logged_and_harmless(fault: Exception) -> None:
    logged: list[str] = []
    BackOff(Sqs(fault), "https://queue", logged.append).postpone([message(), message()])
    assert len(logged) == 2
