"""Vans' routes in DynamoDB; what stands in for them in other tests is held to the same contract."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, NamedTuple

import boto3
import pytest
from moto import mock_aws

from shared.domain.deliveries import Delivery, DeliveryRegistration
from shared.domain.people import Recipient
from shared.domain.routes import MAX_STOPS, Aboard, Place, Route, Stop, VanPosition
from shared.errors import TemporaryError
from shared.storage.deliveries import DeliveryRepository
from shared.storage.keys import route_key
from shared.storage.routes import LiveReader, RouteRepository
from tests.fakes.clock import NOON
from tests.fakes.routes import InMemoryRoutes
from tests.functional.tables import TABLE, create_table

DOOR = Place(latitude=52.517, longitude=13.389)
ROUTE = Route(
    route_id="van-7",
    revision=3,
    planned_at=NOON,
    stops=(Stop(delivery_id="a", place=DOOR), Stop(delivery_id="b"), Stop(delivery_id="c")),
)
ABOARD = Aboard(delivery_id="a", route_id="van-7", since=NOON, known_since=NOON)
PARCEL = Delivery(
    delivery_id="a",
    registration=DeliveryRegistration(carrier="own", recipient=Recipient(email="a@example.com"), registered_at=NOON),
    version=1,
)


class Kept(NamedTuple):
    """A repository, and what the page reads of it."""

    routes: Any
    live: Any


@pytest.fixture(params=["in memory", "DynamoDB"])
def kept(request: pytest.FixtureRequest) -> Iterator[Kept]:
    if request.param == "in memory":
        fake = InMemoryRoutes({"a": PARCEL})
        yield Kept(fake, fake)
        return
    with mock_aws():
        dynamodb = boto3.client("dynamodb")
        create_table(dynamodb)
        DeliveryRepository(dynamodb, TABLE).save(PARCEL, 0)
        yield Kept(RouteRepository(dynamodb, TABLE), LiveReader(dynamodb, TABLE))


def test_a_route_comes_back_as_it_went(kept: Kept) -> None:
    assert kept.routes.get("van-7") == (None, 0)
    assert kept.routes.save(ROUTE, 0)
    assert kept.routes.get("van-7") == (ROUTE, 1)
    done = ROUTE.model_copy(update={"done": frozenset({"a", "b"})})
    assert kept.routes.save(done, 1)
    assert kept.routes.get("van-7") == (done, 2)


def test_who_read_an_older_version_does_not_write(kept: Kept) -> None:
    assert kept.routes.save(ROUTE, 0)
    other = ROUTE.model_copy(update={"revision": 4})
    assert not kept.routes.save(other, 0)
    assert kept.routes.stop_done("van-7", "a", NOON)
    assert not kept.routes.save(other, 1)
    assert kept.routes.save(other, 2)


def test_a_stop_is_done_once_and_others_stay_done(kept: Kept) -> None:
    kept.routes.save(ROUTE, 0)
    assert kept.routes.stop_done("van-7", "a", NOON)
    assert not kept.routes.stop_done("van-7", "a", NOON)
    assert kept.routes.stop_done("van-7", "b", NOON)
    assert kept.routes.get("van-7") == (ROUTE.model_copy(update={"done": frozenset({"a", "b"})}), 3)


def test_a_stop_may_be_done_before_its_first_plan_is_kept_which_is_then_looked_at_again(kept: Kept) -> None:
    assert kept.routes.stop_done("van-7", "a", NOON)
    assert kept.routes.get("van-7") == (None, 1)
    assert not kept.routes.save(ROUTE, 0)
    assert kept.routes.save(ROUTE, 1)


def test_a_parcel_is_aboard_one_van_and_moves_from_where_it_was_seen(kept: Kept) -> None:
    assert kept.routes.board(ABOARD, None)
    assert not kept.routes.board(ABOARD, None)
    there = ABOARD.model_copy(update={"route_id": "van-8", "since": NOON + timedelta(microseconds=1)})
    assert kept.routes.board(there, ABOARD)
    assert not kept.routes.board(ABOARD, ABOARD)
    assert kept.routes.aboard(["a", "b"]) == {"a": there}
    assert (kept.routes.route_with("a"), kept.routes.route_with("b")) == ("van-8", None)
    kept.routes.unboard("a")
    assert kept.routes.aboard(["a"]) == {}


def test_an_older_position_changes_nothing(kept: Kept) -> None:
    kept.routes.save(ROUTE, 0)
    kept.routes.board(ABOARD, None)
    now, then = VanPosition(place=DOOR, at=NOON), VanPosition(place=DOOR, at=NOON - timedelta(milliseconds=1))
    assert kept.routes.see_van("van-7", now)
    assert not kept.routes.see_van("van-7", then)
    assert not kept.routes.see_van("van-7", now)
    assert kept.live.read("a").van == now


def test_the_page_reads_a_parcel_and_its_van(kept: Kept) -> None:
    assert kept.live.read("nothing") == (None, None, None)
    assert kept.live.read("a") == (PARCEL, None, None)
    kept.routes.board(ABOARD, None)
    assert kept.live.read("a") == (PARCEL, None, None)
    kept.routes.save(ROUTE, 0)
    kept.routes.stop_done("van-7", "b", NOON)
    assert kept.live.read("a") == (PARCEL, ROUTE.model_copy(update={"done": frozenset({"b"})}), None)


def test_forgetting_a_parcel_takes_its_place_and_its_pointer_and_leaves_the_others_theirs(kept: Kept) -> None:
    kept.routes.save(ROUTE, 0)
    kept.routes.board(ABOARD, None)
    assert kept.routes.forget("a")
    assert kept.routes.aboard(["a"]) == {}
    left = kept.routes.get("van-7").route
    assert left is not None
    assert [stop.place for stop in left.stops] == [None, None, None]
    assert left.done == {"a"}
    assert not kept.routes.forget("a")


@pytest.fixture
def dynamodb() -> Iterator[Any]:
    with mock_aws():
        client = boto3.client("dynamodb")
        create_table(client)
        yield client


def test_a_place_is_forgotten_even_if_its_route_changes_meanwhile(dynamodb: Any) -> None:
    routes = RouteRepository(dynamodb, TABLE)
    routes.save(ROUTE, 0)
    routes.board(ABOARD, None)

    class Meddling(RouteRepository):
        left = 3

        def get(self, route_id: str) -> Any:
            found = super().get(route_id)
            if self.left:
                self.left -= 1
                assert routes.stop_done(route_id, f"stop-{self.left}", NOON)
            return found

    assert Meddling(dynamodb, TABLE).forget("a")
    assert "52.517" not in json.dumps(dynamodb.scan(TableName=TABLE)["Items"])
    assert {"stop-0", "stop-1", "stop-2", "a"} == (routes.get("van-7").route or ROUTE).done

    routes.board(ABOARD, None)
    routes.save(ROUTE, routes.get("van-7").version)
    endless = Meddling(dynamodb, TABLE)
    endless.left = 99
    with pytest.raises(TemporaryError):
        endless.forget("a")
    assert routes.route_with("a") == "van-7"  # so that the next one finds it


def test_a_full_day_of_a_van_fits_and_everything_goes_by_itself(dynamodb: Any) -> None:
    routes = RouteRepository(dynamodb, TABLE)
    stops = tuple(Stop(delivery_id=f"{number:0128d}", place=DOOR) for number in range(MAX_STOPS))
    assert routes.save(ROUTE.model_copy(update={"stops": stops, "done": frozenset(s.delivery_id for s in stops)}), 0)
    for stop in stops:
        assert routes.board(ABOARD.model_copy(update={"delivery_id": stop.delivery_id}), None)
    routes.see_van("van-7", VanPosition(place=DOOR, at=NOON))
    routes.stop_done("van-8", "x", NOON)
    assert len(routes.aboard([stop.delivery_id for stop in stops])) == MAX_STOPS
    items = dynamodb.scan(TableName=TABLE)["Items"]
    assert len(items) == MAX_STOPS + 3
    assert {int(item["ttl"]["N"]) for item in items} == {
        int((NOON + timedelta(days=days)).timestamp()) for days in (1, 7)
    }
    stored = dynamodb.get_item(TableName=TABLE, Key=route_key("van-7"))["Item"]
    assert len(json.dumps(stored)) < 100_000  # of the 400 KB that an item may have
