"""A worker may stall at any call until others have done its work, and then go on as if nothing had been."""

from __future__ import annotations

import pytest

from tests.simulation.aws import Call
from tests.simulation.faults import Pause
from tests.simulation.oracles import accepted_calls, messages
from tests.simulation.shop import shop
from tests.simulation.stories import tell, tell_of_bob
from tests.simulation.storm import STALLED_SECONDS
from tests.simulation.test_killed_workers import KILLED, calls_of, changes_of


@pytest.mark.parametrize("function", ["nps_calc", "notify"])
def test_stalled_at_every_change_it_does_no_harm_when_it_wakes(function: str) -> None:
    for call in changes_of(function):
        assert_it_wakes_without_harm(call)


@pytest.mark.slow
@pytest.mark.parametrize("function", KILLED)
def test_stalled_at_every_call_it_does_no_harm_when_it_wakes(function: str) -> None:
    for call in calls_of(function):
        assert_it_wakes_without_harm(call)


def assert_it_wakes_without_harm(call: Call) -> None:
    with shop(seed=1) as story:

        def others_go_on() -> None:
            story.stack.restart(call.function)
            story.aws.clock.advance(STALLED_SECONDS)
            story.stack.worker.run_until_quiet()

        pause = Pause(call.function, call.run, call.index, meanwhile=others_go_on)
        story.aws.hook = pause
        tell_of_bob(story)
        tell(story)
        assert story.faults() == [], call
        story.aws.hook = pause
        story.deliver_receipts()
        story.come_to_rest()
        assert pause.done, call
        assert story.faults() == [], call
        accepted = accepted_calls(story.aws)
        assert [m for m in messages(story.aws) if m.state == "ambiguous" and accepted[m.message_id]] == [], call
