"""How a survey's definition judges what is sent."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from shared.domain.responses import Rating
from shared.domain.submissions import Judged, judged
from shared.domain.surveys import Scale, Survey
from shared.errors import InvalidRequestError

SURVEY = Survey.model_validate(
    {
        "survey_id": "delivery",
        "name": "Delivery",
        "touchpoint": "delivery",
        "brand": {"name": "Example Shop"},
        "questions": [
            {"id": "why", "scale": "text", "text": {"en": "Why?"}},
            {"id": "recommend", "scale": "nps", "text": {"en": "Would you recommend us?"}},
            {"id": "courier", "scale": "csat", "text": {"en": "How was the courier?"}},
        ],
    }
)


def refusal(rating: int | None, answers: Mapping[str, int | str], comment: str | None = None) -> dict[str, list[str]]:
    with pytest.raises(InvalidRequestError) as error:
        judged(SURVEY, rating, answers, comment)
    assert all(error.value.errors.values())
    return error.value.errors


def test_a_bare_rating_answers_the_first_question_with_a_scale() -> None:
    assert judged(SURVEY, 9, {}, None) == Judged({"recommend": Rating(scale=Scale.NPS, value=9)}, {}, None)


def test_each_answer_is_kept_with_the_scale_of_its_question() -> None:
    assert judged(SURVEY, None, {"courier": 5, "why": "early", "recommend": 0}, "fine") == Judged(
        {"courier": Rating(scale=Scale.CSAT, value=5), "recommend": Rating(scale=Scale.NPS, value=0)},
        {"why": "early"},
        "fine",
    )


def test_the_same_rating_given_twice_is_one() -> None:
    assert judged(SURVEY, 9, {"recommend": 9}, None) == judged(SURVEY, 9, {}, None)


def test_two_ratings_for_one_question_contradict_each_other() -> None:
    assert set(refusal(9, {"recommend": 8})) == {"answers.recommend"}


@pytest.mark.parametrize(("question", "lowest", "highest"), [("recommend", 0, 10), ("courier", 1, 5)])
def test_a_rating_must_lie_on_its_scale(question: str, lowest: int, highest: int) -> None:
    for value in range(lowest, highest + 1):
        assert judged(SURVEY, None, {question: value}, None).ratings[question].value == value
    for value in (lowest - 1, highest + 1, 10**15):
        assert set(refusal(None, {question: value})) == {f"answers.{question}"}


CHOICE = {
    "id": "found_by",
    "scale": "choice",
    "text": {"en": "How did you find us?"},
    "options": [{"value": 7, "text": {"en": "A friend"}}, {"value": 2, "text": {"en": "A search"}}],
}
CHOOSING = Survey.model_validate({**SURVEY.model_dump(), "questions": [CHOICE, *SURVEY.model_dump()["questions"]]})


def test_a_choice_is_answered_with_the_number_of_one_of_its_options() -> None:
    assert judged(CHOOSING, 9, {"found_by": 7}, None).ratings["found_by"] == Rating(scale=Scale.CHOICE, value=7)
    for value in (1, 3, 0, -1, 1000, "A friend", "7"):
        with pytest.raises(InvalidRequestError) as error:
            judged(CHOOSING, 9, {"found_by": value}, None)
        assert error.value.errors == {"answers.found_by": ["must be the number of one of its options: 7, 2"]}


def test_a_bare_rating_passes_over_a_choice() -> None:
    assert judged(CHOOSING, 9, {}, None).ratings == {"recommend": Rating(scale=Scale.NPS, value=9)}


def test_a_bare_rating_off_its_scale_is_refused_under_its_own_name() -> None:
    assert set(refusal(11, {})) == {"rating"}


def test_text_is_no_rating_and_a_rating_no_text() -> None:
    assert set(refusal(None, {"recommend": "9", "why": 9})) == {"answers.recommend", "answers.why"}


def test_every_wrong_answer_is_named_at_once() -> None:
    assert set(refusal(-1, {"courier": 6, "weather": 1})) == {"rating", "answers.courier", "answers.weather"}


@pytest.mark.parametrize(("answers", "comment"), [({}, None), ({}, " \n"), ({"why": "  "}, "")])
def test_an_answer_says_something(answers: Mapping[str, str], comment: str | None) -> None:
    assert set(refusal(None, answers, comment)) == {"rating"}


def test_words_alone_are_an_answer() -> None:
    assert judged(SURVEY, None, {}, "too late").comment == "too late"
    assert judged(SURVEY, None, {"why": "too late"}, None).texts == {"why": "too late"}
