"""Trigger: the funnel queue. A batch is counted in as few transactions as it fits in."""

from __future__ import annotations

from typing import Any

from functions.funnel import bootstrap
from shared.domain.steps import StepsTold
from shared.errors import PoisonMessageError
from shared.observability import NAMESPACE, Logger, Metrics, MetricUnit
from shared.queues import BatchResponse, Received, come_again, parsed, received

logger = Logger(service="funnel")
metrics = Metrics(namespace=NAMESPACE, service="funnel")


@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: Any) -> BatchResponse:
    """Count a batch of steps; those that failed come again, the others are deleted."""
    readable: list[tuple[Received, StepsTold]] = []
    poison: list[Received] = []
    for message in received(event):
        try:
            readable.append((message, parsed(message, StepsTold)))
        except PoisonMessageError as error:
            logger.error("steps can not be read", extra={"message_id": message.message_id, "fault": str(error)})
            metrics.add_metric("StepsUnreadable", MetricUnit.Count, 1)
            poison.append(message)
    taken = bootstrap.service().take(
        [told for _, told in readable],
        redelivered=[place for place, (message, _) in enumerate(readable) if message.receive_count > 1],
    )
    metrics.add_metric("StepsCounted", MetricUnit.Count, taken.steps)
    logger.info("steps counted", extra={"steps": taken.steps, "postponed": len(taken.postponed)})
    return come_again(bootstrap.back_off, poison, [readable[place][0] for place in sorted(taken.postponed)])
