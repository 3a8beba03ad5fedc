"""Decides what plans, positions and parcels mean for the count of customers in front.

A plan is kept in this order: the parcels' pointers to the route, then their statuses are read, then the route is
written if nobody wrote it since it was read. A parcel that is delivered meanwhile was either read as delivered, or
found its pointer and wrote the route, which is then planned again. So no stop that is done stays counted as in front.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from shared.clock import Clock
from shared.domain.deliveries import Delivery
from shared.domain.queued import PositionReported, RouteReported
from shared.domain.routes import Aboard, Plan, Route, VanPosition, is_erased, planned, stop_is_done
from shared.errors import TemporaryError

SAVE_ATTEMPTS = 5
"""How often a plan is kept anew because a stop was done, or another plan came, in between."""


class StoredRoute(Protocol):
    """A route and the version under which it stands."""

    @property
    def route(self) -> Route | None:
        """The route, None before its first plan."""
        ...

    @property
    def version(self) -> int:
        """The version, 0 if nothing is stored."""
        ...


class Routes(Protocol):
    """Where routes are kept."""

    def get(self, route_id: str) -> StoredRoute:
        """A route as it is now."""
        ...

    def save(self, route: Route, expected_version: int) -> bool:
        """Store a route if nobody wrote it since; whether it was."""
        ...

    def stop_done(self, route_id: str, delivery_id: str, now: datetime) -> bool:
        """Have a stop be done; whether it was not yet."""
        ...

    def aboard(self, delivery_ids: Sequence[str]) -> Mapping[str, Aboard]:
        """Which vans have these deliveries."""
        ...

    def deliveries(self, delivery_ids: Sequence[str]) -> Iterable[Delivery]:
        """Those of these deliveries that there are."""
        ...

    def route_with(self, delivery_id: str) -> str | None:
        """The route of the van that has a delivery."""
        ...

    def board(self, aboard: Aboard, before: Aboard | None) -> bool:
        """Have a van have a delivery, if it still is where it was; whether it is there now."""
        ...

    def see_van(self, route_id: str, position: VanPosition) -> bool:
        """Keep where a van is, unless it was seen later already."""
        ...

    def unboard(self, delivery_id: str) -> None:
        """Have no van have a delivery."""
        ...


class Estimates(Protocol):
    """Takes in when parcels are expected; `DeliveryStatus` does."""

    def estimate(self, delivery_id: str, estimated_at: datetime, learned_at: datetime) -> object:
        """A parcel is expected then, as we learned at that moment."""
        ...


class Seen(NamedTuple):
    """What came of a position.

    Args:
        route_id: The route of the van; None if no plan named the parcel yet.
        changed: Whether it is the latest one.
    """

    route_id: str | None
    changed: bool


class Routing:
    """Takes in plans and positions, and which stops are done."""

    def __init__(self, routes: Routes, estimates: Estimates, clock: Clock) -> None:
        self._routes = routes
        self._estimates = estimates
        self._clock = clock

    def plan(self, reported: RouteReported) -> bool:
        """Take in a plan; whether it is new. An older one, or the same again, changes nothing.

        Raises:
            TemporaryError: a store did not answer, or others kept writing the same route.
        """
        plan = Plan(
            reported.route_id, reported.revision, reported.planned_at, reported.stops, reported.replanned_because
        )
        for _ in range(SAVE_ATTEMPTS):
            stored = self._routes.get(plan.route_id)
            if stored.route is not None and stored.route.revision >= plan.revision:
                return False
            aboard = self._boarded(plan)
            if aboard is None:
                continue
            if self._routes.save(self._planned(plan, stored.route, aboard), stored.version):
                return True
        raise TemporaryError("others kept writing this route")

    def see(self, reported: PositionReported) -> Seen:
        """Take in where a van is, and when it is expected at the parcel's door.

        Raises:
            TemporaryError: a store or the queue did not answer.
        """
        if reported.estimated_at is not None:
            self._estimates.estimate(reported.delivery_id, reported.estimated_at, reported.learned_at)
        route_id = self._routes.route_with(reported.delivery_id)
        if route_id is None:
            return Seen(None, changed=False)
        position = VanPosition(place=reported.place, at=min(reported.at, reported.learned_at))
        return Seen(route_id, self._routes.see_van(route_id, position))

    def follow(self, delivery: Delivery) -> None:
        """Have a parcel's stop be done if the van need not go there any more; repeated with each report of it.

        Raises:
            TemporaryError: the store did not answer.
        """
        if not _is_done(delivery):
            return
        route_id = self._routes.route_with(delivery.delivery_id)
        if route_id is not None:
            self._routes.stop_done(route_id, delivery.delivery_id, self._clock.now())

    def _boarded(self, plan: Plan) -> Mapping[str, Aboard] | None:
        """Which vans have the plan's parcels, once this one has those that no later plan gave to another.

        Returns:
            None if another plan moved one of them just now, so that all of it is to be looked at again.
        """
        aboard = dict(self._routes.aboard([stop.delivery_id for stop in plan.stops]))
        for stop in plan.stops:
            before = aboard.get(stop.delivery_id)
            if before is not None and (before.route_id == plan.route_id or before.since >= plan.planned_at):
                continue
            if before is not None:  # its customer is nobody whom the other van's wait for any more
                self._routes.stop_done(before.route_id, stop.delivery_id, self._clock.now())
            here = Aboard(
                delivery_id=stop.delivery_id,
                route_id=plan.route_id,
                since=plan.planned_at,
                known_since=before.known_since if before else plan.planned_at,
            )
            if not self._routes.board(here, before):
                return None
            aboard[stop.delivery_id] = here
        return aboard

    def _planned(self, plan: Plan, before: Route | None, aboard: Mapping[str, Aboard]) -> Route:
        known = {here.delivery_id for here in aboard.values() if here.known_since < plan.planned_at}
        moved = {id_ for id_ in known if aboard[id_].since == plan.planned_at}
        done = {here.delivery_id for here in aboard.values() if here.route_id != plan.route_id}
        erased = set()
        for delivery in self._routes.deliveries([stop.delivery_id for stop in plan.stops]):
            if _is_done(delivery):
                done.add(delivery.delivery_id)
            if is_erased(delivery):
                self._routes.unboard(delivery.delivery_id)
                erased.add(delivery.delivery_id)
        stops = tuple(
            stop.model_copy(update={"place": None}) if stop.delivery_id in erased else stop for stop in plan.stops
        )
        return planned(plan._replace(stops=stops), before, done=done | erased, known=known, moved=moved)


def _is_done(delivery: Delivery) -> bool:
    current = delivery.current
    return current is not None and stop_is_done(current.status, current.reason)
