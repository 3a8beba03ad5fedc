"""Which days `GET /v1/metrics` is about, and how its integers are rounded."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.metrics.days import Interval, Span, buckets, day_of, interval_of, span
from shared.domain.metrics.scoring import Asked, breakdown_of, compared, metrics, question_of
from shared.domain.scores import ScoreDocument
from shared.domain.surveys import Breakdown, Survey
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
            {
                "id": "found_by",
                "scale": "choice",
                "text": {"en": "How did you find us?"},
                "options": [{"value": 7, "text": {"en": "A friend"}}, {"value": 2, "text": {"en": "A search"}}],
            },
        ],
        "breakdowns": [{"name": "city", "values": ["Hamburg", "Berlin"]}],
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
    assert day_of(text, "since", SURVEY.local_day).isoformat() == day


NO_DAYS = ["", " ", "now", "-1", "1.5", "1e9", "\uff12\uff10\uff12\uff16", "2026-3-29", "20260329x", "2026-03-29\n"]
NO_SUCH_DAYS = ["2026-02-30", "2026-13-01", "0001-01-01", "9999-12-31", "99999999999", "9999999999"]
NOT_TAKEN = ["2026-03-29T00:00:00Z", "1774735200000"]


@pytest.mark.parametrize("text", [*NO_DAYS, *NO_SUCH_DAYS, *NOT_TAKEN])
def test_what_is_neither_unix_seconds_nor_a_day_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequestError) as error:
        day_of(text, "until", SURVEY.local_day)
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
def test_only_a_question_with_ratings_is_counted(question: str) -> None:
    with pytest.raises(InvalidRequestError) as error:
        question_of(SURVEY, question)
    assert set(error.value.errors) == {"question"}


def test_delighteds_published_example_is_answered_as_they_did() -> None:
    """Their API reference: 32 promoters, 13 passives, 6 detractors are 63, 25 and 12 percent, and 51."""
    told = metrics(
        SURVEY, Asked(SURVEY.questions[0], DAYS), [document({"recommend": {10: 20, 9: 12, 8: 10, 7: 3, 0: 6}})]
    )
    assert (told.promoter_percent, told.passive_percent, told.detractor_percent, told.nps) == (63, 25, 12, 51)
    assert (told.promoter_count, told.passive_count, told.detractor_count, told.response_count) == (32, 13, 6, 51)
    assert told.score == pytest.approx(50.9804, abs=1e-4)
    assert told.interval == pytest.approx((48.1481 - 18.8533, 48.1481 + 18.8533), abs=1e-4)


def test_the_score_is_rounded_from_counts_and_not_from_percents() -> None:
    """8, 2 and 3 answers are 62 % and 23 %; their difference of 39 is printed by one vendor, and 38 is right."""
    told = metrics(SURVEY, Asked(SURVEY.questions[0], DAYS), [document({"recommend": {9: 8, 7: 2, 6: 3}})])
    assert (told.promoter_percent, told.detractor_percent, told.nps) == (62, 23, 38)


def test_percents_are_rounded_and_not_cut_off() -> None:
    """1 and 10 of 11 are 9.09 and 90.91 percent: 9, 91 and -82. Cut off they are 9, 90 and -81."""
    told = metrics(SURVEY, Asked(SURVEY.questions[0], DAYS), [document({"recommend": {9: 1, 6: 10}})])
    assert (told.promoter_percent, told.detractor_percent, told.nps) == (9, 91, -82)


def test_without_answers_every_score_is_null_and_every_count_0() -> None:
    told = metrics(SURVEY, Asked(SURVEY.questions[0], DAYS), [])
    assert (told.nps, told.score, told.margin_of_error, told.interval) == (None, None, None, None)
    assert (told.promoter_percent, told.passive_percent, told.detractor_percent) == (None, None, None)
    assert (told.promoter_count, told.passive_count, told.detractor_count, told.response_count) == (0, 0, 0, 0)


def test_a_score_of_0_is_not_null() -> None:
    told = metrics(SURVEY, Asked(SURVEY.questions[0], DAYS), [document({"recommend": {9: 1, 0: 1}})])
    assert (told.nps, told.score) == (0, 0)


def test_another_scale_has_no_promoters() -> None:
    told = metrics(SURVEY, Asked(SURVEY.questions[1], DAYS), [document({"courier": {5: 3, 1: 1}, "recommend": {9: 7}})])
    assert (told.nps, told.promoter_count, told.response_count, told.score) == (None, None, 4, 75)
    assert told.ratings == {1: 1, 5: 3}


COUNTS = st.dictionaries(st.integers(0, 10), st.integers(0, 40), max_size=11)


@given(st.lists(COUNTS, max_size=4))
def test_integers_are_the_nearest_halves_away_from_zero(days: list[dict[int, int]]) -> None:
    told = metrics(SURVEY, Asked(SURVEY.questions[0], DAYS), [document({"recommend": counts}) for counts in days])
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


def test_a_choice_is_counted_by_option_and_has_no_score() -> None:
    told = metrics(SURVEY, Asked(SURVEY.questions[3], DAYS), [document({"found_by": {7: 3, 2: 1}})])
    assert (told.response_count, told.ratings) == (4, {2: 1, 7: 3})
    assert (told.score, told.interval, told.nps, told.promoter_count) == (None, None, None, None)


def on(day: date, ratings: dict[int, int], value: str = "") -> ScoreDocument:
    return ScoreDocument(day, value, {"recommend": ratings}, sum(ratings.values()), 0)


def test_each_declared_value_has_a_row_then_those_of_earlier_versions_then_other() -> None:
    parts = [
        on(DAY, {9: 2, 0: 1}, "Berlin"),
        on(DAY, {8: 1}, "other"),
        on(DAY, {10: 1}, "Bonn"),
        on(DAY, {9: 1}, "Berlin"),
    ]
    told = metrics(SURVEY, Asked(SURVEY.questions[0], DAYS, by="city"), [], parts)
    rows = [(row.value, row.response_count, row.score) for row in told.rows]
    assert rows == [("Hamburg", 0, None), ("Berlin", 4, 50), ("Bonn", 1, 100), ("other", 1, 0)]


class Watched(list[ScoreDocument]):
    """Documents that count how often they are gone through."""

    passes = 0

    def __iter__(self) -> Iterator[ScoreDocument]:
        self.passes += 1
        return super().__iter__()


def test_documents_are_gone_through_once_however_many_values_they_have() -> None:
    values = tuple(f"c{number}" for number in range(200))
    survey = SURVEY.model_copy(update={"breakdowns": (Breakdown(name="city", values=values),)})
    parts = Watched(on(DAY, {9: 1}, value) for value in values)
    told = metrics(survey, Asked(SURVEY.questions[0], DAYS, by="city"), [], parts)
    assert sum(row.response_count for row in told.rows) == 200
    assert parts.passes == 1


@pytest.mark.parametrize("by", ["country", "", "recommend"])
def test_only_a_declared_breakdown_has_rows(by: str) -> None:
    with pytest.raises(InvalidRequestError) as error:
        breakdown_of(SURVEY, by)
    assert error.value.errors == {"by": ["must be one of this survey's breakdowns: city"]}


def test_the_days_before_are_as_many_and_end_where_these_begin() -> None:
    assert Span(date(2026, 3, 1), date(2026, 3, 31)).before == (date(2026, 1, 29), date(2026, 2, 28))
    assert Span(DAY, DAY).before == (date(2026, 3, 28), date(2026, 3, 28))


@pytest.mark.parametrize(
    ("now", "then", "verdict", "changed"),
    [
        ({9: 70, 7: 10, 0: 20}, {9: 50, 7: 20, 0: 30}, "higher", True),
        ({9: 50, 7: 20, 0: 30}, {9: 70, 7: 10, 0: 20}, "lower", True),
        ({9: 7, 7: 1, 0: 2}, {9: 5, 7: 2, 0: 3}, "no change shown", False),
        ({9: 7}, {}, "no answers on one side", None),
        ({}, {9: 7}, "no answers on one side", None),
    ],
)
def test_a_score_is_compared_with_the_days_before(
    now: dict[int, int], then: dict[int, int], verdict: str, changed: bool | None
) -> None:
    days = Span(date(2026, 3, 29), date(2026, 3, 30))
    documents = [on(date(2026, 3, 26), {0: 99}), on(date(2026, 3, 28), then), on(date(2026, 3, 29), now)]
    told = metrics(SURVEY, Asked(SURVEY.questions[0], days, compare=True), documents)
    assert told.response_count == sum(now.values())
    found = told.comparison
    assert found is not None
    assert (found.since, found.until) == (date(2026, 3, 27), date(2026, 3, 28))
    assert (found.response_count, found.verdict, found.changed) == (sum(then.values()), verdict, changed)
    if changed is None:
        assert (found.difference, found.interval, found.z, found.p) == (None, None, None, None)
    else:
        assert told.score is not None and found.score is not None
        assert found.difference == told.score - found.score


def test_only_the_days_before_can_be_compared_with_and_only_a_score() -> None:
    assert compared("previous", SURVEY.questions[0])
    for name, question in (
        ("", SURVEY.questions[0]),
        ("last year", SURVEY.questions[0]),
        ("previous", SURVEY.questions[3]),
    ):
        with pytest.raises(InvalidRequestError) as error:
            compared(name, question)
        assert set(error.value.errors) == {"compare"}


@pytest.mark.parametrize(
    ("interval", "since", "until", "expected"),
    [
        ("day", "2026-03-28", "2026-03-30", {"2026-03-28": 1, "2026-03-29": 1, "2026-03-30": 1}),
        ("day", "2024-02-28", "2024-03-01", {"2024-02-28": 1, "2024-02-29": 1, "2024-03-01": 1}),
        ("week", "2026-12-30", "2027-01-05", {"2026-W53": 5, "2027-W01": 2}),
        ("week", "2024-12-29", "2025-01-06", {"2024-W52": 1, "2025-W01": 7, "2025-W02": 1}),
        ("week", "2026-03-23", "2026-03-29", {"2026-W13": 7}),
        ("month", "2026-12-31", "2027-02-28", {"2026-12": 1, "2027-01": 31, "2027-02": 28}),
        ("month", "2026-03-10", "2026-03-12", {"2026-03": 3}),
    ],
)
def test_days_are_gathered_into_calendar_weeks_and_months_also_over_a_years_end(
    interval: str, since: str, until: str, expected: dict[str, int]
) -> None:
    days = Span(date.fromisoformat(since), date.fromisoformat(until))
    every_day = [on(days.since + timedelta(days=n), {9: 1}) for n in range((days.until - days.since).days + 1)]
    told = metrics(SURVEY, Asked(SURVEY.questions[0], days, interval=Interval(interval)), every_day)
    assert {bucket.bucket: bucket.response_count for bucket in told.buckets} == expected


DATES = st.dates(date(1990, 1, 1), date(2050, 1, 1))


@given(DATES, st.integers(0, 1_000), st.sampled_from(Interval))
def test_buckets_cover_each_day_once_and_each_lies_in_one_interval(
    since: date, length: int, interval: Interval
) -> None:
    days = Span(since, since + timedelta(days=length))
    found = buckets(days, interval)
    covered = [one.since + timedelta(days=n) for one in found for n in range((one.until - one.since).days + 1)]
    assert covered == [since + timedelta(days=n) for n in range(length + 1)]
    names = [interval.name_of(one.since) for one in found]
    assert names == [interval.name_of(one.until) for one in found]
    assert len(set(names)) == len(names)


def test_a_series_that_would_not_fit_into_one_answer_is_refused_and_another_interval_as_well() -> None:
    century = Span(date(1970, 1, 1), date(2070, 1, 1))
    for name in ("day", "week", "month", "hour", "", "DAY"):
        with pytest.raises(InvalidRequestError) as error:
            interval_of(name, century)
        assert set(error.value.errors) == {"interval"}
    assert interval_of("day", Span(date(2024, 1, 1), date(2024, 12, 31))) is Interval.DAY
