"""A parcel as it is told: no name and no address, only the `person_id`."""

from __future__ import annotations

from typing import Self

from shared.domain.base import Frozen, Instant
from shared.domain.deliveries import Delivery, DeliveryReason, DeliveryStatus, counting
from shared.domain.promises import Outcome, Promise, Window
from shared.domain.surveys import SurveyId


class DeliveryEventTold(Frozen):
    """One thing that happened to a parcel.

    Args:
        corrected: Whether another event took it back, so that it counts no more.
        contradicts: Whether it can not be true together with what decides the status; correct one of the two.
    """

    event_id: str
    status: DeliveryStatus
    reason: DeliveryReason | None
    occurred_at: Instant
    learned_at: Instant
    raw_status: str | None
    raw_substatus: str | None
    provider: str | None
    corrects: str | None
    estimated_at: Instant | None
    corrected: bool
    contradicts: bool


class PromiseTold(Frozen):
    """A window that the customer was told, and what became of it.

    Args:
        window: The window.
        told_at: When it was told first.
        by_customer: Whether the customer chose it.
        outcome: What became of it; null while that is open.
        by_seconds: By how much it was missed.
        superseded: Verdicts that were written before and stand no more, because a fact was corrected.
    """

    window: Window
    told_at: Instant
    by_customer: bool
    outcome: Outcome | None
    by_seconds: int | None
    superseded: tuple[Outcome, ...]


class DeliveryTold(Frozen):
    """A parcel as we know it: no name and no address, only the `person_id`.

    Args:
        estimated_at: When it is expected, by whoever said so last.
        contradicted: Whether its events contradict each other, so that a person has to say which is wrong.
    """

    delivery_id: str
    status: DeliveryStatus
    reason: DeliveryReason | None
    person: str | None
    carrier: str | None
    tracking_number: str | None
    promise: Window | None
    promises: tuple[PromiseTold, ...]
    estimated_at: Instant | None
    time_zone: str | None
    region: str | None
    brand: str | None
    survey: SurveyId | None
    contradicted: bool
    events: tuple[DeliveryEventTold, ...]

    @classmethod
    def of(cls, delivery: Delivery) -> Self:
        """A delivery as it is told; its events in the order in which they happened."""
        registration, current = delivery.registration, delivery.current
        contradicting = {event.event_id for event in delivery.contradictions}
        counts = {event.event_id for event in counting(delivery.history)}
        return cls(
            delivery_id=delivery.delivery_id,
            status=delivery.status,
            reason=current.reason if current else None,
            person=delivery.person_id,
            carrier=registration.carrier if registration else None,
            tracking_number=registration.tracking_number if registration else None,
            promise=registration.promise if registration else None,
            promises=tuple(_promise(delivery, promise) for promise in delivery.promises),
            estimated_at=delivery.estimated_at,
            time_zone=registration.time_zone if registration else None,
            region=registration.region if registration else None,
            brand=registration.brand_id if registration else None,
            survey=registration.survey_id if registration else None,
            contradicted=bool(contradicting),
            events=tuple(
                DeliveryEventTold(
                    **event.model_dump(),
                    corrected=event.event_id not in counts,
                    contradicts=event.event_id in contradicting,
                )
                for event in sorted(delivery.history, key=lambda event: event.occurred_at)
            ),
        )


def _promise(delivery: Delivery, promise: Promise) -> PromiseTold:
    stands = delivery.standing_verdicts.get(promise.promise_id)
    written = [verdict for verdict in delivery.verdicts if verdict.promise_id == promise.promise_id]
    return PromiseTold(
        window=promise.window,
        told_at=promise.told_at,
        by_customer=promise.by_customer,
        outcome=stands.outcome if stands else None,
        by_seconds=stands.by_seconds if stands else None,
        superseded=tuple(verdict.outcome for verdict in written[:-1] if verdict.outcome is not Outcome.OPEN),
    )


class ContradictedTold(Frozen):
    """Parcels whose events contradict each other, those that did so last first."""

    deliveries: tuple[DeliveryTold, ...]
