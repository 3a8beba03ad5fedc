"""What an edit by staff changes of an answer, and what it can not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.domain.edits import Edit, edited
from shared.domain.people import Recipient
from shared.domain.responses import MAX_REVISION, Rating
from shared.domain.surveys import Scale, Survey
from shared.errors import ConflictError
from tests.fakes.answers import TODAY, answer
from tests.fakes.clock import NOON

LATER = NOON + timedelta(days=3)
SURVEY = Survey.model_validate(
    {
        "survey_id": "shop",
        "version": 4,
        "name": "Shop",
        "touchpoint": "checkout",
        "brand": {"name": "Shop"},
        "questions": [{"id": "recommend", "scale": "nps", "text": {"en": "Would you?"}}],
        "breakdowns": [{"name": "country", "values": ["de", "fr"]}],
    }
)
STORED = answer(
    rating=3,
    revision=7,
    person_id="p-1",
    claimed_person=Recipient(email="ada@example.com"),
    comment="Cold",
    texts={"why": "Rain"},
    properties={"country": "de", "basket": "42"},
    breakdowns={"country": "de"},
)
NINE = {"recommend": Rating(scale=Scale.NPS, value=9)}


def test_what_is_named_changes_and_all_else_stays() -> None:
    after = edited(STORED, Edit(ratings=NINE), SURVEY, LATER)
    assert after == STORED.model_copy(update={"ratings": NINE, "revision": 8, "accepted_at": LATER})
    assert (after.day, after.answered_at, after.person_id) == (TODAY, NOON, "p-1")


def test_other_questions_keep_their_ratings() -> None:
    both = STORED.model_copy(update={"ratings": {**STORED.ratings, "courier": Rating(scale=Scale.CSAT, value=5)}})
    after = edited(both, Edit(ratings=NINE), SURVEY, LATER)
    assert {question: rating.value for question, rating in after.ratings.items()} == {"recommend": 9, "courier": 5}


@pytest.mark.parametrize(("said", "left"), [("Warm", "Warm"), ("", None), ("  ", None), (None, "Cold")])
def test_a_comment_is_replaced_taken_away_or_left(said: str | None, left: str | None) -> None:
    assert edited(STORED, Edit(ratings=NINE, comment=said), SURVEY, LATER).comment == left


def test_texts_change_by_question_and_an_empty_one_takes_the_old_away() -> None:
    assert edited(STORED, Edit(texts={"how": "Fast"}), SURVEY, LATER).texts == {"why": "Rain", "how": "Fast"}
    assert edited(STORED, Edit(texts={"why": " "}), SURVEY, LATER).texts == {}


def test_new_properties_replace_the_old_and_count_by_the_current_version() -> None:
    after = edited(STORED, Edit(properties={"country": "it"}), SURVEY, LATER)
    assert (after.properties, after.breakdowns) == ({"country": "it"}, {"country": "other"})


def test_an_answer_keeps_what_it_counts_by_if_its_properties_stay() -> None:
    undeclared = SURVEY.model_copy(update={"breakdowns": ()})
    assert edited(STORED, Edit(ratings=NINE), undeclared, LATER).breakdowns == {"country": "de"}


def test_an_edit_that_changes_nothing_is_no_revision() -> None:
    same = Edit(ratings=STORED.ratings, comment="Cold", properties=STORED.properties)
    assert edited(STORED, same, SURVEY, LATER) is STORED


def test_nothing_comes_after_the_highest_revision() -> None:
    last = STORED.model_copy(update={"revision": MAX_REVISION})
    with pytest.raises(ConflictError):
        edited(last, Edit(ratings=NINE), SURVEY, LATER)
