"""The progress bar of commands that take their time; silent when nobody watches."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


def progress_bar(out: Console) -> Progress:
    """A bar with a description, how much of how much is done, and the time it took."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=out,
        disable=not sys.stdout.isatty(),
    )
