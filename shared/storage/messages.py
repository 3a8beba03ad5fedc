"""Messages: claimed, fenced, settled; each step is one conditional write.

A message's item has its state in attributes of their own, because every step puts conditions on them, and the wish it
came from as JSON in `content`. The budget of alerts is an item per survey and hour, with two counters per owner.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Protocol

from botocore.exceptions import ClientError

from shared.domain.base import digest, iso
from shared.domain.messages import MessageState, Notification, Reason
from shared.domain.sending import AlertBudget, Draft, Fence, Message, SubjectType
from shared.storage.ask_budget import taking
from shared.storage.daily_caps import one_more_message
from shared.storage.keys import (
    alert_budget_key,
    delivery_key,
    message_key,
    opt_out_key,
    person_tombstone_key,
    response_key,
    suppression_key,
    survey_request_key,
)
from shared.storage.message_items import indexed_by, message_of, state_change
from shared.storage.short_links import short_link_put
from shared.storage.sms_limits import one_more_alike, spending
from shared.storage.table import cancellation_codes, condition_held, error_code, from_item, to_item, translated

KEPT_FOR = timedelta(days=400)
"""How long a message is kept after it was wished for: a little more than a year, for the yearly review."""
BUDGET_KEPT_FOR = timedelta(days=7)
WRITE_ATTEMPTS = 8
"""How often the fence is tried while others are at the same items: five workers at most, each done in milliseconds."""
STRANGERS_KEPT_FOR = timedelta(days=7)
"""How long a message to a number is kept that is nobody's whom we know: nothing else would ever erase that number."""


class DynamoDb(Protocol):
    """The calls we make to DynamoDB."""

    def get_item(self, **kwargs: Any) -> Mapping[str, Any]:
        """GetItem."""
        ...

    def update_item(self, **kwargs: Any) -> Mapping[str, Any]:
        """UpdateItem."""
        ...

    def transact_write_items(self, **kwargs: Any) -> Any:
        """TransactWriteItems."""
        ...


class Tables(NamedTuple):
    """The tables that the fence looks into."""

    messages: str
    responses: str
    deliveries: str
    people: str


class MessageRepository:
    """The messages table.

    Args:
        dynamodb: A DynamoDB client.
        tables: The names of the tables.
    """

    def __init__(self, dynamodb: DynamoDb, tables: Tables) -> None:
        self._dynamodb = dynamodb
        self._tables = tables

    def get(self, message_id: str) -> Message | None:
        """A message, None if nobody wished for it yet.

        Raises:
            TemporaryError: the store did not answer; so for every method here.
        """
        item = self._item(message_key(message_id))
        return message_of(item) if item else None

    def claim(self, notification: Notification, token: str, now: datetime, lease_until: datetime) -> Message:
        """Take a message to work on, if it is new or its last worker's time is up before it was attempted.

        Returns:
            The message as it is now; it is ours if it is `claimed` with our token.
        """
        indexed = indexed_by(notification)
        update = {
            "Key": message_key(notification.message_id),
            "UpdateExpression": (
                "SET #state = :claimed, #token = :token, lease_until = :lease_until,"
                " content = if_not_exists(content, :content), #ttl = if_not_exists(#ttl, :ttl)"
                + "".join(f", #{name} = :{name}" for name in indexed)
            ),
            "ConditionExpression": (
                "attribute_not_exists(pk) OR #state = :new OR (#state = :claimed AND lease_until <= :now)"
            ),
            "ExpressionAttributeNames": {f"#{name}": name for name in ("state", "token", "ttl", *indexed)},
            "ExpressionAttributeValues": to_item(
                {
                    ":new": MessageState.NEW.value,
                    ":claimed": MessageState.CLAIMED.value,
                    ":token": token,
                    ":now": iso(now),
                    ":lease_until": iso(lease_until),
                    ":content": notification.model_dump_json(exclude_none=True),
                    ":ttl": int((notification.requested_at + kept_for(notification)).timestamp()),
                    **{f":{name}": value for name, value in indexed.items()},
                }
            ),
            "ReturnValues": "ALL_NEW",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        with translated():
            try:
                answer = self._dynamodb.update_item(TableName=self._tables.messages, **update)
            except ClientError as error:
                if error_code(error) != "ConditionalCheckFailedException":
                    raise
                # Also when our own first try was written and its answer lost: then the token is ours.
                refusal: Mapping[str, Any] = error.response
                return message_of(refusal["Item"])
        return message_of(answer["Attributes"])

    def fence(
        self, draft: Draft, token: str, now: datetime, lease_until: datetime, budget: AlertBudget | None = None
    ) -> Fence:
        """Let a claimed message be attempted, in the same write that proves that it is still ours, right and welcome.

        Args:
            draft: What is to be sent, and what it was rendered from.
            token: The token it was claimed with.
            now: The time of the attempt.
            lease_until: When an attempt without a result is given up as ambiguous.
            budget: The budget of alerts it is taken from, None if it needs none or was taken from one before.
        """
        checks = (
            (Fence.TAKEN, self._to_attempting(draft, token, now, lease_until, budget)),
            (Fence.ERASED, self._person_not_erased(draft)),
            (Fence.BOUNCED, self._address_not_suppressed(draft)),
            *((Fence.UNSUBSCRIBED, check) for check in self._not_refused(draft)),
            (Fence.CHANGED, self._subject_unchanged(draft)),
            (Fence.CANCELLED, self._still_wished_for(draft)),
            (Fence.ANSWERED, self._unanswered(draft)),
            (Fence.RECENTLY_ASKED, taking(self._tables.people, draft.ask, now) if draft.ask else None),
            (Fence.OVER_BUDGET, self._one_more_alert(budget)),
            (Fence.TOO_MANY, self._one_more_today(draft)),
            (Fence.SPEND_LIMIT, spending(self._tables.messages, draft.sms) if draft.sms else None),
            (Fence.PREFIX_LIMIT, one_more_alike(self._tables.messages, draft.sms) if draft.sms else None),
        )
        planned = [(outcome, action) for outcome, action in checks if action is not None]
        if draft.short_link is not None:
            planned.append((Fence.PASSED, {"Put": short_link_put(self._tables.messages, draft.short_link, now)}))
        with translated():
            try:
                self._in_one_write([action for _, action in planned])
            except ClientError as error:
                codes = cancellation_codes(error)
                # Anything but a failed condition (a conflict, a throttle) says nothing about the message.
                if not codes or not set(codes) <= {"None", "ConditionalCheckFailed"}:
                    raise
                failed = [
                    outcome
                    for (outcome, _), code in zip(planned, codes, strict=True)
                    if code == "ConditionalCheckFailed"
                ]
                return self._suppression(draft) if failed[0] is Fence.BOUNCED else failed[0]
        return Fence.PASSED

    def _in_one_write(self, actions: Sequence[Mapping[str, Any]]) -> None:
        """Do all of these or none; again if another write was at the same item, such as the day's spend of SMS."""
        for attempt in range(1, WRITE_ATTEMPTS + 1):
            try:
                self._dynamodb.transact_write_items(TransactItems=actions)
                return
            except ClientError as error:
                if attempt == WRITE_ATTEMPTS or "TransactionConflict" not in cancellation_codes(error):
                    raise

    def settle(
        self,
        message_id: str,
        token: str,
        state: MessageState,
        now: datetime,
        *,
        reason: Reason | None = None,
        provider_id: str | None = None,
    ) -> bool:
        """Write down how an attempt ended; False if it was known already.

        A worker that is slow may come after its message was given up as ambiguous: it knows better, so it still may.
        """
        from_states = [MessageState.ATTEMPTING]
        if state is not MessageState.AMBIGUOUS:
            from_states.append(MessageState.AMBIGUOUS)
        changes = {"state": state.value, "reason": reason and reason.value, "provider_id": provider_id}
        return self._update(message_id, token, from_states, {**changes, "settled_at": iso(now)})

    def release(self, message_id: str, token: str) -> bool:
        """Make a message new again that the provider refused for now; False if it is no longer ours."""
        changes = {"state": MessageState.NEW.value}
        return self._update(message_id, token, [MessageState.ATTEMPTING], changes, remove=("token", "lease_until"))

    def again(self, message: Message) -> bool:
        """Make a message new once more of whose attempt nobody knows the end; once, and not if that became known.

        One without its frozen request was erased meanwhile.
        """
        changes = {"state": MessageState.NEW.value, "resent": True}
        # It is paid for once more, so it takes from the limits of SMS once more.
        gone = ("token", "lease_until", "settled_at", "sms_taken")
        name = message.notification.message_id
        change = state_change(self._tables.messages, name, [MessageState.AMBIGUOUS], changes, gone)
        change["ConditionExpression"] += (
            " AND attribute_not_exists(#resent) AND attribute_exists(#request) AND attempted_at = :attempted_at"
        )
        change["ExpressionAttributeNames"]["#request"] = "request"
        attempted_at = message.attempted_at
        change["ExpressionAttributeValues"][":attempted_at"] = {"S": iso(attempted_at) if attempted_at else ""}
        return condition_held(self._dynamodb.update_item, **change)

    def defer(self, message_id: str, token: str, until: datetime, because: Reason) -> bool:
        """Make a claimed message new again that is to be sent later; False if it is no longer ours."""
        changes = {
            "state": MessageState.NEW.value,
            "deferred_until": iso(until),
            "deferred_because": because.value,
        }
        return self._update(message_id, token, [MessageState.CLAIMED], changes, remove=("token", "lease_until"))

    def close(self, message_id: str, token: str, state: MessageState, reason: Reason, now: datetime) -> bool:
        """End a claimed message that is not to be sent; False if it is no longer ours."""
        changes = {"state": state.value, "reason": reason.value, "settled_at": iso(now)}
        return self._update(message_id, token, [MessageState.CLAIMED], changes)

    def close_capped(self, message_id: str, token: str, budget: AlertBudget, now: datetime) -> bool:
        """End an alert that is over its budget, and count it for the digest, both or neither."""
        changes = {
            "state": MessageState.SUPPRESSED.value,
            "reason": Reason.CAPPED.value,
            "settled_at": iso(now),
        }
        suppress = self._change(message_id, token, [MessageState.CLAIMED], changes)
        count = self._count("capped", budget)
        with translated():
            try:
                self._dynamodb.transact_write_items(TransactItems=[{"Update": suppress}, {"Update": count}])
            except ClientError as error:
                if set(cancellation_codes(error)) - {"None"} != {"ConditionalCheckFailed"}:
                    raise
                return False
        return True

    def capped(self, budget: AlertBudget) -> int:
        """How many alerts of this hour the owner did not get."""
        item = self._item(alert_budget_key(budget.survey_id, budget.hour))
        return int(from_item(item).get(_counter("capped", budget.owner), 0)) if item else 0

    def _item(self, key: Mapping[str, Any]) -> Mapping[str, Any] | None:
        with translated():
            answer = self._dynamodb.get_item(TableName=self._tables.messages, Key=key, ConsistentRead=True)
        item: Mapping[str, Any] | None = answer.get("Item")
        return item

    def _suppression(self, draft: Draft) -> Fence:
        item = self._item(suppression_key(draft.request.channel, draft.request.to))
        if item is None:
            return Fence.CHANGED
        return Fence.COMPLAINED if from_item(item).get("reason") == Reason.COMPLAINED.value else Fence.BOUNCED

    def _to_attempting(
        self, draft: Draft, token: str, now: datetime, lease_until: datetime, budget: AlertBudget | None
    ) -> dict[str, Any]:
        changes: dict[str, object] = {
            "state": MessageState.ATTEMPTING.value,
            "lease_until": iso(lease_until),
            "attempted_at": iso(now),
            "channel": draft.request.channel.value,
            "request": draft.request.model_dump_json(),
            "said": draft.said,
            "remind_at": iso(draft.remind_at) if draft.remind_at else None,
            "properties": draft.properties or None,
            "subject": draft.subject.model_dump() if draft.subject else None,
        }
        if budget is not None:
            changes["budgeted_hour"] = budget.hour
        if draft.sms is not None:
            changes["sms_taken"] = draft.sms.to_keep.model_dump()
        return {"Update": self._change(draft.request.message_id, token, [MessageState.CLAIMED], changes)}

    def _person_not_erased(self, draft: Draft) -> dict[str, Any] | None:
        if draft.person_id is None:
            return None
        return _check(self._tables.people, person_tombstone_key(draft.person_id), "attribute_not_exists(pk)")

    def _address_not_suppressed(self, draft: Draft) -> dict[str, Any]:
        key = suppression_key(draft.request.channel, draft.request.to)
        return _check(self._tables.messages, key, "attribute_not_exists(pk)")

    def _not_refused(self, draft: Draft) -> list[dict[str, Any]]:
        """That neither its category nor everything on its channel is refused under the address."""
        if draft.category is None:
            return []
        keys = [opt_out_key(draft.request.channel, draft.request.to, mark) for mark in (draft.category, None)]
        return [_check(self._tables.messages, key, "attribute_not_exists(pk)") for key in keys]

    def _subject_unchanged(self, draft: Draft) -> dict[str, Any] | None:
        if draft.about is None:
            return None
        if draft.about.type is SubjectType.RESPONSE:
            table, key, condition = self._tables.responses, response_key(draft.about.id), "revision = :version"
        else:
            table, key, condition = self._tables.deliveries, delivery_key(draft.about.id), "version = :version"
        return _check(table, key, condition, draft.about.version)

    def _still_wished_for(self, draft: Draft) -> dict[str, Any] | None:
        if draft.request_id is None or draft.person_id is None:
            return None
        key = survey_request_key(draft.person_id, draft.request_id)
        return _check(self._tables.people, key, "attribute_exists(pk)")

    def _unanswered(self, draft: Draft) -> dict[str, Any] | None:
        if draft.unanswered is None:
            return None
        return _check(self._tables.responses, response_key(draft.unanswered), "attribute_not_exists(pk)")

    def _one_more_alert(self, budget: AlertBudget | None) -> dict[str, Any] | None:
        if budget is None:
            return None
        count = self._count("taken", budget)
        count["ConditionExpression"] = "attribute_not_exists(#counter) OR #counter < :limit"
        count["ExpressionAttributeValues"][":limit"] = {"N": str(budget.limit)}
        return {"Update": count}

    def _one_more_today(self, draft: Draft) -> dict[str, Any] | None:
        if draft.cap is None:
            return None
        return one_more_message(self._tables.people, draft.cap, draft.request.message_id)

    def _count(self, what: str, budget: AlertBudget) -> dict[str, Any]:
        return {
            "TableName": self._tables.messages,
            "Key": alert_budget_key(budget.survey_id, budget.hour),
            "UpdateExpression": "SET #ttl = :ttl ADD #counter :one",
            "ExpressionAttributeNames": {"#counter": _counter(what, budget.owner), "#ttl": "ttl"},
            "ExpressionAttributeValues": to_item(
                {":one": 1, ":ttl": int((budget.hour_end + BUDGET_KEPT_FOR).timestamp())}
            ),
        }

    def _update(
        self,
        message_id: str,
        token: str,
        from_states: Iterable[MessageState],
        changes: Mapping[str, object],
        remove: tuple[str, ...] = (),
    ) -> bool:
        change = self._change(message_id, token, from_states, changes, remove)
        return condition_held(self._dynamodb.update_item, **change)

    def _change(
        self,
        message_id: str,
        token: str,
        from_states: Iterable[MessageState],
        changes: Mapping[str, object],
        remove: tuple[str, ...] = (),
    ) -> dict[str, Any]:
        change = state_change(self._tables.messages, message_id, from_states, changes, remove)
        change["ConditionExpression"] += " AND #token = :our_token"
        change["ExpressionAttributeNames"]["#token"] = "token"
        change["ExpressionAttributeValues"][":our_token"] = {"S": token}
        return change


def kept_for(notification: Notification) -> timedelta:
    """How long a message is kept after it was wished for."""
    return KEPT_FOR if notification.phone is None else STRANGERS_KEPT_FOR


def _counter(what: str, owner: str) -> str:
    """A counter of one owner; by hash, so that no address stands in an attribute's name."""
    return f"{what}_{digest(owner.lower())}"


def _check(table: str, key: Mapping[str, Any], condition: str, version: int | None = None) -> dict[str, Any]:
    check: dict[str, Any] = {"TableName": table, "Key": key, "ConditionExpression": condition}
    if version is not None:
        check["ExpressionAttributeValues"] = {":version": {"N": str(version)}}
    return {"ConditionCheck": check}
