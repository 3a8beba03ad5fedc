"""DynamoDB's transactions: all or nothing, with a reason for each action.

Source: API reference of TransactWriteItems and TransactGetItems (limits, cancellation reasons, idempotency).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.simulation.aws.capacity import Meter
from tests.simulation.aws.clock import VirtualClock
from tests.simulation.aws.conditions import Scope, check_request, holds
from tests.simulation.aws.queries import project
from tests.simulation.aws.syntax import Condition
from tests.simulation.aws.tables import Table, read_units, write_units
from tests.simulation.aws.updates import Update
from tests.simulation.aws.values import Item, normalise_item, size_of_item
from tests.simulation.aws.wire import ServiceError, validation_error

MAX_ACTIONS = 100
MAX_BYTES = 4 * 1024 * 1024
TOKEN_SECONDS = 600


@dataclass(frozen=True)
class _Action:
    """One checked action of a write transaction."""

    request: Mapping[str, Any]
    table: Table
    key: Item
    scope: Scope
    condition: Condition | None
    change: Callable[[Item | None], Item | None] | None

    @property
    def identity(self) -> tuple[str, Any]:
        return self.table.name, self.table.schema.key_of(self.key)


@dataclass(frozen=True)
class _Remembered:
    fingerprint: str
    until: float
    touched: tuple[tuple[Table, Item], ...]


class Transactions:
    """TransactWriteItems and TransactGetItems."""

    def __init__(self, table: Callable[[str], Table], consumed: Counter[tuple[str, str]], clock: VirtualClock) -> None:
        self._table = table
        self._consumed = consumed
        self._clock = clock
        self._tokens: dict[str, _Remembered] = {}

    def write(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Apply every action, or none and say why."""
        entries = request["TransactItems"]
        _refuse_too_many(entries)
        token = request.get("ClientRequestToken")
        fingerprint = json.dumps(entries, sort_keys=True)
        meter = Meter()
        if token is not None and (remembered := self._remembered(token)):
            if remembered.fingerprint != fingerprint:
                raise ServiceError(
                    "IdempotentParameterMismatchException",
                    "The provided request token was already used with different parameters",
                )
            # A repeat is answered from what is stored, and billed as reads.
            for table, key in remembered.touched:
                meter.read(table.name, 2 * read_units(size_of_item(table.get(key) or {}), consistent=True))
            return self._answer(request, meter)
        actions = [self._checked(entry) for entry in entries]
        if len({action.identity for action in actions}) != len(actions):
            raise validation_error("Transaction request cannot include multiple operations on one item")
        planned = [(action, action.table.get(action.key), *self._outcome(action)) for action in actions]
        if sum(size_of_item(new if new is not None else action.key) for action, _, new, _ in planned) > MAX_BYTES:
            raise validation_error("Collection size exceeded: the transaction holds more than 4 MB")
        reasons = [reason for *_, reason in planned]
        for action, old, new, _ in planned:
            larger = max(size_of_item(old or {}), size_of_item(new or {}))
            meter.write(action.table.name, 2 * write_units(larger))
        if any(reason["Code"] != "None" for reason in reasons):
            # A cancelled transaction is billed too, but reports nothing.
            meter.into(self._consumed)
            raise cancelled(reasons)
        for action, old, new, _ in planned:
            if action.change is not None:
                meter.index(action.table.name, 2 * action.table.write(old, new))
        if token is not None:
            touched = tuple((action.table, action.key) for action in actions)
            self._tokens[token] = _Remembered(fingerprint, self._clock.seconds() + TOKEN_SECONDS, touched)
        return self._answer(request, meter)

    def _remembered(self, token: str) -> _Remembered | None:
        found = self._tokens.get(token)
        return found if found is not None and self._clock.seconds() < found.until else None

    def _checked(self, entry: Mapping[str, Any]) -> _Action:
        if len(entry) != 1:
            raise validation_error("TransactItems can only contain one of Check, Put, Update or Delete")
        (kind, request), *_ = entry.items()
        table = self._table(request["TableName"])
        scope = Scope.of(request)
        condition = check_request(request, "ConditionExpression", scope)
        if kind == "Put":
            item = normalise_item(request["Item"])
            table.check_item(item)
            key = {name: item[name] for name in table.schema.names}
            return _Action(request, table, key, scope, condition, lambda old: item)
        key = normalise_item(request["Key"])
        table.check_key(key)
        if kind == "Delete":
            return _Action(request, table, key, scope, condition, lambda old: None)
        if kind == "ConditionCheck":
            return _Action(request, table, key, scope, condition, None)
        update = Update(request, scope, table.schema.names)

        def changed(old: Item | None) -> Item:
            new = update.apply(old or key)
            table.check_index_keys(new)
            return new

        return _Action(request, table, key, scope, condition, changed)

    def _outcome(self, action: _Action) -> tuple[Item | None, dict[str, Any]]:
        """What the item becomes, and the reason of this action."""
        old = action.table.get(action.key)
        if action.condition is not None and not holds(action.condition, old or {}, action.scope):
            reason: dict[str, Any] = {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"}
            if old is not None and action.request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD":
                reason["Item"] = old
            return old, reason
        if action.change is None:
            return old, {"Code": "None"}
        try:
            return action.change(old), {"Code": "None"}
        except ServiceError as error:
            return old, {"Code": "ValidationError", "Message": error.message}

    def get(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Read every item at one moment."""
        entries = request["TransactItems"]
        _refuse_too_many(entries)
        meter = Meter()
        seen: set[Any] = set()
        responses = []
        for entry in entries:
            part = entry["Get"]
            table = self._table(part["TableName"])
            scope = Scope.of(part)
            key = normalise_item(part["Key"])
            table.check_key(key)
            identity = (table.name, table.schema.key_of(key))
            if identity in seen:
                raise validation_error("Transaction request cannot include multiple operations on one item")
            seen.add(identity)
            item = table.get(key)
            meter.read(table.name, 2 * read_units(size_of_item(item or {}), consistent=True))
            responses.append({"Item": project(item, part, scope)} if item is not None else {})
        return {"Responses": responses} | self._answer(request, meter)

    def _answer(self, request: Mapping[str, Any], meter: Meter) -> dict[str, Any]:
        meter.into(self._consumed)
        report = meter.report(request, transaction=True)
        return {"ConsumedCapacity": report} if report else {}


def cancelled(reasons: list[dict[str, Any]]) -> ServiceError:
    """The answer to a transaction that did not happen; `reasons` are in the order of the actions."""
    codes = ", ".join(reason["Code"] for reason in reasons)
    return ServiceError(
        "TransactionCanceledException",
        f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]",
        fields={"CancellationReasons": reasons},
    )


def _refuse_too_many(entries: list[Any]) -> None:
    if not 1 <= len(entries) <= MAX_ACTIONS:
        raise validation_error(
            f"1 validation error detected: Value at 'transactItems' failed to satisfy constraint: Member must have "
            f"length less than or equal to {MAX_ACTIONS}, and at least 1"
        )
