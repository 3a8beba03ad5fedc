"""One process of the timed comparison: `python -m tests.benchmarks.started bare|ours|peer`; prints its numbers as JSON.

Nothing is imported before the clock is read but what each case needs, and each starts at the same depth.
"""

from __future__ import annotations

import importlib
import sys
import time
from typing import Any

MODULES = {"ours": "functions.survey_ingest.app", "peer": "tests.benchmarks.peer.app"}
WARM = 200


def main(case: str) -> None:
    """Start it; then, unless it is only a client, have it answer."""
    if case == "bare":
        importlib.import_module("boto3").client("sqs")
    else:
        handler = importlib.import_module(MODULES[case]).lambda_handler
        if case == "ours":
            # Lambda pauses the process between init and the first call, so what the first call builds counts as init.
            importlib.import_module("functions.survey_ingest.bootstrap").service()
    numbers = {"init": time.process_time(), "modules": len(sys.modules)}
    if case != "bare":
        numbers.update(answering(handler))
    sys.stdout.write(importlib.import_module("json").dumps(numbers))


def answering(handler: Any) -> dict[str, float]:
    """Processor time of the first answer and of a warm one, in seconds, and the calls that Python makes for one."""
    offline = importlib.import_module("tests.benchmarks.offline")
    with offline.answers() as events:
        began = time.process_time()
        handler(next(events), offline.CONTEXT)
        first = time.process_time() - began
        handler(next(events), offline.CONTEXT)
        warm_events = [next(events) for _ in range(WARM)]
        began = time.process_time()
        for event in warm_events:
            handler(event, offline.CONTEXT)
        warm = (time.process_time() - began) / WARM
        calls = 0

        def counting(_frame: Any, kind: str, _argument: Any) -> None:
            nonlocal calls
            calls += kind in ("call", "c_call")

        event = next(events)
        sys.setprofile(counting)
        handler(event, offline.CONTEXT)
        sys.setprofile(None)
    return {"first": first, "warm": warm, "calls": calls}


if __name__ == "__main__":
    main(sys.argv[1])
