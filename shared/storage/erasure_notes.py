"""What was found of a person who is being erased, and at the end the receipt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Protocol

from shared.domain.erasure import Erasure, Found
from shared.storage.erasures import erasure_in
from shared.storage.keys import erasure_key, erasure_partition, found_key
from shared.storage.table import Item, Queryable, condition_held, every_item, to_item, translated


class NotesTable(Queryable, Protocol):
    """The calls we make to DynamoDB."""

    def get_item(self, **kwargs: Any) -> Mapping[str, Any]:
        """GetItem."""
        ...

    def put_item(self, **kwargs: Any) -> Any:
        """PutItem."""
        ...

    def update_item(self, **kwargs: Any) -> Mapping[str, Any]:
        """UpdateItem."""
        ...

    def delete_item(self, **kwargs: Any) -> Any:
        """DeleteItem."""
        ...


class ErasureNotes:
    """Each thing found of the person has a note, written before the thing is touched.

    So a worker that takes over knows what was found, and the receipt counts notes, of which a repetition makes no
    second. When it is written the notes go: it names nothing.

    Args:
        dynamodb: A DynamoDB client.
        table_name: The people table.
    """

    def __init__(self, dynamodb: NotesTable, table_name: str) -> None:
        self._dynamodb = dynamodb
        self._table_name = table_name

    def get(self, person_id: str) -> Erasure | None:
        """The erasure of a person, None if nobody asked for it.

        Raises:
            TemporaryError: the store did not answer; so for every method here.
        """
        with translated():
            answer = self._dynamodb.get_item(
                TableName=self._table_name, Key=erasure_key(person_id), ConsistentRead=True
            )
        return erasure_in(answer["Item"]) if "Item" in answer else None

    def note(self, person_id: str, found: Found, id_: str) -> None:
        """Keep that something of the person was found, before it is erased; what is noted already stays as it is."""
        self._unless_refused(
            self._dynamodb.put_item,
            Item={**found_key(person_id, found.value, id_)},
            ConditionExpression="attribute_not_exists(pk)",
        )

    def left(self, person_id: str, found: Found, sweep: int) -> Iterator[str]:
        """The ids of what was found so far and is not done in this sweep."""
        for item in self._items(person_id, f"FOUND#{found.value}#"):
            if int(item.get("swept", {"N": "0"})["N"]) < sweep:
                yield item["sk"]["S"].split("#", 2)[2]

    def done(self, person_id: str, found: Found, id_: str, sweep: int) -> None:
        """Keep that something is done in this sweep, so that a worker that comes later goes on behind it."""
        self._unless_refused(
            self._dynamodb.update_item,
            Key=found_key(person_id, found.value, id_),
            UpdateExpression="SET swept = :sweep",
            ConditionExpression="attribute_exists(pk)",
            ExpressionAttributeValues=to_item({":sweep": sweep}),
        )

    def finish(self, erasure: Erasure, now: datetime) -> Erasure:
        """Write the receipt, unless another worker has; the one that stands."""
        person_id = erasure.person_id
        counts = Counter(Found(item["sk"]["S"].split("#")[1]) for item in self._items(person_id, "FOUND#"))
        receipt = erasure.model_copy(update={"finished_at": now, "counts": dict(counts)})
        written = self._unless_refused(
            self._dynamodb.update_item,
            Key=erasure_key(person_id),
            UpdateExpression="SET content = :receipt, finished = :true",
            ConditionExpression="attribute_exists(pk) AND attribute_not_exists(finished)",
            ExpressionAttributeValues=to_item({":receipt": receipt.model_dump_json(), ":true": True}),
        )
        if not written:
            receipt = self.get(person_id) or receipt
        self.tidy(person_id)
        return receipt

    def tidy(self, person_id: str) -> None:
        """Remove the notes of an erasure that is finished."""
        for item in self._items(person_id, "FOUND#"):
            with translated():
                self._dynamodb.delete_item(TableName=self._table_name, Key={"pk": item["pk"], "sk": item["sk"]})

    def _unless_refused(self, write: Callable[..., Any], **request: Any) -> bool:
        """A write under a condition; whether the condition held."""
        return condition_held(write, TableName=self._table_name, **request)

    def _items(self, person_id: str, prefix: str) -> Iterator[Item]:
        return every_item(
            self._dynamodb,
            TableName=self._table_name,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :prefix)",
            ExpressionAttributeValues=to_item({":pk": erasure_partition(person_id), ":prefix": prefix}),
            ConsistentRead=True,
        )
