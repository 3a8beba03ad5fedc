"""The people of a stack, for `ops export` and `ops restore`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from infra.ops.archive import ArchiveError
from shared.domain.asking import ListedPerson
from shared.domain.people import Person, Recipient
from shared.errors import ErasedError
from shared.storage.people import PersonRepository
from shared.storage.people_lists import PeopleLists

PAGE = 100
"""People of one page of the list."""
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

    def restore(self, person: Person, known_since: datetime) -> bool:
        """Bring back a person with their identifiers; False if they were erased here, and must not come back.

        Raises:
            ArchiveError: one of the identifiers belongs to somebody else here.
            TemporaryError: the store did not answer.
        """
        if self._is_erased(person.person_id):
            return False
        repository = PersonRepository(
            self._dynamodb, self._table_name, lambda: person.person_id.removeprefix(ID_PREFIX), self._erasure_key
        )
        told = person.model_dump(exclude={"person_id"}, exclude_none=True)
        try:
            made = repository.resolve(Recipient.model_validate(told), known_since)
        except ErasedError:
            return False
        if made.person_id != person.person_id:
            raise ArchiveError(f"{person.person_id} is known here as {made.person_id}: restore into an empty stack.")
        return True
