"""Trigger: the responses queue. A batch is counted in as few transactions as it fits in; each answer fails alone."""

from __future__ import annotations

from typing import Any

from functions.nps_calc import bootstrap
from functions.nps_calc.service import Result
from shared.domain.queued import ResponseSubmitted
from shared.domain.recording import Outcome
from shared.errors import PoisonMessageError
from shared.observability import NAMESPACE, Logger, Metrics, MetricUnit
from shared.queues import BatchResponse, Received, batch_response, parsed, received

logger = Logger(service="nps_calc")
metrics = Metrics(namespace=NAMESPACE, service="nps_calc")


@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: Any) -> BatchResponse:
    """Count a batch of answers; those that failed come again, the others are deleted."""
    readable, poison = _read(received(event))
    postponed: list[Received] = []
    results = bootstrap.service().count(
        [submitted for _, submitted in readable],
        redelivered={s.response.response_id for message, s in readable if message.receive_count > 1},
    )
    for response_id, result in results.items():
        _tell(response_id, result)
    for message, submitted in readable:
        result = results[submitted.response.response_id]
        if result.outcome is Outcome.INVALID:
            poison.append(message)
        elif not result.complete:
            postponed.append(message)
    if poison or postponed:
        bootstrap.back_off().hurry(poison)
        bootstrap.back_off().postpone(postponed)
    return batch_response([*poison, *postponed])


def _read(messages: list[Received]) -> tuple[list[tuple[Received, ResponseSubmitted]], list[Received]]:
    """The messages that are answers, and those that are none."""
    readable: list[tuple[Received, ResponseSubmitted]] = []
    poison: list[Received] = []
    for message in messages:
        try:
            readable.append((message, parsed(message, ResponseSubmitted)))
        except PoisonMessageError as error:
            logger.error("answer can not be read", extra={"message_id": message.message_id, "fault": str(error)})
            metrics.add_metric("ResponsesUnreadable", MetricUnit.Count, 1)
            poison.append(message)
    return readable, poison


def _tell(response_id: str, result: Result) -> None:
    told = {"response_id": response_id, "outcome": result.outcome.value, "messages_wished": result.wished}
    if result.outcome is Outcome.INVALID:
        metrics.add_metric("ResponsesUnreadable", MetricUnit.Count, 1)
        logger.error("answer can not be stored", extra=told)
    elif not result.complete:
        logger.warning("answer postponed", extra=told)
    else:
        logger.info("answer counted" if result.outcome is Outcome.RECORDED else "answer changed nothing", extra=told)
    if result.outcome is Outcome.RECORDED:
        metrics.add_metric("ResponsesRecorded", MetricUnit.Count, 1)
