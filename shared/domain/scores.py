"""Scores: the only place where their formulas stand.

Everything starts from exact counts by rating, never from percentages, and nothing is rounded here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from shared.domain.surveys import Scale

Z_95 = 1.959963984540054
"""The 97.5 % quantile of the standard normal distribution: a two-sided interval of 95 %."""


class Sentiment(StrEnum):
    """What a rating says, on any scale."""

    POSITIVE = "positive"
    NEUTRAL = "neutral"
    NEGATIVE = "negative"


class Tally(NamedTuple):
    """Answers to one question by what they say; for NPS: promoters, passives, detractors."""

    positive: int = 0
    neutral: int = 0
    negative: int = 0

    @property
    def answers(self) -> int:
        """How many answers there are."""
        return self.positive + self.neutral + self.negative


class Score(NamedTuple):
    """A score and how sure it is; all in points."""

    value: float
    margin_of_error: float
    interval: tuple[float, float]


class ScoreDocument(NamedTuple):
    """What was answered on one day: by the whole survey's respondents, or by those of one breakdown value.

    Args:
        day: The day where the survey lives.
        value: The breakdown value, empty for the whole survey.
        counters: The exact count of each rating, by question.
        responses: How many responses have a rating.
        certificate: The sum of the responses' certificates, modulo 2^64.
    """

    day: date
    value: str
    counters: Mapping[str, Mapping[int, int]]
    responses: int
    certificate: int


def counts(documents: Iterable[ScoreDocument], question_id: str) -> dict[int, int]:
    """The exact count of each rating of one question, over all these documents."""
    total: dict[int, int] = {}
    for document in documents:
        for rating, count in document.counters.get(question_id, {}).items():
            total[rating] = total.get(rating, 0) + count
    return total


def sentiment(scale: Scale, rating: int) -> Sentiment:
    """What a rating says on its scale.

    NPS: 9-10 promoter, 7-8 passive, 0-6 detractor (Reichheld, "The One Number You Need to Grow", HBR 2003).
    CSAT of 5 (satisfied) and CES of 5 (agrees it was easy): 4-5 positive, 3 neutral, 1-2 negative.

    Raises:
        ValueError: the scale has no ratings, or the rating lies outside it.
    """
    bounds = scale.bounds
    if bounds is None or not bounds[0] <= rating <= bounds[1]:
        raise ValueError(f"{rating} is not a rating on the scale {scale.value}")
    neutral = (7, 8) if scale is Scale.NPS else (3, 3)
    if rating > neutral[1]:
        return Sentiment.POSITIVE
    return Sentiment.NEGATIVE if rating < neutral[0] else Sentiment.NEUTRAL


def tally(scale: Scale, counts: Mapping[int, int]) -> Tally:
    """Exact counts by rating, gathered by what they say."""
    gathered = dict.fromkeys(Sentiment, 0)
    for rating, count in counts.items():
        gathered[sentiment(scale, rating)] += count
    return Tally(gathered[Sentiment.POSITIVE], gathered[Sentiment.NEUTRAL], gathered[Sentiment.NEGATIVE])


def nps(counts: Tally) -> Score | None:
    """Net Promoter Score: promoters minus detractors in percent of all answers, -100 to 100; None without answers.

    The interval is the adjusted Wald interval of Rocks (2016, arXiv:1601.07235): 3/4, 3/2 and 3/4 of an answer are
    added to promoters, passives and detractors, and the variance is the multinomial one, (p + d - (p - d)^2) / n,
    covariance included. It never leaves the scale. Its centre is pulled towards 0, so the margin is its half width
    and need not be centred on the score.
    """
    answers = counts.answers
    if answers == 0:
        return None
    value = 100 * (counts.positive - counts.negative) / answers
    n = answers + 3
    p, d = (counts.positive + 0.75) / n, (counts.negative + 0.75) / n
    half = 100 * Z_95 * math.sqrt((p + d - (p - d) ** 2) / n)
    centre = 100 * (p - d)
    low, high = max(-100.0, centre - half), min(100.0, centre + half)
    return Score(value, (high - low) / 2, (low, high))


def share(counts: Tally) -> Score | None:
    """CSAT and CES: positive answers in percent of all, 0 to 100; None without answers.

    The interval is the adjusted Wald interval of Agresti and Coull (1998): two successes and two failures are added
    (more exactly z^2/2 of each).
    """
    answers = counts.answers
    if answers == 0:
        return None
    value = 100 * counts.positive / answers
    n = answers + Z_95**2
    p = (counts.positive + Z_95**2 / 2) / n
    half = 100 * Z_95 * math.sqrt(p * (1 - p) / n)
    low, high = max(0.0, 100 * p - half), min(100.0, 100 * p + half)
    return Score(value, (high - low) / 2, (low, high))


def score(scale: Scale, counts: Tally) -> Score | None:
    """The score that belongs to a scale; None without answers.

    Raises:
        ValueError: the scale has no score.
    """
    if scale is Scale.NPS:
        return nps(counts)
    if scale is Scale.TEXT:
        raise ValueError("text has no score")
    return share(counts)
