"""A table as template.yaml makes them: string keys `pk` and `sk`, paid per request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

TABLE = "table"
RESPONSE_INDEXES = {"by_survey": ("survey_id", "answered"), "by_person": ("person_id", "answered")}
"""The indexes of the responses table: their partition key and their sort key."""
MESSAGE_INDEXES = {
    "by_person": ("person_id", "requested_at"),
    "by_response": ("response_id", "requested_at"),
    "listed": ("listed_as", "requested_at"),
}
DELIVERY_INDEXES = {"by_person": ("person_id",), "flagged": ("flagged_as", "flagged_at")}

PEOPLE_INDEXES = {"listed": ("listed_as", "listed_at")}
"""Likewise of the people table."""


def create_table(client: Any, name: str = TABLE, indexes: Mapping[str, tuple[str, ...]] | None = None) -> None:
    indexes = indexes or {}
    attributes = dict.fromkeys(("pk", "sk", *(key for keys in indexes.values() for key in keys)))
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in attributes],
        KeySchema=_key_schema("pk", "sk"),
        **{
            "GlobalSecondaryIndexes": [
                {"IndexName": index, "KeySchema": _key_schema(*keys), "Projection": {"ProjectionType": "ALL"}}
                for index, keys in indexes.items()
            ]
        }
        if indexes
        else {},
    )


def _key_schema(*names: str) -> list[dict[str, str]]:
    return [{"AttributeName": name, "KeyType": kind} for name, kind in zip(names, ("HASH", "RANGE"), strict=False)]
