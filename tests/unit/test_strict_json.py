"""What the JSON reader takes and refuses, against a reader of its own that shares nothing with it."""

from __future__ import annotations

import json
import math
import re
import time
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.errors import MalformedRequestError
from shared.strict_json import strict_json

HALF_SURROGATE = rb'{"a": "\ud83d"}'


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"{",
        b"{}{}",
        b"{'a': 1}",
        b'{"a": 1,}',
        b'{"a": 01}',
        b'{"a": +1}',
        b'{"a": .5}',
        b'{"a": 0x1}',
        b'{"a": "line\nbreak"}',
        b'{"a": "\x00"}',
        b"\xef\xbb\xbf{}",
        b"\xff\xfe{\x00}\x00",
        b'{"a": "\xff"}',
        b'{"a": "\xed\xa0\x80"}',
        b'{"a": "\xc0\xaf"}',
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": -Infinity}',
        b'{"a": 1e400}',
        b'{"a": -1e400}',
        b'{"a": 12345678901234567}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b'{"a": 1, "a": 1}',
        rb'{"a": 1, "\u0061": 2}',
        b'{"x": [{"a": 1, "b": 2, "a": 3}]}',
        HALF_SURROGATE,
        rb'{"a": "\ude00\ud83d"}',
        rb'{"\ud800": 1}',
        rb'{"a": "\u0000"}',
        b"[" * 17 + b"]" * 17,
        b"[" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    ],
)
def test_what_two_parsers_could_read_differently_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedRequestError):
        strict_json(body)


@pytest.mark.parametrize(
    ("body", "data"),
    [
        (b"null", None),
        (b"{}", {}),
        (b'{"a": 9, "b": 9.0, "c": -0.5e-3, "d": true}', {"a": 9, "b": 9.0, "c": -0.0005, "d": True}),
        (b'{"revision": 1000000000000000}', {"revision": 10**15}),
        (rb'{"a": "\ud83d\ude00 \u00fc \" [ { \\"}', {"a": '😀 ü " [ { \\'}),
        ('{"a": "😀 [[[[[[[[[[[[[[[[[["}'.encode(), {"a": "😀 [[[[[[[[[[[[[[[[[["}),
        (b"[" * 16 + b"]" * 16, [[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]),
        (b'[{"a": 1}, {"a": 1}]', [{"a": 1}, {"a": 1}]),
    ],
)
def test_ordinary_json_is_read_as_it_is(body: bytes, data: Any) -> None:
    read = strict_json(body)
    assert read == data
    assert json.dumps(read) == json.dumps(data)


@pytest.mark.parametrize("body", [b'"' + b'\\"' * 8000, b'"\\' * 8000, b'"' * 16_000, b"[]" * 8000, b'"a\\\\"' * 4000])
def test_reading_takes_linear_time(body: bytes) -> None:
    def seconds(times: int) -> float:
        started = time.process_time()
        with pytest.raises(MalformedRequestError):
            strict_json(body * times)
        return time.process_time() - started

    seconds(1)
    assert seconds(16) < 1  # quadratic reading of 256 KB takes a minute


# The oracle: a small recursive reader of RFC 8259 with our limits, written on characters and not on `json`.


class RefusedError(Exception):
    """The oracle does not take it."""


class Oracle:
    def __init__(self, body: bytes) -> None:
        try:
            self.text = body.decode("utf-8")
        except UnicodeDecodeError:
            raise RefusedError from None
        self.at = 0

    def read(self) -> Any:
        value = self.value(0)
        self.space()
        if self.at != len(self.text):
            raise RefusedError
        return value

    def space(self) -> None:
        while self.at < len(self.text) and self.text[self.at] in " \t\r\n":
            self.at += 1

    def take(self, character: str) -> bool:
        self.space()
        if self.text[self.at : self.at + 1] != character:
            return False
        self.at += 1
        return True

    def value(self, depth: int) -> Any:
        self.space()
        for word, meaning in (("null", None), ("true", True), ("false", False)):
            if self.text.startswith(word, self.at):
                self.at += len(word)
                return meaning
        if self.text[self.at : self.at + 1] in {"{", "["} and depth == 16:
            raise RefusedError
        if self.take("{"):
            return self.members(depth + 1)
        if self.take("["):
            return self.items(depth + 1)
        if self.text[self.at : self.at + 1] == '"':
            return self.string()
        return self.number()

    def items(self, depth: int) -> list[Any]:
        found: list[Any] = []
        if self.take("]"):
            return found
        while True:
            found.append(self.value(depth))
            if self.take("]"):
                return found
            if not self.take(","):
                raise RefusedError

    def members(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if self.take("}"):
            return found
        while True:
            self.space()
            name = self.string()
            if name in found or not self.take(":"):
                raise RefusedError
            found[name] = self.value(depth)
            if self.take("}"):
                return found
            if not self.take(","):
                raise RefusedError

    def string(self) -> str:
        match = re.compile(r'"((?:[^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*)"').match(self.text, self.at)
        if match is None:
            raise RefusedError
        self.at = match.end()
        units = bytearray()
        for part in re.findall(r"\\u[0-9a-fA-F]{4}|\\.|[^\\]", match[1], re.DOTALL):
            if part.startswith("\\u"):
                units += int(part[2:], 16).to_bytes(2, "big")
            else:
                plain = (
                    dict(zip("bfnrt", "\b\f\n\r\t", strict=True)).get(part[1:], part[-1]) if part[0] == "\\" else part
                )
                units += plain.encode("utf-16-be")
        try:
            text = bytes(units).decode("utf-16-be")
        except UnicodeDecodeError:
            raise RefusedError from None
        if "\0" in text:
            raise RefusedError
        return text

    def number(self) -> int | float:
        match = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?").match(self.text, self.at)
        if match is None:
            raise RefusedError
        self.at = match.end()
        if match[1] is None and match[2] is None:
            if len(match[0].replace("-", "")) > 16:
                raise RefusedError
            return int(match[0])
        if math.isinf(number := float(match[0])):
            raise RefusedError
        return number


TEXTS = st.text(alphabet=st.characters(codec="utf-8"), max_size=8)
DATA = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**18), 10**18) | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
BRACKETS = ["{", "}", "[", "]", ":", ",", '"', "\\", " ", "\n", "[" * 17, '"a":1,', '{"a":1}']
NUMBERS = ["1", "-0", "0.5", "1e400", "9" * 17, "NaN", "true", "null"]
CHARACTERS = ['"a"', '"b"', "ü", "😀", "\x00", "\x7f", "\ufeff", r"\ud83d", r"\ude00", r"\u0000", r"\u0061"]
MEMBERS = ['"a":1', r'"\u0061":2', '"b":{"a":1}', '"c":{"a":1,"a":2}']
PIECES = st.sampled_from([*BRACKETS, *NUMBERS, *CHARACTERS])
BODIES = (
    DATA.map(lambda data: json.dumps(data).encode())
    | st.lists(PIECES, max_size=14).map(lambda pieces: "".join(pieces).encode())
    | st.lists(PIECES, max_size=8).map(lambda pieces: f'{{"k": "{"".join(pieces)}"}}'.encode())
    | st.lists(PIECES, max_size=8).map(lambda pieces: f"[{','.join(pieces)}]".encode())
    | st.lists(st.sampled_from(MEMBERS), max_size=4).map(lambda members: f"[{{{','.join(members)}}}]".encode())
    | st.integers(13, 19).map(lambda depth: b'{"a":[' * (depth // 2) + b"[]" * (depth % 2) + b"]}" * (depth // 2))
    | st.binary(max_size=24)
)


@settings(max_examples=1500, deadline=None)
@given(BODIES)
@example(HALF_SURROGATE)
def test_it_takes_exactly_what_an_independent_reader_takes_and_reads_the_same(body: bytes) -> None:
    try:
        expected = Oracle(body).read()
    except RefusedError:
        with pytest.raises(MalformedRequestError):
            strict_json(body)
    else:
        assert json.dumps(strict_json(body)) == json.dumps(expected)
