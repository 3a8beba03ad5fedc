"""Every way in which two workers, a provider and their crashes can interleave over one message, on the real service.

The workers run as greenlets that stop before each step (each call to the store, and the call to the provider). From
each situation every continuation is tried: let a worker go on, kill it, fail its call before or after it had its
effect, let leases run out, deliver the message again, let the provider's receipt arrive. Situations met before are not
explored twice. What must hold in each of them:

    G1  at most one call is accepted by the provider
    G2  `sent` means that exactly one was
    G3  `new` and `claimed` mean that none was, so the message may be tried
    G4  whatever else it is, it says so: when all is quiet no message is left under way

The same is explored for a category whose ambiguous messages go once more. Of those that do, G1 to G3 say: at most two
calls are accepted; `sent` means that at least one was; and they go only from `ambiguous`, 15 minutes after an attempt
whose receipt has not come, once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import pytest
from greenlet import greenlet

from functions.message_receipts.service import MessageReceipts
from functions.notify.service import LEASE, RESEND_AFTER, Notify
from shared.domain.messages import Category, Channel, MessageState, Notification, Reason
from shared.domain.sending import (
    Accepted,
    Attempt,
    Draft,
    Fence,
    Message,
    NoAnswer,
    Receipt,
    ReceiptKind,
    RefusedForGood,
    RefusedForNow,
)
from shared.errors import TemporaryError
from tests.fakes.clock import NOON, CountingIds, FrozenClock
from tests.fakes.messages import InMemoryBounces, InMemoryMessages, InMemoryReceipts
from tests.fakes.notify import OnlyRequests
from tests.fakes.providers import RecordingSchedules, Unhurried
from tests.fakes.wishes import draft, wish

WORKERS = 2
MAX_TICKS = 2
WISH = wish(expires_at=NOON + timedelta(days=2))
PROMISED_WAIT = timedelta(minutes=15)


class Died(BaseException):
    """A worker's process ended."""


class Action(NamedTuple):
    name: str
    worker: int = 0


STORE_ACTIONS = ("go", "die", "fail", "lose")
PROVIDER_ACTIONS = ("accept", "accept silently", "swallow", "refuse for now", "refuse for good", "die")


class Stepping:
    """The store, with a stop before each call."""

    def __init__(self, world: World, worker: int) -> None:
        self._world = world
        self._worker = worker

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            action = self._world.stop(self._worker, name)
            if action == "fail":
                raise TemporaryError("the store did not take it")
            before = self._world.message
            result = getattr(self._world.messages, name)(*args, **kwargs)
            if name == "again" and result:
                self._world.goes_again(before)
            if action == "lose":
                raise TemporaryError("the store took it, and the answer was lost")
            seen = (result.state, result.token) if isinstance(result, Message) else result
            self._world.history[self._worker].append((name, seen))
            return result

        return call


class Provider:
    """A provider that answers as the explorer says."""

    def __init__(self, world: World, worker: int) -> None:
        self._world = world
        self._worker = worker

    def send(self, request: Any, now: datetime | None = None) -> Attempt:
        action = self._world.stop(self._worker, "send")
        answers: dict[str, Attempt] = {
            "accept": Accepted("provider-1"),
            "accept silently": NoAnswer("ReadTimeoutError"),
            "swallow": NoAnswer("ReadTimeoutError"),
            "refuse for now": RefusedForNow("TooManyRequestsException"),
            "refuse for good": RefusedForGood(Reason.REJECTED, "MessageRejected"),
        }
        if action.startswith("accept"):
            self._world.accepted += 1
        self._world.history[self._worker].append((action, None))
        return answers[action]


class FixedPlan:
    """Renders the same each time; what rendering decides is tested elsewhere."""

    def plan(self, notification: Notification, now: datetime) -> Draft:
        return draft(notification)

    def by_email(self, notification: Notification, now: datetime, because: Reason) -> Draft:
        return draft(notification)


@dataclass
class World:
    """One message, its workers, and how far they have come."""

    messages: InMemoryMessages
    resends: bool = False
    most_deliveries: int = 3
    accepted: int = 0
    went_again: int = 0
    went_wrong: str | None = None
    deliveries: int = 0
    ticks: int = 0
    echoed: bool = False
    at: list[str | None] = field(default_factory=lambda: [None] * WORKERS)
    history: list[list[Any]] = field(default_factory=lambda: [[] for _ in range(WORKERS)])
    workers: list[greenlet | None] = field(default_factory=lambda: [None] * WORKERS)

    def __post_init__(self) -> None:
        self.clock = FrozenClock()
        self.ids = CountingIds()
        self.receipts = MessageReceipts(InMemoryReceipts(self.messages), InMemoryBounces())

    def stop(self, worker: int, where: str) -> str:
        self.at[worker] = where
        action: str = greenlet.getcurrent().parent.switch()
        if action == "die":
            raise Died
        return action

    def service(self, worker: int) -> Notify:
        provider: Any = Provider(self, worker)
        store: Any = Stepping(self, worker)
        return Notify(
            messages=store,
            opt_outs=self.messages,
            requests=OnlyRequests(),
            planner=self.planner(),
            email=provider,
            sms=provider,
            pace=Unhurried(),
            schedules=self.scheduler(worker),
            clock=self.clock,
            ids=self.ids,
            alerts_per_hour=10,
            resend=set(Category) if self.resends else (),
        )

    def planner(self) -> Any:
        return FixedPlan()

    def scheduler(self, worker: int) -> Any:
        return RecordingSchedules()

    def goes_again(self, before: Message | None) -> None:
        """Hold the moment in which a message is made new once more against what was promised of it."""
        self.went_again += 1
        waited = before and before.attempted_at and self.clock.now() - before.attempted_at >= PROMISED_WAIT
        if before is None or before.state is not MessageState.AMBIGUOUS or not waited:
            self.went_wrong = f"G1: it went again from {before}"
        elif self.echoed:
            self.went_wrong = "G1: it went again although its receipt had come"

    def actions(self) -> Iterator[Action]:
        for worker in range(WORKERS):
            where = self.at[worker]
            if where is None:
                if self.deliveries < self.most_deliveries:
                    yield Action("deliver", worker)
            else:
                for name in PROVIDER_ACTIONS if where == "send" else STORE_ACTIONS:
                    yield Action(name, worker)
        if self.ticks < MAX_TICKS:
            yield Action("tick")
        if self.accepted and not self.echoed:
            yield Action("echo")

    def do(self, action: Action) -> None:
        if action.name == "tick":
            self.ticks += 1
            self.clock.advance(self.tick)
        elif action.name == "echo":
            self.echoed = True
            self.echo()
        elif action.name == "deliver":
            self.deliveries += 1
            self.history[action.worker] = []
            self.workers[action.worker] = greenlet(self._run)
            self._switch(action.worker, action.worker)
        else:
            self._switch(action.worker, action.name)

    @property
    def tick(self) -> timedelta:
        """How far time jumps: over a lease; where messages go again, over the wait for a receipt too."""
        return RESEND_AFTER if self.resends else LEASE

    def echo(self) -> None:
        kind, at = ReceiptKind.ACCEPTED, self.clock.now()
        self.receipts.take(
            Receipt(message_id=WISH.message_id, channel=Channel.EMAIL, kind=kind, provider_id="provider-1", at=at)
        )

    def _run(self, worker: int) -> None:
        with suppress(Died, TemporaryError):
            self.service(worker).send(WISH)

    def _switch(self, worker: int, value: Any) -> None:
        running = self.workers[worker]
        assert running is not None
        running.switch(value)
        if running.dead:
            self.at[worker] = None
            self.history[worker] = []

    @property
    def message(self) -> Message | None:
        return self.messages.get(WISH.message_id)

    def situation(self) -> tuple[Any, ...]:
        """All that can make a difference to what happens next."""
        message = self.message
        stored = (message.state, message.token, message.lease_until, message.provider_id) if message else None
        again = (message.attempted_at, message.resent) if message and self.resends else None
        workers = tuple((self.at[worker], tuple(self.history[worker])) for worker in range(WORKERS))
        return (stored, again, workers, self.accepted, self.deliveries, self.ticks, self.echoed, self.went_again)

    def broken(self) -> str | None:
        """The promise that does not hold."""
        state = self.message.state if self.message else MessageState.NEW
        if self.went_wrong or self.went_again > 1:
            return self.went_wrong or "G1: it went again twice"
        if self.accepted > 1 + self.went_again:
            return f"G1: {self.accepted} calls accepted"
        if state is MessageState.SENT and not 1 <= self.accepted <= 1 + self.went_again:
            return f"G2: sent, and {self.accepted} calls were accepted"
        unsent = {MessageState.FAILED} | (set() if self.went_again else {MessageState.NEW, MessageState.CLAIMED})
        if state in unsent and self.accepted:
            return f"G3: {state}, and it was accepted"
        return None

    def quiet(self) -> str | None:
        """What is wrong when everything has come to rest: workers gone, the queue's message delivered until done."""
        for worker in range(WORKERS):
            if self.at[worker] is not None:
                self._switch(worker, "die")
        for _ in range(3):
            self.clock.advance(self.tick)
            self.workers[0] = greenlet(self._run)
            self._switch(0, 0)
            while self.at[0] is not None:
                self._switch(0, "accept" if self.at[0] == "send" else "go")
        message = self.message
        if message is None or not message.state.is_final:
            return "G4: a message is left under way"
        if message.state is MessageState.AMBIGUOUS and self.accepted:
            self.echo()
            assert self.message is not None
            if self.message.state is not MessageState.SENT:
                return "G4: a receipt does not settle what is ambiguous"
        return self.broken()


def replayed(make: Callable[[], World], schedule: tuple[Action, ...]) -> World:
    world = make()
    for action in schedule:
        world.do(action)
    return world


class Explored(NamedTuple):
    situations: int
    most_accepted: int
    broken: str | None = None
    schedule: tuple[Action, ...] = ()


def explore(make: Callable[[], InMemoryMessages], *, resends: bool = False, deliveries: int = 3) -> Explored:
    seen, most = set(), 0
    waiting: list[tuple[Action, ...]] = [()]
    while waiting:
        schedule = waiting.pop()
        world = replayed(lambda: World(make(), resends, deliveries), schedule)
        situation = world.situation()
        if situation in seen:
            continue
        seen.add(situation)
        following = list(world.actions())
        most = max(most, world.accepted)
        broken = world.broken() or world.quiet()
        if broken:
            return Explored(len(seen), most, broken, schedule)
        waiting.extend((*schedule, action) for action in following)
    return Explored(len(seen), most)


def test_no_interleaving_sends_twice_or_forgets() -> None:
    explored = explore(InMemoryMessages)
    assert explored.broken is None, explored
    assert explored.situations > 1_000
    assert explored.most_accepted == 1


@pytest.mark.parametrize("deliveries", [2, pytest.param(3, marks=pytest.mark.slow)])
def test_where_it_had_better_arrive_twice_than_never_it_goes_once_more_and_only_when_nobody_knows(
    deliveries: int,
) -> None:
    explored = explore(InMemoryMessages, resends=True, deliveries=deliveries)
    assert explored.broken is None, explored
    assert explored.most_accepted == 2, "which is the price, and must be seen to be paid"


class WithoutFence(InMemoryMessages):
    """Sends, then marks: what is claimed is sent, and only the result is written."""

    def fence(self, draft: Draft, token: str, *args: Any, **kwargs: Any) -> Fence:
        return Fence.PASSED

    def settle(self, message_id: str, token: str, state: MessageState, now: datetime, **changes: Any) -> bool:
        self._change(self.stored[message_id], state=state, **changes)
        return True


class StealsAttempts(InMemoryMessages):
    """Takes an attempt whose lease is over for one that was never made."""

    def claim(self, notification: Notification, token: str, now: datetime, lease_until: datetime) -> Message:
        known = self.get(notification.message_id)
        if known and known.state is MessageState.ATTEMPTING and known.lease_until and known.lease_until <= now:
            self._change(known, state=MessageState.CLAIMED)
        return super().claim(notification, token, now, lease_until)


class ForgetsToken(InMemoryMessages):
    """Lets whoever comes pass the fence, also a worker whose lease was taken over."""

    def fence(self, draft: Draft, token: str, *args: Any, **kwargs: Any) -> Fence:
        known = self.stored[draft.request.message_id]
        if known.state in {MessageState.CLAIMED, MessageState.ATTEMPTING}:
            self._change(known, state=MessageState.CLAIMED, token=token)
        return super().fence(draft, token, *args, **kwargs)


class ReleasesSilence(InMemoryMessages):
    """Takes no answer for a refusal."""

    def settle(self, message_id: str, token: str, state: MessageState, now: datetime, **changes: Any) -> bool:
        if state is MessageState.AMBIGUOUS:
            return self.release(message_id, token)
        return super().settle(message_id, token, state, now, **changes)


@pytest.mark.parametrize("fault", [WithoutFence, StealsAttempts, ForgetsToken, ReleasesSilence])
def test_a_planted_fault_is_found(fault: type[InMemoryMessages]) -> None:
    assert (explore(fault).broken or "").startswith("G")


class GoesAgainAndAgain(InMemoryMessages):
    """Forgets that a message went once more already."""

    def again(self, message: Message) -> bool:
        went = super().again(message.model_copy(update={"resent": False}))
        if went:
            self._change(self.stored[message.notification.message_id], resent=False)
        return went


class GoesAgainUnasked(InMemoryMessages):
    """Makes a message new that its receipt settled in the meantime."""

    def again(self, message: Message) -> bool:
        self._change(self.stored[message.notification.message_id], state=MessageState.NEW, resent=True, token=None)
        return True


class FailsForGood(InMemoryMessages):
    """Takes a refusal of the second attempt for the end of the first one too."""

    def settle(self, message_id: str, token: str, state: MessageState, now: datetime, **changes: Any) -> bool:
        reason = changes.get("reason")
        return super().settle(message_id, token, MessageState.FAILED if reason else state, now, **changes)


@pytest.mark.parametrize(
    "fault", [WithoutFence, StealsAttempts, ReleasesSilence, GoesAgainAndAgain, GoesAgainUnasked, FailsForGood]
)
def test_a_planted_fault_is_found_where_messages_go_again(fault: type[InMemoryMessages]) -> None:
    assert (explore(fault, resends=True).broken or "").startswith("G")


def test_to_go_again_too_soon_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("functions.notify.service.RESEND_AFTER", LEASE)
    monkeypatch.setattr(World, "tick", LEASE)
    assert "went again from" in (explore(InMemoryMessages, resends=True).broken or "")
