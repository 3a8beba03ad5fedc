"""Who was erased: asked before anything that names a person is stored."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any, Protocol

from shared.domain.erasure import NOBODY, Erased
from shared.domain.people import Claim
from shared.errors import TemporaryError
from shared.storage.keys import Key, claim_key, erased_identifier_key, person_tombstone_key
from shared.storage.table import translated

MAX_READ = 100
"""Items of one BatchGetItem (its API reference)."""
READ_ATTEMPTS = 5
"""How often keys that DynamoDB left out of its answer are asked for again."""


class Hash(Protocol):
    """The erasure key."""

    def hashed(self, text: str) -> str:
        """The keyed hash of a text."""
        ...


class BatchGetItem(Protocol):
    """The call we make to DynamoDB."""

    def batch_get_item(self, **kwargs: Any) -> Mapping[str, Any]:
        """BatchGetItem."""
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

    def __init__(self, dynamodb: BatchGetItem, table_name: str, key: Hash) -> None:
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
        found = {_name(item): item for item in self._items([*by_person, *by_identifier])}
        return Erased(
            people=frozenset(person_id for name, person_id in by_person.items() if name in found),
            identifiers={
                claim: datetime.fromisoformat(found[name]["erased_at"]["S"])
                for name, claim in by_identifier.items()
                if name in found
            },
        )

    def _items(self, names: list[tuple[str, str]]) -> Iterator[Mapping[str, Any]]:
        for start in range(0, len(names), MAX_READ):
            keys: list[Any] = [{"pk": {"S": pk}, "sk": {"S": sk}} for pk, sk in names[start : start + MAX_READ]]
            for _ in range(READ_ATTEMPTS):
                with translated():
                    answer = self._dynamodb.batch_get_item(
                        RequestItems={self._table_name: {"Keys": keys, "ConsistentRead": True}}
                    )
                yield from answer["Responses"].get(self._table_name, ())
                keys = answer.get("UnprocessedKeys", {}).get(self._table_name, {}).get("Keys", [])
                if not keys:
                    break
            else:
                raise TemporaryError("the store did not say whether people were erased")


def _name(key: Mapping[str, Any]) -> tuple[str, str]:
    return key["pk"]["S"], key["sk"]["S"]
