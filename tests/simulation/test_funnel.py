"""The funnel counts each step once, whoever dies, whatever is repeated and in whatever order it comes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.simulation.aws import Call
from tests.simulation.aws.queues import Weather
from tests.simulation.faults import Fault, Nth, Plan, every_crash
from tests.simulation.passed import counted_steps
from tests.simulation.shop import Shop, shop
from tests.simulation.stories import tell_of_express, tell_of_views

TELLERS = ("survey_ingest", "nps_calc", "notify", "message_receipts", "funnel")
AFTER_THE_DOOR = TELLERS[1:]
"""The door makes one call, and who has no answer of it sends again; so it is tried with the slow tests."""


def run(plan: Plan | None = None, weather: Weather | None = None) -> Iterator[Shop]:
    """Views, answers and an invitation; first without receipts, then with them, then all of it told again."""
    with shop(seed=1, plan=plan, counts_views=True, weather=weather or Weather()) as story:
        tell_of_views(story)
        story.answer(1, 9)
        story.answer(2, 3, test=True)
        story.answer(1, 10, revision=2)
        story.back_office.create(7, number=1)
        tell_of_express(story)
        story.come_to_rest()
        yield story
        story.deliver_receipts()
        story.deliver_receipts()
        story.come_to_rest()
        yield story
        tell_of_views(story)
        story.answer(1, 9)
        story.come_to_rest()
        yield story


def assert_each_step_counts_once(plan: Plan | None = None, weather: Weather | None = None) -> None:
    for story in run(plan, weather):
        assert [*story.funnel_faults(), *story.faults()] == [], plan


def calls_of(function: str) -> list[Call]:
    *_, story = run()
    return [entry.call for entry in story.aws.log if entry.call.function == function]


def changes_of(function: str) -> list[Call]:
    """Its calls that change something."""
    return [call for call in calls_of(function) if not call.operation.startswith(("Get", "BatchGet", "Query"))]


def test_without_a_fault_each_step_is_counted_on_its_channel() -> None:
    *_, story = run()
    steps: dict[str, dict[str, int]] = {}
    for (_, _, channel, step), number in counted_steps(story.aws).items():
        steps.setdefault(channel, {})[step] = number
    assert steps == {
        "widget": {"shown": 3, "started": 1, "dismissed": 1, "answered": 1},
        "kiosk": {"shown": 1, "started": 1, "dismissed": 1},
        "api": {"answered": 1},
        "email": {"invited": 1, "delivered": 1},
    }
    assert_each_step_counts_once()


def test_what_a_queue_repeats_and_disorders_counts_once() -> None:
    assert_each_step_counts_once(weather=Weather(duplicate=0.5, resurrect=0.2, disorder=True, passed_over=0.3))


@pytest.mark.parametrize("function", AFTER_THE_DOOR)
def test_who_dies_after_a_change_loses_no_step_and_doubles_none(function: str) -> None:
    changes = changes_of(function)
    assert changes
    for call in changes:
        assert_each_step_counts_once(Nth(call.function, call.run, call.index, Fault.CRASH_AFTER))


@pytest.mark.slow
@pytest.mark.parametrize("function", TELLERS)
def test_who_dies_before_or_after_any_call_loses_no_step_and_doubles_none(function: str) -> None:
    plans = every_crash(calls_of(function))
    assert plans
    for plan in plans:
        assert_each_step_counts_once(plan)


@pytest.mark.slow
@pytest.mark.parametrize("fault", [Fault.LOST_ANSWER, Fault.SERVER_ERROR_AFTER, Fault.CONFLICT, Fault.THROTTLE])
def test_every_write_of_the_funnel_may_fail_in_every_way(fault: Fault) -> None:
    for call in changes_of("funnel"):
        assert_each_step_counts_once(Nth(call.function, call.run, call.index, fault))


def test_a_survey_that_counts_no_views_costs_nothing() -> None:
    with shop(seed=1) as story:
        tell_of_views(story)
        story.answer(1, 9)
        tell_of_express(story)
        story.come_to_rest()
        story.deliver_receipts()
        story.come_to_rest()
        assert story.aws.dynamodb.table("FunnelTable").items() == []
        assert story.aws.runs_of("funnel") == 0


def test_views_and_dismissals_change_no_score() -> None:
    with shop(seed=1, counts_views=True) as story:
        story.answer(1, 9)
        story.come_to_rest()
        before = story.aws.dynamodb.table("ResponsesTable").items()
        for number in range(1, 30):
            story.view(number, started=True, dismissed=True)
        story.come_to_rest()
        assert sum(counted_steps(story.aws).values()) == 3 * 29 + 1
        assert story.aws.dynamodb.table("ResponsesTable").items() == before
