"""EasyPost's tracker events (https://docs.easypost.com/docs/trackers).

10 statuses, and some 28 details of which a few change the status and more give a reason.
"""

from __future__ import annotations

from shared.domain.deliveries import DeliveryReason, DeliveryStatus
from shared.domain.tracking.providers import Provider
from shared.domain.tracking.trackers import Meaning, Scan, Told, ToldMoment, ToldTime, Tracker, Word

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
DETAILS = {
    "delivery_exception": DeliveryStatus.ATTEMPT_FAILED,
    "expired": DeliveryStatus.EXPIRED,
    "return": DeliveryStatus.RETURNING,
}
"""Details that are a status of their own with us, where the status leaves it open."""
OPEN = frozenset({"unknown", "error", "in_transit", "failure"})
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
DOCUMENTED = frozenset(
    {
        *DETAILS,
        *REASONS,
        "arrived_at_destination",
        "arrived_at_facility",
        "arrived_at_pickup_location",
        "cancelled",
        "departed_facility",
        "departed_origin_facility",
        "failure",
        "in_transit",
        "label_created",
        "out_for_delivery",
        "received_at_destination_facility",
        "received_at_origin_facility",
        "status_update",
        "transferred_to_destination_carrier",
        "unknown",
    }
)
"""The details that EasyPost's own clients list."""
EVENTS = frozenset({"tracker.created", "tracker.updated"})


def meaning(status: str, detail: str | None = None) -> Meaning:
    """What a status and its detail say; a detail that is new leaves the status as it is."""
    ours = STATUSES.get(status)
    if ours is None:
        return Meaning(DeliveryStatus.UNKNOWN, known=False)
    if status in OPEN and detail in DETAILS:
        ours = DETAILS[detail]
    reason = REASONS.get(detail or "") or (DeliveryReason.OTHER if ours is DeliveryStatus.EXCEPTION else None)
    return Meaning(ours, reason, known=not detail or detail in DOCUMENTED)


class Detail(Told):
    """One entry of the history."""

    status: Word
    status_detail: Word | None = None
    datetime: ToldTime | None = None


class Result(Told):
    """The tracker that the event is about."""

    id: Word
    tracking_code: Word | None = None
    status: Word
    status_detail: Word | None = None
    updated_at: ToldTime | None = None
    est_delivery_date: ToldMoment = None
    carrier: Word | None = None
    tracking_details: tuple[Detail, ...] = ()


class Webhook(Told):
    """What EasyPost posts as `tracker.created` or `tracker.updated`, each with the whole history."""

    description: Word
    result: Result


def read(webhook: Webhook) -> Tracker:
    """The parcel that an event tells of."""
    told = webhook.result
    return Tracker(
        provider=Provider.EASYPOST,
        tracker_id=told.id,
        tracking_number=told.tracking_code,
        delivery_id=None,
        hints=(),
        scans=tuple(
            Scan(meaning(scan.status, scan.status_detail), scan.datetime, scan.status, scan.status_detail)
            for scan in told.tracking_details
        ),
        whole=Scan(meaning(told.status, told.status_detail), told.updated_at, told.status, told.status_detail),
        estimated_at=told.est_delivery_date,
    )
