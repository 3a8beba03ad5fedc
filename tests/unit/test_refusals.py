"""What a recipient refuses, in what is sent: never by a refused way, sometimes by a quieter one, and help always."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
)
from shared.domain.preferences import BY_SMS, CUSTOMER, PROVIDER, REFUSABLE, Refused
from shared.domain.replies import help_for
from shared.domain.sending import RefusedForGood
from shared.domain.stages import ANNOUNCED_WHILE
from shared.errors import TemporaryError
from tests.fakes.clock import NOON
from tests.fakes.notify import LIMITS, NotifyHouse
from tests.fakes.wishes import PERSON, delivery, response, wish

THANKS = wish(MessageKind.THANK_YOU)
ON_ITS_WAY = wish(MessageKind.DELIVERY_ON_ITS_WAY)
INVITATION = wish(MessageKind.SURVEY_INVITATION)
SUPPRESSED = MessageState.SUPPRESSED


@pytest.fixture
def house() -> NotifyHouse:
    house = NotifyHouse()
    house.answer(response())
    house.parcel(delivery())
    return house


def outcome(house: NotifyHouse, notification: Notification) -> tuple[MessageState, Reason | None]:
    sending = house.send(notification)
    return sending.state, sending.reason


def test_news_that_is_refused_by_sms_comes_by_mail(house: NotifyHouse) -> None:
    for refused in (None, Category.ON_ITS_WAY):
        house.messages.opted_out.clear()
        house.messages.refuse(Channel.SMS, PERSON.phone or "", refused, NOON, BY_SMS)
        wanted = ON_ITS_WAY.model_copy(update={"message_id": f"msg_{refused}"})
        assert outcome(house, wanted) == (MessageState.SENT, None)
        sent = house.stored(wanted).request
        assert sent is not None and (sent.channel, sent.to) == (Channel.EMAIL, PERSON.email)
    assert house.sms.accepted == []


def test_news_that_is_refused_both_ways_comes_by_none(house: NotifyHouse) -> None:
    house.messages.refuse(Channel.SMS, PERSON.phone or "", None, NOON, BY_SMS)
    house.messages.refuse(Channel.EMAIL, PERSON.email or "", Category.ON_ITS_WAY, NOON, CUSTOMER)
    assert outcome(house, ON_ITS_WAY) == (SUPPRESSED, Reason.UNSUBSCRIBED)


def test_who_has_no_mail_and_refuses_sms_is_told_nothing(house: NotifyHouse) -> None:
    house.people.stored[PERSON.person_id] = PERSON.model_copy(update={"email": None})
    house.messages.refuse(Channel.SMS, PERSON.phone or "", None, NOON, BY_SMS)
    assert outcome(house, ON_ITS_WAY) == (SUPPRESSED, Reason.UNSUBSCRIBED)


def test_who_refuses_mail_is_not_sent_sms_instead(house: NotifyHouse) -> None:
    """Neither thanks nor a question, nor news whose usual way is mail."""
    house.answer(response(9))
    house.messages.refuse(Channel.EMAIL, PERSON.email or "", None, NOON, CUSTOMER)
    assert outcome(house, THANKS) == (SUPPRESSED, Reason.UNSUBSCRIBED)
    house.parcel(delivery(DeliveryStatus.EXCEPTION))
    assert outcome(house, wish(MessageKind.DELIVERY_EXCEPTION)) == (SUPPRESSED, Reason.UNSUBSCRIBED)
    assert house.accepted == []


def test_a_question_that_is_refused_by_sms_is_not_asked_by_mail(house: NotifyHouse) -> None:
    house.parcel(delivery(DeliveryStatus.DELIVERED))
    house.messages.refuse(Channel.SMS, PERSON.phone or "", Category.SURVEYS, NOON, CUSTOMER)
    by_sms = INVITATION.model_copy(update={"delivery_id": None, "channel": LinkChannel.SMS})
    assert outcome(house, by_sms) == (SUPPRESSED, Reason.UNSUBSCRIBED)
    assert house.accepted == []


@given(
    st.sets(st.sampled_from([(channel, each) for channel in Channel for each in (None, *REFUSABLE)])),
    st.sampled_from([kind for kind in MessageKind if kind.refused_as is not None]),
    st.sampled_from([(PERSON.email, PERSON.phone), (PERSON.email, None), (None, PERSON.phone)]),
)
def test_no_refused_way_is_ever_taken(
    refused: set[tuple[Channel, Category | None]], kind: MessageKind, known: tuple[str | None, str | None]
) -> None:
    house = NotifyHouse()
    address = {Channel.EMAIL: known[0], Channel.SMS: known[1]}
    house.people.stored[PERSON.person_id] = PERSON.model_copy(update={"email": known[0], "phone": known[1]})
    for channel, category in refused:
        if address[channel] is not None:
            house.messages.refuse(channel, str(address[channel]), category, NOON, CUSTOMER)
    house.answer(response(9))
    status = next(status for status in DeliveryStatus if status in ANNOUNCED_WHILE.get(kind, DeliveryStatus))
    house.parcel(delivery(status))
    with suppress(TemporaryError):  # an estimate that is not near yet
        house.send(wish(kind))
    for request in house.accepted:
        assert not {(request.channel, None), (request.channel, kind.category)} & refused


def test_a_stop_that_only_the_provider_knows_is_kept_and_holds_from_then_on(house: NotifyHouse) -> None:
    house.people.stored[PERSON.person_id] = PERSON.model_copy(update={"email": None})
    house.sms.will_answer([RefusedForGood(Reason.UNSUBSCRIBED, "ConflictException")])
    with pytest.raises(TemporaryError, match="STOP"):
        house.send(ON_ITS_WAY)
    assert outcome(house, ON_ITS_WAY) == (SUPPRESSED, Reason.UNSUBSCRIBED)
    refusal = house.messages.of(Channel.SMS, PERSON.phone or "")[Refused(Channel.SMS, None)]
    assert (refusal.by, house.sms.accepted) == (PROVIDER, [])


def test_news_that_the_provider_holds_for_a_stop_comes_by_mail(house: NotifyHouse) -> None:
    house.sms.will_answer([RefusedForGood(Reason.UNSUBSCRIBED, "ConflictException")])
    with pytest.raises(TemporaryError, match="STOP"):
        house.send(ON_ITS_WAY)
    assert outcome(house, ON_ITS_WAY) == (MessageState.SENT, None)
    assert [request.channel for request in house.accepted] == [Channel.EMAIL]


class TestHelp:
    """The answer to an SMS that asks for it."""

    def test_says_who_we_are_how_to_stop_and_where_to_reach_us(self, house: NotifyHouse) -> None:
        assert outcome(house, help_for(str(PERSON.phone), PERSON.person_id, NOON)) == (MessageState.SENT, None)
        (sent,) = house.sms.accepted
        assert isinstance(sent, SmsRequest) and sent.to == PERSON.phone
        for said in ("example.com", "service@example.com", "STOP", "START"):
            assert said in sent.content.body

    def test_goes_to_a_number_that_is_nobodys_in_its_countrys_language(self) -> None:
        house = NotifyHouse(limits=replace(LIMITS, sms_prices={"DE": 80_000, "AT": 80_000}))
        for number, word in (("+4915199999999", "Hilfe:"), ("+436641234567", "Hilfe:")):
            assert outcome(house, help_for(number, None, NOON))[0] is MessageState.SENT
            sent = house.sms.accepted[-1]
            assert isinstance(sent, SmsRequest) and word in sent.content.body and sent.to == number

    def test_is_sent_whatever_is_refused_but_only_to_countries_that_ops_allowed(self, house: NotifyHouse) -> None:
        for refused in (None, *REFUSABLE):
            house.messages.refuse(Channel.SMS, str(PERSON.phone), refused, NOON, BY_SMS)
        assert outcome(house, help_for(str(PERSON.phone), PERSON.person_id, NOON))[0] is MessageState.SENT
        far = help_for("+12125550101", None, NOON)
        assert outcome(house, far) == (SUPPRESSED, Reason.COUNTRY_NOT_ALLOWED)

    def test_asked_for_again_in_the_same_hour_is_sent_once(self, house: NotifyHouse) -> None:
        for minutes in (0, 5, 59):
            house.send(help_for(str(PERSON.phone), None, NOON + timedelta(minutes=minutes)))
        assert len(house.sms.accepted) == 1

    def test_waits_for_no_morning_and_takes_nothing_from_a_day(self) -> None:
        house = NotifyHouse(limits=replace(LIMITS, messages_per_day=0))
        house.publish(quiet_hours=[{"start": "06:00", "end": "05:59"}])
        assert outcome(house, help_for(str(PERSON.phone), PERSON.person_id, NOON)) == (MessageState.SENT, None)

    def test_is_not_sent_when_the_days_money_is_spent(self) -> None:
        house = NotifyHouse(limits=replace(LIMITS, sms_spend_per_day=0))
        wanted = help_for(str(PERSON.phone), PERSON.person_id, NOON)
        assert outcome(house, wanted) == (SUPPRESSED, Reason.SPEND_LIMIT)

    def test_is_not_sent_without_a_number_to_send_from(self) -> None:
        house = NotifyHouse(sends_sms=False)
        assert outcome(house, help_for(str(PERSON.phone), None, NOON)) == (SUPPRESSED, Reason.NO_ADDRESS)

    def test_is_not_sent_to_who_was_erased_in_between(self, house: NotifyHouse) -> None:
        wanted = help_for(str(PERSON.phone), PERSON.person_id, NOON)
        house.people.stored.clear()
        assert outcome(house, wanted) == (SUPPRESSED, Reason.NO_LONGER_EXISTS)


def test_only_help_goes_to_a_bare_number() -> None:
    with pytest.raises(ValueError, match="asked for it"):
        Notification(
            message_id="msg_1",
            kind=MessageKind.DELIVERY_ARRIVING,
            phone=PERSON.phone,
            requested_at=NOON,
            expires_at=NOON,
        )
