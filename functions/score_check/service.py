"""Holds the scores of closed days against the stored answers, a bounded piece of the past at a time.

First come the days that were wrong when they were last looked at, so that an alarm lasts until somebody mends, and the
days that have just closed; then a walk through all others, which goes on where the last run stopped, and begins again
when it has been through.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Protocol

from shared.clock import Clock
from shared.domain.published import ListedSurvey
from shared.domain.recount import (
    Checked,
    DayDocuments,
    Documents,
    Recorded,
    Responses,
    Verdict,
    check_day,
    recorded,
)
from shared.domain.score_checks import CheckProgress, SurveyDay
from shared.domain.surveys import Survey

CLOSED_FOR = timedelta(hours=24)
"""How long a day must be over before it is judged; by then its answers are counted, or something else is amiss."""
FRESH_DAYS = 2
"""How many of the latest closed days each run judges; so one run may be missed."""
WALKED_DAYS = 400
"""How many survey-days of the walk one run judges at most: what a run costs does not grow with the past."""


class Surveys(Protocol):
    """Where surveys are kept."""

    def list_surveys(self) -> Sequence[ListedSurvey]:
        """Every survey there is, by id."""
        ...

    def versions(self, survey_id: str) -> tuple[Survey, ...]:
        """Every version of a survey, the first one first."""
        ...


class Progress(Protocol):
    """Where the progress is kept."""

    def read(self) -> CheckProgress:
        """What the last run left."""
        ...

    def write(self, progress: CheckProgress) -> None:
        """Leave this to the next run."""
        ...


class OutOfTime(Exception):  # noqa: N818  no fault: a run has its end
    """The time for this day is over."""


class ScoreCheck:
    """The scheduled check.

    Args:
        surveys: Where surveys are kept.
        responses: Where responses are kept.
        documents: Where score documents are kept.
        progress: Where the progress is kept.
        clock: Tells which days are closed, and when the time is over.
        pause: Waits between two looks at one day.
    """

    def __init__(
        self,
        *,
        surveys: Surveys,
        responses: Responses,
        documents: Documents,
        progress: Progress,
        clock: Clock,
        pause: Callable[[], None],
    ) -> None:
        self._surveys = surveys
        self._responses = responses
        self._documents = documents
        self._progress = progress
        self._clock = clock
        self._pause = pause

    def run(self, time: timedelta) -> Iterator[Checked]:
        """Judge what is due, as far as the time goes; each day is told when it is judged.

        What is due has half of the time, and the walk the rest. A day that alone takes longer is told as unsettled, and
        the walk passes it by: `ops rebuild --check` has no such limit.

        Args:
            time: How long the run may take.

        Raises:
            TemporaryError: the store did not answer; the next run goes on after the last day that was told.
        """
        closed = {survey.survey_id: survey for survey in self._closed()}
        progress = self._progress.read()
        done: set[SurveyDay] = set()
        ends_at = self._clock.now() + time
        for day in due(progress.wrong, closed):
            checked = self._checked(closed, day, ends_at - time / 2)
            done.add(day)
            progress = progress.judged(day, checked.verdict)
            self._progress.write(progress)
            yield checked
            if self._clock.now() >= ends_at - time / 2:
                break
        walked = (day for day in walk(closed.values(), progress.walked) if day not in done)
        for number, day in enumerate(islice(walked, WALKED_DAYS)):
            checked = self._checked(closed, day, ends_at)
            out_of_time = self._clock.now() >= ends_at
            if out_of_time and checked.verdict is Verdict.UNSETTLED and number:
                return
            progress = progress.judged(day, checked.verdict).walked_to(day)
            self._progress.write(progress)
            yield checked
            if out_of_time:
                return
        if next(walked, None) is None:
            self._progress.write(progress.walked_to(None))

    def _closed(self) -> Iterator[Recorded]:
        """Each survey with its days that are closed."""
        until = self._clock.now() - CLOSED_FOR
        for listed in self._surveys.list_surveys():
            versions = self._surveys.versions(listed.survey_id)
            survey = recorded(versions, self._responses, self._documents)
            if survey is not None:
                last = min(survey.last, versions[-1].local_day(until) - timedelta(days=1))
                if survey.first <= last:
                    yield survey._replace(last=last)

    def _checked(self, closed: Mapping[str, Recorded], asked: SurveyDay, until: datetime) -> Checked:
        """One day's verdict; unsettled if there was not enough time."""

        def seen() -> None:
            if self._clock.now() >= until:
                raise OutOfTime

        survey_id, day = asked.survey_id, asked.day
        try:
            return check_day(
                self._responses,
                self._documents,
                survey_id,
                day,
                closed[survey_id].breakdowns,
                pause=self._pause,
                seen=seen,
            )
        except OutOfTime:
            return Checked(Verdict.UNSETTLED, DayDocuments(survey_id, day, {}), (), 0)


def due(wrong: Iterable[SurveyDay], closed: Mapping[str, Recorded]) -> list[SurveyDay]:
    """The days that every run judges: those that were wrong, and those that closed last."""
    fresh = (
        SurveyDay(survey_id=survey.survey_id, day=day)
        for survey in closed.values()
        for day in survey.days(since=survey.last - timedelta(days=FRESH_DAYS - 1))
    )
    return list(dict.fromkeys((*(day for day in wrong if day.survey_id in closed), *fresh)))


def walk(closed: Collection[Recorded], after: SurveyDay | None) -> Iterator[SurveyDay]:
    """The days from there on to the last one there is, survey by survey."""
    for survey in sorted(closed):
        if after is not None and survey.survey_id < after.survey_id:
            continue
        is_begun = after is not None and survey.survey_id == after.survey_id
        since = after.day + timedelta(days=1) if after is not None and is_begun else date.min
        for day in survey.days(since=since):
            yield SurveyDay(survey_id=survey.survey_id, day=day)
