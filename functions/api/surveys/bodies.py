"""A survey's definition, as it is sent and as it is told."""

from __future__ import annotations

from typing import Self

from pydantic import ConfigDict

from shared.domain.surveys import Survey, SurveyDefinition


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
