"""What leaves for people: SES v2 e-mail, End User Messaging SMS, SNS. Each accepted request is kept, in order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from tests.simulation.aws.clock import VirtualClock
from tests.simulation.aws.wire import ServiceError

Request: TypeAlias = Mapping[str, Any]
Operations: TypeAlias = dict[str, Callable[[Request], dict[str, Any]]]


@dataclass(frozen=True)
class Accepted:
    """A request that a provider accepted: from here on it may reach a person."""

    message_id: str
    at: float
    to: tuple[str, ...]
    request: Request

    @property
    def tags(self) -> dict[str, str]:
        """What the sender attached and every receipt echoes: e-mail tags, or the context of an SMS."""
        if "Context" in self.request:
            return dict(self.request["Context"])
        return {tag["Name"]: tag["Value"] for tag in self.request.get("EmailTags", ())}


class Provider:
    """What the three have in common: what was accepted, what is refused, and a witness of each acceptance."""

    def __init__(self, clock: VirtualClock, prefix: str) -> None:
        self._clock = clock
        self._prefix = prefix
        self.accepted: list[Accepted] = []
        self.refused: dict[str, ServiceError] = {}
        self.witness: Callable[[Accepted], None] = lambda accepted: None

    def accept(self, to: tuple[str, ...], request: Request) -> str:
        """Take a request, unless one of its addresses is set to be refused; the provider's message id."""
        for address in to:
            if address in self.refused:
                raise self.refused[address]
        message_id = f"{self._prefix}-{len(self.accepted) + 1:06d}"
        accepted = Accepted(message_id, self._clock.seconds(), to, request)
        self.accepted.append(accepted)
        self.witness(accepted)
        return message_id


class Ses(Provider):
    """SES v2.

    Attributes:
        max_send_rate: E-mails that the account may send in a second; it is told, and not enforced.
    """

    max_send_rate = 14.0

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__(clock, "ses")
        self.operations: Operations = {"SendEmail": self._send_email, "GetAccount": self._get_account}

    def _get_account(self, request: Request) -> dict[str, Any]:
        quota = {"Max24HourSend": 50_000.0, "MaxSendRate": self.max_send_rate, "SentLast24Hours": len(self.accepted)}
        return {"SendQuota": quota, "SendingEnabled": True}

    def _send_email(self, request: Request) -> dict[str, Any]:
        destination = request.get("Destination") or {}
        to = tuple(
            address
            for field in ("ToAddresses", "CcAddresses", "BccAddresses")
            for address in destination.get(field, ())
        )
        if not 1 <= len(to) <= 50:
            raise ServiceError("BadRequestException", "1 to 50 destination addresses are required")
        if not request.get("FromEmailAddress"):
            raise ServiceError("BadRequestException", "FromEmailAddress is required")
        content = request["Content"]
        if not {"Simple", "Raw", "Template"} & content.keys():
            raise ServiceError("BadRequestException", "Content must be Simple, Raw or Template")
        for tag in request.get("EmailTags", ()):
            _refuse_bad_tag(tag)
        return {"MessageId": self.accept(to, request)}


def _refuse_bad_tag(tag: Mapping[str, str]) -> None:
    # API reference, MessageTag: ASCII letters, digits, _ and - (values also @ and .), fewer than 256 characters.
    for text, extra in ((tag["Name"], "_-"), (tag["Value"], "_-@.")):
        if not 1 <= len(text) < 256 or not all(c.isascii() and (c.isalnum() or c in extra) for c in text):
            raise ServiceError("BadRequestException", f"Invalid tag {tag['Name']}={tag['Value']}")


class Sms(Provider):
    """End User Messaging SMS (`pinpoint-sms-voice-v2`)."""

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__(clock, "sms")
        self.operations: Operations = {"SendTextMessage": self._send_text_message}

    def _send_text_message(self, request: Request) -> dict[str, Any]:
        number = request["DestinationPhoneNumber"]
        body = request.get("MessageBody", "")
        if not number.startswith("+") or not number[1:].isdigit():
            raise ServiceError("ValidationException", "DestinationPhoneNumber must be in E.164 format")
        if not 1 <= len(body) <= 1600:
            raise ServiceError("ValidationException", "MessageBody must have 1 to 1600 characters")
        if not 5 <= request.get("TimeToLive", 259_200) <= 259_200:
            raise ServiceError("ValidationException", "TimeToLive must be 5 to 259200 seconds")
        return {"MessageId": self.accept((number,), request)}


class Sns(Provider):
    """SNS Publish."""

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__(clock, "sns")
        self.operations: Operations = {"Publish": self._publish}

    def _publish(self, request: Request) -> dict[str, Any]:
        target = request.get("TopicArn") or request.get("TargetArn") or request.get("PhoneNumber")
        if not target:
            raise ServiceError("InvalidParameter", "TopicArn, TargetArn or PhoneNumber is required")
        if not request.get("Message"):
            raise ServiceError("InvalidParameter", "Message is required")
        return {"MessageId": self.accept((target,), request)}
