"""`make bench`: what we promise about cost and speed, measured here; fails if a `must` does not hold."""

from __future__ import annotations

import logging
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
    queued_batch,
    read_units_of_a_month,
)
from tests.benchmarks.timed import init_ratio, microseconds_of_record, widget_bytes


class Row(NamedTuple):
    """One number: what it is, what was measured, what it must not exceed, what we aim at."""

    what: str
    measured: float
    must: float
    aim: float


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
    yield Row("init of survey_ingest / of a bare SQS client", init_ratio(15), 1.0, 0.8)
    yield Row("widget, bytes gzipped", widget_bytes(), 5 * 1024, 4 * 1024)


def main() -> int:
    """Print the table; 1 if a number is above what it must not exceed."""
    console = Console()
    logging.disable(logging.CRITICAL)
    warnings.filterwarnings("ignore", message="No application metrics to publish")
    table = Table("what", "measured", "must", "aim", "", box=SIMPLE)
    table.columns[0].no_wrap = True
    for column in table.columns[1:4]:
        column.justify = "right"
    broken = False
    # The functions write their metrics to standard output.
    with console.status("measuring"), redirect_stdout(StringIO()):
        measured = list(rows())
    for row in measured:
        holds = row.measured <= row.must
        broken = broken or not holds
        verdict = "aim" if row.measured <= row.aim else "holds" if holds else "[red]BROKEN[/red]"
        table.add_row(row.what, f"{row.measured:,.2f}", f"{row.must:,g}", f"{row.aim:,g}", verdict)
    console.print(table)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
