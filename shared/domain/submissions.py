"""What somebody sends as an answer, and how a survey's definition judges it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple

from pydantic import AfterValidator, Field, PlainValidator, StringConstraints, WithJsonSchema

from shared.domain.responses import Comment, Rating
from shared.domain.surveys import Question, Scale, Survey
from shared.errors import InvalidRequestError

MAX_TEXT = 5000
MAX_PROPERTIES = 20


def _whole_number(value: Any) -> int:
    """JSON's `9.0`, `true` and `"9"` are numbers to some languages; none of them is a rating."""
    if type(value) is not int:
        raise ValueError("must be a whole number, such as 9")
    return value


def _rating_or_text(value: Any) -> int | str:
    if type(value) is not int and not isinstance(value, str):
        raise ValueError("must be a whole number for a question with a scale, or text")
    if isinstance(value, str) and len(value) > MAX_TEXT:
        raise ValueError(f"must have at most {MAX_TEXT} characters")
    return value


def _plain(value: str) -> str:
    if any(ord(character) < 32 for character in value):
        raise ValueError("must not contain control characters")
    return value


GivenRating = Annotated[int, PlainValidator(_whole_number), WithJsonSchema({"type": "integer"})]
"""A rating as it is sent; whether it lies on the scale is for the survey to say."""

GivenAnswer = Annotated[
    int | str,
    PlainValidator(_rating_or_text),
    WithJsonSchema({"oneOf": [{"type": "integer"}, {"type": "string", "maxLength": MAX_TEXT}]}),
]
"""An answer to one question: a rating or a text, as the question's scale asks."""

Properties = Annotated[
    Mapping[
        Annotated[str, StringConstraints(min_length=1, max_length=64), AfterValidator(_plain)],
        Annotated[str, StringConstraints(max_length=200), AfterValidator(_plain)],
    ],
    Field(max_length=MAX_PROPERTIES),
]
"""What else is known of the answer; a survey counts by those that it declares as breakdowns."""


class Judged(NamedTuple):
    """Answers that fit their survey."""

    ratings: dict[str, Rating]
    texts: dict[str, str]
    comment: Comment | None


def judged(
    survey: Survey,
    rating: int | None,
    answers: Mapping[str, int | str],
    comment: str | None,
    rating_field: str = "rating",
) -> Judged:
    """What was sent, by the survey's definition.

    Args:
        survey: The version that judges.
        rating: The answer to the first scale question, if it was given by itself.
        answers: Answers by question id.
        comment: Free text; only spaces are no comment.
        rating_field: The name under which `rating` was sent, for the refusal.

    Raises:
        InvalidRequestError: an unknown question, a rating off its scale, text for a scale or a number for text, two
            different ratings for one question, or no answer at all; with the path of each field.
    """
    errors: dict[str, list[str]] = {}
    ratings: dict[str, Rating] = {}
    texts: dict[str, str] = {}
    given: dict[str, tuple[str, int | str]] = {name: (f"answers.{name}", value) for name, value in answers.items()}
    if rating is not None:
        first = survey.first_scale_question.id
        if answers.get(first, rating) != rating:
            errors[f"answers.{first}"] = [f"must equal {rating_field}, which answers the same question"]
        given[first] = (rating_field, rating)
    for name, (path, value) in given.items():
        question = survey.question(name)
        if question is None:
            errors[path] = [f"is no question of this survey; it asks {', '.join(q.id for q in survey.questions)}"]
        elif fault := _fault(question, value):
            errors[path] = [fault]
        elif isinstance(value, str):
            if value.strip():
                texts[name] = value
        else:
            ratings[name] = Rating(scale=question.scale, value=value)
    said = comment if comment and comment.strip() else None
    if not errors and not ratings and not texts and said is None:
        errors[rating_field] = ["is missing, and there is no other answer and no comment"]
    if errors:
        path, messages = next(iter(errors.items()))
        raise InvalidRequestError(f"{path} {messages[0]}", errors)
    return Judged(ratings, texts, said)


def _fault(question: Question, value: int | str) -> str | None:
    allowed = question.ratings
    if not allowed:
        return None if isinstance(value, str) else f"must be text: its scale is {Scale.TEXT.value}"
    if value in allowed:
        return None
    if question.scale is Scale.CHOICE:
        return f"must be the number of one of its options: {', '.join(map(str, allowed))}"
    return f"must be a whole number from {allowed[0]} to {allowed[-1]} on the scale {question.scale.value}"
