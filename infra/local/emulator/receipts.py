"""What becomes of a message, in the words of SES and End User Messaging SMS.

Shapes: SES developer guide, "Contents of event data that Amazon SES publishes to Amazon SNS"; End User Messaging SMS
user guide, "Example event data". Addresses of SES's mailbox simulator and numbers of the SMS simulator mean here what
they mean on AWS; every other message is delivered.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parseaddr
from typing import Any

SIMULATOR_DOMAIN = "simulator.amazonses.com"

#: What follows ``Send`` for a mailbox of the simulator: event type, and the subtype of a bounce.
MAILBOX_OUTCOMES: dict[str, tuple[tuple[str, str], ...]] = {
    "bounce": (("Bounce", "General"),),
    "suppressionlist": (("Bounce", "OnAccountSuppressionList"),),
    "complaint": (("Delivery", ""), ("Complaint", "")),
}
DELIVERED = (("Delivery", ""),)

#: Numbers of the SMS simulator whose messages fail (Australia, Austria, Belgium, Denmark, Finland, France).
FAILING_NUMBERS = frozenset(
    {"+61455944039", "+43676800442032", "+32460213923", "+4525919215", "+3584573979111", "+33755512502"}
)


@dataclass(frozen=True)
class SentEmail:
    """What the receipts of an e-mail say of it."""

    message_id: str
    sender: str
    recipients: list[str]
    subject: str
    configuration_set: str
    account: str
    region: str
    sent_at: datetime
    tags: dict[str, str] = field(default_factory=dict)


def email_events(email: SentEmail) -> list[dict[str, Any]]:
    """Return the events of an e-mail in the order in which SES publishes them."""
    mail = _mail(email)
    events: list[dict[str, Any]] = [{"eventType": "Send", "mail": mail, "send": {}}]
    for recipient in email.recipients:
        address = parseaddr(recipient)[1]
        mailbox, _, domain = address.lower().partition("@")
        simulated = MAILBOX_OUTCOMES.get(mailbox.partition("+")[0], DELIVERED)
        for kind, subtype in simulated if domain == SIMULATOR_DOMAIN else DELIVERED:
            detail = _detail(kind, subtype, address, email)
            events.append({"eventType": kind, "mail": mail, kind.lower(): detail})
    return events


def _mail(email: SentEmail) -> dict[str, Any]:
    address = parseaddr(email.sender)[1]
    return {
        "timestamp": _timestamp(email.sent_at),
        "source": email.sender,
        "sourceArn": f"arn:aws:ses:{email.region}:{email.account}:identity/{address}",
        "sendingAccountId": email.account,
        "messageId": email.message_id,
        "destination": email.recipients,
        "headersTruncated": False,
        "headers": [
            {"name": "From", "value": email.sender},
            {"name": "To", "value": ", ".join(email.recipients)},
            {"name": "Subject", "value": email.subject},
        ],
        "commonHeaders": {
            "from": [email.sender],
            "to": email.recipients,
            "messageId": email.message_id,
            "subject": email.subject,
        },
        "tags": {
            "ses:configuration-set": [email.configuration_set],
            "ses:source-ip": ["127.0.0.1"],
            "ses:from-domain": [address.rpartition("@")[2]],
            "ses:caller-identity": ["hearback-local"],
            **{name: [value] for name, value in email.tags.items()},
        },
    }


def _detail(kind: str, subtype: str, address: str, email: SentEmail) -> dict[str, Any]:
    at = _timestamp(email.sent_at)
    if kind == "Delivery":
        return {
            "timestamp": at,
            "processingTimeMillis": 200,
            "recipients": [address],
            "smtpResponse": "250 2.6.0 Message received",
            "reportingMTA": "localhost",
        }
    if kind == "Bounce":
        return {
            "bounceType": "Permanent",
            "bounceSubType": subtype,
            "bouncedRecipients": [
                {
                    "emailAddress": address,
                    "action": "failed",
                    "status": "5.1.1",
                    "diagnosticCode": "smtp; 550 5.1.1 user unknown",
                }
            ],
            "timestamp": at,
            "feedbackId": f"bounce-{email.message_id}",
            "reportingMTA": "dns; localhost",
        }
    return {
        "complainedRecipients": [{"emailAddress": address}],
        "timestamp": at,
        "feedbackId": f"complaint-{email.message_id}",
        "userAgent": "SES mailbox simulator",
        "complaintFeedbackType": "abuse",
        "arrivalDate": at,
    }


def sms_event(
    *, message_id: str, to: str, sender: str, message_type: str, context: dict[str, str], sent_at: datetime
) -> dict[str, Any]:
    """Return the final event of an SMS: the carrier delivered it, or the simulator's number refused it."""
    failed = to in FAILING_NUMBERS
    milliseconds = int(sent_at.timestamp() * 1000)
    return {
        "eventType": "TEXT_INVALID" if failed else "TEXT_DELIVERED",
        "eventVersion": "1.0",
        "eventTimestamp": milliseconds + 200,
        "isFinal": True,
        "originationPhoneNumber": sender,
        "destinationPhoneNumber": to,
        "messageId": message_id,
        "messageRequestTimestamp": milliseconds,
        "messageEncoding": "GSM",
        "messageType": message_type,
        "messageStatus": "INVALID" if failed else "DELIVERED",
        "messageStatusDescription": "Phone number is invalid" if failed else "Message has been accepted by phone",
        "context": context,
        "totalMessageParts": 1,
        "totalMessagePrice": 0.0,
        "totalCarrierFee": 0.0,
    }


def sms_answer(*, inbound_id: str, sent: dict[str, Any], text: str) -> dict[str, Any]:
    """Return what a number with two-way SMS and self-managed opt-outs publishes when somebody answers.

    Shape: End User Messaging SMS user guide, "Example of a two-way SMS message payload".
    """
    return {
        "originationNumber": sent["to"][0],
        "destinationNumber": sent["from"],
        "messageKeyword": "KEYWORD_000000000000",
        "messageBody": text,
        "inboundMessageId": inbound_id,
        "previousPublishedMessageId": sent["id"],
    }


def _timestamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"
