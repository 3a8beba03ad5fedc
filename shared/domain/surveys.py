"""What is asked: a survey, its questions, and the scale each question declares.

A version of a survey never changes, and neither does a question's scale: another scale is another question. So an
answer can be judged for ever by the version it names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from typing import Annotated, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from shared.domain.base import Frozen, Line
from shared.domain.people import EmailAddress

QuestionId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
Locale = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-[A-Z]{2})?$")]
SURVEY_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
SurveyId = Annotated[str, StringConstraints(pattern=rf"^{SURVEY_ID.pattern}$")]

OTHER = "other"
"""What an undeclared breakdown value counts as."""


class Scale(StrEnum):
    """How a question is answered."""

    NPS = "nps"
    CSAT = "csat"
    CES = "ces"
    TEXT = "text"

    @property
    def bounds(self) -> tuple[int, int] | None:
        """The lowest and the highest rating, or None where the answer is text."""
        return {Scale.NPS: (0, 10), Scale.CSAT: (1, 5), Scale.CES: (1, 5), Scale.TEXT: None}[self]


@cache
def _time_zones() -> frozenset[str]:
    """Every zone there is; asking walks through the whole time zone database, which takes 10 ms and more."""
    return frozenset(available_timezones())


def _known_zone(name: str) -> str:
    if name not in _time_zones():
        raise ValueError("must be a time zone of the IANA database, such as Europe/Berlin")
    return name


TimeZone = Annotated[str, AfterValidator(_known_zone)]


class Question(Frozen):
    """One question of a survey."""

    id: QuestionId
    scale: Scale
    text: Mapping[Locale, Line]


class Breakdown(Frozen):
    """A property by which scores are also counted; what is not among its values counts as `other`."""

    name: QuestionId
    values: Annotated[
        tuple[Annotated[str, StringConstraints(pattern=r"^[^#\x00-\x1f]{1,64}$")], ...], Field(max_length=200)
    ]


class Brand(Frozen):
    """How the company looks and is named to its customers."""

    name: Line
    colour: Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$")] = "#1f4b99"


class Survey(Frozen):
    """One immutable version of a survey."""

    survey_id: SurveyId
    version: Annotated[int, Field(ge=1)] = 1
    name: Line
    touchpoint: QuestionId
    brand: Brand
    time_zone: TimeZone = "UTC"
    default_locale: Locale = "en"
    questions: Annotated[tuple[Question, ...], Field(min_length=1, max_length=20)]
    thanks: Mapping[Locale, Line] = Field(default_factory=dict)
    breakdowns: Annotated[tuple[Breakdown, ...], Field(max_length=8)] = ()
    alert_to: Annotated[tuple[EmailAddress, ...], Field(max_length=5)] = ()
    alert_locale: Locale = "en"
    thank_customers: bool = True

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        ids = [question.id for question in self.questions]
        if len(set(ids)) != len(ids):
            raise ValueError("two questions have the same id")
        if all(question.scale is Scale.TEXT for question in self.questions):
            raise ValueError("at least one question must have a scale, or there is nothing to score")
        names = [breakdown.name for breakdown in self.breakdowns]
        if len(set(names)) != len(names):
            raise ValueError("two breakdowns have the same name")
        for question in self.questions:
            if self.default_locale not in question.text:
                raise ValueError(f"question {question.id!r} has no text in the default locale {self.default_locale!r}")
        return self

    @property
    def first_scale_question(self) -> Question:
        """The question that a bare `rating` answers, and by which alerts are decided."""
        return next(question for question in self.questions if question.scale is not Scale.TEXT)

    def question(self, question_id: str) -> Question | None:
        """The question of that id, if the survey asks it."""
        return next((question for question in self.questions if question.id == question_id), None)

    def local_day(self, instant: datetime) -> date:
        """The calendar day of an instant where the survey lives; a score's day buckets are these."""
        return instant.astimezone(ZoneInfo(self.time_zone)).date()

    def breakdown_values(self, properties: Mapping[str, str]) -> dict[str, str]:
        """The declared value of each breakdown for these properties, `other` where it is not declared."""
        return {
            breakdown.name: value if (value := properties.get(breakdown.name, OTHER)) in breakdown.values else OTHER
            for breakdown in self.breakdowns
        }


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
