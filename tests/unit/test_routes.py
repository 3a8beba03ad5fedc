"""What a customer sees of the van: by a pure rule, and nothing of anybody else."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.deliveries import Delivery, DeliveryEvent, DeliveryReason, DeliveryRegistration, DeliveryStatus
from shared.domain.people import Recipient
from shared.domain.promises import Window
from shared.domain.routes import (
    COUNTED_UP_TO,
    MAX_STEPS_TOLD,
    Distance,
    LiveView,
    Place,
    Plan,
    PlannedStop,
    Replanned,
    ReplanReason,
    Route,
    Stop,
    VanPosition,
    is_told,
    live_view,
    planned,
    stop_is_done,
)
from tests.fakes.clock import NOON

HOME = Place(latitude=52.52, longitude=13.4)
MINE = "mine"


def parcel(*statuses: DeliveryStatus, reason: DeliveryReason | None = None, **changes: Any) -> Delivery:
    """A parcel of ours after it was in these statuses, a minute each, the last one now."""
    events = tuple(
        DeliveryEvent(
            event_id=f"event-{number}",
            status=status,
            reason=reason if number == len(statuses) - 1 else None,
            occurred_at=NOON - timedelta(minutes=len(statuses) - 1 - number),
            learned_at=NOON,
        )
        for number, status in enumerate(statuses)
    )
    registration = DeliveryRegistration(
        carrier="own",
        recipient=Recipient(email="ada@example.com", name="Ada Lovelace"),
        promise=Window(start=NOON, end=NOON + timedelta(hours=2)),
        time_zone="Europe/Berlin",
        registered_at=NOON - timedelta(days=2),
    )
    return Delivery(
        delivery_id=MINE, registration=registration, person_id="per_1", history=events, version=1, **changes
    )


UNDER_WAY = parcel(DeliveryStatus.IN_TRANSIT, DeliveryStatus.OUT_FOR_DELIVERY)


def route(ahead: int, done: int = 0, behind: int = 2, place: Place | None = HOME, **changes: Any) -> Route:
    """A route with so many stops in front of ours, and before those so many that are done."""
    before = [f"done-{number}" for number in range(done)]
    stops = [*before, *(f"ahead-{number}" for number in range(ahead)), MINE, *(f"behind-{n}" for n in range(behind))]
    return Route(
        route_id="van-7",
        revision=1,
        planned_at=NOON - timedelta(hours=3),
        stops=tuple(Stop(delivery_id=stop, place=place if stop == MINE else None) for stop in stops),
        done=frozenset(before),
        **changes,
    )


def van(age: timedelta = timedelta(minutes=1), place: Place = HOME) -> VanPosition:
    return VanPosition(place=place, at=NOON - age)


def seen(
    delivery: Delivery = UNDER_WAY, by: Route | None = None, where: VanPosition | None = None, ahead: int = 3
) -> LiveView:
    return live_view(delivery, by or route(ahead), where or van(), NOON)


def test_customers_in_front_are_the_stops_before_mine_that_are_not_done() -> None:
    view = seen(by=route(ahead=3, done=5))
    assert view.van is not None
    assert view.van.ahead == 3


@pytest.mark.parametrize("ahead", range(COUNTED_UP_TO + 5))
def test_the_count_is_told_up_to_ten_and_the_picture_tells_nothing_else(ahead: int) -> None:
    view = seen(by=route(ahead=ahead, done=4))
    assert view.van is not None
    assert view.van.ahead == (ahead if ahead <= 10 else None)
    assert view.van.tenths == seen(by=route(ahead=ahead, done=0)).van.tenths  # type: ignore[union-attr]
    assert view.van.tenths == max(0, 9 - ahead)


@pytest.mark.parametrize("status", DeliveryStatus)
def test_only_a_parcel_in_the_van_shows_the_van(status: DeliveryStatus) -> None:
    view = seen(parcel(status))
    assert (view.van is not None) == (status in {DeliveryStatus.OUT_FOR_DELIVERY, DeliveryStatus.ARRIVING})
    assert not view.out_of_sight


def test_no_stops_are_shown_after_the_parcel_was_handed_over() -> None:
    """What customers of a large carrier complained of in public: "several stops before you", the parcel in hand."""
    handed_over = UNDER_WAY.with_event(
        DeliveryEvent(
            event_id="handed-over",
            status=DeliveryStatus.DELIVERED,
            occurred_at=NOON,
            learned_at=NOON,
        )
    )
    for ahead in (0, 3, 30):
        before, after = seen(by=route(ahead)), seen(handed_over, by=route(ahead))
        assert before.van is not None
        assert (after.van, after.out_of_sight, after.estimated_at, after.window) == (None, False, None, None)


@pytest.mark.parametrize(("age", "shown"), [(0, True), (600, True), (601, False), (86_400, False)])
def test_a_van_that_was_not_seen_for_ten_minutes_is_not_shown(age: int, shown: bool) -> None:
    view = seen(where=van(timedelta(seconds=age)))
    assert (view.van is not None, view.out_of_sight) == (shown, not shown)


def test_a_van_that_nobody_saw_is_out_of_sight_and_a_carrier_without_one_is_not() -> None:
    assert live_view(UNDER_WAY, route(3), None, NOON).out_of_sight
    assert not live_view(UNDER_WAY, None, None, NOON).out_of_sight
    elsewhere = route(3).model_copy(update={"stops": ()})
    assert live_view(UNDER_WAY, elsewhere, van(), NOON) == live_view(UNDER_WAY, None, None, NOON)


def test_a_van_that_was_at_my_door_already_is_not_shown_until_a_plan_brings_it_back() -> None:
    passed = route(3).model_copy(update={"done": frozenset({MINE})})
    assert (seen(by=passed).van, seen(by=passed).out_of_sight) == (None, False)


@pytest.mark.parametrize(
    ("kilometres", "told"),
    [
        (0.0, Distance.NEAR),
        (0.8, Distance.NEAR),
        (1.2, Distance.ABOUT_2_KM),
        (2.8, Distance.ABOUT_2_KM),
        (3.2, Distance.ABOUT_5_KM),
        (6.8, Distance.ABOUT_5_KM),
        (7.2, Distance.FAR),
        (5000.0, Distance.FAR),
    ],
)
def test_the_distance_is_told_in_steps(kilometres: float, told: Distance) -> None:
    north = HOME.model_copy(update={"latitude": HOME.latitude + kilometres / 111.195})
    view = seen(by=route(0), where=van(place=north))
    assert view.van is not None
    assert view.van.distance is told


def test_a_distance_is_that_of_the_ground() -> None:
    berlin, hamburg = Place(latitude=52.52, longitude=13.405), Place(latitude=53.551, longitude=9.994)
    assert berlin.kilometres_to(hamburg) == pytest.approx(255.25, abs=0.5)  # as geodesists have it
    poles = Place(latitude=90, longitude=0), Place(latitude=-90, longitude=0)
    assert poles[0].kilometres_to(poles[1]) == pytest.approx(20_015, abs=1)


def test_the_distance_is_told_only_to_who_is_next() -> None:
    """While others are in front, the van stands at their doors: how far that is would be how far they live."""
    for ahead in range(1, 12):
        view = seen(by=route(ahead))
        assert view.van is not None
        assert view.van.distance is None
    without = seen(by=route(0, place=None))
    assert without.van is not None
    assert without.van.distance is None


def test_coordinates_are_kept_to_about_a_hundred_metres() -> None:
    assert Place(latitude=52.5170365, longitude=-13.3888599) == Place(latitude=52.517, longitude=-13.389)


def test_a_delay_does_not_end_a_stop_and_a_refusal_does() -> None:
    ended = {
        *((status, None) for status in ("attempt_failed", "delivered", "returning", "returned", "cancelled")),
        *((status, None) for status in ("expired", "available_for_pickup")),
        *(
            ("exception", reason)
            for reason in ("not_home", "business_closed", "refused", "damaged", "lost", "held", "address")
        ),
        *(("exception", reason) for reason in ("customs", "payment_due", "documents")),
    }
    found = {
        (status.value, reason.value if reason else None)
        for status in DeliveryStatus
        for reason in (None, *DeliveryReason)
        if stop_is_done(status, reason) and (reason is None or status is DeliveryStatus.EXCEPTION)
    }
    assert found == ended


class TestReplanning:
    """Where a plan puts more customers in front of somebody, their page says so."""

    FIRST = Plan("van-7", 1, NOON, tuple(PlannedStop(delivery_id=id_) for id_ in "abcd"))

    def first(self) -> Route:
        return planned(self.FIRST, None, done=(), known=(), moved=())

    def then(
        self, order: str, done: str = "", known: str = "abcd", moved: str = "", minutes: int = 5
    ) -> dict[str, Any]:
        at = NOON + timedelta(minutes=minutes)
        plan = Plan("van-7", 2, at, tuple(PlannedStop(delivery_id=id_) for id_ in order), ReplanReason.TRAFFIC)
        after = planned(plan, self.first(), done=done, known=known, moved=moved)
        return {stop.delivery_id: stop.replanned for stop in after.stops}

    SAID = Replanned(at=NOON + timedelta(minutes=5), because=ReplanReason.TRAFFIC)

    def test_a_first_plan_is_no_replanning(self) -> None:
        assert {stop.replanned for stop in self.first().stops} == {None}

    def test_who_has_more_in_front_is_told_and_nobody_else(self) -> None:
        assert self.then("bacd") == {"b": None, "a": self.SAID, "c": None, "d": None}

    def test_who_has_as_many_in_front_as_before_is_told_nothing(self) -> None:
        assert set(self.then("abcd").values()) == {None}
        assert set(self.then("abcd", done="a").values()) == {None}

    def test_a_new_stop_in_front_is_told_and_the_new_one_was_never_shown_less(self) -> None:
        assert self.then("axbcd") == {"a": None, "x": None, **dict.fromkeys("bcd", self.SAID)}

    def test_who_was_away_from_the_plan_or_in_another_van_is_told(self) -> None:
        assert self.then("abcdy", known="abcdy")["y"] == self.SAID
        assert self.then("abcd", moved="a")["a"] == self.SAID

    def test_what_was_said_stays_said_until_it_is_said_anew(self) -> None:
        plan = Plan("van-7", 2, NOON + timedelta(minutes=5), tuple(PlannedStop(delivery_id=id_) for id_ in "bacd"))
        second = planned(plan, self.first(), done=(), known="abcd", moved=())
        third = planned(
            plan._replace(revision=3, planned_at=NOON + timedelta(hours=1)), second, done=(), known="abcd", moved=()
        )
        assert third.stop_of("a") == second.stop_of("a")


class TestHistory:
    """What happened, as it was news."""

    def test_a_scan_that_came_too_late_by_its_clock_is_not_shown_after_the_delivery(self) -> None:
        view = seen(parcel(DeliveryStatus.DELIVERED, DeliveryStatus.OUT_FOR_DELIVERY))
        assert [step.status for step in view.history] == [DeliveryStatus.DELIVERED]

    def test_the_same_again_is_one_step(self) -> None:
        view = seen(parcel(*[DeliveryStatus.IN_TRANSIT] * 9, DeliveryStatus.OUT_FOR_DELIVERY))
        assert [step.status.value for step in view.history] == ["out_for_delivery", "in_transit"]
        assert view.history[1].at == NOON - timedelta(minutes=9)

    def test_what_was_taken_back_is_not_shown(self) -> None:
        mistaken = parcel(DeliveryStatus.IN_TRANSIT, DeliveryStatus.DELIVERED)
        corrected = mistaken.with_event(
            DeliveryEvent(
                event_id="correction",
                status=DeliveryStatus.OUT_FOR_DELIVERY,
                occurred_at=NOON + timedelta(minutes=1),
                learned_at=NOON + timedelta(minutes=1),
                corrects="event-1",
            )
        )
        view = seen(corrected)
        assert [step.status.value for step in view.history] == ["out_for_delivery", "in_transit"]

    def test_of_a_long_history_the_latest_is_shown(self) -> None:
        there_and_back = [DeliveryStatus.OUT_FOR_DELIVERY, DeliveryStatus.ATTEMPT_FAILED] * 20
        view = seen(parcel(*there_and_back))
        assert len(view.history) == MAX_STEPS_TOLD
        assert view.history[0].status is DeliveryStatus.ATTEMPT_FAILED


def test_an_arrival_is_expected_while_it_is_still_to_come() -> None:
    soon = UNDER_WAY.with_estimate(NOON + timedelta(minutes=20), NOON)
    assert seen(soon).estimated_at == NOON + timedelta(minutes=20)
    assert live_view(soon, None, None, NOON + timedelta(minutes=21)).estimated_at is None
    assert seen(parcel(DeliveryStatus.IN_TRANSIT).with_estimate(NOON + timedelta(hours=1), NOON)).estimated_at is None


def test_of_somebody_who_was_erased_nothing_is_told() -> None:
    assert is_told(UNDER_WAY)
    assert not is_told(UNDER_WAY.without_person())
    assert not is_told(Delivery(delivery_id="only-heard-of"))
    assert not is_told(None)


def test_no_name_address_number_or_id_is_told() -> None:
    view = seen().model_dump_json()
    for secret in (MINE, "Ada", "example.com", "van-7", "per_1", "own", "52.5", "13.4", "event-"):
        assert secret not in view, secret


IDS = st.text("abcdefghij0123456789.-_", min_size=4, max_size=12).map("X".__add__)
PLACES = st.builds(Place, latitude=st.floats(-89, 89), longitude=st.floats(-179, 179))


@given(data=st.data(), ahead=st.integers(0, 14))
def test_what_is_shown_depends_on_no_other_stop(data: st.DataObject, ahead: int) -> None:
    """Two routes that put as many in front of me look the same, whoever else is on them, and wherever they live."""
    mine, where = data.draw(PLACES), data.draw(PLACES)

    def drawn() -> Route:
        others = data.draw(st.lists(IDS, min_size=ahead, max_size=40, unique=True))
        waiting, rest = others[:ahead], others[ahead:]
        passed = rest[: data.draw(st.integers(0, len(rest)))]
        before = data.draw(st.permutations([*waiting, *passed]))
        behind = [stop for stop in rest if stop not in passed]
        stops = [Stop(delivery_id=stop, place=data.draw(st.none() | PLACES)) for stop in (*before, *behind)]
        stops.insert(len(before), Stop(delivery_id=MINE, place=mine))
        late = data.draw(st.sampled_from([*behind, "X-none"]))
        return Route(
            route_id=data.draw(IDS),
            revision=data.draw(st.integers(1, 99)),
            planned_at=NOON - timedelta(minutes=data.draw(st.integers(0, 600))),
            stops=tuple(stops),
            done=frozenset({*passed, late}),
        )

    one, other = (live_view(UNDER_WAY, drawn(), van(place=where), NOON) for _ in range(2))
    assert one == other
    assert one.van is not None
    told = json.loads(one.van.model_dump_json())
    assert set(told) == {"ahead", "distance", "replanned"}
    assert told["ahead"] == (ahead if ahead <= 10 else None)
