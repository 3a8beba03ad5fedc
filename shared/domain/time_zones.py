"""Time zones by their names in the IANA database."""

from __future__ import annotations

from functools import cache
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator


@cache
def time_zones() -> frozenset[str]:
    """Every zone there is; asking walks through the whole time zone database, which takes 10 ms and more."""
    return frozenset(available_timezones())


def _known_zone(name: str) -> str:
    if name not in time_zones():
        raise ValueError("must be a time zone of the IANA database, such as Europe/Berlin")
    return name


TimeZone = Annotated[str, AfterValidator(_known_zone)]
