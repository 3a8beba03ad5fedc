"""The form of a response's items.

Nothing stands in it twice, because a write is paid for by the kilobyte, here and once more in each index: what a
response is found by is in its key and in attributes of their own, properties that it is counted by are only in its
breakdowns (`folded` says so), and of what it is counted as there is only that which its content does not say. So a
comment of 500 bytes with eight breakdowns still costs one kilobyte.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from shared.domain.base import iso
from shared.domain.recording import ScoreChange, Stored, Write, repeated_properties
from shared.domain.responses import Counted, Response
from shared.domain.surveys import from_properties
from shared.storage.keys import AUDIT

_SAID_BY_CONTENT = ("survey_id", "day", "breakdowns")
"""Fields that what is counted has in common with the response, unless the rule of counting changes."""


def attributes_of(each: Write) -> dict[str, object]:
    """A response as plain attributes, without its key; a tombstone has none of those that an index is made of."""
    return {
        "revision": each.response.revision,
        "survey_id": each.response.survey_id,
        "person_id": each.response.person_id,
        "answered": answered(each.response),
        "content": each.content,
        "folded": True if repeated_properties(each.response) else None,
        "counted": None if each.counted is None else _beyond_content(each.counted, each.response),
    }


def tombstone_attributes(at: datetime) -> dict[str, object]:
    """What is left of an erased response: nothing that it said, nor who said it."""
    return {"erased": True, "erased_at": iso(at)}


def audit_attributes(change: ScoreChange) -> dict[str, object]:
    """An entry of the audit trail as plain attributes, without its key."""
    return {
        "at": iso(change.at),
        "actor": change.actor,
        "before": None if change.before is None else change.before.model_dump_json(),
        "after": None if change.after is None else change.after.model_dump_json(),
    }


def score_change_in(item: Mapping[str, Any]) -> ScoreChange:
    """What an entry of the audit trail says."""
    before, after = (
        Counted.model_validate_json(item[side]["S"]) if side in item else None for side in ("before", "after")
    )
    return ScoreChange(
        revision=int(item["sk"]["S"].removeprefix(AUDIT)),
        at=datetime.fromisoformat(item["at"]["S"]),
        actor=item["actor"]["S"] if "actor" in item else None,
        before=before,
        after=after,
    )


def answered(response: Response) -> str:
    """When a response was given, as the indexes sort it: its local day, then the instant in UTC, in full."""
    instant = response.answered_at.astimezone(UTC).isoformat(timespec="microseconds")
    return f"{response.day.isoformat()}#{instant.replace('+00:00', 'Z')}"


def stored_in(item: Mapping[str, Any]) -> Stored:
    """What an item says: a response with what it was counted as, or a tombstone."""
    if item.get("erased", {}).get("BOOL"):
        return Stored(erased=True)
    try:
        content = json.loads(item["content"]["S"])
        if "folded" in item:
            declared = from_properties(content["breakdowns"])
            content["properties"] = {**declared, **content.get("properties", {})}
        response = Response.model_validate({**_beside_content(item), **content})
        if "counted" not in item:
            return Stored(response)
        common = {name: getattr(response, name) for name in _SAID_BY_CONTENT}
        return Stored(response, Counted.model_validate({**common, **json.loads(item["counted"]["S"])}))
    except (KeyError, TypeError, ValueError, ValidationError):
        return Stored(readable=False)


def response_id_of(item: Mapping[str, Any]) -> str:
    """The id in an item's key."""
    return str(item["pk"]["S"]).partition("#")[2]


def _beside_content(item: Mapping[str, Any]) -> dict[str, object]:
    """What stands in attributes of its own; items of the first version had all but the first two in their content."""
    found: dict[str, object] = {"response_id": response_id_of(item), "revision": int(item["revision"]["N"])}
    for name in ("survey_id", "person_id"):
        if name in item:
            found[name] = item[name]["S"]
    if "answered" in item:
        found["day"], _, found["answered_at"] = item["answered"]["S"].partition("#")
    return found


def _beyond_content(counted: Counted, response: Response) -> str:
    return counted.model_dump_json(
        exclude={name for name in _SAID_BY_CONTENT if getattr(counted, name) == getattr(response, name)}
    )
