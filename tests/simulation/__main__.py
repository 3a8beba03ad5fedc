"""Runs storms of the seeds asked for, and says what struck them: `make simulate SEEDS=0:10000`."""

from __future__ import annotations

import argparse
import sys
from collections import Counter

from rich.console import Console
from rich.progress import track
from rich.table import Table

from tests.simulation.many import reports


def seeds(text: str) -> range:
    """`from:to`, without the last."""
    first, _, end = text.partition(":")
    return range(int(first), int(end))


def main() -> int:
    """Run, and print what was found; 1 if anything was wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("seeds", type=seeds, help="from:to, such as 0:10000")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    chosen = parser.parse_args()
    out = Console()
    calls, struck, wrong = 0, Counter[str](), 0
    running = reports(chosen.seeds, chosen.jobs)
    for each in track(running, "storms", total=len(chosen.seeds), console=out, disable=not out.is_terminal):
        calls += each.calls
        struck += each.faults
        if each.wrong is not None:
            wrong += 1
            out.print(f"[bold]seed {each.seed}[/bold] (make simulate SEEDS={each.seed}:{each.seed + 1})")
            out.print(each.wrong, markup=False)
    table = Table("what struck", "times", title=f"{len(chosen.seeds)} storms, {calls:,} calls, {wrong} wrong")
    for name, times in sorted(struck.items()):
        table.add_row(name.replace("_", " "), f"{times:,}")
    out.print(table)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
