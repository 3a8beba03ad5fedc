"""The formulas of the scores, against figures that others published and against the mistakes that others made.

Sources of the vectors: SightMill's worked example; the API documentation of Delighted and Retently; stats.stackexchange
18609; the test suite of django-nps; CYBAEA on sample sizes. The interval is the adjusted Wald of Rocks (2016); its
figures here were computed outside this project.
"""

from __future__ import annotations

import math
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.scores import Score, ScoreDocument, Sentiment, Tally, counts, nps, score, sentiment, share, tally
from shared.domain.surveys import Scale

VECTORS = [
    pytest.param((3, 3, 4), -10, -7.6923, 43.7563, id="SightMill"),
    pytest.param((32, 13, 6), 50.9804, 48.1481, 18.8533, id="Delighted"),
    pytest.param((8, 2, 3), 38.4615, 31.2500, 40.5123, id="Retently"),
    pytest.param((162, 108, 54), 33.3333, 33.0275, 8.0823, id="whuber"),
    pytest.param((100, 100, 100), 0, 0, 9.1821, id="CYBAEA"),
    pytest.param((2, 2, 7), -45.4545, -35.7143, 41.3272, id="django-nps, each rating once"),
    pytest.param((70, 10, 20), 50, 48.5437, 15.6022, id="django-nps, a hundred"),
]


def scored(result: Score | None) -> Score:
    assert result is not None
    return result


@pytest.mark.parametrize(("counted", "value", "centre", "margin"), VECTORS)
def test_nps_is_what_others_published(
    counted: tuple[int, int, int], value: float, centre: float, margin: float
) -> None:
    result = scored(nps(Tally(*counted)))
    low, high = result.interval
    assert result.value == pytest.approx(value, abs=5e-5)
    assert result.margin_of_error == pytest.approx(margin, abs=5e-5)
    assert (low + high) / 2 == pytest.approx(centre, abs=5e-5)


def test_nothing_is_rounded_before_subtracting() -> None:
    """61.5 % and 23.1 % are 38.46 points apart; rounded first they are 39, as one vendor documents it."""
    assert scored(nps(Tally(8, 2, 3))).value == pytest.approx(38.4615, abs=5e-5)


def test_the_margin_is_half_of_the_interval_not_all_of_it() -> None:
    result = scored(nps(Tally(32, 13, 6)))
    assert result.margin_of_error == pytest.approx((result.interval[1] - result.interval[0]) / 2)


def test_promoters_and_detractors_are_not_independent() -> None:
    """Without the covariance the half width at 162/108/54 would be 6.76 instead of 8.08 points: falsely sure."""
    n = 324 + 3
    p, d = 162.75 / n, 54.75 / n
    naive = 100 * 1.959964 * math.sqrt((p * (1 - p) + d * (1 - d)) / n)
    margin = scored(nps(Tally(162, 108, 54))).margin_of_error
    assert margin == pytest.approx(8.0823, abs=5e-5)
    assert naive == pytest.approx(6.7634, abs=5e-5)


@pytest.mark.parametrize("counted", [(1, 0, 0), (0, 0, 1), (5, 0, 0), (0, 0, 5), (1, 0, 1)])
def test_the_interval_stays_on_the_scale_even_for_a_handful_of_answers(counted: tuple[int, int, int]) -> None:
    low, high = scored(nps(Tally(*counted))).interval
    assert -100 <= low < high <= 100


@pytest.mark.parametrize("scale", [Scale.NPS, Scale.CSAT, Scale.CES])
def test_no_answers_are_no_score_rather_than_zero(scale: Scale) -> None:
    assert score(scale, Tally()) is None


@pytest.mark.parametrize(
    ("scale", "sentiments"),
    [
        (Scale.NPS, "-------  ++"),
        (Scale.CSAT, "-- ++"),
        (Scale.CES, "-- ++"),
    ],
)
def test_every_rating_says_what_its_scale_says(scale: Scale, sentiments: str) -> None:
    signs = {"-": Sentiment.NEGATIVE, " ": Sentiment.NEUTRAL, "+": Sentiment.POSITIVE}
    bounds = scale.bounds
    assert bounds is not None
    assert [sentiment(scale, rating) for rating in range(bounds[0], bounds[1] + 1)] == [signs[s] for s in sentiments]


@pytest.mark.parametrize(
    ("scale", "rating"),
    [
        (Scale.NPS, -1),
        (Scale.NPS, 11),
        (Scale.CSAT, 0),
        (Scale.CSAT, 6),
        (Scale.CES, 0),
        (Scale.CES, 6),
        (Scale.TEXT, 1),
    ],
)
def test_a_number_off_its_scale_is_no_rating(scale: Scale, rating: int) -> None:
    with pytest.raises(ValueError, match="is not a rating on the scale"):
        sentiment(scale, rating)


def test_ratings_are_gathered_by_what_they_say() -> None:
    assert tally(Scale.NPS, dict.fromkeys(range(11), 1)) == Tally(2, 2, 7)
    assert tally(Scale.NPS, {3: 1, 4: 1, 5: 1, 6: 1, 8: 3, 9: 1, 10: 2}) == Tally(3, 3, 4)


def test_five_of_ten_agree_is_a_ces_of_fifty() -> None:
    """Delighted's own example."""
    assert scored(score(Scale.CES, Tally(5, 2, 3))).value == 50


def test_satisfaction_has_the_interval_of_agresti_and_coull() -> None:
    """95 of 100, reckoned by hand: z^2 = 3.8415, p = 96.9207 / 103.8415, and 1.96 times its standard error."""
    low, high = scored(share(Tally(95, 0, 5))).interval
    assert low == pytest.approx(88.538, abs=0.001)
    assert high == pytest.approx(98.132, abs=0.001)


def test_text_has_no_score() -> None:
    with pytest.raises(ValueError, match="no score"):
        score(Scale.TEXT, Tally(1, 0, 0))


@given(st.integers(0, 10**7), st.integers(0, 10**7), st.integers(0, 10**7))
def test_nps_lies_on_its_scale_and_mirrors_when_promoters_and_detractors_change_places(p: int, n: int, d: int) -> None:
    result, mirrored = nps(Tally(p, n, d)), nps(Tally(d, n, p))
    if result is None or mirrored is None:
        assert p + n + d == 0
        return
    assert -100 <= result.value <= 100
    assert result.value == -mirrored.value
    assert result.margin_of_error == pytest.approx(mirrored.margin_of_error)
    assert result.interval[0] <= result.value <= result.interval[1]


@given(st.integers(1, 50), st.integers(0, 50), st.integers(0, 50))
def test_ten_times_the_answers_make_the_same_score_surer(p: int, n: int, d: int) -> None:
    few, many = scored(nps(Tally(p, n, d))), scored(nps(Tally(10 * p, 10 * n, 10 * d)))
    assert many.value == pytest.approx(few.value)
    assert many.margin_of_error < few.margin_of_error


def test_counts_of_several_documents_are_added_by_rating() -> None:
    documents = [
        ScoreDocument(date(2026, 11, 22), "", {"recommend": {9: 2, 3: 1}, "effort": {5: 1}}, 3, 0),
        ScoreDocument(date(2026, 11, 23), "", {"recommend": {9: 1}}, 1, 0),
    ]
    assert counts(documents, "recommend") == {9: 3, 3: 1}
    assert counts(documents, "effort") == {5: 1}
    assert counts(documents, "unknown") == {}
