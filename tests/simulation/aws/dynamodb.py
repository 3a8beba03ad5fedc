"""DynamoDB: tables, and the operations on single items."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from tests.simulation.aws.capacity import Meter
from tests.simulation.aws.clock import VirtualClock
from tests.simulation.aws.conditions import Scope, check_request, holds, look_up
from tests.simulation.aws.queries import Queries, project
from tests.simulation.aws.syntax import Condition
from tests.simulation.aws.tables import Index, KeyPart, KeySchema, Table, read_units, write_units
from tests.simulation.aws.transactions import Transactions
from tests.simulation.aws.updates import Update
from tests.simulation.aws.values import Item, normalise_item, size_of_item
from tests.simulation.aws.wire import ServiceError, validation_error

Request: TypeAlias = Mapping[str, Any]
MAX_BATCH_READ = 100
MAX_BATCH_WRITE = 25


class DynamoDb:
    """The service: its tables, and what was consumed."""

    def __init__(self, clock: VirtualClock, rng: random.Random) -> None:
        self._clock = clock
        self._rng = rng
        self._tables: dict[str, Table] = {}
        self.consumed: Counter[tuple[str, str]] = Counter()
        queries = Queries(self.table, self.consumed)
        transactions = Transactions(self.table, self.consumed, clock)
        self.operations: dict[str, Callable[[Request], dict[str, Any]]] = {
            "GetItem": self._get_item,
            "PutItem": self._put_item,
            "UpdateItem": self._update_item,
            "DeleteItem": self._delete_item,
            "BatchGetItem": self._batch_get_item,
            "BatchWriteItem": self._batch_write_item,
            "Query": queries.query,
            "TransactWriteItems": transactions.write,
            "TransactGetItems": transactions.get,
        }

    def create_table(
        self, name: str, *, hash_key: str, range_key: str | None = None, indexes: tuple[Index, ...] = ()
    ) -> Table:
        """A new, empty table; a key is written `name` for a string or `name:N`, `name:B`."""
        schema = KeySchema(_key_part(hash_key), _key_part(range_key) if range_key else None)
        table = Table(name, schema, indexes, self._clock.seconds)
        self._tables[name] = table
        return table

    def lag(self, seconds: float) -> None:
        """From now on whatever is not read strongly, indexes above all, is up to so many seconds late."""
        for table in self._tables.values():
            table.lag(lambda: self._rng.uniform(0, seconds))

    def table(self, name: str) -> Table:
        """The table of a name (or of an ARN that ends in it).

        Raises:
            ServiceError: there is none.
        """
        table = self._tables.get(name) or self._tables.get(name.rpartition("/")[2])
        if table is None:
            raise ServiceError("ResourceNotFoundException", "Requested resource not found")
        return table

    @property
    def tables(self) -> tuple[Table, ...]:
        """Every table."""
        return tuple(self._tables.values())

    # reads

    def _get_item(self, request: Request) -> dict[str, Any]:
        table = self.table(request["TableName"])
        scope = Scope.of(request)
        key = normalise_item(request["Key"])
        table.check_key(key)
        consistent = request.get("ConsistentRead", False)
        item = table.get(key, consistent=consistent)
        meter = Meter()
        meter.read(table.name, read_units(size_of_item(item or {}), consistent=consistent))
        answer = self._answer(request, meter)
        if item is not None:
            answer["Item"] = project(item, request, scope)
        return answer

    def _batch_get_item(self, request: Request) -> dict[str, Any]:
        responses: dict[str, list[Item]] = {}
        meter = Meter()
        asked = request["RequestItems"]
        if sum(len(part["Keys"]) for part in asked.values()) > MAX_BATCH_READ:
            raise validation_error("Too many items requested for the BatchGetItem call")
        for name, part in asked.items():
            table = self.table(name)
            scope = Scope.of(part)
            keys = [normalise_item(key) for key in part["Keys"]]
            for key in keys:
                table.check_key(key)
            _refuse_repeated([table.schema.key_of(key) for key in keys])
            consistent = part.get("ConsistentRead", False)
            found = [table.get(key, consistent=consistent) for key in keys]
            for item in found:
                meter.read(table.name, read_units(size_of_item(item or {}), consistent=consistent))
            responses[name] = [project(item, part, scope) for item in found if item is not None]
        meter.into(self.consumed)
        return {"Responses": responses, "UnprocessedKeys": {}} | _reported(meter.report(request))

    # writes

    def _put_item(self, request: Request) -> dict[str, Any]:
        table = self.table(request["TableName"])
        scope = Scope.of(request)
        condition = check_request(request, "ConditionExpression", scope)
        item = normalise_item(request["Item"])
        table.check_item(item)
        old = table.get(item)
        self._meet(request, old, condition, scope)
        return self._write(request, table, old, item)

    def _delete_item(self, request: Request) -> dict[str, Any]:
        table = self.table(request["TableName"])
        scope = Scope.of(request)
        condition = check_request(request, "ConditionExpression", scope)
        key = normalise_item(request["Key"])
        table.check_key(key)
        old = table.get(key)
        self._meet(request, old, condition, scope)
        return self._write(request, table, old, None)

    def _update_item(self, request: Request) -> dict[str, Any]:
        table = self.table(request["TableName"])
        scope = Scope.of(request)
        condition = check_request(request, "ConditionExpression", scope)
        key = normalise_item(request["Key"])
        table.check_key(key)
        update = Update(request, scope, table.schema.names)
        old = table.get(key)
        self._meet(request, old, condition, scope)
        new = update.apply(old or key)
        table.check_index_keys(new)
        answer = self._write(request, table, old, new)
        attributes = _update_attributes(request.get("ReturnValues", "NONE"), update, old, new)
        if attributes:
            answer["Attributes"] = attributes
        return answer

    def _meet(self, request: Request, old: Item | None, condition: Condition | None, scope: Scope) -> None:
        if condition is None or holds(condition, old or {}, scope):
            return
        meter = Meter()
        meter.write(self.table(request["TableName"]).name, write_units(size_of_item(old or {})))
        meter.into(self.consumed)
        fields = {}
        if old is not None and request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD":
            fields["Item"] = old
        raise ServiceError("ConditionalCheckFailedException", "The conditional request failed", fields=fields)

    def _write(self, request: Request, table: Table, old: Item | None, new: Item | None) -> dict[str, Any]:
        meter = Meter()
        larger = max(size_of_item(old or {}), size_of_item(new or {}))
        meter.write(table.name, write_units(larger))
        meter.index(table.name, table.write(old, new))
        answer = self._answer(request, meter)
        if old is not None and request.get("ReturnValues") == "ALL_OLD":
            answer["Attributes"] = old
        return answer

    def _batch_write_item(self, request: Request) -> dict[str, Any]:
        asked = request["RequestItems"]
        if sum(map(len, asked.values())) > MAX_BATCH_WRITE:
            raise validation_error("Too many items requested for the BatchWriteItem call")
        planned: list[tuple[Table, Item, Item | None]] = []
        for name, writes in asked.items():
            table = self.table(name)
            for write in writes:
                if "PutRequest" in write:
                    item = normalise_item(write["PutRequest"]["Item"])
                    table.check_item(item)
                    planned.append((table, item, item))
                else:
                    key = normalise_item(write["DeleteRequest"]["Key"])
                    table.check_key(key)
                    planned.append((table, key, None))
        _refuse_repeated([(table.name, table.schema.key_of(key)) for table, key, _ in planned])
        meter = Meter()
        for table, key, new in planned:
            old = table.get(key)
            units = write_units(max(size_of_item(old or {}), size_of_item(new or {})))
            meter.write(table.name, units)
            meter.index(table.name, table.write(old, new))
        meter.into(self.consumed)
        return {"UnprocessedItems": {}} | _reported(meter.report(request))

    def _answer(self, request: Request, meter: Meter) -> dict[str, Any]:
        meter.into(self.consumed)
        report = meter.report(request)
        return {"ConsumedCapacity": report[0]} if report else {}


def _key_part(text: str) -> KeyPart:
    name, _, kind = text.partition(":")
    return KeyPart(name, kind or "S")


def _reported(report: list[dict[str, Any]]) -> dict[str, Any]:
    return {"ConsumedCapacity": report} if report else {}


def _refuse_repeated(keys: list[Any]) -> None:
    if len(set(keys)) != len(keys):
        raise validation_error("Provided list of item keys contains duplicates")


def _update_attributes(wanted: str, update: Update, old: Item | None, new: Item) -> Item:
    if wanted == "ALL_NEW":
        return new
    if wanted == "UPDATED_OLD":
        return _touched(update, old or {})
    if wanted == "UPDATED_NEW":
        return _touched(update, new)
    return {}


def _touched(update: Update, item: Item) -> Item:
    """The updated attributes; of a nested path only what it names."""
    found: Item = {}
    for path in update.paths:
        value = look_up(item, path)
        if value is None:
            continue
        if len(path) == 1:
            found[str(path[0])] = value
        else:
            _graft(found, path, value)
    return found


def _graft(found: Item, path: tuple[str | int, ...], value: Any) -> None:
    for part in reversed(path[1:]):
        value = {"L": [value]} if isinstance(part, int) else {"M": {part: value}}
    name = str(path[0])
    if name in found and "M" in found[name] and "M" in value:
        found[name] = {"M": found[name]["M"] | value["M"]}
    else:
        found[name] = value
