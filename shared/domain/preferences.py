"""What a customer refuses: a category of messages on one channel, or everything on it.

Nothing is refused to begin with. A refusal is of an address, not of a person: who writes STOP by SMS may be nobody we
know, and a refusal outlives the person who is erased.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, TypeAlias

from shared.domain.base import Frozen, Instant
from shared.domain.messages import Category, Channel
from shared.domain.people import Person

REFUSABLE = tuple(category for category in Category if category.is_refusable)
"""What can be refused, in the order of a delivery."""
CUSTOMER = "customer"
"""Who refused it: the customer on one of our pages, or by their mail program's button."""
BY_SMS = "sms"
"""The customer, by an SMS that says so."""
PROVIDER = "provider"
"""The provider of SMS, which had a STOP of its own."""


class Refused(NamedTuple):
    """What is refused.

    Args:
        channel: On which channel.
        category: Messages of which category; None for all that come by the channel.
    """

    channel: Channel
    category: Category | None


class Refusal(Frozen):
    """A refusal as it is kept.

    Args:
        since: When it was first said.
        by: Who said it: one of the words above, or the name of the key that wrote it down for them.
    """

    since: Instant
    by: str | None = None


Refusals: TypeAlias = Mapping[Refused, Refusal]


def addresses_of(person: Person) -> dict[Channel, str]:
    """The channels on which a person can be reached, with their address on each."""
    found = {Channel.EMAIL: person.email, Channel.SMS: person.phone}
    return {channel: address for channel, address in found.items() if address is not None}


def choices_of(person: Person) -> tuple[Refused, ...]:
    """All that a person can refuse: everything on each of their channels, and each category there."""
    return tuple(Refused(channel, category) for channel in addresses_of(person) for category in (None, *REFUSABLE))


def refuses(refusals: Refusals, channel: Channel, category: Category) -> bool:
    """Whether messages of a category are refused on a channel, alone or with everything."""
    return Refused(channel, category) in refusals or Refused(channel, None) in refusals


def masked_email(address: str) -> str:
    """An address that its owner recognises and nobody else learns: `a…@example.org`."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}…@{domain}"
