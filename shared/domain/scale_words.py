"""The answers of a scale in words and pictures, as pages and e-mails show them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from shared.domain.surveys import Look, Question, Scale

STAR = "★"
SMILEYS = {3: ("😞", "😐", "😊"), 5: ("😠", "😞", "😐", "😊", "😀")}
"""By how many there are, the unhappiest first. What they stand for is said beside them, in the reader's language."""


class ScaleWords(NamedTuple):
    """What ratings mean, in one language.

    Args:
        ends: The lowest and the highest rating of a scale.
        labels: Each rating of a scale, the lowest first.
        stars: So many stars.
    """

    ends: Mapping[Scale, tuple[str, str]]
    labels: Mapping[Scale, tuple[str, ...]]
    stars: tuple[str, ...]


SCALE_WORDS = {
    "en": ScaleWords(
        ends={
            Scale.NPS: ("Not at all likely", "Extremely likely"),
            Scale.CSAT: ("Very dissatisfied", "Very satisfied"),
            Scale.CSAT_3: ("Dissatisfied", "Satisfied"),
            Scale.CES: ("Strongly disagree", "Strongly agree"),
            Scale.CES_7: ("Strongly disagree", "Strongly agree"),
        },
        labels={
            Scale.CSAT: (
                "Very dissatisfied",
                "Dissatisfied",
                "Neither satisfied nor dissatisfied",
                "Satisfied",
                "Very satisfied",
            ),
            Scale.CSAT_3: ("Dissatisfied", "Neither satisfied nor dissatisfied", "Satisfied"),
            Scale.CES: ("Strongly disagree", "Disagree", "Neither agree nor disagree", "Agree", "Strongly agree"),
            Scale.EXPECTATION: ("Worse than expected", "As expected", "Better than expected"),
        },
        stars=("1 star", "2 stars", "3 stars", "4 stars", "5 stars"),
    ),
    "de": ScaleWords(
        ends={
            Scale.NPS: ("Sehr unwahrscheinlich", "Sehr wahrscheinlich"),
            Scale.CSAT: ("Sehr unzufrieden", "Sehr zufrieden"),
            Scale.CSAT_3: ("Unzufrieden", "Zufrieden"),
            Scale.CES: ("Stimme gar nicht zu", "Stimme voll zu"),
            Scale.CES_7: ("Stimme gar nicht zu", "Stimme voll zu"),
        },
        labels={
            Scale.CSAT: (
                "Sehr unzufrieden",
                "Unzufrieden",
                "Weder zufrieden noch unzufrieden",
                "Zufrieden",
                "Sehr zufrieden",
            ),
            Scale.CSAT_3: ("Unzufrieden", "Weder zufrieden noch unzufrieden", "Zufrieden"),
            Scale.CES: ("Stimme gar nicht zu", "Stimme nicht zu", "Teils, teils", "Stimme zu", "Stimme voll zu"),
            Scale.EXPECTATION: ("Schlechter als erwartet", "Wie erwartet", "Besser als erwartet"),
        },
        stars=("1 Stern", "2 Sterne", "3 Sterne", "4 Sterne", "5 Sterne"),
    ),
}


def look_of(question: Question) -> Look | None:
    """How a question's ratings are drawn; None where they are words or text."""
    return question.look or next(iter(question.scale.looks), None)


def drawn(question: Question, words: ScaleWords) -> tuple[tuple[str, str], ...]:
    """What is shown for each rating of a scale, and what it is called."""
    count, names = len(question.ratings), words.labels.get(question.scale, ())
    match look_of(question):
        case Look.NUMBERS:
            return tuple((str(rating), str(rating)) for rating in question.ratings)
        case Look.STARS:
            return tuple((STAR, name) for name in words.stars[:count])
        case Look.SMILEYS:
            return tuple(zip(SMILEYS[count], names, strict=True))
        case None:
            return tuple((name, name) for name in names)
