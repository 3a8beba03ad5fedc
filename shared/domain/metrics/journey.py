"""The customer journey: the score of each touchpoint, and the one that drags the whole down most.

Scores on different scales can not be compared, so a journey is told on one: by each survey's first question on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from shared.domain.metrics.days import Span
from shared.domain.metrics.figures import Journey, Touchpoint, Weakest
from shared.domain.metrics.scoring import figures
from shared.domain.published import ListedSurvey
from shared.domain.scores import Tally, change, tally
from shared.domain.surveys import Scale
from shared.errors import InvalidRequestError


class Counted(NamedTuple):
    """A survey with its counts by rating."""

    survey: ListedSurvey
    ratings: Mapping[int, int]


def scale_of(name: str | None) -> Scale:
    """The scale asked for; by default NPS.

    Raises:
        InvalidRequestError: there is none of that name, or it has no score.
    """
    scored = [scale.value for scale in Scale if scale.has_score]
    if name is not None and name not in scored:
        raise InvalidRequestError("scale is unknown.", {"scale": [f"must be one of {', '.join(scored)}"]})
    return Scale(name or Scale.NPS)


def journey(scale: Scale, days: Span, surveys: Iterable[Counted]) -> Journey:
    """The journey on one scale.

    Args:
        scale: The scale.
        days: The days counted.
        surveys: Those that ask on it; several at one touchpoint are counted together.
    """
    at: dict[str, list[Counted]] = {}
    for each in surveys:
        at.setdefault(each.survey.touchpoint, []).append(each)
    ordered = sorted(at.items(), key=lambda item: (_position(item[1]), item[0]))
    ratings = {touchpoint: _summed(found) for touchpoint, found in ordered}
    return Journey(
        scale=scale,
        since=days.since,
        until=days.until,
        touchpoints=tuple(
            Touchpoint(
                touchpoint=touchpoint,
                surveys=tuple(each.survey.survey_id for each in found),
                **figures(scale, ratings[touchpoint]),
            )
            for touchpoint, found in ordered
        ),
        weakest=weakest({touchpoint: tally(scale, found) for touchpoint, found in ratings.items()}, scale),
        **figures(scale, _summed(each for found in at.values() for each in found)),
    )


def weakest(answers: Mapping[str, Tally], scale: Scale) -> Weakest | None:
    """The touchpoint that drags the whole down most, if any does beyond chance.

    The drag of a touchpoint is what the whole would gain without it: n_t / n × (score_t - score of the others). Only
    touchpoints whose score lies below that of the others, with an interval of the difference that excludes 0, count.
    """
    whole = _together(answers.values())
    found = []
    for touchpoint, own in answers.items():
        others = _together(tally for other, tally in answers.items() if other != touchpoint)
        difference = change(scale, own, others)
        if difference is not None and difference.interval[1] < 0:
            drag = own.answers / whole.answers * difference.difference
            found.append(
                Weakest(
                    touchpoint=touchpoint, drag=drag, difference=difference.difference, interval=difference.interval
                )
            )
    return min(found, key=lambda each: each.drag, default=None)


def _together(answers: Iterable[Tally]) -> Tally:
    total = Tally()
    for each in answers:
        total = Tally(total.positive + each.positive, total.neutral + each.neutral, total.negative + each.negative)
    return total


def _summed(surveys: Iterable[Counted]) -> dict[int, int]:
    total: dict[int, int] = {}
    for each in surveys:
        for rating, count in each.ratings.items():
            total[rating] = total.get(rating, 0) + count
    return total


def _position(found: Iterable[Counted]) -> float:
    """The first position that a touchpoint's surveys declare; without any it comes last."""
    return min((each.survey.journey_position or float("inf") for each in found), default=float("inf"))
