"""Many writers on one survey's day, in up to 200 values of eight breakdowns: its documents are exact all the same."""

from __future__ import annotations

from collections import Counter
from uuid import UUID

import pytest

from tests.benchmarks.counted import MANY, WIDE, answer, measured_stack, properties_of
from tests.simulation.answers import Answer, items_of, recount, scores
from tests.simulation.aws import InMemoryAws
from tests.simulation.deployed import DeployedStack
from tests.simulation.faults import Fault, FaultInjector, FirstOf, Seeded

SEEDS = range(8)
ANSWERS, TOGETHER = 60, 10
OTHERS = (Fault.LOST_ANSWER, Fault.CRASH_BEFORE, Fault.CRASH_AFTER)
DYNAMODB = frozenset({"dynamodb"})


def sent(stack: DeployedStack, number: int, widths: tuple[int, ...], revision: int) -> Answer:
    """Post an answer, and say what it must be counted as."""
    answer(stack, number, widths, revision)
    return Answer(
        response_id=str(UUID(int=number, version=4)),
        revision=revision,
        survey_id="delivery",
        question="recommend",
        rating=(number + revision) % 11,
        day=stack.aws.clock.now().date().isoformat(),
        breakdowns=properties_of(number, widths, revision),
    )


def lanes(aws: InMemoryAws) -> Counter[str]:
    """How many documents there are in each lane."""
    return Counter(item["sk"]["S"].rpartition("#")[2] for item in items_of(aws, "ResponsesTable", "SCORE"))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("widths", [MANY, WIDE], ids=["few values", "up to 200 values"])
def test_every_document_is_what_was_answered_whoever_else_writes(widths: tuple[int, ...], seed: int) -> None:
    with measured_stack(widths) as stack:
        rivals = Seeded(seed, probability=0.5, kinds=(Fault.CONFLICT,), budget=30, services=DYNAMODB)
        others = Seeded(seed, probability=0.25, kinds=OTHERS, budget=30, services=DYNAMODB)
        injector = FaultInjector(stack.aws, FirstOf((rivals, others)))
        accepted = []
        for first in range(seed, seed + ANSWERS, TOGETHER):
            # A third changes its mind while the first answers may still be on their way.
            revised = range(max(seed, first - TOGETHER), first, 3)
            accepted += [sent(stack, number, widths, 1) for number in range(first, first + TOGETHER)]
            accepted += [sent(stack, number, widths, 2) for number in revised]
            stack.aws.hook = injector
            stack.worker.step()
            stack.aws.hook = None
        stack.aws.hook = injector
        stack.worker.run_until_quiet()
        assert scores(stack.aws) == recount(accepted)
        assert any(fault is Fault.CONFLICT for _, fault in injector.injected)
        assert lanes(stack.aws).keys() <= {str(lane) for lane in range(8)}


def test_a_conflict_on_a_document_takes_another_lane_and_nothing_else_does() -> None:
    for kinds, others in (((Fault.CONFLICT,), True), ((Fault.LOST_ANSWER,), False)):
        with measured_stack(MANY) as stack:
            faults = Seeded(1, probability=0.5, kinds=kinds, budget=20, services=DYNAMODB)
            for first in range(0, ANSWERS, TOGETHER):
                stack.aws.hook = None
                for number in range(first, first + TOGETHER):
                    answer(stack, number, MANY)
                stack.aws.hook = FaultInjector(stack.aws, faults)
                stack.worker.run_until_quiet()
            assert (lanes(stack.aws).keys() > {"0"}) is others
