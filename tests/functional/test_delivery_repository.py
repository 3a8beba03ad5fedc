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
from shared.domain.promises import Window, ledger_changes
from shared.errors import TemporaryError
from shared.storage.deliveries import DeliveryListing, DeliveryRepository
from shared.storage.keys import delivery_key
from tests.fakes.clock import NOON
from tests.fakes.deliveries import InMemoryDeliveries
from tests.functional.tables import DELIVERY_INDEXES, TABLE, create_table

MOST_AN_ITEM_MAY_HAVE = 400 * 1024
"""DynamoDB's limit of an item, in bytes."""


class Deliveries(Protocol):
    def get(self, delivery_id: str) -> Delivery | None: ...

    def save(self, delivery: Delivery, expected_version: int) -> bool: ...


@pytest.fixture
def dynamodb() -> Iterator[Any]:
    with mock_aws():
        client = boto3.client("dynamodb")
        create_table(client, indexes=DELIVERY_INDEXES)
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
        transact_write_items = dynamodb.transact_write_items

        def put_item(self, **kwargs: Any) -> Any:
            dynamodb.put_item(**kwargs)
            raise ReadTimeoutError(endpoint_url="https://dynamodb")

    deliveries = DeliveryRepository(Forgetful(), TABLE)
    with pytest.raises(TemporaryError):
        deliveries.save(HEARD_OF, expected_version=0)
    assert deliveries.get("order-1") == HEARD_OF


# The ledger of promises, and what needs a person.


def promised(name: str, week: int = 0, region: str = "DE-BE") -> Delivery:
    start = NOON + timedelta(weeks=week)
    registration = DeliveryRegistration(
        carrier="dhl",
        recipient=Recipient(email="ada@example.com"),
        promise=Window(start=start, end=start + timedelta(hours=2)),
        time_zone="Europe/Berlin",
        region=region,
        registered_at=NOON - timedelta(days=2),
    )
    return Delivery(delivery_id=name).with_registration(registration, "per_1")


def stored_after(deliveries: DeliveryRepository, known: Delivery, event: DeliveryEvent) -> Delivery:
    """The delivery after an event, stored with what it moves in the ledger."""
    after = known.with_event(event).judged(NOON)
    assert deliveries.save(after, known.version, ledger_changes(known.counted, after.counted))
    return after


def rows(dynamodb: Any, since: str = "2026-W01", until: str = "2027-W53") -> dict[tuple[str, str, str], dict[str, int]]:
    """The ledger as who reads it adds it up: by week, carrier and region."""
    found: dict[tuple[str, str, str], dict[str, int]] = {}
    for row in DeliveryListing(dynamodb, TABLE).ledger(since, until):
        total = found.setdefault((row.week, row.carrier, row.region), {})
        for outcome, times in row.outcomes.items():
            total[outcome.value] = total.get(outcome.value, 0) + times
        total["late_seconds"] = total.get("late_seconds", 0) + row.late_seconds
    return found


def delivered(minutes: float, event_id: str = "delivered", corrects: str | None = None) -> DeliveryEvent:
    at = NOON + timedelta(minutes=minutes)
    status = DeliveryStatus.DELIVERED
    return DeliveryEvent(event_id=event_id, status=status, occurred_at=at, learned_at=at, corrects=corrects)


def test_what_became_of_a_promise_is_counted_with_the_delivery_and_a_correction_moves_it(dynamodb: Any) -> None:
    deliveries = DeliveryRepository(dynamodb, TABLE)
    for n in range(30):
        known = promised(f"order-{n}")
        assert deliveries.save(known, 0)
        stored_after(deliveries, known, delivered(60 if n < 20 else 150))
    assert rows(dynamodb) == {("2026-W47", "dhl", "DE-BE"): {"kept": 20, "late": 10, "late_seconds": 10 * 30 * 60}}
    wrong = deliveries.get("order-0")
    assert wrong is not None
    stored_after(deliveries, wrong, delivered(180, "right", corrects="delivered"))
    assert rows(dynamodb) == {("2026-W47", "dhl", "DE-BE"): {"kept": 19, "late": 11, "late_seconds": 6 * 3600}}


def test_who_loses_the_race_for_a_delivery_counts_nothing(dynamodb: Any) -> None:
    deliveries = DeliveryRepository(dynamodb, TABLE)
    known = promised("order-1")
    assert deliveries.save(known, 0)
    stored_after(deliveries, known, delivered(60))
    late = known.with_event(delivered(600)).judged(NOON)
    assert not deliveries.save(late, known.version, ledger_changes(known.counted, late.counted))
    assert rows(dynamodb) == {("2026-W47", "dhl", "DE-BE"): {"kept": 1, "late_seconds": 0}}


def test_a_range_of_weeks_holds_both_its_ends_and_nothing_else(dynamodb: Any) -> None:
    deliveries = DeliveryRepository(dynamodb, TABLE)
    for week in range(4):
        known = promised(f"order-{week}", week)
        assert deliveries.save(known, 0)
        stored_after(deliveries, known, delivered(60 + week * 7 * 24 * 60))
    assert [week for week, _, _ in rows(dynamodb, "2026-W48", "2026-W49")] == ["2026-W48", "2026-W49"]


def test_what_contradicts_is_found_until_it_is_corrected(dynamodb: Any) -> None:
    deliveries, listing = DeliveryRepository(dynamodb, TABLE), DeliveryListing(dynamodb, TABLE)
    known = HEARD_OF.with_event(delivered(0))
    assert deliveries.save(known, 0)
    assert list(listing.flagged()) == []
    contradicted = stored_after(deliveries, known, happened(DeliveryStatus.IN_TRANSIT, 5))
    assert list(listing.flagged()) == [contradicted]
    correction = happened(DeliveryStatus.UNKNOWN, 6).model_copy(update={"corrects": "in_transit-5"})
    stored_after(deliveries, contradicted, correction)
    assert list(listing.flagged()) == []


def test_several_are_read_at_once(dynamodb: Any) -> None:
    deliveries = DeliveryRepository(dynamodb, TABLE)
    assert deliveries.save(REGISTERED, 0)
    assert deliveries.save(promised("order-2"), 0)
    found = DeliveryListing(dynamodb, TABLE).of_ids(["order-1", "order-2", "order-3"])
    assert found == {"order-1": REGISTERED, "order-2": promised("order-2")}
