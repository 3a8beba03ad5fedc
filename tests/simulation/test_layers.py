"""Storms with one layer of recovery left out, because each layer hides what another one does wrong."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.simulation.answers import records_an_answer
from tests.simulation.oracles import faults_at_rest
from tests.simulation.storm import Layer, Passed, storm

SPARE = (Layer.SDK, Layer.SENDER, Layer.AT_ONCE)
"""What the product can do without: every promise holds by what is left, only later."""


@pytest.mark.slow
@pytest.mark.parametrize("layer", SPARE, ids=str)
def test_every_promise_holds_without(layer: Layer) -> None:
    """More of them are slow: `test_many_storms_pass_without`."""
    for seed in range(2):
        storm(seed, without=layer)


@pytest.mark.slow
def test_without_redelivery_answers_are_lost_but_none_counts_twice_and_nobody_hears_twice() -> None:
    passed = [storm(seed, without=Layer.REDELIVERY) for seed in range(8)]
    assert any(lost(each) for each in passed), "redelivery is what keeps them"


@pytest.mark.slow
@pytest.mark.parametrize("layer", Layer, ids=str)
def test_many_storms_pass_without(layer: Layer) -> None:
    for seed in range(2000, 2050):
        storm(seed, without=layer)


@pytest.mark.slow
def test_without_the_sdk_each_call_is_tried_once() -> None:
    assert not any(repetitions(storm(seed, without=Layer.SDK)) for seed in range(2))
    assert any(repetitions(storm(seed)) for seed in range(10))


def test_without_recording_at_once_the_api_writes_no_answer() -> None:
    log = storm(1, without=Layer.AT_ONCE).story.aws.log
    of_api = [entry for entry in log if entry.call.function == "api" and records_an_answer(entry.call)]
    assert of_api
    assert all(entry.outcome != "ok" for entry in of_api)


def lost(passed: Passed) -> list[str]:
    story = passed.story
    return faults_at_rest(story.aws, story.accepted, story.reported, story.unsure)


def repetitions(passed: Passed) -> int:
    """How often a transaction without an answer came again at once, the same, as only the SDK does it."""
    log = [entry for entry in passed.story.aws.log if entry.call.operation == "TransactWriteItems"]
    return sum(
        (one.call.function, one.call.run, one.call.params) == (other.call.function, other.call.run, other.call.params)
        for one, other in pairwise(log)
        if one.outcome in ("ConnectTimeoutError", "ReadTimeoutError")
    )
