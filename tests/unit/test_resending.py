"""Messages that nobody knows the end of: held, unless they had better arrive twice than never."""

from __future__ import annotations

from datetime import timedelta

import pytest

from functions.message_receipts.service import MessageReceipts
from functions.notify.service import LEASE
from shared.domain.deliveries import DeliveryStatus
from shared.domain.messages import Category, Channel, MessageKind, MessageState, Notification, Reason
from shared.domain.queued import SendNotification
from shared.domain.sending import NoAnswer, Receipt, ReceiptKind, RefusedForGood, RefusedForNow
from shared.errors import TemporaryError
from tests.fakes.clock import NOON
from tests.fakes.messages import InMemoryBounces, InMemoryReceipts
from tests.fakes.notify import NotifyHouse
from tests.fakes.wishes import delivery, wish

ON_ITS_WAY = wish(MessageKind.DELIVERY_ON_ITS_WAY)
SILENCE = NoAnswer("ReadTimeoutError")
WAIT = timedelta(minutes=15)


@pytest.fixture
def house() -> NotifyHouse:
    house = NotifyHouse(resend=[Category.ON_ITS_WAY])
    house.parcel(delivery())
    return house


def ambiguous(house: NotifyHouse, notification: Notification = ON_ITS_WAY) -> None:
    house.sms.will_answer([SILENCE])
    assert house.send(notification).state is MessageState.AMBIGUOUS


def state(house: NotifyHouse) -> tuple[MessageState, Reason | None]:
    message = house.stored(ON_ITS_WAY)
    return message.state, message.reason


def receipt(house: NotifyHouse) -> None:
    told = Receipt(
        message_id=ON_ITS_WAY.message_id,
        channel=Channel.SMS,
        kind=ReceiptKind.ACCEPTED,
        provider_id="provider-1",
        at=NOON,
    )
    MessageReceipts(InMemoryReceipts(house.messages), InMemoryBounces()).take(told)


def test_it_goes_once_more_when_its_receipt_has_not_come_for_fifteen_minutes(house: NotifyHouse) -> None:
    ambiguous(house)
    ((due, queued),) = house.schedules.due.values()
    assert queued == SendNotification(notification=ON_ITS_WAY)
    assert WAIT < due - NOON <= WAIT + timedelta(minutes=1)
    # By our clock, which is slower than the schedule's.
    house.clock.advance(due - NOON - timedelta(seconds=5))
    assert house.send(ON_ITS_WAY).state is MessageState.SENT
    assert (len(house.accepted), house.stored(ON_ITS_WAY).resent) == (1, True)
    assert house.send(ON_ITS_WAY).now is False
    assert len(house.accepted) == 1


def test_redelivered_earlier_it_waits(house: NotifyHouse) -> None:
    ambiguous(house)
    house.clock.advance(WAIT - timedelta(milliseconds=1))
    assert house.send(ON_ITS_WAY).now is False
    assert state(house) == (MessageState.AMBIGUOUS, None)


def test_a_receipt_keeps_it_from_going_again(house: NotifyHouse) -> None:
    ambiguous(house)
    receipt(house)
    house.clock.advance(2 * WAIT)
    assert house.send(ON_ITS_WAY).state is MessageState.SENT
    assert house.accepted == []


def test_of_another_category_it_is_held_for_a_person(house: NotifyHouse) -> None:
    house.parcel(delivery(DeliveryStatus.ARRIVING))
    arriving = wish(MessageKind.DELIVERY_ARRIVING)
    ambiguous(house, arriving)
    assert house.schedules.due == {}
    house.clock.advance(2 * WAIT)
    assert house.send(arriving).state is MessageState.AMBIGUOUS
    assert house.accepted == []


def test_by_itself_every_category_is_held() -> None:
    house = NotifyHouse()
    house.parcel(delivery())
    ambiguous(house)
    house.clock.advance(2 * WAIT)
    assert house.send(ON_ITS_WAY).state is MessageState.AMBIGUOUS
    assert (house.accepted, house.schedules.due) == ([], {})


def test_it_is_not_ambiguous_before_it_is_certain_that_it_comes_again(house: NotifyHouse) -> None:
    house.schedules.away = True
    house.sms.will_answer([SILENCE])
    with pytest.raises(TemporaryError):
        house.send(ON_ITS_WAY)
    assert state(house) == (MessageState.ATTEMPTING, None)
    house.schedules.away = False
    house.clock.advance(LEASE)
    assert house.send(ON_ITS_WAY).state is MessageState.AMBIGUOUS
    ((due, _),) = house.schedules.due.values()
    house.clock.advance(due - house.clock.now())
    assert house.send(ON_ITS_WAY).state is MessageState.SENT


def test_unknown_a_second_time_it_is_held(house: NotifyHouse) -> None:
    ambiguous(house)
    for _ in range(3):
        house.clock.advance(2 * WAIT)
        house.sms.will_answer([SILENCE])
        assert house.send(ON_ITS_WAY).state is MessageState.AMBIGUOUS
    assert len(house.schedules.due) == 1


@pytest.mark.parametrize("why", [Reason.REJECTED, Reason.TOO_LATE, Reason.STALE, Reason.BOUNCED])
def test_what_then_is_not_sent_stays_ambiguous_and_says_why(house: NotifyHouse, why: Reason) -> None:
    """Of its first attempt nobody knows, so `failed`, `expired` or `suppressed` would say too much."""
    ambiguous(house)
    house.clock.advance(2 * WAIT)
    match why:
        case Reason.REJECTED:
            house.sms.will_answer([RefusedForGood(Reason.REJECTED, "ValidationException")])
        case Reason.TOO_LATE:
            house.clock.advance(timedelta(hours=3))
        case Reason.STALE:
            house.parcel(delivery(DeliveryStatus.DELIVERED, version=3))
        case _:
            house.messages.suppress(Channel.SMS, "+4915112345678", Reason.BOUNCED, NOON)
    assert house.send(ON_ITS_WAY)[:2] == (MessageState.AMBIGUOUS, why)
    assert state(house) == (MessageState.AMBIGUOUS, why)
    assert house.accepted == []


def test_refused_for_now_it_comes_once_more_and_still_only_once(house: NotifyHouse) -> None:
    ambiguous(house)
    house.clock.advance(2 * WAIT)
    house.sms.will_answer([RefusedForNow("ThrottlingException")])
    with pytest.raises(TemporaryError):
        house.send(ON_ITS_WAY)
    assert house.send(ON_ITS_WAY).state is MessageState.SENT
    assert len(house.accepted) == 1
