"""A Delighted export is read row by row: what is an answer, which one it is, and why a row is none."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from infra.ops.csv_records import CELL_MAX
from infra.ops.delighted import ImportFileError, Row, rows

HEADER = "ID,Score,Comment,Email,Name,Created At,Country"
ADA = "101,10,Great,ada@example.com,Ada,2024-04-18 05:34:20 UTC,DE"


def read(
    *lines: str,
    header: str = HEADER,
    survey: str = "shop",
    named: Mapping[str, str] | None = None,
    zone: tzinfo | None = None,
) -> list[Row]:
    text = io.StringIO("".join(f"{line}\r\n" for line in (header, *lines)), newline="")
    return list(rows(text, survey, named or {}, zone))


def body(*lines: str, **options: Any) -> Mapping[str, object]:
    """The answer in the only row."""
    (row,) = read(*lines, **options)
    assert row.body is not None, row.refusal
    return row.body


def refusal(*lines: str, **options: Any) -> str:
    """Why the only row is no answer."""
    (row,) = read(*lines, **options)
    assert row.body is None
    return row.refusal


def test_a_row_becomes_the_answer_that_the_api_takes() -> None:
    answer = dict(body(ADA))
    answer.pop("response_id")
    assert answer == {
        "survey": "shop",
        "imported": True,
        "score": 10,
        "comment": "Great",
        "created_at": 1713418460,
        "person": {"email": "ada@example.com", "name": "Ada"},
        "person_properties": {"country": "DE"},
    }


def test_the_same_row_is_the_same_answer_wherever_it_stands() -> None:
    other = "7,3,,,,2024-04-18 05:34:20 UTC,"
    once, again = read(ADA)[0], read(other, ADA)[1]
    assert once.body == again.body


def test_an_id_names_the_answer_within_its_survey() -> None:
    changed = body("101,2,Other,,,2024-04-18 05:34:20 UTC,")
    assert changed["response_id"] == body(ADA)["response_id"]
    assert body(ADA, survey="other")["response_id"] != body(ADA)["response_id"]


def test_rows_without_an_id_are_named_by_what_they_say_and_equal_ones_count_each() -> None:
    header, nine, ten = "Score,Created At", "9,1713418460", "10,1713418460"
    first = [row.body["response_id"] for row in read(nine, nine, ten, header=header) if row.body]
    second = [row.body["response_id"] for row in read(ten, nine, nine, header=header) if row.body]
    assert len(set(first)) == 3
    assert set(first) == set(second)


@pytest.mark.parametrize(
    ("text", "unix"),
    [
        ("1713418460", 1713418460),
        ("2024-04-18 05:34:20 UTC", 1713418460),
        ("2024-04-18T05:34:20Z", 1713418460),
        ("2024-04-18 07:34:20 +0200", 1713418460),
        ("2024-04-17T22:34:20-07:00", 1713418460),
    ],
)
def test_times_are_read_as_unix_seconds_or_iso(text: str, unix: int) -> None:
    assert body(f"1,9,,,,{text},")["created_at"] == unix


def test_a_time_without_a_zone_needs_one() -> None:
    line = "1,9,,,,2024-04-18 07:34:20,"
    assert "--time-zone" in refusal(line)
    assert body(line, zone=ZoneInfo("Europe/Berlin"))["created_at"] == 1713418460


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("1,,,,,1713418460,", "has no score"),
        ("1,9.0,,,,1713418460,", "has no whole number as its score"),
        ("1,-1,,,,1713418460,", "has no whole number as its score"),
        ("1,nine,,,,1713418460,", "has no whole number as its score"),
        ("1,٩,,,,1713418460,", "has no whole number as its score"),
        ("1,9,,,,,", "has no time"),
        ("1,9,,,,yesterday,", "has no time that can be read"),
        ("1,9,,,,1713418460,DE,more", "has more cells than the header"),
    ],
)
def test_a_row_that_is_no_answer_says_why(line: str, reason: str) -> None:
    assert refusal(line) == reason


def test_a_refused_row_does_not_end_the_file_and_keeps_its_line() -> None:
    two_lines = '1,9,"first\r\nsecond",,,1713418460,'
    found = read(two_lines, "2,,,,,1713418460,", ADA)
    assert [(row.line, row.body is not None) for row in found] == [(2, True), (4, False), (5, True)]
    assert found[0].body and found[0].body["comment"] == "first\r\nsecond"


def test_headers_are_read_without_regard_to_case_and_punctuation() -> None:
    answer = body("9,1713418460,ada@example.com,a", header="\ufeffSCORE,created_at,Person Email,Permalink")
    assert answer["person"] == {"email": "ada@example.com"}
    assert "person_properties" not in answer


def test_a_column_can_be_named_by_hand() -> None:
    answer = body("3,9,1713418460", header="Score,How likely?,Created At", named={"score": "How likely?"})
    assert answer["score"] == 9
    assert answer["person_properties"] == {"score": "3"}


@pytest.mark.parametrize(
    ("header", "named"),
    [
        ("Comment,Created At", {}),
        ("Score,Rating,Created At", {}),
        ("Score,Score,Created At", {}),
        ("Score,Created At", {"comment": "Words"}),
        ("", {}),
    ],
)
def test_a_file_that_is_no_export_is_refused_as_a_whole(header: str, named: dict[str, str]) -> None:
    with pytest.raises(ImportFileError):
        read("1,2,3", header=header, named=named)


def test_a_row_that_is_no_csv_is_refused_with_its_line_and_the_rest_is_read() -> None:
    broken = '1,9,"say "no" to it",,,1713418460,'
    first, second, third = read(ADA, broken, ADA)
    assert (first.line, third.line) == (2, 4)
    assert first.body is not None
    assert third.body is not None
    assert (second.line, second.body, second.cells["ID"]) == (3, None, broken)
    assert second.refusal.startswith("is no CSV: ")


def test_the_rows_between_an_open_quote_and_the_next_quote_are_read() -> None:
    found = read('1,9,"never closed,,,1713418460,', "2,8,,,,1713418460,", '3,7,"fine",,,1713418460,')
    assert [(row.line, row.cells["ID"][:2], row.body is not None) for row in found] == [
        (2, "1,", False),
        (3, "2", True),
        (4, "3", True),
    ]


def test_the_rest_of_a_row_that_is_no_csv_is_no_answer() -> None:
    found = read('1,9,"he said "no"', '2,8,and more",,,1713418460', ADA, "3,7,,,,1713418460")
    assert [(row.line, row.body is not None) for row in found] == [(2, False), (3, False), (4, True), (5, True)]
    assert "rest of the row above" in found[1].refusal


def test_a_quote_that_is_never_closed_ends_the_file_and_says_where_it_opens() -> None:
    text = "\r\n".join((HEADER, ADA, '1,9,"never closed,,,1713418460,', "2,8,,,,1713418460,"))
    found = rows(io.StringIO(text, newline=""), "shop", {}, None)
    assert next(found).body is not None
    with pytest.raises(ImportFileError, match="Line 3 opens a quote"):
        next(found)


def test_a_quote_that_swallows_too_much_ends_the_file_before_it_fills_the_memory() -> None:
    with pytest.raises(ImportFileError, match="Line 2 opens a quote"):
        read('1,9,"never closed', *["x" * 1000] * (CELL_MAX // 1000 + 1), '"')


def test_a_long_comment_is_read_and_a_far_too_long_one_is_refused() -> None:
    assert len(str(body(f"1,9,{'x' * 200_000},,,1713418460,")["comment"])) == 200_000
    found = read(f"1,9,{'x' * (CELL_MAX + 1)},,,1713418460,", ADA)
    assert [(row.line, row.body is not None) for row in found] == [(2, False), (3, True)]


def test_a_row_that_is_not_utf_8_is_refused_and_the_rest_is_read() -> None:
    latin = b"1,9,sch\xf6n,,,1713418460,".decode(errors="surrogateescape")
    found = read(latin, ADA)
    assert [(row.line, row.refusal) for row in found] == [(2, "is not UTF-8"), (3, "")]


@pytest.mark.parametrize(
    "header", [HEADER.encode("utf-16"), b"Score,Created At,Gr\xf6\xdfe"], ids=["UTF-16", "Latin-1"]
)
def test_a_header_that_is_not_utf_8_is_said(header: bytes) -> None:
    with pytest.raises(ImportFileError, match="UTF-8"):
        read(ADA, header=header.decode(errors="surrogateescape"))


def test_a_file_of_refused_rows_is_an_export_too() -> None:
    mended = body(f"7,has no score,{ADA}", header=f"line,reason,{HEADER}")
    assert mended == body(ADA)
