"""Requests to ask a person, and what a back office says of asking them; all in the person's own partition.

Whoever was erased gets none: the tombstone is checked in the write that would bring them back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from botocore.exceptions import ClientError

from shared.domain.asking import Asked, SurveyRequest, invitation_id
from shared.errors import ConflictError, NotFoundError
from shared.storage.ask_budget import asked_elsewhere
from shared.storage.keys import (
    Key,
    asked_key,
    asking_key,
    message_key,
    person_partition,
    person_tombstone_key,
    survey_request_key,
)
from shared.storage.people_lists import PENDING, listed
from shared.storage.table import Item, cancellation_codes, every_item, from_item, to_item, translated

_REQUESTS = survey_request_key("", "")["sk"]["S"]
_ASKING = asking_key("")["sk"]["S"]
_ASKED = asked_key("")["sk"]["S"]


class RequestsTable(Protocol):
    """The calls we make to DynamoDB."""

    def query(self, **kwargs: Any) -> Mapping[str, Any]:
        """Query."""
        ...

    def transact_write_items(self, **kwargs: Any) -> Any:
        """TransactWriteItems."""
        ...

    def delete_item(self, **kwargs: Any) -> Any:
        """DeleteItem."""
        ...

    def get_item(self, **kwargs: Any) -> Mapping[str, Any]:
        """GetItem."""
        ...


class SurveyRequestRepository:
    """The requests in the people table.

    Args:
        dynamodb: A DynamoDB client.
        table_name: The table's name.
        messages_table: The messages table's name, for who adds requests: one that was followed is not kept again.
    """

    def __init__(self, dynamodb: RequestsTable, table_name: str, messages_table: str | None = None) -> None:
        self._dynamodb = dynamodb
        self._table_name = table_name
        self._messages_table = messages_table

    def add(self, request: SurveyRequest) -> SurveyRequest:
        """Keep a request; the one that is kept under its id already, if there is one.

        A repetition may come when its message is decided: then nothing is kept, for nobody would follow it any more.

        Raises:
            ConflictError: another request has this id.
            NotFoundError: the person was erased.
            TemporaryError: the store did not answer; so for every method here.
        """
        put = {
            "Item": {
                **survey_request_key(request.person_id, request.request_id),
                **listed(PENDING, request.scheduled_at),
                **to_item({"content": request.model_dump_json()}),
            },
            "ConditionExpression": "attribute_not_exists(pk)",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        kept = self._put_unless_erased(request.person_id, put, unless=self._followed(request.request_id))
        if not kept:
            return request
        stored = _request(kept)
        ours = {"scheduled_at", "requested_at"}  # a repetition comes later, and means the same
        if stored.model_dump(exclude=ours) != request.model_dump(exclude=ours):
            raise ConflictError("Another request is stored under this id.")
        return stored

    def tell(self, person_id: str, properties: Mapping[str, str], last_sent_at: datetime | None) -> None:
        """Keep what a back office says of asking a person; what it does not say stays.

        Raises:
            NotFoundError: the person was erased.
        """
        if properties:
            update = {
                "Key": asking_key(person_id),
                "UpdateExpression": "SET properties = :properties",
                "ExpressionAttributeValues": to_item({":properties": properties}),
            }
            self._put_unless_erased(person_id, update, "Update")
        if last_sent_at is not None:
            self._unless_erased(person_id, asked_elsewhere(self._table_name, person_id, last_sent_at))

    def of_person(self, person_id: str) -> Asked:
        """What is known of asking a person."""
        pending: list[SurveyRequest] = []
        told: dict[str, Any] = {}
        for item in self._partition(person_id):
            sk = item["sk"]["S"]
            if sk.startswith(_REQUESTS):
                pending.append(_request(item))
            elif sk in (_ASKING, _ASKED):
                told |= from_item(item)
        pending.sort(key=lambda request: request.scheduled_at)
        return Asked(pending=tuple(pending), last_sent_at=told.get("asked_at"), properties=told.get("properties", {}))

    def get(self, person_id: str, request_id: str) -> SurveyRequest | None:
        """A request that was not followed yet; None if it was, or was taken back."""
        with translated():
            answer = self._dynamodb.get_item(
                TableName=self._table_name, Key=survey_request_key(person_id, request_id), ConsistentRead=True
            )
        return _request(answer["Item"]) if "Item" in answer else None

    def followed(self, person_id: str, request_id: str) -> None:
        """Forget a request, for it is known what became of it."""
        with translated():
            self._dynamodb.delete_item(TableName=self._table_name, Key=survey_request_key(person_id, request_id))

    def delete_pending(self, person_id: str) -> int:
        """Forget the requests that were not sent yet; how many there were."""
        pending = self.of_person(person_id).pending
        for request in pending:
            self.followed(person_id, request.request_id)
        return len(pending)

    def _partition(self, person_id: str) -> Iterator[Item]:
        return every_item(
            self._dynamodb,
            TableName=self._table_name,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues=to_item({":pk": person_partition(person_id)}),
            ConsistentRead=True,
        )

    def _followed(self, request_id: str) -> list[Mapping[str, Any]]:
        """The condition that there is no message yet that follows a request."""
        if self._messages_table is None:
            return []
        check = {
            "TableName": self._messages_table,
            "Key": message_key(invitation_id(request_id)),
            "ConditionExpression": "attribute_not_exists(pk)",
        }
        return [{"ConditionCheck": check}]

    def _put_unless_erased(
        self, person_id: str, write: Mapping[str, Any], kind: str = "Put", unless: Sequence[Mapping[str, Any]] = ()
    ) -> Item | None:
        """One write under the condition that the person has no tombstone; what was there before, if that refused it."""
        return self._unless_erased(person_id, {kind: {"TableName": self._table_name, **write}}, unless)

    def _unless_erased(
        self, person_id: str, action: Mapping[str, Any], unless: Sequence[Mapping[str, Any]] = ()
    ) -> Item | None:
        actions = [not_erased(self._table_name, person_id), action, *unless]
        with translated():
            try:
                self._dynamodb.transact_write_items(TransactItems=actions)
            except ClientError as error:
                if "ConditionalCheckFailed" not in (codes := cancellation_codes(error)):
                    raise
                if codes[0] == "ConditionalCheckFailed":
                    raise NotFoundError("There is no such person.") from error
                refusal: Mapping[str, Any] = error.response
                kept: Item = refusal["CancellationReasons"][1].get("Item", {})
                return kept
        return None


def not_erased(table_name: str, person_id: str) -> dict[str, Any]:
    """The condition that a person has no tombstone, as an action of a transaction."""
    key: Key = person_tombstone_key(person_id)
    return {
        "ConditionCheck": {
            "TableName": table_name,
            "Key": key,
            "ConditionExpression": "attribute_not_exists(pk)",
        }
    }


def _request(item: Item) -> SurveyRequest:
    return SurveyRequest.model_validate_json(item["content"]["S"])
