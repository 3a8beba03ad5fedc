"""A parcel as it is told: no name and no address, only the `person_id`."""

from __future__ import annotations

from typing import Self

from shared.domain.base import Frozen, Instant
from shared.domain.deliveries import Delivery, DeliveryReason, DeliveryStatus
from shared.domain.promises import Window
from shared.domain.surveys import SurveyId


class DeliveryEventTold(Frozen):
    """One thing that happened to a parcel."""

    event_id: str
    status: DeliveryStatus
    reason: DeliveryReason | None
    occurred_at: Instant
    learned_at: Instant
    raw_status: str | None


class DeliveryTold(Frozen):
    """A parcel as we know it: no name and no address, only the `person_id`."""

    delivery_id: str
    status: DeliveryStatus
    reason: DeliveryReason | None
    person: str | None
    carrier: str | None
    tracking_number: str | None
    promise: Window | None
    time_zone: str | None
    survey: SurveyId | None
    events: tuple[DeliveryEventTold, ...]

    @classmethod
    def of(cls, delivery: Delivery) -> Self:
        """A delivery as it is told; its events in the order in which they happened."""
        registration, current = delivery.registration, delivery.current
        return cls(
            delivery_id=delivery.delivery_id,
            status=delivery.status,
            reason=current.reason if current else None,
            person=delivery.person_id,
            carrier=registration.carrier if registration else None,
            tracking_number=registration.tracking_number if registration else None,
            promise=registration.promise if registration else None,
            time_zone=registration.time_zone if registration else None,
            survey=registration.survey_id if registration else None,
            events=tuple(
                DeliveryEventTold(**event.model_dump())
                for event in sorted(delivery.history, key=lambda event: event.occurred_at)
            ),
        )
