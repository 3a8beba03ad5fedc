"""Parcels by the names that carriers and tracking providers have for them, in the deliveries table.

A name is a partition. In it stands a pointer to each delivery that was registered under it, and what was told under it
before one was. Who registers writes the pointer and then reads what was told; who tells writes it down and then looks
for a pointer, both consistently: so one of the two sees the other, in whichever order they come.

The names of a delivery are those of its registration, no others: each change of them is one transaction, on condition
that the delivery is the one that was read. So a corrected number means its parcel no more, and of an erased person's
parcel no name is left.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

from botocore.exceptions import ClientError
from pydantic import TypeAdapter

from shared.domain.base import iso
from shared.domain.deliveries import Delivery, DeliveryEvent, DeliveryRegistration
from shared.domain.tracking.parcels import (
    HEARD_FOR,
    KEPT_FOR,
    Found,
    Kept,
    Name,
    Registered,
    registered_names,
    together,
)
from shared.errors import TemporaryError
from shared.storage.keys import KEPT, NAMED, delivery_key, delivery_names_key, kept_key, name_partition, named_key
from shared.storage.table import (
    cancellation_codes,
    condition_held,
    every_item,
    from_item,
    to_item,
    translated,
)

KEEP_ATTEMPTS = 5
"""How often a lost race is run again: two webhooks of one unknown parcel at once are rare, more are rarer."""
_EVENTS = TypeAdapter(tuple[DeliveryEvent, ...])


class DeliveriesTable(Protocol):
    """The calls we make to DynamoDB."""

    def get_item(self, **kwargs: Any) -> Mapping[str, Any]:
        """GetItem."""
        ...

    def put_item(self, **kwargs: Any) -> Any:
        """PutItem."""
        ...

    def delete_item(self, **kwargs: Any) -> Any:
        """DeleteItem."""
        ...

    def query(self, **kwargs: Any) -> Mapping[str, Any]:
        """Query."""
        ...

    def transact_write_items(self, **kwargs: Any) -> Any:
        """TransactWriteItems."""
        ...


class TrackedParcels:
    """The deliveries table, by other names.

    Args:
        dynamodb: A DynamoDB client.
        table_name: The table's name.
    """

    def __init__(self, dynamodb: DeliveriesTable, table_name: str) -> None:
        self._dynamodb = dynamodb
        self._table_name = table_name

    def found(self, name: Name) -> Found:
        """What stands under a name, by one consistent Query.

        Raises:
            TemporaryError: the store did not answer.
        """
        items = every_item(
            self._dynamodb,
            TableName=self._table_name,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": name_partition(*name)}},
            ConsistentRead=True,
        )
        registered: list[Registered] = []
        kept: list[Kept] = []
        for item in items:
            content, sort_key = from_item(item), item["sk"]["S"]
            if sort_key.startswith(NAMED):
                since = datetime.fromisoformat(content["registered_at"])
                registered.append(Registered(sort_key.removeprefix(NAMED), since))
            else:
                events = _EVENTS.validate_json(content["events"])
                kept.append(Kept(name, sort_key.removeprefix(KEPT), events, content["revision"]))
        return Found(tuple(registered), tuple(kept))

    def point(self, delivery: Delivery, told_at: datetime | None = None) -> bool:
        """Have the names of a delivery's registration mean it, and no others.

        Args:
            delivery: The delivery as it is stored.
            told_at: When its shop told us of it, if that was before the registration that stands: a parcel is known
                since it was first told under a name.

        Returns:
            Whether they do; False means that the delivery or its names changed meanwhile: read it again.

        Raises:
            TemporaryError: the store did not answer, so they may or may not.
        """
        known, revision = self._names(delivery.delivery_id)
        wanted = _names_of(delivery.registration, told_at, known)
        if wanted == known:
            return True
        actions = [
            {
                "ConditionCheck": {
                    "TableName": self._table_name,
                    "Key": delivery_key(delivery.delivery_id),
                    "ConditionExpression": "version = :version",
                    "ExpressionAttributeValues": to_item({":version": delivery.version}),
                }
            },
            self._names_put(delivery.delivery_id, wanted, revision),
            *(
                self._pointer_put(partition, delivery.delivery_id, since)
                for partition, since in wanted.items()
                if known.get(partition) != since
            ),
            *(
                {"Delete": {"TableName": self._table_name, "Key": named_key(partition, delivery.delivery_id)}}
                for partition in known
                if partition not in wanted
            ),
        ]
        with translated():
            try:
                self._dynamodb.transact_write_items(TransactItems=actions)
            except ClientError as error:
                if "ConditionalCheckFailed" not in cancellation_codes(error):
                    raise
                return False
        return True

    def keep(self, name: Name, provider: str, events: Iterable[DeliveryEvent], now: datetime) -> None:
        """Keep what was told under a name that no delivery has, with what was told before; for 15 days.

        Raises:
            TemporaryError: the store did not answer, or others kept adding.
        """
        told = tuple(events)
        for _ in range(KEEP_ATTEMPTS):
            before = next((kept for kept in self.found(name).kept if kept.provider == provider), None)
            all_told = together(before.events if before else (), told)
            if before is not None and all_told == before.events:
                return
            attributes = {
                "events": _EVENTS.dump_json(all_told, exclude_none=True).decode(),
                "revision": before.revision + 1 if before else 1,
                "ttl": _seconds(now + KEPT_FOR),
            }
            key = kept_key(name_partition(*name), provider)
            if self._put(key | to_item(attributes), before.revision if before else 0):
                return
        raise TemporaryError("others kept telling of this parcel")

    def settle(self, kept: Kept) -> None:
        """Forget what was kept, unless more was added: that comes with its own webhook, and finds the delivery.

        Raises:
            TemporaryError: the store did not answer.
        """
        condition_held(
            self._dynamodb.delete_item,
            TableName=self._table_name,
            Key=kept_key(name_partition(*kept.name), kept.provider),
            ConditionExpression="revision = :seen",
            ExpressionAttributeValues=to_item({":seen": kept.revision}),
        )

    def _names(self, delivery_id: str) -> tuple[dict[str, str], int]:
        """Under which partitions a delivery stands and since when, and how often that changed."""
        with translated():
            answer = self._dynamodb.get_item(
                TableName=self._table_name, Key=delivery_names_key(delivery_id), ConsistentRead=True
            )
        if "Item" not in answer:
            return {}, 0
        content = from_item(answer["Item"])
        return dict(content["names"]), content["revision"]

    def _names_put(self, delivery_id: str, names: Mapping[str, str], revision: int) -> dict[str, Any]:
        item = delivery_names_key(delivery_id) | to_item({"names": names, "revision": revision + 1})
        return {"Put": {"TableName": self._table_name, "Item": item, **_unchanged_since(revision)}}

    def _pointer_put(self, partition: str, delivery_id: str, since: str) -> dict[str, Any]:
        ends_at = datetime.fromisoformat(since) + HEARD_FOR + timedelta(days=1)
        item = named_key(partition, delivery_id) | to_item({"registered_at": since, "ttl": _seconds(ends_at)})
        return {"Put": {"TableName": self._table_name, "Item": item}}

    def _put(self, item: Mapping[str, Any], revision: int) -> bool:
        return condition_held(
            self._dynamodb.put_item, TableName=self._table_name, Item=item, **_unchanged_since(revision)
        )


def _names_of(
    registration: DeliveryRegistration | None, told_at: datetime | None, known: Mapping[str, str]
) -> dict[str, str]:
    """The partitions of a registration's names, each with the time since when it means the delivery."""
    if registration is None:
        return {}
    since = iso(min(told_at or registration.registered_at, registration.registered_at))
    partitions = (name_partition(*name) for name in registered_names(registration))
    return {partition: min(known.get(partition, since), since) for partition in partitions}


def _unchanged_since(revision: int) -> dict[str, Any]:
    """The condition that an item still has a revision, 0 for "there is none"."""
    if not revision:
        return {"ConditionExpression": "attribute_not_exists(pk)"}
    return {
        "ConditionExpression": "revision = :seen",
        "ExpressionAttributeValues": to_item({":seen": revision}),
    }


def _seconds(at: datetime) -> int:
    return int(at.timestamp())
