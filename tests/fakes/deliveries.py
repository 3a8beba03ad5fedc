"""Deliveries in memory; held to the same contract as the real repository."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from shared.domain.brands import Brand
from shared.domain.deliveries import Delivery
from shared.domain.promises import LedgerChange, Outcome


class InMemoryDeliveries:
    """Stands in for `DeliveryRepository`."""

    def __init__(self) -> None:
        self.stored: dict[str, str] = {}
        self.writes = 0
        self.ledger: Counter[tuple[str, str, str, Outcome]] = Counter()

    def get(self, delivery_id: str) -> Delivery | None:
        content = self.stored.get(delivery_id)
        return Delivery.model_validate_json(content) if content else None

    def save(self, delivery: Delivery, expected_version: int, moved: Sequence[LedgerChange] = ()) -> bool:
        stored = self.get(delivery.delivery_id)
        if (stored.version if stored else 0) != expected_version:
            return False
        self.stored[delivery.delivery_id] = delivery.model_dump_json()
        self.writes += 1
        for change in moved:
            for outcome, times in change.outcomes.items():
                self.ledger[change.week, change.carrier, change.region, outcome] += times
        return True


class OneBrand:
    """Whatever is asked for, it is this brand."""

    def __init__(self, brand: Brand | None = None) -> None:
        self.brand = brand or Brand(name="Shop")

    def current(self, brand_id: str) -> Brand:
        return self.brand
