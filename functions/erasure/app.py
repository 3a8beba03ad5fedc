"""Trigger: the erasures queue. Each person is erased by themselves, so that a fault with one holds up no other."""

from __future__ import annotations

from typing import Any

from functions.erasure import bootstrap
from shared.domain.queued import ErasePerson
from shared.observability import NAMESPACE, Logger, Metrics, MetricUnit
from shared.queues import BatchResponse, Received, one_by_one, parsed

logger = Logger(service="erasure")
metrics = Metrics(namespace=NAMESPACE, service="erasure")


@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: Any) -> BatchResponse:
    """Sweep for a batch of people; those that failed come again, the others are deleted."""
    return one_by_one(event, _sweep, bootstrap.back_off, logger, _unreadable)


def _unreadable() -> None:
    metrics.add_metric("ErasuresUnreadable", MetricUnit.Count, 1)


def _sweep(message: Received) -> None:
    wish = parsed(message, ErasePerson)
    erasure = bootstrap.service().sweep(wish)
    finished = erasure.finished_at is not None
    logger.info(
        "person erased" if finished else "person swept",
        extra={
            "person_id": wish.person_id,
            "sweep": wish.sweep,
            "counts": {found.value: count for found, count in erasure.counts.items()},
        },
    )
    if finished:
        metrics.add_metric("PeopleErased", MetricUnit.Count, 1)
