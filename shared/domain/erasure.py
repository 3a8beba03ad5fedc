"""Erasing a person: what of them may never come back, and what their receipt says.

A person's id stays erased for ever. An identifier does not: who writes in again under the same address is a new
person. So its tombstone refuses only what was said up to the moment of the erasure, however late that arrives.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from pydantic import Field

from shared.domain.base import Frozen, Identifier, Instant
from shared.domain.people import Claim


class Erased(NamedTuple):
    """What of some people and identifiers was erased.

    Args:
        people: Ids of people who were erased.
        identifiers: Identifiers of erased people, each with the moment of the latest erasure.
    """

    people: frozenset[str] = frozenset()
    identifiers: Mapping[Claim, datetime] = MappingProxyType({})

    def covers(self, person_id: str | None, claims: Iterable[Claim], said_at: datetime) -> bool:
        """Whether something that was said of, or by, a person must not be stored.

        Args:
            person_id: Whose it is, if that is known.
            claims: Identifiers in it that nobody has verified.
            said_at: When it was said; for an answer, when it was given.
        """
        if person_id in self.people:
            return True
        return any(said_at <= self.identifiers[claim] for claim in claims if claim in self.identifiers)


NOBODY = Erased()


class Found(StrEnum):
    """What is found of a person; the receipt counts each."""

    IDENTIFIER = "identifiers"
    RESPONSE = "responses"
    MESSAGE = "messages"
    DELIVERY = "deliveries"


class Erasure(Frozen):
    """The erasure of a person, and once it is finished its receipt; it names nobody.

    Args:
        person_id: Who was erased; of no use to anybody any more.
        requested_at: When it was asked for; from then on nothing of the person is stored.
        finished_at: When the second sweep had gone through; None until then.
        counts: How much was erased of each kind.
    """

    person_id: Identifier
    requested_at: Instant
    finished_at: Instant | None = None
    counts: Mapping[Found, int] = Field(default_factory=dict)
