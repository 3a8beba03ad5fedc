"""Decides what a report makes true of a parcel, and what its customer is therefore told.

The delivery is read, changed by a pure rule and written back if nobody wrote in between, in one transaction with what
it counts as in the ledger of promises. What is to be told is computed from what is stored, each time a report or a
timer comes, repetitions included: a crash after the write loses no message, and since a message's id is made of its
kind, its parcel and its occasion, its consumer keeps the first wish of each. When to look again is scheduled before the
write that makes it necessary.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from shared.clock import Clock
from shared.domain.base import digest
from shared.domain.brands import Brand
from shared.domain.deliveries import Delivery, DeliveryEvent
from shared.domain.messages import Notification, message_id
from shared.domain.people import Person, Recipient
from shared.domain.promises import LedgerChange, ledger_changes
from shared.domain.queued import DeliveryDue, DeliveryReported, SendNotification
from shared.domain.stages import Agenda, Announcement, agenda
from shared.errors import ErasedError, TemporaryError

SAVE_ATTEMPTS = 5
"""How often a lost race is run again; a parcel has one carrier, so more than two writers at once are rare."""
NEWS_FIRST = timedelta(seconds=5)
"""How long a question is held back, so that the news it follows from has left before."""
TO_BE_SURE = timedelta(seconds=1)
"""A timer rings to the second: a moment later it is certainly due."""


class Deliveries(Protocol):
    """Where parcels are kept."""

    def get(self, delivery_id: str) -> Delivery | None:
        """A delivery as it is now, None if nobody told us of it."""
        ...

    def save(self, delivery: Delivery, expected_version: int, moved: Sequence[LedgerChange] = ()) -> bool:
        """Store it, and what its promises count as, if the stored version is the expected one; whether it was."""
        ...


class People(Protocol):
    """Where people are kept."""

    def resolve(self, recipient: Recipient, now: datetime) -> Person:
        """The person a recipient is; ErasedError if they were erased since we were told."""
        ...


class Brands(Protocol):
    """The company's brands."""

    def current(self, brand_id: str) -> Brand:
        """A brand as it is now."""
        ...


class Notifications(Protocol):
    """Where messages are wished for."""

    def send(self, message: SendNotification, group: str, delay: timedelta = timedelta(0)) -> None:
        """Put a wish on the queue, to be seen after a delay."""
        ...


class Later(Protocol):
    """What is due later."""

    def send(self, message: DeliveryDue, name: str, group: str, delay: timedelta, now: datetime) -> None:
        """Have a message come back to us after a delay; of one name once."""
        ...


class Followed(NamedTuple):
    """What came of a report or a timer.

    Args:
        delivery: The delivery as it is now.
        changed: Whether that was news.
        announced: How many messages were wished for.
        contradicted: Events that came with it and can not be true, which a person has to look at.
    """

    delivery: Delivery
    changed: bool
    announced: int
    contradicted: tuple[DeliveryEvent, ...] = ()


class DeliveryStatus:
    """Takes in what is reported of parcels.

    Args:
        deliveries: Where parcels are kept.
        people: Where people are kept.
        brands: When a brand tells what.
        notifications: Where messages are wished for.
        later: Brings back what is due later.
        clock: The time.
    """

    def __init__(
        self,
        *,
        deliveries: Deliveries,
        people: People,
        brands: Brands,
        notifications: Notifications,
        later: Later,
        clock: Clock,
    ) -> None:
        self._deliveries = deliveries
        self._people = people
        self._brands = brands
        self._notifications = notifications
        self._later = later
        self._clock = clock

    def follow(self, reported: DeliveryReported) -> Followed:
        """Take in one report; the same one again changes nothing.

        Raises:
            TemporaryError: a store, the queue or the scheduler did not answer, or others kept writing the same
                delivery.
        """
        return self._change(reported.delivery_id, lambda known: self._after(known, reported))

    def estimate(self, delivery_id: str, estimated_at: datetime, learned_at: datetime) -> Followed:
        """Take in when the van says it will arrive; an older estimate, or one that says nothing new, changes nothing.

        Raises:
            TemporaryError: as for `follow`.
        """
        return self._change(delivery_id, lambda known: known.with_estimate(estimated_at, learned_at))

    def look_again(self, due: DeliveryDue) -> Followed | None:
        """Tell what is due by now; None if nobody told us of the parcel.

        Raises:
            TemporaryError: as for `follow`.
        """
        delivery = self._deliveries.get(due.delivery_id)
        if delivery is None:
            return None
        now = self._clock.now()
        planned = self._agenda(delivery, now)
        self._schedule(delivery.delivery_id, planned, now)
        return Followed(delivery, changed=False, announced=self._announce(delivery, planned.now))

    def _change(self, delivery_id: str, change: Callable[[Delivery], Delivery]) -> Followed:
        for _ in range(SAVE_ATTEMPTS):
            known = self._deliveries.get(delivery_id) or Delivery(delivery_id=delivery_id)
            now = self._clock.now()
            delivery = change(known)
            if delivery == known:
                return Followed(known, changed=False, announced=self._announce(known, self._agenda(known, now).now))
            delivery = delivery.judged(now)
            planned = self._agenda(delivery, now)
            self._schedule(delivery_id, planned, now)
            if self._deliveries.save(delivery, known.version, ledger_changes(known.counted, delivery.counted)):
                announced = self._announce(delivery, planned.now)
                before = set(known.contradictions)
                contradicted = tuple(event for event in delivery.contradictions if event not in before)
                return Followed(delivery, changed=True, announced=announced, contradicted=contradicted)
        raise TemporaryError("others kept writing this delivery")

    def _after(self, delivery: Delivery, reported: DeliveryReported) -> Delivery:
        """The delivery after a report; of one that waited while its person was erased, all but the person."""
        registration = reported.registration
        if registration is not None and registration.recipient is not None:
            try:
                person = self._people.resolve(registration.recipient, registration.registered_at)
            except ErasedError:
                delivery = delivery.with_registration_of_erased(registration)
            else:
                delivery = delivery.with_registration(registration, person.person_id)
        for event in reported.every_event:
            delivery = delivery.with_event(event)
        return delivery

    def _agenda(self, delivery: Delivery, now: datetime) -> Agenda:
        if delivery.registration is None or delivery.person_id is None:
            return Agenda((), ())
        return agenda(delivery, self._brands.current(delivery.registration.brand_id), now)

    def _schedule(self, delivery_id: str, planned: Agenda, now: datetime) -> None:
        """Have us look again when something is due; each moment is scheduled once, however often it is planned."""
        for due in planned.look_again:
            name = "due_" + digest(delivery_id, f"{due:%Y-%m-%dT%H:%M:%S%z}")
            delay = due - now + TO_BE_SURE
            self._later.send(DeliveryDue(delivery_id=delivery_id), name, delivery_id, delay, now)

    def _announce(self, delivery: Delivery, told: Sequence[Announcement]) -> int:
        if delivery.registration is None or delivery.person_id is None:
            return 0
        for announcement in told:
            about = (delivery.delivery_id, *((announcement.occasion,) if announcement.occasion is not None else ()))
            notification = Notification(
                message_id=message_id(announcement.kind, *about),
                kind=announcement.kind,
                person_id=delivery.person_id,
                survey_id=delivery.registration.survey_id,
                delivery_id=delivery.delivery_id,
                occasion=announcement.occasion,
                requested_at=self._clock.now(),
                expires_at=announcement.expires_at,
            )
            delay = NEWS_FIRST if announcement.kind.asks else timedelta(0)
            self._notifications.send(SendNotification(notification=notification), delivery.delivery_id, delay)
        return len(told)
