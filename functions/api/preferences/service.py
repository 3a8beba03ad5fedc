"""Tells what a person refuses to be sent, and keeps what a back office heard of them."""

from __future__ import annotations

from functions.api.needs import People, Preferences
from functions.api.preferences.bodies import PreferencesTold, PutPreferences
from shared.clock import Clock
from shared.domain.api_keys import ApiKey
from shared.domain.people import Person
from shared.domain.preferences import addresses_of, choices_of
from shared.errors import InvalidRequestError, NotFoundError


class PersonPreferences:
    """What people refuse.

    Args:
        people: Known people.
        kept: What they refuse.
        clock: When a back office said so.
    """

    def __init__(self, *, people: People, kept: Preferences, clock: Clock) -> None:
        self._people = people
        self._kept = kept
        self._clock = clock

    def read(self, person_id: str) -> PreferencesTold:
        """What a person refuses at this moment.

        Raises:
            NotFoundError: there is no such person.
            TemporaryError: it can not be read now.
        """
        person = self._person(person_id)
        return PreferencesTold.of(person, self._kept.of(person))

    def write(self, person_id: str, given: PutPreferences, caller: ApiKey) -> PreferencesTold:
        """Have a person refuse exactly this; the same again changes nothing.

        Raises:
            NotFoundError: there is no such person.
            InvalidRequestError: they have no address on one of the channels.
            TemporaryError: some of it may not have been kept; the same again is right.
        """
        person = self._person(person_id)
        reachable = addresses_of(person)
        errors = {
            f"refused.{at}.channel": [f"this person has no address for {each.channel.value}"]
            for at, each in enumerate(given.refused)
            if each.channel not in reachable
        }
        if errors:
            raise InvalidRequestError("This person can not be reached that way, so there is nothing to refuse.", errors)
        refused = {each.what for each in given.refused}
        wanted = {what: what in refused for what in choices_of(person)}
        return PreferencesTold.of(person, self._kept.save(person, wanted, self._clock.now(), caller.name))

    def _person(self, person_id: str) -> Person:
        person = self._people.get(person_id)
        if person is None:
            raise NotFoundError("There is no such person.")
        return person
