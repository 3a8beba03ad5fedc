"""People in memory; held to the same contract as the real repository."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from shared.domain.people import Claim, Person, Recipient, completed, merged
from shared.errors import ErasedError
from tests.fakes.clock import CountingIds


class InMemoryPeople:
    """Stands in for `PersonRepository`."""

    def __init__(self, new_id: Callable[[], str] | None = None) -> None:
        self._new_id = new_id or CountingIds().new
        self._people: dict[str, tuple[Person, datetime]] = {}
        self._owners: dict[Claim, str] = {}
        self.erased_at: datetime | None = None
        """When everybody was erased; what was told until then is refused."""

    def get(self, person_id: str) -> Person | None:
        found = self._people.get(person_id)
        return found[0] if found else None

    def find(self, claim: Claim) -> Person | None:
        owner = self._owners.get(claim)
        return self._people[owner][0] if owner else None

    def resolve(self, recipient: Recipient, now: datetime) -> Person:
        if self.erased_at is not None and now <= self.erased_at:
            raise ErasedError("The person was erased after this was said.")
        owners = [self._owners[claim] for claim in recipient.claims if claim in self._owners]
        if owners:
            known, told_at = self._people[owners[0]]
            person = (merged if now >= told_at else completed)(known, recipient)
            if person != known:
                told_at = max(now, told_at)
        else:
            person, told_at = Person(person_id=f"per_{self._new_id()}", **recipient.model_dump()), now
        self._people[person.person_id] = (person, told_at)
        for claim in recipient.claims:
            self._owners.setdefault(claim, person.person_id)
        return person
