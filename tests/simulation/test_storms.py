"""Storms of every fault at once: whatever the seed, everything is right afterwards, and was at every commit."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.infra.cloudformation import ROOT
from tests.simulation.storm import storm


@pytest.mark.apart
@pytest.mark.parametrize("seed", range(50))
def test_a_storm_passes_and_leaves_everything_right(seed: int) -> None:
    storm(seed)


IN_ANOTHER_PROCESS = """
import contextlib, io, warnings
import tests.conftest
from tests.simulation.storm import storm
warnings.simplefilter("ignore")
with contextlib.redirect_stdout(io.StringIO()):
    fingerprint = storm(3).story.aws.fingerprint()
print(fingerprint)
"""


@pytest.mark.slow
def test_a_storm_replays_in_another_process_whatever_its_hash_seed() -> None:
    here = storm(3).story.aws.fingerprint()
    for hash_seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        run = subprocess.run(
            [sys.executable, "-c", IN_ANOTHER_PROCESS], cwd=ROOT, env=environment, capture_output=True, check=True
        )
        assert run.stdout.decode().strip() == here


def test_a_storm_replays_call_by_call() -> None:
    first, second = (storm(3).story.aws for _ in range(2))
    assert [entry.line() for entry in first.log] == [entry.line() for entry in second.log]
