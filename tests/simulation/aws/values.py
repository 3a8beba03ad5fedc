"""DynamoDB attribute values: validation, numbers, sizes, equality and order.

Values keep their wire form (`{"S": "text"}`), numbers in DynamoDB's own spelling, so that equal values are equal dicts.
Sizes follow "DynamoDB item sizes and formats" of the Developer Guide (CapacityUnitCalculations).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from decimal import Context, Decimal, DecimalException, Inexact
from typing import Any, TypeAlias

from tests.simulation.aws.wire import ServiceError, validation_error

Value: TypeAlias = dict[str, Any]
Item: TypeAlias = dict[str, Value]

MAX_ITEM_BYTES = 400 * 1024
MAX_DIGITS = 38
MAX_DEPTH = 32
SETS = {"SS": "S", "NS": "N", "BS": "B"}
_EXACT = Context(prec=MAX_DIGITS, Emax=999, Emin=-999, traps=[Inexact])


def parse_number(text: str) -> Decimal:
    """A DynamoDB number: at most 38 significant digits, magnitude 1E-130 to 9.9…E+125.

    Raises:
        ServiceError: not a number, too long, too large or too small.
    """
    try:
        number = Decimal(text)
    except DecimalException:
        raise validation_error(f"The parameter cannot be converted to a numeric value: {text}") from None
    if not number.is_finite():
        raise validation_error(f"The parameter cannot be converted to a numeric value: {text}")
    return _within_limits(number)


def _within_limits(number: Decimal) -> Decimal:
    if not number:
        return Decimal(0)
    digits = "".join(map(str, number.as_tuple().digits)).strip("0")
    if len(digits) > MAX_DIGITS:
        raise validation_error("Attempting to store more than 38 significant digits in a Number")
    if number.adjusted() > 125:
        raise validation_error(
            "Number overflow. Attempting to store a number with magnitude larger than supported range"
        )
    if number.adjusted() < -130:
        raise validation_error(
            "Number underflow. Attempting to store a number with magnitude smaller than supported range"
        )
    return number


def format_number(number: Decimal) -> str:
    """The one spelling DynamoDB answers with: no exponent, no needless zero."""
    if not number:
        return "0"
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text


def add(left: str, right: str, *, sign: int = 1) -> str:
    """The exact sum (or difference) of two numbers.

    Raises:
        ServiceError: the result needs more than 38 digits or is out of range.
    """
    try:
        total = _EXACT.add(Decimal(left), Decimal(right) if sign > 0 else -Decimal(right))
    except Inexact:
        raise validation_error("Attempting to store more than 38 significant digits in a Number") from None
    return format_number(_within_limits(total))


def normalise(value: Any, depth: int = 1) -> Value:
    """The value as DynamoDB would store it.

    Raises:
        ServiceError: no value of DynamoDB's.
    """
    if not isinstance(value, dict) or len(value) != 1:
        raise validation_error("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes")
    if depth > MAX_DEPTH:
        raise validation_error("Nesting Levels have exceeded supported limits")
    (kind, content), *_ = value.items()
    if kind == "S":
        return value
    if kind == "N":
        return {"N": format_number(parse_number(content))}
    if kind == "M":
        return {"M": {name: normalise(inner, depth + 1) for name, inner in content.items()}}
    if kind == "L":
        return {"L": [normalise(inner, depth + 1) for inner in content]}
    if kind == "B":
        return {"B": _canonical_base64(content)}
    if kind == "BOOL":
        return value
    if kind == "NULL":
        if content is not True:
            raise validation_error(
                "One or more parameter values were invalid: Null attribute value types must have the value of true"
            )
        return value
    if kind in SETS:
        return {kind: _normalise_set(kind, content)}
    raise validation_error("Supplied AttributeValue has an unknown type")


def _normalise_set(kind: str, members: list[str]) -> list[str]:
    if not members:
        raise validation_error("One or more parameter values were invalid: An set may not be empty")
    plain = SETS[kind]
    spelled = [normalise({plain: member})[plain] for member in members]
    if len(set(spelled)) != len(spelled):
        raise validation_error(
            f"One or more parameter values were invalid: Input collection {spelled} contains duplicates."
        )
    return sorted(spelled)


def _canonical_base64(text: str) -> str:
    try:
        return base64.b64encode(base64.b64decode(text, validate=True)).decode()
    except binascii.Error:
        raise ServiceError("SerializationException", "Invalid Base64") from None


def normalise_item(item: Mapping[str, Any]) -> Item:
    """Every attribute as DynamoDB would store it."""
    for name in item:
        if not name:
            raise validation_error("One or more parameter values were invalid: Empty attribute name")
    return {name: normalise(value) for name, value in item.items()}


def kind_of(value: Value) -> str:
    """The type descriptor, e.g. `S`."""
    return next(iter(value))


def equal(left: Value, right: Value) -> bool:
    """Same type and same content (sets are kept sorted, numbers in one spelling)."""
    return left == right


def sortable(value: Value) -> str | Decimal | bytes | None:
    """What orders this value among its kind; None when its type has no order.

    Code point order of strings is the order of their UTF-8 bytes, which is DynamoDB's.
    """
    kind, content = next(iter(value.items()))
    if kind == "S":
        return str(content)
    if kind == "N":
        return Decimal(content)
    if kind == "B":
        return base64.b64decode(content)
    return None


def size_of_item(item: Mapping[str, Value]) -> int:
    """Bytes that count for limits and capacity."""
    return sum(len(name.encode()) + size_of_value(value) for name, value in item.items())


def size_of_value(value: Value) -> int:
    """Bytes of a value without its name."""
    kind, content = next(iter(value.items()))
    if kind == "S":
        return len(content) if content.isascii() else len(content.encode())
    if kind == "N":
        return _size_of_number(content)
    if kind == "M":
        return 3 + sum(len(name.encode()) + size_of_value(inner) + 1 for name, inner in content.items())
    if kind == "L":
        return 3 + sum(size_of_value(inner) + 1 for inner in content)
    if kind == "B":
        return len(base64.b64decode(content))
    if kind in SETS:
        return sum(size_of_value({SETS[kind]: member}) for member in content)
    return 1


def _size_of_number(text: str) -> int:
    # "1 byte per two significant digits, plus 1 byte"; a sign takes one more (the guide only says "approximately").
    digits = text.replace("-", "").replace(".", "").strip("0")
    return (len(digits) + 1) // 2 + 1 + (1 if text.startswith("-") else 0)


def refuse_too_large(item: Mapping[str, Value]) -> None:
    """Refuse an item above 400 KB.

    Raises:
        ServiceError: it is above.
    """
    if size_of_item(item) > MAX_ITEM_BYTES:
        raise validation_error("Item size has exceeded the maximum allowed size")
