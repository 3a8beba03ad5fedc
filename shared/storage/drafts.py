"""Drafts of surveys: one item each, all in one partition, so that a survey without a version is found too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from shared.domain.drafts import Draft, ListedDraft
from shared.errors import ConflictError
from shared.storage.keys import DRAFTS, draft_key
from shared.storage.table import condition_held, every_item, from_item, to_item, translated

_LISTED = ("survey_id", "name", "saved_by", "saved_at")


class DraftsTable(Protocol):
    """The calls we make to DynamoDB."""

    def get_item(self, **kwargs: Any) -> Mapping[str, Any]:
        """GetItem."""
        ...

    def query(self, **kwargs: Any) -> Mapping[str, Any]:
        """Query."""
        ...

    def put_item(self, **kwargs: Any) -> Any:
        """PutItem."""
        ...

    def delete_item(self, **kwargs: Any) -> Any:
        """DeleteItem."""
        ...


class DraftRepository:
    """The drafts in the surveys table.

    Args:
        dynamodb: A DynamoDB client.
        table_name: The table's name.
    """

    def __init__(self, dynamodb: DraftsTable, table_name: str) -> None:
        self._dynamodb = dynamodb
        self._table_name = table_name

    def get(self, survey_id: str) -> Draft | None:
        """The draft of a survey; None if nobody is writing one.

        Raises:
            TemporaryError: the store did not answer.
        """
        with translated():
            found = self._dynamodb.get_item(TableName=self._table_name, Key=draft_key(survey_id), ConsistentRead=True)
        return Draft.model_validate_json(from_item(found["Item"])["content"]) if "Item" in found else None

    def save(self, draft: Draft, over: int) -> None:
        """Keep a draft over the one that was seen. The same again, after a lost answer, is no conflict.

        Args:
            draft: What was written.
            over: The revision of the draft that it replaces; 0 if there was none.

        Raises:
            ConflictError: somebody else saved, published or discarded it meanwhile.
            TemporaryError: it may not have been kept.
        """
        told = {name: value for name, value in draft.model_dump(mode="json").items() if name in _LISTED}
        item = {**told, "name": draft.definition.name, "revision": draft.revision, "content": draft.model_dump_json()}
        seen = {"ExpressionAttributeValues": to_item({":seen": over})} if over else {}
        saved = condition_held(
            self._dynamodb.put_item,
            TableName=self._table_name,
            Item={**draft_key(draft.survey_id), **to_item(item)},
            ConditionExpression="revision = :seen" if over else "attribute_not_exists(pk)",
            **seen,
        )
        if not saved and self.get(draft.survey_id) != draft:
            raise ConflictError("Somebody else changed this draft meanwhile.")

    def discard(self, survey_id: str, revision: int) -> None:
        """Forget a draft that is still what the caller has seen; one that is gone already stays gone.

        Raises:
            ConflictError: somebody else saved it meanwhile.
            TemporaryError: it may not have been forgotten.
        """
        forgotten = condition_held(
            self._dynamodb.delete_item,
            TableName=self._table_name,
            Key=draft_key(survey_id),
            ConditionExpression="attribute_not_exists(pk) OR revision = :seen",
            ExpressionAttributeValues=to_item({":seen": revision}),
        )
        if not forgotten:
            raise ConflictError("Somebody else changed this draft meanwhile.")

    def list_drafts(self) -> Sequence[ListedDraft]:
        """Every draft, by the id of its survey.

        Raises:
            TemporaryError: the store did not answer.
        """
        items = every_item(
            self._dynamodb,
            TableName=self._table_name,
            KeyConditionExpression="pk = :drafts",
            ProjectionExpression=", ".join(f"#{name}" for name in _LISTED),
            ExpressionAttributeNames={f"#{name}": name for name in _LISTED},
            ExpressionAttributeValues=to_item({":drafts": DRAFTS}),
            ConsistentRead=True,
        )
        return [ListedDraft.model_validate(from_item(item)) for item in items]
