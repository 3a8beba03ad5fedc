"""People: who an e-mail address, a phone number or an external id belongs to.

An identifier is claimed by an item whose key is the identifier, so that it can belong to one person only. A person and
the claims on it are written in one transaction: whoever comes second fails as a whole, reads again, finds the first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from botocore.exceptions import ClientError

from shared.domain.base import iso
from shared.domain.people import Claim, Person, Recipient, completed, merged
from shared.errors import TemporaryError
from shared.storage.keys import claim_key, person_key, person_tombstone_key
from shared.storage.table import error_code, translated

RESOLVE_ATTEMPTS = 5
"""How often a lost race is run again; two writers need two, and each further one that shares an identifier one more."""


class PeopleTable(Protocol):
    """The two calls we make to DynamoDB."""

    def get_item(self, **kwargs: Any) -> Mapping[str, Any]:
        """GetItem."""
        ...

    def transact_write_items(self, **kwargs: Any) -> Any:
        """TransactWriteItems."""
        ...


class _Known(NamedTuple):
    """A person as stored."""

    person: Person
    version: int
    told_at: str
    claims: frozenset[str]


class PersonRepository:
    """The people table.

    Args:
        dynamodb: A DynamoDB client.
        table_name: The table's name.
        new_id: Makes an id that was never used before; a person's is `per_` and this.
    """

    def __init__(self, dynamodb: PeopleTable, table_name: str, new_id: Callable[[], str]) -> None:
        self._dynamodb = dynamodb
        self._table_name = table_name
        self._new_id = new_id

    def get(self, person_id: str) -> Person | None:
        """A person, None if there is none of this id (any more).

        Raises:
            TemporaryError: the store did not answer.
        """
        with translated():
            known = self._known(person_id)
        return known.person if known else None

    def resolve(self, recipient: Recipient, now: datetime) -> Person:
        """The person a recipient is, made or brought up to date.

        The first identifier that is claimed decides, in the order external id, e-mail, phone. Identifiers that nobody
        claimed become the person's; those of somebody else stay theirs, for merging two people is never a guess.

        Args:
            recipient: What we are told of the person.
            now: When we were told; what is older than what we know fills gaps only, so a repetition undoes nothing.

        Raises:
            TemporaryError: the store did not answer, or others kept changing the same person.
        """
        for _ in range(RESOLVE_ATTEMPTS):
            with translated():
                person = self._resolve_once(recipient, now)
            if person is not None:
                return person
        raise TemporaryError("others kept changing what is known of this person")

    def _resolve_once(self, recipient: Recipient, now: datetime) -> Person | None:
        """The person, or None if somebody else wrote in the meantime."""
        free: dict[Claim, str | None] = {}  # identifiers to claim, with the erased person they still point to
        known: _Known | None = None
        for claim in recipient.claims:
            owner = self._owner(claim)
            if owner is None:
                free[claim] = None
            elif known is None:
                known = self._known(owner)
                if known is None:
                    free[claim] = owner
        if known is None:
            person = Person(person_id=f"per_{self._new_id()}", **recipient.model_dump())
            return person if self._write(person, None, iso(now), free) else None
        told_at = iso(now)
        person = (merged if told_at >= known.told_at else completed)(known.person, recipient)
        if person == known.person and not free:
            return person
        return person if self._write(person, known, max(told_at, known.told_at), free) else None

    def _owner(self, claim: Claim) -> str | None:
        item = self._item(claim_key(claim))
        return item["person_id"]["S"] if item else None

    def _known(self, person_id: str) -> _Known | None:
        item = self._item(person_key(person_id))
        if item is None:
            return None
        return _Known(
            Person.model_validate_json(item["content"]["S"]),
            int(item["version"]["N"]),
            item["told_at"]["S"],
            frozenset(item["claims"]["SS"]),
        )

    def _item(self, key: Mapping[str, Any]) -> Mapping[str, Any] | None:
        answer = self._dynamodb.get_item(TableName=self._table_name, Key=key, ConsistentRead=True)
        item: Mapping[str, Any] | None = answer.get("Item")
        return item

    def _write(self, person: Person, known: _Known | None, told_at: str, free: Mapping[Claim, str | None]) -> bool:
        """The person and the claims in one transaction; False if what they were planned on is no longer so."""
        actions = [self._put_person(person, known, told_at, free)]
        if known is not None:
            actions.append(self._is_not_erased(person.person_id))
        actions += [self._put_claim(claim, person.person_id, erased, told_at) for claim, erased in free.items()]
        try:
            self._dynamodb.transact_write_items(TransactItems=actions)
        except ClientError as error:
            if error_code(error) != "TransactionCanceledException":
                raise
            return False
        return True

    def _put_person(
        self, person: Person, known: _Known | None, told_at: str, free: Mapping[Claim, str | None]
    ) -> dict[str, Any]:
        claims = {claim_key(claim)["pk"]["S"] for claim in free} | (known.claims if known else set())
        put: dict[str, Any] = {
            "TableName": self._table_name,
            "Item": {
                **person_key(person.person_id),
                "content": {"S": person.model_dump_json(exclude_none=True)},
                "version": {"N": str(known.version + 1 if known else 1)},
                "told_at": {"S": told_at},
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

    def _put_claim(self, claim: Claim, person_id: str, erased: str | None, told_at: str) -> dict[str, Any]:
        put: dict[str, Any] = {
            "TableName": self._table_name,
            "Item": {**claim_key(claim), "person_id": {"S": person_id}, "claimed_at": {"S": told_at}},
            "ConditionExpression": "attribute_not_exists(pk)",
        }
        if erased is not None:
            put["ConditionExpression"] += " OR person_id = :erased"
            put["ExpressionAttributeValues"] = {":erased": {"S": erased}}
        return {"Put": put}
