"""A parcel as its provider tells of it becomes events: the same ones however often it is told."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from shared.domain.deliveries import MAX_EVENTS, DeliveryEvent, DeliveryStatus
from shared.domain.tracking import aftership, easypost, shippo
from shared.domain.tracking.parcels import normal_number
from shared.domain.tracking.providers import Provider
from shared.domain.tracking.trackers import Meaning, Scan, Tracker, kept_word
from tests.fakes import webhooks

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
EASYPOST = [
    ("pre_transit", "label_created", "2026-11-20T08:00:00Z"),
    ("in_transit", "arrived_at_facility", "2026-11-21T23:30:00Z"),
    ("out_for_delivery", None, "2026-11-22T07:10:00Z"),
]
AFTERSHIP = [
    ("InfoReceived", "InfoReceived_001", "2026-11-20T09:00:00+01:00"),
    ("InTransit", "InTransit_003", "2026-11-21T23:30:00"),
    ("OutForDelivery", "OutForDelivery_001", "2026-11-22T07:10:00Z"),
]
SHIPPO = [
    ("PRE_TRANSIT", "information_received", "2026-11-20T08:00:00Z"),
    ("TRANSIT", "package_arrived", "2026-11-21T23:30:00Z"),
    ("TRANSIT", "out_for_delivery", "2026-11-22T07:10:00Z"),
]


def of_easypost(scans: Any = EASYPOST, **told: Any) -> Tracker:
    return easypost.read(easypost.Webhook.model_validate(webhooks.easypost(scans, **told)))


def of_aftership(scans: Any = AFTERSHIP, **told: Any) -> Tracker:
    return aftership.read(aftership.Webhook.model_validate(webhooks.aftership(scans, **told)))


def of_shippo(scans: Any = SHIPPO, **told: Any) -> Tracker:
    return shippo.read(shippo.Webhook.model_validate(webhooks.shippo(scans, **told)))


SCANS: dict[Any, list[tuple[str, str | None, str]]] = {
    of_aftership: list(AFTERSHIP),
    of_easypost: list(EASYPOST),
    of_shippo: list(SHIPPO),
}
ALL = tuple(SCANS)


def statuses(events: tuple[DeliveryEvent, ...]) -> list[str]:
    return [event.status.value for event in events]


@pytest.mark.parametrize("read", ALL)
def test_a_history_is_told_as_it_happened_with_both_clocks_and_the_providers_words(read: Any) -> None:
    tracker = read()
    events = tracker.events(NOW)
    assert statuses(events) == ["info_received", "in_transit", "out_for_delivery"]
    assert [event.occurred_at.isoformat() for event in events] == [
        "2026-11-20T09:00:00+01:00" if read is of_aftership else "2026-11-20T08:00:00+00:00",
        "2026-11-21T23:30:00+00:00",
        "2026-11-22T07:10:00+00:00",
    ]
    assert {event.learned_at for event in events} == {NOW}
    assert {event.provider for event in events} == {tracker.provider.value}
    words = SCANS[read]
    assert [(event.raw_status, event.raw_substatus) for event in events] == [(word, more) for word, more, _ in words]
    assert tracker.tracking_number == "PI000000001DE"
    assert tracker.unknown_words() == ()


@pytest.mark.parametrize("read", ALL)
def test_a_history_told_again_a_day_later_and_grown_has_the_same_ids(read: Any) -> None:
    scans = SCANS[read]
    first = [event.event_id for event in read(scans[:2]).events(NOW)]
    again = [event.event_id for event in read(scans).events(NOW + timedelta(days=1))]
    backwards = [event.event_id for event in read(list(reversed(scans))).events(NOW)]
    assert again[:2] == first and len(set(again)) == 3
    assert sorted(backwards) == sorted(again)


@pytest.mark.parametrize("read", ALL)
def test_the_same_scan_of_another_parcel_is_another_event(read: Any) -> None:
    mine, other = (read(number=number).events(NOW) for number in ("PI1", "PI2"))
    assert {event.event_id for event in mine}.isdisjoint(event.event_id for event in other)


@pytest.mark.parametrize("read", ALL)
def test_a_scan_told_twice_is_one_event(read: Any) -> None:
    scans = SCANS[read]
    assert read([*scans, *scans]).events(NOW) == read(scans).events(NOW)


def test_what_only_the_whole_parcel_says_is_an_event_too() -> None:
    cancelled = of_easypost(status="cancelled", status_detail="cancelled", updated_at="2026-11-22T10:00:00Z")
    (event,) = (event for event in cancelled.events(NOW) if event.status is DeliveryStatus.CANCELLED)
    assert event.occurred_at == datetime(2026, 11, 22, 10, tzinfo=UTC)
    at = int(datetime(2026, 11, 22, 9, tzinfo=UTC).timestamp())
    content = {**webhooks.aftership(AFTERSHIP, tag="Expired", subtag="Expired_001", updated_at=None), "ts": at}
    told = aftership.read(aftership.Webhook.model_validate(content))
    (event,) = (event for event in told.events(NOW) if event.status is DeliveryStatus.EXPIRED)
    assert event.occurred_at == datetime(2026, 11, 22, 9, tzinfo=UTC)


def test_a_parcel_that_aftership_says_goes_back_is_returning_whatever_its_tag() -> None:
    assert "returning" in statuses(of_aftership(return_to_sender=True).events(NOW))
    returned = [*AFTERSHIP, ("Exception", "Exception_011", "2026-11-22T09:00:00Z")]
    assert statuses(of_aftership(returned, return_to_sender=True).events(NOW))[-1] == "returned"
    assert "returning" not in statuses(of_aftership(return_to_sender=False).events(NOW))


def test_a_tracker_without_a_scan_tells_what_it_says_of_the_whole() -> None:
    assert statuses(of_easypost([], status="pre_transit").events(NOW)) == ["info_received"]
    assert of_easypost([]).events(NOW) == ()
    assert of_shippo([]).events(NOW) == ()
    assert of_aftership([]).events(NOW) == ()


# Clocks.


@pytest.mark.parametrize("at", ["1999-12-31T23:59:59Z", "2026-11-23T12:00:01Z", "9999-12-31T00:00:00Z"])
def test_a_scan_by_an_impossible_clock_is_left_out_and_the_others_count(at: str) -> None:
    scans = [*EASYPOST[:2], ("out_for_delivery", None, at)]
    assert "out_for_delivery" not in statuses(of_easypost(scans).events(NOW))
    assert len(of_easypost(scans).events(NOW)) == 2


def test_a_scan_without_a_time_is_left_out() -> None:
    scans = [*AFTERSHIP[:2], ("OutForDelivery", "OutForDelivery_001", None)]
    assert statuses(of_aftership(scans).events(NOW))[:2] == ["info_received", "in_transit"]


def test_a_time_without_an_offset_is_utc_and_a_day_its_midnight() -> None:
    scans = [("InTransit", "InTransit_001", "2026-11-21T23:30:00"), ("InTransit", "InTransit_002", "2026-11-21")]
    assert [event.occurred_at for event in of_aftership(scans).events(NOW)] == [
        datetime(2026, 11, 21, tzinfo=UTC),
        datetime(2026, 11, 21, 23, 30, tzinfo=UTC),
    ]


@pytest.mark.parametrize("at", ["yesterday", "", 1_795_000_000, True, {}])
def test_a_time_that_is_none_is_refused_by_its_path(at: object) -> None:
    with pytest.raises(ValidationError) as caught:
        of_easypost([("in_transit", None, at)], updated_at=None)
    assert caught.value.errors()[0]["loc"] == ("result", "tracking_details", 0, "datetime")


# Estimates.


def estimates(tracker: Tracker) -> list[datetime | None]:
    return [event.estimated_at for event in tracker.events(NOW) if event.estimated_at is not None]


def test_an_estimate_is_an_event_that_replaces_no_status() -> None:
    tracker = of_easypost(est_delivery_date="2026-11-22T15:30:00Z")
    *_, estimate = tracker.events(NOW)
    assert (estimate.status, estimate.estimated_at) == ("unknown", datetime(2026, 11, 22, 15, 30, tzinfo=UTC))
    assert estimate.occurred_at == datetime(2026, 11, 22, 7, 10, tzinfo=UTC)
    assert estimates(of_shippo(eta="2026-11-22T15:30:00Z")) == [datetime(2026, 11, 22, 15, 30, tzinfo=UTC)]
    window = {"datetime": "2026-11-22", "datetime_min": "2026-11-22T13:00:00Z", "datetime_max": "2026-11-22T15:30:00Z"}
    assert estimates(of_aftership(latest_estimated_delivery=window)) == [datetime(2026, 11, 22, 15, 30, tzinfo=UTC)]


@pytest.mark.parametrize("at", ["2026-11-24T00:00:00Z", "2026-11-24", "2026-11-24T00:00:00+01:00", None])
def test_a_day_is_no_estimate_of_a_moment(at: str | None) -> None:
    """Taken for midnight, a parcel would be announced half an hour before midnight."""
    assert estimates(of_easypost(est_delivery_date=at)) == []
    assert estimates(of_shippo(eta=at)) == []
    assert estimates(of_aftership(latest_estimated_delivery={"type": "day", "datetime": at})) == []


def test_an_estimate_that_is_told_again_is_one_event_and_a_new_one_another() -> None:
    first, again, other = (
        of_easypost(est_delivery_date=f"2026-11-22T{at}:00Z").events(NOW)[-1] for at in ("15:30", "15:30", "16:00")
    )
    assert first.event_id == again.event_id != other.event_id


def test_an_estimate_beyond_a_year_or_of_a_parcel_that_is_there_is_left_out() -> None:
    assert estimates(of_easypost(est_delivery_date="2028-11-22T15:30:00Z")) == []
    delivered = [*EASYPOST, ("delivered", None, "2026-11-22T09:00:00Z")]
    assert estimates(of_easypost(delivered, est_delivery_date="2026-11-22T15:30:00Z")) == []


# Words and size.


def test_words_that_nobody_documents_are_told_once_each() -> None:
    scans = [("teleported", None, "2026-11-22T07:10:00Z"), ("teleported", None, "2026-11-22T07:11:00Z")]
    tracker = of_easypost([*scans, ("in_transit", "beamed_up", "2026-11-22T07:12:00Z")])
    assert tracker.unknown_words() == ("teleported", "in_transit/beamed_up")
    assert statuses(tracker.events(NOW)) == ["unknown", "unknown", "in_transit"]


def test_of_a_word_only_what_can_be_printed_is_kept_and_not_all_of_it() -> None:
    assert kept_word("in\ttransit\x1b[31m") == "intransit[31m"
    assert kept_word("x" * 5_000) == "x" * 100
    assert kept_word("\n") is kept_word("") is kept_word(None) is None


def test_the_longest_history_is_cut_to_the_latest_and_fits_on_a_queue() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    scans = tuple(
        Scan(Meaning(DeliveryStatus.IN_TRANSIT), at + timedelta(hours=n), "\U0001f4e6" * 500, "\U0001f4e6" * 500)
        for n in range(2 * MAX_EVENTS)
    )
    tracker = Tracker(Provider.SHIPPO, None, "1", None, (), scans, scans[-1], None)
    events = tracker.events(NOW)
    assert [event.occurred_at for event in events] == [scan.occurred_at for scan in scans[MAX_EVENTS:]]
    size = len(json.dumps([event.model_dump(mode="json") for event in events], ensure_ascii=False).encode())
    assert size < 256 * 1024


# Names.


def test_our_id_is_read_where_a_provider_brings_it_along() -> None:
    assert of_aftership(custom_fields={"delivery_id": "order-1", "x": 1}).delivery_id == "order-1"
    for fields in (None, {}, {"delivery_id": 7}, {"delivery_id": "no id"}):
        assert of_aftership(custom_fields=fields).delivery_id is None
    assert of_aftership(order_id="order-1").hints == ("order-1",)
    assert of_aftership(order_id="Order #1").hints == ()
    assert of_shippo(metadata="order-1").hints == ("order-1",)
    assert of_shippo().hints == ()
    assert (of_easypost().hints, of_easypost().delivery_id, of_easypost().tracker_id) == ((), None, "trk_1")


@pytest.mark.parametrize("number", ["0034 0434-1610.9404 2557", "00340434161094042557", " 0034043416109404255 7"])
def test_a_number_is_its_digits_and_letters(number: str) -> None:
    assert normal_number(number) == "00340434161094042557"
    assert normal_number("pi000000001de") == "PI000000001DE"
    assert normal_number("---") == ""
