"""Parcels by the names of others, in memory; held to what the real store does by the tests of the real functions."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from shared.domain.deliveries import Delivery, DeliveryEvent
from shared.domain.tracking.parcels import Found, Kept, Name, Registered, registered_names
from tests.fakes.deliveries import InMemoryDeliveries


class InMemoryParcels:
    """Stands in for `TrackedParcels`."""

    def __init__(self, deliveries: InMemoryDeliveries) -> None:
        self._deliveries = deliveries
        self.pointers: dict[Name, dict[str, datetime]] = {}
        self.waiting: dict[tuple[Name, str], Kept] = {}

    def found(self, name: Name) -> Found:
        pointers = self.pointers.get(name, {})
        kept = tuple(kept for (under, _), kept in self.waiting.items() if under == name)
        return Found(tuple(Registered(delivery_id, since) for delivery_id, since in pointers.items()), kept)

    def point(self, delivery: Delivery, told_at: datetime | None = None) -> bool:
        mine = delivery.delivery_id
        stored = self._deliveries.get(mine)
        if stored is None or stored.version != delivery.version:
            return False
        wanted = registered_names(delivery.registration)
        for name, pointers in self.pointers.items():
            if name not in wanted:
                pointers.pop(mine, None)
        for name in wanted:
            assert delivery.registration is not None
            since = min(told_at or delivery.registration.registered_at, delivery.registration.registered_at)
            pointers = self.pointers.setdefault(name, {})
            pointers[mine] = min(pointers.get(mine, since), since)
        return True

    def keep(self, name: Name, provider: str, events: Iterable[DeliveryEvent], now: datetime) -> None:
        before = self.waiting.get((name, provider), Kept(name, provider, (), 0))
        known = {event.event_id for event in before.events}
        new = tuple(event for event in events if event.event_id not in known)
        if new:
            self.waiting[name, provider] = Kept(name, provider, (*before.events, *new), before.revision + 1)

    def settle(self, kept: Kept) -> None:
        stored = self.waiting.get((kept.name, kept.provider))
        if stored is not None and stored.revision == kept.revision:
            del self.waiting[kept.name, kept.provider]
