"""The time zones a phone number may be in: a set, for a mobile number tells its country and often no more.

A Spanish mobile may be on the Canaries, an Australian one in any of eight zones. `number_zones.txt` has the prefixes;
it is read when it is first asked, so that who imports this pays nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import phonenumbers

PREFIXES = Path(__file__).with_name("number_zones.txt")
"""Made by `infra/number_zones.py` from the data of libphonenumber."""


def zones_of_number(number: str) -> tuple[str, ...]:
    """The IANA zones in which a number in E.164 form may be, in alphabetical order; none if nobody can say.

    The rule is libphonenumber's (`PhoneNumberToTimeZonesMapper`): the longest prefix that is known; of a number that
    belongs to no place, such as a toll-free one, all zones of its country code.
    """
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return ()
    kind = phonenumbers.number_type(parsed)
    if kind == phonenumbers.PhoneNumberType.UNKNOWN:
        return ()
    geographical = phonenumbers.phonenumberutil.is_number_type_geographical(kind, parsed.country_code or 0)
    whole = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164).lstrip("+")
    digits = whole if geographical else str(parsed.country_code)
    known = zones_by_prefix()
    longest = next((digits[:length] for length in range(len(digits), 0, -1) if digits[:length] in known), "")
    return known.get(longest, ())


@cache
def zones_by_prefix() -> Mapping[str, tuple[str, ...]]:
    """The zones of every prefix, without the plus sign; a prefix that says nothing new is left out."""
    found: dict[str, tuple[str, ...]] = {}
    for line in PREFIXES.read_text(encoding="ascii").splitlines():
        if not line.startswith("#"):
            zones, _, prefixes = line.partition(": ")
            found.update(dict.fromkeys(prefixes.split(), tuple(zones.split())))
    return found
