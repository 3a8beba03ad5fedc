"""The types that every model shares."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from pydantic import TypeAdapter, ValidationError

from shared.domain.base import Frozen, Identifier, Instant, Line, ResponseId, digest, iso

CANONICAL = "0190f3c2-7c1e-7d2b-9d3a-5b1f8a2c4e6d"


@pytest.mark.parametrize("identifier", ["order-1", "A", "2026.11_22:7", "x" * 128])
def test_an_identifier_stands_in_a_path_and_in_a_key(identifier: str) -> None:
    assert TypeAdapter(Identifier).validate_python(identifier) == identifier


@pytest.mark.parametrize("identifier", ["", "a/b", "a#b", "a b", "-a", "a\n", "ä", "x" * 129, "a\x1fb"])
def test_what_would_break_a_path_or_a_key_is_no_identifier(identifier: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Identifier).validate_python(identifier)


@pytest.mark.parametrize("written", [CANONICAL, CANONICAL.upper(), CANONICAL.replace("-", ""), f"{{{CANONICAL}}}"])
def test_a_response_id_is_one_however_it_is_written(written: str) -> None:
    assert TypeAdapter(ResponseId).validate_python(written) == CANONICAL


@pytest.mark.parametrize("written", ["", "1", CANONICAL[:-1], CANONICAL + "0", 7, None, b"x" * 16])
def test_what_is_no_uuid_is_no_response_id(written: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(ResponseId).validate_python(written)


def test_a_line_is_stripped() -> None:
    assert TypeAdapter(Line).validate_python("  Petits Pains \n") == "Petits Pains"


@pytest.mark.parametrize("written", ["", "  ", "Shop\r\nBcc: everybody@example.com", "a\x00b", "a\x7fb", "x" * 201])
def test_a_line_has_no_breaks_for_it_stands_in_headers(written: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Line).validate_python(written)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Instant).validate_python("2026-03-29T02:30:00")


def test_a_digest_tells_its_parts_apart() -> None:
    assert len({digest("a", "bc"), digest("ab", "c"), digest("abc"), digest("a", "b", "c")}) == 4
    assert digest("a", "bc") == digest("a", "bc")
    assert len(digest("a")) == 32


def test_instants_as_text_sort_as_they_happened() -> None:
    tokyo = timezone(timedelta(hours=9))
    instants = [datetime(2026, 3, 29, 9, 0, tzinfo=tokyo), datetime(2026, 3, 29, 0, 0, 0, 1000, UTC)]
    instants.append(datetime(2026, 3, 29, 1, 0, tzinfo=UTC))
    assert iso(instants[0]) == "2026-03-29T00:00:00.000Z"
    assert sorted(iso(each) for each in instants) == [iso(each) for each in instants]


def test_a_value_can_not_be_changed_and_refuses_what_it_does_not_know() -> None:
    class Value(Frozen):
        name: str

    with pytest.raises(ValidationError):
        Value(name="a").name = "b"  # type: ignore[misc]
    with pytest.raises(ValidationError):
        Value.model_validate({"name": "a", "other": 1})


def test_a_refusal_quotes_nothing_of_what_was_sent() -> None:
    class Value(Frozen):
        age: int

    with pytest.raises(ValidationError) as refused:
        Value.model_validate({"age": "ada@example.com"})
    assert "ada@example.com" not in str(refused.value)
