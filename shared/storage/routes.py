"""Vans' routes in the deliveries table: their stops, who is aboard which, and where a van was seen last.

Three kinds of items. The route holds its stops and which of them are done, under one version; where the van is stands
apart, because it is written every few seconds and a write costs by the size of its item. A pointer leads from a
delivery to its van. All three go by themselves some days later: they tell where people live and where a driver was.

What a customer's page reads is strongly consistent: from a replica that lags, a count that fell would rise again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Protocol

from shared.domain.base import iso
from shared.domain.deliveries import Delivery
from shared.domain.routes import Aboard, Route, VanPosition
from shared.errors import TemporaryError
from shared.storage.keys import aboard_key, delivery_key, route_key, van_key
from shared.storage.table import BatchReadable, Item, condition_held, items_of, to_item, translated

KEPT_FOR = timedelta(days=7)
"""How long a route is kept after its last plan; the pointers to it as well."""
POSITION_KEPT_FOR = timedelta(days=1)
"""How long the last position of a van is kept."""
FORGET_ATTEMPTS = 5
"""How often a stop is forgotten anew because its route changed in between."""


class StoredRoute(NamedTuple):
    """A route, and the version under which it stands; version 0 for "there is nothing".

    It may have a version and no route: a stop was done while the first plan was being kept.
    """

    route: Route | None
    version: int


class Live(NamedTuple):
    """What the page of one parcel is made of."""

    delivery: Delivery | None
    route: Route | None = None
    van: VanPosition | None = None


class RoutesTable(BatchReadable, Protocol):
    """The calls we make to DynamoDB."""

    def get_item(self, **kwargs: Any) -> Mapping[str, Any]:
        """GetItem."""
        ...

    def put_item(self, **kwargs: Any) -> Any:
        """PutItem."""
        ...

    def update_item(self, **kwargs: Any) -> Any:
        """UpdateItem."""
        ...

    def delete_item(self, **kwargs: Any) -> Any:
        """DeleteItem."""
        ...


class RouteRepository:
    """The routes in the deliveries table.

    Args:
        dynamodb: A DynamoDB client.
        table_name: The deliveries table's name.
    """

    def __init__(self, dynamodb: RoutesTable, table_name: str) -> None:
        self._dynamodb = dynamodb
        self._table_name = table_name

    def get(self, route_id: str) -> StoredRoute:
        """A route as it is now.

        Raises:
            TemporaryError: the store did not answer; so for every method here.
        """
        item = self._item(route_key(route_id))
        return StoredRoute(_route_of(item), int(item["version"]["N"])) if item else StoredRoute(None, 0)

    def save(self, route: Route, expected_version: int) -> bool:
        """Store a route if what stands there still has the expected version; whether it was."""
        attributes = {
            "content": route.model_dump_json(exclude={"done"}, exclude_none=True),
            "done": route.done or None,  # DynamoDB has no empty set
            "version": expected_version + 1,
            "ttl": _ends(route.planned_at, KEPT_FOR),
        }
        put: dict[str, Any] = {
            "TableName": self._table_name,
            "Item": {**route_key(route.route_id), **to_item(attributes)},
            "ConditionExpression": "attribute_not_exists(pk)",
        }
        if expected_version:
            put["ConditionExpression"] = "version = :version"
            put["ExpressionAttributeValues"] = to_item({":version": expected_version})
        return condition_held(self._dynamodb.put_item, **put)

    def stop_done(self, route_id: str, delivery_id: str, now: datetime) -> bool:
        """Have a stop be done, also of a plan that is only being kept; whether it was not yet."""
        return condition_held(
            self._dynamodb.update_item,
            TableName=self._table_name,
            Key=route_key(route_id),
            UpdateExpression="ADD #done :stop, version :one SET #ttl = if_not_exists(#ttl, :ttl)",
            ConditionExpression="NOT contains(#done, :delivery)",
            ExpressionAttributeNames={"#done": "done", "#ttl": "ttl"},
            ExpressionAttributeValues=to_item(
                {":stop": {delivery_id}, ":delivery": delivery_id, ":one": 1, ":ttl": _ends(now, KEPT_FOR)}
            ),
        )

    def aboard(self, delivery_ids: Sequence[str]) -> dict[str, Aboard]:
        """Which vans have these deliveries, of those that one has."""
        keys = [aboard_key(delivery_id) for delivery_id in delivery_ids]
        found = (_aboard_of(item) for item in items_of(self._dynamodb, self._table_name, keys, consistent=True))
        return {aboard.delivery_id: aboard for aboard in found}

    def deliveries(self, delivery_ids: Sequence[str]) -> Iterator[Delivery]:
        """Those of these deliveries that there are, as they are at this moment."""
        keys = [delivery_key(delivery_id) for delivery_id in delivery_ids]
        yield from map(_delivery_of, items_of(self._dynamodb, self._table_name, keys, consistent=True))

    def route_with(self, delivery_id: str) -> str | None:
        """The route of the van that has a delivery, None if none has."""
        item = self._item(aboard_key(delivery_id))
        return _aboard_of(item).route_id if item else None

    def board(self, aboard: Aboard, before: Aboard | None) -> bool:
        """Have a van have a delivery, if it still is where it was before; whether it is there now."""
        attributes = {
            "delivery_id": aboard.delivery_id,
            "route_id": aboard.route_id,
            "since": _exact(aboard.since),
            "known_since": _exact(aboard.known_since),
            "ttl": _ends(aboard.since, KEPT_FOR),
        }
        put: dict[str, Any] = {
            "TableName": self._table_name,
            "Item": {**aboard_key(aboard.delivery_id), **to_item(attributes)},
            "ConditionExpression": "attribute_not_exists(pk)",
        }
        if before is not None:
            put["ConditionExpression"] = "since = :since AND route_id = :route"
            put["ExpressionAttributeValues"] = to_item({":since": _exact(before.since), ":route": before.route_id})
        return condition_held(self._dynamodb.put_item, **put)

    def unboard(self, delivery_id: str) -> None:
        """Have no van have a delivery."""
        with translated():
            self._dynamodb.delete_item(TableName=self._table_name, Key=aboard_key(delivery_id))

    def see_van(self, route_id: str, position: VanPosition) -> bool:
        """Keep where a van is, unless it was seen later already; whether it was kept."""
        attributes = {
            "content": position.model_dump_json(),
            "seen_at": iso(position.at),
            "ttl": _ends(position.at, POSITION_KEPT_FOR),
        }
        return condition_held(
            self._dynamodb.put_item,
            TableName=self._table_name,
            Item={**van_key(route_id), **to_item(attributes)},
            ConditionExpression="attribute_not_exists(pk) OR seen_at < :seen_at",
            ExpressionAttributeValues=to_item({":seen_at": iso(position.at)}),
        )

    def forget(self, delivery_id: str) -> bool:
        """Forget where a delivery goes, and which van has it; whether there was anything.

        Its place goes first, then the pointer that leads there, so that a worker that dies in between is followed by
        one that still finds it. Nobody could tell any more when the stop is done, so it is done.

        Raises:
            TemporaryError: the store did not answer, or others kept changing the route.
        """
        route_id = self.route_with(delivery_id)
        if route_id is None:
            return False
        for _ in range(FORGET_ATTEMPTS):
            stored = self.get(route_id)
            changed = stored.route.without(delivery_id) if stored.route else None
            if changed is None or changed == stored.route or self.save(changed, stored.version):
                self.unboard(delivery_id)
                return True
        raise TemporaryError("others kept changing this route")

    def _item(self, key: Mapping[str, Any]) -> Item | None:
        with translated():
            answer = self._dynamodb.get_item(TableName=self._table_name, Key=key, ConsistentRead=True)
        return answer.get("Item")


class LiveReader:
    """Reads what the page of one parcel is made of, and cannot write.

    Args:
        dynamodb: A DynamoDB client.
        table_name: The deliveries table's name.
    """

    def __init__(self, dynamodb: BatchReadable, table_name: str) -> None:
        self._dynamodb = dynamodb
        self._table_name = table_name

    def read(self, delivery_id: str) -> Live:
        """A parcel, and the van that has it; two calls, one if no van ever had it.

        Raises:
            TemporaryError: the store did not answer.
        """
        keys = [delivery_key(delivery_id), aboard_key(delivery_id)]
        found = {item["sk"]["S"]: item for item in self._items(keys)}
        delivery = _delivery_of(found["DELIVERY"]) if "DELIVERY" in found else None
        if "ROUTE" not in found:
            return Live(delivery)
        route_id = _aboard_of(found["ROUTE"]).route_id
        found = {item["sk"]["S"]: item for item in self._items([route_key(route_id), van_key(route_id)])}
        van = VanPosition.model_validate_json(found["VAN"]["content"]["S"]) if "VAN" in found else None
        return Live(delivery, _route_of(found["ROUTE"]) if "ROUTE" in found else None, van)

    def _items(self, keys: Sequence[Mapping[str, Any]]) -> Iterable[Item]:
        return items_of(self._dynamodb, self._table_name, keys, consistent=True)


def _delivery_of(item: Item) -> Delivery:
    return Delivery.model_validate_json(item["content"]["S"])


def _route_of(item: Item) -> Route | None:
    if "content" not in item:
        return None
    route = Route.model_validate_json(item["content"]["S"])
    return route.model_copy(update={"done": frozenset(item["done"]["SS"])}) if "done" in item else route


def _aboard_of(item: Item) -> Aboard:
    names = ("delivery_id", "route_id", "since", "known_since")
    return Aboard.model_validate({name: item[name]["S"] for name in names})


def _exact(instant: datetime) -> str:
    """An instant as it came, to be compared with itself."""
    return instant.astimezone(UTC).isoformat()


def _ends(start: datetime, after: timedelta) -> int:
    return int((start + after).timestamp())
