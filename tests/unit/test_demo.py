"""The demo's data have the published counts, and its own computation of a score agrees with the product's."""

from __future__ import annotations

import hashlib
import io
import math
from collections import Counter

import pytest
from rich.console import Console

from infra.demo import easypost
from infra.demo.parcels import CUSTOMERS, HISTORIES
from infra.demo.replay_year import SURVEY_ID, agrees, compare
from infra.demo.year import GROUPS, Year, answers, expected, published
from infra.local.seed import BRAND, SURVEYS
from infra.ops.definitions import read_file
from infra.ops.surveys import read_definition
from shared.domain.brands import Brand
from shared.domain.deliveries import Delivery, DeliveryEvent, DeliveryStatus
from shared.domain.people import Recipient
from shared.domain.scores import Tally, nps
from shared.texts.publishing import Publishing
from shared.texts.rendering import Rendering

YEAR = published()
SENT = list(answers(YEAR))


def test_the_answers_have_the_published_count_of_each_rating() -> None:
    assert Counter(answer.rating for answer in SENT) == YEAR.ratings


@pytest.mark.parametrize("month", YEAR.months)
def test_each_month_has_its_published_promoters_passives_and_detractors(month: tuple[object, ...]) -> None:
    first_day = month[0]
    ratings = [answer.rating for answer in SENT if answer.created_at.date().replace(day=1) == first_day]
    counts = tuple(sum(rating in group for rating in ratings) for group in GROUPS.values())
    assert counts == month[1:]


def test_the_answers_are_the_same_ones_in_each_run() -> None:
    """Pinned, for an answer that is already stored must never be sent with another content."""
    assert list(answers(YEAR)) == SENT
    assert len({answer.response_id for answer in SENT}) == len(SENT) == 3326
    content = "\n".join(f"{answer.response_id} {answer.rating} {answer.created_at.isoformat()}" for answer in SENT)
    assert (
        hashlib.sha256(content.encode()).hexdigest()
        == "56166fa125c3cfbd48706965314979b4a15234dc3d49228866deb8138ad64da4"
    )


def test_counts_that_contradict_each_other_are_no_year() -> None:
    contradicting = Year(YEAR.months[:-1], YEAR.ratings)
    with pytest.raises(ValueError, match="by month and by rating"):
        list(answers(contradicting))


@pytest.mark.parametrize("months", [YEAR.months, *((month,) for month in YEAR.months)])
def test_two_computations_of_a_score_agree(months: tuple[object, ...]) -> None:
    own = expected(months)  # type: ignore[arg-type]
    score = nps(Tally(own.promoters, own.passives, own.detractors))
    assert score is not None
    assert math.isclose(own.nps, score.value) and math.isclose(own.margin_of_error, score.margin_of_error)


def test_the_years_score_is_the_published_one() -> None:
    own = expected(YEAR.months)
    assert (own.answers, own.promoters, own.passives, own.detractors) == (3326, 2045, 912, 369)
    assert round(own.nps, 2) == 50.39


def told(**changes: object) -> dict[str, object]:
    own = expected(YEAR.months[:1])
    return {
        "response_count": own.answers,
        "promoter_count": own.promoters,
        "passive_count": own.passives,
        "detractor_count": own.detractors,
        "score": own.nps,
        "margin_of_error": own.margin_of_error,
        **changes,
    }


def test_a_month_agrees_when_counts_score_and_margin_do() -> None:
    assert agrees(told(), expected(YEAR.months[:1]))


@pytest.mark.parametrize(
    "change",
    [
        {"response_count": 327},
        {"promoter_count": 216, "detractor_count": 30},
        {"score": 56.1},
        {"score": None},
        {"margin_of_error": None},
        {"margin_of_error": 7.2},
    ],
)
def test_any_difference_is_told(change: dict[str, object]) -> None:
    assert not agrees(told(**change), expected(YEAR.months[:1]))


class Counted:
    """An API whose scores are right but for the detractors of some months."""

    def __init__(self, *, too_few_in: str = "") -> None:
        self._too_few_in = too_few_in

    def get(self, path: str) -> dict[str, object]:
        months = [month for month in YEAR.months if f"since={month.first_day}" in path]
        name = f"{months[0].first_day:%Y-%m}"
        if "until=2020-12-31" in path and name == "2020-01":
            months, name = list(YEAR.months), "Year"
        own = expected(months)
        return {
            "response_count": own.answers,
            "promoter_count": own.promoters,
            "passive_count": own.passives,
            "detractor_count": own.detractors - (name == self._too_few_in),
            "score": own.nps,
            "margin_of_error": own.margin_of_error,
            "ratings": {str(rating): count for rating, count in YEAR.ratings.items()},
        }


def printed(api: Counted) -> tuple[bool, list[str]]:
    console = Console(width=80, record=True, file=io.StringIO())
    return compare(api, YEAR, console), [line.rstrip() for line in console.export_text().splitlines()]


def test_the_table_fits_a_terminal_and_says_that_all_is_equal() -> None:
    equal, lines = printed(Counted())
    assert equal
    assert "2020-11     117        72       27         18 46.15 13.39 = 46.15 ± 13.39" in lines
    assert lines[-1] == "Year       3326      2045      912        369 50.39  2.33 = 50.39 ± 2.33"


@pytest.mark.parametrize("month", ["2020-01", "2020-07", "2020-12", "Year"])
def test_a_month_that_differs_is_named(month: str) -> None:
    equal, lines = printed(Counted(too_few_in=month))
    assert not equal
    assert lines[-1].startswith(f"{month} must have ")
    assert sum("≠" in line for line in lines) == 1


@pytest.mark.parametrize("name", ["checkout", "delivery", SURVEY_ID])
def test_the_demos_surveys_can_be_published(name: str) -> None:
    survey = read_definition(SURVEYS / f"{name}.yaml")
    assert survey.survey_id == name
    assert all({"en", "de"} <= set(question.text) for question in survey.questions)


def test_the_demos_brand_can_be_published() -> None:
    brand = Brand.model_validate(read_file(BRAND, "brand"))
    Publishing(Rendering()).check(brand.brand_id, brand)
    for by_locale in brand.texts.values():
        assert set(by_locale) == {"en", "de"}


# Carriers.


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("clock_runs_backwards", "delivered"),
        ("damaged_and_sent_back", "returning"),
        ("delivered", "delivered"),
        ("second_attempt_then_delivered", "delivered"),
        ("weather_then_on_its_way", "out_for_delivery"),
    ],
)
def test_each_history_ends_where_its_name_says(name: str, status: str) -> None:
    tracker = easypost.read(HISTORIES / f"{name}.json")
    delivery = Delivery(delivery_id=tracker.tracking_code)
    for number, found in enumerate(tracker.scans):
        delivery = delivery.with_event(
            DeliveryEvent(
                event_id=f"scan-{number}",
                status=found.status,
                reason=found.reason,
                occurred_at=found.occurred_at,
                learned_at=found.occurred_at,
                raw_status=found.raw_status,
            )
        )
    assert delivery.status == status
    assert DeliveryStatus.UNKNOWN not in {event.status for event in delivery.history}


def test_there_is_a_customer_for_each_history_and_none_of_them_is_real() -> None:
    assert len(CUSTOMERS) == len(list(HISTORIES.glob("*.json")))
    for customer in CUSTOMERS:
        Recipient(email=customer.email, phone=customer.phone)
        assert customer.email.endswith("@simulator.amazonses.com")
        assert customer.phone is None or customer.phone.startswith("+49171392000")
