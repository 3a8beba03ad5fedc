"""What a back office changes of an answer: it sends back what it was told, with something in it changed.

Delighted's clients put the whole object, so what equals the stored answer is no change, whoever else changed it since;
and what we alone decide is not looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from functions.api.people.bodies import PropertiesGiven
from functions.api.survey_responses.bodies import SurveyResponse
from shared.domain.base import Identifier
from shared.domain.edits import Edit
from shared.domain.responses import Comment, Response
from shared.domain.submissions import GivenAnswer, GivenRating, judged
from shared.domain.surveys import Survey
from shared.errors import InvalidRequestError


def _id_of(value: Any) -> Any:
    """An expanded person comes back as it was told, in the place of the id."""
    return value["id"] if isinstance(value, dict) and "id" in value else value


class PutSurveyResponse(BaseModel):
    """A change of an answer; what it leaves out stays.

    Args:
        score: The answer to the survey's first question with a scale.
        answers: Answers by question id; an empty text takes the old one away.
        comment: What the respondent wrote; null or empty takes it away.
        person: Whose answer it is, by id.
        person_properties: All of them from now on; null takes them away.
        notes: As they are told: none.
        tags: Likewise.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        json_schema_extra={"examples": [{"score": 10, "person_properties": {"device": "phone"}}]},
    )

    score: GivenRating | None = None
    answers: Annotated[Mapping[str, GivenAnswer], Field(max_length=20)] = Field(default_factory=dict)
    comment: Comment | None = None
    person: Annotated[Identifier, BeforeValidator(_id_of)] | None = None
    person_properties: PropertiesGiven | None = None
    notes: Annotated[list[str], Field(max_length=0)] = Field(default_factory=list)
    tags: Annotated[list[str], Field(max_length=0)] = Field(default_factory=list)


READ_ONLY = frozenset(SurveyResponse.model_fields) - frozenset(PutSurveyResponse.model_fields)
"""What is told of an answer and can not be changed; it may come back, and is not looked at."""


def changeable(data: Any) -> Any:
    """A body without what can not be changed."""
    return {name: value for name, value in data.items() if name not in READ_ONLY} if isinstance(data, dict) else data


def edit_of(stored: Response, given: PutSurveyResponse, survey: Survey) -> Edit:
    """The change of an answer, judged by what was asked.

    Args:
        stored: The answer.
        given: What was put.
        survey: The version of the survey that it answers, by which `score` was told too.

    Raises:
        InvalidRequestError: a changed answer does not fit its question, or an answer is to be taken away that only
            erasing the response can take away.
    """
    known: dict[str, int | str] = {**{name: each.value for name, each in stored.ratings.items()}, **stored.texts}
    changed = {name: value for name, value in given.answers.items() if known.get(name) != value}
    first = survey.first_scale_question.id
    score = None if given.score == known.get(first) else given.score
    if given.score is None and "score" in given.model_fields_set and first in stored.ratings:
        _refuse("score", "can not be taken away; delete the response")
    if given.person is None and "person" in given.model_fields_set and stored.person_id is not None:
        _refuse("person", "can not be taken away; delete the response, or the person")
    blank = {name: "" for name, value in changed.items() if isinstance(value, str) and name in stored.texts}
    blank = {name: text for name, text in blank.items() if not str(changed[name]).strip()}
    said = {name: value for name, value in changed.items() if name not in blank}
    answers = judged(survey, score, said, None, rating_field="score") if said or score is not None else None
    return Edit(
        ratings=answers.ratings if answers else {},
        texts={**(answers.texts if answers else {}), **blank},
        comment=(given.comment or "") if "comment" in given.model_fields_set else None,
        properties=(given.person_properties or {}) if "person_properties" in given.model_fields_set else None,
        person_id=given.person,
    )


def _refuse(field: str, why: str) -> None:
    raise InvalidRequestError(f"{field} {why}.", {field: [why]})
