"""The words of a kiosk that are not the survey's own, in the languages we speak."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from shared.domain.languages import spoken

RIGHT_TO_LEFT = frozenset({"ar", "dv", "fa", "he", "ku", "ps", "sd", "ug", "ur", "yi"})
"""Languages written from right to left, by their two letters (ISO 639-1)."""


class KioskTexts(NamedTuple):
    """Everything a kiosk says to the people who pass it, and to staff."""

    faces: Mapping[int, tuple[str, ...]]
    skip: str
    languages: str
    no_script: str
    staff: str
    hold: str
    pin: str
    wrong_pin: str
    erase_digit: str
    unlock: str
    back: str
    waiting: str
    refused: str
    leave: str
    closed: str
    start: str


TEXTS = {
    "en": KioskTexts(
        faces={
            3: ("Dissatisfied", "Neutral", "Satisfied"),
            5: ("Very dissatisfied", "Dissatisfied", "Neutral", "Satisfied", "Very satisfied"),
        },
        skip="Skip",
        languages="Language",
        no_script="This terminal needs JavaScript. Please switch it on in the browser's settings.",
        staff="For staff",
        hold="For staff: hold for three seconds",
        pin="PIN",
        wrong_pin="That is not the PIN.",
        erase_digit="Delete the last digit",
        unlock="Open",
        back="Back to the question",
        waiting="Answers waiting to be sent:",
        refused="Answers are being refused, and kept until that is put right. Status:",
        leave="Leave full screen",
        closed="This terminal is closed.",
        start="Start again",
    ),
    "de": KioskTexts(
        faces={
            3: ("Unzufrieden", "Teils, teils", "Zufrieden"),
            5: ("Sehr unzufrieden", "Unzufrieden", "Teils, teils", "Zufrieden", "Sehr zufrieden"),
        },
        skip="Überspringen",
        languages="Sprache",
        no_script="Dieses Terminal braucht JavaScript. Bitte schalten Sie es in den Einstellungen des Browsers ein.",
        staff="Für das Personal",
        hold="Für das Personal: drei Sekunden gedrückt halten",
        pin="PIN",
        wrong_pin="Das ist nicht die PIN.",
        erase_digit="Letzte Ziffer löschen",
        unlock="Öffnen",
        back="Zurück zur Frage",
        waiting="Antworten, die noch zu senden sind:",
        refused="Antworten werden abgelehnt und aufgehoben, bis das behoben ist. Status:",
        leave="Vollbild verlassen",
        closed="Dieses Terminal ist geschlossen.",
        start="Neu beginnen",
    ),
}


def kiosk_texts_in(locale: str) -> KioskTexts:
    """Our words in a survey's language, or else in English."""
    return TEXTS[spoken((locale,), TEXTS)]


def direction(locale: str) -> str:
    """Which way a language is written, as HTML's `dir` wants it."""
    return "rtl" if locale.split("-", maxsplit=1)[0] in RIGHT_TO_LEFT else "ltr"
