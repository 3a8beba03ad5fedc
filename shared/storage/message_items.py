"""The form of a message's item, for those who write messages and those who write receipts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import TypeAdapter

from shared.domain.base import iso
from shared.domain.messages import MessageRequest, MessageState, Notification
from shared.domain.sending import Message
from shared.storage.keys import listed_month, message_key
from shared.storage.table import from_item, to_item

_REQUESTS: TypeAdapter[MessageRequest] = TypeAdapter(MessageRequest)


INDEX_KEYS = ("person_id", "response_id")
"""Attributes by which the indexes by_person and by_response lead to a message; one that is erased loses them."""


def indexed_by(notification: Notification) -> dict[str, str]:
    """What the indexes know of a message: whom it is for, which answer it may quote, and what lists choose by.

    The index `listed` has its state, reason and channel too, as the item has them at the time.
    """
    attributes = {
        "person_id": notification.person_id,
        "response_id": notification.response_id,
        "delivery_id": notification.delivery_id,
        "channel": notification.channel and notification.channel.value,
        "kind": notification.kind.value,
        "requested_at": iso(notification.requested_at),
        "listed_as": listed_month(notification.requested_at),
    }
    return {name: value for name, value in attributes.items() if value is not None}


def message_of(item: Mapping[str, Any]) -> Message:
    """A message from its item."""
    stored = from_item(item)
    plain = {name: stored[name] for name in Message.model_fields if name in stored and name != "request"}
    request = stored.get("request")
    return Message(
        notification=Notification.model_validate_json(stored["content"]),
        request=_REQUESTS.validate_json(request) if request else None,
        **plain,
    )


def state_change(
    table: str,
    message_id: str,
    from_states: Iterable[MessageState],
    changes: Mapping[str, object],
    remove: Iterable[str] = (),
) -> dict[str, Any]:
    """An update that holds only while the message is in one of these states; changes to None are left out."""
    set_ = {name: value for name, value in changes.items() if value is not None}
    states = {f":from{n}": state.value for n, state in enumerate(from_states)}
    expression = "SET " + ", ".join(f"#{name} = :{name}" for name in set_)
    if remove:
        expression += " REMOVE " + ", ".join(f"#{name}" for name in remove)
    return {
        "TableName": table,
        "Key": message_key(message_id),
        "UpdateExpression": expression,
        "ConditionExpression": f"#state IN ({', '.join(states)})",
        "ExpressionAttributeNames": {f"#{name}": name for name in {*set_, *remove, "state"}},
        "ExpressionAttributeValues": to_item({**{f":{name}": value for name, value in set_.items()}, **states}),
    }
