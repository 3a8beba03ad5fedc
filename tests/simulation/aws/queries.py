"""DynamoDB's Query, and projections."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tests.simulation.aws import syntax
from tests.simulation.aws.capacity import Meter
from tests.simulation.aws.conditions import Scope, check_request, holds, look_up
from tests.simulation.aws.syntax import Between, Both, Compare, Condition, Function, Literal, Path
from tests.simulation.aws.tables import Collection, KeySchema, Table, read_units
from tests.simulation.aws.values import Item, Value, kind_of, normalise_item, size_of_item, sortable
from tests.simulation.aws.wire import validation_error

MAX_PAGE_BYTES = 1024 * 1024


def project(item: Item, request: Mapping[str, Any], scope: Scope) -> Item:
    """The part of an item that a request's projection asks for, or all of it."""
    text = request.get("ProjectionExpression")
    if text is None:
        return item
    found: Item = {}
    for path in syntax.parse_projection(text):
        parts = scope.resolve(path)
        value = look_up(item, parts)
        if value is not None:
            _merge(found, parts, value)
    return found


def _merge(found: Item, parts: tuple[str | int, ...], value: Value) -> None:
    for part in reversed(parts[1:]):
        value = {"L": [value]} if isinstance(part, int) else {"M": {part: value}}
    name = str(parts[0])
    found[name] = _union(found[name], value) if name in found else value


def _union(left: Value, right: Value) -> Value:
    if "M" in left and "M" in right:
        merged = dict(left["M"])
        for name, value in right["M"].items():
            merged[name] = _union(merged[name], value) if name in merged else value
        return {"M": merged}
    if "L" in left and "L" in right:
        return {"L": [*left["L"], *right["L"]]}
    return right


class Queries:
    """Query, on tables and indexes."""

    def __init__(self, table: Callable[[str], Table], consumed: Counter[tuple[str, str]]) -> None:
        self._table = table
        self._consumed = consumed

    def query(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """One page."""
        table = self._table(request["TableName"])
        index = request.get("IndexName")
        consistent = request.get("ConsistentRead", False)
        collection = table.collection(index, consistent=consistent)
        if index and consistent:
            raise validation_error("Consistent reads are not supported on global secondary indexes")
        scope = Scope.of(request)
        if "KeyConditionExpression" not in request:
            raise validation_error(
                "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request."
            )
        key_condition = check_request(request, "KeyConditionExpression", scope)
        assert key_condition is not None
        hash_value, range_condition = _split_key_condition(key_condition, collection.schema, scope)
        filter_condition = _check_filter(request, collection.schema, scope)
        matching = self._walk(request, table, collection, hash_value)
        if range_condition is not None:
            matching = filter(lambda item: holds(range_condition, item, scope), matching)
        page, last, size = _page(matching, request.get("Limit"))
        meter = Meter()
        meter.read(table.name, read_units(size, consistent=consistent))
        meter.into(self._consumed)
        found = [item for item in page if filter_condition is None or holds(filter_condition, item, scope)]
        answer: dict[str, Any] = {"Count": len(found), "ScannedCount": len(page)}
        if request.get("Select") != "COUNT":
            answer["Items"] = [project(item, request, scope) for item in found]
        if last is not None:
            names = collection.schema.names | table.schema.names
            answer["LastEvaluatedKey"] = {name: value for name, value in last.items() if name in names}
        report = meter.report(request)
        return answer | ({"ConsumedCapacity": report[0]} if report else {})

    def _walk(
        self, request: Mapping[str, Any], table: Table, collection: Collection, hash_value: Any
    ) -> Iterator[Item]:
        start = request.get("ExclusiveStartKey")
        after = normalise_item(start) if start else None
        if after is not None:
            names = collection.schema.names | table.schema.names
            if after.keys() != names:
                raise validation_error("The provided starting key is invalid")
            if sortable(after[collection.schema.hash.name]) != hash_value:
                raise validation_error(
                    "The provided starting key is outside query boundaries based on provided conditions"
                )
        return collection.partition(hash_value, backwards=not request.get("ScanIndexForward", True), after=after)


def _page(items: Iterator[Item], limit: int | None) -> tuple[list[Item], Item | None, int]:
    """Items until the limit or 1 MB, the last one if the page was cut, and their bytes."""
    page: list[Item] = []
    size = 0
    for item in items:
        page.append(item)
        size += size_of_item(item)
        if (limit is not None and len(page) >= limit) or size >= MAX_PAGE_BYTES:
            return page, item, size
    return page, None, size


def _check_filter(request: Mapping[str, Any], schema: KeySchema, scope: Scope) -> Condition | None:
    condition = check_request(request, "FilterExpression", scope)
    if condition is not None:
        words = {scope.names.get(word, word) for word in _attribute_words(request["FilterExpression"])}
        if named := words & schema.names:
            raise validation_error(
                "Filter Expression can only contain non-primary key attributes: "
                f"Primary key attribute: {sorted(named)[0]}"
            )
    return condition


def _attribute_words(text: str) -> set[str]:
    found: set[str] = set()

    def visit(node: Any) -> None:
        if isinstance(node, Path):
            found.add(str(node.parts[0]))
        elif isinstance(node, tuple):
            for part in node:
                visit(part)
        elif hasattr(node, "__dataclass_fields__"):
            for name in node.__dataclass_fields__:
                visit(getattr(node, name))

    visit(syntax.parse_condition("FilterExpression", text))
    return found


def _split_key_condition(condition: Condition, schema: KeySchema, scope: Scope) -> tuple[Any, Condition | None]:
    """The partition to read, and the condition on the sort key if there is one.

    Raises:
        ServiceError: no equality on the partition key, or anything but one condition on the sort key.
    """
    parts = [condition.left, condition.right] if isinstance(condition, Both) else [condition]
    by_name = {_key_name(part, scope): part for part in parts}
    if len(by_name) != len(parts):
        raise validation_error("KeyConditionExpressions must only contain one condition per key")
    equality = by_name.pop(schema.hash.name, None)
    if equality is None:
        raise validation_error(f"Query condition missed key schema element: {schema.hash.name}")
    if not isinstance(equality, Compare) or equality.operator != "=":
        raise validation_error("Query key condition not supported")
    hash_value = _key_constant(equality.right, schema.hash.kind, scope)
    if not by_name:
        return hash_value, None
    (name, rest), *_ = by_name.items()
    if schema.range is None or name != schema.range.name:
        raise validation_error(f"Query condition missed key schema element: {schema.range and schema.range.name}")
    for operand in _constants_of(rest):
        _key_constant(operand, schema.range.kind, scope)
    return hash_value, rest


def _key_name(condition: Condition, scope: Scope) -> str:
    match condition:
        case Compare(operator, Path() as path, Literal()) if operator != "<>":
            pass
        case Between(Path() as path, Literal(), Literal()) | Function("begins_with", (Path() as path, Literal())):
            pass
        case _:
            raise validation_error("Invalid operator used in KeyConditionExpression")
    parts = scope.resolve(path)
    if len(parts) != 1:
        raise validation_error("KeyConditionExpressions cannot have conditions on nested attributes")
    return str(parts[0])


def _constants_of(condition: Condition) -> tuple[Any, ...]:
    match condition:
        case Compare(_, _, right):
            return (right,)
        case Between(_, low, high):
            return (low, high)
        case Function(_, (_, prefix)):
            return (prefix,)
    return ()


def _key_constant(operand: Any, kind: str, scope: Scope) -> Any:
    value = scope.values[operand.name]
    if kind_of(value) != kind:
        raise validation_error(
            "One or more parameter values were invalid: Condition parameter type does not match schema type"
        )
    if value[kind] == "":
        raise validation_error(
            "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an "
            "empty string value."
        )
    return sortable(value)
