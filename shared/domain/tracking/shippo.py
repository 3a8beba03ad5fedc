"""Shippo's tracking webhooks (https://docs.goshippo.com/tracking/webhooks), fields as in its own clients' models.

6 statuses. "Out for delivery" is none of them: it is a substatus of `TRANSIT`, as are appointments and failed attempts.
"""

from __future__ import annotations

from shared.domain.base import IDENTIFIER
from shared.domain.deliveries import DeliveryReason, DeliveryStatus
from shared.domain.tracking.providers import Provider
from shared.domain.tracking.trackers import Meaning, Scan, Told, ToldMoment, ToldTime, Tracker, Word

STATUSES = {
    "UNKNOWN": DeliveryStatus.UNKNOWN,
    "PRE_TRANSIT": DeliveryStatus.INFO_RECEIVED,
    "TRANSIT": DeliveryStatus.IN_TRANSIT,
    "DELIVERED": DeliveryStatus.DELIVERED,
    "RETURNED": DeliveryStatus.RETURNED,
    "FAILURE": DeliveryStatus.EXCEPTION,
}
IN_TRANSIT = {
    "information_received": DeliveryStatus.INFO_RECEIVED,
    "delivery_scheduled": DeliveryStatus.APPOINTMENT_SET,
    "delivery_rescheduled": DeliveryStatus.APPOINTMENT_SET,
    "out_for_delivery": DeliveryStatus.OUT_FOR_DELIVERY,
    "pickup_available": DeliveryStatus.AVAILABLE_FOR_PICKUP,
    "delivery_attempted": DeliveryStatus.ATTEMPT_FAILED,
    "notice_left": DeliveryStatus.ATTEMPT_FAILED,
    "delayed": DeliveryStatus.EXCEPTION,
    "address_issue": DeliveryStatus.EXCEPTION,
    "package_held": DeliveryStatus.EXCEPTION,
    "contact_carrier": DeliveryStatus.EXCEPTION,
    "return_to_sender": DeliveryStatus.RETURNING,
}
"""Substatuses of `TRANSIT` that are a status of their own with us; any other `package_…` is in transit."""
REASONS = {
    "delayed": DeliveryReason.DELAYED,
    "address_issue": DeliveryReason.ADDRESS,
    "package_held": DeliveryReason.HELD,
    "contact_carrier": DeliveryReason.CARRIER,
    "package_damaged": DeliveryReason.DAMAGED,
    "package_lost": DeliveryReason.LOST,
}
PACKAGE = frozenset(
    {
        "package_accepted",
        "package_arrived",
        "package_damaged",
        "package_departed",
        "package_disposed",
        "package_forwarded",
        "package_held",
        "package_lost",
        "package_processed",
        "package_processing",
        "package_unclaimed",
        "package_undeliverable",
    }
)
DOCUMENTED = frozenset(
    {*IN_TRANSIT, *PACKAGE, "delivered", "location_inaccessible", "other", "reschedule_delivery"}
)  # fmt: skip
"""The substatuses that are seen of Shippo."""
EVENT = "track_updated"


def meaning(status: str, substatus: str | None = None) -> Meaning:
    """What a status and its substatus say.

    `TRANSIT` covers nearly everything, so there a substatus that we do not place says nothing that could be told.
    """
    ours = STATUSES.get(status)
    if ours is None:
        return Meaning(DeliveryStatus.UNKNOWN, known=False)
    if substatus and ours is DeliveryStatus.IN_TRANSIT:
        if substatus not in IN_TRANSIT and not substatus.startswith("package_"):
            return Meaning(DeliveryStatus.UNKNOWN, known=False)
        ours = IN_TRANSIT.get(substatus, ours)
    reason = REASONS.get(substatus or "") or (DeliveryReason.OTHER if ours is DeliveryStatus.EXCEPTION else None)
    return Meaning(ours, reason, known=not substatus or substatus in DOCUMENTED)


class Substatus(Told):
    """The detail of a status."""

    code: Word | None = None


class TrackingStatus(Told):
    """One entry of the history."""

    status: Word
    substatus: Substatus | None = None
    status_date: ToldTime | None = None

    @property
    def scan(self) -> Scan:
        """In our words."""
        code = self.substatus.code if self.substatus else None
        return Scan(meaning(self.status, code), self.status_date, self.status, code)


class Track(Told):
    """The parcel that the webhook is about."""

    tracking_number: Word
    metadata: Word | None = None
    eta: ToldMoment = None
    tracking_status: TrackingStatus | None = None
    tracking_history: tuple[TrackingStatus, ...] | None = None


class Webhook(Told):
    """What Shippo posts as `track_updated`, each with the whole history."""

    event: Word
    data: Track


def read(webhook: Webhook) -> Tracker:
    """The parcel that a webhook tells of."""
    told = webhook.data
    latest = (told.tracking_status,) if told.tracking_status else ()
    scans = tuple(status.scan for status in (*(told.tracking_history or ()), *latest))
    return Tracker(
        provider=Provider.SHIPPO,
        tracker_id=None,
        tracking_number=told.tracking_number,
        delivery_id=None,
        hints=(told.metadata,) if told.metadata and IDENTIFIER.fullmatch(told.metadata) else (),
        scans=scans,
        whole=latest[0].scan if latest else Scan(Meaning(DeliveryStatus.UNKNOWN), None, ""),
        estimated_at=told.eta,
    )
