"""Who is spoken to: one `person_id`, with e-mail address, phone number and external id as claims on it."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, StringConstraints, model_validator

from shared.domain.base import Frozen, Identifier, Line
from shared.domain.time_zones import TimeZone

_LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_DOMAIN = r"([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
_EMAIL = re.compile(rf"{_LOCAL}@{_DOMAIN}")


def _email(value: str) -> str:
    """The dot-atom form of RFC 5321, 64 octets before the @ and 254 in all; the domain in lower case."""
    local, _, domain = value.rpartition("@")
    if not _EMAIL.fullmatch(value) or len(local) > 64 or len(value) > 254:
        raise ValueError("must be an e-mail address, such as ada@example.com")
    return f"{local}@{domain.lower()}"


def _phone(value: object) -> object:
    """E.164: a plus sign and 8 to 15 digits; spaces, dots, hyphens and brackets are dropped."""
    if not isinstance(value, str):
        return value
    compact = re.sub(r"[ .()\-]", "", value)
    if not re.fullmatch(r"\+[1-9][0-9]{7,14}", compact):
        raise ValueError("must be a phone number in E.164 form, such as +4915112345678")
    return compact


EmailAddress = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_email)]
PhoneNumber = Annotated[str, BeforeValidator(_phone)]


class ClaimKind(StrEnum):
    """What identifies a person to the outside."""

    EMAIL = "email"
    PHONE = "phone"
    EXTERNAL = "external"


class Claim(Frozen, defer_build=True):
    """One identifier of a person; unique over all people."""

    kind: ClaimKind
    value: str


class Recipient(Frozen):
    """A person in the role of being sent something, as a shop tells us of them."""

    email: EmailAddress | None = None
    phone: PhoneNumber | None = None
    external_id: Identifier | None = None
    name: Line | None = None
    locale: Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-[A-Z]{2})?$")] | None = None
    time_zone: TimeZone | None = None

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if self.email is None and self.phone is None and self.external_id is None:
            raise ValueError("needs an email, a phone or an external_id")
        return self

    @property
    def claims(self) -> tuple[Claim, ...]:
        """The identifiers, in the order in which they decide who this is: external id, e-mail, phone."""
        found = []
        if self.external_id is not None:
            found.append(Claim(kind=ClaimKind.EXTERNAL, value=self.external_id))
        if self.email is not None:
            found.append(Claim(kind=ClaimKind.EMAIL, value=self.email.lower()))
        if self.phone is not None:
            found.append(Claim(kind=ClaimKind.PHONE, value=self.phone))
        return tuple(found)


class Person(Frozen, defer_build=True):
    """A customer as we know them."""

    person_id: Identifier
    email: EmailAddress | None = None
    phone: PhoneNumber | None = None
    external_id: Identifier | None = None
    name: str | None = None
    locale: str | None = None
    time_zone: TimeZone | None = None


def merged(person: Person, recipient: Recipient) -> Person:
    """What we know after hearing of a person again: what is told now wins, what is not told stays."""
    told = {field: value for field, value in recipient.model_dump().items() if value is not None}
    return person.model_copy(update=told)


def completed(person: Person, recipient: Recipient) -> Person:
    """What we know after hearing late of something older: it fills gaps, and replaces nothing."""
    told = {
        field: value
        for field, value in recipient.model_dump().items()
        if value is not None and getattr(person, field) is None
    }
    return person.model_copy(update=told)
