"""Which language somebody reads, as their browser says."""

from __future__ import annotations

import re
from collections.abc import Collection

MAX_LANGUAGES = 10
"""Languages of a header that are looked at; browsers send up to six."""
DEFAULT_LANGUAGE = "en"

_LANGUAGE = re.compile(r"\s*([A-Za-z]{2,3})(?:[-_]([A-Za-z]{2}))?\b[^;]*(?:;\s*q=([01](?:\.\d{0,3})?))?\s*")


def accepted_languages(header: str) -> tuple[str, ...]:
    """The languages of an Accept-Language header (RFC 9110, 12.5.4), the best liked first: `de-AT`, then `en`."""
    liked = []
    for part in header.split(",")[:MAX_LANGUAGES]:
        if match := _LANGUAGE.fullmatch(part):
            language, region, quality = match.groups()
            weight = float(quality or 1)
            if 0 < weight <= 1:
                liked.append((-weight, language.lower() + (f"-{region.upper()}" if region else "")))
    return tuple(locale for _, locale in sorted(liked, key=lambda item: item[0]))


def spoken(preferred: tuple[str, ...], languages: Collection[str]) -> str:
    """The first of the preferred locales whose language is among these, else English."""
    wanted = (locale.split("-")[0] for locale in preferred)
    return next((language for language in wanted if language in languages), DEFAULT_LANGUAGE)
