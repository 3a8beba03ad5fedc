"""The promise ledger: every window a customer was told, and what became of it.

A promise never changes. What became of it is decided by the delivery's own fact alone (when it was handed over, or how
else it ended), so whoever computes it again gets the same. A fact that is corrected writes a verdict that supersedes
the earlier one; both stay.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, Self
from zoneinfo import ZoneInfo

from pydantic import model_validator

from shared.domain.base import Frozen, Identifier, Instant, digest, iso

MAX_PROMISES = 50
"""Windows kept of one delivery; who tells a customer more of them promises nothing."""
MAX_VERDICTS = 100
"""Verdicts kept of one delivery, the newest: those that stand are always among them."""


class Window(Frozen):
    """A span of time a customer is told; half-open."""

    start: Instant
    end: Instant

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.end <= self.start:
            raise ValueError("end must be after start")
        return self


class Promise(Frozen):
    """A window that a customer was told.

    Args:
        window: The window; the same one told again is the same promise.
        told_at: When it was told first.
        told_last_at: When it was told last.
        by_customer: Whether the customer chose it themselves, in place of the ones before.
    """

    window: Window
    told_at: Instant
    told_last_at: Instant
    by_customer: bool = False

    @property
    def promise_id(self) -> str:
        """Names it among the promises of its delivery."""
        return digest(iso(self.window.start), iso(self.window.end))[:16]


class Outcome(StrEnum):
    """What became of a promise."""

    KEPT = "kept"  # delivered within the window, its start included, its end not
    EARLY = "early"  # delivered before it began: nobody may have been there
    LATE = "late"  # delivered when it was over
    BROKEN = "broken"  # never delivered: sent back, cancelled, expired
    RELEASED = "released"  # the customer chose another window; counts as neither kept nor broken
    OPEN = "open"  # a fact that was corrected decides nothing any more


class Verdict(Frozen):
    """What became of one promise, by one fact.

    Args:
        promise_id: Which promise.
        outcome: What became of it.
        by_seconds: By how much it was missed; 0 when kept, and where nothing was delivered.
        event_id: The event that decided it; None for a promise that is open again.
        decided_at: When we computed it.
    """

    promise_id: Identifier
    outcome: Outcome
    by_seconds: int = 0
    event_id: Identifier | None = None
    decided_at: Instant


class Fact(NamedTuple):
    """How a delivery ended.

    Args:
        event_id: The event that says so.
        at: When it happened.
        delivered: Whether the parcel was handed over; otherwise it never will be.
    """

    event_id: str
    at: datetime
    delivered: bool


class Counted(Frozen):
    """What one verdict counts as in the ledger.

    Args:
        week: The ISO week in which the promised window ends, where the parcel goes: `2026-W48`.
        carrier: Who was to bring it.
        region: Where it was to go; empty if nobody said.
        outcome: What became of it.
        late_seconds: How late it was, 0 if it was not.
    """

    week: str
    carrier: Identifier
    region: str
    outcome: Outcome
    late_seconds: int = 0


class LedgerChange(NamedTuple):
    """What is added to one document of the ledger: how often each outcome, and seconds of lateness."""

    week: str
    carrier: str
    region: str
    outcomes: dict[Outcome, int]
    late_seconds: int


def with_promise(
    promises: Sequence[Promise], window: Window, told_at: datetime, *, by_customer: bool
) -> tuple[Promise, ...]:
    """The promises after one more telling, in the order in which they were told first; whatever order tellings come in.

    Of more than 50 the oldest go.
    """
    told = Promise(window=window, told_at=told_at, told_last_at=told_at, by_customer=by_customer)
    same = next((promise for promise in promises if promise.window == window), None)
    if same is not None:
        told = Promise(
            window=window,
            told_at=min(same.told_at, told_at),
            told_last_at=max(same.told_last_at, told_at),
            by_customer=same.by_customer or by_customer,
        )
    others = [promise for promise in promises if promise.window != window]
    return tuple(sorted([*others, told], key=lambda promise: (promise.told_at, promise.promise_id))[-MAX_PROMISES:])


def is_released(promise: Promise, promises: Iterable[Promise]) -> bool:
    """Whether the customer chose another window after this one was told them last."""
    return any(other.by_customer and other.told_at > promise.told_last_at for other in promises)


def verdict_of(promise: Promise, promises: Iterable[Promise], fact: Fact, decided_at: datetime) -> Verdict:
    """What a fact makes of a promise."""
    window, by = promise.window, timedelta(0)
    if is_released(promise, promises):
        outcome = Outcome.RELEASED
    elif not fact.delivered:
        outcome = Outcome.BROKEN
    elif fact.at < window.start:
        outcome, by = Outcome.EARLY, window.start - fact.at
    elif fact.at >= window.end:
        outcome, by = Outcome.LATE, fact.at - window.end
    else:
        outcome = Outcome.KEPT
    return Verdict(
        promise_id=promise.promise_id,
        outcome=outcome,
        by_seconds=int(by.total_seconds()),
        event_id=fact.event_id,
        decided_at=decided_at,
    )


def standing(verdicts: Iterable[Verdict]) -> dict[str, Verdict]:
    """The verdict that stands for each promise: the last one written."""
    return {verdict.promise_id: verdict for verdict in verdicts}


def judged(
    verdicts: Sequence[Verdict], promises: Sequence[Promise], fact: Fact | None, now: datetime
) -> tuple[Verdict, ...]:
    """The verdicts after a look at the fact: one more for each promise of which it says something else than stands.

    Args:
        verdicts: Those written so far.
        promises: What was promised.
        fact: How the delivery ended, None while it has not.
        now: When this is computed.
    """
    stands, written = standing(verdicts), list(verdicts)
    for promise in promises:
        before = stands.get(promise.promise_id)
        if fact is not None:
            after = verdict_of(promise, promises, fact, now)
        elif before is not None:
            after = Verdict(promise_id=promise.promise_id, outcome=Outcome.OPEN, decided_at=now)
        else:
            continue
        if before is None or before.model_copy(update={"decided_at": now}) != after:
            written.append(after)
    while len(written) > MAX_VERDICTS:
        stands = standing(written)
        written.remove(next((each for each in written if stands[each.promise_id] is not each), written[0]))
    return tuple(written)


def week_of(promise: Promise, zone: str) -> str:
    """The ISO week in which a promised window ends: `2026-W48`; a window that ends at midnight ends the day before."""
    last_moment = promise.window.end.astimezone(ZoneInfo(zone)) - timedelta(microseconds=1)
    year, week, _ = last_moment.isocalendar()
    return f"{year:04d}-W{week:02d}"


def ledger_changes(before: Iterable[Counted], after: Iterable[Counted]) -> list[LedgerChange]:
    """What has to be added to the ledger so that it counts `after` in place of `before`; nothing where they agree."""
    counts: Counter[Counted] = Counter(after)
    counts.subtract(Counter(before))
    changes: dict[tuple[str, str, str], LedgerChange] = {}
    for counted, times in counts.items():
        if not times:
            continue
        key = (counted.week, counted.carrier, counted.region)
        outcomes, late = (changes[key].outcomes, changes[key].late_seconds) if key in changes else ({}, 0)
        outcomes[counted.outcome] = outcomes.get(counted.outcome, 0) + times
        changes[key] = LedgerChange(*key, outcomes, late + times * counted.late_seconds)
    return [change for change in changes.values() if any(change.outcomes.values()) or change.late_seconds]
