"""Erasing people: the key of their tombstones, and what was erased, which whatever brings old data back asks first."""

from __future__ import annotations

import secrets
from typing import Any

from infra.stack import Stack
from shared.queues import Queue
from shared.storage import keys
from shared.storage.erasure_key import ErasureKey
from shared.storage.erasures import Erasures


class StoredErasures:
    """The tombstones of a stack."""

    def __init__(self, dynamodb: Any, responses_table: str, people_table: str) -> None:
        self._dynamodb = dynamodb
        self._responses_table = responses_table
        self._people_table = people_table

    def response(self, response_id: str) -> bool:
        """Whether this response was erased."""
        item = self._item(self._responses_table, keys.response_key(response_id))
        return bool(item.get("erased", {}).get("BOOL"))

    def person(self, person_id: str) -> bool:
        """Whether this person was erased."""
        return bool(self._item(self._people_table, keys.person_tombstone_key(person_id)))

    def _item(self, table: str, key: keys.Key) -> dict[str, Any]:
        answer: dict[str, Any] = self._dynamodb.get_item(TableName=table, Key=key, ConsistentRead=True)
        item: dict[str, Any] = answer.get("Item", {})
        return item


def make_key(ssm: Any, parameter: str) -> bool:
    """Make the secret with which identifiers of erased people are hashed, unless it is there; whether it was made.

    It is never replaced: tombstones made with another key would no longer be found, and the erased could come back.
    """
    try:
        ssm.put_parameter(Name=parameter, Value=secrets.token_urlsafe(32), Type="SecureString", Overwrite=False)
    except ssm.exceptions.ParameterAlreadyExists:
        return False
    return True


def of_stack(stack: Stack) -> Erasures:
    """The erasures of a stack."""
    return Erasures(
        stack.client("dynamodb"),
        stack.output("PeopleTableName"),
        ErasureKey(stack.client("ssm"), stack.output("ErasureKeyParameter")),
        Queue(stack.client("sqs"), stack.queue_url("erasures")),
    )
