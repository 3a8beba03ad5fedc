"""Everything at once: every fault, an outage, queues at their worst, schedules that fire twice, workers that stall.

Each seed is another storm; a seed that fails replays call by call.
"""

from __future__ import annotations

import os
import random

import pytest

from tests.simulation.aws import Call
from tests.simulation.aws.queues import Weather
from tests.simulation.faults import EVERY_FAULT, Burst, Fault, FirstOf, Seeded, Stalls
from tests.simulation.oracles import accepted_calls, messages
from tests.simulation.shop import Shop, shop
from tests.simulation.test_killed_workers import tell
from tests.simulation.test_zombies import STALLED_SECONDS

PORTION = 40
STORM = Weather(duplicate=0.15, resurrect=0.05, disorder=True, passed_over=0.3)
LAGS = (0.5, 5, 30)
"""By how many seconds at most an index, or a read that is not strong, is late: mostly it is a fraction of one."""
OUTAGES = (Fault.LOST_REQUEST, Fault.LOST_ANSWER, Fault.SERVER_ERROR, Fault.THROTTLE, Fault.CONFLICT)
"""What can strike call after call, for longer than the SDK goes on trying."""


def tell_of_express(story: Shop) -> None:
    """A parcel whose whole way is reported at once."""
    story.register("express")
    for status in ("out_for_delivery", "arriving", "delivered"):
        story.report("express", status)


def storm(seed: int, *, probability: float = 0.1, kinds: tuple[Fault, ...] = EVERY_FAULT) -> Shop:
    """One story in one storm, receipts included."""
    rng = random.Random(f"storm-{seed}")
    outage = Burst(rng.randrange(20, 90), length=10, fault=rng.choice(OUTAGES))
    plan = FirstOf((outage, Seeded(seed, probability, kinds, budget=60)))
    with shop(seed, plan, STORM) as story:
        story.aws.scheduler.double_firing = 0.3
        story.aws.dynamodb.lag(rng.choice(LAGS))

        def others_go_on(call: Call) -> None:
            story.stack.restart(call.function)
            story.aws.clock.advance(STALLED_SECONDS)
            story.stack.worker.run_until_quiet(until=story.aws.clock.seconds() + STALLED_SECONDS)

        assert story.aws.hook is not None
        story.aws.hook = Stalls(seed, 0.02, others_go_on, story.aws.hook)
        tell_of_express(story)
        tell(story)
        assert story.faults() == [], f"seed {seed}, before receipts"
        story.deliver_receipts()
        story.come_to_rest()
        assert story.faults() == [], f"seed {seed}"
    accepted = accepted_calls(story.aws)
    assert [m for m in messages(story.aws) if m.state == "ambiguous" and accepted[m.message_id]] == [], f"seed {seed}"
    return story


@pytest.mark.parametrize("seed", range(20))
def test_a_storm_passes_and_leaves_everything_right(seed: int) -> None:
    storm(seed)


def asked_for() -> list[range]:
    """The seeds of the long run in portions: `SEEDS=from:to`, by default 80."""
    first, _, end = os.environ.get("SEEDS", "1000:1080").partition(":")
    return [range(start, min(start + PORTION, int(end))) for start in range(int(first), int(end), PORTION)]


@pytest.mark.slow
@pytest.mark.parametrize("seeds", asked_for(), ids=str)
def test_many_storms_pass(seeds: range) -> None:
    for seed in seeds:
        storm(seed)


def test_a_storm_replays_call_by_call() -> None:
    first, second = (storm(3).aws for _ in range(2))
    assert [entry.line() for entry in first.log] == [entry.line() for entry in second.log]
