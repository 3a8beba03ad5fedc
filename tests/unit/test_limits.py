"""How fast answers may come: every bucket is a token bucket, and nobody is told whose it is."""

from __future__ import annotations

import math
from collections.abc import Hashable
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.limits import Buckets, DoorLimits, Rate, network_of
from shared.errors import TooManyRequestsError

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SALT = bytes(16)


class Fluid:
    """The bucket as a textbook has it: filled drop by drop in exact fractions; shares no arithmetic with ours."""

    def __init__(self, rate: Rate) -> None:
        self.per_second = Fraction(rate.per_minute, 60)
        self.size = Fraction(rate.at_once)
        self.level: dict[Hashable, Fraction] = {}
        self.at = NOON

    def take(self, key: Hashable, now: datetime) -> tuple[int, bool]:
        passed = Fraction((now - self.at) // timedelta(microseconds=1), 1_000_000)
        self.at = now
        filled = {each: level + passed * self.per_second for each, level in self.level.items()}
        self.level = {each: min(level, self.size) for each, level in filled.items()}
        level = self.level.setdefault(key, self.size)
        given = level >= 1
        self.level[key] = level - given
        wait = 0 if given else math.ceil((1 - level) / self.per_second)
        return wait, self.level[key] < self.size / 4


steps = st.tuples(st.integers(0, 90_000_000), st.sampled_from("abc"))


@given(rate=st.builds(Rate, st.integers(1, 700), st.integers(1, 12)), asked=st.lists(steps, max_size=60))
def test_a_bucket_gives_what_an_exact_one_gives(rate: Rate, asked: list[tuple[int, str]]) -> None:
    ours, exact, now = Buckets(rate), Fluid(rate), NOON
    for microseconds, key in asked:
        now += timedelta(microseconds=microseconds)
        assert tuple(ours.take(key, now)) == exact.take(key, now)


@given(st.lists(st.integers(0, 3_000), min_size=1, max_size=200))
def test_in_no_stretch_of_time_is_more_given_than_the_rate_and_one_bucket(gaps: list[int]) -> None:
    buckets, now, taken = Buckets(Rate(120, 10)), NOON, []
    for gap in gaps:
        now += timedelta(milliseconds=gap)
        if not buckets.take("one", now).wait:
            taken.append(now)
    for first in range(len(taken)):
        for last in range(first, len(taken)):
            assert last - first + 1 <= 10 + 2 * (taken[last] - taken[first]).total_seconds()


def test_who_waits_as_long_as_was_said_is_let_through_and_who_asks_a_second_sooner_is_not() -> None:
    buckets = Buckets(Rate(per_minute=7, at_once=1))
    assert buckets.take("one", NOON).wait == 0
    wait = buckets.take("one", NOON).wait
    assert wait == 9
    assert buckets.take("one", NOON + timedelta(seconds=wait - 1)).wait > 0
    assert buckets.take("one", NOON + timedelta(seconds=wait)).wait == 0


def test_a_refusal_takes_nothing_so_that_who_asks_too_often_waits_no_longer() -> None:
    buckets = Buckets(Rate(60, 1))
    buckets.take("one", NOON)
    assert {buckets.take("one", NOON).wait for _ in range(100)} == {1}


def test_a_clock_that_is_set_back_makes_nobody_wait_for_more_than_one_token() -> None:
    buckets = Buckets(Rate(60, 3))
    for _ in range(3):
        buckets.take("one", NOON + timedelta(days=1))
    assert buckets.take("one", NOON).wait == 1
    assert buckets.take("one", NOON + timedelta(seconds=1)).wait == 0


def test_no_more_are_remembered_than_there_is_room_for_and_the_quietest_are_forgotten_first() -> None:
    buckets = Buckets(Rate(1, 1), at_most=3)
    for key in "abcade":
        buckets.take(key, NOON)
        assert len(buckets) <= 3
    assert [key for key in "ade" if buckets.take(key, NOON).wait] == ["a", "d", "e"]
    assert buckets.take("b", NOON).wait == 0


def limits(**changes: Any) -> DoorLimits:
    rates = {"by_address": Rate(4, 4), "by_link": Rate(2, 2), "while_hot": Rate(3, 3), **changes}
    return DoorLimits(**{"salt": SALT, **rates})


def refused(ask: Any) -> int:
    with pytest.raises(TooManyRequestsError) as refusal:
        ask()
    return refusal.value.retry_after


class TestAnAddress:
    def test_has_a_bucket_for_each_survey(self) -> None:
        door = limits()
        assert [door.admit_address("shop", "192.0.2.1", NOON) for _ in range(4)] == [False, False, False, True]
        assert refused(lambda: door.admit_address("shop", "192.0.2.1", NOON)) == 15
        assert door.admit_address("shop", "192.0.2.2", NOON) is False
        assert door.admit_address("chat", "192.0.2.1", NOON) is False

    def test_is_not_looked_at_where_a_cdn_stands_before_the_door(self) -> None:
        door = limits(by_address=None)
        assert {door.admit_address("shop", "192.0.2.1", NOON) for _ in range(100)} == {False}

    @pytest.mark.parametrize(
        ("one", "other", "same"),
        [
            ("192.0.2.1", "192.0.2.2", False),
            ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
            ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
            ("::ffff:192.0.2.1", "192.0.2.1", True),
            ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
            ("", "no address", True),
            ("", "192.0.2.1", False),
        ],
    )
    def test_is_what_one_subscriber_has(self, one: str, other: str, same: bool) -> None:
        assert (network_of(one) == network_of(other)) is same

    def test_is_remembered_as_a_hash_that_means_nothing_elsewhere(self) -> None:
        door, elsewhere = limits(), limits(salt=b"x" * 16)
        for each in (door, elsewhere):
            each.admit_address("shop", "192.0.2.1", NOON)
            each.admit_link("a-token", NOON)
        kept, other = (
            [*vars(each._addresses)["_full_at"], *vars(each._links)["_full_at"]] for each in (door, elsewhere)
        )
        assert "192.0.2.1" not in str(kept)
        assert "a-token" not in str(kept)
        assert not set(kept) & set(other)


class TestALink:
    def test_has_a_bucket_of_its_own_wherever_it_comes_from(self) -> None:
        door = limits()
        for token in ("one", "other"):
            door.admit_link(token, NOON)
            door.admit_link(token, NOON)
            assert refused(lambda token=token: door.admit_link(token, NOON)) == 30

    def test_that_is_guessed_pushes_out_no_address(self) -> None:
        door = limits()
        for _ in range(4):
            door.admit_address("shop", "192.0.2.1", NOON)
        for number in range(20_000):
            door.admit_link(f"guess-{number}", NOON)
        refused(lambda: door.admit_address("shop", "192.0.2.1", NOON))


class TestAHotSurvey:
    def test_takes_few_answers_and_no_other_survey_pays_for_it(self) -> None:
        door = limits()
        for _ in range(3):
            door.admit_to_hot("shop", NOON, is_suspicious=False)
        assert refused(lambda: door.admit_to_hot("shop", NOON, is_suspicious=False)) == 20
        door.admit_to_hot("chat", NOON, is_suspicious=False)

    def test_leaves_them_to_those_who_send_little(self) -> None:
        door = limits()
        for _ in range(100):
            assert refused(lambda: door.admit_to_hot("shop", NOON, is_suspicious=True)) == 60
        door.admit_to_hot("shop", NOON, is_suspicious=False)


@given(rate=st.builds(Rate, st.integers(1, 700), st.integers(1, 12)), asked=st.lists(steps, max_size=60))
def test_after_its_pause_a_bucket_has_a_token_and_a_moment_earlier_it_has_none(
    rate: Rate, asked: list[tuple[int, str]]
) -> None:
    buckets, exact, now = Buckets(rate), Fluid(rate), NOON
    for microseconds, key in asked:
        now += timedelta(microseconds=microseconds)
        pause = buckets.pause(key, now)
        if pause:
            early = Buckets(rate)
            early._full_at = buckets._full_at.copy()
            assert early.take(key, now + pause - timedelta(microseconds=1)).wait
        now += pause
        assert buckets.take(key, now).wait == exact.take(key, now)[0] == 0
