"""Hands batches of messages to functions, and keeps what they could not do.

Upstream deletes the whole batch when it cannot read a function's answer; AWS gives it back to the queue.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from ministack.services import lambda_svc, sqs

from infra.local.emulator.batch_answers import UnreadableAnswerError, failed_messages

log = logging.getLogger(__name__)

#: Batches of one queue at a time. AWS begins with five; a laptop is slower with more than two.
MOST_AT_ONCE = 2

_concurrency_upstream = lambda_svc._sqs_esm_concurrency


def run_batch(
    mapping: dict[str, Any], function: Any, event: Any, batch: list[dict[str, Any]], queue_url: str, queue_name: str
) -> None:
    """Invoke the function with one batch, and delete the messages it is done with."""
    result = lambda_svc._execute_function(function, event)
    failed: set[str] = set()
    try:
        if result.get("error"):
            raise UnreadableAnswerError(result.get("body"))
        if "ReportBatchItemFailures" in mapping.get("FunctionResponseTypes", []):
            failed = failed_messages(result.get("body"), {message["id"] for message in batch})
    except UnreadableAnswerError as error:
        if _never_ran(result):
            _give_back(batch)
        # All messages stay invisible for the queue's visibility timeout and then come again; upstream's pause keeps
        # its polling loop from spinning on a broken function.
        mapping["LastProcessingResult"] = "FAILED"
        lambda_svc._esm_backoff_until[mapping["UUID"]] = time.time() + lambda_svc._ESM_BACKOFF_SECONDS
        log.warning("%s gave back a whole batch of %s: %s\n%s", mapping["FunctionName"], queue_name, error,
                    result.get("log", ""))  # fmt: skip
        return
    lambda_svc._esm_backoff_until.pop(mapping["UUID"], None)
    done = {message["receipt_handle"] for message in batch if message["id"] not in failed}
    if done:
        sqs._delete_messages_for_esm(queue_url, done)
    mapping["LastProcessingResult"] = f"OK - {len(batch) - len(failed)} records, {len(failed)} given back"


def _never_ran(result: dict[str, Any]) -> bool:
    """Whether the worker was ended before it could begin, as a deployment does to those of the old code."""
    body = result.get("body")
    return isinstance(body, dict) and str(body.get("errorMessage", "")).startswith("Worker process exited immediately")


def _give_back(batch: list[dict[str, Any]]) -> None:
    """Make messages visible again at once: on AWS an update ends no function that is starting."""
    for message in batch:
        message["visible_at"] = time.time()


def _concurrency(mapping: dict[str, Any], function: Any, config: Any, queue: Any = None) -> int:
    allowed: int = _concurrency_upstream(mapping, function, config, queue)
    return min(allowed, MOST_AT_ONCE)


def install(run: Callable[..., None] = run_batch) -> None:
    """Put the rules in place, before the first message."""
    lambda_svc._run_sqs_batch = run
    lambda_svc._sqs_esm_concurrency = _concurrency
