"""The commands about the record, which is the responses and their scores: `ops rebuild|import|export|restore`."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

from rich.console import Console

from infra.client import ApiClient, NoAnswer
from infra.ops import archive, delighted, importing
from infra.ops import rebuild as rebuilding
from infra.ops.erasure import StoredErasures
from infra.ops.people import StoredPeople, every_person
from infra.ops.progress import progress_bar
from infra.ops.surveys import repository
from infra.stack import Stack, StackError
from shared.domain.recording import Outcome
from shared.domain.recount import Checked, Difference, Verdict
from shared.domain.responses import Response
from shared.errors import NotFoundError
from shared.storage.erasure_key import ErasureKey
from shared.storage.erasures import ErasedPeople
from shared.storage.people_lists import PeopleLists
from shared.storage.response_lists import ResponseLists
from shared.storage.responses import ResponseRepository
from shared.storage.score_days import ScoreDays

FAULTS = (archive.ArchiveError, delighted.ImportFileError, importing.ImportStopped, NoAnswer, OSError, UnicodeError)
"""What ends a command with a sentence for whoever typed it."""
PAUSE_SECONDS = 5
"""Between two looks at one day; the index of responses lags usually by less than a second."""
PAGE = 500
"""Responses of one page of a list, for an export."""
KEY_VARIABLE = "HEARBACK_SECRET_KEY"
"""The environment variable with the key for an import; a command line is seen by others, and remembered."""
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
    bring = commands.add_parser("import", help="bring in answers of another system through the API")
    bring.add_argument("system", choices=["delighted"], help="whose export it is")
    bring.add_argument("file", type=Path, help="a CSV file")
    bring.add_argument("--survey", required=True, help="the survey that the answers are for")
    bring.add_argument("--column", action="append", default=[], type=_column, help="FIELD=HEADER, may be repeated")
    bring.add_argument("--time-zone", type=_zone, help="of times that name none, such as Europe/Berlin")
    bring.add_argument("--rejects", type=Path, help="where refused rows go (default: beside the file)")
    bring.add_argument("--connections", type=int, choices=range(1, 33), default=8, metavar="1..32")
    bring.set_defaults(run=_import)
    export = commands.add_parser("export", help="write the stored answers to a file that names people")
    export.add_argument("file", type=Path)
    export.add_argument("--format", choices=["csv", "jsonl"], required=True, help="jsonl can be restored")
    export.add_argument("--survey", action="append", help="only this survey, and nobody's profile; may be repeated")
    export.set_defaults(run=_export)
    restore = commands.add_parser("restore", help="bring back what `ops export --format jsonl` wrote")
    restore.add_argument("file", type=Path)
    restore.set_defaults(run=_restore)


def _column(text: str) -> tuple[str, str]:
    field, equals, header = text.partition("=")
    if not equals or field not in delighted.FIELDS:
        raise argparse.ArgumentTypeError(f"must be FIELD=HEADER, with one of {', '.join(delighted.FIELDS)}")
    return field, header


def _zone(text: str) -> ZoneInfo:
    if text not in available_timezones():
        raise argparse.ArgumentTypeError("must be a zone such as Europe/Berlin")
    return ZoneInfo(text)


def _histories(stack: Stack, wanted: Sequence[str] | None) -> list[archive.History]:
    """The surveys that are wanted, with all their versions; None for every survey."""
    surveys = repository(stack)
    listed = {each.survey_id: each for each in surveys.list_surveys()}
    for name in wanted or ():
        if name not in listed:
            raise NotFoundError(f"There is no survey {name}.")
    return [archive.History(surveys.versions(name), listed[name].archived) for name in wanted or listed]


def _import(chosen: argparse.Namespace, stack: Stack, out: Console) -> int:
    key = os.environ.get(KEY_VARIABLE)
    if not key:
        raise StackError(f"The API wants a secret key: put it into {KEY_VARIABLE} (`ops keys create` makes one).")
    address = f"{stack.output('ApiUrl').rstrip('/')}/v1/survey_responses"
    client = ApiClient(key, chosen.connections)
    lines = importing.lines(chosen.file, errors="surrogateescape")
    rows = delighted.rows(lines, chosen.survey, dict(chosen.column), chosen.time_zone)
    rejects = importing.Rejects(chosen.rejects or chosen.file.with_name(f"{chosen.file.name}.rejects.csv"))
    with rejects, progress_bar(out) as progress:
        task = progress.add_task("rows", total=None)
        outcome = importing.import_rows(
            rows,
            lambda row: client.call("POST", address, row.body),
            rejects,
            connections=chosen.connections,
            progress=lambda so_far: progress.update(task, completed=so_far.rows),
        )
    out.print(f"{outcome.rows} rows, {outcome.imported} imported, {outcome.refused} refused.", highlight=False)
    if outcome.refused:
        out.print(
            f"The refused rows are in {rejects.file}, with line and reason.",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
    return 1 if outcome.refused else 0


def _export(chosen: argparse.Namespace, stack: Stack, out: Console) -> int:
    surveys = _histories(stack, chosen.survey)
    lists = ResponseLists(stack.client("dynamodb"), stack.output("ResponsesTableName"))
    count = 0
    with progress_bar(out) as progress:
        task = progress.add_task("answers", total=None)

        def responses(survey_id: str) -> Iterator[Response]:
            nonlocal count
            for response in every_response(lists, survey_id):
                count += 1
                progress.update(task, completed=count)
                yield response

        if chosen.format == "csv":
            archive.write_private(chosen.file, archive.tabled(surveys, responses))
        else:
            known = PeopleLists(stack.client("dynamodb"), stack.output("PeopleTableName"))
            people = () if chosen.survey else every_person(known)
            archive.write_private(chosen.file, archive.archived(surveys, people, responses, datetime.now(UTC)))
    out.print(
        f"{count} answers to {len(surveys)} surveys written to {chosen.file}; they name people, so keep the file safe.",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )
    return 0


def every_response(lists: ResponseLists, survey_id: str) -> Iterator[Response]:
    """Every response of a survey in the order of its days, read as it is asked for."""
    page = lists.of_survey(survey_id, limit=PAGE)
    yield from page.responses
    while page.next is not None:
        page = lists.of_survey(survey_id, limit=PAGE, after=page.next)
        yield from page.responses


def _restore(chosen: argparse.Namespace, stack: Stack, out: Console) -> int:
    dynamodb, table = stack.client("dynamodb"), stack.output("ResponsesTableName")
    people_table = stack.output("PeopleTableName")
    erasure_key = ErasureKey(stack.client("ssm"), stack.output("ErasureKeyParameter"))
    people = StoredPeople(dynamodb, people_table, erasure_key, StoredErasures(dynamodb, table, people_table).person)
    with progress_bar(out) as progress:
        task = progress.add_task("answers", total=None)
        restored = archive.restore(
            importing.lines(chosen.file),
            repository(stack),
            people,
            ResponseRepository(dynamodb, table, ErasedPeople(dynamodb, people_table, erasure_key)).record,
            lambda done: progress.update(task, completed=done),
        )
    parts = [f"{count} {outcome.value}" for outcome, count in sorted(restored.outcomes.items())]
    told = f"{restored.surveys} surveys, {restored.people} people, {restored.responses} answers: {', '.join(parts)}."
    out.print(told, highlight=False)
    return 1 if Outcome.INVALID in restored.outcomes else 0


def _rebuild(chosen: argparse.Namespace, stack: Stack, out: Console) -> int:
    versions = [history.versions for history in _histories(stack, chosen.survey)]
    dynamodb, table = stack.client("dynamodb"), stack.output("ResponsesTableName")
    responses, documents = ResponseLists(dynamodb, table), ScoreDays(dynamodb, table)
    days = list(rebuilding.survey_days(versions, responses, documents, chosen.since, chosen.until))
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
