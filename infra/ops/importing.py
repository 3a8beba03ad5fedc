"""Answers of another system, sent through our API: each counts once, and what is refused is said with its line."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from http import HTTPStatus
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

from infra.client import ApiAnswer
from infra.ops.delighted import REJECTED, Row

AHEAD = 4
"""Rows for each connection that are read before their answers are in: memory does not grow with the file."""

REFUSALS = {
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.CONFLICT,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
}
"""What is wrong with one row only: an address or a key that is wrong is never 400."""


class ImportStopped(Exception):  # noqa: N818  what happened, in words
    """Nothing more would go through; what was imported is imported, and the same command again goes on."""


class Api(Protocol):
    """Sends one answer."""

    def __call__(self, row: Row, /) -> ApiAnswer:
        """What the API answered."""
        ...


@dataclass
class Imported:
    """What became of the rows."""

    rows: int = 0
    imported: int = 0
    refused: int = 0


def import_rows(
    rows: Iterable[Row],
    api: Api,
    refused: Callable[[Row, str], None],
    *,
    connections: int,
    progress: Callable[[Imported], None] = lambda _: None,
) -> Imported:
    """Send each row that is an answer; the others, and those the API refuses, are told and left out.

    Args:
        rows: The rows.
        api: Where they go.
        refused: Told of each row that is left out, and why, in the order of the file.
        connections: How many go at once.
        progress: Told after each row.

    Raises:
        ImportStopped: the key or the survey is wrong, so that no row would go through.
        infra.client.NoAnswer: the API was away for too long.
    """
    outcome = Imported()
    with ThreadPoolExecutor(connections) as pool:
        waiting: list[tuple[Row, Future[ApiAnswer] | None]] = []
        source = iter(rows)
        try:
            while True:
                fresh = islice(source, connections * AHEAD - len(waiting))
                waiting += [(row, None if row.body is None else pool.submit(api, row)) for row in fresh]
                if not waiting:
                    return outcome
                row, answer = waiting.pop(0)
                reason = row.refusal if answer is None else _reason(answer.result())
                outcome.rows += 1
                if reason:
                    outcome.refused += 1
                    refused(row, reason)
                else:
                    outcome.imported += 1
                progress(outcome)
        finally:
            for _, answer in waiting:
                if answer is not None:
                    answer.cancel()


def _reason(answer: ApiAnswer) -> str:
    """Why a row was refused; empty if it was taken."""
    if answer.status in {HTTPStatus.OK, HTTPStatus.CREATED}:
        return ""
    said: Any = answer.body if isinstance(answer.body, dict) else {}
    detail = str(said.get("detail") or said.get("message") or answer.body)
    if answer.status in REFUSALS:
        return "; ".join(f"{path} {', '.join(told)}" for path, told in (said.get("errors") or {}).items()) or detail
    raise ImportStopped(f"The API answered {answer.status}: {detail}")


class Rejects:
    """The rows that were left out, in a file that only its owner may read: made when there is one.

    Args:
        file: Where they go; an older one is replaced.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self._open: Any = None
        self._writer: Any = None

    def __call__(self, row: Row, reason: str) -> None:
        """Keep one row, with its line and the reason."""
        if self._writer is None:
            descriptor = os.open(self.file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            self._open = os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape", newline="")
            self._writer = csv.writer(self._open)
            self._writer.writerow([*REJECTED, *row.cells])
        self._writer.writerow([row.line, reason, *row.cells.values()])

    def __enter__(self) -> Rejects:
        return self

    def __exit__(self, *_: object) -> None:
        if self._open is not None:
            self._open.close()


def lines(file: Path, *, errors: str = "strict") -> Iterator[str]:
    """The lines of a text file with their ends, as CSV wants them.

    Args:
        file: The file.
        errors: What becomes of bytes that are not UTF-8, as `open` takes it.

    Raises:
        OSError: it can not be read.
        UnicodeError: it is not UTF-8, and `errors` is strict.
    """
    with file.open(encoding="utf-8-sig", errors=errors, newline="") as text:
        yield from text
