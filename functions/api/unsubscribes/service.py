"""Takes who does not want to be asked any more, and tells who is not written to."""

from __future__ import annotations

from collections.abc import Mapping

from functions.api.needs import Entries, OptOuts, People, PeopleLists
from functions.api.paging import instant, paging
from functions.api.unsubscribes.bodies import Bounced, PostUnsubscribe, Unsubscribed
from shared.clock import Clock
from shared.domain.api_keys import ApiKey
from shared.domain.messages import Category, Channel
from shared.domain.people import Recipient


class Unsubscribes:
    """Unsubscribes and bounces.

    Args:
        people: Known people.
        lists: The lists of them.
        opt_outs: The marks that what sends heeds.
        entries: Where an address is entered into a list.
        clock: When somebody unsubscribed.
    """

    def __init__(
        self, *, people: People, lists: PeopleLists, opt_outs: OptOuts, entries: Entries, clock: Clock
    ) -> None:
        self._people = people
        self._lists = lists
        self._opt_outs = opt_outs
        self._entries = entries
        self._clock = clock

    def post(self, given: PostUnsubscribe, caller: ApiKey) -> None:
        """Have an address asked no more, first of all; it is listed if we know whose it is.

        Raises:
            TemporaryError: it may not have been kept.
        """
        now, email = self._clock.now(), given.person_email
        self._opt_outs.refuse(Channel.EMAIL, email, Category.SURVEYS, now, caller.name)
        person = self._people.find(Recipient(email=email).claims[0])
        if person is not None:
            self._entries.unsubscribed(person.person_id, email, now)

    def list_unsubscribes(self, query: Mapping[str, str]) -> list[Unsubscribed]:
        """Who does not want to be asked, in the order in which they said so.

        Args:
            query: `per_page`, `page`, `since` and `until`; each may be left out.

        Raises:
            InvalidRequestError: one of them is wrong.
        """
        asked = paging(query)
        span = instant(query, "since"), instant(query, "until")
        found = self._lists.unsubscribes(*span, skip=asked.skip, limit=asked.per_page)
        people = self._lists.named([each.person_id for each in found])
        return [Unsubscribed.of(each, people.get(each.person_id)) for each in found]

    def list_bounces(self, query: Mapping[str, str]) -> list[Bounced]:
        """Whose e-mail bounced for good, in that order; query and errors as for unsubscribes."""
        asked = paging(query)
        span = instant(query, "since"), instant(query, "until")
        found = self._lists.bounces(*span, skip=asked.skip, limit=asked.per_page)
        people = self._lists.named([each.person_id for each in found])
        return [Bounced.of(each, people.get(each.person_id)) for each in found]
