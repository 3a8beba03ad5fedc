"""Which days `GET /v1/metrics` is about, and how its integers are rounded."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.api.scoring import Span, day_of, metrics, question_of, span
from shared.domain.scores import ScoreDocument
from shared.domain.surveys import Survey
from shared.errors import InvalidRequestError

SURVEY = Survey.model_validate(
    {
        "survey_id": "delivery",
        "name": "Delivery",
        "touchpoint": "delivery",
        "brand": {"name": "Example Shop"},
        "time_zone": "Europe/Berlin",
        "questions": [
            {"id": "recommend", "scale": "nps", "text": {"en": "Would you recommend us?"}},
            {"id": "courier", "scale": "csat", "text": {"en": "How was the courier?"}},
            {"id": "why", "scale": "text", "text": {"en": "Why?"}},
        ],
    }
)
DAY = date(2026, 3, 29)
DAYS = Span(DAY, DAY)


def document(counters: dict[str, dict[int, int]]) -> ScoreDocument:
    return ScoreDocument(DAY, "", counters, 0, 0)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-03-29", "2026-03-29"),
        ("1774735200", "2026-03-28"),  # 2026-03-28 23:00 in Berlin, an hour ahead of UTC
        ("1774738799", "2026-03-28"),
        ("1774738800", "2026-03-29"),  # midnight in Berlin, 23:00 in UTC
        ("1774821599", "2026-03-29"),  # the last second of a day of 23 hours
        ("1774821600", "2026-03-30"),
        ("0", "1970-01-01"),
    ],
)
def test_a_point_in_time_snaps_to_the_surveys_local_day(text: str, day: str) -> None:
    assert day_of(text, "since", SURVEY).isoformat() == day


NO_DAYS = ["", " ", "now", "-1", "1.5", "1e9", "\uff12\uff10\uff12\uff16", "2026-3-29", "20260329x", "2026-03-29\n"]
NO_SUCH_DAYS = ["2026-02-30", "2026-13-01", "0001-01-01", "9999-12-31", "99999999999", "9999999999"]
NOT_TAKEN = ["2026-03-29T00:00:00Z", "1774735200000"]


@pytest.mark.parametrize("text", [*NO_DAYS, *NO_SUCH_DAYS, *NOT_TAKEN])
def test_what_is_neither_unix_seconds_nor_a_day_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequestError) as error:
        day_of(text, "until", SURVEY)
    assert set(error.value.errors) == {"until"}


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        (None, None, (date(2026, 2, 28), date(2026, 3, 29))),
        (None, date(2026, 1, 30), (date(2026, 1, 1), date(2026, 1, 30))),
        (date(2026, 3, 1), None, (date(2026, 3, 1), date(2026, 3, 29))),
        (date(2026, 5, 1), None, (date(2026, 5, 1), date(2026, 5, 1))),
        (DAY, DAY, (DAY, DAY)),
        (None, date(1970, 1, 2), (date(1970, 1, 1), date(1970, 1, 2))),
    ],
)
def test_by_default_it_is_30_days_up_to_the_latest_response(
    since: date | None, until: date | None, expected: tuple[date, date]
) -> None:
    assert span(since, until, latest=DAY) == expected


def test_days_do_not_end_before_they_begin() -> None:
    with pytest.raises(InvalidRequestError):
        span(date(2026, 3, 30), DAY, latest=DAY)


@pytest.mark.parametrize("question", ["why", "weather", ""])
def test_only_a_question_with_a_scale_has_a_score(question: str) -> None:
    with pytest.raises(InvalidRequestError) as error:
        question_of(SURVEY, question)
    assert set(error.value.errors) == {"question"}


def test_delighteds_published_example_is_answered_as_they_did() -> None:
    """Their API reference: 32 promoters, 13 passives, 6 detractors are 63, 25 and 12 percent, and 51."""
    told = metrics(SURVEY, SURVEY.questions[0], DAYS, [document({"recommend": {10: 20, 9: 12, 8: 10, 7: 3, 0: 6}})])
    assert (told.promoter_percent, told.passive_percent, told.detractor_percent, told.nps) == (63, 25, 12, 51)
    assert (told.promoter_count, told.passive_count, told.detractor_count, told.response_count) == (32, 13, 6, 51)
    assert told.score == pytest.approx(50.9804, abs=1e-4)
    assert told.interval == pytest.approx((48.1481 - 18.8533, 48.1481 + 18.8533), abs=1e-4)


def test_the_score_is_rounded_from_counts_and_not_from_percents() -> None:
    """8, 2 and 3 answers are 62 % and 23 %; their difference of 39 is printed by one vendor, and 38 is right."""
    told = metrics(SURVEY, SURVEY.questions[0], DAYS, [document({"recommend": {9: 8, 7: 2, 6: 3}})])
    assert (told.promoter_percent, told.detractor_percent, told.nps) == (62, 23, 38)


def test_without_answers_every_score_is_null_and_every_count_0() -> None:
    told = metrics(SURVEY, SURVEY.questions[0], DAYS, [])
    assert (told.nps, told.score, told.margin_of_error, told.interval) == (None, None, None, None)
    assert (told.promoter_percent, told.passive_percent, told.detractor_percent) == (None, None, None)
    assert (told.promoter_count, told.passive_count, told.detractor_count, told.response_count) == (0, 0, 0, 0)


def test_a_score_of_0_is_not_null() -> None:
    told = metrics(SURVEY, SURVEY.questions[0], DAYS, [document({"recommend": {9: 1, 0: 1}})])
    assert (told.nps, told.score) == (0, 0)


def test_another_scale_has_no_promoters() -> None:
    told = metrics(SURVEY, SURVEY.questions[1], DAYS, [document({"courier": {5: 3, 1: 1}, "recommend": {9: 7}})])
    assert (told.nps, told.promoter_count, told.response_count, told.score) == (None, None, 4, 75)
    assert told.ratings == {1: 1, 5: 3}


COUNTS = st.dictionaries(st.integers(0, 10), st.integers(0, 40), max_size=11)


@given(st.lists(COUNTS, max_size=4))
def test_integers_are_the_nearest_halves_away_from_zero(days: list[dict[int, int]]) -> None:
    told = metrics(SURVEY, SURVEY.questions[0], DAYS, [document({"recommend": counts}) for counts in days])
    ratings = [rating for counts in days for rating, count in counts.items() for _ in range(count)]

    def percent(part: int) -> int | None:
        if not ratings:
            return None
        exact = Fraction(100 * part, len(ratings))
        # 28 digits tell a half from what is near it: denominators are at most 2,000.
        return int((Decimal(exact.numerator) / Decimal(exact.denominator)).to_integral_value(ROUND_HALF_UP))

    promoters = sum(rating >= 9 for rating in ratings)
    detractors = sum(rating <= 6 for rating in ratings)
    assert told.nps == percent(promoters - detractors)
    assert told.promoter_percent == percent(promoters)
    assert told.passive_percent == percent(len(ratings) - promoters - detractors)
    assert told.detractor_percent == percent(detractors)
    assert told.response_count == len(ratings)
