"""An outage may last longer than a message's receives: then it is a dead letter, and ops puts it back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from infra.ops.redrive import HIDDEN_SECONDS
from tests.simulation.aws.queues import Queue
from tests.simulation.faults import Crash, Fault, FaultInjector, Nth, Outage
from tests.simulation.shop import Shop, shop
from tests.simulation.stories import tell
from tests.simulation.storm import LONG_OUTAGE

QUEUES = {
    "nps_calc": "ResponsesQueue",
    "delivery_status": "DeliveriesQueue",
    "notify": "NotificationsQueue",
    "message_receipts": "ReceiptsQueue",
}


@contextmanager
def after_an_outage(function: str) -> Iterator[tuple[Shop, Queue]]:
    """A shop one of whose functions had no store until all its messages were dead letters, and that queue."""
    with shop(seed=1) as story:
        dead = story.aws.sqs.queue(QUEUES[function]).dead_letter_queue
        assert dead is not None
        if function == "message_receipts":
            tell(story)
        away = Outage(story.aws, frozenset({function}), len(story.aws.log), LONG_OUTAGE, Fault.SERVER_ERROR)
        story.aws.hook = FaultInjector(story.aws, away)
        if function == "message_receipts":
            story.deliver_receipts()
        else:
            story.answer(1, 10)
            story.answer(2, 3)
            story.answer(2, 4, revision=2)
            story.register("parcel")
            story.report("parcel", "delivered")
        story.stack.worker.run_until_quiet()
        story.aws.hook = None
        yield story, dead


@pytest.mark.parametrize("function", QUEUES)
def test_what_an_outage_made_dead_letters_is_put_back_and_nothing_is_lost_or_counted_twice(function: str) -> None:
    with after_an_outage(function) as (story, dead):
        letters = len(dead.messages)
        assert letters > 0
        assert story.redrive() == letters
        story.stack.worker.run_until_quiet()
        story.deliver_receipts()
        story.stack.worker.run_until_quiet()
        assert story.faults() == []


def test_a_redrive_that_is_killed_anywhere_is_done_again_and_loses_nothing() -> None:
    with after_an_outage("nps_calc") as (story, _):
        story.redrive()
        calls = [entry.call for entry in story.aws.calls_of("ops", 1)]
    assert len(calls) > 3
    for call in calls:
        for fault in (Fault.CRASH_BEFORE, Fault.CRASH_AFTER):
            with after_an_outage("nps_calc") as (story, dead):
                story.aws.hook = FaultInjector(story.aws, Nth("ops", 1, call.index, fault))
                with pytest.raises(Crash):
                    story.redrive()
                story.aws.hook = None
                story.aws.clock.advance(HIDDEN_SECONDS)
                story.redrive()
                story.stack.worker.run_until_quiet()
                assert (dead.messages, story.faults()) == ([], []), (call, fault)
