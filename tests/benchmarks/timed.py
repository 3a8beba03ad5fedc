"""What is timed: as a ratio to something everybody has, or as processor time, so that it means something elsewhere."""

from __future__ import annotations

import gzip
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any

from shared.domain.queued import ResponseSubmitted
from shared.storage.responses import ResponseRepository
from tests.infra.cloudformation import ROOT
from tests.simulation.aws import InMemoryAws
from tests.simulation.deployed import DeployedStack

# Lambda pauses the process between init and the first call, so the client made in `service()` counts as init.
OURS = "import functions.survey_ingest.app as app; from functions.survey_ingest.bootstrap import service; service()"
BARE = "import boto3; boto3.client('sqs', region_name='eu-central-1')"


def init_ratio(rounds: int) -> float:
    """Processor time to import and build `survey_ingest` ÷ that of a bare SQS client; medians, taken in turns."""
    environment = {
        **os.environ,
        **DeployedStack(InMemoryAws(), {}).environment("survey_ingest"),
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "measured",
        "AWS_SECRET_ACCESS_KEY": "measured",
    }
    ours, bare = [], []
    for _ in range(rounds):
        ours.append(_processor_time(OURS, environment))
        bare.append(_processor_time(BARE, environment))
    return statistics.median(ours) / statistics.median(bare)


def _processor_time(code: str, environment: dict[str, str]) -> float:
    program = f"import time; {code}; print(time.process_time())"
    run = subprocess.run(
        [sys.executable, "-c", program], env=environment, cwd=ROOT, check=True, capture_output=True, text=True
    )
    return float(run.stdout.splitlines()[-1])


class _Accepting:
    """A DynamoDB client that takes everything at once, so that only our own work is timed."""

    def transact_write_items(self, **_: Any) -> dict[str, Any]:
        return {}

    def put_item(self, **_: Any) -> dict[str, Any]:
        return {}

    def get_item(self, **_: Any) -> dict[str, Any]:
        return {}

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


def widget_bytes() -> int:
    """The widget's script as it travels, gzipped."""
    return len(gzip.compress((ROOT / "functions/pages/static/widget.js").read_bytes(), mtime=0))
