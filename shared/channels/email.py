"""E-mail by SES v2."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from email.utils import formataddr
from typing import Any, Protocol

from shared.channels.attempts import attempt
from shared.channels.headers import one_click
from shared.domain.messages import EmailRequest, Reason
from shared.domain.sending import Attempt
from shared.domain.urgency import Urgency, urgency_of

MESSAGE_ID_TAG = "message_id"
"""SES echoes the tag in every event about the mail, which settles a message whose answer was lost."""

_FINAL_ERRORS = frozenset({"MessageRejected", "BadRequestException", "ValidationException"})
"""About this mail. The others are about the account or its rate, so that a person, or time, can mend them."""


class SesClient(Protocol):
    """The one call we make to SES."""

    def send_email(self, **kwargs: Any) -> Mapping[str, Any]:
        """SendEmail."""
        ...


class EmailSender:
    """Sends e-mail.

    Args:
        ses: A client of SES v2 that makes one attempt.
        sender: The address mail comes from.
        configuration_sets: The configuration set of each urgency. It says how long SES tries, and reports receipts.
    """

    def __init__(self, ses: SesClient, sender: str, configuration_sets: Mapping[Urgency, str]) -> None:
        self._ses = ses
        self._sender = sender
        self._configuration_sets = configuration_sets

    def send(self, request: EmailRequest, now: datetime) -> Attempt:
        """One e-mail to one recipient, by one call; SES gives it up about when it expires."""
        content = request.content
        urgency = urgency_of(request.expires_at - now) if request.expires_at else Urgency.STANDARD
        return attempt(
            lambda: self._ses.send_email(
                FromEmailAddress=formataddr((request.from_name, self._sender)),
                Destination={"ToAddresses": [request.to]},
                Content={
                    "Simple": {
                        "Subject": {"Data": content.subject, "Charset": "UTF-8"},
                        "Body": {
                            "Text": {"Data": content.text, "Charset": "UTF-8"},
                            "Html": {"Data": content.html, "Charset": "UTF-8"},
                        },
                        **_headers(request.unsubscribe),
                    }
                },
                EmailTags=[{"Name": MESSAGE_ID_TAG, "Value": request.message_id}],
                ConfigurationSetName=self._configuration_sets[urgency],
            ),
            _final_reason,
        )


def _headers(unsubscribe: str | None) -> dict[str, list[dict[str, str]]]:
    if unsubscribe is None:
        return {}
    return {"Headers": [{"Name": name, "Value": value} for name, value in one_click(unsubscribe).items()]}


def _final_reason(error: Mapping[str, Any]) -> Reason | None:
    return Reason.REJECTED if error["Error"]["Code"] in _FINAL_ERRORS else None
