"""Responses: written together with the scores they are counted in, in one transaction.

So after every commit the scores equal a recount of the stored responses. There is no counter outside a transaction and
no "already counted" mark: whether a response is counted is whether it is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, MutableMapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from functools import partial
from typing import Any, Protocol

from shared.domain.erasure import Erased
from shared.domain.people import Claim
from shared.domain.queued import ResponseSubmitted
from shared.domain.recording import (
    ABSENT,
    Erasure,
    Outcome,
    Recorded,
    Stored,
    Transaction,
    Write,
    claims_of,
    decisive,
    is_of_the_erased,
    judged,
    must_read_first,
    names_somebody,
    packed,
    rounds,
    write,
)
from shared.domain.responses import Change, Response, ScoreDelta, ScoreKey, score_deltas
from shared.errors import TemporaryError
from shared.storage.audit_trail import AuditTrail
from shared.storage.response_actions import ResponseActions
from shared.storage.response_items import stored_in
from shared.storage.response_reader import ReadTable, ResponseReader
from shared.storage.table import Queryable, translated
from shared.storage.transactions import (
    CONDITION_FAILED,
    CONFLICT,
    INVALID,
    Action,
    Cancelled,
    Refused,
    TransactedTable,
    commit,
)

MAX_ATTEMPTS = 10
"""How often a transaction is tried that others keep cancelling, before the queue has it come again later."""
LANES = 8
"""Parts of a score document that may be written at the same time; only their sum means anything."""
Lanes = MutableMapping[ScoreKey, int]
"""The lane of each score document that was found busy."""


class ResponsesTable(ReadTable, Queryable, TransactedTable, Protocol):
    """The calls we make to DynamoDB."""

    def delete_item(self, **kwargs: Any) -> Any:
        """DeleteItem."""
        ...


class ErasedPeople(Protocol):
    """Who was erased."""

    def of(self, person_ids: Collection[str], claims: Collection[Claim]) -> Erased:
        """What of these people and identifiers was erased; TemporaryError if that can not be said now."""
        ...


class _Batch:
    """What is known of the responses of one batch while it is being recorded."""

    def __init__(self) -> None:
        self.stored: dict[str, Stored] = {}
        self.settled: dict[str, Recorded] = {}
        self.lanes: Lanes = {}

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


class ResponseRepository(ResponseReader):
    """The responses in the responses table.

    Args:
        dynamodb: A DynamoDB client.
        table_name: The table's name.
        erased_people: Who was erased, asked for answers that name somebody; left out where none is recorded.
    """

    def __init__(self, dynamodb: ResponsesTable, table_name: str, erased_people: ErasedPeople | None = None) -> None:
        super().__init__(dynamodb, table_name)
        self._dynamodb = dynamodb
        self._erased_people = erased_people
        self._actions = ResponseActions(table_name)
        self._audit_trail = AuditTrail(dynamodb, table_name)

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
        outcomes, allowed = self._without_the_erased(submitted)
        for submissions in rounds(allowed):
            batch = _Batch()
            batch.stored = stored
            probable = (s.response.response_id for s in submissions if must_read_first(s))
            repeated = (s.response.response_id for s in submissions if s.response.response_id in read_first)
            self._read(batch, {*probable, *repeated} - stored.keys())
            self._write(batch, submissions)
            for response_id, recorded in batch.settled.items():
                outcomes[response_id] = decisive(outcomes.get(response_id), recorded)
        return outcomes

    def _without_the_erased(
        self, submitted: Sequence[ResponseSubmitted]
    ) -> tuple[dict[str, Recorded], list[ResponseSubmitted]]:
        """What of erased people becomes nothing, or has to wait until it is known who was; and the submissions left."""
        naming = [each.response for each in submitted if names_somebody(each.response)]
        if self._erased_people is None or not naming:
            return {}, [*submitted]
        refused: Callable[[Response], bool]
        try:
            erased = self._erased_people.of(
                {response.person_id for response in naming if response.person_id is not None},
                {claim for response in naming for claim in claims_of(response)},
            )
        except TemporaryError:
            refused, outcome = names_somebody, Outcome.POSTPONED
        else:
            refused, outcome = partial(is_of_the_erased, erased=erased), Outcome.ERASED
        settled = {each.response_id: Recorded(None, outcome) for each in naming if refused(each)}
        return settled, [each for each in submitted if not refused(each.response)]

    def _read(self, batch: _Batch, response_ids: AbstractSet[str]) -> None:
        """Learn what is stored; what can not be read now is settled as POSTPONED."""
        batch.stored.update(self.stored_of(response_ids))
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
                    writes.append(write(submission.response, stored, submission.actor))
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
        scores = [*self._scores(transaction.deltas, batch.lanes)]
        owned = [(each, action) for each in transaction.writes for action in self._actions.of_write(each)]
        try:
            commit(self._dynamodb, [*(action for _, action in owned), *(action for _, action in scores)])
        except Refused:
            self._search(batch, transaction)
        except Cancelled as cancelled:
            of_writes, of_scores = cancelled.reasons[: len(owned)], cancelled.reasons[len(owned) :]
            if any(reason["Code"] == INVALID for reason in of_scores):
                self._search(batch, transaction)
                return
            _take_other_lanes(batch.lanes, [key for key, _ in scores], of_scores)
            self._learn(batch, [each for each, _ in owned], of_writes)
        except TemporaryError:
            batch.settle_all(transaction.writes, Outcome.POSTPONED)
        else:
            batch.commit(transaction.writes)

    def _search(self, batch: _Batch, transaction: Transaction) -> None:
        """Find the response because of which the store refuses a transaction; the others are recorded."""
        if len(transaction.writes) == 1:
            batch.settle_all(transaction.writes, Outcome.INVALID)
            return
        for half in transaction.halves():
            self._try(batch, half)

    def _learn(self, batch: _Batch, owners: Sequence[Write], reasons: Sequence[Mapping[str, Any]]) -> None:
        """What the reasons of a cancelled transaction say about each response."""
        for each, reason in zip(owners, reasons, strict=False):
            if reason["Code"] == CONDITION_FAILED:
                item = reason.get("Item")
                batch.stored[each.response.response_id] = stored_in(item) if item else ABSENT
            elif reason["Code"] == INVALID:
                batch.settle_all([each], Outcome.INVALID)

    def _scores(self, deltas: Mapping[ScoreKey, ScoreDelta], lanes: Lanes) -> Iterable[tuple[ScoreKey, Action]]:
        for key, delta in deltas.items():
            yield key, self._actions.of_score(key, delta, lanes.get(key, 0))

    def erase(self, response_id: str, at: datetime) -> Erasure:
        """Put a tombstone in the place of a response and take it out of the scores, exactly as it was counted.

        One transaction does both, and drops what points to the response. Its audit entries go next: nobody adds to
        them any more, and who dies before they are gone has them removed when asked again.

        Args:
            response_id: Which response; if it is not stored yet, it never will be.
            at: When it is erased.

        Raises:
            TemporaryError: it may have been erased or not; the same again, later, is right.
        """
        erasure = self._entomb(response_id, at)
        for item in self._audit_trail.items(response_id):
            with translated():
                self._dynamodb.delete_item(TableName=self._table_name, Key={"pk": item["pk"], "sk": item["sk"]})
        return erasure

    def _entomb(self, response_id: str, at: datetime) -> Erasure:
        lanes: Lanes = {}
        for _ in range(MAX_ATTEMPTS):
            before = self.stored(response_id)
            if before.erased:
                return Erasure.REPEATED
            actions = [*self._actions.of_erasure(response_id, before, at)]
            scores = [*self._scores(score_deltas([Change(response_id, before.counted, None)]), lanes)]
            try:
                commit(self._dynamodb, [*actions, *(action for _, action in scores)])
            except Cancelled as cancelled:
                _take_other_lanes(lanes, [key for key, _ in scores], cancelled.reasons[len(actions) :])
            except Refused as refused:
                raise TemporaryError(f"the store does not take the erasure of response {response_id}") from refused
            else:
                return Erasure.UNKNOWN if before.response is None else Erasure.ERASED
        raise TemporaryError(f"response {response_id} changed too often to be erased now")


def _take_other_lanes(lanes: Lanes, keys: Sequence[ScoreKey], reasons: Sequence[Mapping[str, Any]]) -> None:
    """Next time, leave those lanes that others were writing to."""
    for key, reason in zip(keys, reasons, strict=False):
        if reason["Code"] == CONFLICT:
            lanes[key] = (lanes.get(key, 0) + 1) % LANES
