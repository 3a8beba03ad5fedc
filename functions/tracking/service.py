"""Decides who sees which parcel. What they see of it is one pure rule, `shared.domain.routes.live_view`."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple, Protocol

from shared.clock import Clock
from shared.domain.deliveries import Delivery
from shared.domain.links import TrackingLink
from shared.domain.routes import LiveView, Route, VanPosition, is_told, live_view
from shared.errors import NotFoundError


class Links(Protocol):
    """Knows links to live pages."""

    def verify(self, token: str) -> TrackingLink:
        """Which parcel a token shows; UnauthorizedError if it is none of ours, ExpiredLinkError if it was one."""
        ...


class Live(Protocol):
    """What is known of a parcel and its van at one moment."""

    @property
    def delivery(self) -> Delivery | None:
        """The parcel."""
        ...

    @property
    def route(self) -> Route | None:
        """The route of the van that has it."""
        ...

    @property
    def van(self) -> VanPosition | None:
        """Where that van was seen last."""
        ...


class Parcels(Protocol):
    """Where parcels and vans are kept."""

    def read(self, delivery_id: str) -> Live:
        """A parcel, and the van that has it."""
        ...


class Seen(NamedTuple):
    """What a customer sees, and when they looked."""

    view: LiveView
    at: datetime


class Tracking:
    """Shows parcels to whoever holds a link to one."""

    def __init__(self, links: Links, parcels: Parcels, clock: Clock) -> None:
        self._links = links
        self._parcels = parcels
        self._clock = clock

    def look(self, token: str) -> Seen:
        """What the holder of a token sees now.

        Raises:
            ExpiredLinkError: the link's time is over.
            UnauthorizedError: it was changed, or is for something else.
            NotFoundError: nobody told us of the parcel, or its recipient was erased.
            TemporaryError: the store or the link keys can not be read now.
        """
        link = self._links.verify(token)
        found = self._parcels.read(link.delivery_id)
        if found.delivery is None or not is_told(found.delivery):
            raise NotFoundError("Nothing is known of this parcel.")
        now = self._clock.now()
        return Seen(live_view(found.delivery, found.route, found.van, now), now)
