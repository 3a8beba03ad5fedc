"""What is stored of responses, read consistently."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from shared.domain.recording import ABSENT, Stored
from shared.domain.responses import Response
from shared.errors import TemporaryError
from shared.storage.keys import response_key
from shared.storage.response_items import response_id_of, stored_in
from shared.storage.table import MAX_READ, translated

READ_ATTEMPTS = 10
"""How often keys that DynamoDB left out of its answer are asked for again."""


class ReadTable(Protocol):
    """The calls we make to DynamoDB."""

    def get_item(self, **kwargs: Any) -> Mapping[str, Any]:
        """GetItem."""
        ...

    def batch_get_item(self, **kwargs: Any) -> Mapping[str, Any]:
        """BatchGetItem."""
        ...


class ResponseReader:
    """The responses in the responses table, for who only reads them.

    Args:
        dynamodb: A DynamoDB client.
        table_name: The table's name.
    """

    def __init__(self, dynamodb: ReadTable, table_name: str) -> None:
        self._reading = dynamodb
        self._table_name = table_name

    def get(self, response_id: str) -> Response | None:
        """A response; None if there is none, or it was erased.

        Raises:
            TemporaryError: the store did not answer, or we can not read what it holds.
        """
        return self.stored(response_id).response

    def stored(self, response_id: str) -> Stored:
        """What stands under an id.

        Raises:
            TemporaryError: the store did not answer, or we can not read what it holds.
        """
        with translated():
            answer = self._reading.get_item(
                TableName=self._table_name, Key=response_key(response_id), ConsistentRead=True
            )
        stored = stored_in(answer["Item"]) if "Item" in answer else ABSENT
        if not stored.readable:
            raise TemporaryError(f"response {response_id} was stored by a version of Hearback that we can not read")
        return stored

    def stored_of(self, response_ids: Collection[str]) -> dict[str, Stored]:
        """What stands under each of these ids; those that could not be read now are left out."""
        found: dict[str, Stored] = {}
        wanted = [response_key(response_id) for response_id in sorted(response_ids)]
        for start in range(0, len(wanted), MAX_READ):
            asked: Any = {self._table_name: {"Keys": wanted[start : start + MAX_READ], "ConsistentRead": True}}
            for _ in range(READ_ATTEMPTS):
                try:
                    answer = self._reading.batch_get_item(RequestItems=asked)
                except (ClientError, BotoCoreError):
                    break
                unread = answer.get("UnprocessedKeys", {})
                left = {response_id_of(key) for key in unread.get(self._table_name, {}).get("Keys", ())}
                for key in asked[self._table_name]["Keys"]:
                    if response_id_of(key) not in left:
                        found[response_id_of(key)] = ABSENT
                for item in answer["Responses"].get(self._table_name, ()):
                    found[response_id_of(item)] = stored_in(item)
                if not unread:
                    break
                asked = unread
        return found
