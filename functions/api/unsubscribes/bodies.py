"""What is read and answered of unsubscribes and bounces, shaped as Delighted's."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict

from shared.domain.asking import ListedAddress, ListedPerson
from shared.domain.base import Frozen, Identifier
from shared.domain.people import EmailAddress


class PostUnsubscribe(BaseModel):
    """An address whose owner does not want to be asked or thanked any more.

    Args:
        person_email: The address.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", json_schema_extra={"examples": [{"person_email": "ada@example.com"}]}
    )

    person_email: EmailAddress


class Unsubscribed(Frozen):
    """A person who does not want to be asked."""

    person_id: Identifier
    email: str
    name: str | None
    unsubscribed_at: int

    @classmethod
    def of(cls, listed: ListedAddress, person: ListedPerson | None) -> Self:
        """An entry as it is told."""
        name = person.person.name if person else None
        at = int(listed.at.timestamp())
        return cls(person_id=listed.person_id, email=listed.email, name=name, unsubscribed_at=at)


class Bounced(Frozen):
    """A person whose e-mail bounced for good."""

    person_id: Identifier
    email: str
    name: str | None
    bounced_at: int

    @classmethod
    def of(cls, listed: ListedAddress, person: ListedPerson | None) -> Self:
        """An entry as it is told."""
        name = person.person.name if person else None
        at = int(listed.at.timestamp())
        return cls(person_id=listed.person_id, email=listed.email, name=name, bounced_at=at)
