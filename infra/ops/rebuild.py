"""`ops rebuild --check|--repair`: prove that the scores are what was answered, survey by survey and day by day."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple, Protocol

from shared.domain.recount import Checked, DayDocuments, Difference, Documents, Responses, Verdict, check_day, recorded
from shared.domain.surveys import Survey
from shared.errors import ConflictError

MAX_MENDS = 5
"""How often a day is mended and judged again before it is left; the widest survey needs three."""


class Mended(Documents, Protocol):
    """Score documents that can be mended."""

    def add(self, documents: DayDocuments, differences: tuple[Difference, ...]) -> None:
        """Add what they lack to documents that have not changed; raises ConflictError if one has."""
        ...


class SurveyDay(NamedTuple):
    """One day of one survey, with every breakdown that any of its versions declares."""

    survey_id: str
    day: date
    breakdowns: frozenset[str]


@dataclass
class Findings:
    """What a rebuild found, and did."""

    days: int = 0
    responses: int = 0
    drifted: list[Checked] = field(default_factory=list)
    unsettled: list[Checked] = field(default_factory=list)
    mended: int = 0

    @property
    def are_clean(self) -> bool:
        """Whether every day was judged and none is wrong now."""
        return not self.unsettled and self.mended == len(self.drifted)


def survey_days(
    versions: Iterable[Sequence[Survey]],
    responses: Responses,
    documents: Documents,
    since: date | None,
    until: date | None,
) -> Iterator[SurveyDay]:
    """The days to be judged: from the first that has responses or documents to the last, within what was asked for.

    Args:
        versions: Of each survey, all its versions.
        responses: The stored responses.
        documents: The stored score documents.
        since: The first day that is wanted; None for all.
        until: The last day that is wanted; None for all.
    """
    for of_survey in versions:
        survey = recorded(of_survey, responses, documents)
        if survey is not None:
            for day in survey.days(since or date.min, until or date.max):
                yield SurveyDay(survey.survey_id, day, survey.breakdowns)


def rebuild(
    days: Iterable[SurveyDay],
    responses: Responses,
    documents: Mended,
    *,
    repair: bool,
    pause: Callable[[], None],
    told: Callable[[Checked], None] = lambda _: None,
    seen: Callable[[], None] = lambda: None,
) -> Findings:
    """Judge each day, and mend those that are wrong if that is wished for.

    Args:
        days: The days to be judged.
        responses: The stored responses.
        documents: The stored score documents.
        repair: Add to each wrong document exactly what it lacks, and judge the day again.
        pause: Called between two looks at one day.
        told: Called with each day when it is judged, before it is mended.
        seen: Called for each response that was read.

    Raises:
        TemporaryError: the store did not answer. What was mended is mended; the same command again goes on.
    """

    def judged(day: SurveyDay) -> Checked:
        return check_day(responses, documents, day.survey_id, day.day, day.breakdowns, pause=pause, seen=seen)

    findings = Findings()
    for day in days:
        checked = judged(day)
        findings.days += 1
        findings.responses += checked.responses
        told(checked)
        if checked.verdict is Verdict.UNSETTLED:
            findings.unsettled.append(checked)
        if checked.verdict is not Verdict.DRIFTED:
            continue
        findings.drifted.append(checked)
        for _ in range(MAX_MENDS if repair else 0):
            try:
                documents.add(checked.documents, checked.differences)
            except ConflictError:
                pause()
            checked = judged(day)
            if checked.verdict is not Verdict.DRIFTED:
                break
        if repair and checked.verdict is Verdict.EXACT:
            findings.mended += 1
    return findings
