"""Times in words, as people of a language say them, and texts of others made safe to show.

A table of month names is all we need of a locale; a library for it would be the largest package of the layer.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from shared.domain.deliveries import Window

_WEEKDAYS = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "de": ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"),
}
_MONTHS = {
    "en": (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
    "de": (
        *("Januar", "Februar", "März", "April", "Mai", "Juni"),
        *("Juli", "August", "September", "Oktober", "November", "Dezember"),
    ),
}
_NEAR_DAYS = {"en": {0: "today", 1: "tomorrow", -1: "yesterday"}, "de": {0: "heute", 1: "morgen", -1: "gestern"}}
_DAY = {"en": "on {weekday}, {day} {month}", "de": "am {weekday}, {day}. {month}"}
_AT = {"en": "{day} at {time}", "de": "{day} um {time} Uhr"}
_BETWEEN = {"en": "{day} between {start} and {end}", "de": "{day} zwischen {start} und {end} Uhr"}
_ACROSS = {
    "en": "between {start} ({start_day}) and {end} ({end_day})",
    "de": "zwischen {start} Uhr ({start_day}) und {end} Uhr ({end_day})",
}


def day_in_words(instant: datetime, zone: str, now: datetime, locale: str) -> str:
    """The day of an instant where it matters: today, tomorrow, or weekday and date."""
    local, here = instant.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone))
    near = _NEAR_DAYS[locale].get((local.date() - here.date()).days)
    if near is not None:
        return near
    weekday, month = _WEEKDAYS[locale][local.weekday()], _MONTHS[locale][local.month - 1]
    return _DAY[locale].format(weekday=weekday, day=local.day, month=month)


def moment_in_words(instant: datetime, zone: str, now: datetime, locale: str) -> str:
    """An instant: "today at 14:32"."""
    day = day_in_words(instant, zone, now, locale)
    return _AT[locale].format(day=day, time=_clock(instant, zone))


def window_in_words(window: Window, zone: str, now: datetime, locale: str) -> str:
    """A window: "today between 14:00 and 16:00", with both days where it goes past midnight."""
    start_day = day_in_words(window.start, zone, now, locale)
    last_moment = window.end - timedelta(microseconds=1)
    start, end = _clock(window.start, zone), _clock(window.end, zone)
    if start_day == day_in_words(last_moment, zone, now, locale):
        return _BETWEEN[locale].format(day=start_day, start=start, end=end)
    end_day = day_in_words(window.end, zone, now, locale)
    return _ACROSS[locale].format(start=start, start_day=start_day, end=end, end_day=end_day)


def _clock(instant: datetime, zone: str) -> str:
    return f"{instant.astimezone(ZoneInfo(zone)):%H:%M}"


_LINKABLE = re.compile(r"(?<=:)(?=//)|(?<=\w\.)(?=[^\W\d])|(?<=@)(?=\w)|(?<=www)(?=\.)", re.IGNORECASE)
_UNSEEN = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f]")


def dead(text: str) -> str:
    """Text that a stranger wrote, in which no mail program finds an address to make a link of.

    A zero-width space stands after `:` before `//`, after a dot or an @ inside a word: it reads the same and is no
    address any more. Marks that turn the direction of writing, with which an address can pose as another, are dropped.
    """
    return _LINKABLE.sub("\u200b", _UNSEEN.sub("", text))


def one_line(text: str, longest: int = 200) -> str:
    """Text on one line, cut with an ellipsis if it is too long; for subjects, names and SMS."""
    line = " ".join(text.split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def readable_on(colour: str) -> str:
    """Black or white, whichever contrasts more with a colour (relative luminance, WCAG 2)."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#000000" if luminance > 0.179 else "#ffffff"
