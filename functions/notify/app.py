"""Trigger: the notifications queue. Each message is sent by itself, so that a bad one holds up no other."""

from __future__ import annotations

from typing import Any

from functions.notify import bootstrap
from shared.domain.messages import MessageKind, MessageState, Reason
from shared.domain.queued import SendNotification
from shared.observability import NAMESPACE, Logger, Metrics, MetricUnit
from shared.queues import BatchResponse, Received, one_by_one, parsed

logger = Logger(service="notify")
metrics = Metrics(namespace=NAMESPACE, service="notify")

COUNTED_AS = {
    MessageState.NEW: "MessagesDeferred",
    MessageState.SENT: "MessagesSent",
    MessageState.FAILED: "MessagesFailed",
    MessageState.SUPPRESSED: "MessagesSuppressed",
    MessageState.EXPIRED: "MessagesExpired",
    MessageState.AMBIGUOUS: "MessagesAmbiguous",
}
LIMITS_OF_SMS = {Reason.SPEND_LIMIT, Reason.PREFIX_LIMIT}


@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: Any) -> BatchResponse:
    """Send a batch of messages; those that failed come again, the others are deleted."""
    return one_by_one(event, _send, bootstrap.back_off, logger, _unreadable)


def _unreadable() -> None:
    metrics.add_metric("NotificationsUnreadable", MetricUnit.Count, 1)


def _send(message: Received) -> None:
    notification = parsed(message, SendNotification).notification
    sending = bootstrap.service().send(notification)
    logger.info(
        "message decided" if sending.now else "message decided already",
        extra={
            "message_id": notification.message_id,
            "kind": notification.kind.value,
            "state": sending.state.value,
            "reason": sending.reason.value if sending.reason else None,
        },
    )
    if notification.kind is MessageKind.SURVEY_INVITATION and sending.state is MessageState.SENT:
        bootstrap.invitations().tell(notification.message_id)
    if sending.now and LIMITS_OF_SMS & {sending.reason, sending.no_sms_because}:
        metrics.add_metric("SmsLimitsReached", MetricUnit.Count, 1)
    if sending.now:
        metrics.add_metric(COUNTED_AS[sending.state], MetricUnit.Count, 1)
