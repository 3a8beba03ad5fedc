"""The grammar of DynamoDB's expressions: text in, syntax tree out.

Source: Developer Guide, "Condition and filter expressions, operators, and functions", "Update expressions" and
"Projection expressions". Trees are immutable and cached by text: placeholders stay unresolved in them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from tests.simulation.aws.wire import validation_error

MAX_EXPRESSION_BYTES = 4096
_TOKEN = re.compile(
    r"\s*(?:(?P<word>[A-Za-z_][A-Za-z0-9_]*)|(?P<name>\#[A-Za-z0-9_]+)|(?P<value>:[A-Za-z0-9_]+)|(?P<index>\[\d+\])"
    r"|(?P<symbol><>|<=|>=|[=<>().,+\-]))"
)
_COMPARATORS = frozenset({"=", "<>", "<", "<=", ">", ">="})
_CLAUSES = ("SET", "REMOVE", "ADD", "DELETE")


@dataclass(frozen=True)
class Path:
    """A document path; a part is an attribute name, a `#placeholder` or a list index."""

    parts: tuple[str | int, ...]


@dataclass(frozen=True)
class Literal:
    """A `:placeholder`."""

    name: str


@dataclass(frozen=True)
class Function:
    """A function and its arguments."""

    name: str
    arguments: tuple[Operand, ...]


@dataclass(frozen=True)
class Compare:
    """Two operands and a comparator."""

    operator: str
    left: Operand
    right: Operand


@dataclass(frozen=True)
class Between:
    """operand BETWEEN low AND high."""

    operand: Operand
    low: Operand
    high: Operand


@dataclass(frozen=True)
class In:
    """operand IN (options)."""

    operand: Operand
    options: tuple[Operand, ...]


@dataclass(frozen=True)
class Not:
    """NOT condition."""

    condition: Condition


@dataclass(frozen=True)
class Both:
    """left AND right."""

    left: Condition
    right: Condition


@dataclass(frozen=True)
class Either:
    """left OR right."""

    left: Condition
    right: Condition


@dataclass(frozen=True)
class Sum:
    """left + right or left - right, in SET only."""

    left: Operand
    right: Operand
    sign: int


@dataclass(frozen=True)
class Action:
    """One action of an update: SET path = operand · REMOVE path · ADD path value · DELETE path value."""

    clause: str
    path: Path
    operand: Operand | Sum | None


Operand: TypeAlias = Path | Literal | Function
Condition: TypeAlias = Compare | Between | In | Not | Both | Either | Function


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str


class _Reader:
    """Tokens of one expression, read from left to right."""

    def __init__(self, member: str, text: str) -> None:
        self._member = member
        self._text = text
        if not text.strip():
            raise validation_error(f"Invalid {member}: The expression can not be empty;")
        if len(text.encode()) > MAX_EXPRESSION_BYTES:
            raise validation_error(f"Invalid {member}: Expression size has exceeded the maximum allowed size;")
        self._tokens = self._split(text.rstrip())
        self._at = 0

    def _split(self, text: str) -> list[_Token]:
        tokens, at = [], 0
        while at < len(text):
            match = _TOKEN.match(text, at)
            if match is None:
                raise self.error(text[at:].strip()[:1])
            tokens.append(_Token(str(match.lastgroup), match.group().strip()))
            at = match.end()
        return tokens

    def error(self, token: str) -> Exception:
        return validation_error(f'Invalid {self._member}: Syntax error; token: "{token}", near: "{self._text}"')

    def peek(self, ahead: int = 0) -> _Token:
        at = self._at + ahead
        return self._tokens[at] if at < len(self._tokens) else _Token("end", "<EOF>")

    def next(self) -> _Token:
        token = self.peek()
        self._at += 1
        return token

    def take(self, text: str) -> bool:
        token = self.peek()
        if token.kind in ("word", "symbol") and token.text.upper() == text:
            self._at += 1
            return True
        return False

    def expect(self, text: str) -> None:
        if not self.take(text):
            raise self.error(self.peek().text)

    def end(self) -> None:
        if self.peek().kind != "end":
            raise self.error(self.peek().text)

    # paths and operands

    def path(self) -> Path:
        token = self.next()
        if token.kind not in ("word", "name"):
            raise self.error(token.text)
        parts: list[str | int] = [token.text]
        while True:
            if self.peek().kind == "index":
                parts.append(int(self.next().text[1:-1]))
            elif self.take("."):
                token = self.next()
                if token.kind not in ("word", "name"):
                    raise self.error(token.text)
                parts.append(token.text)
            else:
                return Path(tuple(parts))

    def operand(self) -> Operand:
        token = self.peek()
        if token.kind == "value":
            return Literal(self.next().text)
        if token.kind == "word" and self.peek(1).text == "(":
            name = self.next().text
            self.expect("(")
            arguments = [self.operand()]
            while self.take(","):
                arguments.append(self.operand())
            self.expect(")")
            return self._checked(Function(name, tuple(arguments)))
        return self.path()

    def _checked(self, function: Function) -> Function:
        arities = {
            "attribute_exists": 1,
            "attribute_not_exists": 1,
            "attribute_type": 2,
            "begins_with": 2,
            "contains": 2,
            "size": 1,
            "if_not_exists": 2,
            "list_append": 2,
        }
        arity = arities.get(function.name)
        if arity is None:
            raise validation_error(f"Invalid {self._member}: Invalid function name; function: {function.name}")
        if len(function.arguments) != arity:
            raise validation_error(
                f"Invalid {self._member}: Incorrect number of operands for operator or function; "
                f"operator or function: {function.name}, number of operands: {len(function.arguments)}"
            )
        needs_path = ("attribute_exists", "attribute_not_exists", "attribute_type", "if_not_exists")
        if function.name in needs_path and not isinstance(function.arguments[0], Path):
            raise validation_error(
                f"Invalid {self._member}: Operator or function requires a document path; "
                f"operator or function: {function.name}"
            )
        return function

    # conditions, loosest binding first

    def condition(self) -> Condition:
        left = self._conjunction()
        while self.take("OR"):
            left = Either(left, self._conjunction())
        return left

    def _conjunction(self) -> Condition:
        left = self._negation()
        while self.take("AND"):
            left = Both(left, self._negation())
        return left

    def _negation(self) -> Condition:
        if self.take("NOT"):
            return Not(self._negation())
        if self.take("("):
            inner = self.condition()
            self.expect(")")
            return inner
        return self._comparison()

    def _comparison(self) -> Condition:
        left = self.operand()
        token = self.peek()
        if token.text in _COMPARATORS:
            return Compare(self.next().text, left, self._value_operand())
        if self.take("BETWEEN"):
            low = self._value_operand()
            self.expect("AND")
            return Between(left, low, self._value_operand())
        if self.take("IN"):
            self.expect("(")
            options = [self._value_operand()]
            while self.take(","):
                options.append(self._value_operand())
            self.expect(")")
            return In(left, tuple(options))
        if isinstance(left, Function) and left.name not in ("size", "if_not_exists", "list_append"):
            return left
        raise self.error(token.text)

    def _value_operand(self) -> Operand:
        operand = self.operand()
        if isinstance(operand, Function) and operand.name != "size":
            raise validation_error(
                f"Invalid {self._member}: The function is not allowed to be used this way in an expression; "
                f"function: {operand.name}"
            )
        return operand

    # updates

    def actions(self) -> tuple[Action, ...]:
        found: list[Action] = []
        seen: set[str] = set()
        while self.peek().kind != "end":
            clause = self.next().text.upper()
            if clause not in _CLAUSES:
                raise self.error(clause)
            if clause in seen:
                raise validation_error(
                    f'Invalid {self._member}: The "{clause}" section can only be used once in an update expression;'
                )
            seen.add(clause)
            found.append(self._action(clause))
            while self.take(","):
                found.append(self._action(clause))
        return tuple(found)

    def _action(self, clause: str) -> Action:
        path = self.path()
        if clause == "REMOVE":
            return Action(clause, path, None)
        if clause == "SET":
            self.expect("=")
            return Action(clause, path, self._set_value())
        token = self.next()
        if token.kind != "value":
            raise self.error(token.text)
        return Action(clause, path, Literal(token.text))

    def _set_value(self) -> Operand | Sum:
        left = self._set_operand()
        for symbol, sign in (("+", 1), ("-", -1)):
            if self.take(symbol):
                return Sum(left, self._set_operand(), sign)
        return left

    def _set_operand(self) -> Operand:
        if self.take("("):
            inner = self._set_operand()
            self.expect(")")
            return inner
        operand = self.operand()
        if isinstance(operand, Function) and operand.name not in ("if_not_exists", "list_append"):
            raise validation_error(
                f"Invalid {self._member}: The function is not allowed in an update expression; function: {operand.name}"
            )
        return operand

    def paths(self) -> tuple[Path, ...]:
        found = [self.path()]
        while self.take(","):
            found.append(self.path())
        return tuple(found)


@lru_cache(maxsize=4096)
def parse_condition(member: str, text: str) -> Condition:
    """The tree of a condition; `member` names the request's member in error messages, e.g. `ConditionExpression`."""
    reader = _Reader(member, text)
    tree = reader.condition()
    reader.end()
    return tree


@lru_cache(maxsize=4096)
def parse_update(text: str) -> tuple[Action, ...]:
    """The actions of an update expression, in order of writing."""
    return _Reader("UpdateExpression", text).actions()


@lru_cache(maxsize=1024)
def parse_projection(text: str) -> tuple[Path, ...]:
    """The paths of a projection expression."""
    reader = _Reader("ProjectionExpression", text)
    tree = reader.paths()
    reader.end()
    return tree


@lru_cache(maxsize=4096)
def placeholders(text: str) -> frozenset[str]:
    """Every `#name` and `:value` that an expression uses."""
    return frozenset(re.findall(r"[#:][A-Za-z0-9_]+", text))
