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
    """Answers to one question by what they say; for NPS: promoters, passives, detractors.

    For the expectation score: exceeded, met, below.
    """

    positive: int = 0
    neutral: int = 0
    negative: int = 0

    @property
    def answers(self) -> int:
        """How many answers there are."""
        return self.positive + self.neutral + self.negative


class Score(NamedTuple):
    """A score and how sure it is; all in points.

    Args:
        value: The score, from the exact counts.
        standard_error: Of the exact counts, unadjusted: 0 if all answers agree, however few they are.
        margin_of_error: Half the width of the interval.
        interval: The 95 % interval.
    """

    value: float
    standard_error: float
    margin_of_error: float
    interval: tuple[float, float]


class Change(NamedTuple):
    """How much two scores differ, and whether that is more than chance; in points but for z and p.

    Args:
        difference: The later or first score minus the other, from the exact counts.
        interval: The 95 % interval of the difference.
        z: The test statistic.
        p: The two-sided probability of a z this far from 0 if nothing changed.
        changed: Whether p is below 5 %, which is the same as the interval excluding 0.
    """

    difference: float
    interval: tuple[float, float]
    z: float
    p: float
    changed: bool


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


_NEUTRAL = {
    Scale.NPS: (7, 8),
    Scale.CSAT: (3, 3),
    Scale.CSAT_3: (2, 2),
    Scale.CES: (3, 3),
    Scale.CES_7: (4, 4),
    Scale.EXPECTATION: (2, 2),
}


def sentiment(scale: Scale, rating: int) -> Sentiment:
    """What a rating says on its scale.

    NPS: 9-10 promoter, 7-8 passive, 0-6 detractor (Reichheld, "The One Number You Need to Grow", HBR 2003).
    CSAT: satisfied are the top two of five, the top one of three. CES: 4-5 of five, 5-7 of seven agree that it was
    easy. Expectation: 1 below, 2 met, 3 exceeded.

    Raises:
        ValueError: the scale has no score, or the rating lies outside it.
    """
    bounds = scale.bounds
    if not scale.has_score or bounds is None or not bounds[0] <= rating <= bounds[1]:
        raise ValueError(f"{rating} is not a rating on the scale {scale.value}")
    low, high = _NEUTRAL[scale]
    if rating > high:
        return Sentiment.POSITIVE
    return Sentiment.NEGATIVE if rating < low else Sentiment.NEUTRAL


def tally(scale: Scale, counts: Mapping[int, int]) -> Tally:
    """Exact counts by rating, gathered by what they say."""
    gathered = dict.fromkeys(Sentiment, 0)
    for rating, count in counts.items():
        gathered[sentiment(scale, rating)] += count
    return Tally(gathered[Sentiment.POSITIVE], gathered[Sentiment.NEUTRAL], gathered[Sentiment.NEGATIVE])


class _Estimate(NamedTuple):
    """A score as a fraction of 1, and the variance of one answer."""

    value: float
    variance: float
    answers: float

    @property
    def standard_error(self) -> float:
        return math.sqrt(self.variance / self.answers)


def _net(counts: Tally, added: float = 0) -> _Estimate:
    """Positive minus negative; with the multinomial variance p + d - (p - d)^2, covariance included.

    Args:
        counts: The answers, at least one if nothing is added.
        added: Of an answer, to either side; twice that is added in the middle.
    """
    n = counts.answers + 4 * added
    p, d = (counts.positive + added) / n, (counts.negative + added) / n
    return _Estimate(p - d, p + d - (p - d) ** 2, n)


def _share(counts: Tally, added: float = 0) -> _Estimate:
    """Positive of all, with the binomial variance; `added` answers to either side."""
    n = counts.answers + 2 * added
    p = (counts.positive + added) / n
    return _Estimate(p, p * (1 - p), n)


def _adjusted(scale: Scale, counts: Tally) -> _Estimate:
    """The estimate whose Wald interval is the adjusted one."""
    return _net(counts, 3 / 4) if scale in _NET else _share(counts, Z_95**2 / 2)


_NET = frozenset({Scale.NPS, Scale.EXPECTATION})


def nps(counts: Tally) -> Score | None:
    """Net Promoter Score: promoters minus detractors in percent of all answers, -100 to 100; None without answers."""
    return score(Scale.NPS, counts)


def score(scale: Scale, counts: Tally) -> Score | None:
    """The score that belongs to a scale; None without answers.

    NPS and expectation: positive minus negative answers in percent of all, -100 to 100. The interval is the adjusted
    Wald interval of Rocks (2016, arXiv:1601.07235): 3/4, 3/2 and 3/4 of an answer are added to positive, neutral and
    negative. CSAT and CES: positive answers in percent of all, 0 to 100. The interval is the adjusted Wald interval of
    Agresti and Coull (1998): z^2/2 successes and as many failures are added, about two of each.

    Neither leaves the scale, and both hold the score. The centre is pulled towards the middle, so the margin is its
    half width and need not be centred on the score.

    Raises:
        ValueError: the scale has no score.
    """
    if not scale.has_score:
        raise ValueError(f"{scale.value} has no score")
    if counts.answers == 0:
        return None
    exact = _net(counts) if scale in _NET else _share(counts)
    adjusted = _adjusted(scale, counts)
    half = Z_95 * adjusted.standard_error
    lowest = -1.0 if scale in _NET else 0.0
    # The one answer 10 has a score of 100 and an interval up to 98.5; it is widened to hold its own score.
    low = min(max(lowest, adjusted.value - half), exact.value)
    high = max(min(1.0, adjusted.value + half), exact.value)
    return Score(
        # Multiplied before it is divided: 35 of 50 are 70 and not 70.00000000000001.
        100 * (counts.positive - (counts.negative if scale in _NET else 0)) / counts.answers,
        100 * exact.standard_error,
        50 * (high - low),
        (100 * low, 100 * high),
    )


def change(scale: Scale, counts: Tally, before: Tally) -> Change | None:
    """Whether a score differs from another one by more than chance; None if either has no answers.

    The z test of two independent samples with variances not pooled, z = (s - t) / sqrt(SE_s^2 + SE_t^2), and
    p = erfc(|z| / sqrt 2). Both sides are estimated as for their own intervals, with the added answers: the plain
    test, as in the R package NPS (`nps.test`), divides by 0 where all answers agree, and finds changes in a handful of
    answers that are none. Agresti and Caffo (2000) show this for shares. For many answers it makes no difference.

    Args:
        scale: The scale of both.
        counts: The answers in question.
        before: Those they are compared with.

    Raises:
        ValueError: the scale has no score.
    """
    now, then = score(scale, counts), score(scale, before)
    if now is None or then is None:
        return None
    one, other = _adjusted(scale, counts), _adjusted(scale, before)
    spread = math.hypot(one.standard_error, other.standard_error)
    shift = one.value - other.value
    z, half = shift / spread, Z_95 * spread
    return Change(
        difference=now.value - then.value,
        interval=(100 * (shift - half), 100 * (shift + half)),
        z=z,
        p=math.erfc(abs(z) / math.sqrt(2)),
        changed=abs(z) > Z_95,
    )
