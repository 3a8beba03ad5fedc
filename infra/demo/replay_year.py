"""Sends the year's answers through the API, reads each month's score back, and holds it against the file."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from infra.demo.client import Client
from infra.demo.year import Answer, Expected, Month, Year, answers, expected

SURVEY_ID = "relationship-2020"
AT_ONCE = 8


class Reader(Protocol):
    """Where scores are read."""

    def get(self, path: str) -> Any:
        """What the API has under a path."""
        ...


def replay(client: Client, year: Year, console: Console) -> None:
    """Send every answer; those that are known already stay as they are.

    Raises:
        DemoError: one was refused.
    """
    sent = list(answers(year))
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with (
        Progress(*columns, TimeRemainingColumn(), console=console) as progress,
        ThreadPoolExecutor(AT_ONCE) as pool,
    ):
        task = progress.add_task("A year of answers", total=len(sent))
        for _ in pool.map(lambda answer: send(client, answer), sent):
            progress.advance(task)


def compare(client: Reader, year: Year, console: Console) -> bool:
    """Print each month as the API tells it beside what the file says; whether they are equal."""
    table = Table(
        title=f"{SURVEY_ID}: as counted, and as computed from the file",
        title_justify="left",
        box=None,
        padding=(0, 1, 0, 0),
    )
    for heading in ("Month", "Answers", "Promoters", "Passives", "Detractors", "NPS", "±", "From the file"):
        table.add_column(heading, justify="left" if heading in {"Month", "From the file"} else "right", no_wrap=True)
    spans: list[tuple[str, Sequence[Month]]] = [(f"{month.first_day:%Y-%m}", (month,)) for month in year.months]
    spans.append(("Year", year.months))
    differences = []
    for name, months in spans:
        query = f"survey={SURVEY_ID}&since={months[0].first_day}&until={months[-1].last_day}"
        told, wanted = client.get(f"metrics?{query}"), expected(months)
        equal = agrees(told, wanted) and (name != "Year" or told["ratings"] == _as_told(year.ratings))
        if not equal:
            differences.append(f"{name} must have {wanted.promoters}, {wanted.passives} and {wanted.detractors}")
        table.add_row(
            name,
            *(str(told[f"{what}_count"]) for what in ("response", "promoter", "passive", "detractor")),
            _points(told["score"]),
            _points(told["margin_of_error"]),
            f"{'=' if equal else '≠'} {_points(wanted.nps)} ± {_points(wanted.margin_of_error)}",
            style=None if equal else "red",
        )
    console.print(table)
    for difference in differences:
        console.print(f"[red]{difference} promoters, passives and detractors.[/red]")
    return not differences


def agrees(told: Mapping[str, Any], wanted: Expected) -> bool:
    """Whether the API's counts are those of the file, and its score and margin the ones computed from them."""
    counts = (told["response_count"], told["promoter_count"], told["passive_count"], told["detractor_count"])
    return counts == wanted[:4] and all(
        value is not None and math.isclose(value, own, abs_tol=1e-9)
        for value, own in ((told["score"], wanted.nps), (told["margin_of_error"], wanted.margin_of_error))
    )


def send(client: Client, answer: Answer) -> None:
    """Send one answer; sent again, it stays one.

    Raises:
        DemoError: it was refused.
    """
    client.post(
        "survey_responses",
        {
            "survey": SURVEY_ID,
            "response_id": answer.response_id,
            "score": answer.rating,
            "created_at": int(answer.created_at.timestamp()),
        },
    )


def _as_told(ratings: Mapping[int, int]) -> dict[str, int]:
    return {str(rating): count for rating, count in sorted(ratings.items()) if count}


def _points(value: float | None) -> str:
    return "none" if value is None else f"{value:.2f}"
