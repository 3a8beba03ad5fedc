"""Keys to our API, found by their hash, listed by their name.

A publishable key also stands in its survey's current item, so that the public path reads one item for both. Everything
that belongs to one key changes in one transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from botocore.exceptions import ClientError

from shared.domain.api_keys import MAX_LIVE_KEYS, ApiKey, KeyKind
from shared.errors import ConflictError, NotFoundError
from shared.storage.keys import (
    API_KEY_LISTING,
    api_key_key,
    api_key_listing_key,
    current_survey_key,
    live_api_keys_key,
)
from shared.storage.table import cancellation_codes, every_item, to_item, to_value, translated

_FAILED = "ConditionalCheckFailed"


class ApiKeysTable(Protocol):
    """The calls we make to DynamoDB."""

    def get_item(self, **kwargs: Any) -> Mapping[str, Any]:
        """GetItem."""
        ...

    def query(self, **kwargs: Any) -> Mapping[str, Any]:
        """Query."""
        ...

    def transact_write_items(self, **kwargs: Any) -> Any:
        """TransactWriteItems."""
        ...


class ApiKeyRepository:
    """The keys in the surveys table.

    Args:
        dynamodb: A DynamoDB client.
        table_name: The table's name.
    """

    def __init__(self, dynamodb: ApiKeysTable, table_name: str) -> None:
        self._dynamodb = dynamodb
        self._table_name = table_name

    def find(self, key_hash: str) -> ApiKey | None:
        """The key of this hash, revoked or not; None if there is none.

        Raises:
            TemporaryError: the store did not answer.
        """
        with translated():
            answer = self._dynamodb.get_item(TableName=self._table_name, Key=api_key_key(key_hash), ConsistentRead=True)
        return _key(answer["Item"]) if "Item" in answer else None

    def add(self, key: ApiKey) -> None:
        """Keep a new key.

        Raises:
            ConflictError: as many keys of that name as allowed are live, or this very key is known.
            NotFoundError: its survey was never published.
            TemporaryError: the store did not answer.
        """
        content = to_item({"content": key.model_dump_json()})
        new = self._action(Item={**api_key_key(key.key_hash), **content}, condition="attribute_not_exists(pk)")
        listed = self._action(Item={**api_key_listing_key(key.name, key.key_hash), **content})
        live = self._action(
            Key=live_api_keys_key(key.name),
            UpdateExpression="ADD live :hash",
            condition="attribute_not_exists(live) OR size(live) < :max",
            values={":hash": {key.key_hash}, ":max": MAX_LIVE_KEYS},
        )
        actions = [{"Put": new}, {"Put": listed}, {"Update": live}, *self._survey_gains(key)]
        with translated():
            try:
                self._dynamodb.transact_write_items(TransactItems=actions)
            except ClientError as error:
                failed = [code == _FAILED for code in cancellation_codes(error)]
                if failed[:1] == [True]:
                    raise ConflictError("This key is known already.") from error
                if failed[2:3] == [True]:
                    raise ConflictError(
                        f"{MAX_LIVE_KEYS} keys named {key.name!r} are live; revoke one before making another."
                    ) from error
                if failed[3:4] == [True]:
                    raise NotFoundError(f"There is no survey {key.survey_id!r}; publish it first.") from error
                raise

    def list(self) -> Sequence[ApiKey]:
        """Every key there ever was, by name, then in the order of their making.

        Raises:
            TemporaryError: the store did not answer.
        """
        items = every_item(
            self._dynamodb,
            TableName=self._table_name,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues=to_item({":pk": API_KEY_LISTING}),
            ConsistentRead=True,
        )
        return sorted(map(_key, items), key=lambda key: (key.name, key.created_at))

    def revoke(self, name: str, key_hash_prefix: str, at: datetime) -> ApiKey:
        """End a key; one that has ended already stays as it is.

        Args:
            name: The key's name.
            key_hash_prefix: Enough of its hash to tell it from the others of that name.
            at: The time of the end.

        Raises:
            NotFoundError: no key of that name begins so.
            ConflictError: several do.
            TemporaryError: the store did not answer.
        """
        found = [key for key in self.list() if key.name == name and key.key_hash.startswith(key_hash_prefix)]
        if not found:
            raise NotFoundError(f"No key named {name!r} has a hash that begins with {key_hash_prefix!r}.")
        if len(found) > 1:
            raise ConflictError(f"{len(found)} keys named {name!r} begin with {key_hash_prefix!r}; give more of it.")
        key = found[0]
        if not key.is_live:
            return key
        revoked = key.model_copy(update={"revoked_at": at})
        content = to_item({"content": revoked.model_dump_json()})
        known = self._action(Item={**api_key_key(key.key_hash), **content})
        listed = self._action(Item={**api_key_listing_key(name, key.key_hash), **content})
        live = self._action(
            Key=live_api_keys_key(name), UpdateExpression="DELETE live :hash", values={":hash": {key.key_hash}}
        )
        actions = [{"Put": known}, {"Put": listed}, {"Update": live}, *self._survey_loses(key)]
        with translated():
            self._dynamodb.transact_write_items(TransactItems=actions)
        return revoked

    def _survey_gains(self, key: ApiKey) -> Sequence[Mapping[str, Any]]:
        """What a new key asks of its survey: that it is there, and that it takes the key if pages may hold it."""
        if key.survey_id is None:
            return ()
        survey = self._action(Key=current_survey_key(key.survey_id), condition="attribute_exists(pk)")
        if key.kind is KeyKind.SECRET:
            return ({"ConditionCheck": survey},)
        change = {
            "UpdateExpression": "SET #keys.#hash = :key",
            "ExpressionAttributeNames": {"#keys": "keys", "#hash": key.key_hash},
            "ExpressionAttributeValues": {":key": to_value(key.model_dump_json())},
        }
        return ({"Update": survey | change},)

    def _survey_loses(self, key: ApiKey) -> Sequence[Mapping[str, Any]]:
        if key.survey_id is None or key.kind is KeyKind.SECRET:
            return ()
        names = {"#keys": "keys", "#hash": key.key_hash}
        survey = self._action(Key=current_survey_key(key.survey_id), UpdateExpression="REMOVE #keys.#hash")
        return ({"Update": survey | {"ExpressionAttributeNames": names}},)

    def _action(
        self, condition: str | None = None, values: Mapping[str, object] | None = None, **parts: Any
    ) -> dict[str, Any]:
        action = {"TableName": self._table_name, **parts}
        if condition is not None:
            action["ConditionExpression"] = condition
        if values is not None:
            action["ExpressionAttributeValues"] = to_item(values)
        return action


def _key(item: Mapping[str, Any]) -> ApiKey:
    return ApiKey.model_validate_json(item["content"]["S"])
