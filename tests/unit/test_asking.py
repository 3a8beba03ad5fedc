"""Who may be asked, and what asking takes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from shared.domain.asking import Ask, in_sample
from shared.storage.ask_budget import taking
from tests.fakes.wishes import SURVEY

PEOPLE = [f"per_{number}" for number in range(2_000)]


@pytest.mark.parametrize("percent", [1, 25, 60, 99])
def test_a_share_is_about_as_large_as_it_says(percent: int) -> None:
    drawn = sum(in_sample(person, "delivery", percent) for person in PEOPLE)
    margin = 4 * (len(PEOPLE) * percent / 100 * (1 - percent / 100)) ** 0.5
    assert abs(drawn - len(PEOPLE) * percent / 100) < margin


def test_all_people_are_the_whole_share() -> None:
    assert all(in_sample(person, "delivery", 100) for person in PEOPLE)


def test_whoever_is_in_a_share_stays_in_it_when_it_grows() -> None:
    shares = [{person for person in PEOPLE if in_sample(person, "delivery", percent)} for percent in range(1, 101)]
    assert all(smaller <= larger for smaller, larger in pairwise(shares))


def test_another_survey_draws_others() -> None:
    delivery, checkout = (
        {person for person in PEOPLE if in_sample(person, survey, 50)} for survey in ("delivery", "checkout")
    )
    assert len(PEOPLE) * 0.2 < len(delivery & checkout) < len(PEOPLE) * 0.3


def test_a_draw_never_changes() -> None:
    """What is drawn today must be drawn by every later version: a new hash would ask half of the others."""
    assert [number for number in range(20) if in_sample(f"per_{number}", "delivery", 30)] == [0, 1, 2, 9, 12, 19]


@pytest.mark.parametrize(("survey_days", "days"), [(None, 30), (7, 7), (0, 0), (365, 365)])
def test_a_survey_may_say_otherwise_than_the_stack(survey_days: int | None, days: int) -> None:
    survey = SURVEY.model_copy(update={"recontact_days": survey_days})
    assert Ask.of(survey, "per_1", "msg_1", 30).window == timedelta(days=days)


def test_a_window_is_so_many_hours_also_when_the_clocks_change() -> None:
    """In Berlin the clocks went back an hour on 2026-10-25; a window over it is no hour longer for that."""
    now = datetime(2026, 11, 1, 8, tzinfo=UTC)
    action: dict[str, Any] = taking("people", Ask.of(SURVEY, "per_1", "msg_1", 14), now)["Update"]
    assert action["ExpressionAttributeValues"][":since"] == {"S": "2026-10-18T08:00:00.000Z"}
