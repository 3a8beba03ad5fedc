"""A worker may die before and after every call it makes: nothing is lost, doubled or stale."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.simulation.aws import Call
from tests.simulation.faults import Fault, Nth, Plan, every_crash
from tests.simulation.oracles import accepted_calls, messages, provider_calls
from tests.simulation.shop import Shop, shop
from tests.simulation.stories import tell, tell_of_bob

KILLED = ("nps_calc", "delivery_status", "notify", "message_receipts")


def run(plan: Plan | None = None) -> Iterator[Shop]:
    """The whole story, first without receipts, then with them."""
    with shop(seed=1, plan=plan) as story:
        tell_of_bob(story)
        tell(story)
        yield story
        story.deliver_receipts()
        story.come_to_rest()
        yield story


def test_without_a_fault_everything_happens_once() -> None:
    for story in run():
        assert story.faults() == []
        states = {
            (message.kind, message.response_id and message.response_id[-1], message.state)
            for message in messages(story.aws)
        }
        assert states >= {
            ("detractor_alert", "4", "sent"),
            ("detractor_alert", "3", "suppressed"),
            ("delivery_on_its_way", None, "sent"),
            ("delivery_arriving", None, "sent"),
            ("delivery_delivered", None, "sent"),
            ("survey_invitation", None, "sent"),
        }
        assert all(n == 1 for n in provider_calls(story.aws).values())


def calls_of(function: str) -> list[Call]:
    *_, story = run()
    return [entry.call for entry in story.aws.log if entry.call.function == function]


def changes_of(function: str) -> list[Call]:
    """Its calls that change something: after a read, nothing is otherwise than before it."""
    return [call for call in calls_of(function) if not call.operation.startswith(("Get", "BatchGet", "Query"))]


def assert_killed_it_still_ends_well(plan: Plan) -> None:
    for story in run(plan):
        assert story.faults() == [], plan
        assert all(n == 1 for n in provider_calls(story.aws).values()), plan
    accepted = accepted_calls(story.aws)
    unsettled = [m for m in messages(story.aws) if m.state == "ambiguous" and accepted[m.message_id]]
    assert unsettled == [], f"{plan}: a receipt tells what nobody knew"


@pytest.mark.parametrize("function", KILLED)
def test_killed_after_every_change_it_still_ends_well(function: str) -> None:
    changes = changes_of(function)
    assert changes
    for call in changes:
        assert_killed_it_still_ends_well(Nth(call.function, call.run, call.index, Fault.CRASH_AFTER))


@pytest.mark.slow
@pytest.mark.parametrize("function", KILLED)
def test_killed_before_and_after_every_call_it_still_ends_well(function: str) -> None:
    plans = every_crash(calls_of(function))
    assert plans
    for plan in plans:
        assert_killed_it_still_ends_well(plan)
