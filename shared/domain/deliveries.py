"""Parcels: what their carriers say of them, and what that makes true.

A delivery keeps the whole of its history, and its status is computed from all of it, so it does not depend on the order
in which events arrive, nor on how often. Each event has two clocks (as in EPCIS): when it happened, when we learned it.
What was reported wrongly is taken back by another event that says so, and stays in the history all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, StringConstraints, model_validator

from shared.domain.base import Frozen, Identifier, Instant
from shared.domain.brands import DEFAULT_BRAND, BrandId
from shared.domain.people import Recipient
from shared.domain.promises import (
    Counted,
    Fact,
    Outcome,
    Promise,
    Verdict,
    Window,
    judged,
    standing,
    week_of,
    with_promise,
)
from shared.domain.surveys import SurveyId
from shared.domain.time_zones import TimeZone
from shared.domain.tracking.providers import Provider

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
        trackers: What tracking providers call it.
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
    trackers: Mapping[Provider, Identifier] = Field(default_factory=dict)
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


ESTIMATES_AGREE_WITHIN = timedelta(minutes=5)
"""A new estimate that is no further from the known one says nothing new: a van tells one every few seconds."""


class Estimate(Frozen):
    """When a parcel is expected to arrive, and when that was said."""

    estimated_at: Instant
    made_at: Instant


class Delivery(Frozen):
    """A parcel as we know it. Without a registration it is only heard of: its events may arrive first.

    Args:
        delivery_id: Which one.
        registration: What its shop told us last.
        person_id: Whom it is for.
        history: What happened to it, in the order in which we learned it.
        estimate: What the van said last of when it will arrive.
        promises: Every window its customer was told, in the order of telling.
        verdicts: What became of them, as it was found; the last of each promise stands.
        counted: What these counted as in the ledger of promises, so that a correction subtracts exactly that.
        version: Grows with each change.
    """

    delivery_id: DeliveryId
    registration: DeliveryRegistration | None = None
    person_id: Identifier | None = None
    history: Annotated[tuple[DeliveryEvent, ...], Field(max_length=MAX_EVENTS)] = ()
    estimate: Estimate | None = None
    promises: tuple[Promise, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    counted: tuple[Counted, ...] = ()
    version: int = 0

    @model_validator(mode="before")
    @classmethod
    def _promised_before_there_was_a_ledger(cls, data: Any) -> Any:
        """A delivery that was stored before promises were kept has the one of its registration."""
        registration = data.get("registration") if isinstance(data, dict) and not data.get("promises") else None
        if registration is None:
            return data
        known = DeliveryRegistration.model_validate(registration)
        if known.promise is None:
            return data
        by_customer = known.promised_by_customer
        return {**data, "promises": with_promise((), known.promise, known.registered_at, by_customer=by_customer)}

    @property
    def current(self) -> DeliveryEvent | None:
        """The event that decides the status, None before the first."""
        return deciding_event(self.history)

    @property
    def status(self) -> DeliveryStatus:
        """Where the parcel is."""
        event = self.current
        return event.status if event else DeliveryStatus.UNKNOWN

    @property
    def contradictions(self) -> tuple[DeliveryEvent, ...]:
        """Events that can not be true together with what decides the status; a person has to say which is wrong."""
        return contradictions(self.history)

    @property
    def estimated_at(self) -> datetime | None:
        """When the parcel is expected to arrive, by who said so last (not: who was heard last); None if nobody did."""
        said = [
            (event.occurred_at, event.learned_at, event.estimated_at)
            for event in counting(self.history)
            if event.estimated_at is not None
        ]
        if self.estimate is not None:
            said.append((self.estimate.made_at, self.estimate.made_at, self.estimate.estimated_at))
        return max(said)[2] if said else None

    @property
    def promise(self) -> Promise | None:
        """The window that holds now: the one its shop's last word tells."""
        window = self.registration.promise if self.registration else None
        return next((promise for promise in self.promises if promise.window == window), None)

    def promise_named(self, promise_id: str | None) -> Promise | None:
        """The promise of this id."""
        return next((promise for promise in self.promises if promise.promise_id == promise_id), None)

    @property
    def fact(self) -> Fact | None:
        """How it ended, None while it is under way."""
        event = self.current
        if event is None or event.status not in ENDED:
            return None
        return Fact(event.event_id, event.occurred_at, delivered=event.status is DeliveryStatus.DELIVERED)

    @property
    def standing_verdicts(self) -> dict[str, Verdict]:
        """What became of each promise, by its id; those that are open are left out."""
        stands = standing(self.verdicts)
        return {name: verdict for name, verdict in stands.items() if verdict.outcome is not Outcome.OPEN}

    def with_event(self, event: DeliveryEvent) -> Delivery:
        """The delivery after hearing of an event; itself, if it knew it already.

        A full history loses its oldest event that decides nothing, so that "delivered" is heard however late it comes.
        """
        if any(known.event_id == event.event_id for known in self.history):
            return self
        if self.registration is not None and self.registration.recipient is None:
            event = event.model_copy(update=_NAMELESS)
        history = (*self.history, event)
        if len(history) > MAX_EVENTS:
            deciding = deciding_event(history)
            corrections = {known.event_id for known in history if known.corrects is not None}
            spare = [known for known in history if known is not deciding and known.event_id not in corrections]
            oldest = min(spare or history[:1], key=lambda known: (known.occurred_at, known.event_id))
            if oldest is event:
                return self
            history = tuple(known for known in history if known is not oldest)
        return self.model_copy(update={"history": history, "version": self.version + 1})

    def with_estimate(self, estimated_at: datetime, made_at: datetime) -> Delivery:
        """The delivery after its van said when it will arrive; itself, if that is older or says nothing new."""
        known = self.estimate
        if known is not None and known.made_at >= made_at:
            return self
        if known is not None and abs(known.estimated_at - estimated_at) < ESTIMATES_AGREE_WITHIN:
            return self
        estimate = Estimate(estimated_at=estimated_at, made_at=made_at)
        return self.model_copy(update={"estimate": estimate, "version": self.version + 1})

    def with_registration(self, registration: DeliveryRegistration, person_id: str | None) -> Delivery:
        """The delivery after its shop told us of it; a later registration replaces an earlier one.

        The window of one that comes late was told all the same, and is kept among the promises.
        """
        promises = self.promises
        if registration.promise is not None:
            told_at, by_customer = registration.registered_at, registration.promised_by_customer
            promises = with_promise(promises, registration.promise, told_at, by_customer=by_customer)
        update: dict[str, object] = {"promises": promises}
        known = self.registration
        if known is None or known.registered_at < registration.registered_at:
            update |= {"registration": registration, "person_id": person_id}
        elif promises == self.promises:
            return self
        return self.model_copy(update={**update, "version": self.version + 1})

    def with_registration_of_erased(self, registration: DeliveryRegistration) -> Delivery:
        """The same if its recipient was erased since: all of it but the person."""
        registered = self.with_registration(registration, None)
        return self if registered is self else registered.without_person()

    def judged(self, now: datetime) -> Delivery:
        """The delivery with what became of its promises, by what is known of it now; itself, if nothing new."""
        verdicts = judged(self.verdicts, self.promises, self.fact, now)
        found = self.model_copy(update={"verdicts": verdicts})
        counted = found._ledger()
        return self if (verdicts, counted) == (self.verdicts, self.counted) else found._counted_as(counted)

    def without_person(self) -> Delivery:
        """What may be kept when its recipient is erased: where the parcel was when, and what was promised.

        The carrier's own words go too, for they may name who signed.
        """
        registration = self.registration
        if registration is not None:
            registration = registration.model_copy(update={"recipient": None, "tracking_number": None, "trackers": {}})
        history = tuple(event.model_copy(update=_NAMELESS) for event in self.history)
        update = {"registration": registration, "person_id": None, "history": history, "version": self.version + 1}
        return self.model_copy(update=update)

    def _counted_as(self, counted: tuple[Counted, ...]) -> Delivery:
        return self.model_copy(update={"counted": counted})

    def _ledger(self) -> tuple[Counted, ...]:
        """What its promises count as; a promise that the customer released counts as nothing."""
        registration, stands = self.registration, self.standing_verdicts
        if registration is None:
            return ()
        return tuple(
            Counted(
                week=week_of(promise, registration.zone),
                carrier=registration.carrier,
                region=registration.region or "",
                outcome=verdict.outcome,
                late_seconds=verdict.by_seconds if verdict.outcome is Outcome.LATE else 0,
            )
            for promise in self.promises
            if (verdict := stands.get(promise.promise_id)) is not None and verdict.outcome is not Outcome.RELEASED
        )


_NAMELESS = {"raw_status": None, "raw_substatus": None}
"""What of an event may name somebody."""


def counting(history: Iterable[DeliveryEvent]) -> list[DeliveryEvent]:
    """The events that nobody took back, as they happened.

    Events of one instant stand in the order of their stages, then of their ids, so that the order is one.
    """
    events = list(history)
    corrected = {event.corrects for event in events}
    stand = (event for event in events if event.event_id not in corrected)
    return sorted(stand, key=lambda event: (event.occurred_at, _ORDER[event.status], event.event_id))


def deciding_event(history: Iterable[DeliveryEvent]) -> DeliveryEvent | None:
    """The event that says where a parcel is, whatever the order in which its events came to us.

    Events are taken as they happened. Nothing leaves `delivered` but a return, a return ends only in `returned` (scans
    on the way back and the delivery to the sender are no news for the customer), and only a parcel that was delivered
    after all leaves `cancelled`: carriers' clocks are wrong often enough that published examples have "delivered"
    stamped days before "out for delivery". `unknown` says nothing, so it never replaces a status. What was wrong is
    taken back by an event that corrects it.
    """
    decided: DeliveryEvent | None = None
    for event in counting(history):
        if decided is None or _may_follow(decided.status, event.status):
            decided = event
    return decided


def contradictions(history: Iterable[DeliveryEvent]) -> tuple[DeliveryEvent, ...]:
    """The events that are told after an end and can not be true with it, as they happened.

    They change nothing and nobody is told of them; correcting one of the two takes the contradiction away.
    """
    found, decided = [], None
    for event in counting(history):
        if decided is None or _may_follow(decided.status, event.status):
            decided = event
        elif event.status not in _HARMLESS_AFTER.get(decided.status, _UNKNOWN_ONLY):
            found.append(event)
    return tuple(found)


ENDED = frozenset(
    {
        DeliveryStatus.DELIVERED,
        DeliveryStatus.RETURNING,
        DeliveryStatus.RETURNED,
        DeliveryStatus.CANCELLED,
        DeliveryStatus.EXPIRED,
    }
)
"""Where a parcel is no longer under way to its customer."""

_ONLY_FOLLOWED_BY = {
    DeliveryStatus.DELIVERED: frozenset({DeliveryStatus.RETURNING, DeliveryStatus.RETURNED}),
    DeliveryStatus.RETURNING: frozenset({DeliveryStatus.RETURNED}),
    DeliveryStatus.RETURNED: frozenset[DeliveryStatus](),
    DeliveryStatus.CANCELLED: frozenset({DeliveryStatus.DELIVERED}),
}
_UNKNOWN_ONLY = frozenset({DeliveryStatus.UNKNOWN})
_HARMLESS_AFTER = {
    DeliveryStatus.DELIVERED: frozenset({DeliveryStatus.UNKNOWN, DeliveryStatus.DELIVERED}),
    # Whatever is scanned on the way back, the delivery to the sender included.
    DeliveryStatus.RETURNING: frozenset(DeliveryStatus),
    DeliveryStatus.RETURNED: frozenset(
        {DeliveryStatus.UNKNOWN, DeliveryStatus.DELIVERED, DeliveryStatus.RETURNING, DeliveryStatus.RETURNED}
    ),
    DeliveryStatus.CANCELLED: frozenset(
        {DeliveryStatus.UNKNOWN, DeliveryStatus.INFO_RECEIVED, DeliveryStatus.CANCELLED}
    ),
}


def _may_follow(status: DeliveryStatus, later: DeliveryStatus) -> bool:
    return later is not DeliveryStatus.UNKNOWN and later in _ONLY_FOLLOWED_BY.get(status, _ORDER)
