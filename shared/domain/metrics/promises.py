"""The promise ledger as the API answers it: how many promises were kept, by whom, and what that does to the score."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple, Protocol

from shared.domain.base import Frozen
from shared.domain.promises import Outcome
from shared.domain.scores import Tally, change, score, tally
from shared.domain.surveys import QuestionId, Scale, SurveyId


class By(StrEnum):
    """What promises are counted by."""

    CARRIER = "carrier"
    REGION = "region"
    WEEK = "week"


class Ended(Protocol):
    """What became of the promises of a week, a carrier and a region."""

    @property
    def week(self) -> str:
        """The ISO week in which they ended."""
        ...

    @property
    def carrier(self) -> str:
        """Who was to bring it."""
        ...

    @property
    def region(self) -> str:
        """Where it was to go."""
        ...

    @property
    def outcomes(self) -> Mapping[Outcome, int]:
        """How many ended in which way."""
        ...

    @property
    def late_seconds(self) -> int:
        """By how much the late ones were late, together."""
        ...


class PromisesKept(Frozen):
    """How many promises were kept.

    Args:
        promises: All that were judged; a promise in whose place the customer chose another is not among them.
        kept: Delivered within the window.
        early: Delivered before it began.
        late: Delivered when it was over.
        broken: Never delivered.
        kept_percent: Kept in per cent of all; null, never 0, where there were none.
        margin_of_error: Half the width of the interval, in points.
        interval: Its 95 % interval (adjusted Wald).
        late_minutes: By how much the late ones were late, on average; null without any.
    """

    promises: int
    kept: int
    early: int
    late: int
    broken: int
    kept_percent: float | None
    margin_of_error: float | None
    interval: tuple[float, float] | None
    late_minutes: float | None


class PromisesRow(PromisesKept):
    """The same of one carrier, region or week; the value is empty where nobody told the region."""

    value: str


class ScoreOf(Frozen):
    """The score that customers gave whose promises ended alike."""

    response_count: int
    score: float | None
    margin_of_error: float | None
    interval: tuple[float, float] | None


class ScoreDifference(Frozen):
    """How many points those whose promise was kept score above those whose promise was not.

    Args:
        difference: In points.
        interval: Its 95 % interval.
        p: The probability of such a difference, up or down, if there were none.
        differs: Whether p is below 0.05.
    """

    difference: float
    interval: tuple[float, float]
    p: float
    differs: bool


class PromisesAndScore(Frozen):
    """What a kept promise is worth: a delivery survey's answers by what became of the promise they are about.

    Args:
        survey: The survey.
        question: Its first question with a score.
        scale: That question's scale.
        kept: Of customers all of whose promises were kept.
        not_kept: Of customers one of whose promises was early, late or broken; the three below are its parts.
        early: The worst was early.
        late: The worst was late.
        broken: The worst was broken.
        without_promise: Of customers who were promised nothing, or whose promise is not decided.
        difference: Kept against not kept; null without answers on one side.
    """

    survey: SurveyId
    question: QuestionId
    scale: Scale
    kept: ScoreOf
    not_kept: ScoreOf
    early: ScoreOf
    late: ScoreOf
    broken: ScoreOf
    without_promise: ScoreOf
    difference: ScoreDifference | None


class PromisesTold(PromisesKept):
    """The promise ledger over a range of weeks.

    Args:
        since: The first ISO week, such as 2026-W48.
        until: The last one, included.
        rows: By carrier, region or week, if that was asked for.
        score: Beside a survey's score, if one was named.
    """

    since: str
    until: str
    rows: tuple[PromisesRow, ...]
    score: PromisesAndScore | None


class Rated(NamedTuple):
    """An answer about a delivery: its rating, and what became of all that was promised; None if nothing was."""

    rating: int
    outcome: Outcome | None


def kept_of(ended: Iterable[Ended]) -> PromisesKept:
    """What these rows come to."""
    outcomes: Counter[Outcome] = Counter()
    late_seconds = 0
    for each in ended:
        outcomes.update(each.outcomes)
        late_seconds += each.late_seconds
    kept, late = outcomes[Outcome.KEPT], outcomes[Outcome.LATE]
    promises = kept + late + outcomes[Outcome.EARLY] + outcomes[Outcome.BROKEN]
    share = score(Scale.CSAT, Tally(kept, 0, promises - kept))
    return PromisesKept(
        promises=promises,
        kept=kept,
        early=outcomes[Outcome.EARLY],
        late=late,
        broken=outcomes[Outcome.BROKEN],
        kept_percent=share.value if share else None,
        margin_of_error=share.margin_of_error if share else None,
        interval=share.interval if share else None,
        late_minutes=late_seconds / late / 60 if late else None,
    )


def rows_of(ended: Iterable[Ended], by: By) -> tuple[PromisesRow, ...]:
    """The same for each carrier, region or week, in the order of their names."""
    groups: dict[str, list[Ended]] = {}
    for each in ended:
        groups.setdefault(getattr(each, by.value), []).append(each)
    return tuple(PromisesRow(value=value, **kept_of(groups[value]).model_dump()) for value in sorted(groups))


def beside_score(survey: SurveyId, question: QuestionId, scale: Scale, answers: Sequence[Rated]) -> PromisesAndScore:
    """A survey's answers by what became of the promises they are about.

    Args:
        survey: The survey.
        question: The question whose ratings these are.
        scale: Its scale.
        answers: Every answer about a delivery.
    """

    def of(*outcomes: Outcome | None) -> Tally:
        return tally(scale, Counter(each.rating for each in answers if each.outcome in outcomes))

    kept, not_kept = of(Outcome.KEPT), of(Outcome.EARLY, Outcome.LATE, Outcome.BROKEN)
    changed = change(scale, kept, not_kept)
    return PromisesAndScore(
        survey=survey,
        question=question,
        scale=scale,
        kept=_scored(scale, kept),
        not_kept=_scored(scale, not_kept),
        early=_scored(scale, of(Outcome.EARLY)),
        late=_scored(scale, of(Outcome.LATE)),
        broken=_scored(scale, of(Outcome.BROKEN)),
        without_promise=_scored(scale, of(None)),
        difference=ScoreDifference(
            difference=changed.difference, interval=changed.interval, p=changed.p, differs=changed.changed
        )
        if changed
        else None,
    )


def _scored(scale: Scale, answers: Tally) -> ScoreOf:
    found = score(scale, answers)
    return ScoreOf(
        response_count=answers.answers,
        score=found.value if found else None,
        margin_of_error=found.margin_of_error if found else None,
        interval=found.interval if found else None,
    )
