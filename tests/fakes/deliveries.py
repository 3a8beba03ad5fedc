"""Deliveries in memory; held to the same contract as the real repository."""

from __future__ import annotations

from shared.domain.deliveries import Delivery


class InMemoryDeliveries:
    """Stands in for `DeliveryRepository`."""

    def __init__(self) -> None:
        self.stored: dict[str, str] = {}
        self.writes = 0

    def get(self, delivery_id: str) -> Delivery | None:
        content = self.stored.get(delivery_id)
        return Delivery.model_validate_json(content) if content else None

    def save(self, delivery: Delivery, expected_version: int) -> bool:
        stored = self.get(delivery.delivery_id)
        if (stored.version if stored else 0) != expected_version:
            return False
        self.stored[delivery.delivery_id] = delivery.model_dump_json()
        self.writes += 1
        return True
