"""What the public door puts on its queue.

It stands apart from the other messages (`shared.domain.queued` has them all), so that the door starts without the
models of parcels and of what is sent to customers.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints

from shared.domain.base import Frozen
from shared.domain.responses import Response


class Queued(Frozen):
    """The base of everything on a queue."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True)

    schema_number: Annotated[Literal[1], Field(alias="schema")] = 1


class ResponseSubmitted(Queued):
    """An answer was accepted; on the responses queue.

    Args:
        response: The answer, judged by its survey's definition already.
        expected_revision: The caller's condition: the revision that must be stored for this one to count, 0 for
            "there must be none", None for "the highest revision wins".
        actor: Who changes somebody else's answer: the name of their key; None if it is the respondent's own word.
    """

    type: Literal["ResponseSubmitted"] = "ResponseSubmitted"
    response: Response
    expected_revision: Annotated[int, Field(ge=0)] | None = None
    actor: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None
