"""Times in words, as people of a language say them, and texts of others made safe to show.

A table of month names is all we need of a locale; a library for it would be the largest package of the layer.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from shared.domain.deliveries import DeliveryReason
from shared.domain.promises import Window

NO_LANGUAGE = ""
"""Times in figures only, for texts in a language of which we have no words."""
_WEEKDAYS = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "de": ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"),
    NO_LANGUAGE: 7 * ("",),
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
    NO_LANGUAGE: 12 * ("",),
}
_NEAR_DAYS = {
    "en": {0: "today", 1: "tomorrow", -1: "yesterday"},
    "de": {0: "heute", 1: "morgen", -1: "gestern"},
    NO_LANGUAGE: {},
}
_DAY = {"en": "on {weekday}, {day} {month}", "de": "am {weekday}, {day}. {month}", NO_LANGUAGE: "{date}"}
_AT = {"en": "{day} at {time}", "de": "{day} um {time} Uhr", NO_LANGUAGE: "{day} {time}"}
_BETWEEN = {
    "en": "{day} between {start} and {end}",
    "de": "{day} zwischen {start} und {end} Uhr",
    NO_LANGUAGE: "{day} {start}-{end}",
}
_ACROSS = {
    "en": "between {start} ({start_day}) and {end} ({end_day})",
    "de": "zwischen {start} Uhr ({start_day}) und {end} Uhr ({end_day})",
    NO_LANGUAGE: "{start_day} {start} - {end_day} {end}",
}
_ESTIMATED_TO = 300
"""Seconds to which an estimated arrival is told."""
_ABOUT = {"en": "at about {time}", "de": "gegen {time} Uhr", NO_LANGUAGE: "{time}"}
_UNITS = {
    "en": (("day", "days"), ("hour", "hours"), ("minute", "minutes")),
    "de": (("Tag", "Tage"), ("Stunde", "Stunden"), ("Minute", "Minuten")),
    NO_LANGUAGE: (("d", "d"), ("h", "h"), ("min", "min")),
}
_REASONS = {
    "en": {
        DeliveryReason.DELAYED: "because something took longer on the way",
        DeliveryReason.WEATHER: "because of the weather",
        DeliveryReason.CUSTOMS: "because it is at customs",
        DeliveryReason.PAYMENT_DUE: "because a payment is still due",
        DeliveryReason.ADDRESS: "because the address could not be found",
        DeliveryReason.NOT_HOME: "because nobody could take it in",
        DeliveryReason.BUSINESS_CLOSED: "because the business was closed",
        DeliveryReason.REFUSED: "because it was not accepted",
        DeliveryReason.DAMAGED: "because it was damaged on the way",
        DeliveryReason.LOST: "because it cannot be found at the moment",
        DeliveryReason.DOCUMENTS: "because papers for it are missing",
        DeliveryReason.HELD: "because it was stopped on the way",
        DeliveryReason.CARRIER: "because of a problem at the carrier",
        DeliveryReason.OTHER: "",
    },
    "de": {
        DeliveryReason.DELAYED: "weil es unterwegs länger gedauert hat",
        DeliveryReason.WEATHER: "weil das Wetter es nicht zulässt",
        DeliveryReason.CUSTOMS: "weil sie beim Zoll liegt",
        DeliveryReason.PAYMENT_DUE: "weil noch eine Zahlung offen ist",
        DeliveryReason.ADDRESS: "weil die Adresse nicht gefunden wurde",
        DeliveryReason.NOT_HOME: "weil niemand sie annehmen konnte",
        DeliveryReason.BUSINESS_CLOSED: "weil das Geschäft geschlossen war",
        DeliveryReason.REFUSED: "weil sie nicht angenommen wurde",
        DeliveryReason.DAMAGED: "weil sie unterwegs beschädigt wurde",
        DeliveryReason.LOST: "weil sie gerade nicht auffindbar ist",
        DeliveryReason.DOCUMENTS: "weil Papiere dafür fehlen",
        DeliveryReason.HELD: "weil sie unterwegs angehalten wurde",
        DeliveryReason.CARRIER: "weil es beim Zusteller eine Störung gibt",
        DeliveryReason.OTHER: "",
    },
    NO_LANGUAGE: dict.fromkeys(DeliveryReason, ""),
}
"""Each as a clause about the parcel ("sie": die Sendung) that may end a sentence; without blame."""


def day_in_words(instant: datetime, zone: str, now: datetime, locale: str) -> str:
    """The day of an instant where it matters: today, tomorrow, or weekday and date."""
    local, here = instant.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone))
    near = _NEAR_DAYS[locale].get((local.date() - here.date()).days)
    if near is not None:
        return near
    weekday, month = _WEEKDAYS[locale][local.weekday()], _MONTHS[locale][local.month - 1]
    return _DAY[locale].format(weekday=weekday, day=local.day, month=month, date=local.date())


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


def expected_in_words(instant: datetime, zone: str, now: datetime, locale: str) -> str:
    """An estimate to five minutes: "at about 17:30", with the day before it unless it is today."""
    rounded = datetime.fromtimestamp(round(instant.timestamp() / _ESTIMATED_TO) * _ESTIMATED_TO, tz=UTC)
    about = _ABOUT[locale].format(time=_clock(rounded, zone))
    is_today = rounded.astimezone(ZoneInfo(zone)).date() == now.astimezone(ZoneInfo(zone)).date()
    return about if is_today else f"{day_in_words(rounded, zone, now, locale)} {about}"


def reason_in_words(reason: DeliveryReason | None, locale: str) -> str:
    """Why a parcel is where it is: "because of the weather"; empty where there is nothing to say."""
    return _REASONS[locale][reason] if reason else ""


def duration_in_words(duration: timedelta, locale: str) -> str:
    """How long: "1 hour 20 minutes", its two largest units; empty for less than a minute, or less than none."""
    minutes = max(int(duration / timedelta(minutes=1)), 0)
    counts = (minutes // 1440, minutes // 60 % 24, minutes % 60)
    words = [
        f"{count} {one if count == 1 else many}"
        for count, (one, many) in zip(counts, _UNITS[locale], strict=True)
        if count > 0
    ]
    return " ".join(words[:2])


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
