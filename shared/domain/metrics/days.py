"""Which days a score is about, and the weeks and months among them.

A day is a calendar day where the survey lives, stamped on each answer when it was accepted. So weeks and months are
whole days here, and an hour that the clocks repeat or leave out is of no consequence.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from shared.errors import InvalidRequestError

DEFAULT_DAYS = 30
ONE_DAY = timedelta(days=1)
EARLIEST = date(1970, 1, 1)
LATEST = date(2106, 1, 1)
"""The days that Unix seconds of 32 bits can name; a later one is a slip of the keyboard (or milliseconds)."""


MAX_BUCKETS = 400
"""A year of days with room to spare; more would not fit into one answer."""


class Span(NamedTuple):
    """Days, both included."""

    since: date
    until: date

    @property
    def length(self) -> int:
        """How many days."""
        return (self.until - self.since).days + 1

    @property
    def before(self) -> Span:
        """As many days, right before these."""
        return Span(self.since - (self.until - self.since) - ONE_DAY, self.since - ONE_DAY)


class Interval(StrEnum):
    """What days are gathered by."""

    DAY = "day"
    WEEK = "week"  # Monday to Sunday (ISO 8601)
    MONTH = "month"

    def name_of(self, day: date) -> str:
        """The name of the day, week or month that a day lies in; the first days of a year may be of the last week."""
        if self is Interval.WEEK:
            year, week, _ = day.isocalendar()
            return f"{year}-W{week:02d}"
        return day.isoformat() if self is Interval.DAY else f"{day:%Y-%m}"

    def last_day(self, day: date) -> date:
        """The last day of it."""
        if self is Interval.WEEK:
            return day + timedelta(days=6 - day.weekday())
        return day if self is Interval.DAY else day.replace(day=monthrange(day.year, day.month)[1])


def day_of(text: str, field: str, local_day: Callable[[datetime], date]) -> date:
    """The survey's local day of a point in time, as `since` and `until` are sent.

    Args:
        text: Unix seconds, or a day such as 2026-03-29.
        field: The name of the query parameter, for the refusal.
        local_day: Says where days begin.

    Raises:
        InvalidRequestError: it is neither.
    """
    day: date | None = None
    if re.fullmatch(r"[0-9]{1,10}", text):
        day = local_day(datetime.fromtimestamp(int(text), UTC))
    elif re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        try:
            day = date.fromisoformat(text)
        except ValueError:
            day = None
    if day is None or not EARLIEST <= day <= LATEST:
        raise InvalidRequestError(
            f"{field} must be Unix seconds or a day.",
            {field: ["must be Unix seconds, or a day such as 2026-03-29"]},
        )
    return day


def span(since: date | None, until: date | None, latest: date) -> Span:
    """The days asked for; by default the 30 up to the latest response.

    Raises:
        InvalidRequestError: it ends before it begins.
    """
    end = until or max(latest, since or latest)
    begin = since or max(end - timedelta(days=DEFAULT_DAYS - 1), EARLIEST)
    if end < begin:
        raise InvalidRequestError("until lies before since.", {"until": ["must not lie before since"]})
    return Span(begin, end)


def buckets(days: Span, interval: Interval) -> tuple[Span, ...]:
    """The days, weeks or months of a span; the first and the last only as far as they lie in it."""
    found = []
    since = days.since
    while since <= days.until:
        found.append(Span(since, min(interval.last_day(since), days.until)))
        since = found[-1].until + ONE_DAY
    return tuple(found)


def interval_of(name: str | None, days: Span) -> Interval | None:
    """What the days are to be gathered by.

    Raises:
        InvalidRequestError: it is nothing that we know, or there are too many of it.
    """
    if name is None:
        return None
    if name not in set(Interval):
        raise InvalidRequestError("interval is unknown.", {"interval": ["must be day, week or month"]})
    if len(buckets(days, Interval(name))) > MAX_BUCKETS:
        raise InvalidRequestError(
            f"There are more than {MAX_BUCKETS} of that interval in these days.",
            {"interval": [f"must be longer: at most {MAX_BUCKETS} are answered at once"]},
        )
    return Interval(name)
