"""The time zones in which a phone number may be."""

from __future__ import annotations

import phonenumbers
import pytest

from infra.number_zones import compact, text_of
from shared.domain.number_zones import PREFIXES, zones_by_prefix, zones_of_number
from shared.domain.time_zones import time_zones


@pytest.mark.parametrize(
    ("number", "zones"),
    [
        ("+4915112345678", ("Europe/Berlin",)),
        ("+436641234567", ("Europe/Vienna",)),
        ("+34600123456", ("Atlantic/Canary", "Europe/Madrid")),
        ("+34922123456", ("Atlantic/Canary",)),
        ("+34911234567", ("Europe/Madrid",)),
        ("+14155550123", ("America/Los_Angeles",)),
    ],
)
def test_a_number_is_in_the_zones_of_its_longest_prefix(number: str, zones: tuple[str, ...]) -> None:
    assert zones_of_number(number) == zones


@pytest.mark.parametrize(
    ("number", "count"), [("+61412345678", 8), ("+79161234567", 16), ("+18002345678", 42), ("+525512345678", 1)]
)
def test_a_number_of_a_wide_country_may_be_in_many(number: str, count: int) -> None:
    assert len(zones_of_number(number)) == count


@pytest.mark.parametrize("number", ["+80012345678", "+999123456789", "+4911", "no number"])
def test_of_a_number_of_no_place_nobody_can_say(number: str) -> None:
    assert zones_of_number(number) == ()


def test_every_zone_of_the_table_is_one_that_we_know() -> None:
    named = {zone for zones in zones_by_prefix().values() for zone in zones}
    assert len(named) > 250
    assert named <= time_zones()


def test_the_table_is_small_and_says_whose_it_is() -> None:
    text = PREFIXES.read_text(encoding="ascii")
    assert len(text) < 40_000
    assert "libphonenumber" in text and "Apache License, Version 2.0" in text


def test_the_table_is_of_the_version_that_reads_it() -> None:
    """A newer one may know prefixes that the table does not: `python -m infra.number_zones` says how to write it."""
    assert f"phonenumbers-{phonenumbers.__version__}." in PREFIXES.read_text(encoding="ascii")


def test_a_prefix_that_says_what_a_shorter_one_says_is_left_out() -> None:
    table = {"1": ("a", "b"), "12": ("a",), "123": ("a",), "1234": ("a", "b"), "13": ("a", "b")}
    left = compact(table)
    assert left == {"1": ("a", "b"), "12": ("a",), "1234": ("a", "b")}
    assert text_of(left, "x-1").endswith("a: 12\na b: 1 1234\n")
