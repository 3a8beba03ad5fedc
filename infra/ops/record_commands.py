"""The commands about the record, which is the responses and their scores: `ops rebuild`."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from datetime import date

from rich.console import Console

from infra.ops import rebuild as rebuilding
from infra.ops.progress import progress_bar
from infra.ops.surveys import repository
from infra.stack import Stack
from shared.domain.recount import Checked, Difference, Verdict
from shared.errors import NotFoundError
from shared.storage.response_lists import ResponseLists
from shared.storage.score_days import ScoreDays

PAUSE_SECONDS = 5
"""Between two looks at one day; the index of responses lags usually by less than a second."""
SHOWN_EVERY = 500
"""Responses between two strokes of the progress bar."""


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add these commands to the `ops` command line."""
    rebuild = commands.add_parser("rebuild", help="recount the stored answers and hold the scores against them")
    wish = rebuild.add_mutually_exclusive_group(required=True)
    wish.add_argument("--check", action="store_true", help="only say what differs; 1 if anything does")
    wish.add_argument("--repair", action="store_true", help="also add to each score exactly what it lacks")
    rebuild.add_argument("--survey", action="append", help="only this survey; may be repeated")
    rebuild.add_argument("--since", type=date.fromisoformat, help="the first local day, such as 2026-03-29")
    rebuild.add_argument("--until", type=date.fromisoformat, help="the last local day")
    rebuild.set_defaults(run=_rebuild)


def _rebuild(chosen: argparse.Namespace, stack: Stack, out: Console) -> int:
    surveys = repository(stack)
    names = chosen.survey or [listed.survey_id for listed in surveys.list_surveys()]
    versions = {name: surveys.versions(name) for name in names}
    for name, known in versions.items():
        if not known:
            raise NotFoundError(f"There is no survey {name}.")
    dynamodb, table = stack.client("dynamodb"), stack.output("ResponsesTableName")
    responses, documents = ResponseLists(dynamodb, table), ScoreDays(dynamodb, table)
    days = list(rebuilding.survey_days(versions.values(), responses, documents, chosen.since, chosen.until))
    with progress_bar(out) as progress:
        task, read = progress.add_task("days", total=len(days)), 0

        def seen() -> None:
            nonlocal read
            read += 1
            if read % SHOWN_EVERY == 0:
                progress.update(task, description=f"{read} answers read, days")

        def told(checked: Checked) -> None:
            progress.advance(task)
            for sentence in sentences(checked):
                out.print(sentence, markup=False, highlight=False, soft_wrap=True)

        findings = rebuilding.rebuild(
            days,
            responses,
            documents,
            repair=chosen.repair,
            pause=lambda: time.sleep(PAUSE_SECONDS),
            told=told,
            seen=seen,
        )
    out.print(_summary(findings, repair=chosen.repair), highlight=False)
    return 0 if findings.are_clean else 1


def _summary(findings: rebuilding.Findings, *, repair: bool) -> str:
    parts = [f"{findings.days} days and {findings.responses} answers read"]
    parts.append(f"{len(findings.drifted)} days differ" if findings.drifted else "every score is what was answered")
    if repair and findings.drifted:
        parts.append(f"{findings.mended} of them mended")
    if findings.unsettled:
        parts.append(f"{len(findings.unsettled)} days were written to all the time: try them again later")
    return "; ".join(parts) + "."


def sentences(checked: Checked) -> Iterator[str]:
    """What is wrong with a day, a line for each number."""
    where = f"{checked.documents.survey_id} {checked.documents.day.isoformat()}"
    if checked.verdict is Verdict.UNSETTLED:
        yield f"{where}: was written to whenever it was read; not judged"
    for difference in checked.differences:
        key = difference.key
        part = f"{key.breakdown}={key.value}" if key.breakdown else "whole survey"
        for line in _lines(difference):
            yield f"{where}, {part}: {line}"


def _lines(difference: Difference) -> Iterator[str]:
    stored, recounted, missing = difference.stored, difference.recounted, difference.missing
    for name, number in missing.counters.items():
        yield f"{name} is {stored.counters.get(name, 0)}, recounted {recounted.counters.get(name, 0)} ({number:+})"
    if missing.responses:
        yield f"answers are {stored.responses}, recounted {recounted.responses} ({missing.responses:+})"
    if missing.certificate:
        only = "" if missing.counters or missing.responses else "; the counts agree, the answers are not the same ones"
        yield f"certificate is {stored.certificate:016x}, recounted {recounted.certificate:016x}{only}"
