"""Trigger: the deliveries queue. Each report is taken in by itself, so that a bad one holds up no other."""

from __future__ import annotations

from typing import Any

from functions.delivery_status import bootstrap
from shared.domain.queued import DeliveryReported
from shared.observability import NAMESPACE, Logger, Metrics, MetricUnit
from shared.queues import BatchResponse, Received, one_by_one, parsed

logger = Logger(service="delivery_status")
metrics = Metrics(namespace=NAMESPACE, service="delivery_status")


@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: Any) -> BatchResponse:
    """Take in a batch of reports; those that failed come again, the others are deleted."""
    return one_by_one(event, _follow, bootstrap.back_off, logger, _unreadable)


def _unreadable() -> None:
    metrics.add_metric("DeliveryReportsUnreadable", MetricUnit.Count, 1)


def _follow(message: Received) -> None:
    followed = bootstrap.service().follow(parsed(message, DeliveryReported))
    delivery = followed.delivery
    logger.info(
        "report followed" if followed.changed else "report known already",
        extra={
            "delivery_id": delivery.delivery_id,
            "status": delivery.status.value,
            "registered": delivery.registration is not None,
            "announced": followed.announced,
        },
    )
    if followed.changed:
        metrics.add_metric("DeliveryReportsFollowed", MetricUnit.Count, 1)
