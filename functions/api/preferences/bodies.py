"""What is read and answered of what a person refuses."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema

from shared.domain.base import Frozen, Identifier
from shared.domain.messages import Category, Channel
from shared.domain.people import Person
from shared.domain.preferences import REFUSABLE, Refusal, Refusals, Refused, addresses_of

EVERYTHING = "all"
MOST = 100


WORDS = (EVERYTHING, *(category.value for category in REFUSABLE))
"""What can be refused on a channel, as the API says it."""


def _refusable(value: str) -> str:
    if value not in WORDS:
        raise ValueError(f"must be one of {', '.join(WORDS)}")
    return value


What = Annotated[str, AfterValidator(_refusable), WithJsonSchema({"type": "string", "enum": list(WORDS)})]
"""A category of messages, or `all` that come by a channel."""


class RefusedGiven(BaseModel):
    """A category of messages that a person refuses on a channel.

    Args:
        channel: On which channel.
        category: Messages of which category; `all` for every message by this channel.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    channel: Channel
    category: What

    @property
    def what(self) -> Refused:
        """The same in our words."""
        return Refused(self.channel, None if self.category == EVERYTHING else Category(self.category))


class PutPreferences(BaseModel):
    """All that a person refuses; what is not among it they may be sent.

    Args:
        refused: Each category they refuse, by channel.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "refused": [
                        {"channel": "email", "category": "surveys"},
                        {"channel": "sms", "category": "all"},
                    ]
                }
            ]
        },
    )

    refused: Annotated[tuple[RefusedGiven, ...], Field(max_length=MOST)]


class RefusedTold(Frozen):
    """A refusal as it is told.

    Args:
        channel: On which channel.
        category: Messages of which category; `all` for every message by this channel.
        since: When it was first said, in Unix seconds.
        by: Who said it: `customer` on a page of ours, `sms` by STOP, `provider` by a STOP that the provider kept, or
            the name of a key.
    """

    channel: Channel
    category: What
    since: int
    by: str | None

    @classmethod
    def of(cls, what: Refused, refusal: Refusal) -> Self:
        """A refusal."""
        return cls(channel=what.channel, category=_word(what), since=int(refusal.since.timestamp()), by=refusal.by)


class PreferencesTold(Frozen):
    """What a person refuses, under the addresses they have now.

    Args:
        person_id: Who.
        channels: How they can be reached at all.
        refused: What they refuse.
    """

    person_id: Identifier
    channels: tuple[Channel, ...]
    refused: tuple[RefusedTold, ...]

    @classmethod
    def of(cls, person: Person, refusals: Refusals) -> Self:
        """A person's, in the order of channels and categories."""
        told = sorted(refusals, key=lambda what: (what.channel, WORDS.index(_word(what))))
        return cls(
            person_id=person.person_id,
            channels=tuple(addresses_of(person)),
            refused=tuple(RefusedTold.of(what, refusals[what]) for what in told),
        )


def _word(what: Refused) -> str:
    return EVERYTHING if what.category is None else what.category.value
