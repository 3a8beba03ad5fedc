"""Decides whom a link to be asked no more is about, and marks their address."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from shared.clock import Clock
from shared.domain.links import Unsubscribe
from shared.domain.messages import Channel
from shared.domain.people import Person


class Links(Protocol):
    """Knows links by which people say that they do not want to be asked."""

    def verify(self, token: str) -> Unsubscribe:
        """Whom a token is about; UnauthorizedError if it is none of ours."""
        ...


class People(Protocol):
    """Customers as stored."""

    def get(self, person_id: str) -> Person | None:
        """A person, None if there is none or they were erased."""
        ...


class OptOuts(Protocol):
    """The marks that what sends heeds."""

    def add(self, channel: Channel, address: str, at: datetime) -> None:
        """Have an address asked no more."""
        ...


class Entries(Protocol):
    """The list that a back office reads."""

    def unsubscribed(self, person_id: str, email: str, at: datetime) -> None:
        """Enter an address of a person."""
        ...


class Preferences:
    """What people say of being written to.

    Args:
        links: Knows their links.
        people: Whose address it is.
        opt_outs: The marks that what sends heeds.
        entries: The list that a back office reads.
        clock: When they said so.
    """

    def __init__(self, *, links: Links, people: People, opt_outs: OptOuts, entries: Entries, clock: Clock) -> None:
        self._links = links
        self._people = people
        self._opt_outs = opt_outs
        self._entries = entries
        self._clock = clock

    def check(self, token: str) -> None:
        """Whether a link is one of ours; nothing is read of the person, and nothing is written.

        Raises:
            UnauthorizedError: it was changed, or is for something else.
            TemporaryError: the link keys can not be read now.
        """
        self._links.verify(token)

    def unsubscribe(self, token: str) -> str:
        """Have a person asked and thanked no more on the link's channel, under the address they have now.

        The mark comes first: what sends heeds it, and the list only tells of it. Whoever was erased, or has no such
        address any more, is not written to anyway.

        Returns:
            The person's id.

        Raises:
            UnauthorizedError: the link was changed, or is for something else.
            TemporaryError: it may not have been kept.
        """
        link = self._links.verify(token)
        person = self._people.get(link.person_id)
        email, phone = (person.email, person.phone) if person else (None, None)
        address, now = email if link.channel is Channel.EMAIL else phone, self._clock.now()
        if address is not None:
            self._opt_outs.add(link.channel, address, now)
        if address is not None and link.channel is Channel.EMAIL:
            self._entries.unsubscribed(link.person_id, address, now)
        return link.person_id
