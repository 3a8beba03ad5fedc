"""Vans' routes in memory; held to the same contract as the real repository."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from shared.domain.deliveries import Delivery
from shared.domain.routes import Aboard, Route, VanPosition
from shared.storage.routes import Live, StoredRoute


class InMemoryRoutes:
    """Stands in for `RouteRepository` and `LiveReader`.

    Args:
        parcels: The deliveries of the same table.
        before_each: Called before each call, where a test lets others work, or a worker die.
    """

    def __init__(
        self, parcels: dict[str, Delivery] | None = None, before_each: Callable[[], None] | None = None
    ) -> None:
        self.parcels = {} if parcels is None else parcels
        self.before_each = before_each or (lambda: None)
        self.routes: dict[str, str] = {}
        self.versions: dict[str, int] = {}
        self.done: dict[str, frozenset[str]] = {}
        self.boarded: dict[str, Aboard] = {}
        self.vans: dict[str, VanPosition] = {}

    def get(self, route_id: str) -> StoredRoute:
        self.before_each()
        return StoredRoute(self._route(route_id), self.versions.get(route_id, 0))

    def save(self, route: Route, expected_version: int) -> bool:
        self.before_each()
        if self.versions.get(route.route_id, 0) != expected_version:
            return False
        self.routes[route.route_id] = route.model_dump_json(exclude={"done"})
        self.done[route.route_id] = route.done
        self.versions[route.route_id] = expected_version + 1
        return True

    def stop_done(self, route_id: str, delivery_id: str, now: datetime) -> bool:
        self.before_each()
        done = self.done.get(route_id, frozenset())
        if delivery_id in done:
            return False
        self.done[route_id] = done | {delivery_id}
        self.versions[route_id] = self.versions.get(route_id, 0) + 1
        return True

    def aboard(self, delivery_ids: Sequence[str]) -> dict[str, Aboard]:
        self.before_each()
        return {id_: self.boarded[id_] for id_ in delivery_ids if id_ in self.boarded}

    def deliveries(self, delivery_ids: Sequence[str]) -> Iterator[Delivery]:
        self.before_each()
        yield from [self.parcels[id_] for id_ in delivery_ids if id_ in self.parcels]

    def route_with(self, delivery_id: str) -> str | None:
        self.before_each()
        aboard = self.boarded.get(delivery_id)
        return aboard.route_id if aboard else None

    def board(self, aboard: Aboard, before: Aboard | None) -> bool:
        self.before_each()
        known = self.boarded.get(aboard.delivery_id)
        if (known and (known.since, known.route_id)) != (before and (before.since, before.route_id)):
            return False
        self.boarded[aboard.delivery_id] = aboard
        return True

    def unboard(self, delivery_id: str) -> None:
        self.before_each()
        self.boarded.pop(delivery_id, None)

    def see_van(self, route_id: str, position: VanPosition) -> bool:
        self.before_each()
        known = self.vans.get(route_id)
        if known is not None and known.at >= position.at:
            return False
        self.vans[route_id] = position
        return True

    def forget(self, delivery_id: str) -> bool:
        route_id = self.route_with(delivery_id)
        if route_id is None:
            return False
        stored = self.get(route_id)
        if stored.route is not None:
            assert self.save(stored.route.without(delivery_id), stored.version)
        self.unboard(delivery_id)
        return True

    def read(self, delivery_id: str) -> Live:
        """What the page is made of; nobody dies here."""
        aboard = self.boarded.get(delivery_id)
        if aboard is None:
            return Live(self.parcels.get(delivery_id))
        return Live(self.parcels.get(delivery_id), self._route(aboard.route_id), self.vans.get(aboard.route_id))

    def _route(self, route_id: str) -> Route | None:
        content = self.routes.get(route_id)
        if content is None:
            return None
        done = self.done.get(route_id, frozenset())
        return Route.model_validate_json(content).model_copy(update={"done": done})
