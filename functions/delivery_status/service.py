"""Decides what a report makes true of a parcel, and what its customer is therefore told.

The delivery is read, changed by a pure rule and written back if nobody wrote in between. What is to be told is computed
from what is stored, each time a report comes, repetitions included: a crash after the write loses no message, and since
a message's id is made of its kind and its parcel, its consumer keeps the first wish of each.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple, Protocol

from shared.clock import Clock
from shared.domain.deliveries import Delivery, announcements
from shared.domain.messages import Notification, message_id
from shared.domain.people import Person, Recipient
from shared.domain.queued import DeliveryReported, SendNotification
from shared.errors import ErasedError, TemporaryError

SAVE_ATTEMPTS = 5
"""How often a lost race is run again; a parcel has one carrier, so more than two writers at once are rare."""


class Deliveries(Protocol):
    """Where parcels are kept."""

    def get(self, delivery_id: str) -> Delivery | None:
        """A delivery as it is now, None if nobody told us of it."""
        ...

    def save(self, delivery: Delivery, expected_version: int) -> bool:
        """Store it if the stored version is the expected one; whether it was."""
        ...


class People(Protocol):
    """Where people are kept."""

    def resolve(self, recipient: Recipient, now: datetime) -> Person:
        """The person a recipient is; ErasedError if they were erased since we were told."""
        ...


class Notifications(Protocol):
    """Where messages are wished for."""

    def send(self, message: SendNotification, group: str) -> None:
        """Put a wish on the queue."""
        ...


class Followed(NamedTuple):
    """What came of a report."""

    delivery: Delivery
    changed: bool
    announced: int


class DeliveryStatus:
    """Takes in what is reported of parcels."""

    def __init__(self, deliveries: Deliveries, people: People, notifications: Notifications, clock: Clock) -> None:
        self._deliveries = deliveries
        self._people = people
        self._notifications = notifications
        self._clock = clock

    def follow(self, reported: DeliveryReported) -> Followed:
        """Take in one report; the same one again changes nothing.

        Raises:
            TemporaryError: a store or the queue did not answer, or others kept writing the same delivery.
        """
        for _ in range(SAVE_ATTEMPTS):
            stored = self._deliveries.get(reported.delivery_id)
            known = stored or Delivery(delivery_id=reported.delivery_id)
            delivery = self._after(known, reported)
            if delivery == known:
                return Followed(delivery, changed=False, announced=self._announce(delivery))
            if self._deliveries.save(delivery, known.version):
                return Followed(delivery, changed=True, announced=self._announce(delivery))
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
        return delivery.with_event(reported.event) if reported.event is not None else delivery

    def _announce(self, delivery: Delivery) -> int:
        if delivery.registration is None or delivery.person_id is None:
            return 0
        told = announcements(delivery)
        for announcement in told:
            notification = Notification(
                message_id=message_id(announcement.kind, delivery.delivery_id),
                kind=announcement.kind,
                person_id=delivery.person_id,
                survey_id=delivery.registration.survey_id,
                delivery_id=delivery.delivery_id,
                requested_at=self._clock.now(),
                expires_at=announcement.expires_at,
            )
            self._notifications.send(SendNotification(notification=notification), group=delivery.delivery_id)
        return len(told)
