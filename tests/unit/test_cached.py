"""A warm function remembers surveys and keys, and not for too long."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.domain.api_keys import ApiKey, KeyKind, key_hash
from shared.domain.brands import Brand as Company
from shared.domain.brands import BrandDefinition
from shared.domain.surveys import Brand, Question, Scale, Survey
from shared.errors import TemporaryError
from shared.storage import cached
from shared.storage.cached import CachedApiKeys, CachedSurveys
from shared.storage.cached_brands import CachedBrands
from tests.fakes.brands import InMemoryBrands
from tests.fakes.clock import NOON, FrozenClock
from tests.fakes.surveys import InMemorySurveys

SURVEY = Survey(
    survey_id="shop",
    name="After checkout",
    touchpoint="checkout",
    brand=Brand(name="Petits Pains"),
    questions=(Question(id="recommend", scale=Scale.NPS, text={"en": "Would you recommend us?"}),),
)
MADE_UP = Company(name="shop.example")


def test_a_survey_is_read_once_a_minute() -> None:
    clock, stored = FrozenClock(), InMemorySurveys(SURVEY)
    surveys = CachedSurveys(stored, clock)
    first = surveys.current("shop")
    clock.advance(timedelta(seconds=59))
    assert surveys.current("shop") is first
    assert stored.reads == 1
    stored.publish(SURVEY.model_copy(update={"name": "Changed"}))
    clock.advance(timedelta(seconds=2))
    changed = surveys.current("shop")
    assert changed is not None and changed.survey.name == "Changed"


def test_a_version_is_read_once_and_room_is_made_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cached, "MAX_KNOWN", 2)
    clock, stored = FrozenClock(), InMemorySurveys(SURVEY, SURVEY.model_copy(update={"name": "Changed"}))
    stored.publish(SURVEY)
    surveys = CachedSurveys(stored, clock)
    for _ in range(3):
        assert [surveys.version("shop", number).name for number in (1, 2)] == ["After checkout", "Changed"]  # type: ignore[union-attr]
        clock.advance(timedelta(days=1))
    assert stored.reads == 2
    surveys.version("shop", 3)
    surveys.version("shop", 1)
    assert stored.reads == 4


def test_a_new_survey_is_found_five_seconds_after_it_was_not_there() -> None:
    clock, stored = FrozenClock(), InMemorySurveys()
    surveys = CachedSurveys(stored, clock)
    assert surveys.current("shop") is None
    stored.publish(SURVEY)
    clock.advance(timedelta(seconds=4))
    assert surveys.current("shop") is None
    clock.advance(timedelta(seconds=2))
    assert surveys.current("shop") is not None


def test_a_revoked_key_closes_within_a_minute() -> None:
    clock, stored = FrozenClock(), InMemorySurveys()
    stored.add(ApiKey(key_hash=key_hash("sk_1"), kind=KeyKind.SECRET, name="server", created_at=NOON))
    keys = CachedApiKeys(stored, clock)
    known = keys.find(key_hash("sk_1"))
    assert known is not None and known.is_live
    stored.revoke("server", "", NOON)
    clock.advance(timedelta(seconds=61))
    revoked = keys.find(key_hash("sk_1"))
    assert revoked is not None and not revoked.is_live


def test_guessed_ids_do_not_push_out_a_real_survey(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cached, "MAX_KNOWN", 2)
    monkeypatch.setattr(cached, "MAX_UNKNOWN", 2)
    stored = InMemorySurveys(SURVEY)
    surveys = CachedSurveys(stored, FrozenClock())
    surveys.current("shop")
    for number in range(10):
        surveys.current(f"guess-{number}")
    stored.reads = 0
    surveys.current("shop")
    assert stored.reads == 0


def test_an_outage_is_not_remembered() -> None:
    stored = InMemorySurveys(SURVEY)
    surveys = CachedSurveys(stored, FrozenClock())
    stored.away = True
    with pytest.raises(TemporaryError):
        surveys.current("shop")
    stored.away = False
    assert surveys.current("shop") is not None


def test_a_brand_is_read_once_a_minute() -> None:
    clock, stored = FrozenClock(), InMemoryBrands(lamps=BrandDefinition(name="Lamps"))
    brands = CachedBrands(stored, clock, MADE_UP)
    assert brands.current("lamps").name == brands.current("lamps").name == "Lamps"
    assert stored.reads == 1
    stored.publish("lamps", BrandDefinition(name="Light"))
    clock.advance(timedelta(seconds=61))
    assert brands.current("lamps").name == "Light"


def test_who_names_no_known_brand_gets_the_default_one_and_a_company_without_any_the_one_made_up() -> None:
    clock, stored = FrozenClock(), InMemoryBrands()
    brands = CachedBrands(stored, clock, MADE_UP)
    assert brands.current("lamps") is MADE_UP
    assert brands.current("default") is MADE_UP
    stored.publish("default", BrandDefinition(name="The company"))
    clock.advance(timedelta(seconds=6))
    assert brands.current("lamps").name == brands.current("default").name == "The company"
