"""The van's way: its stops in order, which of them are done, and what of it one customer may see.

How many customers are in front of one is counted, never told: the stops before theirs that are not done. Which stops
are done only grows within a plan, so the count only falls; a new plan is another plan, and where the count rose by it
the page says when. A customer sees the count up to ten, and how far the van is only when nobody is in front any more:
nothing that is shown depends on where, for whom or which any other stop is.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum
from math import asin, cos, radians, sin, sqrt
from typing import Annotated, NamedTuple

from pydantic import AfterValidator, Field

from shared.domain.base import Frozen, Identifier, Instant
from shared.domain.deliveries import (
    Delivery,
    DeliveryEvent,
    DeliveryId,
    DeliveryReason,
    DeliveryStatus,
    counting,
    deciding_event,
)
from shared.domain.promises import Window

RouteId = Identifier
MAX_STOPS = 200
"""Stops of a route; a van that brings parcels makes 100 to 150 in a day."""
MAX_REVISION = 10**15
"""Unix milliseconds stay below it until the year 33658."""
DECIMALS = 3
"""Of a coordinate's degrees: 110 m, which is all that steps of a kilometre need, and tells no house."""
POSITION_LASTS = timedelta(minutes=10)
"""How long a van may be thought to be where it was seen."""
COUNTED_UP_TO = 10
"""How many customers in front are told as a number; of more, only that they are more."""
MAX_STEPS_TOLD = 12
"""Steps of a parcel's history that are shown; of a longer one the latest."""
EARTH_KILOMETRES = 6371.0088
"""Mean radius of the Earth (IUGG)."""


def _coarse(degrees: float) -> float:
    return round(degrees, DECIMALS)


class Place(Frozen):
    """Where something is, to about 110 m; finer is not kept."""

    latitude: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False), AfterValidator(_coarse)]
    longitude: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False), AfterValidator(_coarse)]

    def kilometres_to(self, other: Place) -> float:
        """The way over ground as a bird flies (haversine)."""
        here, there = radians(self.latitude), radians(other.latitude)
        turned = radians(other.longitude - self.longitude)
        half_chord = sin((there - here) / 2) ** 2 + cos(here) * cos(there) * sin(turned / 2) ** 2
        return 2 * EARTH_KILOMETRES * asin(min(1.0, sqrt(half_chord)))


class ReplanReason(StrEnum):
    """Why a route was planned anew. A closed list: a sentence of the dispatcher's might name another customer."""

    TRAFFIC = "traffic"
    WEATHER = "weather"
    BREAKDOWN = "breakdown"
    DELAY = "delay"
    OTHER = "other"


class PlannedStop(Frozen):
    """A stop as a fleet plans it: which parcel is brought there and, if it is told, where that is."""

    delivery_id: DeliveryId
    place: Place | None = None


class Replanned(Frozen):
    """That more customers were in front of a stop after a plan than before it."""

    at: Instant
    because: ReplanReason | None = None


class Stop(PlannedStop):
    """A stop of a route.

    Args:
        delivery_id: The parcel that is brought there.
        place: Where that is.
        replanned: The last plan by which more customers came in front of it.
    """

    replanned: Replanned | None = None


class Route(Frozen):
    """A van's way by one plan.

    Args:
        route_id: Which.
        revision: Of the plan; the highest is the one that counts.
        planned_at: When we learned of the plan.
        stops: In their order.
        done: The parcels whose stop is behind the van, or that it will not go to; in a plan it only grows.
    """

    route_id: RouteId
    revision: Annotated[int, Field(ge=1, le=MAX_REVISION)]
    planned_at: Instant
    stops: Annotated[tuple[Stop, ...], Field(max_length=MAX_STOPS)] = ()
    done: frozenset[DeliveryId] = frozenset()

    def stop_of(self, delivery_id: str) -> Stop | None:
        """Where a parcel is brought, None if this van does not bring it."""
        return next((stop for stop in self.stops if stop.delivery_id == delivery_id), None)

    def ahead_of(self, delivery_id: str) -> int | None:
        """How many customers are in front of a parcel's; None if this van does not bring it."""
        ahead = 0
        for stop in self.stops:
            if stop.delivery_id == delivery_id:
                return ahead
            ahead += stop.delivery_id not in self.done
        return None

    def without(self, delivery_id: str) -> Route:
        """The route once nothing may be known of a parcel's customer: not where they live, and nobody waits for it."""
        stops = tuple(
            stop.model_copy(update={"place": None}) if stop.delivery_id == delivery_id else stop for stop in self.stops
        )
        return self.model_copy(update={"stops": stops, "done": self.done | {delivery_id}})


class Aboard(Frozen):
    """Which van has a parcel: the one whose plan named it last.

    Args:
        delivery_id: The parcel.
        route_id: The van's route.
        since: When the plan came that put it there.
        known_since: When the first plan came that named it, whichever route's.
    """

    delivery_id: DeliveryId
    route_id: RouteId
    since: Instant
    known_since: Instant


class VanPosition(Frozen):
    """Where a van was, and when."""

    place: Place
    at: Instant

    def is_current(self, now: datetime) -> bool:
        """Whether it may be thought to be there still."""
        return now - self.at <= POSITION_LASTS


class Plan(NamedTuple):
    """A plan as it came."""

    route_id: str
    revision: int
    planned_at: datetime
    stops: tuple[PlannedStop, ...]
    because: ReplanReason | None = None


def planned(
    plan: Plan, before: Route | None, *, done: Collection[str], known: Collection[str], moved: Collection[str]
) -> Route:
    """The route by a new plan.

    Args:
        plan: The plan.
        before: The route by the plan before it.
        done: Parcels of the plan that the van need not go to any more.
        known: Parcels of the plan that an earlier plan named, so that a count may have been shown.
        moved: Those of them that another van had until this plan.
    """
    after = Route(
        route_id=plan.route_id,
        revision=plan.revision,
        planned_at=plan.planned_at,
        stops=tuple(Stop(delivery_id=stop.delivery_id, place=stop.place) for stop in plan.stops),
        done=frozenset(done),
    )
    said = Replanned(at=plan.planned_at, because=plan.because)
    stops = []
    for ahead, stop in _numbered(after):
        id_ = stop.delivery_id
        earlier = before.stop_of(id_) if before is not None and id_ not in moved else None
        if earlier is not None and before is not None:
            rose = ahead > (before.ahead_of(id_) or 0)
            stops.append(stop.model_copy(update={"replanned": said if rose else earlier.replanned}))
        else:
            stops.append(stop.model_copy(update={"replanned": said if id_ in known else None}))
    return after.model_copy(update={"stops": tuple(stops)})


def _numbered(route: Route) -> list[tuple[int, Stop]]:
    """Each stop with the number of customers in front of it."""
    found, ahead = [], 0
    for stop in route.stops:
        found.append((ahead, stop))
        ahead += stop.delivery_id not in route.done
    return found


UNDER_WAY = frozenset({DeliveryStatus.OUT_FOR_DELIVERY, DeliveryStatus.ARRIVING})
"""Where a parcel is in a van that will ring."""
ENDED = frozenset({DeliveryStatus.DELIVERED, DeliveryStatus.RETURNED, DeliveryStatus.CANCELLED, DeliveryStatus.EXPIRED})
"""Where nothing more is expected to happen."""
_STOP_IS_DONE = ENDED | {
    DeliveryStatus.ATTEMPT_FAILED,
    DeliveryStatus.AVAILABLE_FOR_PICKUP,
    DeliveryStatus.RETURNING,
}
_VAN_STILL_COMES = frozenset(
    {None, DeliveryReason.DELAYED, DeliveryReason.WEATHER, DeliveryReason.CARRIER, DeliveryReason.OTHER}
)


def stop_is_done(status: DeliveryStatus, reason: DeliveryReason | None) -> bool:
    """Whether a van need not go to a parcel's stop any more.

    An exception ends the stop if its reason says that the van was there in vain (refused, nobody home) or has nothing
    to bring (damaged, lost, held). A delay does not: the van still comes, and who is behind it still waits.
    """
    if status is DeliveryStatus.EXCEPTION:
        return reason not in _VAN_STILL_COMES
    return status in _STOP_IS_DONE


class Distance(StrEnum):
    """How far the van is, in steps."""

    NEAR = "near"  # less than 1 km
    ABOUT_2_KM = "about_2_km"  # 1 to 3 km
    ABOUT_5_KM = "about_5_km"  # 3 to 7 km
    FAR = "far"  # 7 km and more


_STEPS = ((1.0, Distance.NEAR), (3.0, Distance.ABOUT_2_KM), (7.0, Distance.ABOUT_5_KM))


class VanView(Frozen):
    """What a customer sees of the van.

    Args:
        ahead: How many customers are in front of them; None for more than `COUNTED_UP_TO`.
        distance: How far it is; told only when they are next, so that it says nothing of anybody else's door.
        replanned: The last plan by which the count rose.
    """

    ahead: Annotated[int, Field(ge=0, le=COUNTED_UP_TO)] | None
    distance: Distance | None = None
    replanned: Replanned | None = None

    @property
    def tenths(self) -> int:
        """How far on its way the van is drawn, 0 to 9: a picture of the count, and of nothing else."""
        return 0 if self.ahead is None else max(0, 9 - self.ahead)


class Step(Frozen):
    """A step of a parcel's way."""

    status: DeliveryStatus
    reason: DeliveryReason | None
    at: Instant


class LiveView(Frozen):
    """All that the page of one parcel says.

    Args:
        status: Where the parcel is.
        reason: Why.
        history: How it came there, the latest first.
        window: When it was promised, while it is to come.
        estimated_at: When it is expected, while it is under way and that is still to come.
        van: What is seen of the van: only while it is under way and was seen a short time ago.
        out_of_sight: Whether a van has it that nobody saw of late.
        zone: The time zone to tell times in.
    """

    status: DeliveryStatus
    reason: DeliveryReason | None = None
    history: tuple[Step, ...] = ()
    window: Window | None = None
    estimated_at: Instant | None = None
    van: VanView | None = None
    out_of_sight: bool = False
    zone: str

    @property
    def is_under_way(self) -> bool:
        """Whether it may change at any moment."""
        return self.status in UNDER_WAY

    @property
    def has_ended(self) -> bool:
        """Whether nothing more is expected."""
        return self.status in ENDED


def is_erased(delivery: Delivery) -> bool:
    """Whether the recipient of a parcel was erased: of such a one nothing is shown, and no place is kept."""
    return delivery.registration is not None and delivery.registration.recipient is None


def is_told(delivery: Delivery | None) -> bool:
    """Whether anything may be said of a parcel: somebody told us of it, and its recipient was not erased."""
    return delivery is not None and delivery.registration is not None and delivery.registration.recipient is not None


def live_view(delivery: Delivery, route: Route | None, van: VanPosition | None, now: datetime) -> LiveView:
    """What the customer of a parcel sees of it now.

    Args:
        delivery: The parcel; one that `is_told`.
        route: The route of the van that has it, None if none does.
        van: Where that van was seen last.
        now: The time.
    """
    current, registration = delivery.current, delivery.registration
    status = delivery.status
    under_way = status in UNDER_WAY
    expected = delivery.estimated_at
    ahead = route.ahead_of(delivery.delivery_id) if route is not None and under_way else None
    has_van = ahead is not None and route is not None and delivery.delivery_id not in route.done
    seen = has_van and van is not None and van.is_current(now)
    return LiveView(
        status=status,
        reason=current.reason if current else None,
        history=history(delivery),
        window=registration.promise if registration and status not in ENDED else None,
        estimated_at=expected if under_way and expected is not None and expected > now else None,
        van=_van_view(delivery.delivery_id, route, van, ahead)
        if seen and route and van and ahead is not None
        else None,
        out_of_sight=has_van and not seen,
        zone=registration.zone if registration else "UTC",
    )


def _van_view(delivery_id: str, route: Route, van: VanPosition, ahead: int) -> VanView:
    stop = route.stop_of(delivery_id)
    return VanView(
        ahead=ahead if ahead <= COUNTED_UP_TO else None,
        distance=_distance(van.place, stop.place) if stop and stop.place and ahead == 0 else None,
        replanned=stop.replanned if stop else None,
    )


def _distance(van: Place, door: Place) -> Distance:
    kilometres = van.kilometres_to(door)
    return next((step for below, step in _STEPS if kilometres < below), Distance.FAR)


_RANK = {status: rank for rank, status in enumerate(DeliveryStatus)}


def history(delivery: Delivery) -> tuple[Step, ...]:
    """How a parcel came where it is, the latest first: events that were news when they happened, and hold."""
    counted = counting(delivery.history)
    latest: DeliveryEvent | None = None
    steps: list[Step] = []
    for event in sorted(counted, key=lambda event: (event.occurred_at, _RANK[event.status], event.event_id)):
        if latest is not None and deciding_event((latest, event)) is not event:
            continue
        if latest is None or (latest.status, latest.reason) != (event.status, event.reason):
            steps.append(Step(status=event.status, reason=event.reason, at=event.occurred_at))
        latest = event
    return tuple(reversed(steps[-MAX_STEPS_TOLD:]))
