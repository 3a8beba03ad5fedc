"""What a tracking provider tells reaches its parcel, wherever the workers die and whoever comes first."""

from __future__ import annotations

import pytest

from shared.storage.deliveries import DeliveryRepository
from tests.simulation.aws import Call
from tests.simulation.faults import Fault, Nth, Plan
from tests.simulation.shop import Shop, shop
from tests.simulation.stories import tell_of_a_tracked_parcel

TOLD = ["pre_transit", "in_transit", "out_for_delivery", "delivered"]


def run(plan: Plan | None = None) -> tuple[list[Call], list[str | None], list[str], list[str]]:
    """The story; the calls made, the words the parcel was told with, what is wrong, and what the customer was sent."""
    with shop(seed=1, plan=plan) as story:
        tell_of_a_tracked_parcel(story)
        calls = [entry.call for entry in story.aws.log]
        delivery = DeliveryRepository(story.stack.client("dynamodb"), "DeliveriesTable").get("tracked")
        assert delivery is not None
        # A webhook in each minute dates its scans anew: by their words they are told apart, whatever the minute.
        words = sorted({event.raw_status or "" for event in delivery.history}, key=TOLD.index)
        return calls, list(words), story.faults(), kinds(story)


def kinds(story: Shop) -> list[str]:
    return sorted(sent.tags.get("kind", "") for sent in story.aws.ses.accepted)


def test_what_is_told_before_and_after_the_registration_is_one_history() -> None:
    _, words, wrong, _ = run()
    assert (words, wrong) == (TOLD, [])


@pytest.mark.parametrize("function", ["delivery_events", "delivery_status"])
def test_killed_after_every_change_the_history_is_the_same(function: str) -> None:
    calls, _, _, sent = run()
    changes = [
        call
        for call in calls
        if call.function == function and not call.operation.startswith(("Get", "BatchGet", "Query"))
    ]
    assert changes
    for call in changes:
        _, words, wrong, told = run(Nth(call.function, call.run, call.index, Fault.CRASH_AFTER))
        assert (words, wrong, told) == (TOLD, [], sent), call
