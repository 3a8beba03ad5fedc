"""Quiet hours: whether a message may go now to where its recipient may be, and if not, from which instant on it may.

A wall clock jumps: an hour in spring does not exist, one in autumn comes twice, and Lord Howe moves by 30 minutes. So
nothing here adds to a local time. Between two changes of a zone's offset wall and instant differ by a constant; within
such a stretch plain arithmetic in UTC is right, and at its end the wall clock is read anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from shared.domain.brands import QuietHours
from shared.domain.messages import Category

LOOKS_AHEAD = timedelta(hours=48)
"""Who may be in so many zones that no moment of two days is a decent one in all of them is reached in another way."""
_DAY = timedelta(days=1)
_STEP = timedelta(hours=1)
"""No zone has changed its offset twice within an hour."""
_SECOND = timedelta(seconds=1)


def quiet_hours_for(entries: Iterable[QuietHours], category: Category, country: str | None) -> QuietHours | None:
    """The quiet hours that decide for a message, None if it never waits.

    Args:
        entries: A brand's, in its order.
        category: What the message is; what goes to staff, and help that somebody asked for, never wait.
        country: The recipient's, as an ISO code; None if nobody knows.
    """
    if not category.is_refusable:
        return None
    fitting = [entry for entry in entries if not entry.categories or category in entry.categories]
    of_the_country = [entry for entry in fitting if country is not None and country in entry.countries]
    of_everybody = [entry for entry in fitting if not entry.countries]
    return next(iter([*of_the_country, *of_everybody]), None)


def is_quiet(hours: QuietHours, zone: str, at: datetime) -> bool:
    """Whether the wall clock of a zone stands within quiet hours at an instant; the end is outside, to the second."""
    return _covers(hours, at.astimezone(ZoneInfo(zone)).time())


def next_opening(hours: QuietHours, zones: Sequence[str], now: datetime) -> datetime | None:
    """The first instant, from now on, at which it is quiet in none of the zones a recipient may be in.

    Args:
        hours: When it is quiet, by the recipient's wall clock.
        zones: Every IANA zone they may be in, at least one; a moment is right only if it is right in each.
        now: An instant with a time zone.

    Returns:
        That instant in UTC, `now` if it is not quiet; None if there is none within `LOOKS_AHEAD`.
    """
    clocks = [ZoneInfo(zone) for zone in zones]
    opening = now.astimezone(UTC)
    latest = opening + LOOKS_AHEAD
    while True:
        later = opening
        for clock in clocks:
            found = _opening_in(clock, hours, later, latest)
            if found is None:
                return None
            later = found
        if later == opening:
            return opening
        opening = later


def _opening_in(clock: ZoneInfo, hours: QuietHours, start: datetime, latest: datetime) -> datetime | None:
    """The first instant from `start` to `latest` at which it is not quiet by one wall clock."""
    at = start
    while at <= latest:
        wall = at.astimezone(clock).time()
        if not _covers(hours, wall):
            return at
        opening = at + (_since_midnight(hours.end) - _since_midnight(wall)) % _DAY
        change = _next_change(clock, at, opening)
        if change is None:
            return opening if opening <= latest else None
        at = change
    return None


def _next_change(clock: ZoneInfo, start: datetime, end: datetime) -> datetime | None:
    """The first instant after `start` and not after `end` at which a clock's offset is another, to the second."""
    offset = start.astimezone(clock).utcoffset()
    before = start
    while before < end:
        after = min(before + _STEP, end)
        if after.astimezone(clock).utcoffset() != offset:
            while after - before > _SECOND:
                middle = before + (after - before) / 2
                if middle.astimezone(clock).utcoffset() == offset:
                    before = middle
                else:
                    after = middle
            return after.replace(microsecond=0)
        before = after
    return None


def _covers(hours: QuietHours, wall: time) -> bool:
    """Half-open, past midnight if the end is before the start, and never if they are equal."""
    if hours.start <= hours.end:
        return hours.start <= wall < hours.end
    return wall >= hours.start or wall < hours.end


def _since_midnight(wall: time) -> timedelta:
    return timedelta(hours=wall.hour, minutes=wall.minute, seconds=wall.second, microseconds=wall.microsecond)
