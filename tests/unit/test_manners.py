"""When and how much: what waits for a decent hour, comes again once, and what is too much for a day or a budget."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.notify.deferring import due_at
from functions.notify.service import RESEND_AFTER
from shared.domain.asking import SurveyRequest
from shared.domain.deliveries import DeliveryStatus
from shared.domain.messages import (
    Category,
    Channel,
    LinkChannel,
    MessageKind,
    MessageState,
    Notification,
    Reason,
    SmsRequest,
    message_id,
)
from shared.domain.people import Person
from shared.domain.promises import Window
from shared.domain.queued import SendNotification
from shared.domain.sending import NoAnswer, RefusedForNow
from shared.errors import TemporaryError
from tests.fakes.clock import NOON
from tests.fakes.notify import LIMITS, NotifyHouse
from tests.fakes.wishes import PERSON, SURVEY, delivery, response, wish

NIGHT = datetime(2026, 11, 22, 22, 30, tzinfo=UTC)
"""23:30 in Berlin, of a Sunday in winter."""
MORNING = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
"""06:00 in Berlin, when the usual quiet hours of news of a parcel end."""
DELIVERED = wish(MessageKind.DELIVERY_DELIVERED, expires_at=NIGHT + timedelta(hours=24))
ARRIVING = wish(MessageKind.DELIVERY_ARRIVING, expires_at=NIGHT + timedelta(hours=1))
SENT = (MessageState.SENT, None)
ALL_DAY = {"start": "06:00", "end": "05:59"}


def at(moment: datetime, status: DeliveryStatus = DeliveryStatus.DELIVERED, **more: Any) -> NotifyHouse:
    house = NotifyHouse(**more)
    house.clock.advance(moment - NOON)
    house.parcel(delivery(status))
    return house


def outcome(house: NotifyHouse, notification: Notification) -> tuple[MessageState, Reason | None]:
    sending = house.send(notification)
    return sending.state, sending.reason


def without_email(house: NotifyHouse, **changes: Any) -> None:
    house.people.stored[PERSON.person_id] = PERSON.model_copy(update={"email": None, **changes})


def from_schedule(house: NotifyHouse) -> Notification:
    """What the one schedule brings, at its time."""
    ((due, message),) = house.schedules.due.values()
    assert isinstance(message, SendNotification)
    house.clock.advance(due - house.clock.now())
    return message.notification


# Putting off


def test_at_night_an_sms_waits_for_the_morning_where_the_parcel_goes() -> None:
    house = at(NIGHT)
    assert outcome(house, DELIVERED) == (MessageState.NEW, Reason.QUIET_HOURS)
    stored = house.stored(DELIVERED)
    assert (stored.state, stored.token) == (MessageState.NEW, None)
    assert (stored.deferred_until, stored.deferred_because) == (MORNING, Reason.QUIET_HOURS)
    assert house.accepted == []
    again = from_schedule(house)
    assert house.clock.now() == MORNING
    assert outcome(house, again) == SENT
    assert [request.channel for request in house.accepted] == [Channel.SMS]
    assert house.stored(DELIVERED).deferred_until == MORNING


def test_a_schedule_that_fires_twice_sends_once() -> None:
    house = at(NIGHT)
    house.send(DELIVERED)
    again = from_schedule(house)
    assert [house.send(again).now for _ in range(2)] == [True, False]
    assert len(house.accepted) == 1


def test_what_comes_again_while_it_is_put_off_makes_no_second_schedule() -> None:
    house = at(NIGHT)
    for _ in range(3):
        assert outcome(house, DELIVERED) == (MessageState.NEW, Reason.QUIET_HOURS)
        house.wait(60)
    assert list(house.schedules.due) == [f"{DELIVERED.message_id}-20261123T0500"]


def test_the_name_of_a_schedule_is_one_that_the_scheduler_takes() -> None:
    house = at(NIGHT)
    house.send(DELIVERED)
    (name,) = house.schedules.due
    assert len(name) <= 64
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")


def test_nothing_is_put_off_without_a_schedule() -> None:
    house = at(NIGHT)
    house.schedules.away = True
    with pytest.raises(TemporaryError):
        house.send(DELIVERED)
    assert house.stored(DELIVERED).state is MessageState.CLAIMED


def test_a_schedule_that_fires_early_is_followed_by_one_of_another_name() -> None:
    """Its own name is taken, and it will not fire again."""
    house = at(NIGHT)
    house.send(DELIVERED)
    again = from_schedule(house)
    house.wait(-2)
    assert outcome(house, again) == (MessageState.NEW, Reason.QUIET_HOURS)
    assert [due for due, _ in house.schedules.due.values()] == [MORNING, MORNING + timedelta(minutes=1)]


@pytest.mark.parametrize(
    "early", [timedelta(0), timedelta(milliseconds=1), timedelta(seconds=30), timedelta(minutes=1)]
)
def test_a_message_is_due_at_a_whole_minute_and_never_at_once(early: timedelta) -> None:
    due = due_at(MORNING, MORNING - early)
    assert (due.second, due.microsecond) == (0, 0)
    assert due >= MORNING and MORNING - early + timedelta(minutes=1) <= due < MORNING + timedelta(minutes=2)


def test_what_is_no_longer_true_in_the_morning_is_not_sent() -> None:
    house = at(NIGHT)
    house.send(DELIVERED)
    again = from_schedule(house)
    house.parcel(delivery(DeliveryStatus.RETURNING, version=3))
    assert outcome(house, again) == (MessageState.SUPPRESSED, Reason.STALE)


def test_what_is_worth_knowing_only_now_waits_for_nothing() -> None:
    house = at(NIGHT, DeliveryStatus.ARRIVING)
    assert outcome(house, ARRIVING) == SENT


def test_an_email_makes_no_noise_and_waits_for_nothing() -> None:
    house = at(NIGHT)
    house.people.stored[PERSON.person_id] = PERSON.model_copy(update={"phone": None})
    assert outcome(house, DELIVERED) == SENT
    assert [request.channel for request in house.accepted] == [Channel.EMAIL]


def test_what_would_be_too_late_in_the_morning_goes_by_email_at_night() -> None:
    house = at(NIGHT)
    soon_over = DELIVERED.model_copy(update={"expires_at": MORNING + timedelta(minutes=1)})
    assert outcome(house, soon_over) == SENT
    assert [request.channel for request in house.accepted] == [Channel.EMAIL]
    assert house.schedules.due == {}


def test_what_would_be_too_late_and_can_go_no_other_way_says_so() -> None:
    house = at(NIGHT)
    without_email(house)
    soon_over = DELIVERED.model_copy(update={"expires_at": MORNING + timedelta(minutes=1)})
    assert outcome(house, soon_over) == (MessageState.SUPPRESSED, Reason.QUIET_HOURS)
    assert house.accepted == []


def test_a_question_that_was_wished_for_by_sms_stays_one() -> None:
    house = at(NIGHT)
    request = SurveyRequest.model_validate(
        {
            "request_id": "req-1",
            "person_id": PERSON.person_id,
            "survey_id": SURVEY.survey_id,
            "channel": "sms",
            "requested_at": NIGHT,
            "scheduled_at": NIGHT,
        }
    )
    house.requests.stored[PERSON.person_id, "req-1"] = request
    asked = wish(MessageKind.SURVEY_INVITATION, delivery_id=None, request_id="req-1", expires_at=NIGHT + timedelta(1))
    assert outcome(house, asked) == (MessageState.NEW, Reason.QUIET_HOURS)
    assert (PERSON.person_id, "req-1") in house.requests.stored
    assert outcome(house, from_schedule(house)) == SENT
    assert house.requests.stored == {}
    assert isinstance(house.accepted[0], SmsRequest)


# Whose night


def test_the_parcels_zone_goes_before_the_profiles_and_that_before_the_numbers() -> None:
    auckland_noon = datetime(2026, 11, 22, 23, 0, tzinfo=UTC)
    house = at(auckland_noon)
    house.parcel(delivery(DeliveryStatus.DELIVERED, time_zone="Pacific/Auckland"))
    without_email(house, time_zone="Europe/Berlin")
    assert outcome(house, DELIVERED) == SENT

    house = at(auckland_noon)
    house.parcel(delivery(DeliveryStatus.DELIVERED, time_zone=None))
    without_email(house, time_zone="Pacific/Auckland")
    assert outcome(house, DELIVERED) == SENT

    house = at(auckland_noon)
    house.parcel(delivery(DeliveryStatus.DELIVERED, time_zone=None))
    without_email(house)
    assert outcome(house, DELIVERED) == (MessageState.NEW, Reason.QUIET_HOURS)


def test_a_number_of_two_zones_waits_for_the_later_morning() -> None:
    limits = replace(LIMITS, sms_prices={"ES": 80_000})
    house = at(datetime(2026, 11, 22, 22, 30, tzinfo=UTC), limits=limits, countries=("ES",))
    house.parcel(delivery(DeliveryStatus.DELIVERED, time_zone=None))
    without_email(house, phone="+34600123456")
    house.send(DELIVERED)
    assert house.stored(DELIVERED).deferred_until == datetime(2026, 11, 23, 6, 0, tzinfo=UTC)  # 06:00 on the Canaries


def test_who_may_be_all_over_the_earth_has_no_decent_hour() -> None:
    house = at(NIGHT, limits=replace(LIMITS, sms_prices={"RU": 80_000}), countries=("RU",))
    house.publish(quiet_hours=[{"start": "15:00", "end": "12:00"}])
    house.parcel(delivery(DeliveryStatus.DELIVERED, time_zone=None))
    without_email(house, phone="+79161234567")
    assert outcome(house, DELIVERED) == (MessageState.SUPPRESSED, Reason.QUIET_HOURS)


# What the company chose


def test_a_brands_own_quiet_hours_hold_for_its_parcels_only() -> None:
    for brand_id, expected in (("loud", MessageState.SENT), ("default", MessageState.NEW)):
        house = at(NIGHT)
        house.publish("loud", quiet_hours=[])
        house.parcel(delivery(DeliveryStatus.DELIVERED, brand_id=brand_id))
        assert house.send(DELIVERED).state is expected


def test_the_country_of_the_number_chooses_the_quiet_hours() -> None:
    house = at(NOON)
    house.publish(quiet_hours=[{"start": "22:00", "end": "06:00"}, {**ALL_DAY, "countries": ["DE"]}])
    assert outcome(house, DELIVERED) == (MessageState.NEW, Reason.QUIET_HOURS)


def test_a_stage_that_is_switched_off_is_told_nobody() -> None:
    house = at(NOON)
    house.publish(stages={"delivered": {"enabled": False}})
    assert outcome(house, DELIVERED) == (MessageState.SUPPRESSED, Reason.SWITCHED_OFF)
    house = at(NOON, DeliveryStatus.ARRIVING)
    house.publish(stages={"delivered": {"enabled": False}})
    assert outcome(house, ARRIVING) == SENT


def test_an_alert_for_staff_knows_no_night() -> None:
    house = at(NIGHT)
    house.publish(quiet_hours=[ALL_DAY])
    house.answer(response())
    assert outcome(house, wish(expires_at=NIGHT + timedelta(hours=1))) == SENT


# A person's day


def delivered(number: int, **changes: Any) -> Notification:
    return wish(MessageKind.DELIVERY_DELIVERED, message_id=f"msg_{number}", **changes)


def test_a_person_is_sent_so_many_messages_on_a_day() -> None:
    house = at(NOON)
    outcomes = [outcome(house, delivered(number)) for number in range(7)]
    assert outcomes == 5 * [SENT] + 2 * [(MessageState.SUPPRESSED, Reason.TOO_MANY)]
    house.clock.advance(timedelta(hours=11, minutes=30))  # 00:30 in Berlin
    house.publish(quiet_hours=[])
    assert outcome(house, delivered(7, expires_at=NOON + timedelta(days=1))) == SENT


def test_a_brand_may_say_how_many() -> None:
    house = at(NOON)
    house.publish(messages_per_day=1)
    assert [outcome(house, delivered(number))[1] for number in range(2)] == [None, Reason.TOO_MANY]


def test_what_is_worth_knowing_only_now_is_neither_counted_nor_held_back() -> None:
    house = at(NOON, DeliveryStatus.ARRIVING)
    house.publish(messages_per_day=1)
    for number in range(3):
        assert outcome(house, wish(MessageKind.DELIVERY_ARRIVING, message_id=f"msg_{number}")) == SENT
    house.parcel(delivery(DeliveryStatus.DELIVERED))
    assert outcome(house, delivered(4)) == SENT


def test_a_message_that_its_provider_refused_for_now_takes_once() -> None:
    house = at(NOON)
    house.publish(messages_per_day=2)
    house.sms.will_answer([RefusedForNow("Throttling"), RefusedForNow("Throttling")])
    for _ in range(2):
        with pytest.raises(TemporaryError):
            house.send(delivered(1))
    assert outcome(house, delivered(1)) == SENT
    assert outcome(house, delivered(2)) == SENT
    assert outcome(house, delivered(3)) == (MessageState.SUPPRESSED, Reason.TOO_MANY)
    assert (house.messages.sms_spent, list(house.messages.sms_alike.values())) == (
        {"2026-11-22": 2 * price(house)},
        [2],
    )


def price(house: NotifyHouse) -> int:
    request = house.accepted[0]
    assert isinstance(request, SmsRequest) and request.max_price is not None
    return int(request.max_price.replace(".", "")) * 10


# What SMS may cost


def test_what_an_sms_may_cost_at_most_is_handed_to_its_provider() -> None:
    house = at(NOON)
    house.send(DELIVERED)
    assert price(house) in {90_000, 180_000}


def test_when_the_days_money_is_spent_a_message_goes_by_email_and_says_that_a_limit_was_reached() -> None:
    house = at(NOON, limits=replace(LIMITS, sms_spend_per_day=0))
    sending = house.send(DELIVERED)
    assert (sending.state, sending.no_sms_because) == (MessageState.SENT, Reason.SPEND_LIMIT)
    assert [request.channel for request in house.accepted] == [Channel.EMAIL]


def test_when_the_days_money_is_spent_who_has_no_email_hears_nothing_and_it_says_why() -> None:
    house = at(NOON)
    without_email(house)
    house.send(delivered(0))
    limit = 3 * price(house)
    house = at(NOON, limits=replace(LIMITS, sms_spend_per_day=limit))
    without_email(house)
    outcomes = [outcome(house, delivered(number)) for number in range(5)]
    assert outcomes == 3 * [SENT] + 2 * [(MessageState.SUPPRESSED, Reason.SPEND_LIMIT)]
    house.clock.advance(timedelta(hours=23))
    assert outcome(house, delivered(9, expires_at=NOON + timedelta(days=2))) == SENT


def test_to_a_country_without_a_price_no_sms_is_sent() -> None:
    house = at(NOON, limits=replace(LIMITS, sms_prices={}))
    without_email(house)
    assert outcome(house, DELIVERED) == (MessageState.SUPPRESSED, Reason.SPEND_LIMIT)


def test_to_numbers_alike_only_so_many_are_sent_in_an_hour() -> None:
    house = at(NOON, limits=replace(LIMITS, sms_per_prefix_per_hour=2, messages_per_day=100))
    without_email(house)
    outcomes = [outcome(house, delivered(number)) for number in range(3)]
    assert outcomes == 2 * [SENT] + [(MessageState.SUPPRESSED, Reason.PREFIX_LIMIT)]
    without_email(house, phone="+4915112349999")
    assert outcome(house, delivered(4)) == (MessageState.SUPPRESSED, Reason.PREFIX_LIMIT)
    without_email(house, phone="+4915112355678")
    assert outcome(house, delivered(5)) == SENT
    house.wait(3600)
    without_email(house)
    assert outcome(house, delivered(6)) == SENT


def test_an_attempt_whose_answer_is_lost_has_taken() -> None:
    house = at(NOON)
    house.sms.will_answer([NoAnswer("ReadTimeoutError")])
    assert house.send(DELIVERED).state is MessageState.AMBIGUOUS
    assert house.messages.sms_spent["2026-11-22"] > 0


@pytest.mark.parametrize("phone", ["+80012345678", "+999123456789", "+33612345678"])
def test_a_number_of_no_country_or_of_none_that_is_allowed_gets_no_sms(phone: str) -> None:
    house = at(NOON, countries=("DE", ""))
    house.people.stored[PERSON.person_id] = Person.model_construct(person_id=PERSON.person_id, phone=phone)
    assert outcome(house, DELIVERED) == (MessageState.SUPPRESSED, Reason.COUNTRY_NOT_ALLOWED)


def test_a_wish_for_email_is_heard() -> None:
    house = at(NOON)
    assert outcome(house, DELIVERED.model_copy(update={"channel": LinkChannel.EMAIL})) == SENT
    assert [request.channel for request in house.accepted] == [Channel.EMAIL]


def test_a_question_waits_for_the_apology_that_waits_for_the_morning() -> None:
    """Without that it would come again and again, and lie with the dead letters before the apology is told."""
    house = at(NIGHT)
    broken = Window(start=NOON - timedelta(hours=5), end=NOON - timedelta(hours=2))
    house.parcel(delivery(DeliveryStatus.DELIVERED, promise=broken))
    without_email(house)
    apology = wish(
        MessageKind.DELIVERY_APOLOGY,
        message_id=message_id(MessageKind.DELIVERY_APOLOGY, "parcel-1"),
        expires_at=NIGHT + timedelta(days=1),
    )
    question = wish(MessageKind.SURVEY_INVITATION, expires_at=NIGHT + timedelta(days=7))
    with pytest.raises(TemporaryError):
        house.send(question)
    house.wait(31)
    assert outcome(house, apology) == (MessageState.NEW, Reason.QUIET_HOURS)
    assert outcome(house, question) == (MessageState.NEW, Reason.QUIET_HOURS)
    assert {due for due, _ in house.schedules.due.values()} == {MORNING}


def test_what_goes_once_more_does_not_go_another_way_when_a_limit_is_reached() -> None:
    """The SMS may have come; an e-mail beside it would tell it twice."""
    house = at(NOON, resend={Category.DELIVERED})
    house.send(delivered(0))
    limit = price(house)
    house = at(NOON, resend={Category.DELIVERED}, limits=replace(LIMITS, sms_spend_per_day=limit))
    house.sms.will_answer([NoAnswer("ReadTimeoutError")])
    lasting = DELIVERED.model_copy(update={"expires_at": NOON + timedelta(hours=12)})
    assert house.send(lasting).state is MessageState.AMBIGUOUS
    house.clock.advance(RESEND_AFTER)
    assert house.send(lasting).state is MessageState.AMBIGUOUS
    assert house.accepted == []
