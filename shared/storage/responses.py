"""Responses: written together with the scores they are counted in, in one transaction.

So after every commit the scores equal a recount of the stored responses. There is no counter outside a transaction and
no "already counted" mark: whether a response is counted is whether it is stored.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from shared.domain.queued import ResponseSubmitted
from shared.domain.recording import (
    ABSENT,
    Outcome,
    Recorded,
    Stored,
    Transaction,
    Write,
    decisive,
    judged,
    must_read_first,
    packed,
    rounds,
    write,
)
from shared.domain.responses import Response, ScoreDelta, ScoreKey
from shared.errors import TemporaryError
from shared.storage.keys import response_key, score_key
from shared.storage.response_items import attributes_of, response_id_of, stored_in
from shared.storage.table import error_code, to_item, to_value, translated

MAX_ATTEMPTS = 10
"""How often a transaction is tried that others keep cancelling, before the queue has it come again later."""
LANES = 8
"""Parts of a score document that may be written at the same time; only their sum means anything."""
MAX_READ = 100
"""Items of one BatchGetItem (its API reference)."""

_CONDITION_FAILED = "ConditionalCheckFailed"
_CONFLICT = "TransactionConflict"
_INVALID = "ValidationError"
_UNDERSTOOD = {"None", _CONDITION_FAILED, _CONFLICT, _INVALID}


class ResponsesTable(Protocol):
    """The calls we make to DynamoDB."""

    def get_item(self, **kwargs: Any) -> Mapping[str, Any]:
        """GetItem."""
        ...

    def batch_get_item(self, **kwargs: Any) -> Mapping[str, Any]:
        """BatchGetItem."""
        ...

    def put_item(self, **kwargs: Any) -> Any:
        """PutItem."""
        ...

    def transact_write_items(self, **kwargs: Any) -> Any:
        """TransactWriteItems."""
        ...


class _Cancelled(Exception):  # noqa: N818  an answer of the store, not a fault
    """A transaction did not happen; a reason for each of its actions, in their order."""

    def __init__(self, reasons: Sequence[Mapping[str, Any]]) -> None:
        super().__init__()
        self.reasons = reasons


class _Refused(Exception):  # noqa: N818  an answer of the store, not a fault
    """The store will not take a transaction as it is, and does not say which of its actions it dislikes."""


class _Batch:
    """What is known of the responses of one batch while it is being recorded."""

    def __init__(self) -> None:
        self.stored: dict[str, Stored] = {}
        self.settled: dict[str, Recorded] = {}
        self.lanes: dict[ScoreKey, int] = {}

    def settle(self, response_id: str, stored: Stored, outcome: Outcome, before: Stored | None = None) -> None:
        self.settled[response_id] = Recorded(stored.response, outcome, stored.counted, before)

    def settle_all(self, writes: Iterable[Write], outcome: Outcome) -> None:
        for each in writes:
            self.settle(each.response.response_id, each.before, outcome)

    def commit(self, writes: Iterable[Write]) -> None:
        for each in writes:
            response_id = each.response.response_id
            self.stored[response_id] = Stored(each.response, each.counted)
            self.settle(response_id, self.stored[response_id], Outcome.RECORDED, each.before)


class ResponseRepository:
    """The responses in the responses table.

    Args:
        dynamodb: A DynamoDB client.
        table_name: The table's name.
    """

    def __init__(self, dynamodb: ResponsesTable, table_name: str) -> None:
        self._dynamodb = dynamodb
        self._table_name = table_name

    def get(self, response_id: str) -> Response | None:
        """A response; None if there is none, or it was erased.

        Raises:
            TemporaryError: the store did not answer, or we can not read what it holds.
        """
        with translated():
            answer = self._dynamodb.get_item(
                TableName=self._table_name, Key=response_key(response_id), ConsistentRead=True
            )
        stored = stored_in(answer["Item"]) if "Item" in answer else ABSENT
        if not stored.readable:
            raise TemporaryError(f"response {response_id} was stored by a version of Hearback that we can not read")
        return stored.response

    def record(
        self, submitted: Sequence[ResponseSubmitted], read_first: Collection[str] = ()
    ) -> Mapping[str, Recorded]:
        """Store responses and count them, each at most once, whatever came before and whoever else is at it.

        A new response is written on the assumption that it is new; others are read first.

        Args:
            submitted: Any submissions, in any order, of any surveys, repeated or not.
            read_first: Ids of responses that are probably stored already, such as redelivered ones; only the cost
                depends on it.

        Returns:
            What became of each response, by its id. Nothing is raised for an outage: its responses are POSTPONED, and
            the others recorded.
        """
        stored: dict[str, Stored] = {}
        outcomes: dict[str, Recorded] = {}
        for submissions in rounds(submitted):
            batch = _Batch()
            batch.stored = stored
            probable = (s.response.response_id for s in submissions if must_read_first(s))
            repeated = (s.response.response_id for s in submissions if s.response.response_id in read_first)
            self._read(batch, {*probable, *repeated} - stored.keys())
            self._write(batch, submissions)
            for response_id, recorded in batch.settled.items():
                outcomes[response_id] = decisive(outcomes.get(response_id), recorded)
        return outcomes

    def _read(self, batch: _Batch, response_ids: AbstractSet[str]) -> None:
        """Learn what is stored; what can not be read now is settled as POSTPONED."""
        wanted = [response_key(response_id) for response_id in sorted(response_ids)]
        for start in range(0, len(wanted), MAX_READ):
            asked: Any = {self._table_name: {"Keys": wanted[start : start + MAX_READ], "ConsistentRead": True}}
            for _ in range(MAX_ATTEMPTS):
                try:
                    answer = self._dynamodb.batch_get_item(RequestItems=asked)
                except (ClientError, BotoCoreError):
                    break
                unread = answer.get("UnprocessedKeys", {})
                left = {response_id_of(key) for key in unread.get(self._table_name, {}).get("Keys", ())}
                for key in asked[self._table_name]["Keys"]:
                    if response_id_of(key) not in left:
                        batch.stored[response_id_of(key)] = ABSENT
                for item in answer["Responses"].get(self._table_name, ()):
                    batch.stored[response_id_of(item)] = stored_in(item)
                if not unread:
                    break
                asked = unread
        for response_id in response_ids - batch.stored.keys():
            batch.settle(response_id, ABSENT, Outcome.POSTPONED)

    def _write(self, batch: _Batch, submissions: Sequence[ResponseSubmitted]) -> None:
        """Judge and write until each submission is settled; a try that others cancelled has taught us something."""
        for _ in range(MAX_ATTEMPTS):
            writes = []
            for submission in submissions:
                response_id = submission.response.response_id
                if response_id in batch.settled:
                    continue
                stored = batch.stored.get(response_id, ABSENT)
                outcome = judged(submission, stored)
                if outcome is Outcome.RECORDED:
                    writes.append(write(submission.response, stored))
                else:
                    batch.settle(response_id, stored, outcome)
            if not writes:
                return
            for transaction in packed(writes):
                self._try(batch, transaction)
        for submission in submissions:
            if submission.response.response_id not in batch.settled:
                batch.settle(submission.response.response_id, ABSENT, Outcome.POSTPONED)

    def _try(self, batch: _Batch, transaction: Transaction) -> None:
        """Try a transaction once: it is settled, or the batch knows more for the next try."""
        documents = [(key, batch.lanes.get(key, 0)) for key in transaction.deltas]
        try:
            self._commit(transaction, dict(documents))
        except _Refused:
            if len(transaction.writes) == 1:
                batch.settle_all(transaction.writes, Outcome.INVALID)
                return
            for half in transaction.halves():
                self._try(batch, half)
        except _Cancelled as cancelled:
            self._learn(batch, transaction, cancelled.reasons)
        except TemporaryError:
            batch.settle_all(transaction.writes, Outcome.POSTPONED)
        else:
            batch.commit(transaction.writes)

    def _learn(self, batch: _Batch, transaction: Transaction, reasons: Sequence[Mapping[str, Any]]) -> None:
        """What the reasons of a cancelled transaction say about each response and each score document."""
        codes = {str(reason.get("Code")) for reason in reasons}
        if not codes <= _UNDERSTOOD or codes == {"None"}:
            batch.settle_all(transaction.writes, Outcome.POSTPONED)
            return
        for each, reason in zip(transaction.writes, reasons, strict=False):
            if reason["Code"] == _CONDITION_FAILED:
                item = reason.get("Item")
                batch.stored[each.response.response_id] = stored_in(item) if item else ABSENT
            elif reason["Code"] == _INVALID:
                batch.settle_all([each], Outcome.INVALID)
        for key, reason in zip(transaction.deltas, reasons[len(transaction.writes) :], strict=False):
            if reason["Code"] == _CONFLICT:
                batch.lanes[key] = (batch.lanes.get(key, 0) + 1) % LANES

    def _commit(self, transaction: Transaction, lanes: Mapping[ScoreKey, int]) -> None:
        puts = [self._put(each) for each in transaction.writes]
        updates = [self._update(key, delta, lanes[key]) for key, delta in transaction.deltas.items()]
        try:
            if len(puts) == 1 and not updates:
                # One item is atomic by itself, and costs half.
                self._dynamodb.put_item(**puts[0])
            else:
                self._dynamodb.transact_write_items(
                    TransactItems=[*({"Put": put} for put in puts), *({"Update": update} for update in updates)]
                )
        except ClientError as error:
            raise _answer(error, transaction) from error
        except BotoCoreError as error:
            raise TemporaryError("the store did not answer; the transaction may have happened") from error

    def _put(self, each: Write) -> dict[str, Any]:
        put: dict[str, Any] = {
            "TableName": self._table_name,
            "Item": {**response_key(each.response.response_id), **to_item(attributes_of(each))},
            "ConditionExpression": "attribute_not_exists(pk)",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        if each.before.response is not None:
            put["ConditionExpression"] = "revision = :revision"
            put["ExpressionAttributeValues"] = to_item({":revision": each.before.response.revision})
        return put

    def _update(self, key: ScoreKey, delta: ScoreDelta, lane: int) -> dict[str, Any]:
        """One ADD per score document; short placeholders keep the longest expression under DynamoDB's 4 KB."""
        numbers = {**delta.counters, "responses": delta.responses, "certificate": delta.certificate}
        added = [(name, number) for name, number in numbers.items() if number]
        return {
            "TableName": self._table_name,
            "Key": score_key(key.survey_id, key.breakdown, key.day, key.value, lane),
            "UpdateExpression": "ADD " + ",".join(f"#{i} :{i}" for i in range(len(added))),
            "ExpressionAttributeNames": {f"#{i}": name for i, (name, _) in enumerate(added)},
            "ExpressionAttributeValues": {f":{i}": to_value(number) for i, (_, number) in enumerate(added)},
        }


def _answer(error: ClientError, transaction: Transaction) -> _Cancelled | _Refused | TemporaryError:
    """What a failure of the store means for a transaction."""
    response: Mapping[str, Any] = error.response
    match error_code(error):
        case "TransactionCanceledException" if len(response.get("CancellationReasons", ())) == _actions(transaction):
            reasons = response["CancellationReasons"]
            of_documents = reasons[len(transaction.writes) :]
            if any(reason["Code"] == _INVALID for reason in of_documents):
                return _Refused()
            return _Cancelled(reasons)
        case "ConditionalCheckFailedException":
            return _Cancelled([{"Code": _CONDITION_FAILED, "Item": response.get("Item")}])
        case "TransactionConflictException":
            return _Cancelled([{"Code": _CONFLICT}])
        case "ValidationException":
            return _Refused()
        case code:
            return TemporaryError(f"{error.operation_name} failed: {code}")


def _actions(transaction: Transaction) -> int:
    return len(transaction.writes) + len(transaction.deltas)
