"""The people of a stack, for `ops export` and `ops restore`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from infra.ops.archive import ArchiveError
from shared.domain.asking import ListedPerson
from shared.domain.people import Person, Recipient
from shared.errors import ErasedError
from shared.storage.people import PersonRepository
from shared.storage.people_lists import PeopleLists

PAGE = 100
"""People of one page of the list."""
CLAIMS_AT_ONCE = 40
"""Claims of a person restored in one transaction: two of its at most 100 actions each, and some for the profile."""
ID_PREFIX = "per_"
"""How every person's id begins."""


def every_person(lists: PeopleLists) -> Iterator[ListedPerson]:
    """Everybody who is known, in the order in which they became so, read as they are asked for."""
    page = lists.people(None, None, limit=PAGE)
    yield from page.items
    while page.next is not None:
        page = lists.people(None, None, limit=PAGE, after=page.next)
        yield from page.items


class StoredPeople:
    """Brings people back under their ids.

    Args:
        dynamodb: A DynamoDB client.
        table_name: The people table.
        erasure_key: Finds the tombstones of identifiers.
        is_erased: Whether a person was erased here, by id.
    """

    def __init__(self, dynamodb: Any, table_name: str, erasure_key: Any, is_erased: Callable[[str], bool]) -> None:
        self._dynamodb = dynamodb
        self._table_name = table_name
        self._erasure_key = erasure_key
        self._is_erased = is_erased

    def restore(self, listed: ListedPerson) -> bool:
        """Bring back a person with their identifiers; False if they were erased here, and must not come back.

        Raises:
            ArchiveError: one of the identifiers belongs to somebody else here.
            TemporaryError: the store did not answer.
        """
        person = listed.person
        if self._is_erased(person.person_id):
            return False
        try:
            for made in self._restored(listed):
                if made.person_id != person.person_id:
                    raise ArchiveError(
                        f"{person.person_id} is known here as {made.person_id}: restore into an empty stack."
                    )
        except ErasedError:
            return False
        return True

    def _restored(self, listed: ListedPerson) -> Iterator[Person]:
        person, claims = listed.person, listed.claims
        repository = PersonRepository(
            self._dynamodb, self._table_name, lambda: person.person_id.removeprefix(ID_PREFIX), self._erasure_key
        )
        if not claims:  # an export of before they were written: what the profile says has to do
            told = person.model_dump(exclude={"person_id"}, exclude_none=True)
            yield repository.resolve(Recipient.model_validate(told), listed.created_at)
        for start in range(0, len(claims), CLAIMS_AT_ONCE):
            yield repository.restore(person, claims[start : start + CLAIMS_AT_ONCE], listed.created_at)
