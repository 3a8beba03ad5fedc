"""A storm: every fault at once, outages, queues at their worst, schedules that fire twice, workers that stall.

Each seed is another storm; a seed that fails replays call by call.
"""

from __future__ import annotations

import random
from collections import Counter
from enum import StrEnum
from typing import NamedTuple

from tests.simulation.answers import records_an_answer
from tests.simulation.aws import Call, InMemoryAws
from tests.simulation.aws.queues import Weather
from tests.simulation.faults import (
    EVERY_FAULT,
    Burst,
    Fault,
    FaultInjector,
    FirstOf,
    Never,
    Outage,
    Plan,
    Seeded,
    Stalls,
)
from tests.simulation.oracles import ambiguous_for_nothing
from tests.simulation.residue import residue
from tests.simulation.shop import Shop, shop
from tests.simulation.stories import tell, tell_at_the_desk, tell_of_ada, tell_of_bob, tell_of_express, tell_of_views

WEATHER = Weather(duplicate=0.15, resurrect=0.05, disorder=True, passed_over=0.3)
LAGS = (0.5, 5, 30)
"""By how many seconds at most an index, or a read that is not strong, is late: mostly it is a fraction of one."""
COUNTS_VIEWS_IN = 3
"""Of so many storms one is about a survey that counts its views."""
ERASED_IN = 4
"""Of so many storms one sees a customer erased."""
OUTAGES = (Fault.LOST_REQUEST, Fault.LOST_ANSWER, Fault.SERVER_ERROR, Fault.THROTTLE, Fault.CONFLICT)
"""What can strike call after call, for longer than the SDK goes on trying."""
LONG_OUTAGE = 4 * 3600
"""Longer than the 12 receives of a message, pushed out to 15 minutes each: what failed lies in dead-letter queues."""
STALLED_SECONDS = 200
"""Longer than any lease, and than the visibility timeout of every queue: what was claimed is claimed again."""
STRUCK_FOR_LONG = ("nps_calc", "delivery_status", "notify", "message_receipts")


class Layer(StrEnum):
    """What recovers from a fault. Each can be left out, for one layer hides what another does wrong."""

    SDK = "the SDK's retries"
    SENDER = "the sender's resending"
    AT_ONCE = "the API's recording at once"
    REDELIVERY = "redelivery"


class Passed(NamedTuple):
    """A storm that left everything right, and what it was made of."""

    story: Shop
    seed: int
    faults: Counter[str]


def outage(aws: InMemoryAws, rng: random.Random) -> Burst | Outage:
    """Ten calls in a row; in one storm of ten, hours without the store for one of the workers."""
    start, fault = rng.randrange(20, 90), rng.choice(OUTAGES)
    if rng.random() < 0.1:
        return Outage(aws, frozenset({rng.choice(STRUCK_FOR_LONG)}), start, LONG_OUTAGE, fault)
    return Burst(start, length=10, fault=fault)


def storm(seed: int, *, without: Layer | None = None) -> Passed:
    """One story in one storm, receipts included.

    Without redelivery a failed message is lost, so then only that is asked which must never be, whatever is lost.

    Args:
        seed: Which storm.
        without: A layer of recovery that is left out.

    Raises:
        AssertionError: something is not as it must be.
    """
    rng = random.Random(f"storm-{seed}")
    counts_views = seed % COUNTS_VIEWS_IN == 1
    attempts = 1 if without is Layer.SDK else None
    with shop(seed, weather=WEATHER, sdk_attempts=attempts, counts_views=counts_views) as story:
        plans: list[Plan] = [outage(story.aws, rng), Seeded(seed, 0.1, EVERY_FAULT, budget=60)]
        if without is Layer.AT_ONCE:
            plans.insert(0, Never(lambda call: call.function == "api" and records_an_answer(call)))
        story.gives_up = without is Layer.SENDER
        for source in story.stack.sources:
            source.redelivers = without is not Layer.REDELIVERY
        injector = FaultInjector(story.aws, FirstOf(tuple(plans)))
        story.aws.scheduler.double_firing = 0.3
        story.aws.events.refusing = 0.1
        story.aws.dynamodb.lag(rng.choice(LAGS))

        def others_go_on(call: Call) -> None:
            story.stack.restart(call.function)
            story.aws.clock.advance(STALLED_SECONDS)
            story.stack.worker.run_until_quiet(until=story.aws.clock.seconds() + STALLED_SECONDS)

        stalls = Stalls(seed, 0.02, others_go_on, injector)
        story.aws.hook = stalls
        whole = without is not Layer.REDELIVERY
        if counts_views:
            tell_of_views(story)
        tell_at_the_desk(story)
        tell_of_express(story)
        tell_of_bob(story)
        ada = tell_of_ada(story) if whole and seed % ERASED_IN == 0 else None
        tell(story)
        _judge(story.faults() if whole else story.harm(), f"seed {seed}, before receipts")
        story.deliver_receipts()
        story.come_to_rest()
        _judge([*story.faults(), *ambiguous_for_nothing(story.aws)] if whole else story.harm(), f"seed {seed}")
        if whole:
            _judge(story.funnel_faults(gone=20 if ada is not None else 0), f"seed {seed}, the funnel")
        if ada is not None:
            story.aws.clock.advance(max(LAGS))
            _judge([*residue(story.aws, ada.person_id)], f"seed {seed}, after the erasure")
    struck = Counter(fault.value for _, fault in injector.injected)
    struck.update(stalled=len(stalls.stalled), redriven=story.redriven)
    return Passed(story, seed, struck)


def _judge(faults: list[str], when: str) -> None:
    assert not faults, "\n".join((when, *faults))
