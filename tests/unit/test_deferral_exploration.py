"""The same exploration with a night in it: a message is put off first, and its schedule may fire twice.

Who brings the message is told apart: the queue's own copy comes again until a worker has answered for it, and what the
schedules hold comes at their time, once or twice. Beside G1 to G4 it must hold that nothing is lost: when the queue's
copy is answered for and every schedule has fired, the message is not still waiting.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import pytest
from greenlet import greenlet

from functions.notify.deferring import Deferring
from functions.notify.service import LEASE
from shared.domain.messages import MessageState, Notification, Reason
from shared.domain.sending import Draft, PutOff
from shared.errors import TemporaryError
from tests.fakes.clock import NOON
from tests.fakes.messages import InMemoryMessages
from tests.fakes.providers import RecordingSchedules
from tests.fakes.wishes import draft
from tests.unit.test_notify_exploration import (
    WISH,
    WORKERS,
    Action,
    Died,
    Explored,
    Stepping,
    World,
)

OPENS_AT = NOON + timedelta(minutes=5)
MAX_FIRINGS = 2
EXPLORED_ELSEWHERE = {"swallow", "refuse for good", "echo", "tick"}
"""What makes no difference to a night; a lease runs out as the morning comes, which is later than that."""


class Night:
    """Quiet until five past noon."""

    def plan(self, notification: Notification, now: datetime) -> Draft | PutOff:
        return PutOff(OPENS_AT, Reason.QUIET_HOURS) if now < OPENS_AT else draft(notification)

    def by_email(self, notification: Notification, now: datetime, because: Reason) -> Draft:
        return draft(notification)


class SteppingSchedules(Stepping):
    """The scheduler, with a stop before each call."""

    def __getattr__(self, name: str) -> Any:
        def call(*args: Any) -> None:
            action = self._world.stop(self._worker, name)
            if action == "fail":
                raise TemporaryError("no schedule was made")
            getattr(self._world.schedules, name)(*args)  # type: ignore[attr-defined]
            if action == "lose":
                raise TemporaryError("a schedule was made, and the answer was lost")
            self._world.history[self._worker].append((name, args[0]))

        return call


class NightWorld(World):
    """One message at night: its queue, its schedules and its workers."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.schedules = RecordingSchedules()
        self.queued = 1
        self.firings: dict[str, int] = {}

    def planner(self) -> Any:
        return Night()

    def scheduler(self, worker: int) -> Any:
        return SteppingSchedules(self, worker)

    def actions(self) -> Iterator[Action]:
        for action in super().actions():
            if action.name not in EXPLORED_ELSEWHERE and (action.name != "deliver" or self.queued):
                yield action
        for worker in range(WORKERS):
            if self.at[worker] is None and self.firing() is not None:
                yield Action("fire", worker)
        if self.clock.now() < OPENS_AT and self.schedules.due:
            yield Action("morning")

    def firing(self) -> str | None:
        """A schedule whose time has come, and that has not fired as often as one may."""
        due = (name for name, (when, _) in self.schedules.due.items() if when <= self.clock.now())
        return next((name for name in due if self.firings.get(name, 0) < MAX_FIRINGS), None)

    def do(self, action: Action) -> None:
        if action.name == "morning":
            self.clock.advance(OPENS_AT - self.clock.now())
        elif action.name == "fire":
            self.fire(action.worker)
        elif action.name == "deliver":
            self.deliveries += 1
            self.start(action.worker)
        else:
            super().do(action)

    def fire(self, worker: int) -> None:
        """A schedule puts a copy of the message on the queue, and a worker gets it."""
        name = self.firing() or ""
        self.firings[name] = self.firings.get(name, 0) + 1
        self.queued += 1
        self.start(worker)

    def start(self, worker: int) -> None:
        self.queued -= 1
        self.history[worker] = []
        self.workers[worker] = greenlet(self._run)
        self._switch(worker, worker)

    def _run(self, worker: int) -> None:
        """A copy that its worker has not answered for comes again."""
        answered = False
        with suppress(Died, TemporaryError):
            self.service(worker).send(WISH)
            answered = True
        self.queued += not answered

    def situation(self) -> tuple[Any, ...]:
        message = self.message
        put_off = message.deferred_until if message else None
        fired = tuple(sorted(self.firings.items()))
        night = (self.clock.now() < OPENS_AT, self.queued, fired, tuple(self.schedules.due))
        return (*super().situation(), put_off, night)

    def quiet(self) -> str | None:
        """All come to rest; then only what is still under way brings the message: its queue, or its schedules."""
        for worker in range(WORKERS):
            if self.at[worker] is not None:
                self._switch(worker, "die")
        self.clock.advance(LEASE)
        for _ in range(10):
            if self.queued or self.firing() is not None:
                (self.start if self.queued else self.fire)(0)
                while self.at[0] is not None:
                    self._switch(0, "accept" if self.at[0] == "send" else "go")
            self.clock.advance(LEASE)
            if not self.queued and self.firing() is None and self.clock.now() < OPENS_AT:
                self.clock.advance(OPENS_AT - self.clock.now())
        message = self.message
        if message is None or not message.state.is_final:
            return f"G4: the message is left {message.state if message else 'unknown'}, and nothing brings it"
        if message.state is MessageState.AMBIGUOUS and self.accepted:
            self.echo()
        return self.broken()


def replayed(schedule: tuple[Action, ...], messages: type[InMemoryMessages]) -> NightWorld:
    world = NightWorld(messages())
    for action in schedule:
        world.do(action)
    return world


def explore(most: int, messages: type[InMemoryMessages] = InMemoryMessages) -> Explored:
    """As the exploration without a night, up to so many situations."""
    seen: set[Any] = set()
    waiting: list[tuple[Action, ...]] = [()]
    while waiting and len(seen) < most:
        schedule = waiting.pop(0)
        world = replayed(schedule, messages)
        situation = world.situation()
        if situation in seen:
            continue
        seen.add(situation)
        following = list(world.actions())
        broken = world.broken() or world.quiet()
        if broken:
            return Explored(len(seen), world.accepted, broken, schedule)
        waiting.extend((*schedule, action) for action in following)
    return Explored(len(seen), 1)


def test_what_is_put_off_is_neither_lost_nor_sent_twice() -> None:
    explored = explore(800)
    assert explored.broken is None, explored
    assert explored.situations == 800


@pytest.mark.slow
def test_what_is_put_off_is_neither_lost_nor_sent_twice_in_any_order() -> None:
    explored = explore(1_000_000)
    assert explored.broken is None, explored


class NoSchedule(Deferring):
    """Hopes that somebody will bring it again."""

    def put_off(self, notification: Notification, token: str, put_off: PutOff, now: datetime) -> MessageState:
        self._messages.defer(notification.message_id, token, put_off.until, put_off.reason)
        return MessageState.NEW


class ScheduleNotNeeded(Deferring):
    """Takes a schedule that was not made for one that was."""

    def put_off(self, notification: Notification, token: str, put_off: PutOff, now: datetime) -> MessageState:
        with suppress(TemporaryError):
            return super().put_off(notification, token, put_off, now)
        self._messages.defer(notification.message_id, token, put_off.until, put_off.reason)
        return MessageState.NEW


@pytest.mark.parametrize("fault", [NoSchedule, ScheduleNotNeeded])
def test_a_schedule_that_is_not_made_is_found(fault: type[Deferring], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("functions.notify.service.Deferring", fault)
    assert (explore(1000).broken or "").startswith("G4")


class ForgetsWhoseClaim(InMemoryMessages):
    """Lets a worker that comes late make new what another has sent."""

    def defer(self, message_id: str, token: str, until: datetime, because: Reason) -> bool:
        self._change(self.stored[message_id], state=MessageState.NEW, token=None, lease_until=None)
        return True


def test_a_claim_that_another_gives_back_is_found() -> None:
    assert (explore(5000, ForgetsWhoseClaim).broken or "").startswith("G")
