"""Deliveries: one item per parcel, with its whole history, and the ledger of what became of promises.

`status` and `version` are attributes of their own because others put conditions on them: a message about a parcel is
only let out while the parcel is where the message says. What a delivery's promises count as is added to the ledger in
the very transaction that stores the delivery, so the two never differ.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from shared.domain.base import iso
from shared.domain.deliveries import Delivery
from shared.domain.promises import LedgerChange, Outcome
from shared.errors import TemporaryError
from shared.storage.keys import PROMISES, delivery_key, promises_key
from shared.storage.table import BatchReadable, Queryable, every_item, from_item, items_of, to_item, translated
from shared.storage.transactions import Cancelled, Refused, TransactedTable, commit

LANES = 8
"""Items in which one row of the ledger is counted: a carrier's whole day would else be written to one of them."""
FLAGGED = "FLAGGED"
"""The partition of the index `flagged`: parcels whose events contradict each other."""


class ReadTable(Protocol):
    """The call we make to DynamoDB to read one delivery."""

    def get_item(self, **kwargs: Any) -> Mapping[str, Any]:
        """GetItem."""
        ...


class DeliveriesTable(ReadTable, TransactedTable, Protocol):
    """The calls we make to DynamoDB."""


class DeliveryLists(Queryable, BatchReadable, Protocol):
    """The calls we make to DynamoDB to read many."""


class DeliveryReader:
    """The deliveries table, for who only reads one of them.

    Args:
        dynamodb: A DynamoDB client.
        table_name: The table's name.
    """

    def __init__(self, dynamodb: ReadTable, table_name: str) -> None:
        self._reader = dynamodb
        self._table_name = table_name

    def get(self, delivery_id: str) -> Delivery | None:
        """A delivery, None if nobody told us of it.

        Raises:
            TemporaryError: the store did not answer.
        """
        with translated():
            answer = self._reader.get_item(
                TableName=self._table_name, Key=delivery_key(delivery_id), ConsistentRead=True
            )
        item = answer.get("Item")
        return Delivery.model_validate_json(item["content"]["S"]) if item else None


class DeliveryRepository(DeliveryReader):
    """The deliveries table.

    Args:
        dynamodb: A DynamoDB client.
        table_name: The table's name.
    """

    def __init__(self, dynamodb: DeliveriesTable, table_name: str) -> None:
        super().__init__(dynamodb, table_name)
        self._dynamodb = dynamodb

    def save(self, delivery: Delivery, expected_version: int, moved: Sequence[LedgerChange] = ()) -> bool:
        """Store a delivery if the stored one still has the expected version, 0 for "there is none".

        Args:
            delivery: The delivery.
            expected_version: The version it was read with.
            moved: What has to be added to the ledger for it, in the same transaction.

        Returns:
            Whether it was stored; False means that somebody else wrote first, here or in the ledger: read again.

        Raises:
            TemporaryError: the store did not answer, so it may have been stored or not; reading again shows it.
        """
        flags = delivery.contradictions
        put: dict[str, Any] = {
            "TableName": self._table_name,
            "Item": {
                **delivery_key(delivery.delivery_id),
                "status": {"S": delivery.status.value},
                "version": {"N": str(delivery.version)},
                "content": {"S": delivery.model_dump_json(exclude_none=True)},
                **({"person_id": {"S": delivery.person_id}} if delivery.person_id else {}),  # for the index by_person
                **({"flagged_as": {"S": FLAGGED}, "flagged_at": {"S": _learned(flags)}} if flags else {}),
            },
            "ConditionExpression": "attribute_not_exists(pk)",
        }
        if expected_version:
            put["ConditionExpression"] = "version = :version"
            put["ExpressionAttributeValues"] = {":version": {"N": str(expected_version)}}
        try:
            commit(self._dynamodb, [{"Put": put}, *(self._add(delivery.delivery_id, change) for change in moved)])
        except Cancelled:
            return False
        except Refused as refused:
            raise TemporaryError("the store does not take the delivery as it is") from refused
        return True

    def _add(self, delivery_id: str, change: LedgerChange) -> dict[str, Any]:
        added = {outcome.value: times for outcome, times in change.outcomes.items() if times}
        if change.late_seconds:
            added["late_seconds"] = change.late_seconds
        lane = zlib.crc32(delivery_id.encode()) % LANES
        return {
            "Update": {
                "TableName": self._table_name,
                "Key": promises_key(change.week, change.carrier, change.region, lane),
                "UpdateExpression": "ADD " + ", ".join(f"#{name} :{name}" for name in added),
                "ExpressionAttributeNames": {f"#{name}": name for name in added},
                "ExpressionAttributeValues": to_item({f":{name}": number for name, number in added.items()}),
            }
        }


class LedgerRow(NamedTuple):
    """What became of the promises of a week, a carrier and a region.

    Args:
        week: The ISO week in which they ended, `2026-W48`.
        carrier: Who was to bring it.
        region: Where it was to go; empty if nobody said.
        outcomes: How many ended in which way.
        late_seconds: By how much the late ones were late, together.
    """

    week: str
    carrier: str
    region: str
    outcomes: Mapping[Outcome, int]
    late_seconds: int


class DeliveryListing:
    """The deliveries table, for who reads many: the ledger, those that need a person, and several by their ids.

    Args:
        dynamodb: A DynamoDB client.
        table_name: The table's name.
    """

    def __init__(self, dynamodb: DeliveryLists, table_name: str) -> None:
        self._dynamodb = dynamodb
        self._table_name = table_name

    def ledger(self, since: str, until: str) -> Iterator[LedgerRow]:
        """The rows of a range of ISO weeks, both included, lane by lane.

        Raises:
            TemporaryError: the store did not answer; so for every method here.
        """
        items = every_item(
            self._dynamodb,
            TableName=self._table_name,
            KeyConditionExpression="pk = :pk AND sk BETWEEN :since AND :until",
            # In a key, `#` follows the week, and `$` is the character after it: beyond all of the last week.
            ExpressionAttributeValues=to_item({":pk": PROMISES, ":since": since, ":until": f"{until}$"}),
            ConsistentRead=True,
        )
        for item in items:
            row = from_item(item)
            week, carrier, region, _ = row["sk"].split("#")
            outcomes = {outcome: row[outcome.value] for outcome in Outcome if row.get(outcome.value)}
            yield LedgerRow(week, carrier, region, outcomes, row.get("late_seconds", 0))

    def flagged(self) -> Iterator[Delivery]:
        """Parcels whose events contradict each other, those that did so last first; from an index that lags."""
        found = every_item(
            self._dynamodb,
            TableName=self._table_name,
            IndexName="flagged",
            KeyConditionExpression="flagged_as = :flagged",
            ExpressionAttributeValues=to_item({":flagged": FLAGGED}),
            ScanIndexForward=False,
        )
        for item in found:
            yield from self._of_keys([{name: item[name] for name in ("pk", "sk")}])

    def of_ids(self, delivery_ids: Sequence[str]) -> dict[str, Delivery]:
        """Those of these deliveries that there are, by their ids."""
        keys = [delivery_key(delivery_id) for delivery_id in delivery_ids]
        return {delivery.delivery_id: delivery for delivery in self._of_keys(keys)}

    def _of_keys(self, keys: Sequence[Mapping[str, Any]]) -> Iterator[Delivery]:
        for item in items_of(self._dynamodb, self._table_name, keys):
            yield Delivery.model_validate_json(item["content"]["S"])


def _learned(flags: Sequence[Any]) -> str:
    latest: datetime = max(event.learned_at for event in flags)
    return iso(latest)
