"""What stands on the scores page, before it becomes HTML."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from shared.domain.funnel import ChannelFunnel
from shared.domain.metrics.days import Interval, Span
from shared.domain.metrics.figures import Bucket, Journey, Metrics, Row
from shared.domain.published import ListedSurvey
from shared.domain.responses import Rating
from shared.domain.surveys import Question, Survey


class Choice(NamedTuple):
    """What the reader chose, or was given.

    Args:
        surveys: All there are to choose from.
        question: The question.
        days: The days.
        interval: What the score is gathered by.
        asked_interval: What was asked for; empty if the length of the days decided.
    """

    surveys: Sequence[ListedSurvey]
    question: Question
    days: Span
    interval: Interval
    asked_interval: str


class Part(NamedTuple):
    """One breakdown.

    Args:
        name: The breakdown.
        rows: The figures of its values, most answers first.
        left_out: How many values are left out.
        most_days: Of how many days it can be read, if more were chosen: then nothing of it is; None if it was read.
    """

    name: str
    rows: tuple[Row, ...]
    left_out: int
    most_days: int | None = None


class Comment(NamedTuple):
    """What somebody wrote, with the rating given to the question, if any."""

    day: date
    rating: Rating | None
    text: str


class Report(NamedTuple):
    """The whole page.

    Args:
        survey: The survey.
        choice: What was chosen.
        figures: The score, compared with the days before, and gathered by the interval.
        answers: How many there are, day by day or in longer steps.
        answers_by: The length of those steps.
        parts: The breakdowns.
        journey: All touchpoints on the question's scale; None if it has no score.
        comments: The latest.
        asked: How many answered of those who were asked, by the way they were; empty where that is not counted.
    """

    survey: Survey
    choice: Choice
    figures: Metrics
    answers: tuple[Bucket, ...]
    answers_by: Interval
    parts: tuple[Part, ...]
    journey: Journey | None
    comments: tuple[Comment, ...]
    asked: tuple[ChannelFunnel, ...] = ()
