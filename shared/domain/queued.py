"""What travels on the queues. Each has a `schema` number; a consumer reads the previous one too."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from shared.domain.base import Identifier, Instant
from shared.domain.deliveries import DeliveryEvent, DeliveryId, DeliveryRegistration
from shared.domain.messages import Notification
from shared.domain.response_submitted import Queued, ResponseSubmitted
from shared.domain.routes import MAX_REVISION, MAX_STOPS, Place, PlannedStop, ReplanReason, RouteId
from shared.domain.steps import StepsTold
from shared.domain.tracking.parcels import Name, names_of
from shared.domain.tracking.providers import Provider

__all__ = [
    "DeliveryDue",
    "DeliveryReported",
    "ErasePerson",
    "PositionReported",
    "Queued",
    "ResponseSubmitted",
    "RouteReported",
    "SendNotification",
    "StepsTold",
    "TrackingReported",
]


class DeliveryReported(Queued):
    """A shop or a carrier told us of a parcel; on the deliveries queue. Has a registration, events, or both.

    Args:
        delivery_id: Of which parcel.
        registration: What the shop says of it.
        event: One thing that happened to it.
        events: More things that happened to it, in any order.
    """

    type: Literal["DeliveryReported"] = "DeliveryReported"
    delivery_id: DeliveryId
    registration: DeliveryRegistration | None = None
    event: DeliveryEvent | None = None
    events: tuple[DeliveryEvent, ...] = ()

    @property
    def every_event(self) -> tuple[DeliveryEvent, ...]:
        """All that happened."""
        return (*((self.event,) if self.event is not None else ()), *self.events)


class DeliveryDue(Queued):
    """Something may have to be told of a parcel by now; on the deliveries queue, put there by a schedule.

    It says nothing of what: that is decided from what is stored when it comes.
    """

    type: Literal["DeliveryDue"] = "DeliveryDue"
    delivery_id: DeliveryId


class RouteReported(Queued):
    """A fleet told us of a plan: the stops of a van in their order; on the deliveries queue.

    Args:
        route_id: Which van's way.
        stops: In their order.
        revision: The highest of a route is the plan that counts, whatever the order in which they come.
        replanned_because: Why it was planned anew.
        planned_at: When we learned of it.
    """

    type: Literal["RouteReported"] = "RouteReported"
    route_id: RouteId
    stops: Annotated[tuple[PlannedStop, ...], Field(max_length=MAX_STOPS)]
    revision: Annotated[int, Field(ge=1, le=MAX_REVISION)]
    replanned_because: ReplanReason | None = None
    planned_at: Instant


class PositionReported(Queued):
    """A fleet told us where the van is that has a parcel aboard; on the deliveries queue.

    Args:
        delivery_id: Which parcel.
        place: Where its van is.
        at: When it was there, by the fleet's clock; never later than when we learned of it.
        estimated_at: When it is expected at this parcel's door.
        learned_at: When we learned of it.
    """

    type: Literal["PositionReported"] = "PositionReported"
    delivery_id: DeliveryId
    place: Place
    at: Instant
    estimated_at: Instant | None = None
    learned_at: Instant


class TrackingReported(Queued):
    """A tracking provider told us of a parcel by names of its own; on the deliveries queue.

    Args:
        provider: Who told us.
        tracker_id: What it calls the parcel.
        tracking_number: What the carrier calls it.
        hints: What may be our id of it.
        events: What happened to it.
    """

    type: Literal["TrackingReported"] = "TrackingReported"
    provider: Provider
    tracker_id: str | None = None
    tracking_number: str | None = None
    hints: tuple[DeliveryId, ...] = ()
    events: Annotated[tuple[DeliveryEvent, ...], Field(min_length=1)]

    @property
    def names(self) -> tuple[Name, ...]:
        """The names it is known by, the most exact first."""
        trackers = ((self.provider, self.tracker_id),) if self.tracker_id else ()
        return names_of(self.tracking_number, trackers, self.hints)


class SendNotification(Queued):
    """A message is wished for; on the notifications queue."""

    type: Literal["SendNotification"] = "SendNotification"
    notification: Notification


class ErasePerson(Queued):
    """A person's tombstones stand: what is stored of them is to go; on the erasures queue.

    Args:
        person_id: Who.
        sweep: The second sweep takes what was still being written while the first went through.
    """

    type: Literal["ErasePerson"] = "ErasePerson"
    person_id: Identifier
    sweep: Literal[1, 2] = 1
