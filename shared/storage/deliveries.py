"""Deliveries: one item per parcel, with its whole history.

`status` and `version` are attributes of their own because others put conditions on them: a message about a parcel is
only let out while the parcel is where the message says.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from shared.domain.deliveries import Delivery
from shared.storage.keys import delivery_key
from shared.storage.table import condition_held, translated


class DeliveriesTable(Protocol):
    """The two calls we make to DynamoDB."""

    def get_item(self, **kwargs: Any) -> Mapping[str, Any]:
        """GetItem."""
        ...

    def put_item(self, **kwargs: Any) -> Any:
        """PutItem."""
        ...


class DeliveryRepository:
    """The deliveries table.

    Args:
        dynamodb: A DynamoDB client.
        table_name: The table's name.
    """

    def __init__(self, dynamodb: DeliveriesTable, table_name: str) -> None:
        self._dynamodb = dynamodb
        self._table_name = table_name

    def get(self, delivery_id: str) -> Delivery | None:
        """A delivery, None if nobody told us of it.

        Raises:
            TemporaryError: the store did not answer.
        """
        with translated():
            answer = self._dynamodb.get_item(
                TableName=self._table_name, Key=delivery_key(delivery_id), ConsistentRead=True
            )
        item = answer.get("Item")
        return Delivery.model_validate_json(item["content"]["S"]) if item else None

    def save(self, delivery: Delivery, expected_version: int) -> bool:
        """Store a delivery if the stored one still has the expected version, 0 for "there is none".

        Returns:
            Whether it was stored; False means that somebody else wrote first: read again.

        Raises:
            TemporaryError: the store did not answer, so it may have been stored or not; reading again shows it.
        """
        put: dict[str, Any] = {
            "TableName": self._table_name,
            "Item": {
                **delivery_key(delivery.delivery_id),
                "status": {"S": delivery.status.value},
                "version": {"N": str(delivery.version)},
                "content": {"S": delivery.model_dump_json(exclude_none=True)},
                **({"person_id": {"S": delivery.person_id}} if delivery.person_id else {}),  # for the index by_person
            },
            "ConditionExpression": "attribute_not_exists(pk)",
        }
        if expected_version:
            put["ConditionExpression"] = "version = :version"
            put["ExpressionAttributeValues"] = {":version": {"N": str(expected_version)}}
        return condition_held(self._dynamodb.put_item, **put)
