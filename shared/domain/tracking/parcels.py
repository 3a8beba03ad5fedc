"""Which of our parcels a provider tells of.

Our key is the delivery id. Carriers use tracking numbers again after some months, and EasyPost's events carry nothing
of ours. So a parcel is registered under its number with the time, and a number means the one that was registered last.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from shared.domain.deliveries import MAX_EVENTS, Delivery, DeliveryEvent, DeliveryRegistration, DeliveryStatus

REGISTERED_LATER_BY = timedelta(days=14)
"""How long after something happened its parcel may be registered. What is older is of the number's former parcel."""
HEARD_FOR = timedelta(days=180)
"""How long after its registration a parcel is found by its number."""
HEARD_AFTER_ITS_END = timedelta(days=30)
"""How long after it was delivered: a return begins within that time, and no carrier uses a number again so soon."""
KEPT_FOR = REGISTERED_LATER_BY + timedelta(days=1)
"""How long what was told of an unknown parcel is kept; later no registration may claim it."""

_OVER = frozenset({DeliveryStatus.DELIVERED, DeliveryStatus.RETURNED, DeliveryStatus.CANCELLED, DeliveryStatus.EXPIRED})


DELIVERY, NUMBER = "delivery", "number"
"""Kinds of names beside those that are a provider's: our own id as a provider brings it along, a tracking number."""


class Name(NamedTuple):
    """A name by which somebody else knows a parcel.

    Args:
        kind: `delivery`, `number`, or the provider whose id of its tracker it is.
        value: The name.
    """

    kind: str
    value: str


def normal_number(number: str) -> str:
    """A tracking number as its digits and letters: people and programs space and hyphenate it as they like."""
    return re.sub(r"[^A-Z0-9]", "", number.upper())


def names_of(
    tracking_number: str | None, trackers: Iterable[tuple[str, str]], hints: Iterable[str] = ()
) -> tuple[Name, ...]:
    """The names of a parcel, the most exact first: our id, the provider's, the carrier's."""
    number = normal_number(tracking_number or "")
    return (
        *(Name(DELIVERY, hint) for hint in hints),
        *(Name(str(provider), tracker_id) for provider, tracker_id in sorted(trackers)),
        *((Name(NUMBER, number),) if number else ()),
    )


def registered_names(registration: DeliveryRegistration | None) -> tuple[Name, ...]:
    """The names that a shop told us of its parcel, beside our id."""
    return names_of(registration.tracking_number, registration.trackers.items()) if registration else ()


class Registered(NamedTuple):
    """A parcel, and since when it is registered under a name."""

    delivery_id: str
    registered_at: datetime


class Kept(NamedTuple):
    """What a provider told under a name that no delivery had yet.

    Args:
        name: The name.
        provider: Who told.
        events: What happened.
        revision: Grows with each webhook that is added.
    """

    name: Name
    provider: str
    events: tuple[DeliveryEvent, ...]
    revision: int


class Found(NamedTuple):
    """What stands under a name: the deliveries it means or meant, and what was told before there was one."""

    registered: tuple[Registered, ...]
    kept: tuple[Kept, ...]


def likeliest(registered: Iterable[Registered], happened_at: datetime) -> Registered | None:
    """Of the parcels registered under one name, the one that something happened to: the latest of its time."""
    fits = (
        parcel
        for parcel in registered
        if parcel.registered_at - REGISTERED_LATER_BY <= happened_at <= parcel.registered_at + HEARD_FOR
    )
    return max(fits, key=lambda parcel: (parcel.registered_at, parcel.delivery_id), default=None)


def is_over(delivery: Delivery | None, happened_at: datetime) -> bool:
    """Whether a parcel had ended so long before that its number is another's by now."""
    current = delivery.current if delivery is not None else None
    return current is not None and current.status in _OVER and happened_at - current.occurred_at > HEARD_AFTER_ITS_END


def of_its_time(registered_at: datetime, told: Iterable[DeliveryEvent]) -> tuple[DeliveryEvent, ...]:
    """The events without those of the number's former parcel, which a provider may tell in the same history."""
    return tuple(event for event in told if event.occurred_at >= registered_at - REGISTERED_LATER_BY)


def together(*told: Iterable[DeliveryEvent]) -> tuple[DeliveryEvent, ...]:
    """Events from several webhooks, each once, oldest first; of more than a delivery keeps, the latest."""
    found = {event.event_id: event for events in told for event in events}
    return tuple(sorted(found.values(), key=lambda event: (event.occurred_at, event.event_id))[-MAX_EVENTS:])
