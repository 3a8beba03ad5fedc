"""The carriers' histories of the demo: tracker events of EasyPost, told by way of our deliveries endpoints."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from shared.domain.deliveries import DeliveryReason, DeliveryStatus
from shared.domain.tracking import easypost


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
    webhook = easypost.Webhook.model_validate_json(file.read_bytes())
    tracker = easypost.read(webhook)
    scans = (
        Scan(scan.meaning.status, scan.meaning.reason, scan.occurred_at, _words(scan.word, scan.detail))
        for scan in tracker.scans
        if scan.occurred_at is not None
    )
    return Tracker(
        tracking_code=tracker.tracking_number or "",
        carrier=re.sub(r"[^a-z0-9]+", "-", (webhook.result.carrier or "").lower()),
        promised_from=tracker.estimated_at,
        scans=tuple(scans),
    )


def _words(status: str, detail: str | None) -> str:
    return f"{status}/{detail}" if detail else status
