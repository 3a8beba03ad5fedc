"""What SMS of a day may cost, and how many of an hour went to numbers alike: counters of the fence's transaction.

A counter is added to under the condition that the sum stays within its limit, so the limit holds whatever comes at
once: of two workers at the same counter the store lets one pass first, and the other is tried again.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from shared.domain.sms_limits import SmsTaking
from shared.storage.keys import Key, sms_prefix_key, sms_spend_key
from shared.storage.table import to_item

SPEND_IS_KEPT_FOR = timedelta(days=40)
"""After its day: long enough to compare with a month's bill."""
PREFIX_IS_KEPT_FOR = timedelta(days=2)


def spending(table_name: str, taking: SmsTaking) -> dict[str, Any] | None:
    """The action that takes a message's price from its day, if that has it left; None if it took it before."""
    if not taking.to_spend:
        return None
    day_end = datetime.fromisoformat(f"{taking.day}T00:00+00:00") + timedelta(days=1)
    ttl = day_end + SPEND_IS_KEPT_FOR
    return _adding(table_name, sms_spend_key(taking.day), taking.to_spend, taking.spend_limit, ttl)


def one_more_alike(table_name: str, taking: SmsTaking) -> dict[str, Any] | None:
    """The action that counts a message among those to numbers alike, if that is one more; None if it was counted."""
    if taking.is_counted:
        return None
    ttl = datetime.fromisoformat(f"{taking.hour}:00+00:00") + PREFIX_IS_KEPT_FOR
    return _adding(table_name, sms_prefix_key(taking.prefix, taking.hour), 1, taking.prefix_limit, ttl)


def _adding(table_name: str, key: Key, amount: int, limit: int, ttl: datetime) -> dict[str, Any]:
    """Add to a counter that must not pass its limit; what is more than the limit by itself never fits."""
    condition = "#total <= :room" if amount > limit else "attribute_not_exists(#total) OR #total <= :room"
    return {
        "Update": {
            "TableName": table_name,
            "Key": key,
            "UpdateExpression": "SET #ttl = :ttl ADD #total :amount",
            "ConditionExpression": condition,
            "ExpressionAttributeNames": {"#ttl": "ttl", "#total": "total"},
            "ExpressionAttributeValues": to_item(
                {":amount": amount, ":room": limit - amount, ":ttl": int(ttl.timestamp())}
            ),
        }
    }
