"""The form of a response's item.

Nothing stands in it twice, because a write is paid for by the kilobyte: the id is in the key, the revision in the
attribute that conditions are on, and of what the response is counted as only that which its content does not say.
So a comment of 500 bytes with three breakdowns still costs one kilobyte.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from shared.domain.recording import Stored, Write
from shared.domain.responses import Counted, Response

_SAID_BY_CONTENT = ("survey_id", "day", "breakdowns")
"""Fields that what is counted has in common with the response, unless the rule of counting changes."""


def attributes_of(each: Write) -> dict[str, object]:
    """A response as plain attributes, without its key."""
    return {
        "revision": each.response.revision,
        "content": each.content,
        "counted": None if each.counted is None else _beyond_content(each.counted, each.response),
    }


def stored_in(item: Mapping[str, Any]) -> Stored:
    """What an item says: a response with what it was counted as, or a tombstone."""
    if item.get("erased", {}).get("BOOL"):
        return Stored(erased=True)
    try:
        named = {"response_id": response_id_of(item), "revision": int(item["revision"]["N"])}
        response = Response.model_validate({**named, **json.loads(item["content"]["S"])})
        if "counted" not in item:
            return Stored(response)
        common = {name: getattr(response, name) for name in _SAID_BY_CONTENT}
        return Stored(response, Counted.model_validate({**common, **json.loads(item["counted"]["S"])}))
    except (KeyError, TypeError, ValueError, ValidationError):
        return Stored(readable=False)


def response_id_of(item: Mapping[str, Any]) -> str:
    """The id in an item's key."""
    return str(item["pk"]["S"]).partition("#")[2]


def _beyond_content(counted: Counted, response: Response) -> str:
    return counted.model_dump_json(
        exclude={name for name in _SAID_BY_CONTENT if getattr(counted, name) == getattr(response, name)}
    )
