"""Phone numbers: which country one belongs to, and what its text messages can carry."""

from __future__ import annotations

import unicodedata

import phonenumbers


def country_of(number: str) -> str | None:
    """The ISO code of the country of a number in E.164 form; None if no country has such a number."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return None
    return phonenumbers.region_code_for_number(parsed) if phonenumbers.is_valid_number(parsed) else None


def masked_phone(number: str) -> str:
    """A number that its owner recognises and nobody else learns: `+49 … 678`."""
    try:
        code = f"+{phonenumbers.parse(number).country_code} "
    except phonenumbers.NumberParseException:
        code = ""
    return f"{code}… {number[-3:]}"


PLAIN: dict[int, str | None] = str.maketrans(
    {
        # Quotation marks, single and double
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u0060\u00b4", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb", '"'),
        # Hyphens and dashes
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
        # Spaces of other widths, and characters of none
        **dict.fromkeys("\u00a0\u2007\u2009\u202f\t", " "),
        **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\u00ad"),
        "\u2026": "...",
        "\u2022": "-",
    }
)
"""Typographic characters, by code point, and how the SMS alphabet writes them; None for those of no width."""


def composed(text: str) -> str:
    """The text with each letter and its accent as one character (NFC), as keyboards other than Apple's write it."""
    return unicodedata.normalize("NFC", text)


def plain_text(text: str) -> str:
    """The text with typographic characters as the SMS alphabet has them (GSM-7, 3GPP TS 23.038).

    One character that it has not cuts what fits in an SMS from 160 characters to 70. German umlauts it has.
    """
    return composed(text).translate(PLAIN)
