"""Numbers in words: for readers who want to know what a score says, and what it does not."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from shared.domain.metrics.days import Interval, Span
from shared.domain.metrics.figures import Bucket, Comparison, Figures, Journey, Verdict
from shared.domain.scores import Sentiment, sentiment
from shared.domain.steps import AskedBy
from shared.domain.surveys import Question, Scale, Survey, in_locale


class ScaleWords(NamedTuple):
    """How a scale's score and its three groups are called.

    Args:
        score: The score.
        groups: Positive, neutral and negative answers.
        bounds: The lowest and the highest score.
        meaning: How the score comes about.
    """

    score: str
    groups: tuple[str, str, str]
    bounds: tuple[int, int]
    meaning: str


_NET = (-100, 100)
_SHARE = (0, 100)
_CSAT = ScaleWords(
    "CSAT", ("Satisfied", "Neither", "Dissatisfied"), _SHARE, "The percentage of satisfied answers, 0 to 100."
)
_CES = ScaleWords("CES", ("Easy", "Neither", "Hard"), _SHARE, "The percentage that found it easy, 0 to 100.")
SCALES = {
    Scale.NPS: ScaleWords(
        "NPS",
        ("Promoters", "Passives", "Detractors"),
        _NET,
        "The percentage of promoters (9 and 10) minus that of detractors (0 to 6), from −100 to 100.",
    ),
    Scale.CSAT: _CSAT,
    Scale.CSAT_3: _CSAT,
    Scale.CES: _CES,
    Scale.CES_7: _CES,
    Scale.EXPECTATION: ScaleWords(
        "Expectation score",
        ("Exceeded", "Met", "Below"),
        _NET,
        "The percentage of exceeded minus that of unmet expectations, from −100 to 100.",
    ),
}
_LABELS = {
    Scale.CSAT_3: {1: "Unhappy", 2: "Neutral", 3: "Happy"},
    Scale.EXPECTATION: {1: "Below", 2: "Met", 3: "Exceeded"},
}
_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
FEW_ANSWERS = 30
"""Below this, the page says that a score of so few answers can be anywhere in a wide interval."""


def points(number: float | None) -> str:
    """A score or difference as a whole number, with a true minus sign; a dash where there is none."""
    return "–" if number is None else f"{round(number) or 0}".replace("-", "−")


def answers(count: int) -> str:
    """How many answers, as a phrase."""
    return "1 answer" if count == 1 else f"{count:,} answers".replace(",", "\u202f")  # a narrow space, read in any land


def day(on: date, *, short: bool = False) -> str:
    """A day, such as 29 March 2026 or 29 Mar."""
    month = _MONTHS[on.month - 1]
    return f"{on.day} {month[:3]}" if short else f"{on.day} {month} {on.year}"


def span(days: Span) -> str:
    """A span of days."""
    if days.since == days.until:
        return day(days.since)
    begin = f"{days.since.day} {_MONTHS[days.since.month - 1]}"
    return f"{begin if days.since.year == days.until.year else day(days.since)} to {day(days.until)}"


def span_of(bucket: Bucket) -> str:
    """The days of a bucket."""
    return span(Span(bucket.since, bucket.until))


def bucket_name(bucket: Bucket, interval: Interval) -> str:
    """A day, week or month, short enough to stand below a chart; a week by the day it begins."""
    if interval is Interval.MONTH:
        return f"{_MONTHS[bucket.since.month - 1][:3]} {bucket.since.year % 100:02d}"
    return day(bucket.since, short=True)


def figures(told: Figures) -> str:
    """A score with its interval and answers, in one line."""
    if told.score is None or told.interval is None:
        return answers(told.response_count) if told.response_count else "no answers"
    low, high = told.interval
    return f"{points(told.score)} ({points(low)} to {points(high)}), {answers(told.response_count)}"


def how_sure(told: Figures) -> str:
    """What the interval says."""
    if told.interval is None:
        return "There are no answers in these days."
    low, high = told.interval
    sure = f"We can be 95 % sure that it lies between {points(low)} and {points(high)}."
    few = " That is wide because there are few answers." if told.response_count < FEW_ANSWERS else ""
    return sure + few


def length(days: Span) -> str:
    """How long a span is, as it is spoken of."""
    return "the day before" if days.length == 1 else f"the {days.length} days before"


def too_many_days(most: int) -> str:
    """That a breakdown has more values than can be read for the days chosen."""
    return f"These are too many values to be read for so many days: choose at most {most} days to see them."


def changed(compared: Comparison, days: Span) -> tuple[str, str]:
    """Whether the score has changed, as a headline, and what speaks for it."""
    before = length(days)
    if compared.verdict is Verdict.NO_ANSWERS or compared.z is None or compared.p is None or not compared.interval:
        verb = "has" if days.since == days.until else "have"
        empty = "These days have" if compared.response_count else f"{before[0].upper()}{before[1:]} {verb}"
        return "Nothing to compare", f"{empty} no answers."
    low, high = compared.interval
    facts = (
        f"{before[0].upper()}{before[1:]} scored {_exact(compared.score)} from {answers(compared.response_count)}; "
        f"the difference is {_exact(compared.difference)} points ({_exact(low)} to {_exact(high)})."
    )
    test = f"z = {compared.z:.2f}, p = {_p(compared.p)}".replace("-", "−")
    chance = f"If nothing had changed, chance alone would still show a difference this large in {_often(compared.p)}"
    if compared.verdict is Verdict.NO_CHANGE_SHOWN:
        return (
            "No change shown",
            f"{facts} {chance}, too often to call it a change ({test}). More answers might show one.",
        )
    headline = "Higher than before" if compared.verdict is Verdict.HIGHER else "Lower than before"
    return headline, f"{facts} {chance}, so this is more than chance ({test})."


def weakest(told: Journey) -> str:
    """Which touchpoint drags the whole down most, if any is shown to."""
    with_answers = [each for each in told.touchpoints if each.response_count]
    if told.weakest is None:
        if len(with_answers) < 2:
            return "One touchpoint alone can not drag the others down."
        return "No touchpoint is shown to lie below the others."
    worst = told.weakest
    low, high = worst.interval
    return (
        f"{named(worst.touchpoint)} drags the whole down most: it scores {points(-worst.difference)} points less than "
        f"the others together ({points(-high)} to {points(-low)}), and takes {-worst.drag:.1f} points from the whole."
    )


def named(identifier: str) -> str:
    """An id of ours as people read it: `support_chat` becomes Support chat."""
    return identifier[:1].upper() + identifier[1:].replace("_", " ")


_ASKED_BY = {
    AskedBy.EMAIL: "E-mail",
    AskedBy.SMS: "SMS",
    AskedBy.LINK: "Link",
    AskedBy.WIDGET: "Widget",
    AskedBy.KIOSK: "Terminal",
    AskedBy.API: "Server",
}


def asked_by(channel: AskedBy) -> str:
    """A way of asking as people call it."""
    return _ASKED_BY[channel]


def rating_name(survey: Survey, question: Question, rating: int) -> str:
    """What a rating is called: an option's text, a word of the scale, or the number."""
    option = next((option for option in question.options if option.value == rating), None)
    if option is not None:
        return in_locale(option.text, survey.default_locale)
    return _LABELS.get(question.scale, {}).get(rating, str(rating))


def tone(scale: Scale, rating: int) -> int:
    """Which of the three colours a rating has: 0 positive or without a score, 1 neutral, 2 negative."""
    return list(Sentiment).index(sentiment(scale, rating)) if scale.has_score else 0


def _exact(number: float | None) -> str:
    """With one decimal, so that the difference of two scores is seen to be that of the numbers told."""
    return "–" if number is None else f"{number:.1f}".replace("-", "−")


def _p(p: float) -> str:
    return "less than 0.001" if p < 0.001 else f"{p:.3f}" if p < 0.1 else f"{p:.2f}"


def _often(p: float) -> str:
    if p < 0.001:
        return "less than 1 of 1000 comparisons"
    return f"{p * 100:.1f} % of comparisons" if p < 0.1 else f"{p * 100:.0f} % of comparisons"
