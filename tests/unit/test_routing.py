"""A van's day, told in any order, more than once, by workers who die: no count ever rises in silence."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from functions.delivery_status.routing import Routing
from shared.domain.deliveries import Delivery, DeliveryEvent, DeliveryRegistration, DeliveryStatus
from shared.domain.people import Recipient
from shared.domain.queued import PositionReported, RouteReported
from shared.domain.routes import LiveView, Place, PlannedStop, live_view
from shared.errors import TemporaryError
from tests.fakes.clock import NOON, FrozenClock
from tests.fakes.routes import InMemoryRoutes

PLACE = Place(latitude=52.5, longitude=13.4)
REGISTERED = DeliveryRegistration(
    carrier="own", recipient=Recipient(email="ada@example.com"), registered_at=NOON - timedelta(days=1)
)
MORE_THAN_TEN = 11


class WorkerDiedError(Exception):
    """A worker ran out of time in the middle of its work."""


class Estimates:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, datetime, datetime]] = []

    def estimate(self, delivery_id: str, estimated_at: datetime, learned_at: datetime) -> None:
        self.told.append((delivery_id, estimated_at, learned_at))


def parcel(delivery_id: str) -> Delivery:
    event = DeliveryEvent(event_id="loaded", status=DeliveryStatus.OUT_FOR_DELIVERY, occurred_at=NOON, learned_at=NOON)
    return Delivery(delivery_id=delivery_id, registration=REGISTERED, person_id="per_1", history=(event,), version=1)


def plan(order: str, revision: int, route_id: str = "van-7", at: datetime = NOON) -> RouteReported:
    stops = tuple(PlannedStop(delivery_id=id_, place=PLACE) for id_ in order)
    return RouteReported(route_id=route_id, stops=stops, revision=revision, planned_at=at)


def position(delivery_id: str, at: datetime) -> PositionReported:
    return PositionReported(delivery_id=delivery_id, place=PLACE, at=at, learned_at=at)


@dataclass
class House:
    """The consumer's part that follows vans, and what stands around it."""

    clock: FrozenClock = field(default_factory=FrozenClock)
    parcels: dict[str, Delivery] = field(default_factory=dict)
    estimates: Estimates = field(default_factory=Estimates)

    def __post_init__(self) -> None:
        self.routes = InMemoryRoutes(self.parcels)
        self.routing = Routing(self.routes, self.estimates, self.clock)

    def know(self, ids: str) -> None:
        self.parcels.update({id_: parcel(id_) for id_ in ids})

    def happens(self, delivery_id: str, status: DeliveryStatus, at: datetime = NOON) -> None:
        """What `DeliveryStatus.follow` does, then what follows from it; both again at each redelivery."""
        event = DeliveryEvent(event_id=f"{status}-{at.timestamp()}", status=status, occurred_at=at, learned_at=at)
        self.parcels[delivery_id] = self.parcels[delivery_id].with_event(event)
        self.routing.follow(self.parcels[delivery_id])

    def page(self, delivery_id: str) -> LiveView:
        delivery, route, van = self.routes.read(delivery_id)
        assert delivery is not None
        return live_view(delivery, route, van, self.clock.now())

    def ahead(self, delivery_id: str) -> int | None:
        """The count on a page, None if there is none."""
        van = self.page(delivery_id).van
        return None if van is None else MORE_THAN_TEN if van.ahead is None else van.ahead


@pytest.fixture
def house() -> House:
    house = House()
    house.know("abcdef")
    return house


def begin(house: House, order: str = "abcd") -> None:
    assert house.routing.plan(plan(order, 1))
    house.routing.see(position(order[0], NOON))


def test_the_count_falls_with_each_stop_and_the_van_is_gone_at_delivery(house: House) -> None:
    begin(house)
    assert [house.ahead(id_) for id_ in "abcd"] == [0, 1, 2, 3]
    house.happens("a", DeliveryStatus.DELIVERED)
    house.happens("b", DeliveryStatus.ATTEMPT_FAILED)
    assert [house.ahead(id_) for id_ in "abcd"] == [None, None, 0, 1]
    house.happens("d", DeliveryStatus.DELIVERED)
    assert house.ahead("c") == 0


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 1, 2), (3, 2, 1), (2, 3, 1), (1, 1, 3, 2, 3)])
def test_the_highest_revision_counts_whatever_the_order(house: House, order: tuple[int, ...]) -> None:
    plans = {1: "abcd", 2: "dcba", 3: "badc"}
    taken = [
        house.routing.plan(plan(plans[revision], revision, at=NOON + timedelta(minutes=revision))) for revision in order
    ]
    house.routing.see(position("a", NOON))
    assert [house.ahead(id_) for id_ in "badc"] == [0, 1, 2, 3]
    assert taken == [revision > max(order[:at], default=0) for at, revision in enumerate(order)]


def test_a_plan_leaves_out_what_was_done_before_it(house: House) -> None:
    house.happens("a", DeliveryStatus.DELIVERED)
    begin(house)
    assert house.ahead("b") == 0


def test_who_is_tried_again_waits_again_by_the_next_plan_only(house: House) -> None:
    begin(house)
    house.happens("a", DeliveryStatus.ATTEMPT_FAILED)
    house.happens("a", DeliveryStatus.OUT_FOR_DELIVERY, NOON + timedelta(minutes=1))
    assert (house.ahead("b"), house.ahead("a")) == (0, None)
    house.routing.plan(plan("abcd", 2, at=NOON + timedelta(minutes=1)))
    assert (house.ahead("b"), house.ahead("a")) == (1, 0)
    said = house.page("b").van
    assert said is not None and said.replanned is not None


def test_a_parcel_that_changes_vans_is_waited_for_by_the_new_ones_customers_only(house: House) -> None:
    begin(house)
    house.routing.plan(plan("eaf", 1, "van-8", at=NOON + timedelta(minutes=1)))
    house.routing.see(position("e", NOON))
    assert (house.ahead("b"), house.ahead("a"), house.ahead("f")) == (0, 1, 2)
    moved, at_home = house.page("a").van, house.page("f").van
    assert moved is not None and moved.replanned is not None
    assert at_home is not None and at_home.replanned is None
    house.happens("a", DeliveryStatus.DELIVERED)
    assert house.ahead("f") == 1


def test_a_parcel_that_comes_back_to_its_first_van_is_told_though_that_has_as_many_in_front_as_before(
    house: House,
) -> None:
    begin(house)
    house.routing.plan(plan("d", 1, "van-8", at=NOON + timedelta(minutes=1)))
    house.routing.see(position("d", NOON))
    assert house.ahead("d") == 0
    house.routing.plan(plan("abcd", 2, at=NOON + timedelta(minutes=2)))
    back = house.page("d").van
    assert back is not None and back.replanned is not None
    assert (back.ahead, back.replanned.at) == (3, NOON + timedelta(minutes=2))
    assert house.ahead("c") == 2


def test_an_older_plan_of_another_van_takes_no_parcel_away(house: House) -> None:
    house.routing.plan(plan("abc", 1, "van-8", at=NOON + timedelta(minutes=1)))
    assert house.routing.plan(plan("ad", 1, "van-7"))
    house.routing.see(position("b", NOON))
    house.routing.see(position("d", NOON))
    assert (house.ahead("a"), house.ahead("b"), house.ahead("d")) == (0, 1, 0)


def test_a_position_counts_for_the_whole_route_and_an_older_one_for_nothing(house: House) -> None:
    house.routing.plan(plan("abcd", 1))
    seen = house.routing.see(position("d", NOON))
    assert (seen.route_id, seen.changed) == ("van-7", True)
    assert not house.routing.see(position("a", NOON - timedelta(minutes=20))).changed
    assert house.ahead("c") == 2


def test_a_clock_that_is_ahead_keeps_no_position_fresh(house: House) -> None:
    house.routing.plan(plan("abcd", 1))
    ahead = position("a", NOON).model_copy(update={"at": NOON + timedelta(hours=23)})
    house.routing.see(ahead)
    house.clock.advance(timedelta(minutes=11))
    assert house.page("a").out_of_sight


def test_a_position_before_its_plan_is_not_kept_but_its_estimate_is(house: House) -> None:
    expected = NOON + timedelta(minutes=20)
    told = position("a", NOON).model_copy(update={"estimated_at": expected})
    assert house.routing.see(told).route_id is None
    assert house.estimates.told == [("a", expected, NOON)]
    assert house.routes.vans == {}


def test_of_somebody_erased_no_place_is_kept_and_nobody_waits_for_them(house: House) -> None:
    house.parcels["a"] = house.parcels["a"].without_person()
    begin(house, "ba")
    house.routing.plan(plan("abcd", 2, at=NOON + timedelta(minutes=1)))
    stored = house.routes.get("van-7").route
    assert stored is not None
    assert {stop.delivery_id: stop.place for stop in stored.stops} == {"a": None, **dict.fromkeys("bcd", PLACE)}
    assert house.routes.route_with("a") is None
    assert house.ahead("b") == 0


def interrupted(house: House, at: int, meanwhile: Callable[[], object]) -> Callable[[], None]:
    """Lets something else happen before the call of this number; what it calls itself is not counted."""
    calls = iter(range(10_000))

    def before_each() -> None:
        if next(calls) == at:
            house.routes.before_each = lambda: None
            meanwhile()
            house.routes.before_each = before_each

    return before_each


@pytest.mark.parametrize("at", range(12))
@pytest.mark.parametrize("is_first", [True, False])
def test_a_stop_that_is_done_at_any_moment_of_planning_is_not_in_front(house: House, at: int, is_first: bool) -> None:
    if not is_first:
        house.routing.plan(plan("dcba", 1))
    house.routes.before_each = interrupted(house, at, lambda: house.happens("a", DeliveryStatus.DELIVERED))
    house.routing.plan(plan("abcd", 2, at=NOON + timedelta(minutes=1)))
    house.routes.before_each = lambda: None
    house.routing.see(position("b", NOON))
    happened = house.parcels["a"].status is DeliveryStatus.DELIVERED
    assert house.ahead("b") == (0 if happened else 1)
    assert house.ahead("d") == (2 if happened else 3)
    assert happened or at > 3


@pytest.mark.parametrize("at", range(10))
@pytest.mark.parametrize("revisions", [(2, 3), (3, 2)])
def test_plans_that_are_kept_at_the_same_time_leave_the_highest(at: int, revisions: tuple[int, int]) -> None:
    house = House()
    house.know("abcd")
    slow, fast = (plan({2: "abcd", 3: "dcba"}[each], each, at=NOON + timedelta(minutes=each)) for each in revisions)
    house.routes.before_each = interrupted(house, at, lambda: house.routing.plan(fast))
    house.routing.plan(slow)
    house.routes.before_each = lambda: None
    house.routing.plan(fast)
    house.routing.see(position("a", NOON))
    assert [house.ahead(id_) for id_ in "dcba"] == [0, 1, 2, 3]


def test_who_keeps_losing_comes_again_later(house: House) -> None:
    numbers = iter(range(10_000))

    def meddle() -> None:
        house.routes.versions["van-7"] = next(numbers) + 1

    house.routes.before_each = meddle
    with pytest.raises(TemporaryError):
        house.routing.plan(plan("abcd", 1))


# A day by chance. The oracle counts from what was sent, and shares nothing with the code but the words.


@dataclass
class Shown:
    """What a page showed."""

    at: datetime
    ahead: int | None
    replanned_at: datetime | None
    out_of_sight: bool


class Day:
    """Vans, couriers, a queue that keeps no order, workers that die, and customers who look at their pages."""

    def __init__(self, seed: int, routes: int) -> None:
        self.chance = random.Random(seed)
        self.house = House()
        self.ids = "abcdefghijklmnopqr"[: self.chance.randint(2, 18)]
        self.house.know(self.ids)
        self.watched = self.ids[:7]
        self.route_ids = [f"van-{number}" for number in range(routes)]
        self.queue: list[Callable[[], object]] = []
        self.revisions = dict.fromkeys(self.route_ids, 0)
        self.sent: dict[tuple[str, int], str] = {}
        self.ended: dict[str, DeliveryStatus] = {}
        self.looks: dict[str, list[Shown]] = {id_: [] for id_ in self.ids}
        self.seen_at: datetime | None = None

    def happen(self, steps: int) -> None:
        deeds = [self.plan, self.ping, self.ping, self.ring, *[self.work] * 5, *[self.look] * 3]
        for _ in range(steps):
            self.house.clock.advance(timedelta(seconds=self.chance.choice((1, 1, 5, 30, 120))))
            self.chance.choice(deeds)()
        while self.queue:
            self.work()

    def plan(self) -> None:
        route_id = self.chance.choice(self.route_ids)
        self.revisions[route_id] += 1
        revision = self.revisions[route_id]
        order = "".join(self.chance.sample(self.ids, self.chance.randint(0, len(self.ids))))
        self.sent[route_id, revision] = order
        reported = plan(order, revision, route_id, at=self.house.clock.now())
        self.queue.append(lambda: self.house.routing.plan(reported))

    def ping(self) -> None:
        at = self.house.clock.now() - timedelta(minutes=self.chance.choice((0, 0, 0, 1, 9, 12, 40)))
        reported = position(self.chance.choice(self.ids), at)
        self.queue.append(lambda: self.house.routing.see(reported))

    def ring(self) -> None:
        delivery_id = self.chance.choice(self.ids)
        if delivery_id in self.ended:
            return
        status = self.chance.choice((DeliveryStatus.DELIVERED, DeliveryStatus.ATTEMPT_FAILED, DeliveryStatus.ARRIVING))
        if status is not DeliveryStatus.ARRIVING:
            self.ended[delivery_id] = status
        at = self.house.clock.now()
        self.queue.append(lambda: self.house.happens(delivery_id, status, at))

    def work(self) -> None:
        """A worker takes any message; it may die anywhere in it, and a message may come again after it was done."""
        if not self.queue:
            return
        message = self.queue.pop(self.chance.randrange(len(self.queue)))
        dies_at = self.chance.choice((None, None, *range(8)))
        calls = iter(range(10_000))

        def die() -> None:
            if next(calls) == dies_at:
                raise WorkerDiedError

        self.house.routes.before_each = die
        try:
            message()
        except WorkerDiedError:
            self.queue.append(message)
        else:
            if self.chance.random() < 0.1:
                self.queue.append(message)
        finally:
            self.house.routes.before_each = lambda: None

    def look(self) -> None:
        for delivery_id in self.watched:
            page, now = self.house.page(delivery_id), self.house.clock.now()
            replanned = page.van.replanned if page.van else None
            shown = Shown(now, self.house.ahead(delivery_id), replanned.at if replanned else None, page.out_of_sight)
            self.looks[delivery_id].append(shown)
            status = self.house.parcels[delivery_id].status
            if status in {DeliveryStatus.DELIVERED, DeliveryStatus.ATTEMPT_FAILED}:
                assert (page.van, page.out_of_sight) == (None, False)
            aboard = self.house.routes.boarded.get(delivery_id)
            van = self.house.routes.vans.get(aboard.route_id) if aboard else None
            if van is None or now - van.at > timedelta(minutes=10):
                assert page.van is None


def risings(looks: list[Shown]) -> Iterator[tuple[Shown, Shown]]:
    """Each pair of looks, with a count and one after the other, of which the later has more in front."""
    counted = [look for look in looks if look.ahead is not None]
    for before, after in pairwise(counted):
        assert before.ahead is not None and after.ahead is not None
        if after.ahead > before.ahead:
            yield before, after


SEEDS = range(60)


@pytest.mark.parametrize("routes", [1, 3])
def test_no_count_rises_but_by_a_plan_that_says_so(routes: int) -> None:
    rose = 0
    for seed in SEEDS:
        day = Day(seed, routes)
        day.happen(120)
        for delivery_id, looks in day.looks.items():
            for before, after in risings(looks):
                rose += 1
                told = f"seed {seed}, {delivery_id}: {before} then {after}"
                assert after.replanned_at is not None, told
                assert after.replanned_at != before.replanned_at, told
    assert rose > 15  # else it was too quiet a day to show anything


def test_when_all_is_heard_the_count_is_that_of_the_last_plan() -> None:
    counted = 0
    for seed in SEEDS:
        day = Day(seed, 1)
        day.happen(100)
        day.plan()
        day.happen(0)
        order = day.sent["van-0", day.revisions["van-0"]]
        if not order:
            continue
        day.house.routing.see(position(order[0], day.house.clock.now()))
        for at, delivery_id in enumerate(order):
            waiting = [other for other in order[:at] if other not in day.ended]
            expected = None if delivery_id in day.ended else min(len(waiting), MORE_THAN_TEN)
            assert day.house.ahead(delivery_id) == expected, (seed, delivery_id)
            counted += expected is not None
    assert counted > 100
