"""AfterShip Tracking's webhooks (https://www.aftership.com/docs/tracking/webhook/webhook-specifications).

Its 9 tags and their sub-tags are listed under /docs/tracking/enum/delivery-statuses and .../delivery-sub-statuses.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import Field

from shared.domain.base import IDENTIFIER
from shared.domain.deliveries import DeliveryReason, DeliveryStatus
from shared.domain.tracking.providers import Provider
from shared.domain.tracking.trackers import Meaning, Scan, Told, ToldMoment, ToldTime, Tracker, Word

TAGS = {
    "Pending": DeliveryStatus.UNKNOWN,
    "InfoReceived": DeliveryStatus.INFO_RECEIVED,
    "InTransit": DeliveryStatus.IN_TRANSIT,
    "OutForDelivery": DeliveryStatus.OUT_FOR_DELIVERY,
    "AttemptFail": DeliveryStatus.ATTEMPT_FAILED,
    "Delivered": DeliveryStatus.DELIVERED,
    "AvailableForPickup": DeliveryStatus.AVAILABLE_FOR_PICKUP,
    "Exception": DeliveryStatus.EXCEPTION,
    "Expired": DeliveryStatus.EXPIRED,
}
SUBTAGS = {
    # The customer was contacted, and an appointment was made: neither says that the van has left.
    "OutForDelivery_003": DeliveryStatus.APPOINTMENT_SET,
    "OutForDelivery_004": DeliveryStatus.APPOINTMENT_SET,
    "Exception_010": DeliveryStatus.RETURNING,
    "Exception_011": DeliveryStatus.RETURNED,
}
"""Sub-tags that are a status of their own with us."""
REASONS = {
    "AttemptFail_002": DeliveryReason.NOT_HOME,
    "AttemptFail_003": DeliveryReason.BUSINESS_CLOSED,
    "Exception_002": DeliveryReason.ADDRESS,
    "Exception_003": DeliveryReason.REFUSED,
    "Exception_004": DeliveryReason.CUSTOMS,
    "Exception_005": DeliveryReason.DELAYED,
    "Exception_006": DeliveryReason.PAYMENT_DUE,
    "Exception_007": DeliveryReason.ADDRESS,
    "Exception_009": DeliveryReason.CARRIER,
    "Exception_012": DeliveryReason.DAMAGED,
    "Exception_013": DeliveryReason.LOST,
    "Exception_016": DeliveryReason.CARRIER,
    "Exception_017": DeliveryReason.WEATHER,
    "Exception_018": DeliveryReason.DOCUMENTS,
}
DOCUMENTED = frozenset(
    {
        *(f"Delivered_{number:03d}" for number in range(1, 6)),
        "AvailableForPickup_001",
        *(f"Exception_{number:03d}" for number in (*range(1, 14), 16, 17, 18)),
        *(f"AttemptFail_{number:03d}" for number in range(1, 4)),
        *(f"InTransit_{number:03d}" for number in range(1, 11)),
        "InfoReceived_001",
        *(f"OutForDelivery_{number:03d}" for number in (1, 3, 4)),
        *(f"Pending_{number:03d}" for number in range(1, 7)),
        "Expired_001",
    }
)
"""The sub-tags that AfterShip lists."""


def meaning(tag: str, subtag: str | None = None) -> Meaning:
    """What a tag and its sub-tag say.

    A sub-tag that is new keeps the status of its tag, which AfterShip gives itself, but for `OutForDelivery`: its text
    reads "or it is ready to pickup", so only the sub-tag says which.
    """
    status = TAGS.get(tag)
    if status is None:
        return Meaning(DeliveryStatus.UNKNOWN, known=False)
    if not subtag:
        return Meaning(status, DeliveryReason.OTHER if status is DeliveryStatus.EXCEPTION else None)
    known = subtag in DOCUMENTED and subtag.startswith(f"{tag}_")
    if not known and status is DeliveryStatus.OUT_FOR_DELIVERY:
        return Meaning(DeliveryStatus.UNKNOWN, known=False)
    if known:
        status = SUBTAGS.get(subtag, status)
    reason = REASONS.get(subtag) if known else None
    return Meaning(status, reason or (DeliveryReason.OTHER if status is DeliveryStatus.EXCEPTION else None), known)


class Checkpoint(Told):
    """One entry of the history."""

    checkpoint_time: ToldTime | None = None
    tag: Word
    subtag: Word | None = None


class Estimate(Told):
    """An estimated arrival: a moment, or a window."""

    moment: ToldMoment = Field(default=None, alias="datetime")
    datetime_max: ToldMoment = None

    @property
    def at(self) -> datetime | None:
        """The end of the window if it has one: only after it the estimate was wrong."""
        return self.datetime_max or self.moment


class Message(Told):
    """The tracking that the webhook is about."""

    id: Word | None = None
    tracking_number: Word
    tag: Word
    subtag: Word | None = None
    order_id: Word | None = None
    custom_fields: dict[str, Any] | None = None
    return_to_sender: bool | None = None
    updated_at: ToldTime | None = None
    latest_estimated_delivery: Estimate | None = None
    checkpoints: tuple[Checkpoint, ...] | None = None


class Webhook(Told):
    """What AfterShip posts: `tracking_update`, `edd_revise` or `tracking_pending_time`, each with the whole history."""

    event: Word
    ts: Annotated[int, Field(strict=True, ge=0, le=10**10)] | None = None
    msg: Message


def read(webhook: Webhook) -> Tracker:
    """The parcel that a webhook tells of."""
    told = webhook.msg
    named = (told.custom_fields or {}).get("delivery_id")
    whole = meaning(told.tag, told.subtag)
    word, detail = told.tag, told.subtag
    if told.return_to_sender and whole.status is not DeliveryStatus.RETURNED:
        whole, word, detail = Meaning(DeliveryStatus.RETURNING, known=whole.known), "return_to_sender", told.tag
    updated_at = told.updated_at or (datetime.fromtimestamp(webhook.ts, UTC) if webhook.ts is not None else None)
    return Tracker(
        provider=Provider.AFTERSHIP,
        tracker_id=told.id,
        tracking_number=told.tracking_number,
        delivery_id=named if isinstance(named, str) and IDENTIFIER.fullmatch(named) else None,
        hints=(told.order_id,) if told.order_id and IDENTIFIER.fullmatch(told.order_id) else (),
        scans=tuple(
            Scan(meaning(scan.tag, scan.subtag), scan.checkpoint_time, scan.tag, scan.subtag)
            for scan in told.checkpoints or ()
        ),
        whole=Scan(whole, updated_at, word, detail),
        estimated_at=told.latest_estimated_delivery.at if told.latest_estimated_delivery else None,
    )
