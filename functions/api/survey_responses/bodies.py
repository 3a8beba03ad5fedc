"""What is read and answered of survey responses: Delighted's field names, and ours beside them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

from functions.api.people.bodies import PersonGiven, PropertiesGiven
from shared.domain.base import Frozen, Identifier, ResponseId
from shared.domain.responses import Comment, Response, Subject
from shared.domain.submissions import GivenAnswer, GivenRating
from shared.domain.surveys import QuestionId, Scale, Survey, SurveyId


def _shape(value: Any) -> str | None:
    if isinstance(value, str):
        return "[id]"
    return "[object]" if isinstance(value, dict | PersonGiven) else None


PersonRef = Annotated[
    Annotated[Identifier, Tag("[id]")] | Annotated[PersonGiven, Tag("[object]")],
    Discriminator(
        _shape,
        custom_error_type="person_reference",
        custom_error_message="must be a person's id, or an object with an email, a phone_number or an external_id",
    ),
]
"""Who answered: a `person_id`, or what identifies them."""


class CreateSurveyResponse(BaseModel):
    """An answer that was given elsewhere.

    Args:
        survey: Which survey; left out, the one the key was made for.
        response_id: A UUID for this answer; left out, made from the Idempotency-Key header, or at random.
        score: The answer to the survey's first question with a scale.
        answers: Answers by question id.
        comment: What the respondent wrote.
        person: Who answered.
        person_properties: What else is known; scores are counted by those that the survey declares as breakdowns.
        subject: What the answer is about.
        created_at: When it was given, in Unix seconds; left out, now.
        test: A preview: kept, never counted.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        json_schema_extra={
            "examples": [
                {
                    "survey": "delivery",
                    "score": 9,
                    "comment": "The courier was early and kind.",
                    "person": {"email": "ada@example.com", "name": "Ada"},
                    "person_properties": {"device": "phone"},
                    "created_at": 1782820800,
                }
            ]
        },
    )

    survey: SurveyId | None = None
    response_id: ResponseId | None = None
    score: GivenRating | None = None
    answers: Annotated[Mapping[str, GivenAnswer], Field(max_length=20)] = Field(default_factory=dict)
    comment: Comment | None = None
    person: PersonRef | None = None
    person_properties: PropertiesGiven | None = None
    subject: Subject | None = None
    created_at: Annotated[int, Field(ge=0)] | None = None
    test: bool = False


def _unix(instant: datetime) -> int:
    return int(instant.timestamp())


class SurveyResponse(Frozen):
    """A stored answer, shaped as Delighted's; below `tags` stand our own fields."""

    id: ResponseId
    person: str | None
    survey_type: Scale
    score: int | None
    comment: str | None
    permalink: None = None
    created_at: int
    updated_at: int
    person_properties: Mapping[str, str] | None
    notes: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    survey: SurveyId
    revision: int
    answers: Mapping[QuestionId, int | str]
    subject: Subject | None
    day: date
    test: bool

    @classmethod
    def of(cls, response: Response, survey: Survey | None) -> Self:
        """A response as it is told.

        Args:
            response: As it is stored.
            survey: Its survey, which says which rating is the `score`; without it, that is the first rating there is.
        """
        first = survey.first_scale_question if survey else None
        main = response.ratings.get(first.id) if first else next(iter(response.ratings.values()), None)
        scale = first.scale if first else main.scale if main else Scale.TEXT
        return cls(
            id=response.response_id,
            person=response.person_id,
            survey_type=scale,
            score=main.value if main else None,
            comment=response.comment,
            created_at=_unix(response.answered_at),
            updated_at=_unix(response.accepted_at),
            person_properties=response.properties or None,
            survey=response.survey_id,
            revision=response.revision,
            answers={**{name: rating.value for name, rating in response.ratings.items()}, **response.texts},
            subject=response.subject,
            day=response.day,
            test=response.test,
        )
