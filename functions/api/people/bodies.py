"""What is read and answered of people: Delighted's field names, and ours beside them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from shared.domain.asking import MAX_DELAY, Asked, ListedPerson, SurveyRequest
from shared.domain.base import Frozen, Identifier, Line
from shared.domain.erasure import Erasure, Found
from shared.domain.messages import Channel
from shared.domain.people import EmailAddress, Person, PhoneNumber, Recipient
from shared.domain.phones import country_of
from shared.domain.submissions import Properties
from shared.domain.surveys import Locale, SurveyId


def _as_text(value: Any) -> Any:
    """Delighted's clients send numbers and truth values among the properties; it kept them as text, and so do we."""
    if not isinstance(value, dict):
        return value
    return {name: _text(entry) for name, entry in value.items()}


def _text(entry: Any) -> Any:
    if isinstance(entry, bool):
        return str(entry).lower()
    return str(entry) if isinstance(entry, int | float) else entry


PropertiesGiven = Annotated[Properties, BeforeValidator(_as_text)]
"""What else is known; numbers and truth values become text."""


def _of_a_country(number: str) -> str:
    if country_of(number) is None:
        raise ValueError("no country has such a phone number")
    return number


class PersonGiven(BaseModel):
    """A person by what identifies them; who is not known yet is from now on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    email: EmailAddress | None = None
    phone_number: Annotated[PhoneNumber, AfterValidator(_of_a_country)] | None = None
    external_id: Identifier | None = None
    name: Line | None = None
    locale: Locale | None = None

    @model_validator(mode="after")
    def _identified(self) -> Self:
        if self.email is None and self.phone_number is None and self.external_id is None:
            raise ValueError("needs an email, a phone_number or an external_id")
        return self

    @property
    def recipient(self) -> Recipient:
        """The same in our words."""
        return Recipient(
            email=self.email,
            phone=self.phone_number,
            external_id=self.external_id,
            name=self.name,
            locale=self.locale,
        )


_LOCALES: TypeAdapter[str] = TypeAdapter(Locale)


class PostPerson(PersonGiven):
    """A person to be known from now on, and asked unless `send` is false.

    Args:
        email: Their e-mail address.
        phone_number: Their phone number in E.164 form.
        external_id: What the sender calls them.
        name: Their name.
        locale: Their language, such as `de` or `en-GB`.
        send: Whether they are to be asked.
        delay: After how many seconds; at most a year.
        channel: The way the question takes; left out, e-mail if they have an address.
        survey: Which survey; left out, the one the key was made for.
        properties: What is known of the occasion; an answer to it counts by those that the survey declares as
            breakdowns, and the person's timeline shows all of them. `locale` among them is this request's language.
        last_sent_at: When they were asked last, in Unix seconds, if that was elsewhere.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "email": "ada@example.com",
                    "name": "Ada",
                    "delay": 86400,
                    "properties": {"device": "phone", "customer_id": 123},
                }
            ]
        }
    )

    send: Annotated[bool, Field(strict=True)] = True
    delay: Annotated[int, Field(ge=0, le=int(MAX_DELAY.total_seconds()), strict=True)] = 0
    channel: Channel | None = None
    survey: SurveyId | None = None
    properties: PropertiesGiven | None = None
    last_sent_at: Annotated[int, Field(ge=0, strict=True)] | None = None

    @property
    def language(self) -> str | None:
        """In which language they are to be asked; Delighted took it from among the properties."""
        told = self.locale or (self.properties or {}).get("locale")
        try:
            return None if told is None else _LOCALES.validate_python(told)
        except ValidationError:
            return None


def unix(instant: datetime | None) -> int | None:
    """A moment in Unix seconds."""
    return None if instant is None else int(instant.timestamp())


class PersonPosted(Frozen):
    """A person, shaped as Delighted's answer to the same; below `properties` stand our own fields."""

    id: Identifier
    email: str | None
    phone_number: str | None
    name: str | None
    survey_scheduled_at: int | None
    properties: Mapping[str, str]
    external_id: str | None
    survey_request: Identifier | None
    survey: SurveyId | None

    @classmethod
    def of(cls, person: Person, properties: Mapping[str, str], request: SurveyRequest | None) -> Self:
        """A person as they are told, with the request that waits for them."""
        return cls(
            id=person.person_id,
            email=person.email,
            phone_number=person.phone,
            name=person.name,
            survey_scheduled_at=unix(request.scheduled_at) if request else None,
            properties=properties,
            external_id=person.external_id,
            survey_request=request.request_id if request else None,
            survey=request.survey_id if request else None,
        )


class PersonTold(Frozen):
    """A person, shaped as Delighted's; below `next_survey_scheduled_at` stand our own fields."""

    id: Identifier
    email: str | None
    name: str | None
    created_at: int
    phone_number: str | None
    last_sent_at: int | None
    last_responded_at: int | None
    next_survey_scheduled_at: int | None
    external_id: str | None
    locale: str | None
    properties: Mapping[str, str]

    @classmethod
    def of(cls, listed: ListedPerson, asked: Asked, last_responded_at: datetime | None) -> Self:
        """A person as they are told."""
        person = listed.person
        return cls(
            id=person.person_id,
            email=person.email,
            name=person.name,
            created_at=int(listed.created_at.timestamp()),
            phone_number=person.phone,
            last_sent_at=unix(asked.last_sent_at),
            last_responded_at=unix(last_responded_at),
            next_survey_scheduled_at=unix(asked.pending[0].scheduled_at) if asked.pending else None,
            external_id=person.external_id,
            locale=person.locale,
            properties=asked.properties,
        )


class PersonExpanded(Frozen):
    """A person in the place of their id."""

    id: Identifier
    email: str | None
    name: str | None
    created_at: int
    phone_number: str | None

    @classmethod
    def of(cls, listed: ListedPerson) -> Self:
        """A person as they are told beside what they answered."""
        person = listed.person
        return cls(
            id=person.person_id,
            email=person.email,
            name=person.name,
            created_at=int(listed.created_at.timestamp()),
            phone_number=person.phone,
        )


class ErasureTold(Frozen):
    """The erasure of a person, and once it is finished its receipt; it names nobody.

    Args:
        person: The id of who was erased; of no use any more.
        requested_at: When it was asked for, in Unix seconds.
        finished_at: When nothing was left; null until then.
        counts: How much was erased of each kind.
    """

    person: Identifier
    requested_at: int
    finished_at: int | None
    counts: Mapping[Found, int]

    @classmethod
    def of(cls, erasure: Erasure) -> Self:
        """An erasure as it is told."""
        return cls(
            person=erasure.person_id,
            requested_at=int(erasure.requested_at.timestamp()),
            finished_at=unix(erasure.finished_at),
            counts=erasure.counts,
        )


class Ok(Frozen):
    """It is so."""

    ok: bool = True
