"""`ops export` and `ops restore`: the record as a file, and the file as the record again.

JSON Lines is the whole of it: a line that says what the file is, one for each survey with all its versions, one for
each person and each response, and a last one that says how many there were, so that a file that was cut off is known
for one. CSV is for reading in a spreadsheet, and does not come back.
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from pydantic import ValidationError

from shared.domain.asking import ListedPerson
from shared.domain.base import iso
from shared.domain.queued import ResponseSubmitted
from shared.domain.recording import Outcome, Recorded
from shared.domain.responses import Response
from shared.domain.surveys import Survey
from shared.errors import TemporaryError

FORMAT = "hearback-export"
SCHEMA = 1
BATCH = 84
"""Responses that are recorded at once, as `nps_calc` does."""
FORMULA_BEGINS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a spreadsheet takes for the beginning of a formula (OWASP, "CSV Injection")."""


class ArchiveError(Exception):
    """A file can not be restored, or not here; the message says why."""


class History(NamedTuple):
    """A survey with all its versions, the first one first."""

    versions: tuple[Survey, ...]
    archived: bool

    @property
    def survey_id(self) -> str:
        """The survey's id."""
        return self.versions[-1].survey_id


class Responses(Protocol):
    """Where responses are kept."""

    def __call__(self, survey_id: str) -> Iterator[Response]:
        """Every response of a survey, one after the other."""
        ...


class Surveys(Protocol):
    """Where surveys are kept."""

    def version(self, survey_id: str, version: int) -> Survey | None:
        """One version; None if there is none."""
        ...

    def publish(self, survey: Survey) -> Survey:
        """Make this the next version; the current content again is no new one, unless it is archived."""
        ...

    def archive(self, survey_id: str) -> None:
        """Close a survey."""
        ...


class People(Protocol):
    """Where people are kept."""

    def restore(self, listed: ListedPerson) -> bool:
        """Bring back a person under the same id; False if it was erased, and must not come back."""
        ...


class Record(Protocol):
    """Records responses."""

    def __call__(self, submitted: Sequence[ResponseSubmitted], /) -> Mapping[str, Recorded]:
        """Store and count each once; what became of each, by its id."""
        ...


def write_private(file: Path, lines: Iterable[str]) -> None:
    """Write a file that only its owner may read, for it names people."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as text:
        os.fchmod(text.fileno(), 0o600)
        text.writelines(lines)


def archived(
    surveys: Sequence[History], people: Iterable[ListedPerson], responses: Responses, now: datetime
) -> Iterator[str]:
    """The lines of an export that can be restored."""
    persons, count = 0, 0
    yield _line({"format": FORMAT, "schema": SCHEMA, "exported_at": iso(now)})
    for survey in surveys:
        versions = [version.model_dump(mode="json") for version in survey.versions]
        yield _line({"survey": {"versions": versions, "archived": survey.archived}})
    for listed in people:
        persons += 1
        person = listed.person.model_dump(mode="json", exclude_none=True)
        yield _line({"person": person, "known_since": iso(listed.created_at), "claims": listed.claims})
    for survey in surveys:
        for response in responses(survey.survey_id):
            count += 1
            yield _line({"response": response.model_dump(mode="json", exclude_none=True)})
    yield _line({"surveys": len(surveys), "people": persons, "responses": count})


def _line(data: Mapping[str, object]) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")) + "\n"


_FIELDS = ("response_id", "revision", "survey_id", "survey_version", "day", "answered_at", "accepted_at", "source")
_MORE = ("test", "verified", "suspicious", "locale", "person_id", "comment")


def tabled(surveys: Sequence[History], responses: Responses) -> Iterator[str]:
    """The lines of an export for a spreadsheet: a column for each question and each breakdown of any survey."""
    versions = [version for survey in surveys for version in survey.versions]
    questions = list(dict.fromkeys(question.id for version in versions for question in version.questions))
    breakdowns = list(dict.fromkeys(breakdown.name for version in versions for breakdown in version.breakdowns))
    header = [*_FIELDS, *(f"answers.{name}" for name in questions), *_MORE, "subject_type", "subject_id"]
    yield _row([*header, *(f"breakdowns.{name}" for name in breakdowns), "properties"])
    for survey in surveys:
        for response in responses(survey.survey_id):
            told = response.model_dump(mode="json")
            ratings = {name: rating.value for name, rating in response.ratings.items()}
            subject = told["subject"] or {}
            yield _row(
                [
                    *(told[name] for name in _FIELDS),
                    *(ratings.get(name, response.texts.get(name)) for name in questions),
                    *(told[name] for name in _MORE),
                    subject.get("type"),
                    subject.get("id"),
                    *(response.breakdowns.get(name) for name in breakdowns),
                    json.dumps(told["properties"], ensure_ascii=False) if response.properties else None,
                ]
            )


def _row(cells: Iterable[object]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow([cell if cell is None else harmless(cell) for cell in cells])
    return text.getvalue()


def harmless(cell: object) -> str:
    """A cell that no spreadsheet takes for a formula: an apostrophe goes before what could be one."""
    text = str(cell)
    return f"'{text}" if text.startswith(FORMULA_BEGINS) else text


@dataclass
class Restored:
    """What was in a file, and what became of its responses."""

    surveys: int = 0
    people: int = 0
    responses: int = 0
    outcomes: Counter[Outcome] = field(default_factory=Counter)

    @property
    def counts(self) -> dict[str, int]:
        """What the last line of a whole file says."""
        return {"surveys": self.surveys, "people": self.people, "responses": self.responses}


def restore(
    lines: Iterable[str],
    surveys: Surveys,
    people: People,
    record: Record,
    progress: Callable[[int], None] = lambda _: None,
) -> Restored:
    """Bring back what an export holds: the same ids, revisions, versions and days, and so the same scores.

    It is safe to repeat, and to do on a stack that goes on: a response that is there with this or a higher revision
    stays as it is, and what was erased here stays erased.

    Raises:
        ArchiveError: the file is no export, or was cut off; or something else has one of its ids here.
        TemporaryError: the store did not answer; the same again goes on.
    """
    restored, ended = Restored(), None
    erased: set[str] = set()
    batch: list[Response] = []
    for number, line in enumerate(lines, start=1):
        data = _read(line, number)
        if number == 1:
            _require_format(data)
        elif "survey" in data:
            _restore_survey(_history(data["survey"], number), surveys)
            restored.surveys += 1
        elif "person" in data:
            listed = _person(data, number)
            if not people.restore(listed):
                erased.add(listed.person.person_id)
            restored.people += 1
        elif "response" in data:
            response = _response(data["response"], number)
            restored.responses += 1
            if response.person_id in erased:
                restored.outcomes[Outcome.ERASED] += 1
            else:
                batch.append(response)
            if len(batch) == BATCH:
                _record(restored, batch, record)
                progress(restored.responses)
                batch = []
        else:
            ended = data
    _record(restored, batch, record)
    progress(restored.responses)
    if ended != restored.counts:
        raise ArchiveError("The file was cut off: its last line is missing, or lines before it. What it held is here.")
    return restored


def _record(restored: Restored, batch: Sequence[Response], record: Record) -> None:
    recorded = record([ResponseSubmitted(response=response) for response in batch]) if batch else {}
    for each in recorded.values():
        if each.outcome is Outcome.POSTPONED:
            raise TemporaryError("The store did not take some responses for now; the same again goes on.")
        restored.outcomes[each.outcome] += 1


def _restore_survey(history: History, surveys: Surveys) -> None:
    for survey in history.versions:
        known = surveys.version(survey.survey_id, survey.version)
        if known is None:
            made = surveys.publish(survey)
            if made.version < survey.version:
                # It was archived once and opened again: the same content, as a new version.
                surveys.archive(survey.survey_id)
                made = surveys.publish(survey)
            known = made
        if known != survey:
            raise ArchiveError(
                f"The survey {survey.survey_id} has another version {survey.version} here; restore into an empty stack."
            )
    # A later version here is one that was opened since.
    if history.archived and surveys.version(history.survey_id, history.versions[-1].version + 1) is None:
        surveys.archive(history.survey_id)


def _read(line: str, number: int) -> dict[str, Any]:
    try:
        data = json.loads(line)
    except ValueError:
        data = None
    if not isinstance(data, dict):
        raise ArchiveError(f"Line {number} is no line of an export.")
    return data


def _require_format(data: Mapping[str, Any]) -> None:
    if data.get("format") != FORMAT:
        raise ArchiveError("This is no export of Hearback as JSON Lines (`ops export --format jsonl`).")
    if data.get("schema") != SCHEMA:
        raise ArchiveError(f"This export is of schema {data.get('schema')}; this version reads {SCHEMA}.")


def _history(data: Any, number: int) -> History:
    try:
        return History(tuple(Survey.model_validate(version) for version in data["versions"]), bool(data["archived"]))
    except (KeyError, TypeError, ValidationError) as error:
        raise ArchiveError(f"Line {number} holds no survey: {_fault(error)}.") from None


def _person(data: Any, number: int) -> ListedPerson:
    try:
        return ListedPerson(person=data["person"], created_at=data["known_since"], claims=data.get("claims", ()))
    except (KeyError, ValidationError) as error:
        raise ArchiveError(f"Line {number} holds no person: {_fault(error)}.") from None


def _response(data: Any, number: int) -> Response:
    try:
        return Response.model_validate(data)
    except ValidationError as error:
        raise ArchiveError(f"Line {number} holds no response: {_fault(error)}.") from None


def _fault(error: Exception) -> str:
    """The fields that are wrong, without what stands in them."""
    if isinstance(error, ValidationError):
        return ", ".join(".".join(map(str, each["loc"])) for each in error.errors())
    return f"{error} is missing" if isinstance(error, KeyError) else type(error).__name__
