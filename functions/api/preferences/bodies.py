"""What is read and answered of what a person refuses."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from shared.domain.base import Frozen, Identifier
from shared.domain.messages import Category, Channel
from shared.domain.people import Person
from shared.domain.preferences import Refusal, Refusals, Refused, addresses_of

EVERYTHING: Literal["all"] = "all"
MOST = 100


def _refusable(value: Category | Literal["all"]) -> Category | Literal["all"]:
    if isinstance(value, Category) and not value.is_refusable:
        raise ValueError("is no category that a customer can refuse")
    return value


What = Annotated[Category | Literal["all"], AfterValidator(_refusable)]
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
        category: Category | Literal["all"] = EVERYTHING if what.category is None else what.category
        return cls(channel=what.channel, category=category, since=int(refusal.since.timestamp()), by=refusal.by)


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
        order = list(Category)
        told = sorted(
            refusals, key=lambda what: (what.channel, -1 if what.category is None else order.index(what.category))
        )
        return cls(
            person_id=person.person_id,
            channels=tuple(addresses_of(person)),
            refused=tuple(RefusedTold.of(what, refusals[what]) for what in told),
        )
