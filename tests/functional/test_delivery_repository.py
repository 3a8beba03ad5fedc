"""The contract of deliveries: held by the fake that unit tests use and by the real repository alike."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Protocol

import boto3
import pytest
from botocore.exceptions import ReadTimeoutError
from moto import mock_aws

from shared.domain.deliveries import (
    MAX_EVENTS,
    Delivery,
    DeliveryEvent,
    DeliveryReason,
    DeliveryRegistration,
    DeliveryStatus,
)
from shared.domain.people import Recipient
from shared.domain.promises import Window
from shared.errors import TemporaryError
from shared.storage.deliveries import DeliveryRepository
from shared.storage.keys import delivery_key
from tests.fakes.clock import NOON
from tests.fakes.deliveries import InMemoryDeliveries
from tests.functional.tables import TABLE, create_table

MOST_AN_ITEM_MAY_HAVE = 400 * 1024
"""DynamoDB's limit of an item, in bytes."""


class Deliveries(Protocol):
    def get(self, delivery_id: str) -> Delivery | None: ...

    def save(self, delivery: Delivery, expected_version: int) -> bool: ...


@pytest.fixture
def dynamodb() -> Iterator[Any]:
    with mock_aws():
        client = boto3.client("dynamodb")
        create_table(client)
        yield client


@pytest.fixture(params=["fake", "real"])
def deliveries(request: pytest.FixtureRequest) -> Deliveries:
    if request.param == "fake":
        return InMemoryDeliveries()
    return DeliveryRepository(request.getfixturevalue("dynamodb"), TABLE)


def happened(status: DeliveryStatus, hours: int = 0, raw_status: str | None = None) -> DeliveryEvent:
    return DeliveryEvent(
        event_id=f"{status.value}-{hours}",
        status=status,
        reason=DeliveryReason.WEATHER,
        occurred_at=NOON + timedelta(hours=hours),
        learned_at=NOON,
        raw_status=raw_status,
    )


HEARD_OF = Delivery(delivery_id="order-1").with_event(happened(DeliveryStatus.OUT_FOR_DELIVERY))
REGISTERED = HEARD_OF.with_registration(
    DeliveryRegistration(
        carrier="dhl",
        tracking_number="0034",
        recipient=Recipient(email="ada@example.com", name="Ada", locale="de"),
        promise=Window(start=NOON, end=NOON + timedelta(hours=2)),
        time_zone="Europe/Berlin",
        survey_id="delivery",
        registered_at=NOON,
    ),
    "per_1",
)


def test_a_delivery_nobody_told_us_of_is_none(deliveries: Deliveries) -> None:
    assert deliveries.get("order-1") is None


def test_a_delivery_comes_back_as_it_was_stored(deliveries: Deliveries) -> None:
    assert deliveries.save(HEARD_OF, expected_version=0)
    assert deliveries.get("order-1") == HEARD_OF
    assert deliveries.save(REGISTERED, expected_version=1)
    assert deliveries.get("order-1") == REGISTERED


@pytest.mark.parametrize("expected_version", [0, 2])
def test_who_has_not_read_the_newest_version_stores_nothing(deliveries: Deliveries, expected_version: int) -> None:
    deliveries.save(HEARD_OF, expected_version=0)
    assert not deliveries.save(REGISTERED, expected_version)
    assert deliveries.get("order-1") == HEARD_OF


def test_what_is_not_there_has_no_version_to_replace(deliveries: Deliveries) -> None:
    assert not deliveries.save(REGISTERED, expected_version=1)
    assert deliveries.get("order-1") is None


def test_status_and_version_can_be_asked_for_in_a_condition(dynamodb: Any) -> None:
    DeliveryRepository(dynamodb, TABLE).save(REGISTERED, expected_version=0)
    item = dynamodb.get_item(TableName=TABLE, Key=delivery_key("order-1"))["Item"]
    assert (item["status"], item["version"]) == ({"S": "out_for_delivery"}, {"N": "2"})


def test_the_longest_history_fits_into_an_item(dynamodb: Any) -> None:
    delivery = REGISTERED
    for hours in range(MAX_EVENTS):
        delivery = delivery.with_event(happened(DeliveryStatus.AVAILABLE_FOR_PICKUP, hours, raw_status="€" * 200))
    deliveries = DeliveryRepository(dynamodb, TABLE)
    assert deliveries.save(delivery, expected_version=0)
    item = dynamodb.get_item(TableName=TABLE, Key=delivery_key("order-1"))["Item"]
    assert len(item["content"]["S"].encode()) < MOST_AN_ITEM_MAY_HAVE
    assert deliveries.get("order-1") == delivery


def test_a_lost_answer_is_temporary_and_the_next_read_shows_what_was_stored(dynamodb: Any) -> None:
    class Forgetful:
        get_item = dynamodb.get_item

        def put_item(self, **kwargs: Any) -> Any:
            dynamodb.put_item(**kwargs)
            raise ReadTimeoutError(endpoint_url="https://dynamodb")

    deliveries = DeliveryRepository(Forgetful(), TABLE)
    with pytest.raises(TemporaryError):
        deliveries.save(HEARD_OF, expected_version=0)
    assert deliveries.get("order-1") == HEARD_OF
