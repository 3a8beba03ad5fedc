"""What a customer is told of a delivery follows from where it is, what was promised and when it is expected."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest

from shared.domain.asking import INVITATION_EXPIRES_AFTER
from shared.domain.brands import BrandDefinition, Stage
from shared.domain.deliveries import Delivery, DeliveryEvent, DeliveryReason, DeliveryRegistration, DeliveryStatus
from shared.domain.messages import Category, MessageKind
from shared.domain.people import Recipient
from shared.domain.promises import Window
from shared.domain.stages import ANNOUNCED_WHILE, Announcement, agenda, is_soon, late_by, occasions

DAY = datetime(2026, 11, 25, tzinfo=UTC)
"""A Wednesday; Berlin is an hour ahead."""
SHOP = BrandDefinition(name="Shop")


def at(hour: float, day: int = 0) -> datetime:
    return DAY + timedelta(days=day, hours=hour)


def parcel(
    *events: tuple[str, float],
    promise: tuple[float, float] | None = (14, 16),
    told_at: float = -72,
    estimated: float | None = None,
    reason: DeliveryReason | None = None,
    survey_id: str | None = "delivery",
) -> Delivery:
    window = Window(start=at(promise[0]), end=at(promise[1])) if promise else None
    delivery = Delivery(delivery_id="order-1").with_registration(
        DeliveryRegistration(
            carrier="dhl",
            recipient=Recipient(email="ada@example.com"),
            promise=window,
            time_zone="Europe/Berlin",
            survey_id=survey_id,
            registered_at=at(told_at),
        ),
        "per_1",
    )
    for status, hour in events:
        delivery = delivery.with_event(
            DeliveryEvent(
                event_id=f"{status}-{hour}",
                status=DeliveryStatus(status),
                reason=reason,
                occurred_at=at(hour),
                learned_at=at(hour),
            )
        )
    return delivery.with_estimate(at(estimated), at(0)) if estimated is not None else delivery


def told(delivery: Delivery, hour: float, brand: BrandDefinition = SHOP) -> list[Announcement]:
    return list(agenda(delivery, brand, at(hour)).now)


def kinds(delivery: Delivery, hour: float, brand: BrandDefinition = SHOP) -> list[MessageKind]:
    return [each.kind for each in told(delivery, hour, brand)]


# Days ahead.


def test_a_window_days_ahead_is_told_at_once_until_the_day_before() -> None:
    (scheduled,) = told(parcel(), -71)
    assert (scheduled.kind, scheduled.expires_at) == ("delivery_scheduled", at(16, -1))


def test_the_day_before_is_told_at_five_in_the_afternoon_where_the_parcel_goes() -> None:
    planned = agenda(parcel(), SHOP, at(-71))
    assert at(16, -1) in planned.look_again
    assert kinds(parcel(), -8.1) == ["delivery_scheduled"]
    assert kinds(parcel(), -8) == ["delivery_scheduled", "delivery_day_before"]


def test_a_company_chooses_the_time_of_the_day_before() -> None:
    early = BrandDefinition(name="Shop", stages={Category.DAY_BEFORE: Stage(at=time(9, 30))})
    assert at(8.5, -1) in agenda(parcel(), early, at(-71)).look_again


def test_who_hears_of_a_window_on_its_eve_or_day_is_not_told_that_it_is_days_ahead() -> None:
    assert kinds(parcel(told_at=-7), -6) == []
    assert kinds(parcel(told_at=8), 9) == []


def test_the_day_before_skips_no_clock_change() -> None:
    """In the night to 29 March 2026 Berlin's clocks go forward: 17:00 on the 28th is 16:00 UTC."""
    window = Window(start=datetime(2026, 3, 29, 8, tzinfo=UTC), end=datetime(2026, 3, 29, 10, tzinfo=UTC))
    registration = DeliveryRegistration(
        carrier="dhl",
        recipient=Recipient(email="ada@example.com"),
        promise=window,
        time_zone="Europe/Berlin",
        registered_at=datetime(2026, 3, 20, tzinfo=UTC),
    )
    delivery = Delivery(delivery_id="order-1").with_registration(registration, "per_1")
    planned = agenda(delivery, SHOP, datetime(2026, 3, 21, tzinfo=UTC))
    assert datetime(2026, 3, 28, 16, tzinfo=UTC) in planned.look_again


# The day itself.

NEWS = {
    "out_for_delivery": ["delivery_on_its_way"],
    "arriving": ["delivery_arriving"],
    "delivered": ["delivery_delivered", "survey_invitation"],
    "attempt_failed": ["delivery_attempt_failed"],
    "exception": ["delivery_exception"],
}


@pytest.mark.parametrize("status", [status.value for status in DeliveryStatus])
def test_each_status_has_its_messages_and_they_are_true_in_it(status: str) -> None:
    delivery = parcel((status, 14), promise=None)
    found = told(delivery, 14)
    assert [each.kind for each in found] == NEWS.get(status, [])
    for each in found:
        assert delivery.status in ANNOUNCED_WHILE[each.kind]
        assert each.occasion in occasions(each.kind, delivery)


@pytest.mark.parametrize(
    ("status", "lasts"),
    [
        ("out_for_delivery", [timedelta(hours=12)]),
        ("arriving", [timedelta(minutes=30)]),
        ("delivered", [timedelta(hours=24), INVITATION_EXPIRES_AFTER]),
        ("attempt_failed", [timedelta(hours=24)]),
        ("exception", [timedelta(hours=48)]),
    ],
)
def test_each_message_says_until_when_it_is_worth_telling(status: str, lasts: list[timedelta]) -> None:
    assert [each.expires_at - at(14) for each in told(parcel((status, 14), promise=None), 14)] == lasts


def test_nobody_is_told_before_we_know_who() -> None:
    unknown = Delivery(delivery_id="order-1").with_event(parcel(("delivered", 14)).history[0])
    assert agenda(unknown, SHOP, at(14)) == ((), ())


def test_without_a_survey_there_is_no_invitation() -> None:
    assert kinds(parcel(("delivered", 15), survey_id=None), 15) == ["delivery_delivered"]


def test_a_second_attempt_on_another_day_is_told_again_and_on_the_same_day_is_not() -> None:
    def occasion(*events: tuple[str, float]) -> str | None:
        return told(parcel(*events, promise=None), events[-1][1])[0].occasion

    first = occasion(("out_for_delivery", 8))
    assert occasion(("out_for_delivery", 8), ("attempt_failed", 10), ("out_for_delivery", 12)) == first
    assert occasion(("out_for_delivery", 8), ("attempt_failed", 10), ("out_for_delivery", 32)) != first


def test_another_problem_is_told_again_and_the_same_one_is_not() -> None:
    weather = told(parcel(("exception", 8), promise=None, reason=DeliveryReason.WEATHER), 8)[0]
    again = told(parcel(("exception", 9), promise=None, reason=DeliveryReason.WEATHER), 9)[0]
    customs = told(parcel(("exception", 9), promise=None, reason=DeliveryReason.CUSTOMS), 9)[0]
    assert weather.occasion == again.occasion != customs.occasion


def test_soon_is_told_45_minutes_before_the_estimated_arrival() -> None:
    delivery = parcel(("out_for_delivery", 8), estimated=15)
    planned = agenda(delivery, SHOP, at(9))
    assert planned.look_again == (at(14.25),)
    assert "delivery_soon" not in kinds(delivery, 14.2)
    assert "delivery_soon" in kinds(delivery, 14.25)


def test_a_company_chooses_how_long_before() -> None:
    hour = BrandDefinition(name="Shop", stages={Category.SOON: Stage(minutes_ahead=60)})
    assert agenda(parcel(("out_for_delivery", 8), estimated=15), hour, at(9)).look_again == (at(14),)


def test_a_new_estimate_moves_the_moment_and_is_still_the_one_message() -> None:
    delivery = parcel(("out_for_delivery", 8), estimated=15)
    later = delivery.with_estimate(at(15.75), at(10))
    assert agenda(later, SHOP, at(11)).look_again == (at(15),)
    assert occasions(MessageKind.DELIVERY_SOON, later) == occasions(MessageKind.DELIVERY_SOON, delivery)


def test_soon_is_true_from_65_to_10_minutes_before() -> None:
    delivery = parcel(("out_for_delivery", 8), estimated=15)
    minute = 1 / 60
    assert [is_soon(delivery, at(15 - n * minute)) for n in (66, 65, 45, 10, 9)] == [None, True, True, True, False]


# Promises.


def test_an_estimate_beyond_the_window_is_told_before_the_promise_breaks() -> None:
    delivery = parcel(("out_for_delivery", 8), estimated=16)
    (delayed,) = [each for each in told(delivery, 9) if each.kind == "delivery_delayed"]
    assert (delayed.occasion, delayed.expires_at) == (delivery.promises[0].promise_id, at(16))
    assert "delivery_delayed" not in kinds(parcel(("out_for_delivery", 8), estimated=15.99), 9)


def test_a_parcel_that_is_not_on_the_road_an_hour_before_the_end_is_in_danger() -> None:
    delivery = parcel(("in_transit", 1), told_at=0)
    assert agenda(delivery, SHOP, at(2)).look_again == (at(15),)
    assert kinds(delivery, 14.9) == []
    assert kinds(delivery, 15) == ["delivery_delayed"]
    assert kinds(parcel(("out_for_delivery", 8), told_at=0), 15.5) == ["delivery_on_its_way"]


def test_of_a_parcel_nobody_reported_on_no_danger_is_known() -> None:
    assert kinds(parcel(told_at=0), 15.5) == []


def test_a_later_window_in_place_of_one_that_still_holds_is_a_delay() -> None:
    first = parcel(("in_transit", 1), told_at=0)
    known = first.registration
    assert known is not None
    later = known.model_copy(update={"promise": Window(start=at(18), end=at(20)), "registered_at": at(10)})
    delivery = first.with_registration(later, "per_1")
    (delayed,) = told(delivery, 10)
    assert (delayed.kind, delayed.occasion) == ("delivery_delayed", first.promises[0].promise_id)
    chosen = later.model_copy(update={"promised_by_customer": True})
    assert kinds(first.with_registration(chosen, "per_1"), 10) == []


def test_a_late_delivery_is_apologised_for_in_place_of_the_plain_news() -> None:
    assert kinds(parcel(("delivered", 16.25)), 17) == ["delivery_apology", "survey_invitation"]
    assert late_by(parcel(("delivered", 16.25))) == timedelta(minutes=15)
    assert kinds(parcel(("delivered", 16.24)), 17) == ["delivery_delivered", "survey_invitation"]
    assert kinds(parcel(("delivered", 13)), 17) == ["delivery_delivered", "survey_invitation"]


def test_where_the_customer_chose_another_window_nothing_is_apologised_for() -> None:
    first = parcel(("in_transit", 1), told_at=0)
    known = first.registration
    assert known is not None
    chosen = known.model_copy(
        update={
            "promise": Window(start=at(18), end=at(20)),
            "registered_at": at(10),
            "promised_by_customer": True,
        }
    )
    delivery = first.with_registration(chosen, "per_1")
    event = parcel(("delivered", 19)).history[0]
    assert late_by(delivery.with_event(event)) is None
