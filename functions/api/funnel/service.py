"""Tells how far people came."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

from functions.api.named import published
from functions.api.needs import Definitions, Surveys
from shared.clock import Clock
from shared.domain.funnel import Funnel, Passed, funnel, summed
from shared.domain.metrics.days import Span, day_of, span
from shared.domain.published import ListedSurvey
from shared.domain.steps import AskedBy, Step


class FunnelDay(Protocol):
    """What was counted of a day, on one way of asking."""

    @property
    def channel(self) -> AskedBy:
        """The way."""
        ...

    @property
    def steps(self) -> Mapping[Step, int]:
        """How often each step was taken."""
        ...


class Steps(Protocol):
    """Where steps are counted."""

    def read(self, survey_id: str, since: date, until: date) -> Sequence[FunnelDay]:
        """What was counted of a survey's days, both included."""
        ...


class FunnelReading:
    """The funnel that servers ask for.

    Args:
        surveys: Published surveys, cached.
        definitions: Every survey, as it is at this moment.
        steps: Where steps are counted.
        clock: What today is.
    """

    def __init__(self, *, surveys: Surveys, definitions: Definitions, steps: Steps, clock: Clock) -> None:
        self._surveys = surveys
        self._definitions = definitions
        self._steps = steps
        self._clock = clock

    def read(self, query: Mapping[str, str]) -> Funnel:
        """How far people came: one Query for a survey; for all, one for their list and one for each.

        Args:
            query: `survey`, `since` and `until`; each may be left out.

        Raises:
            InvalidRequestError: one of them is wrong.
            NotFoundError: there is no such survey.
        """
        if "survey" in query:
            survey = published(self._surveys, query["survey"]).survey
            days = self._days(query, survey.local_day)
            return funnel(days, [self._passed(ListedSurvey.of(survey), days)])
        days = self._days(query, datetime.date)
        asked = (each for each in self._definitions.list_surveys() if not each.archived)
        return funnel(days, [each for each in (self._passed(survey, days) for survey in asked) if each.channels])

    def _days(self, query: Mapping[str, str], local_day: Callable[[datetime], date]) -> Span:
        since, until = (day_of(query[name], name, local_day) if name in query else None for name in ("since", "until"))
        return span(since, until, local_day(self._clock.now()))

    def _passed(self, survey: ListedSurvey, days: Span) -> Passed:
        counted = self._steps.read(survey.survey_id, days.since, days.until)
        return Passed(survey, summed((each.channel, each.steps) for each in counted))
