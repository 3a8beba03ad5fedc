"""Receipts: what providers say became of our messages, and the addresses that must not be sent to again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from shared.domain.base import iso
from shared.domain.messages import Channel, MessageState, Reason
from shared.domain.sending import Message, Receipt, ReceiptKind
from shared.storage.keys import message_key, suppression_key
from shared.storage.message_items import message_of, state_change
from shared.storage.table import condition_held, to_item, translated

_UNSETTLED = (MessageState.NEW, MessageState.CLAIMED, MessageState.ATTEMPTING, MessageState.AMBIGUOUS)
_MARKS = {
    ReceiptKind.DELIVERED: "delivered_at",
    ReceiptKind.BOUNCED: "bounced_at",
    ReceiptKind.BOUNCED_FOR_GOOD: "bounced_at",
    ReceiptKind.COMPLAINED: "complained_at",
}


class DynamoDb(Protocol):
    """The calls we make to DynamoDB."""

    def get_item(self, **kwargs: Any) -> Mapping[str, Any]:
        """GetItem."""
        ...

    def put_item(self, **kwargs: Any) -> Any:
        """PutItem."""
        ...

    def update_item(self, **kwargs: Any) -> Mapping[str, Any]:
        """UpdateItem."""
        ...


class ReceiptRepository:
    """The messages table, as receipts change it.

    Args:
        dynamodb: A DynamoDB client.
        table_name: The table's name.
    """

    def __init__(self, dynamodb: DynamoDb, table_name: str) -> None:
        self._dynamodb = dynamodb
        self._table_name = table_name

    def get(self, message_id: str) -> Message | None:
        """The message, None if it is none of ours.

        Raises:
            TemporaryError: the store did not answer; so for every method here.
        """
        with translated():
            answer = self._dynamodb.get_item(
                TableName=self._table_name, Key=message_key(message_id), ConsistentRead=True
            )
        item = answer.get("Item")
        return message_of(item) if item else None

    def settle(self, receipt: Receipt) -> bool:
        """Let a receipt decide a message whose attempt has no known end; False if it has one.

        A receipt proves that the provider took the message, so it is `sent` whatever we thought: also one that we
        took for refused and would have tried again. One that the provider took and then rejected has `failed`.
        """
        from_states: tuple[MessageState, ...] = _UNSETTLED
        changes = {"state": MessageState.SENT.value, "provider_id": receipt.provider_id, "settled_at": iso(receipt.at)}
        # Why it was not sent once more, of one that was sent after all.
        gone: tuple[str, ...] = ("reason",)
        if receipt.kind is ReceiptKind.REJECTED:
            from_states, gone = (*_UNSETTLED, MessageState.SENT), ()
            changes |= {"state": MessageState.FAILED.value, "reason": Reason.REJECTED.value}
        change = state_change(self._table_name, receipt.message_id, from_states, changes, gone)
        return condition_held(self._dynamodb.update_item, **change)

    def mark(self, receipt: Receipt) -> None:
        """Keep when a message was delivered, bounced or complained of; the first of each kind stays.

        The three stand beside each other: mail can be delivered, then bounce, then be complained of.
        """
        mark = _MARKS.get(receipt.kind)
        if mark is None:
            return
        condition_held(
            self._dynamodb.update_item,
            TableName=self._table_name,
            Key=message_key(receipt.message_id),
            UpdateExpression="SET #mark = :at",
            ConditionExpression="attribute_exists(pk) AND attribute_not_exists(#mark)",
            ExpressionAttributeNames={"#mark": mark},
            ExpressionAttributeValues={":at": {"S": iso(receipt.at)}},
        )

    def suppress(self, channel: Channel, address: str, reason: Reason, at: datetime) -> bool:
        """Have nothing more sent to an address; False if that was so already. A complaint outweighs a bounce."""
        weaker = "attribute_not_exists(pk)"
        values: dict[str, Any] = {}
        if reason is Reason.COMPLAINED:
            weaker += " OR #reason <> :reason"
            values = {
                "ExpressionAttributeNames": {"#reason": "reason"},
                "ExpressionAttributeValues": {":reason": {"S": reason.value}},
            }
        item = {**suppression_key(channel, address), **to_item({"reason": reason.value, "since": iso(at)})}
        put = {"TableName": self._table_name, "Item": item, "ConditionExpression": weaker, **values}
        return condition_held(self._dynamodb.put_item, **put)
