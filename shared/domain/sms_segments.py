"""How many SMS a text takes, exactly, and which of its characters make it more.

3GPP TS 23.038: 160 septets of GSM-7 fit in one SMS, and 153 in each of several, which carry a header; one character
that GSM-7 has not makes all of it UCS-2, with 70 and 67 units. Characters of GSM-7's extension take two septets and
those beyond the Basic Multilingual Plane two units, and no pair is split over two SMS: dividing the sum is wrong.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from shared.domain.phones import PLAIN, composed, plain_text

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = frozenset("\f^{}\\[~]|€")


class Alphabet(StrEnum):
    """How an SMS is encoded."""

    GSM_7 = "gsm_7"
    UCS_2 = "ucs_2"


class SmsSize(NamedTuple):
    """How long a text is as SMS.

    Args:
        segments: How many SMS it takes, each of which is paid for.
        alphabet: How it is encoded.
        units: Septets or 16-bit units, without headers and without what stays empty at the end of an SMS.
    """

    segments: int
    alphabet: Alphabet
    units: int


def sms_size(text: str) -> SmsSize:
    """How many SMS a text takes."""
    if _BASIC.issuperset(text) or (_BASIC | _EXTENSION).issuperset(text):
        alphabet, alone, joined = Alphabet.GSM_7, 160, 153
        sizes = [2 if character in _EXTENSION else 1 for character in text]
    else:
        alphabet, alone, joined = Alphabet.UCS_2, 70, 67
        sizes = [2 if ord(character) > 0xFFFF else 1 for character in text]
    units = sum(sizes)
    if units <= alone:
        return SmsSize(1, alphabet, units)
    segments, room = 1, joined
    for size in sizes:
        if size > room:
            segments, room = segments + 1, joined
        room -= size
    return SmsSize(segments, alphabet, units)


class SmsReport(NamedTuple):
    """What becomes of a text as SMS.

    Args:
        body: As it is sent.
        size: How long that is.
        replaced: Each character that was written otherwise for the sake of the alphabet, and as what.
        foreign: Each character that has no such replacement, and for which all of it is UCS-2.
        size_without: How long it would be if those were characters of GSM-7.
    """

    body: str
    size: SmsSize
    replaced: tuple[tuple[str, str], ...]
    foreign: tuple[str, ...]
    size_without: SmsSize

    @property
    def extra_segments(self) -> int:
        """How many SMS more those characters cost."""
        return self.size.segments - self.size_without.segments


def sms_report(text: str) -> SmsReport:
    """Transliterate a text as it is when it is sent, and say what that did and what it could not."""
    body = plain_text(text)
    written = dict.fromkeys(character for character in composed(text) if ord(character) in PLAIN)
    foreign = dict.fromkeys(character for character in body if character not in _BASIC | _EXTENSION)
    return SmsReport(
        body=body,
        size=sms_size(body),
        replaced=tuple((character, PLAIN[ord(character)] or "") for character in written),
        foreign=tuple(foreign),
        size_without=sms_size("".join("?" if character in foreign else character for character in body)),
    )
