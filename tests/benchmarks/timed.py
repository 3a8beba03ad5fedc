"""What is timed: as a ratio to something everybody has, or as processor time, so that it means something elsewhere."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from shared.domain.queued import ResponseSubmitted
from shared.storage.responses import ResponseRepository
from tests.infra.cloudformation import ROOT
from tests.simulation.aws import InMemoryAws
from tests.simulation.deployed import DeployedStack

CASES = ("bare", "ours", "peer")


class Spread(NamedTuple):
    """What was measured again and again."""

    median: float
    low: float
    high: float


class Started(NamedTuple):
    """Our public door beside a bare SQS client and beside the handler everyone writes; ratios of processor time.

    Args:
        init: Import and build ÷ a bare client. The spread is that of the rounds.
        first: The first answer, after that ÷ a bare client.
        init_to_peer: The same ÷ the peer's.
        first_to_peer: Init and the first answer ÷ the peer's.
        warm_to_peer: A warm answer ÷ the peer's.
        calls: Calls that Python makes for one warm answer; the same in every run.
        calls_to_peer: The same ÷ the peer's.
    """

    init: Spread
    first: Spread
    init_to_peer: Spread
    first_to_peer: Spread
    warm_to_peer: Spread
    calls: float
    calls_to_peer: float


def started(rounds: int) -> Started:
    """Start each case in turns, in processes of their own, so that whatever else the machine does hits all alike.

    Bytecode is in place for all, as it is in a built package; a first round, which writes it, is not counted.
    """
    environment = {
        **os.environ,
        **DeployedStack(InMemoryAws(), {}).environment("survey_ingest"),
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "measured",
        "AWS_SECRET_ACCESS_KEY": "measured",
        "PYTHONPYCACHEPREFIX": str(ROOT / ".local" / "bytecode"),
    }
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    taken = [{case: _numbers(case, environment) for case in CASES} for _ in range(rounds + 1)][1:]

    def ratio(measure: Callable[[dict[str, float]], float], other: str) -> Spread:
        # What a bare client does is its init, whatever of ours it is held against.
        ratios = [
            measure(each["ours"]) / (each["bare"]["init"] if other == "bare" else measure(each[other]))
            for each in taken
        ]
        return Spread(statistics.median(ratios), min(ratios), max(ratios))

    calls = taken[0]["ours"]["calls"]
    return Started(
        init=ratio(lambda each: each["init"], "bare"),
        first=ratio(lambda each: each["first"], "bare"),
        init_to_peer=ratio(lambda each: each["init"], "peer"),
        first_to_peer=ratio(lambda each: each["init"] + each["first"], "peer"),
        warm_to_peer=ratio(lambda each: each["warm"], "peer"),
        calls=calls,
        calls_to_peer=calls / taken[0]["peer"]["calls"],
    )


def _numbers(case: str, environment: dict[str, str]) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.benchmarks.started", case]
    run = subprocess.run(command, env=environment, cwd=ROOT, check=True, capture_output=True, text=True)
    # Before the numbers stand the log lines of the handlers.
    numbers: dict[str, float] = json.loads(run.stdout.splitlines()[-1])
    return numbers


class _Accepting:
    """A DynamoDB client that takes everything at once, so that only our own work is timed."""

    def transact_write_items(self, **_: Any) -> dict[str, Any]:
        return {}

    def put_item(self, **_: Any) -> dict[str, Any]:
        return {}

    def delete_item(self, **_: Any) -> dict[str, Any]:
        return {}

    def get_item(self, **_: Any) -> dict[str, Any]:
        return {}

    def query(self, **_: Any) -> dict[str, Any]:
        return {"Items": []}

    def batch_get_item(self, **_: Any) -> dict[str, Any]:
        return {"Responses": {}, "UnprocessedKeys": {}}


def microseconds_of_record(batch: Sequence[ResponseSubmitted], rounds: int) -> float:
    """Processor time of `record` per response, outside boto, in microseconds; the median of rounds."""
    repository = ResponseRepository(_Accepting(), "ResponsesTable")
    taken = []
    for _ in range(rounds):
        began = time.process_time()
        repository.record(batch)
        taken.append(time.process_time() - began)
    return statistics.median(taken) / len(batch) * 1e6
