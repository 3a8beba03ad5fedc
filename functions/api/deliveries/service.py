"""Tells where a parcel is, and which ones need a person."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Protocol

from functions.api.deliveries.bodies import ContradictedTold, DeliveryTold
from functions.api.needs import Deliveries
from shared.domain.base import IDENTIFIER
from shared.domain.deliveries import Delivery
from shared.errors import NotFoundError

MOST_CONTRADICTED = 100
"""Parcels of that list; whoever works through it finds the others when these are corrected."""


class Contradicted(Protocol):
    """Where parcels are found whose events contradict each other."""

    def flagged(self) -> Iterator[Delivery]:
        """All of them, those that did so last first."""
        ...


class DeliveryReading:
    """Parcels, for who asks by id or for those that need a person.

    Args:
        deliveries: Known deliveries.
        listing: Where those are found that need a person.
    """

    def __init__(self, deliveries: Deliveries, listing: Contradicted) -> None:
        self._deliveries = deliveries
        self._listing = listing

    def delivery(self, delivery_id: str) -> DeliveryTold:
        """A parcel.

        Raises:
            NotFoundError: nobody told us of it.
        """
        delivery = self._deliveries.get(delivery_id) if IDENTIFIER.fullmatch(delivery_id) else None
        if delivery is None:
            raise NotFoundError("There is no such delivery.")
        return DeliveryTold.of(delivery)

    def contradicted(self) -> ContradictedTold:
        """The parcels whose events contradict each other, the latest 100.

        Raises:
            TemporaryError: the store did not answer.
        """
        # The index lags: who was corrected a moment ago may still be in it.
        found = (delivery for delivery in self._listing.flagged() if delivery.contradictions)
        return ContradictedTold(deliveries=tuple(map(DeliveryTold.of, islice(found, MOST_CONTRADICTED))))
