"""People: who an e-mail address, a phone number or an external id belongs to.

An identifier is claimed by an item whose key is the identifier, so that it can belong to one person only. A person and
the claims on it are written in one transaction: whoever comes second fails as a whole, reads again, finds the first.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from botocore.exceptions import ClientError

from shared.domain.base import iso
from shared.domain.people import Claim, Person, Recipient, completed, merged
from shared.errors import ErasedError, TemporaryError
from shared.storage.erasures import Hash, tombstone_of
from shared.storage.keys import Key, claim_key, claim_partition_key, person_key, person_tombstone_key
from shared.storage.people_lists import PERSON
from shared.storage.table import cancellation_codes, error_code, translated

RESOLVE_ATTEMPTS = 5
"""How often a lost race is run again; two writers need two, and each further one that shares an identifier one more."""

_ERASED_SINCE = "The person of one of these identifiers was erased after this was said."
_TOO_MANY = "others kept changing what is known of this person"


class ReadTable(Protocol):
    """The call we make to DynamoDB to read."""

    def get_item(self, **kwargs: Any) -> Mapping[str, Any]:
        """GetItem."""
        ...


class PeopleTable(ReadTable, Protocol):
    """The two calls we make to DynamoDB."""

    def transact_write_items(self, **kwargs: Any) -> Any:
        """TransactWriteItems."""
        ...


class _Known(NamedTuple):
    """A person as stored."""

    person: Person
    version: int
    told_at: str
    listed_at: str
    claims: frozenset[str]


class PersonReader:
    """The people table, for who only reads it.

    Args:
        dynamodb: A DynamoDB client.
        table_name: The table's name.
    """

    def __init__(self, dynamodb: ReadTable, table_name: str) -> None:
        self._reader = dynamodb
        self._table_name = table_name

    def get(self, person_id: str) -> Person | None:
        """A person, None if there is none of this id (any more).

        Raises:
            TemporaryError: the store did not answer.
        """
        with translated():
            known = self._known(person_id)
        return known.person if known else None

    def find(self, claim: Claim) -> Person | None:
        """The person an identifier belongs to, None if nobody claimed it, or who did was erased.

        Raises:
            TemporaryError: the store did not answer.
        """
        with translated():
            owner = self._owner(_partition(claim))
            known = self._known(owner) if owner else None
        return known.person if known else None

    def _owner(self, claim: str) -> str | None:
        item = self._item(claim_partition_key(claim))
        return item["person_id"]["S"] if item else None

    def _known(self, person_id: str) -> _Known | None:
        item = self._item(person_key(person_id))
        if item is None:
            return None
        return _Known(
            Person.model_validate_json(item["content"]["S"]),
            int(item["version"]["N"]),
            item["told_at"]["S"],
            item.get("listed_at", item["told_at"])["S"],
            frozenset(item["claims"]["SS"]),
        )

    def _item(self, key: Mapping[str, Any]) -> Mapping[str, Any] | None:
        answer = self._reader.get_item(TableName=self._table_name, Key=key, ConsistentRead=True)
        item: Mapping[str, Any] | None = answer.get("Item")
        return item


class PersonRepository(PersonReader):
    """The people table.

    Args:
        dynamodb: A DynamoDB client.
        table_name: The table's name.
        new_id: Makes an id that was never used before; a person's is `per_` and this.
        erasure_key: Finds the tombstones of identifiers; asked only when one is claimed.
    """

    def __init__(self, dynamodb: PeopleTable, table_name: str, new_id: Callable[[], str], erasure_key: Hash) -> None:
        super().__init__(dynamodb, table_name)
        self._dynamodb = dynamodb
        self._new_id = new_id
        self._erasure_key = erasure_key

    def resolve(self, recipient: Recipient, now: datetime) -> Person:
        """The person a recipient is, made or brought up to date.

        The first identifier that is claimed decides, in the order external id, e-mail, phone. Identifiers that nobody
        claimed become the person's; those of somebody else stay theirs, for merging two people is never a guess.

        Args:
            recipient: What we are told of the person.
            now: When we were told; what is older than what we know fills gaps only, so a repetition undoes nothing.

        Raises:
            ErasedError: we were told before the person of one of these identifiers was erased; nothing may be kept.
            TemporaryError: the store did not answer, or others kept changing the same person.
        """
        for _ in range(RESOLVE_ATTEMPTS):
            with translated():
                person = self._resolve_once(recipient, now)
            if person is not None:
                return person
        raise TemporaryError(_TOO_MANY)

    def restore(self, person: Person, claims: Collection[str], known_since: datetime) -> Person:
        """Bring a person back under their id, with exactly these claims, whatever their profile says.

        Args:
            person: The person as exported; of who is here already, only gaps are filled.
            claims: The partition keys of the claims, for of a former address only that is known; 40 at most.
            known_since: When we were told.

        Returns:
            The person; somebody else if one of the claims is theirs here, and then nothing was written.

        Raises:
            ErasedError: they were erased here, or one of the identifiers was after we were told.
            TemporaryError: as for `resolve`.
        """
        for _ in range(RESOLVE_ATTEMPTS):
            with translated():
                found = self._restore_once(person, claims, iso(known_since))
            if found is not None:
                return found
        raise TemporaryError(_TOO_MANY)

    def _restore_once(self, person: Person, claims: Collection[str], told_at: str) -> Person | None:
        """The person, or None if somebody else wrote in the meantime."""
        known = self._known(person.person_id)
        # Read after the person: the erasure of who is not there can not begin any more.
        if self._erased_at(person_tombstone_key(person.person_id)) is not None:
            raise ErasedError(_ERASED_SINCE)
        theirs = known.claims if known else frozenset()
        free: dict[str, str | None] = {}
        for claim in set(claims) - theirs:
            owner = self._owner(claim)
            holder = self._known(owner) if owner else None
            if holder is not None and owner != person.person_id:
                return holder.person
            free[claim] = owner
        told = Recipient.model_validate(person.model_dump(exclude={"person_id"}))
        restored = completed(known.person, told) if known else person
        if known is not None and restored == known.person and not free:
            return restored
        doubtful = {*free, *map(_partition, told.claims)} - theirs
        return restored if self._write(restored, known, told_at, free, doubtful) else None

    def _resolve_once(self, recipient: Recipient, now: datetime) -> Person | None:
        """The person, or None if somebody else wrote in the meantime."""
        told_at = iso(now)
        owners = {claim: self._owner(claim) for claim in map(_partition, recipient.claims)}
        free: dict[str, str | None] = {}  # identifiers to claim, with the erased person they still point to
        known: _Known | None = None
        for claim, owner in owners.items():
            if owner is None:
                free[claim] = None
            elif known is None:
                known = self._known(owner)
                if known is None:
                    free[claim] = owner
        if known is None:
            person = Person(person_id=f"per_{self._new_id()}", **recipient.model_dump())
            return person if self._write(person, None, told_at, free, owners) else None
        erased_at = self._erased_at(person_tombstone_key(known.person.person_id))
        if erased_at is not None and told_at <= erased_at:
            raise ErasedError(_ERASED_SINCE)
        if erased_at is not None:
            return None  # who comes back while they are being erased waits until their identifiers are free
        # What the person has said since is theirs; all else may be of somebody who was erased after it was told.
        late = told_at < known.told_at
        doubtful = [claim for claim, owner in owners.items() if late or owner != known.person.person_id]
        person = (completed if late else merged)(known.person, recipient)
        if person == known.person and not free:
            if any((self._erased_at(tombstone_of(claim, self._erasure_key)) or "") >= told_at for claim in doubtful):
                raise ErasedError(_ERASED_SINCE)
            return person
        return person if self._write(person, known, told_at, free, doubtful) else None

    def _write(
        self,
        person: Person,
        known: _Known | None,
        told_at: str,
        free: Mapping[str, str | None],
        doubtful: Collection[str],
    ) -> bool:
        """The person and the claims in one transaction; False if what they were planned on is no longer so.

        The tombstones are checked in it, for what was told may have waited in a queue since before an erasure, and no
        sweep could find under a new id whom it brought back.

        Raises:
            ErasedError: an identifier's person was erased after it was told.
        """
        not_erased = [self._was_not_erased_since(claim, told_at) for claim in doubtful]
        latest = max(told_at, known.told_at) if known else told_at
        actions = [*not_erased, self._put_person(person, known, latest, free)]
        if known is not None:
            actions.append(self._is_not_erased(person.person_id))
        actions += [self._put_claim(claim, person.person_id, erased, latest) for claim, erased in free.items()]
        try:
            self._dynamodb.transact_write_items(TransactItems=actions)
        except ClientError as error:
            if error_code(error) != "TransactionCanceledException":
                raise
            if "ConditionalCheckFailed" in cancellation_codes(error)[: len(not_erased)]:
                raise ErasedError(_ERASED_SINCE) from error
            return False
        return True

    def _was_not_erased_since(self, claim: str, told_at: str) -> dict[str, Any]:
        check = {
            "TableName": self._table_name,
            "Key": tombstone_of(claim, self._erasure_key),
            "ConditionExpression": "attribute_not_exists(pk) OR erased_at < :told_at",
            "ExpressionAttributeValues": {":told_at": {"S": told_at}},
        }
        return {"ConditionCheck": check}

    def _erased_at(self, tombstone: Key) -> str | None:
        item = self._item(tombstone)
        return str(item["erased_at"]["S"]) if item else None

    def _put_person(
        self, person: Person, known: _Known | None, told_at: str, free: Mapping[str, str | None]
    ) -> dict[str, Any]:
        claims = {*free, *(known.claims if known else ())}
        put: dict[str, Any] = {
            "TableName": self._table_name,
            "Item": {
                **person_key(person.person_id),
                "content": {"S": person.model_dump_json(exclude_none=True)},
                "version": {"N": str(known.version + 1 if known else 1)},
                "told_at": {"S": told_at},
                "listed_as": {"S": PERSON},
                "listed_at": {"S": known.listed_at if known else told_at},
                "claims": {"SS": sorted(claims)},  # all that ever became theirs: erasing has to find them
            },
            "ConditionExpression": "attribute_not_exists(pk)",
        }
        if known is not None:
            put["ConditionExpression"] = "version = :version"
            put["ExpressionAttributeValues"] = {":version": {"N": str(known.version)}}
        return {"Put": put}

    def _is_not_erased(self, person_id: str) -> dict[str, Any]:
        check = {
            "TableName": self._table_name,
            "Key": person_tombstone_key(person_id),
            "ConditionExpression": "attribute_not_exists(pk)",
        }
        return {"ConditionCheck": check}

    def _put_claim(self, claim: str, person_id: str, erased: str | None, told_at: str) -> dict[str, Any]:
        put: dict[str, Any] = {
            "TableName": self._table_name,
            "Item": {**claim_partition_key(claim), "person_id": {"S": person_id}, "claimed_at": {"S": told_at}},
            "ConditionExpression": "attribute_not_exists(pk)",
        }
        if erased is not None:
            put["ConditionExpression"] += " OR person_id = :erased"
            put["ExpressionAttributeValues"] = {":erased": {"S": erased}}
        return {"Put": put}


def _partition(claim: Claim) -> str:
    """The partition key of a claim, which is all that is kept of a former one."""
    return claim_key(claim)["pk"]["S"]
