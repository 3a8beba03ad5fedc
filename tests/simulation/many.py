"""Many storms, in several processes."""

from __future__ import annotations

import logging
import traceback
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import redirect_stdout
from io import StringIO
from multiprocessing import get_context
from typing import NamedTuple

import tests.conftest as _dummy_credentials  # noqa: F401  (before anything of the product is imported)
from tests.simulation.storm import storm

PORTION = 10
"""Seeds that a process takes at a time."""


class Report(NamedTuple):
    """What became of one seed."""

    seed: int
    calls: int
    faults: Counter[str]
    wrong: str | None = None


def report(seed: int) -> Report:
    """Run one storm."""
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    try:
        # What the functions print is metrics.
        with redirect_stdout(StringIO()):
            passed = storm(seed)
    except Exception as error:  # noqa: BLE001  # whatever went wrong is this seed's finding
        wrong = str(error) if isinstance(error, AssertionError) else traceback.format_exc()
        return Report(seed, 0, Counter(), wrong)
    return Report(seed, len(passed.story.aws.log), passed.faults)


def reports(seeds: Iterable[int], jobs: int) -> Iterator[Report]:
    """Run every storm; reports come in the order of the seeds."""
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        yield from pool.map(report, seeds, chunksize=PORTION)
