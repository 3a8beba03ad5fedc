"""A Delighted export of survey responses, row by row, as answers that our API takes.

Delighted's exports were not all alike: a column per field of its API, a column per property of its people, and headers
in words. So a header is read without regard to case and punctuation, under each name that the field is known by, and
what is no field is a property of the person, as it was there.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import NamedTuple
from uuid import UUID, uuid5

from infra.ops.csv_records import OpenQuoteError, Record, records

NAMESPACE = UUID("2f1a5a0e-8d7b-4c6e-9a39-61d0c4f2b8e5")
"""Under which a row becomes a response id: the same row is the same answer, however often it is imported."""

FIELDS: Mapping[str, tuple[str, ...]] = {
    "id": ("id", "response_id", "survey_response_id"),
    "score": ("score", "rating", "nps_score"),
    "comment": ("comment", "comments", "feedback"),
    "created_at": ("created_at", "response_created_at", "responded_at", "response_time", "survey_response_time"),
    "email": ("email", "person_email", "email_address"),
    "phone_number": ("phone_number", "phone", "person_phone_number"),
    "name": ("name", "person_name"),
}
"""Each field, and the headers it is known by."""
UNUSED = {"person", "person_id", "survey_type", "permalink", "updated_at", "notes", "tags"}
"""Headers of what has no meaning outside Delighted, or no place here."""


REJECTED = ("line", "reason")
"""The first two headers of a file of refused rows, which may be mended and imported like any other."""

NOT_UTF_8 = re.compile(r"[\udc80-\udcff]")
"""A byte that was none, as Python's `surrogateescape` reads it."""


class ImportFileError(Exception):
    """The file is no export of responses, or not from some line on; the message says why."""


class Row(NamedTuple):
    """One row.

    Args:
        line: The line it begins on; the first after the header is usually 2.
        cells: What stands in it, by header.
        body: The answer, as the API takes it; None if the row is none.
        refusal: Why it is none.
    """

    line: int
    cells: Mapping[str, str]
    body: Mapping[str, object] | None
    refusal: str = ""


class _NoAnswerInRow(Exception):  # noqa: N818  what it is, in words
    """A row is no answer; the message says why."""


def columns(header: Iterable[str], named: Mapping[str, str]) -> dict[str, str]:
    """The header of each field that the file has.

    Args:
        header: The file's headers.
        named: Headers that were given by hand, by field; they go before the known names.

    Raises:
        ImportFileError: there is no score, a header was given that is not there, or two could be the same field.
    """
    header = list(header)
    found: dict[str, str] = {}
    for field, known in FIELDS.items():
        if field in named:
            if named[field] not in header:
                raise ImportFileError(f"There is no column {named[field]!r}; there are: {', '.join(header)}.")
            found[field] = named[field]
            continue
        matching = [name for name in header if _plain(name) in known and name not in named.values()]
        if len(matching) > 1:
            raise ImportFileError(f"{' and '.join(matching)} could both be the {field}: say --column {field}=HEADER.")
        if matching:
            found[field] = matching[0]
    if "score" not in found:
        raise ImportFileError("No column is the score: name it with --column score=HEADER.")
    return found


def rows(lines: Iterable[str], survey_id: str, named: Mapping[str, str], zone: tzinfo | None) -> Iterator[Row]:
    """Each row of an export, as it is read.

    Args:
        lines: The file's lines, with their ends; bytes that are not UTF-8 as `surrogateescape` reads them.
        survey_id: The survey that the answers are for; one row in two surveys is two answers.
        named: Headers that were given by hand, by field.
        zone: The zone of times that name none; None refuses them.

    Raises:
        ImportFileError: the file as a whole is no export, or has a quote that is never closed.
    """
    source = records(lines)
    try:
        header = _header(next(source, Record(1, [])))
        found = columns(header, named)
        ours = REJECTED if tuple(header[: len(REJECTED)]) == REJECTED else ()
        repeated: Counter[str] = Counter()
        lost = False
        for line, values, fault in source:
            padded = values + [""] * (len(header) - len(values))
            cells = {name: cell for name, cell in zip(header, padded, strict=False) if name not in ours}
            if fault:
                text, *_ = values
                cells = {name: "" if at else text for at, name in enumerate(cells)}
            lost = bool(fault) or (lost and len(values) != len(header))
            reason = fault or _fault(values, len(header), lost=lost)
            yield Row(line, cells, None, reason) if reason else _row(line, cells, found, survey_id, zone, repeated)
    except OpenQuoteError as error:
        raise ImportFileError(f"{error} Close it, and import the file again.") from None


def _header(first: Record) -> list[str]:
    if first.fault:
        raise ImportFileError(f"Line {first.line} {first.fault}.")
    header = [name.lstrip("\ufeff") for name in first.cells]
    if any(NOT_UTF_8.search(name) for name in header):
        raise ImportFileError(f"Line {first.line} is not UTF-8: save the file as that.")
    if len(set(header)) < len(header):
        raise ImportFileError("Two columns have the same header.")
    return header


def _fault(values: Sequence[str], columns: int, *, lost: bool) -> str:
    """Why cells are no row; empty if they are.

    Args:
        values: The cells.
        columns: How many the header has.
        lost: Whether this may be the rest of a row that was no CSV; a row with every cell is not.
    """
    if any(NOT_UTF_8.search(cell) for cell in values):
        return "is not UTF-8"
    if len(values) > columns:
        return "has more cells than the header"
    return "may be the rest of the row above, for it has fewer cells than the header" if lost else ""


def _row(
    line: int,
    cells: Mapping[str, str],
    found: Mapping[str, str],
    survey_id: str,
    zone: tzinfo | None,
    repeated: Counter[str],
) -> Row:
    values = {field: cells[name].strip() for field, name in found.items()}
    properties = {
        _plain(name): cell.strip()
        for name, cell in cells.items()
        if name not in found.values() and _plain(name) not in UNUSED and cell.strip()
    }
    try:
        body: dict[str, object] = {"score": _score(values["score"])}
        if values.get("comment"):
            body["comment"] = values["comment"]
        body["created_at"] = _unix(values.get("created_at", ""), zone)
        person = {name: values[name] for name in ("email", "phone_number") if values.get(name)}
        if person:
            body["person"] = {**person, **({"name": values["name"]} if values.get("name") else {})}
        if properties:
            body["person_properties"] = properties
    except _NoAnswerInRow as refusal:
        return Row(line, cells, None, str(refusal))
    name = values.get("id") or _content(body, repeated)
    response_id = str(uuid5(NAMESPACE, f"{survey_id}\x1f{name}"))
    return Row(line, cells, {"survey": survey_id, "response_id": response_id, "imported": True, **body})


def _content(body: Mapping[str, object], repeated: Counter[str]) -> str:
    """The name of a row without an id: what it says, and the how manieth row it is that says so."""
    content = json.dumps(body, sort_keys=True)
    repeated[content] += 1
    return f"{content}\x1f{repeated[content]}"


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.strip().lower()).strip("_")


def _score(text: str) -> int:
    if not re.fullmatch(r"\d{1,3}", text, re.ASCII):
        raise _NoAnswerInRow("has no whole number as its score" if text else "has no score")
    return int(text)


def _unix(text: str, zone: tzinfo | None) -> int:
    """A time as Unix seconds: those, or ISO 8601, with `UTC` for the zone too."""
    if re.fullmatch(r"\d{9,11}", text, re.ASCII):
        return int(text)
    try:
        instant = datetime.fromisoformat(re.sub(r" ?UTC$", "+00:00", re.sub(r" ([+-]\d\d:?\d\d)$", r"\1", text)))
    except ValueError:
        raise _NoAnswerInRow("has no time that can be read" if text else "has no time") from None
    if instant.tzinfo is None:
        if zone is None:
            raise _NoAnswerInRow("has a time without its zone: say which with --time-zone")
        instant = instant.replace(tzinfo=zone)
    return int(instant.timestamp())
