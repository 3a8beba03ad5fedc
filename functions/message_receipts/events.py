"""What SES and End User Messaging report of a message, and what people answer by SMS, read into our own words.

Both echo the id that the sender attached: SES as `mail.tags.message_id`, SMS as `context.message_id`. An event without
one is about something that we did not send. An answer is what a number with two-way SMS publishes to the same topic.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, TypeAlias

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from shared.domain.messages import Channel
from shared.domain.replies import SmsReply
from shared.domain.sending import Receipt, ReceiptKind
from shared.errors import PoisonMessageError


class _Event(BaseModel):
    """A provider's event has more fields than we read, and may get new ones."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class _Mail(_Event):
    message_id: Annotated[str, Field(alias="messageId")]
    timestamp: AwareDatetime
    tags: dict[str, list[str]] = {}


class _Happening(_Event):
    """What the event is about, under the event's own name; its time, not the mail's, is when it happened."""

    timestamp: AwareDatetime | None = None
    bounce_type: Annotated[str | None, Field(alias="bounceType")] = None


class _SesEvent(_Event):
    event_type: Annotated[str, Field(alias="eventType")]
    mail: _Mail
    bounce: _Happening | None = None
    complaint: _Happening | None = None
    delivery: _Happening | None = None

    def told(self) -> Receipt | None:
        message_ids = self.mail.tags.get("message_id", [])
        kind = self._kind()
        if not message_ids or kind is None:
            return None
        happening = self.bounce or self.complaint or self.delivery
        at = happening.timestamp if happening and happening.timestamp else self.mail.timestamp
        return Receipt(
            message_id=message_ids[0], channel=Channel.EMAIL, kind=kind, provider_id=self.mail.message_id, at=at
        )

    def _kind(self) -> ReceiptKind | None:
        match self.event_type:
            case "Send" | "DeliveryDelay":
                return ReceiptKind.ACCEPTED
            case "Delivery":
                return ReceiptKind.DELIVERED
            case "Bounce":
                permanent = self.bounce is not None and self.bounce.bounce_type == "Permanent"
                return ReceiptKind.BOUNCED_FOR_GOOD if permanent else ReceiptKind.BOUNCED
            case "Complaint":
                return ReceiptKind.COMPLAINED
            case "Reject" | "Rendering Failure":
                return ReceiptKind.REJECTED
            case _:
                return None


_SMS_KINDS = {
    "TEXT_INVALID": ReceiptKind.BOUNCED_FOR_GOOD,
    **dict.fromkeys(
        (
            *("TEXT_UNREACHABLE", "TEXT_CARRIER_UNREACHABLE", "TEXT_BLOCKED", "TEXT_CARRIER_BLOCKED"),
            *("TEXT_PROTECT_BLOCKED", "TEXT_SPAM", "TEXT_INVALID_MESSAGE", "TEXT_TTL_EXPIRED"),
        ),
        ReceiptKind.BOUNCED,
    ),
}
_SMS_ARRIVED = frozenset({"TEXT_SUCCESSFUL", "TEXT_DELIVERED"})
"""Carriers use the two interchangeably, and send both; either counts once it is final."""


class _SmsEvent(_Event):
    event_type: Annotated[str, Field(alias="eventType", pattern="^TEXT_")]
    message_id: Annotated[str, Field(alias="messageId")]
    event_timestamp: Annotated[int, Field(alias="eventTimestamp")]
    is_final: Annotated[bool, Field(alias="isFinal")] = False
    context: dict[str, str] = {}

    def told(self) -> Receipt | None:
        message_id = self.context.get("message_id")
        if message_id is None:
            return None
        kind = _SMS_KINDS.get(self.event_type, ReceiptKind.ACCEPTED)
        if self.event_type in _SMS_ARRIVED and self.is_final:
            kind = ReceiptKind.DELIVERED
        at = datetime.fromtimestamp(self.event_timestamp / 1000, UTC)
        return Receipt(message_id=message_id, channel=Channel.SMS, kind=kind, provider_id=self.message_id, at=at)


class _Inbound(_Event):
    """The payload of two-way SMS (End User Messaging SMS user guide, "Example of a two-way SMS message payload")."""

    phone: Annotated[str, Field(alias="originationNumber")]
    body: Annotated[str, Field(alias="messageBody")]
    inbound_message_id: Annotated[str, Field(alias="inboundMessageId")]

    def told(self) -> SmsReply | None:
        try:
            return SmsReply(phone=self.phone, body=self.body)
        except ValidationError:  # a short code or a name: a machine's, and nobody whom we send anything
            return None


_AnyEvent: TypeAlias = _SesEvent | _SmsEvent | _Inbound
_EVENTS: TypeAdapter[Any] = TypeAdapter(_AnyEvent)


def told_by(body: str) -> Receipt | SmsReply | None:
    """The receipt or the answer in an event; None if it is not about a message of ours, or tells nothing of its fate.

    Raises:
        PoisonMessageError: it is no event of either provider.
    """
    try:
        event: _AnyEvent = _EVENTS.validate_json(body)
        return event.told()
    except ValidationError as error:
        raise PoisonMessageError(f"neither a receipt nor an answer: {error.error_count()} faults") from error
    except (OverflowError, OSError, ValueError) as error:
        raise PoisonMessageError("not a receipt: its time is none") from error
