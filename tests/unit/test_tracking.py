"""Whoever comes first, a shop or a provider, and wherever a worker dies: what was told of a parcel is in its history.

Two workers run as greenlets that stop before each step, a call to the store. Every way of taking turns is tried in
which one interrupts the other at most twice; and many in which one dies at a step and its message comes again.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import chain, cycle, product
from typing import Any

import pytest
from greenlet import greenlet

from functions.delivery_status.service import Followed
from functions.delivery_status.tracking import Tracking
from shared.domain.deliveries import Delivery, DeliveryEvent, DeliveryRegistration, DeliveryStatus
from shared.domain.people import Recipient
from shared.domain.queued import DeliveryReported, TrackingReported
from shared.domain.tracking.parcels import NUMBER
from shared.domain.tracking.providers import Provider
from tests.fakes.clock import NOON, FrozenClock
from tests.fakes.deliveries import InMemoryDeliveries
from tests.fakes.tracked import InMemoryParcels

MAX_STEPS = 12
"""A worker takes no more."""
STATUSES = ("info_received", "in_transit", "out_for_delivery", "delivered")


class Died(BaseException):
    """A worker's process ended."""


class Reports:
    """Takes in reports as the service does, as far as the parcel goes."""

    def __init__(self, deliveries: InMemoryDeliveries) -> None:
        self._deliveries = deliveries

    def follow(self, reported: DeliveryReported) -> Followed:
        known = self._deliveries.get(reported.delivery_id) or Delivery(delivery_id=reported.delivery_id)
        delivery = known
        if reported.registration is not None:
            delivery = delivery.with_registration(reported.registration, "per_1")
        for event in reported.every_event:
            delivery = delivery.with_event(event)
        if delivery != known:
            assert self._deliveries.save(delivery, known.version)
        return Followed(delivery, changed=delivery != known, announced=0)


class Stepping:
    """A store with a stop before each call."""

    def __init__(self, store: Any, stop: Callable[[], None]) -> None:
        self._store = store
        self._stop = stop

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            self._stop()
            return getattr(self._store, name)(*args, **kwargs)

        return call


class World:
    """What is stored, and who works on it."""

    def __init__(self) -> None:
        self.deliveries = InMemoryDeliveries()
        self.parcels = InMemoryParcels(self.deliveries)

    def work(self, message: DeliveryReported | TrackingReported, stop: Callable[[], None] = lambda: None) -> None:
        """What the function does with a message."""
        reports = Stepping(Reports(self.deliveries), stop)
        parcels, deliveries = Stepping(self.parcels, stop), Stepping(self.deliveries, stop)
        tracking = Tracking(parcels, deliveries, reports, FrozenClock())
        if isinstance(message, TrackingReported):
            tracking.follow(message)
            return
        followed = reports.follow(message)
        if message.registration is not None:
            tracking.registered(followed, message.registration)

    def told(self, delivery_id: str = "order-1") -> list[str]:
        delivery = self.deliveries.get(delivery_id)
        return sorted(event.event_id for event in delivery.history) if delivery is not None else []


def event(number: int, provider: Provider = Provider.EASYPOST) -> DeliveryEvent:
    return DeliveryEvent(
        event_id=f"evt_{provider}_{number}",
        status=DeliveryStatus(STATUSES[number]),
        occurred_at=NOON - timedelta(hours=9 - number),
        learned_at=NOON,
        provider=provider,
    )


def webhook(*numbers: int, provider: Provider = Provider.EASYPOST, number: str = "PI1") -> TrackingReported:
    events = tuple(event(each, provider) for each in numbers)
    return TrackingReported(provider=provider, tracking_number=number, events=events)


def registration(number: str = "PI1", at: datetime = NOON, delivery_id: str = "order-1") -> DeliveryReported:
    return DeliveryReported(
        delivery_id=delivery_id,
        registration=DeliveryRegistration(
            carrier="dhl", tracking_number=number, recipient=Recipient(email="ada@example.com"), registered_at=at
        ),
    )


Messages = Sequence[DeliveryReported | TrackingReported]


def take_turns(
    before: Messages, at_once: Messages, turns: Iterable[int], death: tuple[int, int] | None = None
) -> tuple[World, list[int]]:
    """Let two workers take turns, then whoever is left; who dies has its message come again.

    Returns:
        What came of it, and how many steps each worker took.
    """
    world = World()
    for message in before:
        world.work(message)
    steps = [0] * len(at_once)
    main, died = greenlet.getcurrent(), []

    def started(worker: int) -> Any:
        def stop() -> None:
            if death == (worker, steps[worker]):
                raise Died
            steps[worker] += 1
            main.switch()

        def work() -> None:
            try:
                world.work(at_once[worker], stop)
            except Died:
                died.append(worker)

        return greenlet(work)

    workers = [started(worker) for worker in range(len(at_once))]
    for chosen in chain(turns, cycle(range(len(workers)))):
        alive = [worker for worker in workers if not worker.dead]
        if not alive:
            break
        (workers[chosen] if not workers[chosen].dead else alive[0]).switch()
    for worker in died:
        world.work(at_once[worker])
    return world, steps


def every_turn() -> Iterator[list[int]]:
    """Every way for two workers to take turns in which one interrupts the other at most twice."""
    for first in (0, 1):
        for until, then in product(range(MAX_STEPS + 1), repeat=2):
            yield [first] * until + [1 - first] * then + [first] * MAX_STEPS + [1 - first] * MAX_STEPS


CASES: dict[str, tuple[Messages, Messages, Messages]] = {
    "a registration and a webhook": ((), (registration(), webhook(0, 1)), ()),
    "a registration and a webhook after one that waits": ((webhook(0),), (registration(), webhook(1)), ()),
    "two webhooks before the registration": ((), (webhook(0, 1), webhook(0, 1, 2)), (registration(),)),
    "two providers before the registration": (
        (),
        (webhook(0), webhook(1, provider=Provider.AFTERSHIP)),
        (registration(),),
    ),
    "the same webhook twice, and the registration": ((webhook(0),), (webhook(0), registration()), ()),
    "a registration told twice, with a webhook waiting": ((webhook(0, 1),), (registration(), registration()), ()),
}


def events_of(messages: Messages) -> set[str]:
    return {each.event_id for message in messages if isinstance(message, TrackingReported) for each in message.events}


def judge(name: str, world: World) -> None:
    before, at_once, after = CASES[name]
    for message in after:
        world.work(message)
    assert world.told() == sorted(events_of((*before, *at_once)))
    # Under the number that the shop told us nothing waits any more.
    assert [kept for (under, _), kept in world.parcels.waiting.items() if under.kind == NUMBER] == []


@pytest.mark.parametrize("name", CASES)
def test_whoever_comes_first_and_however_they_take_turns_nothing_is_lost(name: str) -> None:
    before, at_once, _ = CASES[name]
    for turns in every_turn():
        world, steps = take_turns(before, at_once, turns)
        assert max(steps) <= MAX_STEPS
        judge(name, world)


@pytest.mark.parametrize("name", CASES)
def test_a_worker_that_dies_at_any_step_loses_nothing(name: str) -> None:
    before, at_once, _ = CASES[name]
    rng = random.Random(name)
    died = 0
    for worker in range(len(at_once)):
        for step in range(MAX_STEPS):
            for _ in range(8):
                turns = [rng.randrange(2) for _ in range(2 * MAX_STEPS)]
                world, steps = take_turns(before, at_once, turns, (worker, step))
                judge(name, world)
                died += steps[worker] == step
    assert died > 40
