"""The one budget of a person's patience, taken in the very write that lets them be asked.

It is one item in the person's own partition, so that all channels and surveys meet there: when the person was asked
last, by which message. What failed at its provider keeps it, for nobody is to be asked twice by a guess.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from shared.domain.asking import Ask
from shared.domain.base import iso
from shared.storage.keys import asked_key
from shared.storage.table import to_item

ELSEWHERE = "elsewhere"
"""Who asked, if a back office says that it was none of us."""


def taking(table_name: str, ask: Ask, now: datetime) -> dict[str, Any]:
    """The action of a transaction that takes a person's budget, unless they were asked too short a time ago.

    Who asked last may ask again, for it is the same asking: an attempt that the provider refused for now, or the
    reminder of an invitation. The window then begins anew.
    """
    update: dict[str, Any] = {
        "TableName": table_name,
        "Key": asked_key(ask.person_id),
        "UpdateExpression": "SET asked_at = :now, asked_by = :by, asked_about = :survey",
    }
    values = {":now": iso(now), ":by": ask.by, ":survey": ask.survey_id}
    if ask.window:
        update["ConditionExpression"] = "attribute_not_exists(pk) OR asked_at <= :since OR asked_by IN (:by, :before)"
        values |= {":since": iso(now - ask.window), ":before": ask.reminds_of or ask.by}
    return {"Update": {**update, "ExpressionAttributeValues": to_item(values)}}


def asked_elsewhere(table_name: str, person_id: str, at: datetime) -> dict[str, Any]:
    """The action that keeps when somebody else asked a person last; it fails if we know of a later time."""
    update = {
        "TableName": table_name,
        "Key": asked_key(person_id),
        "UpdateExpression": "SET asked_at = :at, asked_by = :elsewhere REMOVE asked_about",
        "ConditionExpression": "attribute_not_exists(pk) OR asked_at < :at",
        "ExpressionAttributeValues": to_item({":at": iso(at), ":elsewhere": ELSEWHERE}),
    }
    return {"Update": update}
