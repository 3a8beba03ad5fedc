"""A table as template.yaml makes them: string keys `pk` and `sk`, paid per request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

TABLE = "table"
RESPONSE_INDEXES = {"by_survey": ("survey_id", "answered"), "by_person": ("person_id", "answered")}
"""The indexes of the responses table: their partition key and their sort key."""


def create_table(client: Any, name: str = TABLE, indexes: Mapping[str, tuple[str, str]] | None = None) -> None:
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


def _key_schema(partition: str, sort: str) -> list[dict[str, str]]:
    return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]
