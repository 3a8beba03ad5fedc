"""Trigger: the receipts queue. Each receipt and each answer is taken in by itself: a bad one holds up no other."""

from __future__ import annotations

from typing import Any

from functions.message_receipts import bootstrap
from functions.message_receipts.events import told_by
from shared.domain.keywords import Keyword
from shared.domain.messages import MessageKind, MessageState
from shared.domain.replies import SmsReply
from shared.domain.sending import Receipt
from shared.observability import NAMESPACE, Logger, Metrics, MetricUnit
from shared.queues import BatchResponse, Received, one_by_one

logger = Logger(service="message_receipts")
metrics = Metrics(namespace=NAMESPACE, service="message_receipts")

COUNTED_AS = {
    Keyword.STOP: "SmsStops",
    Keyword.START: "SmsStarts",
    Keyword.HELP: "SmsHelps",
    None: "SmsAnswersUnread",
}


@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: Any) -> BatchResponse:
    """Take in a batch of receipts; those that failed come again, the others are deleted."""
    return one_by_one(event, _take, bootstrap.back_off, logger, _unreadable)


def _unreadable() -> None:
    metrics.add_metric("ReceiptsUnreadable", MetricUnit.Count, 1)


def _take(message: Received) -> None:
    told = told_by(message.body)
    if told is None:
        logger.info("event is no receipt of ours", extra={"queue_message_id": message.message_id})
        metrics.add_metric("ReceiptsUnknown", MetricUnit.Count, 1)
    elif isinstance(told, SmsReply):
        _answer(told, message)
    else:
        _receipt(told)


def _answer(reply: SmsReply, message: Received) -> None:
    keyword = bootstrap.replies().take(reply, message.sent_at or bootstrap.clock().now())
    # Neither the number nor what it said: both are somebody's.
    extra = {"queue_message_id": message.message_id, "keyword": keyword.value if keyword else None}
    logger.info("answer taken" if keyword else "answer is no keyword", extra=extra)
    metrics.add_metric(COUNTED_AS[keyword], MetricUnit.Count, 1)


def _receipt(receipt: Receipt) -> None:
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
