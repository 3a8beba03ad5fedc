"""Erases a person: everything that is stored of them, in two sweeps, and leaves a receipt, which is told on the bus.

When the work begins the tombstones stand, so whatever asks them stores nothing new. A worker that asked a moment before
may still be writing; it has 20 seconds at most. The second sweep, 15 minutes later, takes what it wrote.

Each thing found is noted before it is touched. So a worker that dies at any point leaves notes that its successor goes
on from, and the receipt counts each thing once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import chain
from typing import Protocol

from shared.clock import Clock
from shared.domain.erasure import Erasure, Found
from shared.domain.events import DomainEvent, PersonErased
from shared.domain.queued import ErasePerson
from shared.errors import PoisonMessageError

BETWEEN_SWEEPS = timedelta(minutes=15)
"""Longer than any worker lives and any index lags; as long as a queue can hold a message back."""


class Erasures(Protocol):
    """What is known of the erasure."""

    def get(self, person_id: str) -> Erasure | None:
        """The erasure of a person."""
        ...

    def note(self, person_id: str, found: Found, id_: str) -> None:
        """Keep that something was found."""
        ...

    def left(self, person_id: str, found: Found, sweep: int) -> Iterator[str]:
        """What was found so far, and is not done in this sweep."""
        ...

    def done(self, person_id: str, found: Found, id_: str, sweep: int) -> None:
        """Keep that something is done in this sweep."""
        ...

    def finish(self, erasure: Erasure, now: datetime) -> Erasure:
        """Write the receipt, unless another worker has; the one that stands."""
        ...

    def tidy(self, person_id: str) -> None:
        """Remove the notes."""
        ...


class Responses(Protocol):
    """Answers."""

    def of_person(self, person_id: str) -> Iterable[str]:
        """The ids of a person's answers."""
        ...

    def of_identifier(self, identifier: str, until: datetime) -> Iterable[str]:
        """The ids of the answers given until then that claim to be of an identifier."""
        ...

    def erase(self, response_id: str, now: datetime) -> None:
        """Take an answer out of the scores and leave its tombstone."""
        ...


class Messages(Protocol):
    """Messages."""

    def of_person(self, person_id: str) -> Iterable[str]:
        """The ids of the messages to a person."""
        ...

    def of_response(self, response_id: str) -> Iterable[str]:
        """The ids of the messages about an answer."""
        ...

    def erase(self, message_id: str, now: datetime) -> None:
        """Erase whom a message went to and what it said."""
        ...

    def short_links_of(self, person_id: str) -> Iterable[str]:
        """The codes of the short links of a person."""
        ...

    def erase_short_link(self, code: str) -> None:
        """Have a short link lead nowhere any more."""
        ...


class Deliveries(Protocol):
    """Parcels."""

    def of_person(self, person_id: str) -> Iterable[str]:
        """The ids of the parcels to a person."""
        ...

    def erase(self, delivery_id: str, person_id: str) -> None:
        """Erase who a parcel is for."""
        ...


class People(Protocol):
    """People."""

    def erase(self, person_id: str, identifiers: Iterable[str]) -> None:
        """Erase a person and what identifies them."""
        ...


class Queue(Protocol):
    """The erasures queue."""

    def send(self, message: ErasePerson, group: str, delay: timedelta) -> None:
        """Keep a message, to be seen after a delay."""
        ...


class Bus(Protocol):
    """Where events are told."""

    def publish(self, *events: DomainEvent) -> None:
        """Put events on the bus; TemporaryError if it did not take them."""
        ...


class Erasing:
    """The service."""

    def __init__(
        self,
        *,
        erasures: Erasures,
        responses: Responses,
        messages: Messages,
        deliveries: Deliveries,
        people: People,
        queue: Queue,
        bus: Bus,
        clock: Clock,
    ) -> None:
        self._erasures = erasures
        self._responses = responses
        self._messages = messages
        self._deliveries = deliveries
        self._people = people
        self._queue = queue
        self._bus = bus
        self._clock = clock

    def sweep(self, wish: ErasePerson) -> Erasure:
        """Erase what is found of a person; after the second sweep, write the receipt.

        Returns:
            The erasure as it is now. Once it is finished, so it is told to whoever asks again: a worker that died after
            the last step may not have told it yet.

        Raises:
            PoisonMessageError: the person has no tombstone, so nobody asked for it.
            TemporaryError: a store, the queue or the bus did not answer; the next worker goes on from here.
        """
        erasure = self._erasures.get(wish.person_id)
        if erasure is None:
            raise PoisonMessageError("nobody asked to erase this person")
        if erasure.finished_at is not None:
            self._erasures.tidy(wish.person_id)
            return self._told(erasure)
        self._erase(erasure, wish)
        if wish.sweep == 1:
            second = ErasePerson(person_id=wish.person_id, sweep=2)
            self._queue.send(second, group=wish.person_id, delay=BETWEEN_SWEEPS)
            return erasure
        return self._told(self._erasures.finish(erasure, self._clock.now()))

    def _told(self, erasure: Erasure) -> Erasure:
        """Tell on the bus what the receipt says; whoever comes later tells the same."""
        if erasure.finished_at is not None:
            self._bus.publish(PersonErased.of(erasure.person_id, erasure.requested_at, erasure.finished_at))
        return erasure

    def _erase(self, erasure: Erasure, wish: ErasePerson) -> None:
        """Answers first, for messages are made from them; the person last, for as long as they stand they are found."""
        person_id = erasure.person_id
        identifiers = list(self._erasures.left(person_id, Found.IDENTIFIER, wish.sweep))
        claimed = (self._responses.of_identifier(identifier, erasure.requested_at) for identifier in identifiers)
        answers = chain(self._responses.of_person(person_id), chain.from_iterable(claimed))
        for response_id in self._each(wish, Found.RESPONSE, answers):
            self._responses.erase(response_id, self._clock.now())
            for message_id in self._messages.of_response(response_id):
                self._erasures.note(person_id, Found.MESSAGE, message_id)
        for message_id in self._each(wish, Found.MESSAGE, self._messages.of_person(person_id)):
            self._messages.erase(message_id, self._clock.now())
        for code in self._messages.short_links_of(person_id):
            self._messages.erase_short_link(code)
        for delivery_id in self._each(wish, Found.DELIVERY, self._deliveries.of_person(person_id)):
            self._deliveries.erase(delivery_id, person_id)
        self._people.erase(person_id, identifiers)

    def _each(self, wish: ErasePerson, found: Found, ids: Iterable[str]) -> Iterator[str]:
        """What is found, noted before it is given; then what was noted before and nobody has done in this sweep.

        One by one, so that a worker that runs out of time has come nearer to the end, however much there is. A thing is
        done when the next is asked for, that is, unless erasing it failed.
        """
        for id_ in ids:
            self._erasures.note(wish.person_id, found, id_)
            yield id_
            self._erasures.done(wish.person_id, found, id_, wish.sweep)
        for id_ in self._erasures.left(wish.person_id, found, wish.sweep):
            yield id_
            self._erasures.done(wish.person_id, found, id_, wish.sweep)
