"""The audit trail: who changed the score of an answer that was recorded already, when, from what to what."""

from __future__ import annotations

from collections.abc import Iterator

from shared.domain.recording import ScoreChange
from shared.storage.keys import AUDIT, response_key
from shared.storage.response_items import score_change_in
from shared.storage.table import Item, Queryable, every_item, to_item


class AuditTrail:
    """The audit entries of responses, in the responses table; `record` writes each together with its change.

    Args:
        dynamodb: A DynamoDB client.
        table_name: The table's name.
    """

    def __init__(self, dynamodb: Queryable, table_name: str) -> None:
        self._dynamodb = dynamodb
        self._table_name = table_name

    def of(self, response_id: str) -> tuple[ScoreChange, ...]:
        """Each change of a recorded response's score, by revision; none for one that was erased.

        Raises:
            TemporaryError: the store did not answer.
        """
        return tuple(score_change_in(item) for item in self.items(response_id))

    def items(self, response_id: str) -> Iterator[Item]:
        """The entries as they are stored, read as they are asked for.

        Raises:
            TemporaryError: the store did not answer.
        """
        return every_item(
            self._dynamodb,
            TableName=self._table_name,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :audit)",
            ExpressionAttributeValues={":pk": response_key(response_id)["pk"], **to_item({":audit": AUDIT})},
            ConsistentRead=True,
        )
