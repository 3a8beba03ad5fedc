"""Scores as the API answers them: Delighted's integers, and beside them what they leave out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum

from pydantic import ConfigDict

from shared.domain.base import Frozen
from shared.domain.surveys import QuestionId, Scale, SurveyId


class Verdict(StrEnum):
    """What a comparison shows, in words; "no change shown" is not "nothing changed"."""

    HIGHER = "higher"
    LOWER = "lower"
    NO_CHANGE_SHOWN = "no change shown"
    NO_ANSWERS = "no answers on one side"


class Comparison(Frozen):
    """A score beside that of the days before, as many as there are in question.

    Args:
        since: The first day before.
        until: The last day before.
        response_count: The answers of those days.
        score: Their score.
        difference: How many points the score is above it.
        interval: The 95 % interval of the difference.
        z: Of a test of two samples.
        p: The probability of such a difference, up or down, if nothing had changed.
        changed: Whether p is below 0.05; null without answers on one side.
        verdict: The same in words.
    """

    since: date
    until: date
    response_count: int
    score: float | None
    difference: float | None
    interval: tuple[float, float] | None
    z: float | None
    p: float | None
    changed: bool | None
    verdict: Verdict


class Figures(Frozen):
    """A score with its counts, and how sure it is."""

    nps: int | None
    promoter_count: int | None
    promoter_percent: int | None
    passive_count: int | None
    passive_percent: int | None
    detractor_count: int | None
    detractor_percent: int | None
    response_count: int
    score: float | None
    standard_error: float | None
    margin_of_error: float | None
    interval: tuple[float, float] | None
    ratings: Mapping[int, int]


class Row(Figures):
    """The figures of one value of a breakdown."""

    value: str
    comparison: Comparison | None


class Bucket(Figures):
    """The figures of a day, an ISO week or a month, as far as it lies in the days asked for.

    Args:
        bucket: Its name, such as 2026-03-29, 2026-W13 or 2026-03.
        since: Its first day.
        until: Its last day.
    """

    bucket: str
    since: date
    until: date


class Metrics(Figures):
    """The score of one question over a span of days, and how sure it is.

    Counts are exact. The integers `nps` and `…_percent` are rounded, each from the exact counts, as Delighted's are;
    `score` is not rounded. Without answers every score is null, never 0. Promoters, passives and detractors are an NPS
    question's; on another scale they are null. A question with options has no score, only `ratings`, by the number of
    the option.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "survey": "delivery",
                    "question": "recommend",
                    "scale": "nps",
                    "since": "2026-05-31",
                    "until": "2026-06-29",
                    "nps": 51,
                    "promoter_count": 32,
                    "promoter_percent": 63,
                    "passive_count": 13,
                    "passive_percent": 25,
                    "detractor_count": 6,
                    "detractor_percent": 12,
                    "response_count": 51,
                    "score": 50.98039215686274,
                    "standard_error": 9.75,
                    "margin_of_error": 18.85,
                    "interval": [29.3, 67.0],
                    "ratings": {"10": 20, "9": 12, "8": 13, "5": 6},
                    "comparison": None,
                    "rows": [],
                    "buckets": [],
                }
            ]
        }
    )

    survey: SurveyId
    question: QuestionId
    scale: Scale
    since: date
    until: date
    comparison: Comparison | None
    rows: tuple[Row, ...]
    buckets: tuple[Bucket, ...]


class Touchpoint(Figures):
    """The figures of one touchpoint, over all its surveys."""

    touchpoint: QuestionId
    surveys: tuple[SurveyId, ...]


class Weakest(Frozen):
    """The touchpoint that drags the whole down most.

    Args:
        touchpoint: Its name.
        drag: How many points it takes from the whole: its share of the answers, times the difference.
        difference: How many points its score lies below that of all the others together, as a negative number.
        interval: The 95 % interval of the difference; it excludes 0.
    """

    touchpoint: QuestionId
    drag: float
    difference: float
    interval: tuple[float, float]


class Journey(Figures):
    """The score of each touchpoint on one scale, in the order of the journey, beside that of all together.

    `weakest` is null where no touchpoint is shown to lie below the others.
    """

    scale: Scale
    since: date
    until: date
    touchpoints: tuple[Touchpoint, ...]
    weakest: Weakest | None
