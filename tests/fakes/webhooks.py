"""Webhooks as tracking providers send them, and their signatures, made by another way than ours are verified.

HMAC is written out here by its definition (RFC 2104), so that the oracle shares no code with what it checks.
"""

from __future__ import annotations

import base64
import hashlib
import json
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from standardwebhooks import Webhook as StandardWebhook

SIGNED_AT = datetime(2026, 11, 22, 12, tzinfo=UTC)


def hmac_sha256(key: bytes, message: bytes) -> bytes:
    """RFC 2104: H((K ^ opad) || H((K ^ ipad) || message)), for keys of at most one block."""
    block = key.ljust(64, b"\0")
    assert len(block) == 64
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block) + message).digest()
    return hashlib.sha256(bytes(byte ^ 0x5C for byte in block) + inner).digest()


def signed(provider: str, body: bytes, secret: str, at: datetime = SIGNED_AT) -> dict[str, str]:
    """The headers with which a provider would have signed a body."""
    timestamp = str(int(at.timestamp()))
    if provider == "aftership":
        return {"Aftership-Hmac-Sha256": base64.b64encode(hmac_sha256(secret.encode(), body)).decode()}
    if provider == "easypost":
        key = unicodedata.normalize("NFKD", secret).encode()
        return {"X-Hmac-Signature": "hmac-sha256-hex=" + hmac_sha256(key, body).hex()}
    if provider == "shippo":
        signature = hmac_sha256(secret.encode(), f"{timestamp}.".encode() + body).hex()
        return {"Shippo-Auth-Signature": f"t={timestamp},v1={signature}"}
    assert provider == "hearback"
    signature = StandardWebhook(secret).sign("msg_1", at, body.decode())
    return {"webhook-id": "msg_1", "webhook-timestamp": timestamp, "webhook-signature": signature}


def as_body(content: Any) -> bytes:
    """JSON as it goes over the wire."""
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()


Scan = tuple[str, str | None, str]
"""A status, a detail, and when."""


def easypost(
    scans: Sequence[Scan], *, number: str = "PI000000001DE", tracker: str = "trk_1", **result: Any
) -> dict[str, Any]:
    """A `tracker.updated` of EasyPost."""
    details = [{"status": word, "status_detail": detail, "datetime": at} for word, detail, at in scans]
    status, detail, at = scans[-1] if scans else ("unknown", None, "2026-11-22T08:00:00Z")
    told = {"id": tracker, "object": "Tracker", "tracking_code": number, "status": status, "status_detail": detail}
    told |= {"updated_at": at, "est_delivery_date": None, "carrier": "DHL", "signed_by": "A. Lovelace"}
    return {
        "id": "evt_1",
        "object": "Event",
        "description": "tracker.updated",
        "result": told | {"tracking_details": details} | result,
    }


def aftership(
    scans: Sequence[Scan], *, number: str = "PI000000001DE", tracker: str = "0123456789abcdef", **msg: Any
) -> dict[str, Any]:
    """A `tracking_update` of AfterShip."""
    checkpoints = [{"checkpoint_time": at, "tag": tag, "subtag": subtag, "slug": "dhl"} for tag, subtag, at in scans]
    tag, subtag, at = scans[-1] if scans else ("Pending", "Pending_001", "2026-11-22T08:00:00Z")
    told = {"id": tracker, "tracking_number": number, "slug": "dhl", "tag": tag, "subtag": subtag, "updated_at": at}
    return {
        "event": "tracking_update",
        "event_id": "94dadd60-ed26-46d0-aa52-3ced925a50ff",
        "is_tracking_first_tag": False,
        "ts": 1_795_000_000,
        "msg": told | {"checkpoints": checkpoints} | msg,
    }


def shippo(scans: Sequence[Scan], *, number: str = "PI000000001DE", **data: Any) -> dict[str, Any]:
    """A `track_updated` of Shippo."""
    history = [
        {"status": status, "substatus": {"code": code, "text": "", "action_required": False} if code else None}
        | {"status_date": at, "status_details": "", "object_id": "x"}
        for status, code, at in scans
    ]
    told: dict[str, Any] = {
        "carrier": "dhl_express",
        "tracking_number": number,
        "metadata": "Order 000123",
        "eta": None,
    }
    told |= {"tracking_status": history[-1] if history else None, "tracking_history": history}
    return {"event": "track_updated", "test": False, "carrier": "dhl_express", "data": told | data}


def hearback(delivery_id: str, *events: Mapping[str, Any]) -> dict[str, Any]:
    """Our own plain webhook."""
    return {"type": "delivery.events", "data": {"delivery_id": delivery_id, "events": list(events)}}
