"""Trigger: the notifications queue. Each message is sent by itself, so that a bad one holds up no other."""

from __future__ import annotations

from typing import Any

from functions.notify import bootstrap
from shared.domain.messages import MessageState
from shared.domain.queued import SendNotification
from shared.errors import PoisonMessageError, TemporaryError
from shared.observability import NAMESPACE, Logger, Metrics, MetricUnit
from shared.queues import BatchResponse, Received, batch_response, parsed, received

logger = Logger(service="notify")
metrics = Metrics(namespace=NAMESPACE, service="notify")

COUNTED_AS = {
    MessageState.SENT: "MessagesSent",
    MessageState.FAILED: "MessagesFailed",
    MessageState.SUPPRESSED: "MessagesSuppressed",
    MessageState.EXPIRED: "MessagesExpired",
    MessageState.AMBIGUOUS: "MessagesAmbiguous",
}


@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: Any) -> BatchResponse:
    """Send a batch of messages; those that failed come again, the others are deleted."""
    poison: list[Received] = []
    postponed: list[Received] = []
    for message in received(event):
        try:
            _send(message)
        except PoisonMessageError as error:
            logger.error("wish can not be read", extra={"queue_message_id": message.message_id, "fault": str(error)})
            metrics.add_metric("NotificationsUnreadable", MetricUnit.Count, 1)
            poison.append(message)
        except TemporaryError as error:
            logger.warning("message postponed", extra={"queue_message_id": message.message_id, "fault": str(error)})
            postponed.append(message)
        except Exception:  # a fault of ours in one message must not hold up the rest of its batch
            logger.exception("message failed", extra={"queue_message_id": message.message_id})
            postponed.append(message)
    if poison or postponed:
        bootstrap.back_off().hurry(poison)
        bootstrap.back_off().postpone(postponed)
    return batch_response([*poison, *postponed])


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
    if sending.now:
        metrics.add_metric(COUNTED_AS[sending.state], MetricUnit.Count, 1)
