"""A company's own texts: plain text in which `{window}` stands for what is known of the very message.

That is all there is to it: a name from a closed list between braces, and `{{` and `}}` for the braces themselves. There
is no expression, no attribute, no format and no loop, so such a text is never a program, whoever wrote it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from shared.domain.messages import MessageKind

PLACEHOLDERS = {
    "name": "what the recipient is called",
    "brand": "the name of the brand",
    "window": "the promised window: today between 14:00 and 16:00",
    "expected": "the estimated arrival: at about 17:30",
    "tracking_number": "the carrier's number of the parcel",
    "track": "the address of the page that follows the parcel",
    "preferences": "the address of the page on which one chooses what one is told",
    "occurred": "when it happened: today at 14:32",
    "reason": "why: because of the weather",
    "late_by": "by how much it came late: 1 hour 20 minutes",
}
"""What may stand between braces, and what it means."""
LINKS = frozenset({"track", "preferences"})

_ALWAYS = ("name", "brand", "tracking_number", "track", "preferences")
_TO_COME = ("window", "expected")
_HELD_UP = ("window", "expected", "occurred", "reason")
_ALSO = {
    MessageKind.DELIVERY_SCHEDULED: _TO_COME,
    MessageKind.DELIVERY_DAY_BEFORE: _TO_COME,
    MessageKind.DELIVERY_ON_ITS_WAY: _TO_COME,
    MessageKind.DELIVERY_SOON: _TO_COME,
    MessageKind.DELIVERY_ARRIVING: _TO_COME,
    MessageKind.DELIVERY_DELIVERED: ("occurred",),
    MessageKind.DELIVERY_ATTEMPT_FAILED: _HELD_UP,
    MessageKind.DELIVERY_EXCEPTION: _HELD_UP,
    MessageKind.DELIVERY_DELAYED: (*_TO_COME, "reason"),
    MessageKind.DELIVERY_APOLOGY: ("occurred", "late_by"),
}
_TOKEN = re.compile(r"\{\{|\}\}|\{([a-z_]{1,40})\}|[{}]")


class Piece(NamedTuple):
    """A piece of a text: what it says, or the name of what is to stand there."""

    text: str
    is_placeholder: bool = False


def allowed_in(kind: MessageKind) -> tuple[str, ...]:
    """The placeholders of a kind; none where a company has no words of its own."""
    return (*_ALWAYS, *_ALSO[kind]) if kind in _ALSO else ()


def faults_in(text: str, kind: MessageKind) -> list[str]:
    """What is wrong with a text of a kind, in sentences; empty if nothing is."""
    allowed = allowed_in(kind)
    try:
        names = {piece.text: None for piece in pieces(text) if piece.is_placeholder}
    except ValueError as error:
        return [str(error)]
    known = ", ".join(f"{{{name}}}" for name in allowed)
    return [f"{{{name}}} is no placeholder of this message; there are {known}" for name in names if name not in allowed]


def pieces(text: str) -> Iterator[Piece]:
    """A text taken apart.

    Raises:
        ValueError: a brace stands alone, or what is between two is no name.
    """
    read = 0
    for token in _TOKEN.finditer(text):
        if token.start() > read:
            yield Piece(text[read : token.start()])
        read = token.end()
        if token[1]:
            yield Piece(token[1], is_placeholder=True)
        elif len(token[0]) == 2:
            yield Piece(token[0][0])
        else:
            near = text[token.start() : token.start() + 20]
            raise ValueError(
                f"the brace at {near!r} belongs to no placeholder such as {{window}}; write {{{{ or }}}} for a brace"
            )
    if read < len(text):
        yield Piece(text[read:])


class Said(NamedTuple):
    """A piece of a text that was filled in; an address to be pressed, or to be read as it is."""

    text: str
    is_link: bool = False


def filled(text: str, values: Mapping[str, str]) -> list[Said] | None:
    """A text with its values; None if there is none for one of its placeholders, for then it would say nothing true.

    Args:
        text: What a company wrote.
        values: What is known of this message, by placeholder; empty is not known.
    """
    said = []
    for piece in pieces(text):
        if not piece.is_placeholder:
            said.append(Said(piece.text))
        elif value := values.get(piece.text):
            said.append(Said(value, piece.text in LINKS))
        else:
            return None
    return said
