"""What was found of a person who is being erased, and at the end the receipt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Protocol

from botocore.exceptions import ClientError

from shared.domain.erasure import Erasure, Found
from shared.storage.erasures import erasure_in
from shared.storage.keys import erasure_key, erasure_partition, found_key
from shared.storage.table import Item, Queryable, error_code, every_item, to_item, translated


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
        """Keep that something of the person was found, before it is erased."""
        with translated():
            self._dynamodb.put_item(TableName=self._table_name, Item={**found_key(person_id, found.value, id_)})

    def noted(self, person_id: str, found: Found) -> Iterator[str]:
        """The ids of what was found so far."""
        for item in self._items(person_id, f"FOUND#{found.value}#"):
            yield item["sk"]["S"].split("#", 2)[2]

    def finish(self, erasure: Erasure, now: datetime) -> Erasure:
        """Write the receipt, unless another worker has; the one that stands."""
        person_id = erasure.person_id
        counts = Counter(Found(item["sk"]["S"].split("#")[1]) for item in self._items(person_id, "FOUND#"))
        receipt = erasure.model_copy(update={"finished_at": now, "counts": dict(counts)})
        with translated():
            try:
                self._dynamodb.update_item(
                    TableName=self._table_name,
                    Key=erasure_key(person_id),
                    UpdateExpression="SET content = :receipt, finished = :true",
                    ConditionExpression="attribute_exists(pk) AND attribute_not_exists(finished)",
                    ExpressionAttributeValues=to_item({":receipt": receipt.model_dump_json(), ":true": True}),
                )
            except ClientError as error:
                if error_code(error) != "ConditionalCheckFailedException":
                    raise
                receipt = self.get(person_id) or receipt
        self.tidy(person_id)
        return receipt

    def tidy(self, person_id: str) -> None:
        """Remove the notes of an erasure that is finished."""
        for item in self._items(person_id, "FOUND#"):
            with translated():
                self._dynamodb.delete_item(TableName=self._table_name, Key={"pk": item["pk"], "sk": item["sk"]})

    def _items(self, person_id: str, prefix: str) -> Iterator[Item]:
        return every_item(
            self._dynamodb,
            TableName=self._table_name,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :prefix)",
            ExpressionAttributeValues=to_item({":pk": erasure_partition(person_id), ":prefix": prefix}),
            ConsistentRead=True,
        )
