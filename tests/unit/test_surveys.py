"""What a survey is, and what it makes of days, properties and languages."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from shared.domain.surveys import OTHER, Brand, Breakdown, Option, Question, Scale, Survey, in_locale

NPS = Question(id="recommend", scale=Scale.NPS, text={"en": "Would you recommend us?"})
CHOICE = Question(
    id="found_by",
    scale=Scale.CHOICE,
    text={"en": "How did you find us?"},
    options=(
        Option(value=2, text={"en": "A friend"}),
        Option(value=1, text={"en": "A search"}),
    ),
)
WHY = Question(id="why", scale=Scale.TEXT, text={"en": "Why?"})


def survey(**changes: Any) -> Survey:
    about: dict[str, Any] = {
        "survey_id": "shop",
        "name": "After checkout",
        "touchpoint": "checkout",
        "brand": Brand(name="Petits Pains"),
        "questions": (NPS,),
    }
    return Survey(**{**about, **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {"survey_id": "a/b"},
        {"survey_id": ""},
        {"survey_id": "a#b"},
        {"version": 0},
        {"questions": ()},
        {"questions": (WHY,)},
        {"questions": (NPS, NPS)},
        {"questions": (CHOICE,)},
        {"questions": (NPS.model_copy(update={"bands": ("negative",)}), WHY)},
        {"questions": (NPS, CHOICE), "default_locale": "de"},
        {"questions": (Question(id="recommend", scale=Scale.NPS, text={"de": "Empfehlen Sie uns?"}),)},
        {"breakdowns": (Breakdown(name="country", values=("de",)), Breakdown(name="country", values=("fr",)))},
        {"time_zone": "Europe/Atlantis"},
        {"time_zone": "../etc/passwd"},
        {"alert_to": ("not an address",)},
        {"mood": "blue"},
        {"kiosk": {"cool_down_seconds": 1}},
        {"kiosk": {"cool_down_seconds": 61}},
        {"kiosk": {"exit_pin": "123"}},
        {"kiosk": {"exit_pin": "123456789"}},
        {"kiosk": {"exit_pin": "12a4"}},
    ],
)
def test_a_survey_that_contradicts_itself_is_none(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        survey(**changes)


@pytest.mark.parametrize("values", [("a#b",), ("",), ("x" * 65,), ("a\nb",), tuple(f"v{n}" for n in range(201))])
def test_a_breakdown_value_fits_into_a_key_and_there_are_not_too_many(values: tuple[str, ...]) -> None:
    with pytest.raises(ValidationError):
        Breakdown(name="country", values=values)


def test_a_bare_rating_answers_the_first_question_with_a_scale() -> None:
    assert survey(questions=(WHY, NPS)).first_scale_question is NPS


@pytest.mark.parametrize(
    ("scale", "values", "complaint"),
    [
        (Scale.CHOICE, (), "at least two options"),
        (Scale.CHOICE, (1,), "at least two options"),
        (Scale.CHOICE, (1, 2, 1), "the same value"),
        (Scale.CHOICE, tuple(range(1, 13)), "at most 11"),
        (Scale.CHOICE, (0, 1), "greater than or equal to 1"),
        (Scale.NPS, (1, 2), "belong to the scale choice"),
    ],
)
def test_a_choice_and_only_a_choice_declares_its_options(scale: Scale, values: tuple[int, ...], complaint: str) -> None:
    options = [{"value": value, "text": {"en": "x"}} for value in values]
    with pytest.raises(ValidationError, match=complaint):
        Question.model_validate({"id": "found_by", "scale": scale, "text": {"en": "x"}, "options": options})


@pytest.mark.parametrize(
    ("scale", "ratings"),
    [
        (Scale.NPS, range(11)),
        (Scale.CSAT, range(1, 6)),
        (Scale.CSAT_3, range(1, 4)),
        (Scale.CES, range(1, 6)),
        (Scale.CES_7, range(1, 8)),
        (Scale.EXPECTATION, range(1, 4)),
        (Scale.TEXT, ()),
    ],
)
def test_a_scale_has_its_ratings(scale: Scale, ratings: range) -> None:
    assert Question(id="asked", scale=scale, text={"en": "x"}).ratings == tuple(ratings)


@pytest.mark.parametrize(
    ("scale", "look", "complaint"),
    [
        (Scale.NPS, "smileys", "the looks of the scale nps: numbers"),
        (Scale.CES_7, "stars", "the looks of the scale ces_7: numbers"),
        (Scale.EXPECTATION, "numbers", "the looks of the scale expectation: none"),
        (Scale.TEXT, "stars", "the looks of the scale text: none"),
        (Scale.CSAT, "hearts", "Input should be"),
    ],
)
def test_a_look_must_fit_the_scale(scale: Scale, look: str, complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        Question.model_validate({"id": "asked", "scale": scale, "text": {"en": "x"}, "look": look})


def test_a_follow_up_question_names_the_bands_of_the_first_rating_it_is_for() -> None:
    why = Question.model_validate({**WHY.model_dump(), "bands": ["negative", "neutral"]})
    assert survey(questions=(why, NPS)).questions[0].bands == ("negative", "neutral")
    with pytest.raises(ValidationError, match="Input should be"):
        Question.model_validate({**WHY.model_dump(), "bands": ["sad"]})


def test_a_version_from_before_looks_and_bands_reads_as_ever() -> None:
    old = {"id": "recommend", "scale": "nps", "text": {"en": "Would you recommend us?"}, "options": []}
    read = Question.model_validate(old)
    assert (read.look, read.bands) == (None, ())


def test_the_ratings_of_a_choice_are_its_options_in_their_order() -> None:
    assert CHOICE.ratings == (2, 1)


def test_a_question_is_found_by_its_id() -> None:
    assert survey(questions=(NPS, WHY)).question("why") is WHY
    assert survey().question("why") is None


@pytest.mark.parametrize(
    ("zone", "instant", "day"),
    [
        ("UTC", datetime(2026, 11, 22, 23, 59, 59, tzinfo=UTC), date(2026, 11, 22)),
        ("Europe/Berlin", datetime(2026, 11, 22, 23, 0, tzinfo=UTC), date(2026, 11, 23)),
        ("Europe/Berlin", datetime(2026, 7, 22, 21, 59, tzinfo=UTC), date(2026, 7, 22)),
        ("Europe/Berlin", datetime(2026, 7, 22, 22, 0, tzinfo=UTC), date(2026, 7, 23)),
        ("America/Los_Angeles", datetime(2026, 11, 22, 7, 59, tzinfo=UTC), date(2026, 11, 21)),
        ("Pacific/Kiritimati", datetime(2026, 11, 22, 10, 0, tzinfo=UTC), date(2026, 11, 23)),
    ],
)
def test_a_day_is_the_calendar_day_where_the_survey_lives(zone: str, instant: datetime, day: date) -> None:
    assert survey(time_zone=zone).local_day(instant) == day


@pytest.mark.parametrize(
    ("properties", "value"),
    [({"country": "de"}, "de"), ({"country": "atlantis"}, OTHER), ({}, OTHER), ({"country": "DE"}, OTHER)],
)
def test_an_undeclared_value_counts_as_other(properties: dict[str, str], value: str) -> None:
    asking = survey(breakdowns=(Breakdown(name="country", values=("de", "fr")),))
    assert asking.breakdown_values({**properties, "basket": "42"}, verified=False) == {"country": value}


@pytest.mark.parametrize(
    ("preferred", "text"),
    [
        (("de",), "Hallo"),
        (("de-AT",), "Hallo"),
        (("pt-BR",), "Oi"),
        (("ja", "de"), "Hallo"),
        (("ja",), "Hello"),
        ((), "Hello"),
    ],
)
def test_a_text_is_in_the_preferred_language_or_the_next_best(preferred: tuple[str, ...], text: str) -> None:
    assert in_locale({"en": "Hello", "de": "Hallo", "pt-BR": "Oi"}, *preferred) == text


def test_no_text_at_all_is_an_error() -> None:
    with pytest.raises(KeyError):
        in_locale({}, "en")
