"""A survey's definition, as it is sent and as it is told."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

from pydantic import ConfigDict

from shared.domain.base import Frozen, Line
from shared.domain.published import ListedSurvey
from shared.domain.surveys import QuestionId, Scale, Survey, SurveyDefinition, SurveyId


class PutSurvey(SurveyDefinition):
    """A survey's definition. The id stands in the path, and the version's number is ours to give."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "After delivery",
                    "touchpoint": "delivery",
                    "journey_position": 3,
                    "brand": {"name": "Example Shop", "colour": "#1f4b99"},
                    "time_zone": "Europe/Berlin",
                    "questions": [
                        {"id": "recommend", "scale": "nps", "text": {"en": "Would you recommend us?"}},
                        {"id": "hoped", "scale": "expectation", "text": {"en": "Was it as you had hoped?"}},
                        {
                            "id": "place",
                            "scale": "choice",
                            "text": {"en": "Where did you get it?"},
                            "options": [
                                {"value": 1, "text": {"en": "At my door"}},
                                {"value": 2, "text": {"en": "At a pickup point"}},
                            ],
                        },
                    ],
                    "breakdowns": [{"name": "city", "values": ["Berlin", "Hamburg"]}],
                    "alert_to": ["owner@shop.example"],
                }
            ]
        }
    )


class SurveyTold(Survey):
    """A survey's current version; archived, it takes no answers, and its scores can still be read."""

    archived: bool

    @classmethod
    def of(cls, survey: Survey, *, archived: bool) -> Self:
        """A survey as it is told."""
        return cls(archived=archived, **dict(survey))


class QuestionListed(Frozen):
    """A question, as the list of surveys names it."""

    id: QuestionId
    scale: Scale


class SurveyListed(Frozen):
    """A survey in the list of all.

    Args:
        name: Its name; null if it was published before names were listed.
    """

    survey_id: SurveyId
    name: Line | None
    touchpoint: QuestionId
    journey_position: int | None
    questions: tuple[QuestionListed, ...]
    archived: bool

    @classmethod
    def of(cls, listed: ListedSurvey) -> Self:
        """A survey as the list tells it."""
        return cls(
            questions=tuple(QuestionListed(id=question, scale=scale) for question, scale in listed.scales),
            **listed.model_dump(exclude={"scales"}),
        )


class SurveysTold(Frozen):
    """Every survey by its id, archived ones too."""

    surveys: tuple[SurveyListed, ...]

    @classmethod
    def of(cls, listed: Iterable[ListedSurvey]) -> Self:
        """Surveys as the list tells them."""
        return cls(surveys=tuple(map(SurveyListed.of, listed)))
