"""Parcels: what their carriers say of them, and what that makes true.

A delivery keeps the whole of its history, and its status is computed from all of it, so it does not depend on the order
in which events arrive, nor on how often. Each event has two clocks (as in EPCIS): when it happened, when we learned it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from shared.domain.asking import INVITATION_EXPIRES_AFTER
from shared.domain.base import Frozen, Identifier, Instant
from shared.domain.brands import DEFAULT_BRAND, BrandId
from shared.domain.messages import MessageKind
from shared.domain.people import Recipient
from shared.domain.surveys import SurveyId
from shared.domain.time_zones import TimeZone

DeliveryId = Identifier
MAX_EVENTS = 200
"""Events a delivery keeps; carriers report a few dozen at most, and an item must stay far under 400 KB."""


class DeliveryStatus(StrEnum):
    """Where a parcel is, in our words; carriers' own words are kept beside it."""

    UNKNOWN = "unknown"
    INFO_RECEIVED = "info_received"
    IN_TRANSIT = "in_transit"
    APPOINTMENT_SET = "appointment_set"
    OUT_FOR_DELIVERY = "out_for_delivery"
    ARRIVING = "arriving"
    AVAILABLE_FOR_PICKUP = "available_for_pickup"
    ATTEMPT_FAILED = "attempt_failed"
    DELIVERED = "delivered"
    EXCEPTION = "exception"
    RETURNING = "returning"
    RETURNED = "returned"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class DeliveryReason(StrEnum):
    """Why a parcel is where it is; orthogonal to its status."""

    DELAYED = "delayed"
    WEATHER = "weather"
    CUSTOMS = "customs"
    PAYMENT_DUE = "payment_due"
    ADDRESS = "address"
    NOT_HOME = "not_home"
    BUSINESS_CLOSED = "business_closed"
    REFUSED = "refused"
    DAMAGED = "damaged"
    LOST = "lost"
    DOCUMENTS = "documents"
    HELD = "held"
    CARRIER = "carrier"
    OTHER = "other"


_ORDER = {status: rank for rank, status in enumerate(DeliveryStatus)}


class Window(Frozen):
    """A span of time a customer is told; half-open."""

    start: Instant
    end: Instant

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.end <= self.start:
            raise ValueError("end must be after start")
        return self


CarriersWord = Annotated[str, StringConstraints(max_length=200)]
"""A status as its carrier or tracking provider calls it, kept as it came."""


class DeliveryEvent(Frozen):
    """One thing that happened to a parcel, as a carrier or a fleet reported it.

    Args:
        event_id: The same id again is the same event.
        status: Where the parcel was after it.
        reason: Why.
        occurred_at: When it happened, by the reporter's clock.
        learned_at: When we learned of it.
        raw_status: The carrier's or provider's own word for the status.
        raw_substatus: Its word for the detail.
        provider: Who told us, if not the shop itself (`easypost`).
        corrects: The event that was reported wrongly: it counts no more, and this one stands in its place.
        estimated_at: When the parcel is expected to arrive, as far as was known then.
    """

    event_id: Identifier
    status: DeliveryStatus
    reason: DeliveryReason | None = None
    occurred_at: Instant
    learned_at: Instant
    raw_status: CarriersWord | None = None
    raw_substatus: CarriersWord | None = None
    provider: Identifier | None = None
    corrects: Identifier | None = None
    estimated_at: Instant | None = None


class DeliveryRegistration(Frozen):
    """What a shop tells us of a parcel it handed over; without a recipient once that person was erased.

    Args:
        carrier: Who brings it.
        tracking_number: What the carrier calls it; carriers use numbers again.
        recipient: Whom it is for.
        promise: The window the customer was told.
        promised_by_customer: Whether the customer chose the window themselves in place of an earlier one, which is then
            no broken promise.
        time_zone: Where it goes; windows are told in it. Left out, nobody said.
        region: The part of the country or town it goes to, by which promises are counted.
        survey_id: The survey to invite to once it is delivered.
        brand_id: For which of the company's brands it goes.
        registered_at: When we were told.
    """

    carrier: Identifier
    tracking_number: Identifier | None = None
    recipient: Recipient | None = None
    promise: Window | None = None
    promised_by_customer: bool = False
    time_zone: TimeZone | None = None
    region: Identifier | None = None
    survey_id: SurveyId | None = None
    brand_id: BrandId = DEFAULT_BRAND
    registered_at: Instant

    @property
    def zone(self) -> str:
        """The time zone in which windows are told and weeks begin: where the parcel goes, else UTC."""
        return self.time_zone or "UTC"


class Delivery(Frozen):
    """A parcel as we know it. Without a registration it is only heard of: its events may arrive first."""

    delivery_id: DeliveryId
    registration: DeliveryRegistration | None = None
    person_id: Identifier | None = None
    history: Annotated[tuple[DeliveryEvent, ...], Field(max_length=MAX_EVENTS)] = ()
    version: int = 0

    @property
    def current(self) -> DeliveryEvent | None:
        """The event that decides the status, None before the first."""
        return deciding_event(self.history)

    @property
    def status(self) -> DeliveryStatus:
        """Where the parcel is."""
        event = self.current
        return event.status if event else DeliveryStatus.UNKNOWN

    def with_event(self, event: DeliveryEvent) -> Delivery:
        """The delivery after hearing of an event; itself, if it knew it already.

        A full history loses its oldest event that decides nothing, so that "delivered" is heard however late it comes.
        """
        if any(known.event_id == event.event_id for known in self.history):
            return self
        if self.registration is not None and self.registration.recipient is None:
            event = event.model_copy(update={"raw_status": None})
        history = (*self.history, event)
        if len(history) > MAX_EVENTS:
            deciding = deciding_event(history)
            spare = (known for known in history if known is not deciding)
            oldest = min(spare, key=lambda known: (known.occurred_at, known.event_id))
            if oldest is event:
                return self
            history = tuple(known for known in history if known is not oldest)
        return self.model_copy(update={"history": history, "version": self.version + 1})

    def with_registration(self, registration: DeliveryRegistration, person_id: str | None) -> Delivery:
        """The delivery after its shop told us of it; a later registration replaces an earlier one."""
        known = self.registration
        if known is not None and known.registered_at >= registration.registered_at:
            return self
        update = {"registration": registration, "person_id": person_id, "version": self.version + 1}
        return self.model_copy(update=update)

    def with_registration_of_erased(self, registration: DeliveryRegistration) -> Delivery:
        """The same if its recipient was erased since: all of it but the person."""
        registered = self.with_registration(registration, None)
        return self if registered is self else registered.without_person()

    def without_person(self) -> Delivery:
        """What may be kept when its recipient is erased: where the parcel was when, and what was promised.

        The carrier's own words go too, for they may name who signed.
        """
        registration = self.registration
        if registration is not None:
            registration = registration.model_copy(update={"recipient": None, "tracking_number": None})
        history = tuple(event.model_copy(update={"raw_status": None}) for event in self.history)
        update = {"registration": registration, "person_id": None, "history": history, "version": self.version + 1}
        return self.model_copy(update=update)


def deciding_event(history: Iterable[DeliveryEvent]) -> DeliveryEvent | None:
    """The event that says where a parcel is, whatever the order in which its events came to us.

    Events are taken as they happened (ties: the later stage, then the event id, so that the answer is one). Nothing
    leaves `delivered` but a return, a return ends only in `returned` (scans on the way back and the delivery to the
    sender are no news for the customer), and only a parcel that was delivered after all leaves `cancelled`: carriers'
    clocks are wrong often enough that published examples have "delivered" stamped days before "out for delivery".
    `unknown` says nothing, so it never replaces a status.
    """
    decided: DeliveryEvent | None = None
    for event in sorted(history, key=lambda event: (event.occurred_at, _ORDER[event.status], event.event_id)):
        if decided is None or _may_follow(decided.status, event.status):
            decided = event
    return decided


_ONLY_FOLLOWED_BY = {
    DeliveryStatus.DELIVERED: frozenset({DeliveryStatus.RETURNING, DeliveryStatus.RETURNED}),
    DeliveryStatus.RETURNING: frozenset({DeliveryStatus.RETURNED}),
    DeliveryStatus.RETURNED: frozenset[DeliveryStatus](),
    DeliveryStatus.CANCELLED: frozenset({DeliveryStatus.DELIVERED}),
}


def _may_follow(status: DeliveryStatus, later: DeliveryStatus) -> bool:
    return later is not DeliveryStatus.UNKNOWN and later in _ONLY_FOLLOWED_BY.get(status, _ORDER)


class Announcement(Frozen):
    """What a status obliges us to tell the customer, and until when that is worth telling."""

    kind: MessageKind
    expires_at: Instant


_KINDS = {
    DeliveryStatus.OUT_FOR_DELIVERY: (MessageKind.DELIVERY_ON_ITS_WAY, timedelta(hours=12)),
    DeliveryStatus.ARRIVING: (MessageKind.DELIVERY_ARRIVING, timedelta(minutes=30)),
    DeliveryStatus.DELIVERED: (MessageKind.DELIVERY_DELIVERED, timedelta(hours=24)),
}
ANNOUNCED_WHILE = {
    MessageKind.DELIVERY_ON_ITS_WAY: frozenset({DeliveryStatus.OUT_FOR_DELIVERY}),
    MessageKind.DELIVERY_ARRIVING: frozenset({DeliveryStatus.ARRIVING}),
    MessageKind.DELIVERY_DELIVERED: frozenset({DeliveryStatus.DELIVERED}),
    MessageKind.SURVEY_INVITATION: frozenset({DeliveryStatus.DELIVERED}),
    MessageKind.SURVEY_REMINDER: frozenset({DeliveryStatus.DELIVERED}),
}
"""In which statuses each kind is still true; checked in the same write that lets it be sent."""


def announcements(delivery: Delivery) -> tuple[Announcement, ...]:
    """What the customer is to be told now; computed from what is stored, so it can be repeated at any time."""
    event = delivery.current
    if event is None or delivery.registration is None or delivery.person_id is None or event.status not in _KINDS:
        return ()
    kind, lasts = _KINDS[event.status]
    promise = delivery.registration.promise
    expires_at = event.occurred_at + lasts
    if kind is MessageKind.DELIVERY_ON_ITS_WAY and promise is not None:
        expires_at = promise.end
    told = [Announcement(kind=kind, expires_at=expires_at)]
    if kind is MessageKind.DELIVERY_DELIVERED and delivery.registration.survey_id is not None:
        told.append(
            Announcement(kind=MessageKind.SURVEY_INVITATION, expires_at=event.occurred_at + INVITATION_EXPIRES_AFTER)
        )
    return tuple(told)
