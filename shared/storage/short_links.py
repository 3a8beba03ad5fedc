"""Short links in the messages table: a code nobody can guess, and where it leads.

Each has the attributes of the index by person, so that erasing finds it, and goes by itself when the link has expired.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from shared.domain.asking import SHORT_CODE, ShortLink
from shared.domain.base import iso
from shared.errors import NotFoundError
from shared.storage.keys import short_link_key
from shared.storage.table import to_item, translated


class ReadTable(Protocol):
    """The call we make to DynamoDB."""

    def get_item(self, **kwargs: Any) -> Mapping[str, Any]:
        """GetItem."""
        ...


class ShortLinks:
    """Follows short links.

    Args:
        dynamodb: A DynamoDB client.
        table_name: The messages table's name.
    """

    def __init__(self, dynamodb: ReadTable, table_name: str) -> None:
        self._dynamodb = dynamodb
        self._table_name = table_name

    def path(self, code: str) -> str:
        """Where a code leads, a path of our own pages with its query.

        Raises:
            NotFoundError: nowhere, or nowhere any more.
            TemporaryError: the store did not answer.
        """
        found: Mapping[str, Any] = {}
        if SHORT_CODE.fullmatch(code):
            with translated():
                found = self._dynamodb.get_item(TableName=self._table_name, Key=short_link_key(code))
        if "Item" not in found:
            raise NotFoundError("There is no such link.")
        return str(found["Item"]["path"]["S"])


def short_link_put(table_name: str, link: ShortLink, now: datetime) -> dict[str, Any]:
    """The Put of a transaction that keeps a short link; the same link again is the same item."""
    attributes = {
        "path": link.path,
        "person_id": link.person_id,
        "requested_at": iso(now),
        "ttl": int(link.expires_at.timestamp()),
    }
    return {"TableName": table_name, "Item": {**short_link_key(link.code), **to_item(attributes)}}
