"""Each window a customer was told is kept, early, late or broken, and counts once."""

from __future__ import annotations

import itertools
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.deliveries import Delivery, DeliveryEvent, DeliveryRegistration, DeliveryStatus
from shared.domain.people import Recipient
from shared.domain.promises import Counted, Outcome, Promise, Window, ledger_changes, week_of

MONDAY = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
"""14:00 in Berlin."""


def window(start: float, end: float) -> Window:
    return Window(start=MONDAY + timedelta(hours=start), end=MONDAY + timedelta(hours=end))


def registered(told: float, start: float, end: float, **more: object) -> DeliveryRegistration:
    return DeliveryRegistration.model_validate(
        {
            "carrier": "dhl",
            "recipient": Recipient(email="ada@example.com"),
            "promise": window(start, end),
            "time_zone": "Europe/Berlin",
            "region": "DE-BE",
            "registered_at": MONDAY + timedelta(hours=told),
            **more,
        }
    )


def event(status: str, hour: float, event_id: str | None = None, corrects: str | None = None) -> DeliveryEvent:
    at = MONDAY + timedelta(hours=hour)
    return DeliveryEvent(
        event_id=event_id or f"{status}-{hour}",
        status=DeliveryStatus(status),
        occurred_at=at,
        learned_at=at,
        corrects=corrects,
    )


def told(*registrations: DeliveryRegistration) -> Delivery:
    delivery = Delivery(delivery_id="order-1")
    for registration in registrations:
        delivery = delivery.with_registration(registration, "per_1").judged(MONDAY)
    return delivery


def outcomes(delivery: Delivery) -> list[tuple[Outcome, int]]:
    """What stands of each promise, in the order in which they were told."""
    stands = delivery.standing_verdicts
    found = [stands.get(promise.promise_id) for promise in delivery.promises]
    return [(verdict.outcome, verdict.by_seconds) for verdict in found if verdict is not None]


@pytest.mark.parametrize(
    ("arrives", "outcome", "seconds"),
    [
        (-1, Outcome.EARLY, 3600),
        (-1 / 3600, Outcome.EARLY, 1),
        (0, Outcome.KEPT, 0),
        (1, Outcome.KEPT, 0),
        (2 - 1 / 3600, Outcome.KEPT, 0),
        (2, Outcome.LATE, 0),
        (3.5, Outcome.LATE, 5400),
    ],
)
def test_a_promise_is_kept_from_its_start_until_just_before_its_end(
    arrives: float, outcome: Outcome, seconds: int
) -> None:
    delivery = told(registered(-24, 0, 2)).with_event(event("delivered", arrives)).judged(MONDAY)
    assert outcomes(delivery) == [(outcome, seconds)]


@pytest.mark.parametrize("status", ["returning", "returned", "cancelled", "expired"])
def test_what_is_never_delivered_is_a_broken_promise(status: str) -> None:
    delivery = told(registered(-24, 0, 2)).with_event(event(status, 1)).judged(MONDAY)
    assert outcomes(delivery) == [(Outcome.BROKEN, 0)]


@pytest.mark.parametrize("status", ["in_transit", "out_for_delivery", "attempt_failed", "exception"])
def test_while_a_parcel_is_under_way_nothing_is_decided(status: str) -> None:
    delivery = told(registered(-24, 0, 2)).with_event(event(status, 5)).judged(MONDAY)
    assert (delivery.verdicts, delivery.counted) == ((), ())


def test_every_window_that_was_told_is_judged() -> None:
    delivery = told(registered(-24, 0, 2), registered(-1, 4, 6)).with_event(event("delivered", 5)).judged(MONDAY)
    assert outcomes(delivery) == [(Outcome.LATE, 3 * 3600), (Outcome.KEPT, 0)]
    assert [counted.outcome for counted in delivery.counted] == ["late", "kept"]


def test_a_window_that_the_customer_chose_releases_the_ones_before() -> None:
    delivery = told(registered(-24, 0, 2), registered(-1, 24, 26, promised_by_customer=True))
    delivery = delivery.with_event(event("delivered", 25)).judged(MONDAY)
    assert outcomes(delivery) == [(Outcome.RELEASED, 0), (Outcome.KEPT, 0)]
    assert [counted.outcome for counted in delivery.counted] == ["kept"]


def test_the_same_window_told_again_is_the_same_promise() -> None:
    delivery = told(*(registered(hour, 0, 2) for hour in (-24, -12, -1)))
    (promise,) = delivery.promises
    assert (promise.told_at, promise.told_last_at) == (MONDAY - timedelta(hours=24), MONDAY - timedelta(hours=1))


def test_promises_are_the_same_whatever_order_they_come_in() -> None:
    tellings = [registered(-24, 0, 2), registered(-12, 4, 6), registered(-6, 0, 2), registered(-1, 8, 9)]
    expected = told(*tellings).promises
    assert len(expected) == 3
    for order in itertools.permutations(tellings):
        assert told(*order).promises == expected
        assert told(*order).registration == tellings[-1]


def test_a_correction_writes_a_verdict_that_supersedes_and_both_stay() -> None:
    delivery = told(registered(-24, 0, 2)).with_event(event("delivered", 1, "wrong")).judged(MONDAY)
    corrected = delivery.with_event(event("delivered", 3, "right", corrects="wrong"))
    corrected = corrected.judged(MONDAY + timedelta(days=1))
    assert [verdict.outcome for verdict in corrected.verdicts] == ["kept", "late"]
    assert outcomes(corrected) == [(Outcome.LATE, 3600)]
    assert [counted.outcome for counted in corrected.counted] == ["late"]


def test_a_delivery_that_was_none_leaves_the_promise_open_again() -> None:
    delivery = told(registered(-24, 0, 2)).with_event(event("delivered", 1, "wrong")).judged(MONDAY)
    reopened = delivery.with_event(event("in_transit", 1, "right", corrects="wrong")).judged(MONDAY)
    assert (outcomes(reopened), reopened.counted) == ([], ())
    assert [verdict.outcome for verdict in reopened.verdicts] == ["kept", "open"]


def test_the_same_fact_is_judged_once() -> None:
    delivery = told(registered(-24, 0, 2)).with_event(event("delivered", 1)).judged(MONDAY)
    assert delivery.judged(MONDAY + timedelta(days=3)) is delivery
    again = delivery.with_event(event("unknown", 9)).judged(MONDAY + timedelta(days=3))
    assert again.verdicts == delivery.verdicts


def test_who_was_erased_leaves_their_promises_counted() -> None:
    delivery = told(registered(-24, 0, 2)).with_event(event("delivered", 1)).judged(MONDAY)
    assert delivery.without_person().judged(MONDAY).counted == delivery.counted


def test_a_delivery_of_an_earlier_release_has_the_promise_of_its_registration() -> None:
    earlier = Delivery(delivery_id="order-1", registration=registered(-24, 0, 2), person_id="per_1", version=1)
    assert [promise.window for promise in earlier.promises] == [window(0, 2)]
    assert Delivery.model_validate_json(earlier.model_dump_json()) == earlier


@pytest.mark.parametrize(
    ("ends", "week"),
    [
        ("2026-11-29T22:59:00+00:00", "2026-W48"),  # Sunday 23:59 in Berlin
        ("2026-11-29T23:00:00+00:00", "2026-W48"),  # midnight: its last moment was on Sunday
        ("2026-11-29T23:01:00+00:00", "2026-W49"),
        ("2027-01-03T12:00:00+00:00", "2026-W53"),
        ("2027-01-04T12:00:00+00:00", "2027-W01"),
    ],
)
def test_a_promise_belongs_to_the_week_in_which_its_window_ends_where_the_parcel_goes(ends: str, week: str) -> None:
    end = datetime.fromisoformat(ends)
    promise = Promise(window=Window(start=end - timedelta(hours=2), end=end), told_at=end, told_last_at=end)
    assert week_of(promise, "Europe/Berlin") == week


# The ledger: an oracle that counts what stands, with lists.

kinds = st.builds(
    Counted,
    week=st.sampled_from(["2026-W48", "2026-W49"]),
    carrier=st.sampled_from(["dhl", "dpd"]),
    region=st.sampled_from(["", "DE-BE"]),
    outcome=st.sampled_from([Outcome.KEPT, Outcome.LATE, Outcome.BROKEN]),
    late_seconds=st.integers(0, 5),
)


@given(st.lists(st.lists(kinds, max_size=3), min_size=1, max_size=6))
def test_whatever_corrections_come_the_ledger_counts_what_stands(standing: list[list[Counted]]) -> None:
    ledger: Counter[tuple[str, str, str, Outcome]] = Counter()
    late: Counter[tuple[str, str, str]] = Counter()
    before: list[Counted] = []
    for after in standing:
        for change in ledger_changes(before, after):
            key = (change.week, change.carrier, change.region)
            late[key] += change.late_seconds
            for outcome, times in change.outcomes.items():
                ledger[*key, outcome] += times
        before = after
    expected = [(each.week, each.carrier, each.region, each.outcome) for each in standing[-1]]
    assert sorted(ledger.elements()) == sorted(expected)
    assert all(times >= 0 for times in ledger.values())
    for key, seconds in late.items():
        assert seconds == sum(
            each.late_seconds for each in standing[-1] if (each.week, each.carrier, each.region) == key
        )
