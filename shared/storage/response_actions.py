"""What recording and erasing a response writes, action by action of a transaction."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from shared.domain.recording import Stored, Write, claims_of
from shared.domain.responses import ScoreDelta, ScoreKey
from shared.storage.keys import Key, audit_key, claimed_key, response_key, score_key
from shared.storage.response_items import attributes_of, audit_attributes, tombstone_attributes
from shared.storage.table import to_item, to_value
from shared.storage.transactions import Action


class ResponseActions:
    """Builds the actions on the responses table.

    Args:
        table_name: The table's name.
    """

    def __init__(self, table_name: str) -> None:
        self._table_name = table_name

    def of_write(self, each: Write) -> Iterator[Action]:
        """A response as planned, if the same still stands under its id; its pointers and its entry in the audit trail.

        The condition on the response guards the others: they change only together with it.
        """
        response_id = each.response.response_id
        yield self._put(response_key(response_id), attributes_of(each), **self._unchanged(each.before))
        for claim in each.claims_taken:
            yield self._put(claimed_key(claim, response_id), {})
        for claim in each.claims_given_up:
            yield self._delete(claimed_key(claim, response_id))
        if each.audited is not None:
            yield self._put(audit_key(response_id, each.audited.revision), audit_attributes(each.audited))

    def of_erasure(self, response_id: str, before: Stored, at: datetime) -> Iterator[Action]:
        """A tombstone in the place of a response, if the same still stands there, and no pointer to it."""
        yield self._put(response_key(response_id), tombstone_attributes(at), **self._unchanged(before))
        for claim in claims_of(before.response):
            yield self._delete(claimed_key(claim, response_id))

    def of_score(self, key: ScoreKey, delta: ScoreDelta, lane: int) -> Action:
        """One ADD to a score document; short placeholders keep the longest expression under DynamoDB's 4 KB."""
        numbers = {**delta.counters, "responses": delta.responses, "certificate": delta.certificate}
        added = [(name, number) for name, number in numbers.items() if number]
        return {
            "Update": {
                "TableName": self._table_name,
                "Key": score_key(key.survey_id, key.breakdown, key.day, key.value, lane),
                "UpdateExpression": "ADD " + ",".join(f"#{i} :{i}" for i in range(len(added))),
                "ExpressionAttributeNames": {f"#{i}": name for i, (name, _) in enumerate(added)},
                "ExpressionAttributeValues": {f":{i}": to_value(number) for i, (_, number) in enumerate(added)},
            }
        }

    def _put(self, key: Key, attributes: dict[str, object], **condition: Any) -> Action:
        return {"Put": {"TableName": self._table_name, "Item": {**key, **to_item(attributes)}, **condition}}

    def _delete(self, key: Key) -> Action:
        return {"Delete": {"TableName": self._table_name, "Key": key}}

    def _unchanged(self, before: Stored) -> dict[str, Any]:
        """The condition that still the same stands under a response's id."""
        condition: dict[str, Any] = {
            "ConditionExpression": "attribute_not_exists(pk)",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        if before.response is not None:
            condition["ConditionExpression"] = "revision = :revision"
            condition["ExpressionAttributeValues"] = to_item({":revision": before.response.revision})
        return condition
