"""Tells where a parcel is."""

from __future__ import annotations

from functions.api.deliveries.bodies import DeliveryTold
from functions.api.needs import Deliveries
from shared.domain.base import IDENTIFIER
from shared.errors import NotFoundError


class DeliveryReading:
    """Parcels, for who asks by id.

    Args:
        deliveries: Known deliveries.
    """

    def __init__(self, deliveries: Deliveries) -> None:
        self._deliveries = deliveries

    def delivery(self, delivery_id: str) -> DeliveryTold:
        """A parcel.

        Raises:
            NotFoundError: nobody told us of it.
        """
        delivery = self._deliveries.get(delivery_id) if IDENTIFIER.fullmatch(delivery_id) else None
        if delivery is None:
            raise NotFoundError("There is no such delivery.")
        return DeliveryTold.of(delivery)
