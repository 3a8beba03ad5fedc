"""From score documents to the answer of `GET /v1/metrics`: which days, which question, which numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from functions.api.bodies import Metrics
from shared.domain.scores import ScoreDocument, Tally, counts, score, tally
from shared.domain.surveys import Question, Scale, Survey
from shared.errors import InvalidRequestError

DEFAULT_DAYS = 30
EARLIEST = date(1970, 1, 1)
LATEST = date(2106, 1, 1)
"""The days that Unix seconds of 32 bits can name; a later one is a slip of the keyboard (or milliseconds)."""


class Span(NamedTuple):
    """Days, both included."""

    since: date
    until: date


def day_of(text: str, field: str, survey: Survey) -> date:
    """The survey's local day of a point in time, as `since` and `until` are sent.

    Args:
        text: Unix seconds, or a day such as 2026-03-29.
        field: The name of the query parameter, for the refusal.
        survey: Says where its days begin.

    Raises:
        InvalidRequestError: it is neither.
    """
    day: date | None = None
    if re.fullmatch(r"[0-9]{1,10}", text):
        day = survey.local_day(datetime.fromtimestamp(int(text), UTC))
    elif re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        try:
            day = date.fromisoformat(text)
        except ValueError:
            day = None
    if day is None or not EARLIEST <= day <= LATEST:
        raise InvalidRequestError(
            f"{field} must be Unix seconds or a day.",
            {field: ["must be Unix seconds, or a day such as 2026-03-29"]},
        )
    return day


def span(since: date | None, until: date | None, latest: date) -> Span:
    """The days asked for; by default the 30 up to the latest response.

    Raises:
        InvalidRequestError: it ends before it begins.
    """
    end = until or max(latest, since or latest)
    begin = since or max(end - timedelta(days=DEFAULT_DAYS - 1), EARLIEST)
    if end < begin:
        raise InvalidRequestError("until lies before since.", {"until": ["must not lie before since"]})
    return Span(begin, end)


def question_of(survey: Survey, question_id: str | None) -> Question:
    """The question asked for; by default the survey's first with a scale.

    Raises:
        InvalidRequestError: the survey does not ask it, or it has no scale.
    """
    question = survey.question(question_id) if question_id is not None else survey.first_scale_question
    if question is None or not question.scale.has_score:
        scored = ", ".join(question.id for question in survey.questions if question.scale.has_score)
        raise InvalidRequestError(
            "question has no score in this survey.", {"question": [f"must be one of those with a scale: {scored}"]}
        )
    return question


def metrics(survey: Survey, question: Question, days: Span, documents: Iterable[ScoreDocument]) -> Metrics:
    """The score of a question, from the documents of its days."""
    ratings = counts(documents, question.id)
    answers = tally(question.scale, ratings)
    found = score(question.scale, answers)
    groups = answers if question.scale is Scale.NPS else None
    return Metrics(
        survey=survey.survey_id,
        question=question.id,
        scale=question.scale,
        since=days.since,
        until=days.until,
        nps=_percent(answers.positive - answers.negative, groups),
        promoter_count=groups.positive if groups else None,
        promoter_percent=_percent(answers.positive, groups),
        passive_count=groups.neutral if groups else None,
        passive_percent=_percent(answers.neutral, groups),
        detractor_count=groups.negative if groups else None,
        detractor_percent=_percent(answers.negative, groups),
        response_count=answers.answers,
        score=found.value if found else None,
        margin_of_error=found.margin_of_error if found else None,
        interval=found.interval if found else None,
        ratings={rating: count for rating, count in sorted(ratings.items()) if count},
    )


def _percent(part: int, groups: Tally | None) -> int | None:
    """Percent of all answers as the nearest whole number, halves away from zero, in exact arithmetic."""
    if groups is None or groups.answers == 0:
        return None
    nearest = (200 * abs(part) + groups.answers) // (2 * groups.answers)
    return nearest if part >= 0 else -nearest
