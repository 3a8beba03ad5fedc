"""How fast one process sends, and all of them together."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from hypothesis import given
from hypothesis import strategies as st

from functions.notify.service import LEASE
from shared.channels.pacing import LONGEST_WAIT, PROCESSES, Pace
from shared.domain.deliveries import DeliveryStatus
from shared.domain.messages import Channel, MessageKind, MessageState
from shared.errors import TemporaryError
from tests.fakes.clock import NOON, FrozenClock
from tests.fakes.notify import NotifyHouse
from tests.fakes.wishes import delivery, wish

MINUTE = timedelta(minutes=1)


class Account:
    """What SES says of the account; an error if it does not say."""

    def __init__(self, per_second: float | Exception) -> None:
        self.per_second = per_second
        self.asked = 0

    def get_account(self) -> Any:
        self.asked += 1
        if isinstance(self.per_second, Exception):
            raise self.per_second
        return {"SendQuota": {"MaxSendRate": self.per_second, "Max24HourSend": 50_000.0}}


def sent_in(pace: Pace, clock: FrozenClock, channel: Channel, gaps: list[int]) -> list[float]:
    """When who tries to send, with these pauses in milliseconds and then as fast as can be, was let through."""
    end, let_through, waiting = clock.now() + MINUTE, [], iter(gaps)
    while clock.now() < end:
        clock.advance(timedelta(milliseconds=next(waiting, 40)))
        try:
            pace.take(channel)
        except TemporaryError:
            clock.advance(timedelta(milliseconds=250))
        else:
            let_through.append((clock.now() - NOON).total_seconds())
    return let_through


@given(st.floats(1, 500, allow_nan=False), st.lists(st.integers(0, 3_000), max_size=40), st.sampled_from(list(Channel)))
def test_all_processes_together_send_no_more_in_any_stretch_of_a_minute_than_its_worth_and_a_second_of_each(
    per_second: float, gaps: list[int], channel: Channel
) -> None:
    clock = FrozenClock()
    pace = Pace(Account(per_second), per_second, clock)
    at = sent_in(pace, clock, channel, gaps)
    at_once = PROCESSES * max(per_second, 1)
    for first in range(0, len(at), 7):
        for last in range(first, len(at), 11):
            together = PROCESSES * (last - first + 1)
            assert together <= per_second * (at[last] - at[first]) + at_once + 0.001


def test_who_has_much_to_send_uses_what_the_account_may() -> None:
    clock = FrozenClock()
    sent = sent_in(Pace(Account(14), 1, clock), clock, Channel.EMAIL, [])
    assert 0.9 * 14 * 60 / PROCESSES <= len(sent) <= 14 * 60 / PROCESSES + 14


def test_a_turn_that_is_near_is_waited_for_and_one_that_is_not_comes_again() -> None:
    clock = FrozenClock()
    quick, slow = Pace(Account(14), 14, clock), Pace(Account(1), 1, clock)
    for _ in range(14):
        quick.take(Channel.EMAIL)
    assert clock.now() == NOON, "a second's worth goes at once"
    quick.take(Channel.EMAIL)
    assert timedelta(0) < clock.now() - NOON <= LONGEST_WAIT
    waited = clock.now()
    slow.take(Channel.EMAIL)
    with pytest.raises(TemporaryError):
        slow.take(Channel.EMAIL)
    assert clock.now() == waited


def test_one_channel_does_not_wait_for_the_other() -> None:
    clock = FrozenClock()
    pace = Pace(Account(1), 1, clock)
    pace.take(Channel.EMAIL)
    pace.take(Channel.SMS)
    assert clock.now() == NOON


def test_the_account_is_asked_once_an_hour_and_its_new_rate_holds() -> None:
    clock, account = FrozenClock(), Account(1)
    pace = Pace(account, 1, clock)
    pace.take(Channel.EMAIL)
    account.per_second = 1_000
    with pytest.raises(TemporaryError):
        pace.take(Channel.EMAIL)
    clock.advance(timedelta(hours=1))
    for _ in range(1_000):
        pace.take(Channel.EMAIL)
    assert (account.asked, clock.now()) == (2, NOON + timedelta(hours=1))


@pytest.mark.parametrize(
    "nothing",
    [ClientError({"Error": {"Code": "AccessDenied"}}, "GetAccount"), ReadTimeoutError(endpoint_url="https://x"), 0.0],
)
def test_while_the_account_does_not_say_it_is_taken_for_the_slowest_and_asked_again_soon(
    nothing: float | Exception,
) -> None:
    clock, account = FrozenClock(), Account(nothing)
    pace = Pace(account, 1, clock)
    pace.take(Channel.EMAIL)
    with pytest.raises(TemporaryError):
        pace.take(Channel.EMAIL)
    account.per_second = 50.0
    clock.advance(MINUTE)
    for _ in range(10):
        pace.take(Channel.EMAIL)
    assert account.asked == 2


def test_mail_that_goes_another_way_has_no_pace() -> None:
    clock = FrozenClock()
    pace = Pace(None, 1, clock)
    for _ in range(1_000):
        pace.take(Channel.EMAIL)
    assert clock.now() == NOON


class Late:
    """Nobody's turn comes in time, until it is said that it does."""

    def __init__(self) -> None:
        self.is_late = True
        self.asked: list[Channel] = []

    def take(self, channel: Channel) -> None:
        self.asked.append(channel)
        if self.is_late:
            raise TemporaryError("the account may not send any faster")


def test_a_message_whose_turn_does_not_come_has_attempted_nothing_and_comes_again() -> None:
    house, pace, message = NotifyHouse(), Late(), wish(MessageKind.DELIVERY_ON_ITS_WAY)
    house.parcel(delivery())
    house.service._pace = pace
    with pytest.raises(TemporaryError):
        house.send(message)
    assert (house.stored(message).state, house.stored(message).attempted_at) == (MessageState.CLAIMED, None)
    assert house.accepted == []
    pace.is_late = False
    house.clock.advance(LEASE)
    assert house.send(message).state is MessageState.SENT
    assert pace.asked == [Channel.SMS, Channel.SMS]


def test_what_is_not_sent_takes_nobodys_turn() -> None:
    house, pace, message = NotifyHouse(), Late(), wish(MessageKind.DELIVERY_ON_ITS_WAY)
    house.parcel(delivery(DeliveryStatus.DELIVERED))
    house.service._pace = pace
    assert house.send(message).state is MessageState.SUPPRESSED
    assert pace.asked == []
