"""A simulation that finds nothing proves nothing: each of these bugs, put into the product, must be found."""

from __future__ import annotations

from contextlib import nullcontext
from unittest.mock import patch

import pytest

from tests.simulation import planted
from tests.simulation.planted import Bug
from tests.simulation.storm import Layer, storm

SEEDS = range(120)
"""Far more than any of them takes: 43 at most, most of them 1."""

OF_ANSWERS: list[Bug] = [
    planted.counts_again,
    planted.marks_then_counts,
    planted.counts_then_marks,
    planted.forgets_to_subtract,
    planted.forgets_the_trail,
    planted.takes_older_revisions,
    planted.alerts_on_first_sight_only,
    planted.swallows_failures,
    planted.forgets_a_twin,
    planted.gives_messages_new_ids,
]
FOUND_BY_STORMS: list[Bug] = [
    *OF_ANSWERS,
    planted.retries_in_the_sdk,
    planted.sends_again_when_in_doubt,
    planted.has_no_fence,
    planted.sends_what_is_stale,
    planted.gives_no_reason,
    planted.ignores_receipts,
    planted.overwrites_deliveries,
    planted.counts_promises_beside,
    planted.announces_on_first_sight_only,
    planted.tells_on_first_sight_only,
    planted.tells_the_last_step_only,
    planted.gives_events_new_ids,
    planted.takes_a_call_for_its_entries,
    planted.counts_steps_again,
    planted.marks_steps_apart,
    planted.tells_the_funnel_on_first_sight_only,
    planted.forgets_the_steps_of_a_mark,
    planted.asks_whom_it_asked,
    planted.asks_beside_the_fence,
    planted.forgets_requests,
]
CARELESS: list[Bug] = [planted.accepts_what_is_not_kept, planted.creates_without_the_queue]
HARMFUL: list[Bug] = [
    planted.counts_again,
    planted.marks_then_counts,
    planted.counts_then_marks,
    planted.forgets_to_subtract,
    planted.forgets_the_trail,
    planted.gives_messages_new_ids,
    planted.retries_in_the_sdk,
    planted.has_no_fence,
    planted.sends_what_is_stale,
]
"""Bugs that do what must never be; the others only lose something, as everything does without redelivery."""
FOUND_WITHOUT: list[tuple[Bug, Layer]] = [
    *((bug, layer) for layer in (Layer.SDK, Layer.SENDER, Layer.AT_ONCE) for bug in OF_ANSWERS),
    *((bug, Layer.REDELIVERY) for bug in HARMFUL),
    # Three refusals in a row are rare, and with the SDK's retries it takes three to see these.
    *((bug, Layer.SDK) for bug in CARELESS),
]


def seeds_until_found(bug: Bug, without: Layer | None = None) -> int | None:
    """How many storms it takes; None if they all pass. The storm that finds it passes without it."""
    for n, seed in enumerate(SEEDS, start=1):
        try:
            with bug():
                storm(seed, without=without)
        except AssertionError:
            storm(seed, without=without)
            return n
    return None


@pytest.mark.parametrize("bug", [*FOUND_BY_STORMS, *CARELESS], ids=lambda bug: bug.__name__)
def test_a_planted_bug_still_has_its_place_in_the_product(bug: Bug) -> None:
    with bug():
        pass


def test_what_a_storm_says_without_a_bug_too_is_not_taken_for_the_bug() -> None:
    def wrong_anyway(seed: int, without: Layer | None) -> None:
        raise AssertionError(f"seed {seed}")

    with patch(f"{__name__}.storm", wrong_anyway), pytest.raises(AssertionError, match="seed 0"):
        seeds_until_found(nullcontext)


@pytest.mark.slow
@pytest.mark.parametrize("bug", FOUND_BY_STORMS, ids=lambda bug: bug.__name__)
def test_a_storm_finds(bug: Bug) -> None:
    assert seeds_until_found(bug) is not None


@pytest.mark.slow
@pytest.mark.parametrize(("bug", "without"), FOUND_WITHOUT, ids=lambda one: getattr(one, "__name__", str(one)))
def test_a_storm_without_a_layer_finds(bug: Bug, without: Layer) -> None:
    assert seeds_until_found(bug, without) is not None
