"""How many messages a person was sent on a day: an item in their own partition, taken from in the fence's transaction.

It holds the ids of the messages, not their number, so that a message that is tried again is the same one, and it goes
with the person when they are erased.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from shared.domain.daily_caps import DailyCap
from shared.storage.keys import daily_messages_key
from shared.storage.table import to_item

KEPT_FOR = timedelta(days=3)
"""After the midnight in UTC with which the day's date begins: by then that day is over wherever a person may be."""


def one_more_message(table_name: str, cap: DailyCap, message_id: str) -> dict[str, Any]:
    """The action of a transaction that counts a message on a person's day, if it is one of those that the day may have.

    Args:
        table_name: The people table.
        cap: The day and its limit.
        message_id: Which message; counted once, however often it is tried.
    """
    kept_until = datetime.fromisoformat(f"{cap.day}T00:00+00:00") + KEPT_FOR
    return {
        "Update": {
            "TableName": table_name,
            "Key": daily_messages_key(cap.person_id, cap.day),
            "UpdateExpression": "SET #ttl = :ttl ADD messages :ids",
            "ConditionExpression": "attribute_not_exists(pk) OR contains(messages, :id) OR size(messages) < :limit",
            "ExpressionAttributeNames": {"#ttl": "ttl"},
            "ExpressionAttributeValues": to_item(
                {":ids": {message_id}, ":id": message_id, ":limit": cap.limit, ":ttl": int(kept_until.timestamp())}
            ),
        }
    }
