"""Conditions, filters and key conditions: a syntax tree against an item, true or false."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from tests.simulation.aws import syntax
from tests.simulation.aws.syntax import (
    Between,
    Both,
    Compare,
    Condition,
    Either,
    Function,
    In,
    Literal,
    Not,
    Operand,
    Path,
)
from tests.simulation.aws.values import SETS, Item, Value, equal, kind_of, normalise, sortable
from tests.simulation.aws.wire import validation_error

_EXPRESSIONS = (
    "ConditionExpression",
    "UpdateExpression",
    "KeyConditionExpression",
    "FilterExpression",
    "ProjectionExpression",
)
_ORDERED = frozenset({"S", "N", "B"})
_TYPES = frozenset({"S", "N", "B", "BOOL", "NULL", "M", "L", *SETS})


@lru_cache(maxsize=4096)
def _placeholders(texts: tuple[str, ...]) -> tuple[frozenset[str], frozenset[str]]:
    """The `#names` and the `:values` that the expressions of a request use."""
    used = frozenset[str]().union(*map(syntax.placeholders, texts))
    names = frozenset(word for word in used if word.startswith("#"))
    return names, used - names


@dataclass(frozen=True)
class Scope:
    """What the placeholders of one request stand for."""

    names: Mapping[str, str]
    values: Mapping[str, Value]

    @classmethod
    def of(cls, request: Mapping[str, Any]) -> Scope:
        """Read and check the placeholders of a request.

        Raises:
            ServiceError: one is used and not defined, defined and not used, or no value of DynamoDB's.
        """
        names = request.get("ExpressionAttributeNames") or {}
        values = request.get("ExpressionAttributeValues") or {}
        texts = tuple(request[member] for member in _EXPRESSIONS if member in request)
        for kind, defined, needed in zip(("Names", "Values"), (names, values), _placeholders(texts), strict=True):
            if defined.keys() == needed:
                continue
            if undefined := sorted(needed - defined.keys()):
                what = "attribute name" if kind == "Names" else "attribute value"
                raise validation_error(
                    f"Invalid expression: An expression {what} used in expression is not defined; "
                    f"{what}: {undefined[0]}"
                )
            if unused := sorted(defined.keys() - needed):
                raise validation_error(
                    f"Value provided in ExpressionAttribute{kind} unused in expressions: keys: {{{', '.join(unused)}}}"
                )
        return cls(names, {name: normalise(value) for name, value in values.items()})

    def resolve(self, path: Path) -> tuple[str | int, ...]:
        """The path with real attribute names."""
        return tuple(
            self.names[part] if isinstance(part, str) and part.startswith("#") else part for part in path.parts
        )


def look_up(item: Mapping[str, Value], parts: tuple[str | int, ...]) -> Value | None:
    """The value at a path, or None."""
    value: Value | None = item.get(str(parts[0]))
    for part in parts[1:]:
        if value is None:
            return None
        if isinstance(part, int):
            members = value.get("L")
            value = members[part] if members is not None and part < len(members) else None
        else:
            value = value.get("M", {}).get(part)
    return value


def holds(condition: Condition, item: Item, scope: Scope) -> bool:
    """Whether the condition is true of the item (an absent item is an empty one)."""
    match condition:
        case Both(left, right):
            return holds(left, item, scope) and holds(right, item, scope)
        case Either(left, right):
            return holds(left, item, scope) or holds(right, item, scope)
        case Not(inner):
            return not holds(inner, item, scope)
        case Compare(operator, left, right):
            return _compare(operator, _value(left, item, scope), _value(right, item, scope))
        case Between(operand, low, high):
            found = _value(operand, item, scope)
            return _compare(">=", found, _value(low, item, scope)) and _compare("<=", found, _value(high, item, scope))
        case In(operand, options):
            found = _value(operand, item, scope)
            return any(_compare("=", found, _value(option, item, scope)) for option in options)
        case Function():
            return _predicate(condition, item, scope)


def _value(operand: Operand, item: Item, scope: Scope) -> Value | None:
    match operand:
        case Literal(name):
            return scope.values[name]
        case Path():
            return look_up(item, scope.resolve(operand))
        case Function("size", (argument,)):
            return _size(_value(argument, item, scope))
    raise validation_error(f"The function is not allowed here; function: {operand.name}")


def _size(value: Value | None) -> Value | None:
    if value is None:
        return None
    kind, content = next(iter(value.items()))
    if kind == "B":
        return {"N": str(len(base64.b64decode(content)))}
    if kind in ("S", "M", "L", *SETS):
        return {"N": str(len(content))}
    return None


def _compare(operator: str, left: Value | None, right: Value | None) -> bool:
    if operator == "<>":
        return left is None or right is None or not equal(left, right)
    if left is None or right is None:
        return False
    if operator == "=":
        return equal(left, right)
    if kind_of(left) != kind_of(right):
        return False
    a, b = sortable(left), sortable(right)
    if a is None or b is None:
        return False
    return {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[operator]  # type: ignore[operator]


def _predicate(function: Function, item: Item, scope: Scope) -> bool:
    first = _value(function.arguments[0], item, scope)
    if function.name == "attribute_exists":
        return first is not None
    if function.name == "attribute_not_exists":
        return first is None
    second = _value(function.arguments[1], item, scope)
    if first is None or second is None:
        return False
    if function.name == "attribute_type":
        return bool(kind_of(first) == second["S"])
    if function.name == "begins_with":
        return _begins_with(first, second)
    return _contains(first, second)


def _begins_with(whole: Value, start: Value) -> bool:
    if kind_of(whole) != kind_of(start) or kind_of(whole) not in ("S", "B"):
        return False
    a, b = sortable(whole), sortable(start)
    return a.startswith(b)  # type: ignore[union-attr, arg-type]


def _contains(whole: Value, part: Value) -> bool:
    kind, content = next(iter(whole.items()))
    inner, sought = next(iter(part.items()))
    if kind == "L":
        return bool(part in content)
    if kind in SETS:
        return SETS[kind] == inner and sought in content
    if kind == inner == "S":
        return sought in content
    if kind == inner == "B":
        return base64.b64decode(sought) in base64.b64decode(content)
    return False


def check(member: str, condition: Condition, scope: Scope) -> None:
    """Refuse operands that can never be right, before any item is looked at, as DynamoDB does.

    Raises:
        ServiceError: an order comparison or `begins_with` with a constant of a type without order, BETWEEN with
            constants of two types or in the wrong order, `attribute_type` with an unknown type.
    """
    match condition:
        case Both(left, right) | Either(left, right):
            check(member, left, scope)
            check(member, right, scope)
        case Not(inner):
            check(member, inner, scope)
        case Compare(operator, left, right):
            if left == right:
                raise validation_error(
                    f"Invalid {member}: The first operand must be distinct from the remaining operands for this "
                    f"operator or function; operator: {operator}"
                )
            if operator not in ("=", "<>"):
                _constants(member, operator, (left, right), scope, _ORDERED)
        case Between(_, low, high):
            constants = _constants(member, "BETWEEN", (low, high), scope, _ORDERED)
            if len(constants) == 2:
                _check_bounds(member, *constants)
        case Function("begins_with", (_, prefix)):
            _constants(member, "begins_with", (prefix,), scope, frozenset({"S", "B"}))
        case Function("attribute_type", (_, kind)):
            for constant in _constants(member, "attribute_type", (kind,), scope, frozenset({"S"})):
                if constant["S"] not in _TYPES:
                    raise validation_error(
                        f"Invalid {member}: Invalid attribute type name found; type: {constant['S']}"
                    )


def _constants(
    member: str, operator: str, operands: tuple[Operand, ...], scope: Scope, allowed: frozenset[str]
) -> list[Value]:
    found = [scope.values[operand.name] for operand in operands if isinstance(operand, Literal)]
    for value in found:
        if kind_of(value) not in allowed:
            raise validation_error(
                f"Invalid {member}: Incorrect operand type for operator or function; operator or function: {operator}, "
                f"operand type: {kind_of(value)}"
            )
    return found


def _check_bounds(member: str, low: Value, high: Value) -> None:
    if kind_of(low) != kind_of(high):
        raise validation_error(
            f"Invalid {member}: The BETWEEN operator requires same data type for lower and upper bounds"
        )
    if sortable(low) > sortable(high):  # type: ignore[operator]
        raise validation_error(
            f"Invalid {member}: The BETWEEN operator requires upper bound to be greater than or equal to lower bound"
        )


def check_request(request: Mapping[str, Any], member: str, scope: Scope) -> Condition | None:
    """The parsed and checked condition of a request, or None when it has none."""
    text = request.get(member)
    if text is None:
        return None
    condition = syntax.parse_condition(member, text)
    check(member, condition, scope)
    return condition
