"""EasyPost's tracker events in our words: their 10 statuses, and the details that change a status or give a reason."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from shared.domain.deliveries import DeliveryReason, DeliveryStatus

STATUSES = {
    "unknown": DeliveryStatus.UNKNOWN,
    "error": DeliveryStatus.UNKNOWN,
    "pre_transit": DeliveryStatus.INFO_RECEIVED,
    "in_transit": DeliveryStatus.IN_TRANSIT,
    "out_for_delivery": DeliveryStatus.OUT_FOR_DELIVERY,
    "delivered": DeliveryStatus.DELIVERED,
    "available_for_pickup": DeliveryStatus.AVAILABLE_FOR_PICKUP,
    "return_to_sender": DeliveryStatus.RETURNING,
    "failure": DeliveryStatus.EXCEPTION,
    "cancelled": DeliveryStatus.CANCELLED,
}
FAILURES = {"delivery_exception": DeliveryStatus.ATTEMPT_FAILED, "expired": DeliveryStatus.EXPIRED}
"""Details of `failure` that are a status of their own with us."""
REASONS = {
    "address_correction": DeliveryReason.ADDRESS,
    "awaiting_information": DeliveryReason.DOCUMENTS,
    "damaged": DeliveryReason.DAMAGED,
    "delayed": DeliveryReason.DELAYED,
    "held": DeliveryReason.HELD,
    "lost": DeliveryReason.LOST,
    "missorted": DeliveryReason.CARRIER,
    "refused": DeliveryReason.REFUSED,
    "transit_exception": DeliveryReason.CARRIER,
    "weather_delay": DeliveryReason.WEATHER,
}


class Scan(NamedTuple):
    """One entry of a tracker's history, in our words."""

    status: DeliveryStatus
    reason: DeliveryReason | None
    occurred_at: datetime
    raw_status: str


class Tracker(NamedTuple):
    """A parcel as EasyPost tells of it; its scans in the order in which they are listed."""

    tracking_code: str
    carrier: str
    promised_from: datetime | None
    scans: tuple[Scan, ...]


def read(file: Path) -> Tracker:
    """The tracker of a `tracker.updated` event."""
    result = json.loads(file.read_text(encoding="utf-8"))["result"]
    promised = result["est_delivery_date"]
    return Tracker(
        tracking_code=result["tracking_code"],
        carrier=re.sub(r"[^a-z0-9]+", "-", result["carrier"].lower()),
        promised_from=datetime.fromisoformat(promised) if promised else None,
        scans=tuple(scan(detail) for detail in result["tracking_details"]),
    )


def scan(detail: Mapping[str, Any]) -> Scan:
    """One tracking detail. A status that EasyPost does not document is unknown, never a guess."""
    word, more = detail["status"], detail.get("status_detail") or ""
    status = STATUSES.get(word, DeliveryStatus.UNKNOWN)
    if status is DeliveryStatus.EXCEPTION:
        status = FAILURES.get(more, status)
    return Scan(
        status,
        REASONS.get(more, DeliveryReason.OTHER if status is DeliveryStatus.EXCEPTION else None),
        datetime.fromisoformat(detail["datetime"]),
        f"{word}/{more}" if more else word,
    )
