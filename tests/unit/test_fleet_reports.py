"""What a fleet tells of its vans is checked at the door, and kept or refused whole."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from functions.delivery_events.routes.bodies import PositionBody, RouteBody
from functions.delivery_events.routes.service import FleetReports
from shared.domain.queued import PositionReported, RouteReported
from shared.domain.routes import MAX_STOPS, Place
from shared.errors import InvalidRequestError
from shared.http import parsed
from tests.fakes.clock import NOON, FrozenClock
from tests.fakes.queues import RecordingQueue

HERE = {"latitude": 52.5170365, "longitude": 13.3888599}


@pytest.fixture
def queue() -> RecordingQueue:
    return RecordingQueue()


@pytest.fixture
def fleet(queue: RecordingQueue) -> FleetReports:
    return FleetReports(queue, FrozenClock())


def body(**changes: Any) -> RouteBody:
    return parsed(RouteBody, {"stops": [{"delivery_id": "a", **HERE}, {"delivery_id": "b"}], **changes})


def refused(model: type[Any], data: Any) -> dict[str, list[str]]:
    with pytest.raises(InvalidRequestError) as caught:
        parsed(model, data)
    return caught.value.errors


def test_a_plan_is_kept_in_its_order_with_coarse_places(fleet: FleetReports, queue: RecordingQueue) -> None:
    accepted = fleet.plan("van-7", body(revision=3, replanned_because="weather"))
    assert (accepted.route_id, accepted.revision, accepted.stops) == ("van-7", 3, 2)
    (sent,) = queue.sent
    assert isinstance(sent.message, RouteReported)
    assert sent.group == "van-7"
    assert [stop.delivery_id for stop in sent.message.stops] == ["a", "b"]
    assert [stop.place for stop in sent.message.stops] == [Place(latitude=52.517, longitude=13.389), None]
    assert (sent.message.revision, sent.message.replanned_because) == (3, "weather")
    assert "52.51703" not in sent.message.model_dump_json()


def test_a_plan_without_a_revision_has_the_moment_of_its_arrival(fleet: FleetReports) -> None:
    assert fleet.plan("van-7", body()).revision == int(NOON.timestamp() * 1000)


def test_a_parcel_has_one_stop(fleet: FleetReports, queue: RecordingQueue) -> None:
    stops = [{"delivery_id": id_} for id_ in ("a", "b", "a")]
    with pytest.raises(InvalidRequestError) as caught:
        fleet.plan("van-7", body(stops=stops))
    assert caught.value.errors == {"stops.2.delivery_id": ["has a stop already"]}
    assert queue.sent == []


@pytest.mark.parametrize(
    ("stop", "path"),
    [
        ({"delivery_id": "a", "latitude": 91, "longitude": 0}, "stops.0.latitude"),
        ({"delivery_id": "a", "latitude": 0, "longitude": -180.5}, "stops.0.longitude"),
        ({"delivery_id": "a", "latitude": "52.5", "longitude": 0}, "stops.0.latitude"),
        ({"delivery_id": "a", "latitude": True, "longitude": 0}, "stops.0.latitude"),
        ({"delivery_id": "a", "latitude": 52.5}, "stops.0"),
        ({"delivery_id": "a/b"}, "stops.0.delivery_id"),
        ({"delivery_id": ""}, "stops.0.delivery_id"),
        ({}, "stops.0.delivery_id"),
        ({"delivery_id": "a", "name": "Ada"}, "stops.0.name"),
    ],
)
def test_a_stop_that_is_none_is_refused_by_its_path(stop: dict[str, Any], path: str) -> None:
    assert set(refused(RouteBody, {"stops": [stop]})) == {path}


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"revision": 0}, "revision"),
        ({"revision": 10**15 + 1}, "revision"),
        ({"revision": 1.0}, "revision"),
        ({"revision": "1"}, "revision"),
        ({"revision": True}, "revision"),
        ({"replanned_because": "Mrs Meyer asked for it"}, "replanned_because"),
        ({"stops": [{"delivery_id": f"d-{number}"} for number in range(MAX_STOPS + 1)]}, "stops"),
        ({"stops": None}, "stops"),
    ],
)
def test_a_plan_that_is_none_is_refused_by_its_path(changes: dict[str, Any], path: str) -> None:
    assert set(refused(RouteBody, {"stops": [{"delivery_id": "a"}], **changes})) == {path}


def test_a_full_day_and_an_empty_one_are_plans(fleet: FleetReports) -> None:
    full = [{"delivery_id": f"d-{number}"} for number in range(MAX_STOPS)]
    assert fleet.plan("van-7", body(stops=full)).stops == MAX_STOPS
    assert fleet.plan("van-7", body(stops=[])).stops == 0


def test_a_position_is_kept_coarse_and_never_of_the_future(fleet: FleetReports, queue: RecordingQueue) -> None:
    times = {"occurred_at": "2026-11-22T14:00:00+01:00", "estimated_at": "2026-11-22T13:40:00+01:00"}
    fleet.see("order-1", parsed(PositionBody, {**HERE, **times}))
    (sent,) = queue.sent
    assert isinstance(sent.message, PositionReported)
    assert sent.group == "order-1"
    assert sent.message.place == Place(latitude=52.517, longitude=13.389)
    assert (sent.message.at, sent.message.learned_at) == (NOON, NOON)  # 13:00 UTC by a clock that is ahead
    assert sent.message.estimated_at == NOON + timedelta(minutes=40)


def test_a_position_without_a_time_is_of_now(fleet: FleetReports) -> None:
    assert fleet.see("order-1", parsed(PositionBody, HERE)).occurred_at == NOON


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"occurred_at": "2026-11-23T12:00:01Z"}, "occurred_at"),
        ({"occurred_at": "1999-12-31T23:59:59Z"}, "occurred_at"),
        ({"estimated_at": "2026-11-29T12:00:01Z"}, "estimated_at"),
        ({"estimated_at": "2026-11-21T11:59:59Z"}, "estimated_at"),
    ],
)
def test_no_clock_is_that_wrong(fleet: FleetReports, queue: RecordingQueue, changes: dict[str, str], path: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        fleet.see("order-1", parsed(PositionBody, {**HERE, **changes}))
    assert set(caught.value.errors) == {path}
    assert queue.sent == []


@pytest.mark.parametrize("at", [1795348800, "2026-11-22", "2026-11-22T14:00:00", "noon"])
def test_a_moment_is_written_out_with_its_offset(at: object) -> None:
    assert set(refused(PositionBody, {**HERE, "occurred_at": at})) == {"occurred_at"}


@pytest.mark.parametrize("id_", ["a b", "a#b", "-", "x" * 129])
def test_an_id_that_is_none_is_refused_by_its_name(fleet: FleetReports, queue: RecordingQueue, id_: str) -> None:
    with pytest.raises(InvalidRequestError) as of_a_route:
        fleet.plan(id_, body())
    with pytest.raises(InvalidRequestError) as of_a_parcel:
        fleet.see(id_, parsed(PositionBody, HERE))
    assert (set(of_a_route.value.errors), set(of_a_parcel.value.errors)) == ({"route_id"}, {"delivery_id"})
    assert queue.sent == []
