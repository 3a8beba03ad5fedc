"""How answers become stored responses and scores: the plan of `record`, without the store.

What was submitted is judged against what is stored. What is to be written is packed into transactions, each with the
responses and the score documents they change, so that there is no moment at which one is there without the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from itertools import zip_longest
from typing import Any, NamedTuple

from shared.domain.erasure import Erased
from shared.domain.people import Claim
from shared.domain.queued import ResponseSubmitted
from shared.domain.responses import Change, Counted, Response, ScoreDelta, ScoreKey, score_deltas, score_keys
from shared.domain.surveys import from_properties

MAX_ACTIONS = 100
"""Actions of one transaction (API reference of TransactWriteItems)."""
MAX_BYTES = 4 * 1024 * 1024
"""Size of all items of one transaction together (API reference of TransactWriteItems)."""
SCORE_DOCUMENT_BYTES = 16 * 1024
"""More than a score document can weigh: 20 questions of at most 11 ratings, under 60 bytes a counter."""
KEY_BYTES = 512
"""More than the keys, the attribute names and what stands beside the content of a response's item weigh."""
COPIES = 2
"""A response's item holds its content, and what it is counted as, which repeats a part of that."""
AUDIT_BYTES = 16 * 1024
"""More than an audit item weighs: twice what a response counts as, 20 ratings and 8 breakdowns of 64 characters."""

BESIDE_CONTENT = {"response_id", "revision", "survey_id", "person_id", "day", "answered_at"}
"""Fields of a response that stand beside its content, because it is found by them."""


class Outcome(StrEnum):
    """What became of a submission."""

    RECORDED = "recorded"  # stored, and counted
    KNOWN = "known"  # this revision is stored already
    OUTDATED = "outdated"  # a higher revision is stored
    CONDITION_FAILED = "condition_failed"  # the caller's condition does not hold; nothing was changed
    ERASED = "erased"  # the response was erased, and stays so
    POSTPONED = "postponed"  # the same again, later; it may have been stored or not
    INVALID = "invalid"  # the store will never take it


class Erasure(StrEnum):
    """What erasing a response came to; whichever it is, its tombstone stands."""

    ERASED = "erased"  # it was stored, and is gone
    UNKNOWN = "unknown"  # nothing was stored; what is still on its way will find the tombstone
    REPEATED = "repeated"  # it was erased before


class Stored(NamedTuple):
    """What stands under a response's id: nothing, a response with what it was counted as, or a tombstone."""

    response: Response | None = None
    counted: Counted | None = None
    erased: bool = False
    readable: bool = True


ABSENT = Stored()


class Recorded(NamedTuple):
    """What became of a response, and what is stored of it now, as far as we know.

    Args:
        stored: The response as it is stored.
        outcome: What became of the submission.
        counted: What the response counts as.
        before: What stood under its id before, if it is this submission that replaced it.
    """

    stored: Response | None
    outcome: Outcome
    counted: Counted | None = None
    before: Stored | None = None


class StoredResponse(NamedTuple):
    """A response that is stored, with what it was counted as."""

    response: Response
    counted: Counted | None


class ScoreChange(NamedTuple):
    """What somebody changed of an answer that was recorded already, as far as the scores depend on it.

    Args:
        revision: The revision that made the change.
        at: When that revision was accepted.
        actor: Whose key made it; None if it was the respondent.
        before: What the response counted as until then.
        after: What it counts as since.
    """

    revision: int
    at: datetime
    actor: str | None
    before: Counted | None
    after: Counted | None


class Write(NamedTuple):
    """One response to be written, if still the same stands under its id as when it was planned."""

    response: Response
    counted: Counted | None
    content: str
    before: Stored
    actor: str | None = None

    @property
    def change(self) -> Change:
        """Its step in the scores."""
        return Change(self.response.response_id, self.before.counted, self.counted)

    @property
    def audited(self) -> ScoreChange | None:
        """What the audit trail says of it; None for a first answer, which says it itself, and if no score changes."""
        if self.before.response is None or self.before.counted == self.counted:
            return None
        response = self.response
        return ScoreChange(response.revision, response.accepted_at, self.actor, self.before.counted, self.counted)

    @property
    def claims_taken(self) -> tuple[Claim, ...]:
        """The identifiers that its sender claims anew, each to be pointed from."""
        return _without(claims_of(self.response), claims_of(self.before.response))

    @property
    def claims_given_up(self) -> tuple[Claim, ...]:
        """The identifiers that its sender claimed before, and no longer."""
        return _without(claims_of(self.before.response), claims_of(self.response))

    @property
    def items(self) -> int:
        """How many items it writes beside score documents: its own, pointers, and an entry of the audit trail."""
        return 1 + len(self.claims_taken) + len(self.claims_given_up) + (self.audited is not None)

    @property
    def weight(self) -> int:
        """More bytes than these items have."""
        weight = COPIES * len(self.content.encode()) + KEY_BYTES * self.items
        return weight if self.audited is None else weight + AUDIT_BYTES

    @property
    def documents(self) -> frozenset[ScoreKey]:
        """The score documents it changes; none, for instance, if only the comment is new."""
        if self.before.counted == self.counted:
            return frozenset()
        sides = (self.before.counted, self.counted)
        return frozenset(key for counted in sides if counted is not None for key in score_keys(counted))


class Transaction(NamedTuple):
    """Responses of one survey, and the net change of each score document they are counted in."""

    writes: tuple[Write, ...]
    deltas: Mapping[ScoreKey, ScoreDelta]

    def halves(self) -> tuple[Transaction, Transaction]:
        """The same in two, to find out which response the store refuses."""
        middle = len(self.writes) // 2
        return transaction(self.writes[:middle]), transaction(self.writes[middle:])


def rounds(submitted: Iterable[ResponseSubmitted]) -> Iterator[list[ResponseSubmitted]]:
    """A batch as rounds in which each response occurs once, for no item may be twice in a transaction.

    What has no condition is folded to its highest revision, the first of equals. A submission with a condition is a
    question of its own, and can neither stand for another nor be left out, so each has a round.
    """
    unconditional: dict[str, ResponseSubmitted] = {}
    conditional: dict[str, dict[str, ResponseSubmitted]] = {}
    for submission in submitted:
        response = submission.response
        if submission.expected_revision is not None:
            conditional.setdefault(response.response_id, {})[submission.model_dump_json()] = submission
            continue
        best = unconditional.get(response.response_id)
        if best is None or response.revision > best.response.revision:
            unconditional[response.response_id] = submission
    queues = [
        [
            *([unconditional[response_id]] if response_id in unconditional else []),
            *sorted(conditional.get(response_id, {}).values(), key=lambda submission: submission.response.revision),
        ]
        for response_id in {**unconditional, **conditional}
    ]
    for column in zip_longest(*queues):
        yield [submission for submission in column if submission is not None]


def must_read_first(submission: ResponseSubmitted) -> bool:
    """Whether something may well be stored of it, so that to assume the opposite would cost a cancelled transaction."""
    return submission.response.revision > 1 or bool(submission.expected_revision)


def judged(submission: ResponseSubmitted, stored: Stored) -> Outcome:
    """What should become of a submission, given what is stored; RECORDED means: write it.

    Who has a condition and finds exactly its own response stored has won before, and is told again by a redelivery.
    """
    response, expected = submission.response, submission.expected_revision
    if not stored.readable:
        return Outcome.POSTPONED
    if stored.erased:
        return Outcome.ERASED
    if stored.response is None:
        return Outcome.CONDITION_FAILED if expected else Outcome.RECORDED
    if response == stored.response:
        return Outcome.KNOWN
    if expected is not None and expected != stored.response.revision:
        return Outcome.CONDITION_FAILED
    if response.revision > stored.response.revision:
        return Outcome.RECORDED
    return Outcome.KNOWN if response.revision == stored.response.revision else Outcome.OUTDATED


def claims_of(response: Response | None) -> tuple[Claim, ...]:
    """The identifiers in a response that nobody has verified."""
    return response.claimed_person.claims if response is not None and response.claimed_person is not None else ()


def names_somebody(response: Response) -> bool:
    """Whether it is of somebody we know, or of somebody who says who they are."""
    return response.person_id is not None or response.claimed_person is not None


def is_of_the_erased(response: Response, erased: Erased) -> bool:
    """Whether it must not be stored, because it is of somebody who was erased."""
    return erased.covers(response.person_id, claims_of(response), response.answered_at)


def _without(claims: Iterable[Claim], others: Iterable[Claim]) -> tuple[Claim, ...]:
    dropped = set(others)
    return tuple(claim for claim in claims if claim not in dropped)


def repeated_properties(response: Response) -> set[str]:
    """The properties that stand in the breakdowns too: all that are counted by a declared value, or else none."""
    declared = from_properties(response.breakdowns)
    return set(declared) if declared.items() <= response.properties.items() else set()


SAID_BY_SENDER = ("ratings", "texts", "comment", "claimed_person", "subject", "properties", "test")
"""Fields of a response that its sender wrote; the others we stamped, and a repetition may have others."""


def contradicts(submission: ResponseSubmitted, stored: Response | None) -> bool:
    """Whether a sender says something else under a revision that is stored; what came first stays.

    A submission with a condition is no question here: who sends one is told by the API.
    """
    sent = submission.response
    if stored is None or submission.expected_revision is not None or sent.revision != stored.revision:
        return False
    return any(getattr(sent, name) != getattr(stored, name) for name in SAID_BY_SENDER)


def write(response: Response, before: Stored, actor: str | None = None) -> Write:
    """The write of a response over what stands under its id.

    Its content is without defaults, which must never change: what is left out here is read as the default of that day.
    And it is without the properties that its breakdowns repeat.
    """
    repeated = repeated_properties(response)
    left_out: Any = {**dict.fromkeys(BESIDE_CONTENT, True), **({"properties": repeated} if repeated else {})}
    content = response.model_dump_json(exclude=left_out, exclude_defaults=True)
    return Write(response, response.counted, content, before, actor)


def transaction(writes: Sequence[Write]) -> Transaction:
    """These writes as one transaction."""
    return Transaction(tuple(writes), score_deltas(write.change for write in writes))


def packed(writes: Iterable[Write]) -> list[Transaction]:
    """Writes as few transactions as the limits allow: one survey in each, its days together.

    Those counted in the same documents stand side by side, for each transaction pays for the documents it changes.
    """
    filled: list[list[Write]] = []
    survey, documents, items, size = "", set[ScoreKey](), 0, 0
    for each in sorted(writes, key=_place):
        items, size = items + each.items, size + each.weight
        documents |= each.documents
        if (
            not filled
            or each.response.survey_id != survey
            or items + len(documents) > MAX_ACTIONS
            or size + len(documents) * SCORE_DOCUMENT_BYTES > MAX_BYTES
        ):
            filled.append([])
            survey, documents, items, size = each.response.survey_id, set(each.documents), each.items, each.weight
        filled[-1].append(each)
    return [transaction(group) for group in filled]


def _place(each: Write) -> tuple[str, date, list[tuple[str, str]]]:
    response = each.response
    return response.survey_id, response.day, sorted(response.breakdowns.items())


def decisive(one: Recorded | None, other: Recorded) -> Recorded:
    """Of two outcomes of one response, the one that decides.

    What has to come again comes first, then what was recorded, then what is stored: who created an answer twice has two
    messages, of which only one can be the one stored, and what follows from it must not be forgotten for the other.
    """
    if one is None:
        return other
    order = (Outcome.POSTPONED, Outcome.INVALID, Outcome.RECORDED, Outcome.KNOWN, Outcome.OUTDATED)
    return min(other, one, key=lambda each: order.index(each.outcome) if each.outcome in order else len(order))
