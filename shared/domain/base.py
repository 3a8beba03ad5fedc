"""The base of every domain model, and the few types they share."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, StringConstraints

IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")
"""What an id chosen by a sender may look like: it stands in a path and in a key, so no `/`, `#` or space."""

Identifier = Annotated[str, StringConstraints(pattern=rf"^{IDENTIFIER.pattern}$")]


class Frozen(BaseModel):
    """A value: immutable, compared by content, refusing fields it does not know; errors do not quote its content.

    Models that the public door imports without using are declared with `defer_build=True`, so that its start does not
    pay for their validators; they are built where they are first used (docs/adr/0008-lean-clients.md).
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=False, ser_json_inf_nan="constants", hide_input_in_errors=True
    )


def _canonical_uuid(value: Any) -> Any:
    if not isinstance(value, str):
        raise ValueError("must be a UUID in its text form")
    try:
        return str(UUID(value))
    except ValueError:
        raise ValueError("must be a UUID, such as 0190f3c2-7c1e-7d2b-9d3a-5b1f8a2c4e6d") from None


ResponseId = Annotated[str, BeforeValidator(_canonical_uuid)]
"""A UUID in its canonical lower-case form; made by the sender, and the whole key of a response."""


def _no_control_characters(value: str) -> str:
    """Refuses line breaks too: names stand in the headers of e-mails."""
    if any(ord(character) < 32 or ord(character) == 127 for character in value):
        raise ValueError("must not contain control characters or line breaks")
    return value


Line = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(_no_control_characters)
]
"""One line of text that a person wrote: a name, a label."""

Instant = AwareDatetime
"""A point in time; naive times are refused, for nobody can know which zone they meant."""


def digest(*parts: str) -> str:
    """A deterministic id from its parts: the first 32 hexadecimal digits (128 bits) of SHA-256.

    The parts are joined with a unit separator, which no id can contain, so ("a", "bc") and ("ab", "c") differ.
    """
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]


def iso(instant: datetime) -> str:
    """An instant as text that sorts as it happened: UTC, milliseconds, `2026-03-29T01:30:00.000Z`."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
