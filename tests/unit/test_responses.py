"""What a response is, what it counts as, and what is refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from shared.domain.queued import ResponseSubmitted
from shared.domain.responses import Change, Rating, Response, ScoreKey, certificate, score_deltas, score_keys
from shared.domain.surveys import Scale
from tests.fakes.answers import TODAY, answer
from tests.fakes.recount import Document, recount


@pytest.mark.parametrize("rating", [True, 9.0, "9", 11, -1, None])
def test_a_rating_is_a_whole_number_on_its_scale(rating: Any) -> None:
    with pytest.raises(ValidationError):
        Rating(scale=Scale.NPS, value=rating)


def test_text_has_no_ratings() -> None:
    with pytest.raises(ValidationError):
        Rating(scale=Scale.TEXT, value=1)


@pytest.mark.parametrize("revision", [0, -1, 10**15 + 1, 1.0, True, "1"])
def test_a_revision_is_a_whole_number_from_one(revision: Any) -> None:
    with pytest.raises(ValidationError):
        answer(revision=revision)


def test_a_revision_may_be_unix_milliseconds() -> None:
    assert answer(revision=1_795_348_800_000).revision == 1_795_348_800_000


@pytest.mark.parametrize("rating", [*range(11)])
def test_a_detractor_gave_six_or_less(rating: int) -> None:
    assert answer(rating=rating).is_detractor is (rating <= 6)


def test_one_bad_rating_among_several_makes_a_detractor() -> None:
    ratings = {"recommend": Rating(scale=Scale.NPS, value=9), "effort": Rating(scale=Scale.CES, value=2)}
    assert answer().model_copy(update={"ratings": ratings}).is_detractor


def test_a_comment_alone_and_a_test_count_as_nothing() -> None:
    assert answer(rating=None, comment="Bonjour").counted is None
    assert answer(test=True).counted is None


def test_an_answer_counts_in_the_whole_survey_and_once_per_breakdown() -> None:
    counted = answer(breakdowns={"device": "phone", "country": "de"}).counted
    assert counted is not None
    assert score_keys(counted) == (
        ScoreKey("shop", TODAY),
        ScoreKey("shop", TODAY, "country", "de"),
        ScoreKey("shop", TODAY, "device", "phone"),
    )


def test_the_certificate_is_that_of_the_counted_content_and_of_nothing_else() -> None:
    plain = answer(breakdowns={"country": "de"})
    counted = plain.counted
    assert counted is not None
    assert certificate(plain.response_id, counted) == recount([plain])[Document("shop", TODAY, "", "")].certificate
    commented = answer(breakdowns={"country": "de"}, revision=2, comment="Warm")
    assert commented.counted == counted
    others = [
        answer(number=2, breakdowns={"country": "de"}),
        answer(rating=8, breakdowns={"country": "de"}),
        answer(breakdowns={"country": "fr"}),
        answer(breakdowns={"country": "de"}, survey_id="delivery"),
        answer(breakdowns={"country": "de"}, day=TODAY + timedelta(days=1)),
    ]
    certificates = {certificate(each.response_id, each.counted) for each in others if each.counted is not None}
    assert len(certificates) == len(others)
    assert certificate(plain.response_id, counted) not in certificates


def test_a_change_and_its_reverse_leave_nothing() -> None:
    old, new = answer(rating=3).counted, answer(rating=9, day=TODAY + timedelta(days=1)).counted
    assert score_deltas([Change("a", old, new), Change("a", new, old)]) == {}


@pytest.mark.parametrize(
    ("scale", "value", "unhappy"),
    [
        (Scale.CSAT_3, 1, True),
        (Scale.CSAT_3, 2, False),
        (Scale.CES_7, 3, True),
        (Scale.CES_7, 4, False),
        (Scale.EXPECTATION, 1, True),
        (Scale.EXPECTATION, 2, False),
        (Scale.CHOICE, 1, False),
    ],
)
def test_who_is_below_the_middle_of_a_scale_asks_for_follow_up_and_a_choice_has_no_below(
    scale: Scale, value: int, unhappy: bool
) -> None:
    given = answer().model_copy(update={"ratings": {"asked": Rating(scale=scale, value=value)}})
    assert given.is_detractor is unhappy


def test_an_answer_survives_the_queue_unchanged() -> None:
    sent = ResponseSubmitted(response=answer(comment="Déjà vu 🥐", breakdowns={"country": "de"}), expected_revision=0)
    assert ResponseSubmitted.model_validate_json(sent.model_dump_json(exclude_none=True)) == sent


def test_a_message_of_another_schema_is_none_of_ours() -> None:
    body = ResponseSubmitted(response=answer()).model_dump_json().replace('"schema":1', '"schema":99')
    with pytest.raises(ValidationError):
        ResponseSubmitted.model_validate_json(body)


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValidationError):
        Response.model_validate({**answer().model_dump(), "answered_at": "2026-11-22T12:00:00"})
