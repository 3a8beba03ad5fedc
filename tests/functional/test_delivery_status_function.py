"""The function behind the deliveries queue, with tables and queues around it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from functions.delivery_status import app, bootstrap
from shared.domain.messages import MessageKind, message_id
from shared.domain.queued import SendNotification
from shared.errors import TemporaryError
from shared.storage.deliveries import DeliveryRepository
from shared.storage.keys import delivery_key
from tests.functional.tables import create_table

EVENT = Path(__file__).parents[1] / "events" / "sqs_deliveries.json"


class House:
    """What stands around the function."""

    def __init__(self) -> None:
        self.dynamodb = boto3.client("dynamodb")
        self.sqs = boto3.client("sqs")
        for name in ("deliveries", "people", "surveys"):
            create_table(self.dynamodb, name)
        self.deliveries_queue = self.sqs.create_queue(QueueName="deliveries")["QueueUrl"]
        self.notifications_queue = self.sqs.create_queue(QueueName="notifications")["QueueUrl"]

    def wishes(self) -> list[SendNotification]:
        received = self.sqs.receive_message(QueueUrl=self.notifications_queue, MaxNumberOfMessages=10)
        return [SendNotification.model_validate_json(message["Body"]) for message in received.get("Messages", ())]


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    cached = (bootstrap.settings, bootstrap.service, bootstrap.back_off)
    with mock_aws():
        house = House()
        monkeypatch.setenv("DELIVERIES_TABLE_NAME", "deliveries")
        monkeypatch.setenv("PEOPLE_TABLE_NAME", "people")
        monkeypatch.setenv("SURVEYS_TABLE_NAME", "surveys")
        monkeypatch.setenv("DELIVERIES_QUEUE_ARN", "arn:aws:sqs:eu-central-1:123456789012:deliveries")
        monkeypatch.setenv("SCHEDULE_GROUP_NAME", "group")
        monkeypatch.setenv("SCHEDULER_ROLE_ARN", "arn:aws:iam::123456789012:role/scheduler")
        boto3.client("scheduler").create_schedule_group(Name="group")
        boto3.client("ssm").put_parameter(Name="/erasure-key", Value="a key", Type="SecureString")
        monkeypatch.setenv("ERASURE_KEY_PARAMETER", "/erasure-key")
        monkeypatch.setenv("DELIVERIES_QUEUE_URL", house.deliveries_queue)
        monkeypatch.setenv("NOTIFICATIONS_QUEUE_URL", house.notifications_queue)
        for built in cached:
            built.cache_clear()
        yield house
    for built in cached:
        built.cache_clear()


def recorded() -> Any:
    return json.loads(EVENT.read_text())


def failed(answer: Any) -> list[str]:
    return [item["itemIdentifier"] for item in answer["batchItemFailures"]]


def test_a_parcel_becomes_a_wish_to_tell_its_customer(house: House, lambda_context: Any) -> None:
    app.lambda_handler(recorded(), lambda_context)
    delivery = DeliveryRepository(house.dynamodb, "deliveries").get("order-1")
    assert delivery is not None
    assert (delivery.status, delivery.version) == ("out_for_delivery", 2)
    (wish,) = house.wishes()
    assert wish.notification.message_id == message_id(MessageKind.DELIVERY_ON_ITS_WAY, "order-1", "2026-11-22")
    assert wish.notification.person_id == delivery.person_id
    assert wish.notification.expires_at.isoformat() == "2026-11-22T20:10:00+01:00"


def test_poison_fails_alone_and_at_once(house: House, lambda_context: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[tuple[str, int]] = []

    class Sqs:
        def change_message_visibility(self, **kwargs: Any) -> None:
            waits.append((kwargs["ReceiptHandle"].rpartition("-")[2], kwargs["VisibilityTimeout"]))

    monkeypatch.setattr(bootstrap.back_off(), "_sqs", Sqs())
    answer = app.lambda_handler(recorded(), lambda_context)
    assert failed(answer) == ["2e1424d4-f796-459a-8184-9c92662be6da"]
    assert waits == [("poison", 0)]


@pytest.mark.parametrize("fault", [TemporaryError("the store is away"), RuntimeError("a fault of ours")])
def test_what_fails_for_now_comes_again_after_its_back_off_and_holds_up_no_other(
    house: House, lambda_context: Any, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    waits: list[tuple[str, int]] = []

    class Sqs:
        def change_message_visibility(self, **kwargs: Any) -> None:
            waits.append((kwargs["ReceiptHandle"].rpartition("-")[2], kwargs["VisibilityTimeout"]))

    class Failing:
        def follow(self, reported: Any) -> Any:
            if reported.event is not None:
                raise fault
            return working.follow(reported)

    working = bootstrap.service()
    monkeypatch.setattr(bootstrap, "service", Failing)
    monkeypatch.setattr(bootstrap.back_off(), "_sqs", Sqs())
    answer = app.lambda_handler(recorded(), lambda_context)
    assert set(failed(answer)) == {"2e1424d4-f796-459a-8184-9c92662be6da", "c80e8021-a70a-42c7-a470-796e1186f753"}
    assert ("event", 120) in waits
    delivery = DeliveryRepository(house.dynamodb, "deliveries").get("order-1")
    assert delivery is not None and delivery.registration is not None


def test_a_batch_that_comes_again_changes_nothing(house: House, lambda_context: Any) -> None:
    for _ in range(3):
        app.lambda_handler(recorded(), lambda_context)
    delivery = DeliveryRepository(house.dynamodb, "deliveries").get("order-1")
    assert delivery is not None and delivery.version == 2
    assert len(house.dynamodb.scan(TableName="people")["Items"]) == 3
    assert {wish.notification.kind for wish in house.wishes()} == {MessageKind.DELIVERY_ON_ITS_WAY}


def test_the_log_names_no_person_even_when_a_stored_delivery_can_not_be_read(
    house: House, lambda_context: Any, caplog: pytest.LogCaptureFixture
) -> None:
    app.lambda_handler(recorded(), lambda_context)
    key = delivery_key("order-1")
    stored = house.dynamodb.get_item(TableName="deliveries", Key=key)["Item"]["content"]["S"]
    broken = {**key, "content": {"S": stored.replace("ada@example.com", "ada at home")}}
    house.dynamodb.put_item(TableName="deliveries", Item=broken)
    assert len(failed(app.lambda_handler(recorded(), lambda_context))) == 3
    logged = caplog.text + str([vars(record) for record in caplog.records])
    assert "order-1" in logged and "message failed" in logged
    for secret in ("ada at home", "+4915112345678", "Ada"):
        assert secret not in logged
