"""How many SMS a text takes, told independently of the code that writes them."""

from __future__ import annotations

GSM_7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
    "^{}\\[~]|€"
)
"""The basic alphabet of 3GPP TS 23.038 with its extension: German fits, a typographic apostrophe does not."""


def segments(text: str) -> int:
    """How many SMS a text takes: 160 characters of GSM-7 in one or 153 in each of several, else 70 or 67 of UCS-2.

    A character of the extension takes two, one beyond the Basic Multilingual Plane two of UCS-2; no pair is split.
    """
    if set(text) <= GSM_7:
        sizes = [2 if character in "^{}\\[~]|€" else 1 for character in text]
        alone, joined = 160, 153
    else:
        sizes = [2 if ord(character) > 0xFFFF else 1 for character in text]
        alone, joined = 70, 67
    if sum(sizes) <= alone:
        return 1
    parts, room = 1, joined
    for size in sizes:
        if size > room:
            parts, room = parts + 1, joined
        room -= size
    return parts
