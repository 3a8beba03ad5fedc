"""SMS by AWS End User Messaging (`pinpoint-sms-voice-v2`)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from shared.channels.attempts import attempt
from shared.domain.messages import Reason, SmsRequest
from shared.domain.sending import Attempt
from shared.domain.urgency import sms_lives_for

MESSAGE_ID_CONTEXT = "message_id"
"""Echoed in every event about the SMS."""

_FINAL_ERRORS = frozenset({"ValidationException", "ConflictException"})
_FINAL_REASONS = {
    "DESTINATION_COUNTRY_BLOCKED": Reason.COUNTRY_NOT_ALLOWED,
    "COUNTRY_NOT_ENABLED": Reason.COUNTRY_NOT_ALLOWED,
    "DESTINATION_COUNTRY_BLOCKED_BY_PROTECT_CONFIGURATION": Reason.COUNTRY_NOT_ALLOWED,
    "PRICE_OVER_THRESHOLD": Reason.SPEND_LIMIT,
    "DESTINATION_PHONE_NUMBER_OPTED_OUT": Reason.UNSUBSCRIBED,
}
_MENDED_BY_OPS = frozenset({"NO_ORIGINATION_IDENTITIES_FOUND", "RESOURCE_NOT_ACTIVE", "REGISTRATION_NOT_COMPLETE"})


class SmsClient(Protocol):
    """The one call we make to End User Messaging."""

    def send_text_message(self, **kwargs: Any) -> Mapping[str, Any]:
        """SendTextMessage."""
        ...


class SmsSender:
    """Sends SMS.

    Args:
        sms: A client of End User Messaging that makes one attempt.
        identity: The number, sender id or pool it comes from.
        configuration_set: The configuration set that reports receipts; empty for none.
    """

    def __init__(self, sms: SmsClient, identity: str, configuration_set: str) -> None:
        self._sms = sms
        self._identity = identity
        self._configuration_set = configuration_set

    def send(self, request: SmsRequest, now: datetime) -> Attempt:
        """One SMS to one recipient, by one call; the provider gives it up when it expires."""
        call: dict[str, Any] = {
            "DestinationPhoneNumber": request.to,
            "OriginationIdentity": self._identity,
            "MessageBody": request.content.body,
            "MessageType": "TRANSACTIONAL",
            "TimeToLive": sms_lives_for(request.expires_at - now),
            "Context": {MESSAGE_ID_CONTEXT: request.message_id},
        }
        if request.max_price is not None:
            call["MaxPrice"] = request.max_price
        if self._configuration_set:
            call["ConfigurationSetName"] = self._configuration_set
        return attempt(lambda: self._sms.send_text_message(**call), _final_reason)


def _final_reason(error: Mapping[str, Any]) -> Reason | None:
    """The service says in `Reason`, beside the error's code, what exactly is wrong."""
    detail = error.get("Reason", "")
    if error["Error"]["Code"] not in _FINAL_ERRORS or detail in _MENDED_BY_OPS:
        return None
    return _FINAL_REASONS.get(detail, Reason.REJECTED)
