"""Trigger: the deliveries queue. Each report is taken in by itself, so that a bad one holds up no other."""

from __future__ import annotations

from typing import Any

from functions.delivery_status import bootstrap
from shared.domain.queued import DeliveryReported
from shared.errors import PoisonMessageError, TemporaryError
from shared.observability import NAMESPACE, Logger, Metrics, MetricUnit
from shared.queues import BatchResponse, Received, batch_response, parsed, received

logger = Logger(service="delivery_status")
metrics = Metrics(namespace=NAMESPACE, service="delivery_status")


@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: Any) -> BatchResponse:
    """Take in a batch of reports; those that failed come again, the others are deleted."""
    poison: list[Received] = []
    postponed: list[Received] = []
    for message in received(event):
        try:
            _follow(message)
        except PoisonMessageError as error:
            logger.error("report can not be read", extra={"message_id": message.message_id, "fault": str(error)})
            metrics.add_metric("DeliveryReportsUnreadable", MetricUnit.Count, 1)
            poison.append(message)
        except TemporaryError as error:
            logger.warning("report postponed", extra={"message_id": message.message_id, "fault": str(error)})
            postponed.append(message)
        except Exception:  # a fault of ours in one report must not hold up the rest of its batch
            logger.exception("report failed", extra={"message_id": message.message_id})
            postponed.append(message)
    if poison or postponed:
        bootstrap.back_off().hurry(poison)
        bootstrap.back_off().postpone(postponed)
    return batch_response([*poison, *postponed])


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
