"""The formulas of the scores, against figures that others published and against the mistakes that others made.

Sources of the vectors: SightMill's worked example; the API documentation of Delighted and Retently; stats.stackexchange
18609; the test suite of django-nps; CYBAEA on sample sizes. The interval is the adjusted Wald of Rocks (2016); its
figures here were computed outside this project.
"""

from __future__ import annotations

import math
from collections import Counter
from datetime import date
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.domain.scores import (
    Z_95,
    Change,
    Score,
    ScoreDocument,
    Sentiment,
    Tally,
    change,
    counts,
    nps,
    score,
    sentiment,
    tally,
)
from shared.domain.surveys import Scale

VECTORS = [
    pytest.param((3, 3, 4), -10, 26.2679, 51.4840, -7.6923, 43.7563, id="SightMill"),
    pytest.param((32, 13, 6), 50.9804, 9.7538, 19.1171, 48.1481, 18.8533, id="Delighted"),
    pytest.param((8, 2, 3), 38.4615, 23.1753, 45.4228, 31.2500, 40.5123, id="Retently"),
    pytest.param((162, 108, 54), 33.3333, 4.1409, 8.1159, 33.0275, 8.0823, id="whuber"),
    pytest.param((100, 100, 100), 0, 4.7140, 9.2394, 0, 9.1821, id="CYBAEA"),
    pytest.param((2, 2, 7), -45.4545, 23.5791, 46.2141, -35.7143, 41.3272, id="django-nps, each rating once"),
    pytest.param((70, 10, 20), 50, 8.0623, 15.8017, 48.5437, 15.6022, id="django-nps, a hundred"),
]
"""Promoters, passives, detractors; score, standard error and plain Wald margin; centre and margin as adjusted."""


SCORED = [scale for scale in Scale if scale.has_score]


def scored(result: Score | None) -> Score:
    assert result is not None
    return result


@pytest.mark.parametrize(("counted", "value", "standard_error", "wald", "centre", "margin"), VECTORS)
def test_nps_is_what_others_published(
    counted: tuple[int, int, int], value: float, standard_error: float, wald: float, centre: float, margin: float
) -> None:
    result = scored(nps(Tally(*counted)))
    low, high = result.interval
    assert result.value == pytest.approx(value, abs=5e-5)
    assert result.standard_error == pytest.approx(standard_error, abs=5e-5)
    assert result.standard_error * Z_95 == pytest.approx(wald, abs=1e-4)
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
    assert scored(nps(Tally(162, 108, 54))).margin_of_error == pytest.approx(8.0823, abs=5e-5)


@pytest.mark.parametrize("counted", [(1, 0, 0), (0, 0, 1), (5, 0, 0), (0, 0, 5), (1, 0, 1)])
def test_the_interval_stays_on_the_scale_even_for_a_handful_of_answers(counted: tuple[int, int, int]) -> None:
    low, high = scored(nps(Tally(*counted))).interval
    assert -100 <= low < high <= 100


@pytest.mark.parametrize("scale", SCORED)
def test_no_answers_are_no_score_rather_than_zero(scale: Scale) -> None:
    assert score(scale, Tally()) is None


@pytest.mark.parametrize(
    ("scale", "sentiments"),
    [
        (Scale.NPS, "-------  ++"),
        (Scale.CSAT, "-- ++"),
        (Scale.CSAT_3, "- +"),
        (Scale.CES, "-- ++"),
        (Scale.CES_7, "--- +++"),
        (Scale.EXPECTATION, "- +"),
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
        (Scale.CSAT_3, 4),
        (Scale.CES_7, 8),
        (Scale.EXPECTATION, 0),
        (Scale.CHOICE, 1),
        (Scale.TEXT, 1),
    ],
)
def test_a_number_off_its_scale_is_no_rating(scale: Scale, rating: int) -> None:
    with pytest.raises(ValueError, match="is not a rating on the scale"):
        sentiment(scale, rating)


@pytest.mark.parametrize("scale", SCORED)
def test_the_best_of_a_scale_is_never_taken_for_the_worst_of_another(scale: Scale) -> None:
    """A survey of four faces, read with the thresholds of 0 to 10, had everybody for a detractor."""
    assert scale.bounds is not None
    low, high = scale.bounds
    assert (sentiment(scale, low), sentiment(scale, high)) == (Sentiment.NEGATIVE, Sentiment.POSITIVE)


def test_a_rating_is_counted_by_its_value_and_not_by_its_place() -> None:
    """Answers counted by their place among the buttons showed "as if zero people picked 9": 9 is the tenth from 0."""
    assert tally(Scale.NPS, {9: 4, 8: 3, 6: 2}) == Tally(4, 3, 2)


def test_ratings_are_gathered_by_what_they_say() -> None:
    assert tally(Scale.NPS, dict.fromkeys(range(11), 1)) == Tally(2, 2, 7)
    assert tally(Scale.NPS, {3: 1, 4: 1, 5: 1, 6: 1, 8: 3, 9: 1, 10: 2}) == Tally(3, 3, 4)


def test_five_of_ten_agree_is_a_ces_of_fifty() -> None:
    """Delighted's own example."""
    assert scored(score(Scale.CES, Tally(5, 2, 3))).value == 50


def test_satisfaction_has_the_interval_of_agresti_and_coull() -> None:
    """95 of 100, reckoned by hand: z^2 = 3.8415, p = 96.9207 / 103.8415, and 1.96 times its standard error."""
    low, high = scored(score(Scale.CSAT, Tally(95, 0, 5))).interval
    assert low == pytest.approx(88.538, abs=0.001)
    assert high == pytest.approx(98.132, abs=0.001)


@pytest.mark.parametrize("scale", [Scale.TEXT, Scale.CHOICE])
def test_what_has_no_better_and_worse_has_no_score(scale: Scale) -> None:
    with pytest.raises(ValueError, match="no score"):
        score(scale, Tally(1, 0, 0))
    with pytest.raises(ValueError, match="no score"):
        change(scale, Tally(1, 0, 0), Tally(1, 0, 0))


def test_the_expectation_score_is_exceeded_minus_below() -> None:
    """12 exceeded, 30 met and 8 below of 50: 24 % - 16 %; in between nobody is counted as half."""
    answers = tally(Scale.EXPECTATION, {1: 8, 2: 30, 3: 12})
    assert answers == Tally(12, 30, 8)
    assert scored(score(Scale.EXPECTATION, answers)).value == 8
    assert score(Scale.EXPECTATION, answers) == score(Scale.NPS, answers)


def test_of_three_smileys_only_the_top_one_is_satisfied_and_of_seven_steps_the_top_three_agree() -> None:
    assert scored(score(Scale.CSAT_3, tally(Scale.CSAT_3, {1: 1, 2: 2, 3: 5}))).value == 62.5
    assert scored(score(Scale.CES_7, tally(Scale.CES_7, dict.fromkeys(range(1, 8), 1)))).value == pytest.approx(300 / 7)


def test_a_share_is_no_average() -> None:
    """4, 5, 6, 7 and 7 of seven: four of five agree. Averages of the same kind are published as 4.8, 5.8 and 6.7."""
    assert scored(score(Scale.CES_7, tally(Scale.CES_7, {4: 1, 5: 1, 6: 1, 7: 2}))).value == 80


TALLIES = st.builds(Tally, *[st.integers(0, 10**6)] * 3)


@given(st.sampled_from(SCORED), TALLIES)
@example(Scale.NPS, Tally(1, 0, 0))
@example(Scale.NPS, Tally(0, 0, 1))
@example(Scale.CSAT, Tally(0, 0, 1))
def test_a_score_and_its_interval_lie_on_the_scale_and_the_score_in_the_interval(scale: Scale, answers: Tally) -> None:
    result = score(scale, answers)
    if result is None:
        assert answers.answers == 0
        return
    low, high = result.interval
    lowest = -100 if scale in {Scale.NPS, Scale.EXPECTATION} else 0
    assert lowest <= low <= result.value + 1e-9
    assert result.value - 1e-9 <= high <= 100
    assert result.margin_of_error == pytest.approx((high - low) / 2)
    assert result.standard_error >= 0


@pytest.mark.parametrize(
    ("scale", "shares"),
    [
        (Scale.NPS, (0.5, 0.3, 0.2)),
        (Scale.NPS, (0.7, 0.2, 0.1)),
        (Scale.NPS, (0.3, 0.2, 0.5)),
        (Scale.EXPECTATION, (0.25, 0.5, 0.25)),
        (Scale.CSAT, (0.5, 0.2, 0.3)),
        (Scale.CES, (0.8, 0.1, 0.1)),
    ],
)
@pytest.mark.parametrize("answers", [10, 30, 200])
def test_the_interval_holds_the_truth_19_times_in_20(
    scale: Scale, shares: tuple[float, float, float], answers: int
) -> None:
    """Drawn 2,000 times, seeded; the standard error of what is measured is half a point."""
    random = Random(f"{scale}{shares}{answers}")
    truth = 100 * (shares[0] - (shares[2] if scale in {Scale.NPS, Scale.EXPECTATION} else 0))
    held = 0
    for _ in range(2_000):
        drawn = Counter(random.choices((0, 1, 2), shares, k=answers))
        low, high = scored(score(scale, Tally(drawn[0], drawn[1], drawn[2]))).interval
        held += low <= truth <= high
    assert 0.93 <= held / 2_000 <= 0.985


def changed(result: Change | None) -> Change:
    assert result is not None
    return result


def test_a_change_is_tested_as_reckoned_by_hand() -> None:
    """70/10/20 after 50/20/30: with the added answers 48.54 and 19.42 points, standard errors 7.96 and 8.55."""
    result = changed(change(Scale.NPS, Tally(70, 10, 20), Tally(50, 20, 30)))
    assert result.difference == 30
    assert result.z == pytest.approx((48.5437 - 19.4175) / math.hypot(7.9604, 8.5534), abs=1e-3)
    assert result.p == pytest.approx(0.0127, abs=1e-4)
    assert result.changed


def test_for_many_answers_the_test_is_the_plain_one() -> None:
    counted, before = Tally(50_000, 30_000, 20_000), Tally(49_700, 30_000, 20_300)
    one, other = scored(nps(counted)), scored(nps(before))
    plain = (one.value - other.value) / math.hypot(one.standard_error, other.standard_error)
    assert changed(change(Scale.NPS, counted, before)).z == pytest.approx(plain, rel=1e-3)


@pytest.mark.parametrize("scale", SCORED)
def test_with_no_answers_on_either_side_nothing_is_known_of_a_change(scale: Scale) -> None:
    assert change(scale, Tally(), Tally(1, 1, 1)) is None
    assert change(scale, Tally(1, 1, 1), Tally()) is None


def test_unanimous_answers_are_compared_too_and_two_of_them_prove_nothing() -> None:
    """The plain test divides by a standard error of 0 here, or is infinitely sure of two answers."""
    same = changed(change(Scale.NPS, Tally(5, 0, 0), Tally(5, 0, 0)))
    assert (same.difference, same.z, same.p, same.changed) == (0, 0, 1, False)
    assert not changed(change(Scale.NPS, Tally(1, 0, 0), Tally(0, 0, 1))).changed
    assert changed(change(Scale.NPS, Tally(20, 0, 0), Tally(0, 0, 20))).changed


@given(st.sampled_from(SCORED), TALLIES, TALLIES)
def test_a_change_back_is_the_same_change_and_is_shown_just_where_its_interval_excludes_0(
    scale: Scale, one: Tally, other: Tally
) -> None:
    there, back = change(scale, one, other), change(scale, other, one)
    if there is None or back is None:
        assert 0 in {one.answers, other.answers}
        return
    assert (there.z, there.difference) == (-back.z, -back.difference)
    assert (there.p, there.changed) == (back.p, back.changed)
    assert 0 <= there.p <= 1
    assert there.changed == (there.interval[0] > 0 or there.interval[1] < 0)
    assert there.changed == (there.p < 0.05) or abs(there.p - 0.05) < 1e-9


@pytest.mark.parametrize("shares", [(0.5, 0.3, 0.2), (0.6, 0, 0.4), (0.9, 0.05, 0.05)])
@pytest.mark.parametrize(("answers", "before"), [(3, 3), (5, 20), (100, 30)])
def test_where_nothing_changed_a_change_is_claimed_in_at_most_one_of_twenty(
    shares: tuple[float, float, float], answers: int, before: int
) -> None:
    random = Random(f"{shares}{answers}{before}")
    claimed = 0
    for _ in range(2_000):
        one, other = (Counter(random.choices((0, 1, 2), shares, k=n)) for n in (answers, before))
        found = change(Scale.NPS, Tally(one[0], one[1], one[2]), Tally(other[0], other[1], other[2]))
        claimed += changed(found).changed
    assert claimed / 2_000 <= 0.065


@given(st.integers(0, 10**7), st.integers(0, 10**7), st.integers(0, 10**7))
def test_nps_lies_on_its_scale_and_mirrors_when_promoters_and_detractors_change_places(p: int, n: int, d: int) -> None:
    result, mirrored = nps(Tally(p, n, d)), nps(Tally(d, n, p))
    if result is None or mirrored is None:
        assert p + n + d == 0
        return
    assert -100 <= result.value <= 100
    assert result.value == -mirrored.value
    assert result.margin_of_error == pytest.approx(mirrored.margin_of_error)


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
