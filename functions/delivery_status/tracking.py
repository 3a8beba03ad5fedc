"""Decides which of our parcels a tracking provider tells of, and keeps what it tells of one that we do not know yet.

Shops register and providers tell in any order. A registration puts the parcel's names down and then reads what was told
under them; what is told of a name that means nothing is put down, and then the name is looked up once more. So one of
the two sees the other, and since an event's id is made of what is told, it does no harm when both do.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple, Protocol

from functions.delivery_status.service import Followed
from shared.clock import Clock
from shared.domain.deliveries import Delivery, DeliveryEvent, DeliveryRegistration
from shared.domain.queued import DeliveryReported, TrackingReported
from shared.domain.tracking.parcels import (
    DELIVERY,
    Found,
    Kept,
    Name,
    Registered,
    is_over,
    likeliest,
    of_its_time,
    registered_names,
    together,
)
from shared.errors import TemporaryError

POINT_ATTEMPTS = 5
"""How often a lost race is run again, as when a delivery is saved."""


class Parcels(Protocol):
    """Parcels by the names that others have for them."""

    def found(self, name: Name) -> Found:
        """What stands under a name."""
        ...

    def point(self, delivery: Delivery, told_at: datetime) -> bool:
        """Have a delivery's names mean it, and no others; False if it changed meanwhile."""
        ...

    def keep(self, name: Name, provider: str, events: Iterable[DeliveryEvent], now: datetime) -> None:
        """Keep what was told."""
        ...

    def settle(self, kept: Kept) -> None:
        """Forget what was kept."""
        ...


class Deliveries(Protocol):
    """Where parcels are kept."""

    def get(self, delivery_id: str) -> Delivery | None:
        """A delivery as it is now, None if nobody told us of it."""
        ...


class Reports(Protocol):
    """Takes in what is reported of a parcel that we know."""

    def follow(self, reported: DeliveryReported) -> Followed:
        """Take in one report."""
        ...


class _Looked(NamedTuple):
    """A name, and what stood under it."""

    name: Name
    found: Found


class Tracking:
    """Finds parcels by the names that others have for them.

    Args:
        parcels: Parcels by those names.
        deliveries: Parcels by our own.
        reports: Takes in what is told of a parcel that was found.
        clock: The time.
    """

    def __init__(self, parcels: Parcels, deliveries: Deliveries, reports: Reports, clock: Clock) -> None:
        self._parcels = parcels
        self._deliveries = deliveries
        self._reports = reports
        self._clock = clock

    def follow(self, told: TrackingReported) -> Followed | None:
        """Take in what a provider tells; None if it is kept until its parcel is registered.

        Raises:
            TemporaryError: a store or a queue did not answer, or others kept writing the same.
        """
        happened_at = _last(told.events)
        looked = self._look(told.names)
        parcel = self._meant(looked, happened_at)
        if parcel is None:
            for name in told.names:
                self._parcels.keep(name, told.provider, told.events, self._clock.now())
            looked = self._look(told.names)
            parcel = self._meant(looked, happened_at)
        return self._take(parcel, looked, told.events) if parcel is not None else None

    def registered(self, followed: Followed, registration: DeliveryRegistration) -> Followed:
        """Have a parcel be found by the names that its shop told us, and take in what was told of it before.

        Args:
            followed: What came of the report with the registration.
            registration: That one; another may stand by now.

        Raises:
            TemporaryError: as for `follow`.
        """
        delivery = self._pointed(followed.delivery, registration.registered_at)
        names = (Name(DELIVERY, delivery.delivery_id), *registered_names(delivery.registration))
        looked = self._look(names)
        if not any(known.found.kept for known in looked):
            return followed
        parcel = Registered(delivery.delivery_id, registration.registered_at)
        return self._take(parcel, looked) or followed

    def _pointed(self, delivery: Delivery, told_at: datetime) -> Delivery:
        for _ in range(POINT_ATTEMPTS):
            if self._parcels.point(delivery, told_at):
                return delivery
            delivery = self._deliveries.get(delivery.delivery_id) or delivery
        raise TemporaryError("others kept writing this delivery")

    def _look(self, names: Iterable[Name]) -> list[_Looked]:
        return [_Looked(name, self._parcels.found(name)) for name in names]

    def _meant(self, looked: Iterable[_Looked], happened_at: datetime) -> Registered | None:
        """The parcel that the most exact of its names means, as of when something happened to it."""
        for name, found in looked:
            if name.kind == DELIVERY:
                delivery = self._deliveries.get(name.value)
                if delivery is not None and delivery.registration is not None:
                    return Registered(delivery.delivery_id, delivery.registration.registered_at)
                continue
            parcel = likeliest(found.registered, happened_at)
            if parcel is not None and not is_over(self._deliveries.get(parcel.delivery_id), happened_at):
                return parcel
        return None

    def _take(
        self, parcel: Registered, looked: Iterable[_Looked], told: Iterable[DeliveryEvent] = ()
    ) -> Followed | None:
        """Take in what is told of a parcel, and what was kept of it; None if nothing of that is of its time."""
        kept = [
            kept
            for known in looked
            for kept in known.found.kept
            if kept.events and self._is_of(parcel, known, kept.events)
        ]
        events = of_its_time(parcel.registered_at, together(told, *(each.events for each in kept)))
        if not events:
            return None
        followed = self._reports.follow(DeliveryReported(delivery_id=parcel.delivery_id, events=events))
        for each in kept:
            self._parcels.settle(each)
        return followed

    def _is_of(self, parcel: Registered, known: _Looked, events: Iterable[DeliveryEvent]) -> bool:
        meant = self._meant([known], _last(events))
        return meant is not None and meant.delivery_id == parcel.delivery_id


def _last(events: Iterable[DeliveryEvent]) -> datetime:
    """When the last of some events happened: it says of which of a number's parcels they are."""
    return max(event.occurred_at for event in events)
