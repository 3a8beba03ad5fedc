"""What a survey is, and what it makes of days, properties and languages."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from shared.domain.surveys import OTHER, Brand, Breakdown, Question, Scale, Survey, in_locale

NPS = Question(id="recommend", scale=Scale.NPS, text={"en": "Would you recommend us?"})
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
        {"questions": (Question(id="recommend", scale=Scale.NPS, text={"de": "Empfehlen Sie uns?"}),)},
        {"breakdowns": (Breakdown(name="country", values=("de",)), Breakdown(name="country", values=("fr",)))},
        {"time_zone": "Europe/Atlantis"},
        {"time_zone": "../etc/passwd"},
        {"alert_to": ("not an address",)},
        {"mood": "blue"},
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
    assert asking.breakdown_values({**properties, "basket": "42"}) == {"country": value}


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
