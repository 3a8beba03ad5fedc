"""Quiet hours by a wall clock that jumps, held against an oracle that reads the clock minute by minute.

The oracle knows no arithmetic of times: it asks each minute of three days around a change what the wall clock says,
and whether that is quiet. All zones of the IANA database are asked on the days on which their clocks change.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from functools import cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest

from shared.domain.brands import USUAL_QUIET_HOURS, QuietHours
from shared.domain.messages import Category
from shared.domain.number_zones import zones_of_number
from shared.domain.quiet_hours import LOOKS_AHEAD, is_quiet, next_opening, quiet_hours_for
from shared.domain.time_zones import time_zones

MINUTE = timedelta(minutes=1)
MINUTES_OF_A_DAY = 24 * 60


def hours(start: str, end: str, **more: object) -> QuietHours:
    return QuietHours.model_validate({"start": start, "end": end, **more})


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# The oracle


class Wall:
    """What a zone's wall clock says, minute by minute from a first one; read when it is asked."""

    def __init__(self, zone: str, starts: datetime) -> None:
        self._clock, self._starts = ZoneInfo(zone), starts
        self._read: dict[int, int] = {}

    def __getitem__(self, minute: int) -> int:
        """The minute of the day."""
        if minute not in self._read:
            wall = self._clock.fromutc((self._starts + minute * MINUTE).replace(tzinfo=self._clock))
            self._read[minute] = wall.hour * 60 + wall.minute
        return self._read[minute]


class Change(NamedTuple):
    """A day on which a zone changes its offset.

    Args:
        starts: The midnight in UTC a day before; minutes are counted from it.
        jump: The first minute after the change.
        wall: The wall clock.
    """

    starts: datetime
    jump: int
    wall: Wall


@cache
def changes(zone: str, year: int) -> tuple[Change, ...]:
    """Every change of a year, found by asking for the offset each day of it, then each hour and minute of that day."""
    clock, at, found = ZoneInfo(zone), datetime(year, 1, 1, tzinfo=UTC), []
    offset = at.astimezone(clock).utcoffset()
    while at.year == year:
        day = at + timedelta(days=1)
        if day.astimezone(clock).utcoffset() != offset:
            for step in (timedelta(hours=1), MINUTE):
                while (at + step).astimezone(clock).utcoffset() == offset:
                    at += step
            starts = datetime(at.year, at.month, at.day, tzinfo=UTC) - timedelta(days=1)
            found.append(Change(starts, int((at + MINUTE - starts) / MINUTE), Wall(zone, starts)))
            offset = day.astimezone(clock).utcoffset()
        at = day
    return tuple(found)


def quiet_minutes(window: QuietHours) -> set[int]:
    """The minutes of a day that are quiet, counted one by one from the start until the end."""
    minute, end = (each.hour * 60 + each.minute for each in (window.start, window.end))
    found = set()
    while minute != end:
        found.add(minute)
        minute = (minute + 1) % MINUTES_OF_A_DAY
    return found


def first_open(walls: Sequence[Wall], quiet: set[int], first: int) -> int | None:
    """The first minute, from one on, that is quiet by none of these wall clocks; None if two days have none."""
    for minute in range(first, first + 2 * MINUTES_OF_A_DAY + 1):
        if not any(wall[minute] in quiet for wall in walls):
            return minute
    return None


def samples(change: Change, seed: str, count: int) -> Iterator[tuple[QuietHours, int]]:
    """Quiet hours and minutes: around midnight, around the change, over the gap or the fold, and any."""
    rng = random.Random(seed)
    jump = change.jump
    before, after = change.wall[jump - 1], change.wall[jump]
    near = [before, after, (before + 1) % 1440, (before + 31) % 1440, (after - 30) % 1440, (after + 30) % 1440]
    for _ in range(count):
        start, end = rng.choice(
            [
                (rng.randrange(1440), rng.randrange(1440)),
                (rng.choice(near), rng.randrange(1440)),
                (rng.randrange(1440), rng.choice(near)),
                (rng.choice(near), rng.choice(near)),
                (21 * 60, 8 * 60),
            ]
        )
        window = QuietHours(start=time(*divmod(start, 60)), end=time(*divmod(end, 60)))
        yield window, rng.choice([rng.randrange(1440), jump + rng.randrange(-90, 90), jump, jump - 1])


def disagreements(zone: str, change: Change, count: int) -> Iterator[str]:
    for window, minute in samples(change, f"{zone} {change.starts}", count):
        quiet, at = quiet_minutes(window), change.starts + minute * MINUTE
        expected = first_open([change.wall], quiet, minute)
        opening = next_opening(window, [zone], at)
        told = None if opening is None else (opening - change.starts) / MINUTE
        if told != expected or is_quiet(window, zone, at) != (expected != minute):
            yield f"{zone} {window.start}-{window.end} at {at}: {told}, and it is {expected}"


def test_every_zone_agrees_with_its_wall_clock_on_both_days_on_which_it_changes() -> None:
    wrong = [
        disagreement
        for zone in sorted(time_zones())
        for change in changes(zone, 2026)
        for disagreement in disagreements(zone, change, 4)
    ]
    assert wrong == []
    assert sum(len(changes(zone, 2026)) == 2 for zone in time_zones()) > 150


@pytest.mark.slow
@pytest.mark.parametrize("year", [2026, 2027])
def test_every_zone_agrees_with_its_wall_clock_for_sixty_windows_around_each_change(year: int) -> None:
    wrong = [
        disagreement
        for zone in sorted(time_zones())
        for change in changes(zone, year)
        for disagreement in disagreements(zone, change, 60)
    ]
    assert wrong == []


@pytest.mark.parametrize(
    "number", ["+34600123456", "+61412345678", "+79161234567", "+18002345678", "+5511961234567", "+525512345678"]
)
def test_a_moment_is_right_only_in_every_zone_a_number_may_be_in(number: str) -> None:
    zones, rng = zones_of_number(number), random.Random(number)
    starts = utc("2026-10-24 00:00")
    read = [Wall(zone, starts) for zone in zones]
    opened = 0
    for _ in range(12):
        window = QuietHours(
            start=time(rng.randrange(19, 24), rng.randrange(60)), end=time(rng.randrange(5, 9), rng.randrange(60))
        )
        minute = rng.randrange(1440)
        expected = first_open(read, quiet_minutes(window), minute)
        opening = next_opening(window, zones, starts + minute * MINUTE)
        assert opening == (None if expected is None else starts + expected * MINUTE)
        opened += expected is not None
    assert opened or len(zones) > 10


# Named cases


BERLIN = "Europe/Berlin"
NIGHT = hours("21:00", "08:00")


def test_what_is_not_quiet_opens_now() -> None:
    noon = utc("2026-11-22 12:00")
    assert next_opening(NIGHT, [BERLIN], noon) == noon


def test_past_midnight_it_opens_in_the_morning() -> None:
    for at in ("2026-11-22 20:00", "2026-11-22 23:30", "2026-11-23 06:59:59.999"):
        assert next_opening(NIGHT, [BERLIN], utc(at)) == utc("2026-11-23 07:00")


def test_the_start_is_quiet_and_the_end_is_not_to_the_second() -> None:
    window = hours("12:00", "17:01")
    assert is_quiet(window, "UTC", utc("2026-11-22 12:00:00"))
    assert not is_quiet(window, "UTC", utc("2026-11-22 11:59:59.999999"))
    assert is_quiet(window, "UTC", utc("2026-11-22 17:00:59"))
    assert not is_quiet(window, "UTC", utc("2026-11-22 17:01:00"))
    assert next_opening(window, ["UTC"], utc("2026-11-22 17:00:59")) == utc("2026-11-22 17:01")


def test_equal_times_are_never_quiet() -> None:
    for at in ("2026-11-22 08:00", "2026-11-22 07:59", "2026-11-22 23:00"):
        assert not is_quiet(hours("08:00", "08:00"), BERLIN, utc(at))
        assert next_opening(hours("08:00", "08:00"), [BERLIN], utc(at)) == utc(at)


def test_a_night_that_loses_an_hour_opens_at_the_same_wall_time() -> None:
    assert next_opening(NIGHT, [BERLIN], utc("2026-03-28 20:00")) == utc("2026-03-29 06:00")


def test_a_night_that_gains_an_hour_opens_at_the_same_wall_time() -> None:
    assert next_opening(NIGHT, [BERLIN], utc("2026-10-24 19:00")) == utc("2026-10-25 07:00")


def test_an_end_in_the_gap_opens_as_the_clock_jumps_over_it() -> None:
    """02:30 does not exist on 29 March: at 01:00 UTC the clock says 03:00, which is past it."""
    assert next_opening(hours("22:00", "02:30"), [BERLIN], utc("2026-03-29 00:10")) == utc("2026-03-29 01:00")


def test_a_start_in_the_gap_begins_as_the_clock_jumps_over_it() -> None:
    window = hours("02:30", "06:00")
    assert not is_quiet(window, BERLIN, utc("2026-03-29 00:59:59"))
    assert is_quiet(window, BERLIN, utc("2026-03-29 01:00"))


def test_quiet_hours_within_the_gap_do_not_happen() -> None:
    at = utc("2026-03-29 00:59")
    for minutes in range(180):
        assert next_opening(hours("02:10", "02:50"), [BERLIN], at + minutes * MINUTE) == at + minutes * MINUTE


def test_quiet_hours_within_the_fold_happen_twice() -> None:
    window = hours("02:10", "02:50")
    assert next_opening(window, [BERLIN], utc("2026-10-25 00:20")) == utc("2026-10-25 00:50")
    assert next_opening(window, [BERLIN], utc("2026-10-25 00:55")) == utc("2026-10-25 00:55")
    assert next_opening(window, [BERLIN], utc("2026-10-25 01:20")) == utc("2026-10-25 01:50")


def test_an_end_in_the_fold_opens_until_the_clock_goes_back_into_the_quiet() -> None:
    window = hours("22:00", "02:30")
    assert next_opening(window, [BERLIN], utc("2026-10-25 00:10")) == utc("2026-10-25 00:30")
    assert next_opening(window, [BERLIN], utc("2026-10-25 01:00")) == utc("2026-10-25 01:30")


def test_quiet_hours_hold_every_day_also_past_a_monday_midnight() -> None:
    """Others asked for the weekday after midnight had passed: Monday from 23:00 to 02:00 was loud on Tuesday at one."""
    window = hours("23:00", "02:00")
    for day in range(23, 30):
        assert is_quiet(window, BERLIN, utc(f"2026-11-{day} 22:30"))
        assert is_quiet(window, BERLIN, utc(f"2026-11-{day} 00:30"))
        assert not is_quiet(window, BERLIN, utc(f"2026-11-{day} 12:00"))


def test_a_gap_of_half_an_hour_is_one() -> None:
    """Lord Howe: on 4 October 2026 at 15:30 UTC the clock jumps from 02:00 to 02:30."""
    window = hours("01:00", "02:15")
    assert next_opening(window, ["Australia/Lord_Howe"], utc("2026-10-03 15:00")) == utc("2026-10-03 15:30")


def test_the_offset_of_the_season_counts_and_no_fixed_one() -> None:
    assert next_opening(NIGHT, ["America/New_York"], utc("2026-07-02 03:00")) == utc("2026-07-02 12:00")
    assert next_opening(NIGHT, ["America/New_York"], utc("2026-12-02 03:00")) == utc("2026-12-02 13:00")


def test_where_no_moment_is_right_in_every_zone_there_is_no_opening() -> None:
    apart = ["Pacific/Auckland", "Europe/London"]
    assert next_opening(hours("20:00", "09:00"), apart, utc("2026-11-22 12:00")) is None
    assert timedelta(hours=48) == LOOKS_AHEAD


# Which quiet hours


def test_the_first_entry_of_the_recipients_country_decides_before_those_of_everybody() -> None:
    everybody, french = hours("21:00", "08:00"), hours("20:00", "10:00", countries=["FR"])
    german = hours("22:00", "22:00", countries=["AT", "DE"])
    entries = (everybody, french, german)
    assert quiet_hours_for(entries, Category.DELIVERED, "FR") == french
    assert quiet_hours_for(entries, Category.DELIVERED, "DE") == german
    assert quiet_hours_for(entries, Category.DELIVERED, "CH") == everybody
    assert quiet_hours_for(entries, Category.DELIVERED, None) == everybody


def test_an_entry_is_for_its_categories() -> None:
    surveys = hours("20:00", "10:00", categories=["surveys"])
    french = hours("19:00", "10:00", categories=["delivered"], countries=["FR"])
    assert quiet_hours_for((surveys, french), Category.SURVEYS, "FR") == surveys
    assert quiet_hours_for((surveys, french), Category.DELIVERED, "DE") is None
    assert quiet_hours_for((), Category.DELIVERED, "DE") is None


def test_staff_hear_of_an_alert_whatever_the_hour() -> None:
    assert quiet_hours_for((hours("00:00", "23:59"),), Category.STAFF, None) is None


def test_what_is_worth_knowing_only_now_usually_waits_for_nothing() -> None:
    waiting = {each for each in Category if quiet_hours_for(USUAL_QUIET_HOURS, each, "DE") is not None}
    assert waiting == {
        Category.SURVEYS,
        Category.SCHEDULED,
        Category.DAY_BEFORE,
        Category.DELAYED,
        Category.EXCEPTION,
        Category.DELIVERED,
    }
