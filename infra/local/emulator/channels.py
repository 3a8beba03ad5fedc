"""Sending: SES v2 ``SendEmail`` with receipts, and End User Messaging's ``SendTextMessage``, which ministack lacks."""

from __future__ import annotations

import base64
import json
import re
import time
import uuid
from collections.abc import Callable
from datetime import datetime
from email import message_from_bytes, policy
from typing import Any

from ministack.core.concurrency import spawn_background
from ministack.core.responses import get_account_id, get_region
from ministack.services import ses_v2, sns

from infra.local.emulator import receipts
from infra.local.emulator.outbox import Outbox

#: Receipts come after the answer to the send call, as on AWS.
RECEIPT_DELAY_SECONDS = 0.3

E164 = re.compile(r"\+[1-9][0-9]{6,14}")
MAX_SMS_CHARACTERS = 1600
MAX_CONTEXT_ENTRIES = 5

OK = 200
BAD_REQUEST = 400

Answer = tuple[int, dict[str, Any], bytes]


def _publish(events: list[tuple[dict[str, Any], list[str]]]) -> None:
    time.sleep(RECEIPT_DELAY_SECONDS)
    for event, topics in events:
        for topic in topics:
            sns.publish_internal(topic, json.dumps(event), "Amazon SES Email Event Notification")


def _topics(configuration_set: str | None = None, event_type: str | None = None) -> list[str]:
    """Return the SNS topics that event destinations name; of one configuration set and event type, or all."""
    found = []
    for name, configured in list(ses_v2._config_sets.items()):
        if configuration_set is not None and name != configuration_set:
            continue
        for destination in (configured.get("EventDestinations") or {}).values():
            topic = (destination.get("SnsDestination") or {}).get("TopicArn")
            wanted = event_type is None or event_type in (destination.get("MatchingEventTypes") or [])
            if topic and destination.get("Enabled", True) and wanted and topic not in found:
                found.append(topic)
    return found


class Channels:
    """Both channels.

    Args:
        outbox: where what they send is kept.
        now: tells when it was sent.
    """

    def __init__(self, outbox: Outbox, now: Callable[[], datetime]) -> None:
        self._outbox = outbox
        self._now = now
        self._ses_upstream = ses_v2.handle_request

    def install(self) -> None:
        """Take SES's requests over, before the first one."""
        ses_v2.handle_request = self._ses

    async def _ses(self, method: str, path: str, headers: Any, body: bytes, query: Any) -> Any:
        sending = method == "POST" and path.rstrip("/").endswith("/outbound-emails")
        request = json.loads(body) if sending else {}
        configuration_set = request.get("ConfigurationSetName", "")
        if configuration_set and configuration_set not in ses_v2._config_sets:
            return _refuse("NotFoundException", f"Configuration set <{configuration_set}> does not exist.", 404)
        status, answer_headers, answer = await self._ses_upstream(method, path, headers, body, query)
        if not sending or status != OK:
            return status, answer_headers, answer
        # SES's ids name no host, and receipts carry the same id.
        message_id = json.loads(answer)["MessageId"].partition("@")[0]
        self._sent_email(message_id, request, configuration_set)
        return status, {"Content-Type": "application/json"}, json.dumps({"MessageId": message_id}).encode()

    def _sent_email(self, message_id: str, request: dict[str, Any], configuration_set: str) -> None:
        destination = request.get("Destination") or {}
        to = [address for field in ("To", "Cc", "Bcc") for address in destination.get(f"{field}Addresses") or []]
        content = _read(request.get("Content") or {})
        sender = request.get("FromEmailAddress") or content["sender"]
        to = to or content["to"]
        tags = {tag["Name"]: tag["Value"] for tag in request.get("EmailTags") or []}
        self._outbox.add(
            message_id=message_id,
            channel="email",
            to=to,
            sender=sender,
            subject=content["subject"],
            text=content["text"],
            html=content["html"],
            headers=content["headers"],
            tags=tags,
        )
        email = receipts.SentEmail(
            message_id=message_id,
            sender=sender,
            recipients=to,
            subject=content["subject"],
            configuration_set=configuration_set,
            account=get_account_id(),
            region=get_region(),
            sent_at=self._now(),
            tags=tags,
        )
        if configuration_set:
            events = [
                (event, _topics(configuration_set, event["eventType"].upper()))
                for event in receipts.email_events(email)
            ]
            spawn_background(_publish, events, thread_name="ses-receipts")

    def text_messages(self, operation: str, body: bytes) -> Answer:
        """Answer a call of End User Messaging SMS (``pinpoint-sms-voice-v2``).

        Args:
            operation: from the request's X-Amz-Target.
            body: the request's JSON.
        """
        if operation != "SendTextMessage":
            return _json_error("ValidationException", f"{operation} is not emulated.")
        request = json.loads(body or b"{}")
        number, text = str(request.get("DestinationPhoneNumber", "")), str(request.get("MessageBody", ""))
        context = request.get("Context") or {}
        if not E164.fullmatch(number):
            return _json_error("ValidationException", "DestinationPhoneNumber is not in E.164 format.")
        if not 1 <= len(text) <= MAX_SMS_CHARACTERS:
            return _json_error("ValidationException", "MessageBody must have 1 to 1600 characters.")
        if len(context) > MAX_CONTEXT_ENTRIES:
            return _json_error("ValidationException", "Context has at most 5 entries.")
        message_id = str(uuid.uuid4())
        if not request.get("DryRun"):
            self._sent_sms(message_id, request, number, text, context)
        return OK, {"Content-Type": "application/x-amz-json-1.0"}, json.dumps({"MessageId": message_id}).encode()

    def answer_sms(self, message_id: str, text: str) -> bool:
        """Publish what somebody answers to an SMS, as their phone would send it; False if no such SMS was sent."""
        sent = self._outbox.answer(message_id, text)
        if sent is None:
            return False
        event = receipts.sms_answer(inbound_id=str(uuid.uuid4()), sent=sent, text=text)
        spawn_background(_publish, [(event, _topics())], thread_name="sms-answer")
        return True

    def _sent_sms(
        self, message_id: str, request: dict[str, Any], number: str, text: str, context: dict[str, str]
    ) -> None:
        sender = str(request.get("OriginationIdentity", ""))
        self._outbox.add(
            message_id=message_id, channel="sms", to=[number], sender=sender, text=text, tags=context
        )  # fmt: skip
        event = receipts.sms_event(
            message_id=message_id,
            to=number,
            sender=sender,
            message_type=request.get("MessageType", "TRANSACTIONAL"),
            context=context,
            sent_at=self._now(),
        )
        # The SMS configuration set exists on AWS only; there as here its events go where those of e-mail go.
        spawn_background(_publish, [(event, _topics())], thread_name="sms-receipts")


def _read(content: dict[str, Any]) -> dict[str, Any]:
    """Return sender, recipients, subject, parts and headers of an e-mail, simple or raw."""
    simple = content.get("Simple")
    if simple:
        body = simple.get("Body") or {}
        return {
            "sender": "",
            "to": [],
            "subject": (simple.get("Subject") or {}).get("Data", ""),
            "text": (body.get("Text") or {}).get("Data", ""),
            "html": (body.get("Html") or {}).get("Data", ""),
            "headers": {header["Name"]: header["Value"] for header in simple.get("Headers") or []},
        }
    data = base64.b64decode((content.get("Raw") or {}).get("Data", ""))
    mime = message_from_bytes(data, policy=policy.default)
    parts = {kind: mime.get_body(preferencelist=(kind,)) for kind in ("plain", "html")}
    return {
        "sender": str(mime.get("From", "")),
        "to": [str(address) for name in ("To", "Cc") for address in getattr(mime[name], "addresses", ())],
        "subject": str(mime.get("Subject", "")),
        "text": parts["plain"].get_content() if parts["plain"] else "",
        "html": parts["html"].get_content() if parts["html"] else "",
        "headers": {name: str(value) for name, value in mime.items()},
    }


def _refuse(code: str, message: str, status: int) -> Answer:
    headers = {"Content-Type": "application/json", "x-amzn-errortype": code}
    return status, headers, json.dumps({"message": message}).encode()


def _json_error(code: str, message: str) -> Answer:
    headers = {"Content-Type": "application/x-amz-json-1.0"}
    return BAD_REQUEST, headers, json.dumps({"__type": code, "Message": message}).encode()
