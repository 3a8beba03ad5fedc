"""A parcel's status is decided by what happened to it, not by how we came to hear of it."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.domain.deliveries import (
    MAX_EVENTS,
    Delivery,
    DeliveryEvent,
    DeliveryRegistration,
    DeliveryStatus,
)
from shared.domain.people import Recipient
from shared.domain.promises import Window

START = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


def event(status: str, hour: float = 0, event_id: str | None = None) -> DeliveryEvent:
    occurred_at = START + timedelta(hours=hour)
    return DeliveryEvent(
        event_id=event_id or f"{status}-{hour}",
        status=DeliveryStatus(status),
        occurred_at=occurred_at,
        learned_at=START,
    )


def after(*events: DeliveryEvent) -> Delivery:
    delivery = Delivery(delivery_id="order-1")
    for happened in events:
        delivery = delivery.with_event(happened)
    return delivery


def told_in_order(*statuses: str) -> Delivery:
    return after(*(event(status, hour) for hour, status in enumerate(statuses)))


REGISTRATION = DeliveryRegistration(
    carrier="dhl",
    recipient=Recipient(email="ada@example.com"),
    survey_id="delivery",
    registered_at=START,
)


def registered(*statuses: str, **changes: object) -> Delivery:
    registration = REGISTRATION.model_copy(update=changes)
    return told_in_order(*statuses).with_registration(registration, "per_1")


# The oracle: the rule of the documents as a table and a search, sharing nothing with the code but the words.

STAGES = [
    "unknown",
    "info_received",
    "in_transit",
    "appointment_set",
    "out_for_delivery",
    "arriving",
    "available_for_pickup",
    "attempt_failed",
    "delivered",
    "exception",
    "returning",
    "returned",
    "cancelled",
    "expired",
]
WAYS_OUT = {
    "delivered": ["returning", "returned"],
    "returning": ["returned"],
    "returned": [],
    "cancelled": ["delivered"],
}


def where_the_parcel_is(told: list[tuple[float, str]]) -> str:
    happened = [status for _, _, status in sorted({(at, STAGES.index(status), status) for at, status in told})]
    informative = [status for status in happened if status != "unknown"]
    if not informative:
        return "unknown"
    while True:
        kept = next((i for i, status in enumerate(informative) if status in WAYS_OUT), None)
        if kept is None:
            return informative[-1]
        way_out = next((s for s in informative[kept + 1 :] if s in WAYS_OUT[informative[kept]]), None)
        if way_out is None:
            return informative[kept]
        informative = informative[informative.index(way_out, kept + 1) :]


def test_the_words_are_the_published_ones() -> None:
    assert [status.value for status in DeliveryStatus] == STAGES


@pytest.mark.parametrize("history", list(itertools.product(STAGES, repeat=2)))
def test_every_pair_of_statuses_ends_where_the_rule_says(history: tuple[str, str]) -> None:
    assert told_in_order(*history).status == where_the_parcel_is(list(enumerate(history)))


histories = st.lists(st.tuples(st.integers(0, 3), st.sampled_from(STAGES)), min_size=1, max_size=5, unique=True)


@given(histories, st.data())
def test_the_order_and_the_number_of_reports_do_not_matter(history: list[tuple[int, str]], data: st.DataObject) -> None:
    expected = where_the_parcel_is([(float(at), status) for at, status in history])
    events = [event(status, at) for at, status in history]
    again = data.draw(st.lists(st.sampled_from(events), max_size=5))
    for order in itertools.permutations(events):
        assert after(*order).status == expected
    for _ in range(10):
        delivery = after(*data.draw(st.permutations([*events, *again])))
        assert (delivery.status, len(delivery.history), delivery.version) == (expected, len(events), len(events))


def test_a_published_history_whose_clock_runs_backwards_stays_delivered() -> None:
    """A carrier's published sample: delivered on the 19th, out for delivery on the 24th."""
    published = [
        ("in_transit", "2014-11-18T10:51:54Z"),
        ("delivered", "2014-11-19T10:51:54Z"),
        ("out_for_delivery", "2014-11-24T08:10:00Z"),
    ]
    events = [
        DeliveryEvent(
            event_id=status, status=DeliveryStatus(status), occurred_at=datetime.fromisoformat(at), learned_at=START
        )
        for status, at in published
    ]
    for order in itertools.permutations(events):
        assert after(*order).status == "delivered"


@pytest.mark.parametrize(
    ("history", "status"),
    [
        ("out_for_delivery attempt_failed out_for_delivery", "out_for_delivery"),
        ("out_for_delivery delivered returning in_transit delivered", "returning"),
        ("returning in_transit returned", "returned"),
        ("cancelled in_transit delivered", "delivered"),
        ("in_transit unknown", "in_transit"),
        ("unknown", "unknown"),
    ],
)
def test_a_history_ends(history: str, status: str) -> None:
    assert told_in_order(*history.split()).status == status


def test_a_parcel_nobody_reported_on_is_unknown() -> None:
    assert Delivery(delivery_id="order-1").status == "unknown"


def test_a_full_history_still_hears_of_the_delivery() -> None:
    full = after(*(event("in_transit", hour) for hour in range(MAX_EVENTS)))
    delivered = full.with_event(event("delivered", MAX_EVENTS))
    assert (delivered.status, len(delivered.history)) == ("delivered", MAX_EVENTS)
    assert delivered.history[0].event_id == "in_transit-1"
    flooded = delivered
    for hour in range(MAX_EVENTS + 1, 2 * MAX_EVENTS + 10):
        flooded = flooded.with_event(event("in_transit", hour))
    assert (flooded.status, len(flooded.history)) == ("delivered", MAX_EVENTS)


def test_a_full_history_ignores_what_is_older_than_all_of_it() -> None:
    full = after(*(event("in_transit", hour) for hour in range(MAX_EVENTS)))
    assert full.with_event(event("info_received", -1)) is full


def test_a_later_registration_replaces_an_earlier_one_and_not_the_other_way_round() -> None:
    later = REGISTRATION.model_copy(update={"registered_at": START + timedelta(hours=1), "carrier": "dpd"})
    first = Delivery(delivery_id="order-1").with_registration(REGISTRATION, "per_1")
    second = first.with_registration(later, "per_2")
    assert second.registration == later
    assert (second.person_id, second.version) == ("per_2", 2)
    assert second.with_registration(REGISTRATION, "per_1") is second
    assert second.with_registration(later, "per_2") is second


def test_events_that_come_before_the_registration_are_kept() -> None:
    delivery = registered("info_received", "out_for_delivery")
    assert delivery.status == "out_for_delivery"


@pytest.mark.parametrize("end", [START, START - timedelta(seconds=1)])
def test_a_window_ends_after_it_starts(end: datetime) -> None:
    with pytest.raises(ValidationError, match="end must be after start"):
        Window(start=START, end=end)


# What was reported wrongly, and what can not be true.


def corrected(wrong: str, status: str, hour: float, event_id: str = "correction") -> DeliveryEvent:
    return event(status, hour, event_id).model_copy(update={"corrects": wrong})


def test_a_correction_takes_back_what_it_names_and_stands_in_its_place() -> None:
    wrong = event("delivered", 2, "scan-2")
    right = corrected("scan-2", "in_transit", 2)
    for order in itertools.permutations([event("out_for_delivery", 1), wrong, right]):
        delivery = after(*order)
        assert (delivery.status, len(delivery.history)) == ("in_transit", 3)


def test_a_delivery_that_was_none_can_be_delivered_after_it_was_corrected() -> None:
    delivery = after(
        event("delivered", 1, "wrong"), corrected("wrong", "attempt_failed", 1), event("out_for_delivery", 24)
    )
    assert (delivery.status, delivery.contradictions) == ("out_for_delivery", ())
    assert after(*delivery.history, event("delivered", 30)).status == "delivered"


def test_what_was_only_wrong_is_corrected_to_unknown() -> None:
    delivery = after(event("in_transit", 0), event("returned", 1, "wrong"), corrected("wrong", "unknown", 1))
    assert delivery.status == "in_transit"


def test_of_a_correction_that_is_corrected_the_last_one_stands() -> None:
    events = [
        event("delivered", 1, "first"),
        corrected("first", "returned", 1, "second"),
        corrected("second", "exception", 1, "third"),
    ]
    for order in itertools.permutations(events):
        assert after(*order).status == "exception"


def test_a_full_history_never_loses_a_correction() -> None:
    delivery = after(event("in_transit", 0, "a"), corrected("z", "in_transit", 0.5, "correction"))
    for hour in range(1, MAX_EVENTS + 20):
        delivery = delivery.with_event(event("in_transit", hour))
    assert delivery.with_event(event("delivered", 3, "z")).status == "in_transit"


@pytest.mark.parametrize(
    ("history", "contradicting"),
    [
        ("delivered out_for_delivery", ["out_for_delivery"]),
        ("delivered in_transit exception", ["in_transit", "exception"]),
        ("out_for_delivery delivered", []),
        ("delivered unknown delivered", []),
        ("delivered returning in_transit delivered returned", []),
        ("returned in_transit", ["in_transit"]),
        ("cancelled out_for_delivery", ["out_for_delivery"]),
        ("cancelled info_received", []),
        ("in_transit info_received", []),
        ("attempt_failed out_for_delivery attempt_failed", []),
    ],
)
def test_what_can_not_be_true_after_an_end_needs_a_person(history: str, contradicting: list[str]) -> None:
    assert [found.status for found in told_in_order(*history.split()).contradictions] == contradicting


def test_whatever_order_reports_come_in_the_same_ones_contradict() -> None:
    events = [event("delivered", 1), event("out_for_delivery", 2), event("in_transit", 0), event("exception", 3)]
    for order in itertools.permutations(events):
        delivery = after(*order)
        assert {found.status for found in delivery.contradictions} == {"out_for_delivery", "exception"}


def test_correcting_either_takes_the_contradiction_away() -> None:
    contradicting = [event("delivered", 1, "delivered"), event("out_for_delivery", 2, "later")]
    assert after(*contradicting).contradictions
    for wrong, status in (("delivered", "out_for_delivery"), ("later", "delivered")):
        delivery = after(*contradicting, corrected(wrong, "unknown", 3))
        assert (delivery.status, delivery.contradictions) == (status, ())


# When it is expected.


def test_the_last_word_on_the_arrival_counts() -> None:
    def said(learned: float, arrives: float, name: str) -> DeliveryEvent:
        """Said so many hours after the start, and learned in the opposite order."""
        update = {
            "learned_at": START + timedelta(hours=20 - learned),
            "estimated_at": START + timedelta(hours=arrives),
        }
        return event("in_transit", learned, name).model_copy(update=update)

    for order in itertools.permutations([said(1, 8, "a"), said(3, 10, "b"), said(2, 9, "c")]):
        assert after(*order).estimated_at == START + timedelta(hours=10)
    delivery = after(said(1, 8, "a")).with_estimate(START + timedelta(hours=7), START + timedelta(hours=2))
    assert delivery.estimated_at == START + timedelta(hours=7)
    assert delivery.with_estimate(START + timedelta(hours=5), START + timedelta(hours=1)) is delivery


def test_an_estimate_that_says_nothing_new_changes_nothing() -> None:
    delivery = Delivery(delivery_id="order-1").with_estimate(START + timedelta(hours=2), START)
    later = START + timedelta(minutes=1)
    assert delivery.with_estimate(START + timedelta(hours=2, minutes=4), later) is delivery
    assert delivery.with_estimate(START + timedelta(hours=2, minutes=5), later) is not delivery
