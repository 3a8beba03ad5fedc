"""Checks what a fleet tells of its vans, and puts it on the queue; it writes no table.

Coordinates are rounded to about 110 m here, at the door: nothing behind it knows a house.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol

from functions.delivery_events.routes.bodies import PositionAccepted, PositionBody, RouteAccepted, RouteBody
from shared.clock import Clock
from shared.domain.base import IDENTIFIER, iso
from shared.domain.queued import PositionReported, RouteReported
from shared.domain.routes import Place, PlannedStop
from shared.errors import InvalidRequestError

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
CLOCKS_DIFFER_BY = timedelta(days=1)
"""How far ahead of ours a fleet's clock may be; local times sent as UTC are up to 14 hours off."""
FARTHEST_ESTIMATE = timedelta(days=7)
"""How far ahead an arrival may be expected: a van that is on its way arrives sooner."""
OLDEST_ESTIMATE = timedelta(days=1)


class Reports(Protocol):
    """Where reports are put."""

    def send(self, message: RouteReported | PositionReported, group: str) -> None:
        """Put a report on the queue; when this returns, it is kept."""
        ...


class FleetReports:
    """Takes what fleets report of their vans."""

    def __init__(self, reports: Reports, clock: Clock) -> None:
        self._reports = reports
        self._clock = clock

    def plan(self, route_id: str, body: RouteBody) -> RouteAccepted:
        """Take in a plan.

        Raises:
            InvalidRequestError: the route's id is none, or a parcel has two stops.
            TemporaryError: the queue did not answer; nothing was taken in, or the same is taken in again.
        """
        _check_id("route_id", route_id)
        seen: set[str] = set()
        for number, stop in enumerate(body.stops):
            if stop.delivery_id in seen:
                raise _invalid(f"stops.{number}.delivery_id", "has a stop already")
            seen.add(stop.delivery_id)
        now = self._clock.now()
        revision = int(now.timestamp() * 1000) if body.revision is None else body.revision
        stops = tuple(
            PlannedStop(delivery_id=stop.delivery_id, place=_place(stop.latitude, stop.longitude))
            for stop in body.stops
        )
        reported = RouteReported(
            route_id=route_id,
            stops=stops,
            revision=revision,
            replanned_because=body.replanned_because,
            planned_at=now,
        )
        self._reports.send(reported, group=route_id)
        return RouteAccepted(route_id=route_id, revision=revision, stops=len(stops))

    def see(self, delivery_id: str, body: PositionBody) -> PositionAccepted:
        """Take in where a van is.

        Raises:
            InvalidRequestError: the parcel's id is none, or no clock is that wrong.
            TemporaryError: the queue did not answer; nothing was taken in, or the same is taken in again.
        """
        _check_id("delivery_id", delivery_id)
        now, expected = self._clock.now(), body.estimated_at
        at = body.occurred_at or now
        if not EARLIEST <= at <= now + CLOCKS_DIFFER_BY:
            raise _invalid("occurred_at", f"must lie between {iso(EARLIEST)} and a day from now")
        if expected is not None and not now - OLDEST_ESTIMATE <= expected <= now + FARTHEST_ESTIMATE:
            raise _invalid("estimated_at", f"must lie between a day ago and {FARTHEST_ESTIMATE.days} days from now")
        reported = PositionReported(
            delivery_id=delivery_id,
            place=Place(latitude=body.latitude, longitude=body.longitude),
            at=min(at, now),  # a clock that is ahead must not keep a position fresh
            estimated_at=expected,
            learned_at=now,
        )
        self._reports.send(reported, group=delivery_id)
        return PositionAccepted(delivery_id=delivery_id, occurred_at=reported.at)


def _place(latitude: float | None, longitude: float | None) -> Place | None:
    return Place(latitude=latitude, longitude=longitude) if latitude is not None and longitude is not None else None


def _check_id(path: str, id_: str) -> None:
    if not IDENTIFIER.fullmatch(id_):
        raise _invalid(path, "must be 1 to 128 letters, digits, dots, hyphens, underscores or colons")


def _invalid(path: str, fault: str) -> InvalidRequestError:
    return InvalidRequestError(f"{path}: {fault}", {path: [fault]})
