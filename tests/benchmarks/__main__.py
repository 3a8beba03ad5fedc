"""`make bench`: what we promise about cost and speed, measured here; fails if a `must` does not hold."""

from __future__ import annotations

import logging
import os
import platform
import sys
import warnings
from collections.abc import Iterator
from contextlib import redirect_stdout
from io import StringIO
from typing import NamedTuple

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from tests.benchmarks.counted import (
    calls_per_accepted_answer,
    counting,
    dollars_for_events,
    dollars_per_million,
    queued_batch,
    read_units_of_a_month,
)
from tests.benchmarks.timed import Spread, microseconds_of_record, started, widget_bytes
from tests.infra.cloudformation import ROOT

ROUNDS = 15
HEADINGS = ("what", "measured", "must", "aim", "verdict")
BEGIN, END = "<!-- measured -->", "<!-- end of measured -->"


class Row(NamedTuple):
    """One number: what it is, what was measured, what it must not exceed, what we aim at."""

    what: str
    measured: float
    must: float
    aim: float
    spread: Spread | None = None

    @property
    def verdict(self) -> str:
        """Whether the promise holds, and whether the aim is reached."""
        return "aim" if self.measured <= self.aim else "holds" if self.measured <= self.must else "BROKEN"

    @property
    def cells(self) -> tuple[str, ...]:
        """The row as text."""
        between = f" ({self.spread.low:.2f}-{self.spread.high:.2f})" if self.spread else ""
        return self.what, f"{self.measured:,.2f}{between}", f"{self.must:,g}", f"{self.aim:,g}", self.verdict


def rows() -> Iterator[Row]:
    """Every number, one after the other."""
    yield Row("AWS calls per accepted answer, public path", calls_per_accepted_answer(), 1, 1)
    for batch, must, aim in ((84, 2.5, 2.2), (1, 12, 8)):
        count = counting(batch)
        yield Row(f"write units per answer, 3 x 5 breakdowns, batch of {batch}", count.write_units / batch, must, aim)
        yield Row(f"calls per transaction of nps_calc, batch of {batch}", count.calls / count.transactions, 3, 2)
    for answers in (150, 1500):
        units, queries = read_units_of_a_month(answers)
        yield Row(f"read units of 30 days of metrics, {answers} answers", units, 10, 4)
        yield Row(f"Queries of 30 days of metrics, {answers} answers", queries, 1, 1)
    yield Row("CPU of record per answer, batch of 84, us", microseconds_of_record(queued_batch(84), 50), 100, 30)
    door = started(ROUNDS)
    for what, spread, must, aim in (
        ("init of survey_ingest / of a bare SQS client", door.init, 1.0, 0.8),
        ("first answer of survey_ingest / init of a bare SQS client", door.first, 0.06, 0.04),
        ("init of survey_ingest / of the peer", door.init_to_peer, 0.6, 0.5),
        ("init and first answer / of the peer", door.first_to_peer, 0.6, 0.5),
        ("CPU of a warm answer / of the peer", door.warm_to_peer, 0.2, 0.15),
    ):
        yield Row(what, spread.median, must, aim, spread)
    yield Row("Python calls of a warm answer", door.calls, 1500, 1300)
    yield Row("Python calls of a warm answer / of the peer", door.calls_to_peer, 0.12, 0.08)
    yield Row("dollars per million answers, batch of 84", dollars_per_million(84), 3.5, 3)
    told = counting(84)
    yield Row("calls to the event bus per answer, batch of 84", told.event_calls / told.answers, 0.25, 0.2)
    yield Row("dollars per million answers for their events", dollars_for_events(told), 2, 2)
    yield Row("widget, bytes gzipped", widget_bytes(), 5 * 1024, 4 * 1024)


def main() -> int:
    """Print the table, and write it to docs/benchmarks.md if asked; 1 if a number is above what it must not exceed."""
    console = Console()
    logging.disable(logging.CRITICAL)
    warnings.filterwarnings("ignore", message="No application metrics to publish")
    # The functions write their metrics to standard output.
    with console.status("measuring"), redirect_stdout(StringIO()):
        measured = list(rows())
    table = Table(*HEADINGS, box=SIMPLE)
    table.columns[0].no_wrap = True
    for column in table.columns[1:4]:
        column.justify = "right"
    for row in measured:
        table.add_row(*row.cells, style="red" if row.verdict == "BROKEN" else None)
    console.print(table)
    if "--write" in sys.argv:
        write(measured)
    return 1 if any(row.verdict == "BROKEN" for row in measured) else 0


def write(measured: list[Row]) -> None:
    """Put the table into docs/benchmarks.md, between its marks."""
    lines = [HEADINGS, ("---", "---:", "---:", "---:", "---"), *(row.cells for row in measured)]
    rendered = "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
    machine = f"{os.cpu_count()} cores, {platform.system()}, CPython {platform.python_version()}"
    path = ROOT / "docs" / "benchmarks.md"
    before, _, rest = path.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    path.write_text(f"{before}{BEGIN}\nMeasured on {machine}.\n\n{rendered}\n{END}{after}")


if __name__ == "__main__":
    sys.exit(main())
