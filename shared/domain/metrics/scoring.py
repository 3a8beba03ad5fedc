"""From score documents to the answer of `GET /v1/metrics`: which question, by what, and which numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from shared.domain.metrics.days import Interval, Span, buckets, day_of, interval_of, span
from shared.domain.metrics.figures import Bucket, Comparison, Metrics, Row, Verdict
from shared.domain.scores import Change, ScoreDocument, Tally, change, counts, score, tally
from shared.domain.surveys import OTHER, Question, Scale, Survey
from shared.errors import InvalidRequestError


class Asked(NamedTuple):
    """What `GET /v1/metrics` is asked for."""

    question: Question
    days: Span
    by: str | None = None
    compare: bool = False
    interval: Interval | None = None

    @property
    def since(self) -> date:
        """The first day of which anything is needed."""
        return self.days.before.since if self.compare else self.days.since


def asked_for(survey: Survey, query: Mapping[str, str], latest_day: Callable[[], date]) -> Asked:
    """What a query asks of a survey.

    Args:
        survey: The survey.
        query: `since`, `until`, `question`, `by`, `compare` and `interval`; each may be left out.
        latest_day: Gives the last day if `until` is left out.

    Raises:
        InvalidRequestError: one of them is wrong.
    """
    question = question_of(survey, query.get("question"))
    since, until = (
        day_of(query[name], name, survey.local_day) if name in query else None for name in ("since", "until")
    )
    days = span(since, until, until or latest_day())
    return Asked(
        question=question,
        days=days,
        by=breakdown_of(survey, query.get("by")),
        compare=compared(query.get("compare"), question),
        interval=interval_of(query.get("interval"), days),
    )


def question_of(survey: Survey, question_id: str | None) -> Question:
    """The question asked for; by default the survey's first with a score.

    Raises:
        InvalidRequestError: the survey does not ask it, or it is answered with text.
    """
    question = survey.question(question_id) if question_id is not None else survey.first_scale_question
    if question is None or not question.ratings:
        counted = ", ".join(question.id for question in survey.questions if question.ratings)
        raise InvalidRequestError(
            "question is not counted in this survey.", {"question": [f"must be one of those with ratings: {counted}"]}
        )
    return question


def breakdown_of(survey: Survey, name: str | None) -> str | None:
    """The breakdown asked for.

    Raises:
        InvalidRequestError: the survey does not declare it.
    """
    declared = [breakdown.name for breakdown in survey.breakdowns]
    if name is not None and name not in declared:
        names = f"must be one of this survey's breakdowns: {', '.join(declared)}" if declared else "has no breakdowns"
        raise InvalidRequestError("by names no breakdown of this survey.", {"by": [names]})
    return name


def compared(name: str | None, question: Question) -> bool:
    """Whether to compare with the days before.

    Raises:
        InvalidRequestError: it is something else that is to be compared with, or there is no score to compare.
    """
    if name is None:
        return False
    if name != "previous":
        raise InvalidRequestError("compare is unknown.", {"compare": ["must be previous, or be left out"]})
    if not question.scale.has_score:
        raise InvalidRequestError("This question has no score.", {"compare": ["must be left out with this question"]})
    return True


def metrics(
    survey: Survey, asked: Asked, documents: Sequence[ScoreDocument], parts: Sequence[ScoreDocument] = ()
) -> Metrics:
    """The score of a question.

    Args:
        survey: The survey.
        asked: What is asked for.
        documents: Those of the whole survey, from `asked.since` on.
        parts: Those of the breakdown, likewise.
    """
    question, days = asked.question, asked.days
    return Metrics(
        survey=survey.survey_id,
        question=question.id,
        scale=question.scale,
        since=days.since,
        until=days.until,
        comparison=_comparison(asked, documents),
        rows=tuple(
            Row(value=value, comparison=_comparison(asked, own), **figures(question.scale, _counts(asked, days, own)))
            for value, own in _by_value(survey, asked.by, parts)
        ),
        buckets=tuple(
            Bucket(
                bucket=asked.interval.name_of(bucket.since),
                since=bucket.since,
                until=bucket.until,
                **figures(question.scale, _counts(asked, bucket, documents)),
            )
            for bucket in buckets(days, asked.interval)
        )
        if asked.interval
        else (),
        **figures(question.scale, _counts(asked, days, documents)),
    )


def figures(scale: Scale, ratings: Mapping[int, int]) -> dict[str, Any]:
    """What `Figures` tells of these counts by rating."""
    scored = scale.has_score
    answers = tally(scale, ratings) if scored else Tally()
    found = score(scale, answers) if scored else None
    groups = answers if scale is Scale.NPS else None
    return {
        "nps": _percent(answers.positive - answers.negative, groups),
        "promoter_count": groups.positive if groups else None,
        "promoter_percent": _percent(answers.positive, groups),
        "passive_count": groups.neutral if groups else None,
        "passive_percent": _percent(answers.neutral, groups),
        "detractor_count": groups.negative if groups else None,
        "detractor_percent": _percent(answers.negative, groups),
        "response_count": sum(ratings.values()),
        "score": found.value if found else None,
        "standard_error": found.standard_error if found else None,
        "margin_of_error": found.margin_of_error if found else None,
        "interval": found.interval if found else None,
        "ratings": {rating: count for rating, count in sorted(ratings.items()) if count},
    }


def _counts(asked: Asked, days: Span, documents: Iterable[ScoreDocument]) -> dict[int, int]:
    within = (document for document in documents if days.since <= document.day <= days.until)
    return counts(within, asked.question.id)


def _by_value(
    survey: Survey, by: str | None, parts: Sequence[ScoreDocument]
) -> Iterator[tuple[str, list[ScoreDocument]]]:
    """The documents of each value: the declared ones in their order, those of earlier versions, then `other`."""
    if by is None:
        return
    declared = next(breakdown.values for breakdown in survey.breakdowns if breakdown.name == by)
    found: dict[str, list[ScoreDocument]] = {value: [] for value in declared}
    for part in parts:
        found.setdefault(part.value, []).append(part)
    earlier = sorted(found.keys() - {*declared, OTHER})
    for value in dict.fromkeys((*declared, *earlier, OTHER)):
        yield value, found.get(value, [])


def _comparison(asked: Asked, documents: Sequence[ScoreDocument]) -> Comparison | None:
    if not asked.compare:
        return None
    scale, before = asked.question.scale, asked.days.before
    now, then = (tally(scale, _counts(asked, days, documents)) for days in (asked.days, before))
    found, previous = change(scale, now, then), score(scale, then)
    return Comparison(
        since=before.since,
        until=before.until,
        response_count=then.answers,
        score=previous.value if previous else None,
        difference=found.difference if found else None,
        interval=found.interval if found else None,
        z=found.z if found else None,
        p=found.p if found else None,
        changed=found.changed if found else None,
        verdict=_verdict(found),
    )


def _verdict(found: Change | None) -> Verdict:
    if found is None:
        return Verdict.NO_ANSWERS
    if not found.changed:
        return Verdict.NO_CHANGE_SHOWN
    return Verdict.HIGHER if found.z > 0 else Verdict.LOWER


def _percent(part: int, groups: Tally | None) -> int | None:
    """Percent of all answers as the nearest whole number, halves away from zero, in exact arithmetic."""
    if groups is None or groups.answers == 0:
        return None
    nearest = (200 * abs(part) + groups.answers) // (2 * groups.answers)
    return nearest if part >= 0 else -nearest
