"""CSV as it comes: a line that is none is told with its number, and those after it are still read."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple

CELL_MAX = 2**20
"""Characters of a cell; the csv module's own limit of 131,072 is below what people paste."""


class OpenQuoteError(Exception):
    """A quote is opened and never closed, so that nobody knows where the next row begins; the message says where."""


class Record(NamedTuple):
    """One record of the file.

    Args:
        line: The line it begins on, from 1.
        cells: Its cells; of a line that is no CSV, that line as it stands.
        fault: Why it is no CSV; empty if it is.
    """

    line: int
    cells: list[str]
    fault: str = ""


class _Lines:
    """Lines of which those after a faulty one can be read again."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.taken: list[str] = []
        self.at_end = False
        self._fresh = iter(lines)
        self._again: deque[str] = deque()

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        try:
            line = self._again.popleft() if self._again else next(self._fresh)
        except StopIteration:
            self.at_end = True
            raise
        self.taken.append(line)
        return line

    def read_again(self) -> None:
        """Go back to the second line that was taken: the first one is the one with the fault."""
        self._again.extendleft(reversed(self.taken[1:]))
        del self.taken[1:]


def records(lines: Iterable[str]) -> Iterator[Record]:
    """Each record but empty ones. A fault costs its line: the next record is looked for on the one after it.

    Args:
        lines: The file's lines, with their ends.

    Raises:
        OpenQuoteError: a quote is never closed, or not within `CELL_MAX` characters.
    """
    csv.field_size_limit(CELL_MAX)
    source = _Lines(lines)
    reader = csv.reader(source, strict=True)
    line = 1
    while True:
        try:
            cells, fault = next(reader), ""
        except StopIteration:
            return
        except csv.Error as error:
            too_long = sum(map(len, source.taken)) > CELL_MAX
            if source.at_end or (too_long and len(source.taken) > 1):
                raise OpenQuoteError(
                    f"Line {line} opens a quote that is not closed: no row from there on can be told from the next."
                ) from None
            source.read_again()
            cells, fault = [source.taken[0].rstrip("\r\n")], f"is no CSV: {error}"
        if cells:
            yield Record(line, cells, fault)
        line += len(source.taken)
        source.taken.clear()
