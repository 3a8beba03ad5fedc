"""Tells scores: of one survey, and of the touchpoints of the journey."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime

from functions.api.named import named_survey, published
from functions.api.needs import Definitions, Scores, Surveys
from functions.api.trends import Trend, flag, trend_of, verified_part
from shared.clock import Clock
from shared.domain.api_keys import ApiKey
from shared.domain.metrics.days import day_of, span
from shared.domain.metrics.figures import Journey, Metrics
from shared.domain.metrics.journey import Counted, journey, scale_of
from shared.domain.metrics.scoring import asked_for, metrics
from shared.domain.scores import counts
from shared.domain.surveys import Survey
from shared.errors import InvalidRequestError


class Scoring:
    """The scores that servers ask for.

    Args:
        surveys: Published surveys, cached.
        definitions: Every survey, as it is at this moment.
        scores: Stored scores.
        clock: What today is.
    """

    def __init__(self, *, surveys: Surveys, definitions: Definitions, scores: Scores, clock: Clock) -> None:
        self._surveys = surveys
        self._definitions = definitions
        self._scores = scores
        self._clock = clock

    def metrics(self, query: Mapping[str, str], groups: Collection[str], caller: ApiKey) -> Metrics:
        """The score of a survey's question.

        Args:
            query: `survey`, `since`, `until`, `question`, `by`, `trend`, `verified`, `compare` and `interval`; each may
                be left out.
            groups: Which of Delighted's groups; there is one, `core`.
            caller: Whose key says which survey is meant if none is named.

        Raises:
            InvalidRequestError: one of them is wrong.
            NotFoundError: there is no such survey.
        """
        survey = published(self._surveys, named_survey(query.get("survey"), caller)).survey
        if set(groups) - {"core"}:
            raise InvalidRequestError("There is one group.", {"groups": ["must be core, or be left out"]})
        trend = _part(survey, query)
        asked = asked_for(survey, query, lambda: self._latest_day(survey))
        documents = self._scores.read(survey.survey_id, asked.since, asked.days.until, trend.breakdown if trend else "")
        if trend:
            documents = [document for document in documents if document.value == trend.value]
        parts = self._scores.read(survey.survey_id, asked.since, asked.days.until, asked.by) if asked.by else ()
        return metrics(survey, asked, documents, parts)

    def journey(self, query: Mapping[str, str]) -> Journey:
        """The score of each touchpoint: one Query for the list of surveys, and one for each survey on the scale.

        Args:
            query: `scale`, `since` and `until`; each may be left out.

        Raises:
            InvalidRequestError: one of them is wrong.
        """
        scale = scale_of(query.get("scale"))
        since, until = (
            day_of(query[name], name, datetime.date) if name in query else None for name in ("since", "until")
        )
        days = span(since, until, self._clock.now().date())
        asked = (each for each in self._definitions.list_surveys() if not each.archived)
        found = []
        for survey in asked:
            if question := survey.first_question_on(scale):
                documents = self._scores.read(survey.survey_id, days.since, days.until)
                found.append(Counted(survey, counts(documents, question)))
        return journey(scale, days, found)

    def _latest_day(self, survey: Survey) -> date:
        return self._scores.latest_day(survey.survey_id) or survey.local_day(self._clock.now())


def _part(survey: Survey, query: Mapping[str, str]) -> Trend | None:
    """The part of the answers that is asked for, None for all. A score document knows of one breakdown only."""
    asked = [name for name in ("by", "trend", "verified") if name in query]
    if len(asked) > 1:
        raise InvalidRequestError("One breakdown at a time.", {asked[0]: [f"must be left out with {asked[-1]}"]})
    verified = flag(query, "verified")
    return trend_of(survey, query.get("trend")) if verified is None else verified_part(survey, verified)
