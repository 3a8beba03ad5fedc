"""What is read and answered of survey responses: Delighted's field names, and ours beside them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

from functions.api.people.bodies import PersonExpanded, PersonGiven, PropertiesGiven
from shared.domain.asking import ListedPerson
from shared.domain.base import Frozen, Identifier, ResponseId
from shared.domain.recording import ScoreChange
from shared.domain.responses import Comment, Counted, Response, Subject
from shared.domain.submissions import GivenAnswer, GivenRating
from shared.domain.surveys import Question, QuestionId, Scale, Survey, SurveyId


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
        imported: It comes from another system, which has told whom it concerned: counted, and nobody hears of it.
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
    imported: bool = False


class Option(Frozen):
    """A chosen option."""

    id: str
    text: str


class AdditionalValue(Frozen):
    """An answer by its kind, as Delighted tells it; all kinds but one are null."""

    free_response: str | None = None
    scale: int | None = None
    select_one: Option | None = None
    select_many: None = None


class AdditionalQuestion(Frozen):
    """A question beside the one that gives the score."""

    id: QuestionId
    type: Literal["free_response", "scale", "select_one"]
    text: str


class AdditionalAnswer(Frozen):
    """The answer to such a question."""

    id: QuestionId
    value: AdditionalValue
    question: AdditionalQuestion

    @classmethod
    def of(cls, question: Question, answer: int | str) -> Self:
        """An answer as it is told, in the first language the survey has."""
        text = next(iter(question.text.values()))
        if isinstance(answer, str):
            kind, value = "free_response", AdditionalValue(free_response=answer)
        elif option := next((option for option in question.options if option.value == answer), None):
            chosen = Option(id=str(answer), text=next(iter(option.text.values())))
            kind, value = "select_one", AdditionalValue(select_one=chosen)
        else:
            kind, value = "scale", AdditionalValue(scale=answer)
        asked = AdditionalQuestion.model_validate({"id": question.id, "type": kind, "text": text})
        return cls(id=question.id, value=value, question=asked)


class SurveyResponse(Frozen):
    """A stored answer, shaped as Delighted's; below `additional_answers` stand our own fields."""

    id: ResponseId
    person: str | PersonExpanded | None
    survey_type: Scale
    score: int | None
    comment: str | None
    permalink: None = None
    created_at: int
    updated_at: int
    person_properties: Mapping[str, str] | None
    notes: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    additional_answers: tuple[AdditionalAnswer, ...]
    survey: SurveyId
    revision: int
    answers: Mapping[QuestionId, int | str]
    subject: Subject | None
    day: date
    test: bool
    verified: bool
    suspicious: bool

    @classmethod
    def of(cls, response: Response, survey: Survey | None, person: ListedPerson | None = None) -> Self:
        """A response as it is told.

        Args:
            response: As it is stored.
            person: Whose it is, if that is to be told in full.
            survey: The version of its survey that it answers, which says which rating is the `score`; without it, that
                is the first rating there is.
        """
        first = survey.first_scale_question if survey else None
        main = response.ratings.get(first.id) if first else next(iter(response.ratings.values()), None)
        scale = first.scale if first else main.scale if main else Scale.TEXT
        answers: dict[str, int | str] = {
            **{name: rating.value for name, rating in response.ratings.items()},
            **response.texts,
        }
        others = (question for question in (survey.questions if survey else ()) if question is not first)
        return cls(
            id=response.response_id,
            person=PersonExpanded.of(person) if person else response.person_id,
            survey_type=scale,
            score=main.value if main else None,
            comment=response.comment,
            created_at=int(response.answered_at.timestamp()),
            updated_at=int(response.accepted_at.timestamp()),
            person_properties=response.properties or None,
            additional_answers=tuple(
                AdditionalAnswer.of(question, answers[question.id]) for question in others if question.id in answers
            ),
            survey=response.survey_id,
            revision=response.revision,
            answers=answers,
            subject=response.subject,
            day=response.day,
            test=response.test,
            verified=response.verified,
            suspicious=response.suspicious,
        )


class CountedTold(Frozen):
    """What an answer counts as."""

    survey: SurveyId
    day: date
    ratings: Mapping[QuestionId, int]
    breakdowns: Mapping[str, str]

    @classmethod
    def of(cls, counted: Counted | None) -> Self | None:
        """The same as it is told; null if it is not counted."""
        if counted is None:
            return None
        return cls(survey=counted.survey_id, day=counted.day, ratings=counted.ratings, breakdowns=counted.breakdowns)


class AuditEntry(Frozen):
    """A change of what an answer counts as, after it was first recorded.

    Args:
        revision: The revision that made it.
        at: When, in Unix seconds.
        actor: The name of the key that made it; null if it was the respondent.
        before: What the answer counted as until then; null if it did not.
        after: What it counts as since.
    """

    revision: int
    at: int
    actor: str | None
    before: CountedTold | None
    after: CountedTold | None

    @classmethod
    def of(cls, change: ScoreChange) -> Self:
        """An entry as it is told."""
        return cls(
            revision=change.revision,
            at=int(change.at.timestamp()),
            actor=change.actor,
            before=CountedTold.of(change.before),
            after=CountedTold.of(change.after),
        )
