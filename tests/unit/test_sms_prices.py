"""What an SMS costs at most, and what it takes from the limits."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.daily_caps import local_day
from shared.domain.sms_limits import SmsTaken, taking_of
from shared.domain.sms_prices import MAX_PRICE, MICROS, USUAL_PRICES, as_max_price, in_micros, prices_from
from tests.fakes.clock import NOON


def test_what_ops_chose_stands_in_place_of_the_usual_price() -> None:
    prices = prices_from("DE=0.09, AT=0.07512,XK=1")
    assert (prices["DE"], prices["AT"], prices["XK"]) == (90_000, 75_120, 1_000_000)
    assert prices["CH"] == USUAL_PRICES["CH"]
    assert prices_from("") == USUAL_PRICES


@pytest.mark.parametrize("text", ["DE", "DE=", "DE=free", "de=0.09", "DE=-1", "DE=0.1234567", "DEU=1", "DE=0.09;AT=1"])
def test_what_is_no_price_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no price"):
        prices_from(text)


def test_every_country_that_sms_may_go_to_by_default_has_a_price() -> None:
    assert {"DE", "AT", "CH"} <= USUAL_PRICES.keys()
    assert all(0 < price < MICROS for price in USUAL_PRICES.values())


@given(st.integers(min_value=0, max_value=MAX_PRICE))
def test_a_price_is_handed_over_in_the_form_the_carrier_takes_and_never_rounded_down(price: int) -> None:
    told = as_max_price(price)
    assert re.fullmatch(r"[0-9]{0,2}\.[0-9]{1,5}", told) and len(told) <= 8
    assert 0 <= in_micros(Decimal(told)) - price < 10


def test_a_price_that_no_sms_has_is_refused() -> None:
    with pytest.raises(ValueError, match="so much"):
        as_max_price(MAX_PRICE + 1)


def test_an_sms_takes_from_the_day_and_hour_of_utc_in_which_it_leaves() -> None:
    taking = taking_of("+4915112345678", 90_000, NOON, spend_limit=1, prefix_limit=2)
    assert (taking.day, taking.hour, taking.prefix) == ("2026-11-22", "2026-11-22T12", "+491511234")
    assert (taking.to_spend, taking.is_counted) == (90_000, False)


@pytest.mark.parametrize(
    ("taken", "to_spend", "is_counted", "kept"),
    [
        (SmsTaken(day="2026-11-22", hour="2026-11-22T12", price=90_000), 0, True, 90_000),
        (SmsTaken(day="2026-11-22", hour="2026-11-22T11", price=40_000), 50_000, False, 90_000),
        (SmsTaken(day="2026-11-22", hour="2026-11-22T11", price=180_000), 0, False, 180_000),
        (SmsTaken(day="2026-11-21", hour="2026-11-21T23", price=90_000), 90_000, False, 90_000),
    ],
)
def test_what_was_taken_before_is_not_taken_again(taken: SmsTaken, to_spend: int, is_counted: bool, kept: int) -> None:
    taking = taking_of("+4915112345678", 90_000, NOON, spend_limit=1, prefix_limit=2)
    again = taking.model_copy(update={"taken": taken})
    assert (again.to_spend, again.is_counted, again.to_keep.price) == (to_spend, is_counted, kept)


def test_a_day_is_that_of_where_somebody_is() -> None:
    assert local_day("Pacific/Auckland", NOON) == "2026-11-23"
    assert local_day("Europe/Berlin", NOON) == "2026-11-22"
