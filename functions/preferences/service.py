"""Decides whom a link is about, and keeps what they refuse."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple, Protocol

from shared.clock import Clock
from shared.domain.links import PreferencesLink, Unsubscribe
from shared.domain.people import Person
from shared.domain.preferences import CUSTOMER, Refusals, Refused


class Unsubscribes(Protocol):
    """Knows links by which people refuse a category of messages."""

    def verify(self, token: str) -> Unsubscribe:
        """What a token is about; UnauthorizedError if it is none of ours."""
        ...


class Choices(Protocol):
    """Knows links to the page where people choose."""

    def sign(self, link: PreferencesLink) -> str:
        """The token for a link."""
        ...

    def verify(self, token: str) -> PreferencesLink:
        """Whose choice a token is; UnauthorizedError if it is none of ours."""
        ...


class People(Protocol):
    """Customers as stored."""

    def get(self, person_id: str) -> Person | None:
        """A person, None if there is none or they were erased."""
        ...


class Kept(Protocol):
    """What people refuse."""

    def of(self, person: Person) -> Refusals:
        """What a person refuses."""
        ...

    def save(self, person: Person, wanted: Mapping[Refused, bool], at: datetime, by: str) -> Refusals:
        """Refuse and allow what is wanted; what they refuse now."""
        ...


class Choice(NamedTuple):
    """What a person refuses; None is somebody who is not known any more, and who is sent nothing."""

    person: Person | None
    refusals: Refusals


class Preferences:
    """What people say of being written to.

    Args:
        unsubscribes: Knows the links at the foot of mails.
        choices: Knows the links to the page where everything is chosen.
        people: Whose address it is.
        kept: What they refuse.
        clock: When they said so.
    """

    def __init__(
        self, *, unsubscribes: Unsubscribes, choices: Choices, people: People, kept: Kept, clock: Clock
    ) -> None:
        self._unsubscribes = unsubscribes
        self._choices = choices
        self._people = people
        self._kept = kept
        self._clock = clock

    def opened(self, token: str) -> Unsubscribe:
        """What an unsubscribe link is about; nothing is read of the person, and nothing is written.

        Raises:
            UnauthorizedError: it was changed, or is for something else.
            TemporaryError: the link keys can not be read now.
        """
        return self._unsubscribes.verify(token)

    def to_choose(self, link: Unsubscribe) -> str:
        """The token of the page where the same person chooses everything.

        Raises:
            TemporaryError: the link keys can not be read now.
        """
        return self._choices.sign(PreferencesLink(person_id=link.person_id))

    def unsubscribe(self, token: str) -> Unsubscribe:
        """Have a person sent no more of the link's category on its channel, under the address they have now.

        Whoever was erased, or has no such address any more, is not written to anyway.

        Returns:
            What the link is about.

        Raises:
            UnauthorizedError: the link was changed, or is for something else.
            TemporaryError: it may not have been kept.
        """
        link = self._unsubscribes.verify(token)
        person = self._people.get(link.person_id)
        if person is not None:
            self._kept.save(person, {Refused(link.channel, link.category): True}, self._clock.now(), CUSTOMER)
        return link

    def choice(self, token: str) -> Choice:
        """What a person refuses at this moment; nothing is written.

        Raises:
            UnauthorizedError: the link was changed, or is for something else.
            TemporaryError: it can not be read now.
        """
        person = self._people.get(self._choices.verify(token).person_id)
        return Choice(person, self._kept.of(person) if person else {})

    def choose(self, token: str, wanted: Mapping[Refused, bool]) -> Choice:
        """Keep what a person wants; the same again changes nothing.

        Returns:
            What they refuse now.

        Raises:
            UnauthorizedError: the link was changed, or is for something else.
            TemporaryError: some of it may not have been kept.
        """
        person = self._people.get(self._choices.verify(token).person_id)
        return Choice(person, self._kept.save(person, wanted, self._clock.now(), CUSTOMER) if person else {})
