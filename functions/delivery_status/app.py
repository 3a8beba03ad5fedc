"""Trigger: the deliveries queue: reports of parcels, and timers that say that something may be due.

What a tracking provider tells has its parcel looked up first; with a registration comes what was told before it.

Each is taken in by itself, so that a bad one holds up no other.
"""

from __future__ import annotations

from typing import Any

from functions.delivery_status import bootstrap
from functions.delivery_status.service import Followed
from shared.domain.queued import DeliveryDue, DeliveryReported, TrackingReported
from shared.observability import NAMESPACE, Logger, Metrics, MetricUnit
from shared.queues import BatchResponse, Received, one_by_one, parsed, type_of

logger = Logger(service="delivery_status")
metrics = Metrics(namespace=NAMESPACE, service="delivery_status")


@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: Any) -> BatchResponse:
    """Take in a batch of reports; those that failed come again, the others are deleted."""
    return one_by_one(event, _follow, bootstrap.back_off, logger, _unreadable)


def _unreadable() -> None:
    metrics.add_metric("DeliveryReportsUnreadable", MetricUnit.Count, 1)


def _follow(message: Received) -> None:
    match type_of(message):
        case "DeliveryDue":
            _look_again(parsed(message, DeliveryDue))
        case "TrackingReported":
            _track(parsed(message, TrackingReported))
        case _:
            _report(parsed(message, DeliveryReported))


def _report(reported: DeliveryReported) -> None:
    followed = bootstrap.service().follow(reported)
    _tell(followed)
    if reported.registration is not None:
        known = bootstrap.tracking().registered(followed, reported.registration)
        if known is not followed:
            _tell(known)


def _track(told: TrackingReported) -> None:
    followed = bootstrap.tracking().follow(told)
    if followed is not None:
        _tell(followed)
        return
    logger.info("kept until its parcel is registered", extra={"provider": told.provider, "events": len(told.events)})
    metrics.add_metric("TrackingKept", MetricUnit.Count, 1)


def _look_again(due: DeliveryDue) -> None:
    looked = bootstrap.service().look_again(due)
    announced = looked.announced if looked is not None else 0
    logger.info("timer rang", extra={"delivery_id": due.delivery_id, "announced": announced})


def _tell(followed: Followed) -> None:
    """Log and count what came of a report."""
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
    for event in followed.contradicted:
        logger.warning(
            "report contradicts another",
            extra={
                "delivery_id": delivery.delivery_id,
                "event_id": event.event_id,
                "status": event.status.value,
                "stands": delivery.status.value,
            },
        )
        metrics.add_metric("DeliveriesContradicted", MetricUnit.Count, 1)
