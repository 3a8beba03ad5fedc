"""Update expressions: actions on a copy of an item, every operand read from the item as it was."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from tests.simulation.aws import syntax
from tests.simulation.aws.conditions import Scope, look_up
from tests.simulation.aws.syntax import Action, Function, Literal, Operand, Path, Sum
from tests.simulation.aws.values import SETS, Item, Value, add, kind_of, normalise, refuse_too_large
from tests.simulation.aws.wire import validation_error

Parts = tuple[str | int, ...]


class Update:
    """A checked update expression, ready to be applied."""

    def __init__(self, request: Mapping[str, Any], scope: Scope, key_attributes: frozenset[str]) -> None:
        """Check the update expression of a request (a request without one only creates the item).

        Raises:
            ServiceError: a key would change, two paths overlap, or an operand can never be right.
        """
        text = request.get("UpdateExpression")
        self._scope = scope
        self._actions = syntax.parse_update(text) if text is not None else ()
        self.paths = [scope.resolve(action.path) for action in self._actions]
        for path in self.paths:
            if path[0] in key_attributes:
                raise validation_error(
                    f"One or more parameter values were invalid: Cannot update attribute {path[0]}. "
                    "This attribute is part of the key"
                )
        self._refuse_overlaps()
        for action in self._actions:
            self._check_operand(action)

    def _refuse_overlaps(self) -> None:
        ordered = sorted(self.paths, key=lambda path: [str(part) for part in path])
        for one, other in pairwise(ordered):
            if other[: len(one)] == one:
                raise validation_error(
                    "Invalid UpdateExpression: Two document paths overlap with each other; must remove or rewrite one "
                    f"of these paths; path one: {list(one)}, path two: {list(other)}"
                )

    def _check_operand(self, action: Action) -> None:
        if isinstance(action.operand, Literal) and action.clause in ("ADD", "DELETE"):
            kind = kind_of(self._scope.values[action.operand.name])
            if kind not in SETS and not (action.clause == "ADD" and kind == "N"):
                raise validation_error(
                    f"Invalid UpdateExpression: Incorrect operand type for operator or function; "
                    f"operator: {action.clause}, operand type: {kind}"
                )
        if isinstance(action.operand, Sum):
            for operand in (action.operand.left, action.operand.right):
                if isinstance(operand, Literal) and kind_of(self._scope.values[operand.name]) != "N":
                    raise validation_error(
                        "Invalid UpdateExpression: Incorrect operand type for operator or function; operator or "
                        f"function: {'+' if action.operand.sign > 0 else '-'}, "
                        f"operand type: {kind_of(self._scope.values[operand.name])}"
                    )

    def apply(self, old: Item) -> Item:
        """The item after the update; `old` stays as it is.

        Raises:
            ServiceError: a path or an operand does not fit this item, or the result is above 400 KB.
        """
        values = [self._operand_value(action, old) for action in self._actions]
        new = copy.deepcopy(old) if any(len(path) > 1 for path in self.paths) else dict(old)
        removals: list[Parts] = []
        for action, path, value in zip(self._actions, self.paths, values, strict=True):
            if action.clause == "REMOVE":
                removals.append(path)
            elif value is None:
                _remove(new, path)
            else:
                _set(new, path, value)
        # Higher list indexes first, so that the lower ones still mean what was written.
        for path in sorted(removals, key=lambda path: [(isinstance(p, int), p) for p in path], reverse=True):
            _remove(new, path)
        refuse_too_large(new)
        return new

    def _operand_value(self, action: Action, item: Item) -> Value | None:
        """What the path becomes; None removes it."""
        if action.clause == "REMOVE":
            return None
        if action.clause == "SET":
            assert action.operand is not None
            return normalise(self._set_value(action.operand, item))
        assert isinstance(action.operand, Literal)
        present = look_up(item, self._scope.resolve(action.path))
        change = self._scope.values[action.operand.name]
        return _added(present, change) if action.clause == "ADD" else _deleted(present, change)

    def _set_value(self, operand: Operand | Sum, item: Item) -> Value:
        match operand:
            case Literal(name):
                return self._scope.values[name]
            case Path():
                found = look_up(item, self._scope.resolve(operand))
                if found is None:
                    raise validation_error(
                        "The provided expression refers to an attribute that does not exist in the item"
                    )
                return found
            case Sum(left, right, sign):
                a, b = self._set_value(left, item), self._set_value(right, item)
                if kind_of(a) != "N" or kind_of(b) != "N":
                    raise validation_error("An operand in the update expression has an incorrect data type")
                return {"N": add(a["N"], b["N"], sign=sign)}
            case Function("if_not_exists", (Path() as path, default)):
                found = look_up(item, self._scope.resolve(path))
                return found if found is not None else self._set_value(default, item)
            case Function("list_append", (first, second)):
                a, b = self._set_value(first, item), self._set_value(second, item)
                if kind_of(a) != "L" or kind_of(b) != "L":
                    raise validation_error("An operand in the update expression has an incorrect data type")
                return {"L": [*a["L"], *b["L"]]}
        raise validation_error("Invalid UpdateExpression: Invalid function name")


def _added(present: Value | None, change: Value) -> Value:
    if present is None:
        return change
    kind = kind_of(change)
    if kind_of(present) != kind:
        raise validation_error("An operand in the update expression has an incorrect data type")
    if kind == "N":
        return {"N": add(present["N"], change["N"])}
    return {kind: sorted({*present[kind], *change[kind]})}


def _deleted(present: Value | None, change: Value) -> Value | None:
    if present is None:
        return None
    kind = kind_of(change)
    if kind_of(present) != kind:
        raise validation_error("An operand in the update expression has an incorrect data type")
    left = sorted(set(present[kind]) - set(change[kind]))
    return {kind: left} if left else None


def _invalid_path() -> Exception:
    return validation_error("The document path provided in the update expression is invalid for update")


def _set(item: Item, path: Parts, value: Value) -> None:
    if len(path) == 1:
        item[str(path[0])] = value
        return
    parent = look_up(item, path[:-1])
    last = path[-1]
    if parent is None:
        raise _invalid_path()
    if isinstance(last, int):
        if kind_of(parent) != "L":
            raise _invalid_path()
        if last < len(parent["L"]):
            parent["L"][last] = value
        else:
            parent["L"].append(value)
    elif kind_of(parent) == "M":
        parent["M"][last] = value
    else:
        raise _invalid_path()


def _remove(item: Item, path: Parts) -> None:
    if len(path) == 1:
        item.pop(str(path[0]), None)
        return
    parent = look_up(item, path[:-1])
    last = path[-1]
    if parent is None:
        raise _invalid_path()
    if isinstance(last, int):
        if kind_of(parent) != "L":
            raise _invalid_path()
        if last < len(parent["L"]):
            del parent["L"][last]
    elif kind_of(parent) == "M":
        parent["M"].pop(last, None)
    else:
        raise _invalid_path()
