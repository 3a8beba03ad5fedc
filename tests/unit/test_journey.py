"""Which touchpoint drags the whole down, and that none is blamed for chance."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.metrics.days import Span
from shared.domain.metrics.journey import Counted, journey, weakest
from shared.domain.published import ListedSurvey
from shared.domain.scores import Tally, nps
from shared.domain.surveys import Scale

DAYS = Span(date(2026, 3, 1), date(2026, 3, 31))


def listed(survey_id: str, touchpoint: str, position: int | None = None) -> ListedSurvey:
    return ListedSurvey(
        survey_id=survey_id, touchpoint=touchpoint, journey_position=position, scales=(("recommend", Scale.NPS),)
    )


def test_the_drag_is_the_share_of_the_answers_times_the_distance_to_the_others() -> None:
    """A tenth of the answers, 94.4 points below the others, costs 9.4; a fifth, 56.25 below, costs more: 11.25."""
    found = weakest({"a": Tally(560, 70, 70), "b": Tally(0, 60, 40), "c": Tally(60, 80, 60)}, Scale.NPS)
    assert found is not None
    assert found.touchpoint == "c"
    assert found.difference == pytest.approx(0 - 100 * (560 - 70 - 40) / 800)
    assert found.drag == pytest.approx(-11.25)


def test_many_answers_a_little_below_may_drag_more_than_few_far_below() -> None:
    found = weakest({"many": Tally(400, 300, 300), "few": Tally(0, 2, 8), "good": Tally(900, 50, 50)}, Scale.NPS)
    assert found is not None and found.touchpoint == "many"


@pytest.mark.parametrize(
    "answers",
    [
        {},
        {"alone": Tally(0, 0, 100)},
        {"a": Tally(5, 5, 5), "b": Tally(5, 5, 5)},
        {"a": Tally(1, 0, 0), "b": Tally(0, 0, 1)},
        {"a": Tally(5, 0, 0), "empty": Tally()},
    ],
)
def test_without_anything_to_compare_or_beyond_chance_nobody_is_weakest(answers: dict[str, Tally]) -> None:
    assert weakest(answers, Scale.NPS) is None


TALLIES = st.builds(Tally, *[st.integers(0, 200)] * 3)


@given(st.dictionaries(st.sampled_from("abcde"), TALLIES))
def test_the_drag_is_what_the_whole_would_gain_without_it(answers: dict[str, Tally]) -> None:
    found = weakest(answers, Scale.NPS)
    if found is None:
        return
    rest = [each for name, each in answers.items() if name != found.touchpoint]
    without = nps(Tally(*(sum(column) for column in zip(*rest, strict=True))))
    whole = nps(Tally(*(sum(column) for column in zip(*answers.values(), strict=True))))
    assert without is not None and whole is not None
    assert found.drag == pytest.approx(whole.value - without.value)
    assert found.drag < 0 and found.interval[1] < 0


def test_touchpoints_come_by_their_position_then_by_name_and_surveys_of_one_are_counted_together() -> None:
    told = journey(
        Scale.NPS,
        DAYS,
        [
            Counted(listed("s1", "zoo"), {9: 1}),
            Counted(listed("s2", "delivery", 2), {9: 1}),
            Counted(listed("s3", "checkout", 3), {9: 1, 8: 2}),
            Counted(listed("s4", "checkout", 1), {9: 1}),
            Counted(listed("s5", "app"), {}),
        ],
    )
    assert [each.touchpoint for each in told.touchpoints] == ["checkout", "delivery", "app", "zoo"]
    assert (told.touchpoints[0].surveys, told.touchpoints[0].ratings) == (("s3", "s4"), {8: 2, 9: 2})
    assert (told.touchpoints[2].score, told.touchpoints[2].response_count) == (None, 0)
    assert told.response_count == 6
