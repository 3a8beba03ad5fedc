"""What an SMS costs at most, known before it is sent.

The prices are upper bounds that we chose, well above what carriers usually charge; they are no price list, and AWS
publishes its own by country, route and month. Each bound is enforced, for it is handed to the provider as `MaxPrice`,
and what would cost more is refused there. A country without a price is refused here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

from shared.domain.brands import Country

Micros = int
"""Millionths of a US dollar: whole numbers add up exactly, also in a table."""
MICROS = 1_000_000
MAX_PRICE = 99 * MICROS
"""End User Messaging takes a MaxPrice of two digits before the point and five after it (its API model)."""
_STEP = 10
"""Five digits after the point, in micros."""

USUAL_PRICES: Mapping[Country, Micros] = MappingProxyType(
    {
        country: int(Decimal(price) * MICROS)
        for price, countries in {
            "0.04": "US CA",
            "0.08": "GB IE PL PT SE DK FI NO LT LV EE CZ",
            "0.12": "CH LI FR ES IT LU SI SK HR HU RO BG GR CY MT IS",
            "0.15": "DE AT BE NL",
        }.items()
        for country in countries.split()
    }
)
"""Per part of a message, by country."""

_ENTRY = re.compile(r"([A-Z]{2})=(\d{1,2}(?:\.\d{1,5})?)")


def prices_from(text: str) -> Mapping[Country, Micros]:
    """The usual prices, with those that ops chose in their place: `DE=0.09,AT=0.08`.

    Raises:
        ValueError: an entry is none.
    """
    chosen: dict[Country, Micros] = {}
    for entry in filter(None, (part.strip() for part in text.split(","))):
        match = _ENTRY.fullmatch(entry)
        if match is None:
            raise ValueError(f"{entry!r} is no price such as DE=0.09")
        chosen[match[1]] = in_micros(Decimal(match[2]))
    return {**USUAL_PRICES, **chosen}


def in_micros(usd: Decimal) -> Micros:
    """An amount in US dollars as a whole number of millionths."""
    return int(usd * MICROS)


def as_max_price(price: Micros) -> str:
    """A price as End User Messaging wants its `MaxPrice`: dollars, rounded up to five digits after the point.

    Raises:
        ValueError: it is more than the service takes.
    """
    if price > MAX_PRICE:
        raise ValueError("no SMS may cost so much")
    steps = -(-price // _STEP)
    whole, fraction = divmod(steps, MICROS // _STEP)
    return f"{whole}.{fraction:05d}"
