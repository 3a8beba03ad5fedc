"""Trigger: the deliveries queue: reports of parcels, and timers that say that something may be due.

What a tracking provider tells has its parcel looked up first; with a registration comes what was told before it.

Each is taken in by itself, so that a bad one holds up no other.
"""

from __future__ import annotations

from typing import Any

from functions.delivery_status import bootstrap
from functions.delivery_status.service import Followed
from shared.domain.queued import (
    DeliveryDue,
    DeliveryReported,
    PositionReported,
    RouteReported,
    TrackingReported,
)
from shared.observability import NAMESPACE, Logger, Metrics, MetricUnit
from shared.queues import BatchResponse, Received, one_by_one, parsed, type_of

logger = Logger(service="delivery_status")
metrics = Metrics(namespace=NAMESPACE, service="delivery_status")


@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: Any) -> BatchResponse:
    """Take in a batch of reports; those that failed come again, the others are deleted."""
    return one_by_one(event, _take, bootstrap.back_off, logger, _unreadable)


def _unreadable() -> None:
    metrics.add_metric("DeliveryReportsUnreadable", MetricUnit.Count, 1)


def _take(message: Received) -> None:
    """What comes is told apart by its type."""
    match type_of(message):
        case "DeliveryDue":
            _look_again(parsed(message, DeliveryDue))
        case "RouteReported":
            _plan(parsed(message, RouteReported))
        case "PositionReported":
            _see(parsed(message, PositionReported))
        case "TrackingReported":
            _track(parsed(message, TrackingReported))
        case _:
            _report(parsed(message, DeliveryReported))


def _plan(reported: RouteReported) -> None:
    is_new = bootstrap.routing().plan(reported)
    about = {"route_id": reported.route_id, "revision": reported.revision, "stops": len(reported.stops)}
    logger.info("route planned" if is_new else "plan known already, or an older one", extra=about)
    if is_new:
        metrics.add_metric("RoutesPlanned", MetricUnit.Count, 1)


def _see(reported: PositionReported) -> None:
    """A van's positions are too many to be logged, and nobody's business."""
    if bootstrap.routing().see(reported).route_id is None:
        logger.info("position of a van without a plan", extra={"delivery_id": reported.delivery_id})
        metrics.add_metric("PositionsWithoutPlan", MetricUnit.Count, 1)
    else:
        metrics.add_metric("PositionsFollowed", MetricUnit.Count, 1)


def _report(reported: DeliveryReported) -> None:
    followed = bootstrap.service().follow(reported)
    _followed(followed)
    if reported.registration is not None:
        known = bootstrap.tracking().registered(followed, reported.registration)
        if known is not followed:
            _followed(known)


def _track(told: TrackingReported) -> None:
    followed = bootstrap.tracking().follow(told)
    if followed is not None:
        _followed(followed)
        return
    logger.info("kept until its parcel is registered", extra={"provider": told.provider, "events": len(told.events)})
    metrics.add_metric("TrackingKept", MetricUnit.Count, 1)


def _look_again(due: DeliveryDue) -> None:
    looked = bootstrap.service().look_again(due)
    announced = looked.announced if looked is not None else 0
    logger.info("timer rang", extra={"delivery_id": due.delivery_id, "announced": announced})


def _followed(followed: Followed) -> None:
    """What a report means for its van, then what is logged and counted of it."""
    delivery = followed.delivery
    bootstrap.routing().follow(delivery)
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
