"""JSON read more strictly than it asks for: what two parsers could read differently is refused.

It runs before any framework, because those answer 500 to bodies that are no UTF-8 or nested a hundred thousand deep.
"""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

from shared.errors import MalformedRequestError

MAX_DEPTH = 16
MAX_INTEGER_DIGITS = 16
"""Enough for Unix microseconds and for every revision; what is longer loses digits in other languages' numbers."""

# A string is skipped as a whole, closed or not, and without backtracking, so that reading takes linear time.
_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]|\\.?)*+(?:"|\Z)|[\[\]{}]', re.DOTALL)
_MAY_HIDE_UNSTORABLE = re.compile(r"\\u(?:[dD][89a-fA-F]|0000)")


def strict_json(body: bytes) -> Any:
    """A body as data.

    Raises:
        MalformedRequestError: not UTF-8, not JSON, nested deeper than 16, a key twice in one object, NaN or Infinity, a
            number too large for a double, an integer of more than 16 digits, half of a surrogate pair, or a NUL.
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedRequestError(f"The body is not UTF-8 (byte {error.start}).") from None
    _refuse_depth(text)
    try:
        data = json.loads(
            text,
            object_pairs_hook=_unique_keys,
            parse_constant=_refuse_constant,
            parse_int=_bounded_integer,
            parse_float=_finite,
        )
    except json.JSONDecodeError as error:
        raise MalformedRequestError(
            f"The body is not JSON: {error.msg} (line {error.lineno}, column {error.colno})."
        ) from None
    if _MAY_HIDE_UNSTORABLE.search(text):
        _refuse_unstorable(data)
    return data


def _refuse_depth(text: str) -> None:
    depth = 0
    for match in _STRING_OR_BRACKET.finditer(text):
        found = match[0]
        if found in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise MalformedRequestError(f"The body is nested deeper than {MAX_DEPTH} levels.")
        elif found in "]}":
            depth -= 1


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise MalformedRequestError(f"The key {json.dumps(name[:64])} stands twice in one object.")
        found[name] = value
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise MalformedRequestError(f"{name} is not a JSON number.")


def _bounded_integer(digits: str) -> int:
    if len(digits.lstrip("-")) > MAX_INTEGER_DIGITS:
        raise MalformedRequestError(f"An integer has more than {MAX_INTEGER_DIGITS} digits.")
    return int(digits)


def _finite(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise MalformedRequestError(f"{digits[:20]} is too large a number.")
    return number


def _refuse_unstorable(data: Any) -> None:
    """Half surrogates and NUL pass through JSON, and fail in the store or in a mail."""
    if isinstance(data, str):
        if "\x00" in data or any("\ud800" <= character <= "\udfff" for character in data):
            raise MalformedRequestError("A text contains a NUL or half of a surrogate pair.")
    elif isinstance(data, dict):
        for name, value in data.items():
            _refuse_unstorable(name)
            _refuse_unstorable(value)
    elif isinstance(data, list):
        for value in data:
            _refuse_unstorable(value)
