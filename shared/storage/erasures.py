"""Who was erased, and is being erased: tombstones, and the receipt of each erasure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

from botocore.exceptions import ClientError

from shared.domain.base import iso
from shared.domain.erasure import NOBODY, Erased, Erasure, Found
from shared.domain.people import Claim
from shared.domain.queued import ErasePerson
from shared.errors import NotFoundError, TemporaryError
from shared.storage.keys import (
    Key,
    claim_key,
    erased_identifier_key,
    erasure_key,
    found_key,
    person_key,
    person_tombstone_key,
)
from shared.storage.table import BatchReadable, Item, error_code, items_of, translated

BEGIN_ATTEMPTS = 5
"""How often an erasure begins anew because the person was changed in between."""
PUTS_AT_ONCE = 90
"""Tombstones and notes of identifiers in one transaction, which has at most 100 actions (its API reference)."""


class Hash(Protocol):
    """The erasure key."""

    def hashed(self, text: str) -> str:
        """The keyed hash of a text."""
        ...


def tombstone_of(claim_partition: str, key: Hash) -> Key:
    """Where the tombstone of an identifier is.

    Args:
        claim_partition: The partition key of its claim. So identifiers that a person gave up long ago, of which only
            the claim's hash is left, have tombstones too.
        key: Hashes it once more, with a secret: a plain hash of a phone number is soon guessed.
    """
    return erased_identifier_key(claim_partition.split("#")[1], key.hashed(claim_partition))


class ErasedPeople:
    """The tombstones in the people table.

    Args:
        dynamodb: A DynamoDB client.
        table_name: The table's name.
        key: The erasure key; asked for only if there are identifiers to look up.
    """

    def __init__(self, dynamodb: BatchReadable, table_name: str, key: Hash) -> None:
        self._dynamodb = dynamodb
        self._table_name = table_name
        self._key = key

    def of(self, person_ids: Collection[str], claims: Collection[Claim]) -> Erased:
        """What of these people and identifiers was erased; nothing is read if there are none.

        Raises:
            TemporaryError: the store did not answer, or the erasure key can not be read.
        """
        if not person_ids and not claims:
            return NOBODY
        by_person = {_name(person_tombstone_key(person_id)): person_id for person_id in person_ids}
        by_identifier = {_name(tombstone_of(claim_key(claim)["pk"]["S"], self._key)): claim for claim in claims}
        keys = [{"pk": {"S": pk}, "sk": {"S": sk}} for pk, sk in (*by_person, *by_identifier)]
        found = {_name(item): item for item in items_of(self._dynamodb, self._table_name, keys, consistent=True)}
        return Erased(
            people=frozenset(person_id for name, person_id in by_person.items() if name in found),
            identifiers={
                claim: datetime.fromisoformat(found[name]["erased_at"]["S"])
                for name, claim in by_identifier.items()
                if name in found
            },
        )


class ErasingTable(Protocol):
    """The calls we make to DynamoDB to begin an erasure."""

    def get_item(self, **kwargs: Any) -> Mapping[str, Any]:
        """GetItem."""
        ...

    def transact_write_items(self, **kwargs: Any) -> Any:
        """TransactWriteItems."""
        ...


class ErasuresQueue(Protocol):
    """Where the work of erasing waits."""

    def send(self, message: ErasePerson, group: str) -> None:
        """Keep a message; TemporaryError if it is not certain that it was kept."""
        ...


class Erasures:
    """The erasures in the people table: begun with the tombstones, ended with a receipt (`ErasureNotes`).

    Args:
        dynamodb: A DynamoDB client.
        table_name: The table's name.
        key: The erasure key.
        queue: Where the work waits.
    """

    def __init__(self, dynamodb: ErasingTable, table_name: str, key: Hash, queue: ErasuresQueue) -> None:
        self._dynamodb = dynamodb
        self._table_name = table_name
        self._key = key
        self._queue = queue

    def begin(self, person_id: str, now: datetime) -> Erasure:
        """Have a person erased: from when this returns, nothing that was said of them until now is stored any more.

        Asked again, it goes on with the erasure that has begun; one that is finished stays as it is.

        Raises:
            NotFoundError: there is no such person.
            TemporaryError: it may not have begun; the same call again is right.
        """
        # One millisecond on, for stored times are cut to milliseconds: what was said just now is covered too.
        erasure = self._begun(person_id, now + timedelta(milliseconds=1))
        if erasure.finished_at is None:
            self._queue.send(ErasePerson(person_id=person_id), group=person_id)
        return erasure

    def get(self, person_id: str) -> Erasure | None:
        """The erasure of a person, None if nobody asked for it.

        Raises:
            TemporaryError: the store did not answer.
        """
        item = self._item(erasure_key(person_id))
        return erasure_in(item) if item else None

    def _begun(self, person_id: str, now: datetime) -> Erasure:
        for _ in range(BEGIN_ATTEMPTS):
            begun = self.get(person_id)
            if begun is not None:
                return begun
            person = self._item(person_key(person_id))
            if person is None:
                raise NotFoundError("There is no such person.")
            erasure = Erasure(person_id=person_id, requested_at=now)
            if self._write_tombstones(erasure, person):
                return erasure
        raise TemporaryError("others kept changing this person")

    def _write_tombstones(self, erasure: Erasure, person: Mapping[str, Any]) -> bool:
        """The person's tombstone with those of their identifiers; False if others were at them in between.

        An identifier's tombstone replaces that of an earlier erasure: who came back is erased again, until now.
        """
        person_id, erased_at = erasure.person_id, {"erased_at": {"S": iso(erasure.requested_at)}}
        puts = [
            self._put(item)
            for claim in sorted(person["claims"]["SS"])
            for item in (
                {**tombstone_of(claim, self._key), **erased_at},
                {**found_key(person_id, Found.IDENTIFIER.value, claim)},
            )
        ]
        while len(puts) > PUTS_AT_ONCE:
            if not self._written(puts[:PUTS_AT_ONCE]):
                return False
            puts = puts[PUTS_AT_ONCE:]
        unchanged = {
            "TableName": self._table_name,
            "Key": person_key(person_id),
            "ConditionExpression": "version = :version",
            "ExpressionAttributeValues": {":version": person["version"]},
        }
        begun = {**erasure_key(person_id), "content": {"S": erasure.model_dump_json()}}
        tombstone = {**person_tombstone_key(person_id), **erased_at}
        first = [self._put(item, "attribute_not_exists(pk)") for item in (tombstone, begun)]
        return self._written([*first, {"ConditionCheck": unchanged}, *puts])

    def _written(self, actions: list[dict[str, Any]]) -> bool:
        with translated():
            try:
                self._dynamodb.transact_write_items(TransactItems=actions)
            except ClientError as error:
                if error_code(error) != "TransactionCanceledException":
                    raise
                return False
        return True

    def _put(self, item: Mapping[str, Any], condition: str | None = None) -> dict[str, Any]:
        conditional = {"ConditionExpression": condition} if condition else {}
        return {"Put": {"TableName": self._table_name, "Item": item, **conditional}}

    def _item(self, key: Key) -> Mapping[str, Any] | None:
        with translated():
            answer = self._dynamodb.get_item(TableName=self._table_name, Key=key, ConsistentRead=True)
        item: Mapping[str, Any] | None = answer.get("Item")
        return item


def erasure_in(item: Item) -> Erasure:
    """An erasure from its item."""
    return Erasure.model_validate_json(item["content"]["S"])


def _name(key: Mapping[str, Any]) -> tuple[str, str]:
    return key["pk"]["S"], key["sk"]["S"]
