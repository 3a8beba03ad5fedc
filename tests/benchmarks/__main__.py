"""`make bench`: what we promise about cost and speed, measured here; fails if a `must` does not hold."""

from __future__ import annotations

import logging
import math
import os
import platform
import re
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import NamedTuple

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from shared.texts.rendering import Texts
from tests.benchmarks.counted import (
    MANY,
    WIDE,
    calls_per_accepted_answer,
    counting,
    dollars_for_events,
    dollars_per_million,
    peer_count,
    queued_batch,
    read_units_of_a_month,
    views_counted,
)
from tests.benchmarks.growth import Read, checked, months_of_metrics, recounted
from tests.benchmarks.messages import message_count, microseconds_of_rendering
from tests.benchmarks.slips import slip_units
from tests.benchmarks.timed import Spread, microseconds_of_record, started
from tests.benchmarks.vans import van_costs
from tests.benchmarks.widget import PUBLISHED, widget_bytes, widget_cost
from tests.infra.cloudformation import ROOT

ROUNDS = 15
GROWTH = (1_000, 10_000, 100_000, 1_000_000)
STOPS = 120
"""Stops of the van that is followed: a day's work."""
CHECKED = (10_000, 100_000)
"""Answers of a day that is read and checked; both are more pages than are in memory at a time."""
LOG_WIDTH = 130
HEADINGS = ("what", "measured", "must", "aim", "verdict")
BEGIN, END = "<!-- measured -->", "<!-- end of measured -->"


class Row(NamedTuple):
    """One number: what it is, what was measured, what it must not exceed, what we aim at.

    One that has no must stands there to compare with.
    """

    what: str
    measured: float
    must: float = math.inf
    aim: float = -math.inf
    spread: Spread | None = None

    @property
    def verdict(self) -> str:
        """Whether the promise holds, and whether the aim is reached."""
        if self.must == math.inf:
            return "compare"
        return "aim" if self.measured <= self.aim else "holds" if self.measured <= self.must else "BROKEN"

    @property
    def cells(self) -> tuple[str, ...]:
        """The row as text."""
        between = f" ({self.spread.low:.2f}-{self.spread.high:.2f})" if self.spread else ""
        limits = (f"{limit:,g}" if math.isfinite(limit) else "" for limit in (self.must, self.aim))
        return self.what, f"{self.measured:,.2f}{between}", *limits, self.verdict


def rows() -> Iterator[Row]:
    """Every number, one after the other."""
    yield from of_the_door()
    yield from of_writing()
    yield from of_views()
    yield from of_vans()

    yield from of_messages()
    yield from of_reading()
    yield from of_growth()
    yield Row("CPU of record per answer, batch of 84, us", microseconds_of_record(queued_batch(84), 50), 100, 30)
    told = counting(84)
    yield Row("dollars per million answers, batch of 84", dollars_per_million(told), 5, 4)
    yield Row("dollars per million answers, batch of 1", dollars_per_million(counting(1)), 11, 9)
    yield Row("dollars per million answers, the peer", dollars_per_million(peer_count()))
    yield Row("calls to the event bus per answer, batch of 84", told.event_calls / told.answers, 0.25, 0.2)
    yield Row("dollars per million answers for their events", dollars_for_events(told), 2, 2)
    yield from of_the_widget()


def of_the_widget() -> Iterator[Row]:
    """What a survey costs the page that shows it; without a browser only its size is known."""
    yield Row("widget, bytes gzipped", widget_bytes(), 5 * 1024, 4600)
    for whose, size in PUBLISHED.items():
        yield Row(f"{whose}, bytes gzipped", size)
    if cost := widget_cost(ROUNDS):
        yield Row("requests to show a survey and to answer it", cost.requests, 2, 2)
        yield Row("processor time of the page's main thread until the card stands, ms", cost.milliseconds, 50, 25)


def of_the_door() -> Iterator[Row]:
    """What the public path costs, and how soon it answers."""
    yield Row("AWS calls per accepted answer, public path", calls_per_accepted_answer(), 1, 1)
    yield Row("AWS calls per accepted answer, the peer", peer_count().calls)
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


def of_writing() -> Iterator[Row]:
    """What nps_calc spends on an answer, in units of the table; those of its indexes stand apart."""
    for batch, must, aim in ((84, 2.5, 2.2), (1, 12, 8)):
        count = counting(batch)
        yield Row(f"write units per answer, 3 x 5 breakdowns, batch of {batch}", count.write_units / batch, must, aim)
        yield Row(f"calls per transaction of nps_calc, batch of {batch}", count.calls / count.transactions, 3, 2)
    yield Row("write units per answer, the peer", peer_count().write_units)
    yield Row("write units of indexes per answer", counting(84).index_units / 84, 2, 2)
    changed = counting(1, revision=2)
    yield Row("write units of an answer changed in all, audit entry too, batch of 1", changed.write_units, 22, 20)
    eight = counting(84, MANY)
    yield Row("write units per answer, 8 x 5 breakdowns, batch of 84", eight.write_units / 84, 4, 3)
    yield Row("write units per answer, 8 x 5 breakdowns, the other layout", slip_units(84, MANY))
    yield Row("write units per answer, 8 breakdowns of 5 to 200 values", counting(84, WIDE).write_units / 84, 10, 4)
    yield Row("write units per answer, 8 of 5 to 200, the other layout", slip_units(84, WIDE))
    hot = counting(84, conflicts=1 / 3, batches=10)
    yield Row("write units per answer, a third of 3 x 5 conflicts", hot.write_units / hot.answers, 4, 3.3)


def of_views() -> Iterator[Row]:
    """What a view costs: about as much as an answer, so that it is off unless a survey asks for it."""
    for batch, must, aim in ((84, 2.5, 2.2), (1, 6, 4)):
        count = views_counted(batch)
        yield Row(f"AWS calls per view, public path, batch of {batch}", count.calls, 1, 1)
        yield Row(f"write units per view, shown and begun, batch of {batch}", count.write_units, must, aim)
        yield Row(f"write units of the funnel per answer, batch of {batch}", count.of_an_answer, must, aim)


def of_vans() -> Iterator[Row]:
    """What following a van costs, from the fleet's request to the customer's page."""
    cost = van_costs(STOPS)
    yield Row(f"AWS calls per look at a live page, van of {STOPS} stops", cost.page.calls, 2, 2)
    yield Row(f"read units per look at a live page, van of {STOPS} stops", cost.page.read_units, 8, 5)
    yield Row("AWS calls per position of a van, door and consumer", cost.position.calls, 3, 3)
    yield Row("write units per position of a van", cost.position.write_units, 1, 1)
    yield Row(f"write units per stop that is done, its parcel too, van of {STOPS} stops", cost.stop.write_units, 16, 12)
    yield Row(f"write units of the first plan of a day, {STOPS} stops", cost.first_plan.write_units, 1.2 * STOPS, STOPS)
    yield Row(f"AWS calls of a plan after it, {STOPS} stops", cost.plan.calls, 8, 6)
    yield Row(f"read units of a plan after it, {STOPS} stops", cost.plan.read_units, 3 * STOPS, 2 * STOPS)
    yield Row(f"write units of a plan after it, {STOPS} stops", cost.plan.write_units, 16, 10)


def of_messages() -> Iterator[Row]:
    """What "your parcel is on its way" costs, and what it costs not to say it."""
    email, sms, none = message_count(), message_count(by_sms=True), message_count(is_stale=True)
    for what, count, calls, units, index_units in (
        ("e-mail", email, (8, 6), (16, 12), (6, 5)),
        ("SMS", sms, (8, 6), (10, 6), (6, 5)),
        ("suppressed message", none, (6, 4), (4, 2), (4, 3)),
    ):
        yield Row(f"AWS calls per {what}", count.calls, *calls)
        yield Row(f"write units per {what}", count.write_units, *units)
        yield Row(f"write units of indexes per {what}", count.index_units, *index_units)
    yield Row("AWS calls per receipt", email.receipt_calls, 4, 3)
    yield Row("CPU to render an e-mail, us", microseconds_of_rendering(Texts.email), 3_000, 1_000)
    yield Row("CPU to render an SMS, us", microseconds_of_rendering(Texts.sms), 1_500, 500)


def of_reading() -> Iterator[Row]:
    """What 30 days of metrics cost."""
    for answers in (150, 1500):
        units, queries = read_units_of_a_month(answers)
        yield Row(f"read units of 30 days of metrics, {answers} answers", units, 10, 4)
        yield Row(f"Queries of 30 days of metrics, {answers} answers", queries, 1, 1)
    units, queries = read_units_of_a_month(1500, MANY, by=7)
    yield Row("read units of 30 days by one of 8 breakdowns, 1500 answers", units, 15, 10)
    yield Row("Queries of 30 days by one of 8 breakdowns", queries, 2, 2)


def of_growth() -> Iterator[Row]:
    """What becomes of it from a thousand answers to a million."""
    few, most = GROWTH[0], GROWTH[-1]
    yield from of_metrics_growth({answers: months_of_metrics(answers) for answers in GROWTH})
    recounts = {answers: recounted(answers) for answers in GROWTH}
    for answers, microseconds in recounts.items():
        yield Row(f"CPU of a recount per answer, {answers:,} answers, us", microseconds, 100, 20)
    yield Row(f"the same, {most:,} / {few:,} answers", recounts[most] / recounts[few], 1.2, 1.05)
    checks = {answers: checked(answers) for answers in CHECKED}
    for answers, each in checks.items():
        yield Row(f"CPU of a check of a day per answer, {answers:,} answers, us", each.microseconds, 100, 50)
    memory = checks[CHECKED[-1]].kilobytes / checks[CHECKED[0]].kilobytes
    yield Row(f"memory of a check of a day, {CHECKED[-1]:,} / {CHECKED[0]:,} answers", memory, 1.2, 1.05)


def of_metrics_growth(months: Mapping[int, tuple[Read, Read]]) -> Iterator[Row]:
    """What 30 days of metrics cost, of the whole survey and by a breakdown, by how many answers are counted in them."""
    for answers, (whole, _) in months.items():
        yield Row(f"read units of 30 days of the whole survey, {answers:,} answers", whole.read_units, 10, 4)
        yield Row(f"Queries of 30 days of the whole survey, {answers:,} answers", whole.queries, 1, 1)
    units = [whole.read_units for whole, _ in months.values()]
    yield Row(f"the same units, {max(months):,} / {min(months):,} answers", units[-1] / units[0], 1, 1)
    for answers, (_, part) in months.items():
        yield Row(f"read units of 30 days by a breakdown, {answers:,} answers", part.read_units, 15, 10)


def main() -> int:
    """Print the table, and write it to docs/benchmarks.md if asked; 1 if a number is above what it must not exceed."""
    # Where nobody looks on, in a log, there is room for the whole table.
    console = Console() if sys.stdout.isatty() else Console(width=LOG_WIDTH)
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
    machine = f"{os.cpu_count()} cores ({_processor()}), {platform.system()}, CPython {platform.python_version()}"
    path = ROOT / "docs" / "benchmarks.md"
    before, _, rest = path.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    path.write_text(f"{before}{BEGIN}\nMeasured on {machine}.\n\n{rendered}\n{END}{after}")


def _processor() -> str:
    """The processor's own name, where the system tells it."""
    told = Path("/proc/cpuinfo")
    found = re.search(r"^model name\s*:\s*(.+)$", told.read_text(), re.MULTILINE) if told.exists() else None
    return found[1].strip() if found else platform.processor() or platform.machine()


if __name__ == "__main__":
    sys.exit(main())
