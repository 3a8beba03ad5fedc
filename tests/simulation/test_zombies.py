"""A worker may stall at any call until others have done its work, and then go on as if nothing had been."""

from __future__ import annotations

import pytest

from tests.simulation.faults import Pause
from tests.simulation.oracles import accepted_calls, messages
from tests.simulation.shop import shop
from tests.simulation.test_killed_workers import calls_of, tell

STALLED_SECONDS = 200
"""Longer than any lease, and than the visibility timeout of every queue: what was claimed is claimed again."""


@pytest.mark.parametrize(
    "function",
    [
        "notify",
        *(pytest.param(name, marks=pytest.mark.slow) for name in ("nps_calc", "delivery_status", "message_receipts")),
    ],
)
def test_stalled_at_every_call_it_does_no_harm_when_it_wakes(function: str) -> None:
    for call in calls_of(function):
        with shop(seed=1) as story:

            def others_go_on() -> None:
                story.stack.restart(function)
                story.aws.clock.advance(STALLED_SECONDS)
                story.stack.worker.run_until_quiet()

            pause = Pause(call.function, call.run, call.index, meanwhile=others_go_on)
            story.aws.hook = pause
            tell(story)
            assert story.faults() == [], call
            story.aws.hook = pause
            story.deliver_receipts()
            story.come_to_rest()
            assert pause.done, call
            assert story.faults() == [], call
            accepted = accepted_calls(story.aws)
            assert [m for m in messages(story.aws) if m.state == "ambiguous" and accepted[m.message_id]] == [], call
