"""Each fault by itself, at each call on the way of an answer: from the door to the score, and to the alert's wish."""

from __future__ import annotations

import pytest

from tests.simulation.aws import Call
from tests.simulation.faults import EVERY_FAULT, Fault, FirstOf, Nth, Plan, can_strike
from tests.simulation.shop import Shop, shop
from tests.simulation.stories import tell_of_answers

ON_THE_WAY = ("survey_ingest", "api", "nps_calc")


def told(plan: Plan | None = None) -> Shop:
    with shop(seed=1, plan=plan) as story:
        tell_of_answers(story)
        assert story.faults() == [], plan
    return story


def calls_of(function: str) -> list[Call]:
    return [entry.call for entry in told().aws.log if entry.call.function == function]


def struck(fault: Fault) -> list[str]:
    """The functions to which a fault can happen: the door of answers only sends, which is in conflict with nothing."""
    return [function for function in ON_THE_WAY if fault is not Fault.CONFLICT or function != "survey_ingest"]


@pytest.mark.parametrize(("fault", "function"), [(fault, each) for fault in EVERY_FAULT for each in struck(fault)])
def test_whatever_strikes_one_call_the_scores_are_right_and_nothing_is_lost(fault: Fault, function: str) -> None:
    calls = [call for call in calls_of(function) if can_strike(fault, call)]
    assert calls
    for call in calls:
        told(Nth(call.function, call.run, call.index, fault))


@pytest.mark.parametrize("function", ON_THE_WAY)
def test_nor_do_three_in_a_row_which_is_all_that_the_sdk_tries(function: str) -> None:
    for call in calls_of(function):
        tries = (Nth(call.function, call.run, call.index + more, Fault.LOST_REQUEST) for more in range(3))
        told(FirstOf(tuple(tries)))
