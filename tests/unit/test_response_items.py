"""The form in which a response is stored: nothing is lost in it, and nothing stands in it twice."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.recording import ABSENT, Stored, Write, write
from shared.domain.responses import Response
from shared.domain.surveys import OTHER
from shared.storage.keys import response_key
from shared.storage.response_items import attributes_of, stored_in
from shared.storage.table import to_item
from tests.fakes.answers import answer

KILOBYTE = 1024
NAMES = ("region", "carrier", "device", "size", "payment", "language", "courier", "hour")


def item(each: Write) -> dict[str, Any]:
    return {**response_key(each.response.response_id), **to_item(attributes_of(each))}


def size(stored: dict[str, Any]) -> int:
    """Names and contents in bytes; there are only strings, truth values and the revision's number."""
    return sum(len(name) + len(str(next(iter(value.values()))).encode()) for name, value in stored.items())


def with_breakdowns(number: int) -> Response:
    declared = {name: f"{name}-4" for name in NAMES[:number]}
    return answer(breakdowns=declared, properties=declared, comment="x" * 500)


TEXTS = st.sampled_from(["phone", "desktop", OTHER])
PARTS = st.dictionaries(st.sampled_from(NAMES[:4]), TEXTS)


@given(breakdowns=PARTS, properties=PARTS)
def test_whatever_the_properties_and_the_breakdowns_are_it_comes_back(
    breakdowns: dict[str, str], properties: dict[str, str]
) -> None:
    response = answer(breakdowns=breakdowns, properties=properties)
    assert stored_in(item(write(response, ABSENT))) == Stored(response, response.counted)


@given(properties=PARTS)
def test_what_the_door_makes_of_properties_comes_back(properties: dict[str, str]) -> None:
    breakdowns = {name: properties.get(name, OTHER) for name in NAMES[:3]}
    response = answer(breakdowns=breakdowns, properties=properties)
    assert stored_in(item(write(response, ABSENT))).response == response


def test_a_value_that_is_counted_stands_in_the_item_once() -> None:
    assert str(item(write(with_breakdowns(8), ABSENT))).count("region-4") == 1


def test_a_comment_of_500_bytes_with_eight_breakdowns_costs_one_kilobyte() -> None:
    assert size(item(write(with_breakdowns(8), ABSENT))) < KILOBYTE


def test_an_item_that_repeats_its_properties_is_read_too() -> None:
    """So were items written before."""
    response = with_breakdowns(3)
    stored = item(Write(response, response.counted, response.model_dump_json(), ABSENT, None))
    del stored["folded"]
    assert stored_in(stored).response == response
