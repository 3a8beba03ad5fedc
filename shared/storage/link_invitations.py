"""Invitations that are handed to whoever wished for them, as a link: decided, and the budget taken, in one write.

Each is a message like any other in the messages table, so that the person's timeline has it, and why there was none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from botocore.exceptions import ClientError

from shared.domain.asking import Ask
from shared.domain.base import iso
from shared.domain.messages import Category, Channel, MessageState, Notification, Reason
from shared.domain.responses import Subject
from shared.domain.sending import Message
from shared.errors import NotFoundError
from shared.storage.ask_budget import taking
from shared.storage.keys import message_key, opt_out_key
from shared.storage.message_items import indexed_by, message_of
from shared.storage.messages import KEPT_FOR
from shared.storage.survey_requests import not_erased
from shared.storage.table import cancellation_codes, condition_held, to_item, translated


class InvitationsTable(Protocol):
    """The calls we make to DynamoDB."""

    def transact_write_items(self, **kwargs: Any) -> Any:
        """TransactWriteItems."""
        ...

    def put_item(self, **kwargs: Any) -> Any:
        """PutItem."""
        ...

    def get_item(self, **kwargs: Any) -> Mapping[str, Any]:
        """GetItem."""
        ...


class LinkInvitations:
    """The invitations by link.

    Args:
        dynamodb: A DynamoDB client.
        messages_table: The messages table's name.
        people_table: The people table's name.
    """

    def __init__(self, dynamodb: InvitationsTable, messages_table: str, people_table: str) -> None:
        self._dynamodb = dynamodb
        self._messages = messages_table
        self._people = people_table

    def hand_out(
        self,
        notification: Notification,
        ask: Ask,
        addresses: Sequence[tuple[Channel, str]],
        *,
        subject: Subject | None,
        properties: Mapping[str, str],
        now: datetime,
    ) -> Message:
        """Invite a person, unless they were asked too short a time ago or do not want to be asked.

        Args:
            notification: The wish.
            ask: What it takes.
            addresses: All addresses of the person; who refuses surveys with one of them, or everything there, is not
                asked by link either.
            subject: What they are asked about.
            properties: What is known of the occasion.
            now: The time.

        Returns:
            The invitation as it is decided: `sent`, or `suppressed` with a reason; as decided earlier, if it was.

        Raises:
            NotFoundError: the person was erased.
            TemporaryError: it may not be decided; the same again is right.
        """
        handed = {"state": MessageState.SENT.value, "attempted_at": iso(now), "properties": properties or None}
        put = self._put(notification, {**handed, "subject": subject.model_dump() if subject else None}, now)
        wanted = [
            {
                "ConditionCheck": {
                    "TableName": self._messages,
                    "Key": opt_out_key(channel, address, refused),
                    "ConditionExpression": "attribute_not_exists(pk)",
                }
            }
            for channel, address in addresses
            for refused in (Category.SURVEYS, None)
        ]
        actions = [{"Put": put}, not_erased(self._people, ask.person_id), *wanted, taking(self._people, ask, now)]
        with translated():
            try:
                self._dynamodb.transact_write_items(TransactItems=actions)
            except ClientError as error:
                codes = cancellation_codes(error)
                if not codes or not set(codes) <= {"None", "ConditionalCheckFailed"}:
                    raise
                failed = codes.index("ConditionalCheckFailed")
                if failed == 1:
                    raise NotFoundError("There is no such person.") from error
                if failed == 0:
                    return self._stored(notification)
                reason = Reason.RECENTLY_ASKED if failed == len(actions) - 1 else Reason.UNSUBSCRIBED
            else:
                return self._stored(notification)
        return self.refuse(notification, reason, now)

    def refuse(self, notification: Notification, reason: Reason, now: datetime) -> Message:
        """Keep that a person is not invited, and why; as it was decided earlier, if it was.

        Raises:
            TemporaryError: the store did not answer.
        """
        put = self._put(notification, {"state": MessageState.SUPPRESSED.value, "reason": reason.value}, now)
        condition_held(self._dynamodb.put_item, **put)
        return self._stored(notification)

    def _put(self, notification: Notification, decided: Mapping[str, object], now: datetime) -> dict[str, Any]:
        attributes = {
            **decided,
            "settled_at": iso(now),
            "content": notification.model_dump_json(exclude_none=True),
            "ttl": int((notification.requested_at + KEPT_FOR).timestamp()),
            **indexed_by(notification),
        }
        return {
            "TableName": self._messages,
            "Item": {**message_key(notification.message_id), **to_item(attributes)},
            "ConditionExpression": "attribute_not_exists(pk)",
        }

    def _stored(self, notification: Notification) -> Message:
        with translated():
            answer = self._dynamodb.get_item(
                TableName=self._messages, Key=message_key(notification.message_id), ConsistentRead=True
            )
        return message_of(answer["Item"])
