"""What is asked: a survey, its questions, and the scale each question declares.

A version of a survey never changes, and neither does a question's scale: another scale is another question. So an
answer can be judged for ever by the version it names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import Field, StringConstraints, ValidationInfo, field_validator, model_validator

from shared.domain.base import Frozen, Line
from shared.domain.people import EmailAddress
from shared.domain.time_zones import TimeZone

QuestionId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
Locale = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-[A-Z]{2})?$")]
SURVEY_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
SurveyId = Annotated[str, StringConstraints(pattern=rf"^{SURVEY_ID.pattern}$")]

MAX_OPTIONS = 11
"""Options of a choice: as many as NPS has ratings, so that a score document weighs no more for it."""

Band = Literal["negative", "neutral", "positive"]
"""What a rating says, as a sentiment of `shared.domain.scores`."""

OTHER = "other"
"""What an undeclared breakdown value counts as."""
VERIFIED = "verified"
"""The breakdown that we fill in: whether an answer came by signed link or secret key. No property can say so."""
YES, NO = "yes", "no"


class Scale(StrEnum):
    """How a question is answered: with a rating, with the number of an option, or with text."""

    NPS = "nps"  # 0-10, would you recommend us?
    CSAT = "csat"  # 1-5, very dissatisfied to very satisfied
    CSAT_3 = "csat_3"  # 1-3, three smileys
    CES = "ces"  # 1-5, "it was easy": strongly disagree to strongly agree
    CES_7 = "ces_7"  # 1-7, the same
    EXPECTATION = "expectation"  # 1-3, below, met, exceeded
    CHOICE = "choice"  # one of the options that the question declares; counted, but no score
    TEXT = "text"

    @property
    def bounds(self) -> tuple[int, int] | None:
        """The lowest and the highest rating (for a choice: number that an option may have), or None for text."""
        return {
            Scale.NPS: (0, 10),
            Scale.CSAT: (1, 5),
            Scale.CSAT_3: (1, 3),
            Scale.CES: (1, 5),
            Scale.CES_7: (1, 7),
            Scale.EXPECTATION: (1, 3),
            Scale.CHOICE: (1, 999),
            Scale.TEXT: None,
        }[self]

    @property
    def has_score(self) -> bool:
        """Whether its answers lie between worse and better."""
        return self not in {Scale.CHOICE, Scale.TEXT}

    @property
    def looks(self) -> tuple[Look, ...]:
        """How its ratings can be drawn, the usual look first; none where they are words (or text)."""
        return {
            Scale.NPS: (Look.NUMBERS,),
            Scale.CSAT: (Look.NUMBERS, Look.STARS, Look.SMILEYS),
            Scale.CSAT_3: (Look.SMILEYS, Look.STARS, Look.NUMBERS),
            Scale.CES: (Look.NUMBERS, Look.SMILEYS),
            Scale.CES_7: (Look.NUMBERS,),
        }.get(self, ())


class Look(StrEnum):
    """How the ratings of a scale are drawn. It changes nothing of what is sent."""

    NUMBERS = "numbers"
    STARS = "stars"
    SMILEYS = "smileys"


class Option(Frozen):
    """One option of a choice. Its number stands for it for ever, whatever its text and its place become."""

    value: Annotated[int, Field(ge=1, le=999, strict=True)]
    text: Mapping[Locale, Line]


class Question(Frozen):
    """One question of a survey.

    Args:
        id: Under which it is answered.
        scale: How it is answered.
        text: What is asked, by locale.
        options: Those of a choice, in the order in which they are shown.
        look: How its ratings are drawn; by default as is usual for its scale.
        bands: A follow-up question: it is shown only where the survey's first rating lies in one of these; an empty
            list is always. An answer to it counts whatever the rating has become since.
    """

    id: QuestionId
    scale: Scale
    text: Mapping[Locale, Line]
    options: Annotated[tuple[Option, ...], Field(max_length=MAX_OPTIONS)] = ()
    look: Look | None = None
    bands: Annotated[tuple[Band, ...], Field(max_length=3)] = ()

    @field_validator("options")
    @classmethod
    def _distinct(cls, options: tuple[Option, ...]) -> tuple[Option, ...]:
        if len({option.value for option in options}) != len(options):
            raise ValueError("two options have the same value")
        return options

    @model_validator(mode="after")
    def _options_where_there_is_a_choice(self) -> Self:
        if self.scale is Scale.CHOICE and len(self.options) < 2:
            raise ValueError("a choice needs at least two options")
        if self.scale is not Scale.CHOICE and self.options:
            raise ValueError(f"has options, which belong to the scale choice and not to {self.scale.value}")
        return self

    @model_validator(mode="after")
    def _look_of_its_scale(self) -> Self:
        if self.look is not None and self.look not in self.scale.looks:
            known = ", ".join(self.scale.looks) or "none"
            raise ValueError(f"has the look {self.look.value}; the looks of the scale {self.scale.value}: {known}")
        return self

    @property
    def ratings(self) -> tuple[int, ...]:
        """The numbers that answer it, in the order in which they are shown; none where the answer is text."""
        if self.scale is Scale.CHOICE:
            return tuple(option.value for option in self.options)
        bounds = self.scale.bounds
        return tuple(range(bounds[0], bounds[1] + 1)) if bounds else ()


class Breakdown(Frozen):
    """A property by which scores are also counted; what is not among its values counts as `other`.

    The name `verified` is ours, and so are its values.
    """

    name: QuestionId
    values: Annotated[
        tuple[Annotated[str, StringConstraints(pattern=r"^[^#\x00-\x1f]{1,64}$")], ...], Field(max_length=200)
    ]

    @model_validator(mode="after")
    def _ours_has_our_values(self) -> Self:
        if self.name == VERIFIED and sorted(self.values) != [NO, YES]:
            raise ValueError(f"has the name {VERIFIED}, which is filled in by us with the values {YES} and {NO}")
        return self


class Brand(Frozen):
    """How the company looks and is named to its customers."""

    name: Line
    colour: Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$")] = "#1f4b99"


class Kiosk(Frozen):
    """How a survey behaves on a terminal that many people pass.

    Args:
        cool_down_seconds: How long thanks stay, and no press counts, before the next person is asked.
        exit_pin: Digits that leave the full screen; without any, the page has no way out of it. A speed bump: who can
            read the page can find them by trying.
    """

    cool_down_seconds: Annotated[int, Field(ge=2, le=60, strict=True)] = 5
    exit_pin: Annotated[str, StringConstraints(pattern=r"^[0-9]{4,8}$")] | None = None


class SurveyDefinition(Frozen, defer_build=True):
    """What a survey asks, and of whom; published, it becomes a version.

    Args:
        name: What the company calls it.
        touchpoint: The place in the customer journey where it is asked.
        journey_position: The place of that touchpoint in the journey; those without one come last, by name.
        brand: How the company looks.
        time_zone: Where its days begin and end.
        default_locale: The language in which every question has a text.
        questions: What is asked, in this order.
        thanks: What is said after an answer.
        breakdowns: Properties by which the scores are also counted.
        alert_to: Who hears of unhappy answers.
        alert_locale: In which language they do.
        thank_customers: Whether customers we know are thanked for an answer.
        funnel: Whether it is counted how many were invited, were shown it, began and dismissed it. It is off unless
            asked for: a view costs about as much as an answer.
        kiosk: How it behaves on a terminal.
        recontact_days: How many times 24 hours must have passed since a person was last asked anything, on any channel,
            before this survey may ask them; left out, as many as the stack says. 0 asks whenever it is wished for, and
            the others still wait.
        sample_percent: Which share of people is asked at all; who belongs to it is so for good.
        remind_after_days: After how many times 24 hours who has not answered is reminded, once; left out, never.
    """

    name: Line
    touchpoint: QuestionId
    journey_position: Annotated[int, Field(ge=1, le=999, strict=True)] | None = None
    brand: Brand
    time_zone: TimeZone = "UTC"
    default_locale: Locale = "en"
    questions: Annotated[tuple[Question, ...], Field(max_length=20)]
    thanks: Mapping[Locale, Line] = Field(default_factory=dict)
    breakdowns: Annotated[tuple[Breakdown, ...], Field(max_length=8)] = ()
    alert_to: Annotated[tuple[EmailAddress, ...], Field(max_length=5)] = ()
    alert_locale: Locale = "en"
    thank_customers: bool = True
    funnel: bool = False
    kiosk: Kiosk = Kiosk()
    recontact_days: Annotated[int, Field(ge=0, le=365, strict=True)] | None = None
    sample_percent: Annotated[int, Field(ge=1, le=100, strict=True)] = 100
    remind_after_days: Annotated[int, Field(ge=1, le=30, strict=True)] | None = None

    @field_validator("questions")
    @classmethod
    def _questions_to_score(cls, questions: tuple[Question, ...], info: ValidationInfo) -> tuple[Question, ...]:
        ids = [question.id for question in questions]
        if len(set(ids)) != len(ids):
            raise ValueError("two questions have the same id")
        if not any(question.scale.has_score for question in questions):
            raise ValueError("at least one question must have a scale other than choice and text: nothing has a score")
        if next(question for question in questions if question.scale.has_score).bands:
            raise ValueError("the first question with a score has bands, but it is its own rating that they name")
        locale = info.data.get("default_locale")
        for question in questions:
            for texts in (question.text, *(option.text for option in question.options)):
                if locale is not None and locale not in texts:
                    raise ValueError(f"question {question.id!r} lacks a text in the default locale {locale!r}")
        return questions

    @field_validator("breakdowns")
    @classmethod
    def _breakdowns_apart(cls, breakdowns: tuple[Breakdown, ...]) -> tuple[Breakdown, ...]:
        names = [breakdown.name for breakdown in breakdowns]
        if len(set(names)) != len(names):
            raise ValueError("two breakdowns have the same name")
        return breakdowns

    @property
    def first_scale_question(self) -> Question:
        """The question that a bare `rating` answers."""
        return next(question for question in self.questions if question.scale.has_score)

    def question(self, question_id: str) -> Question | None:
        """The question of that id, if the survey asks it."""
        return next((question for question in self.questions if question.id == question_id), None)

    def local_day(self, instant: datetime) -> date:
        """The calendar day of an instant where the survey lives; a score's day buckets are these."""
        return instant.astimezone(ZoneInfo(self.time_zone)).date()

    def declared_values(self, properties: Mapping[str, str]) -> dict[str, str]:
        """Those of these properties by which scores are counted, as far as their values are declared."""
        return from_properties(self.breakdown_values(properties, verified=False))

    def breakdown_values(self, properties: Mapping[str, str], *, verified: bool) -> dict[str, str]:
        """The declared value of each breakdown for these properties, `other` where it is not declared.

        Args:
            properties: What is known of the answer.
            verified: Whether it came by signed link or secret key; a property of that name says nothing.
        """
        known = {**properties, VERIFIED: YES if verified else NO}
        return {
            breakdown.name: value if (value := known.get(breakdown.name, OTHER)) in breakdown.values else OTHER
            for breakdown in self.breakdowns
        }

    def counts_by(self, breakdown: str) -> bool:
        """Whether the scores are counted by that breakdown too."""
        return any(declared.name == breakdown for declared in self.breakdowns)


def from_properties(breakdowns: Mapping[str, str]) -> dict[str, str]:
    """The properties that an answer's breakdowns repeat: all with a declared value, but the one that we filled in."""
    return {name: value for name, value in breakdowns.items() if value != OTHER and name != VERIFIED}


class Survey(SurveyDefinition, defer_build=False):
    """One immutable version of a survey."""

    survey_id: SurveyId
    version: Annotated[int, Field(ge=1)] = 1


def in_locale(texts: Mapping[str, str], *preferred: str) -> str:
    """The text in the first preferred locale there is: exactly, by its language alone, else any.

    Raises:
        KeyError: there is no text at all.
    """
    for locale in preferred:
        for candidate in (locale, locale.split("-")[0]):
            if candidate in texts:
                return texts[candidate]
    for text in texts.values():
        return text
    raise KeyError("no text in any locale")
