"""Trigger: the receipts queue. Each receipt is taken in by itself, so that a bad one holds up no other."""

from __future__ import annotations

from typing import Any

from functions.message_receipts import bootstrap
from functions.message_receipts.events import receipt_of
from shared.domain.messages import MessageKind, MessageState
from shared.observability import NAMESPACE, Logger, Metrics, MetricUnit
from shared.queues import BatchResponse, Received, one_by_one

logger = Logger(service="message_receipts")
metrics = Metrics(namespace=NAMESPACE, service="message_receipts")


@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: Any) -> BatchResponse:
    """Take in a batch of receipts; those that failed come again, the others are deleted."""
    return one_by_one(event, _take, bootstrap.back_off, logger, _unreadable)


def _unreadable() -> None:
    metrics.add_metric("ReceiptsUnreadable", MetricUnit.Count, 1)


def _take(message: Received) -> None:
    receipt = receipt_of(message.body)
    if receipt is None:
        logger.info("event is no receipt of ours", extra={"queue_message_id": message.message_id})
        metrics.add_metric("ReceiptsUnknown", MetricUnit.Count, 1)
        return
    taken = bootstrap.service().take(receipt)
    if taken.kind is MessageKind.SURVEY_INVITATION:
        bootstrap.invitations().tell(receipt.message_id)
    logger.info(
        "receipt taken" if taken.known else "receipt of an unknown message",
        extra={"message_id": receipt.message_id, "kind": receipt.kind.value, "suppressed": taken.suppressed},
    )
    if not taken.known:
        metrics.add_metric("ReceiptsUnknown", MetricUnit.Count, 1)
        return
    metrics.add_metric("ReceiptsTaken", MetricUnit.Count, 1)
    if taken.settled_from is MessageState.AMBIGUOUS:
        metrics.add_metric("MessagesSettled", MetricUnit.Count, 1)
    if taken.suppressed:
        metrics.add_metric("AddressesSuppressed", MetricUnit.Count, 1)
