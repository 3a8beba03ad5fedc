"""Plans, positions and parcels through the real handlers, from the request of a fleet to the page of a customer."""

from __future__ import annotations

import itertools
import json
import random
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest

from functions.delivery_status import app as delivery_status
from functions.delivery_status import bootstrap as delivery_status_bootstrap
from functions.erasure import app as erasure
from functions.erasure import bootstrap as erasure_bootstrap
from shared.domain.deliveries import Delivery
from shared.errors import TemporaryError
from shared.storage.deliveries import DeliveryRepository
from shared.storage.routes import RouteRepository
from tests.conftest import LambdaContext
from tests.functional.http_stack import HttpStack, http_stack

SECRET = {"authorization": "Bearer sk_own"}
PARCELS = ("first", "second", "mine", "fourth")
MARKED = "zq"
"""In everything that is told of others: no page may have it."""


class Fleet:
    """A fleet and its customers; what it tells lies on the queue until somebody works."""

    def __init__(self, stack: HttpStack) -> None:
        self.stack = stack
        self.handled: list[str] = []

    def send(self, method: str, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        answer = self.stack.call(method, path, headers=SECRET, body=dict(body))
        assert answer["statusCode"] == 202, answer["body"]
        accepted: dict[str, Any] = json.loads(answer["body"])
        return accepted

    def register(self, *ids: str) -> None:
        for id_ in ids:
            recipient = {"email": f"{MARKED}-{id_}@example.com", "name": f"{MARKED} {id_}", "locale": "en"}
            self.send("POST", "/v1/deliveries", {"delivery_id": id_, "carrier": "own", "recipient": recipient})

    def report(self, id_: str, status: str) -> None:
        self.send("POST", f"/v1/deliveries/{id_}/events", {"status": status, "event_id": f"{id_}-{status}"})

    def plan(self, *ids: str, route: str = "van-7", **more: Any) -> dict[str, Any]:
        stops = [{"delivery_id": id_, "latitude": 52.5 + at / 50, "longitude": 13.4} for at, id_ in enumerate(ids)]
        return self.send("PUT", f"/v1/routes/{route}", {"stops": stops, **more})

    def ping(self, id_: str, **more: Any) -> None:
        self.send("POST", f"/v1/deliveries/{id_}/position", {"latitude": 52.51, "longitude": 13.4, **more})

    def take(self) -> list[str]:
        """What lies on the queue, as it came."""
        found = []
        while messages := self.stack.sqs.receive_message(
            QueueUrl=self.stack.queues["deliveries"], MaxNumberOfMessages=10
        ).get("Messages"):
            for message in messages:
                found.append(message["Body"])
                self.stack.sqs.delete_message(
                    QueueUrl=self.stack.queues["deliveries"], ReceiptHandle=message["ReceiptHandle"]
                )
        return found

    def handle(self, *bodies: str) -> list[int]:
        """A batch to the consumer; which of it failed."""
        records = [
            {
                "messageId": str(number),
                "receiptHandle": str(number),
                "body": body,
                "attributes": {"ApproximateReceiveCount": "1"},
            }
            for number, body in enumerate(bodies)
        ]
        answer = delivery_status.lambda_handler({"Records": records}, LambdaContext())
        return [int(failure["itemIdentifier"]) for failure in answer["batchItemFailures"]]

    def work(self) -> None:
        bodies = [body for body in self.take() if json.loads(body)["type"] != "DeliveryDue"]
        for start in range(0, len(bodies), 10):
            assert self.handle(*bodies[start : start + 10]) == []
        self.handled += bodies

    def page(self, id_: str, part: str = "", **query: str) -> dict[str, Any]:
        return self.stack.call("GET", f"/track/{self.stack.tracking(id_)}{part}", query=query)

    def said(self, id_: str) -> str:
        """The sentences under the headline."""
        body = self.page(id_, "/now")["body"]
        found = re.search(r'<div id="said" role="status">(.*?)</div>', body)
        assert found is not None
        return re.sub(r"</p><p>", " ", found[1]).replace("<p>", "").replace("</p>", "")

    def stored(self) -> str:
        return json.dumps(self.stack.everything_kept()["stored"]["deliveries"])


@pytest.fixture(scope="module")
def one_stack() -> Iterator[HttpStack]:
    with http_stack() as stack, pytest.MonkeyPatch.context() as patch:
        patch.setenv("DELIVERIES_QUEUE_ARN", "arn:aws:sqs:eu-central-1:123456789012:deliveries")
        patch.setenv("EVENT_BUS_NAME", "default")
        yield stack


@pytest.fixture
def fleet(one_stack: HttpStack) -> Iterator[Fleet]:
    one_stack.begin_again()
    built = [each for module in (delivery_status_bootstrap, erasure_bootstrap) for each in vars(module).values()]
    for each in built:
        if hasattr(each, "cache_clear"):
            each.cache_clear()
    fleet = Fleet(one_stack)
    fleet.register(*PARCELS)
    for id_ in PARCELS:
        fleet.report(id_, "out_for_delivery")
    fleet.work()
    yield fleet


def test_a_customer_sees_how_many_are_in_front_and_the_van_come_nearer(fleet: Fleet) -> None:
    fleet.plan(*PARCELS)
    fleet.work()
    assert fleet.said("mine").startswith("There is no current position of the van.")
    fleet.ping("first")
    fleet.work()
    assert fleet.said("mine") == "2 customers are in front of you."
    fleet.report("first", "delivered")
    fleet.work()
    assert fleet.said("mine") == "One customer is in front of you."
    fleet.report("second", "attempt_failed")
    fleet.ping("mine", estimated_at=(datetime.now(UTC) + timedelta(minutes=20)).isoformat())
    fleet.work()
    assert fleet.said("mine") == "You are next. The van is about 5 km away."
    assert "Expected" in fleet.page("mine")["body"]


def test_no_stops_are_shown_after_the_parcel_was_handed_over(fleet: Fleet) -> None:
    """What customers of a large carrier complained of in public, from the fleet's request to the page."""
    fleet.plan(*PARCELS)
    fleet.ping("first")
    fleet.work()
    assert "in front of you" in fleet.page("mine")["body"]
    fleet.report("mine", "delivered")
    fleet.ping("first")
    fleet.plan("first", "second", "mine", "fourth")
    fleet.work()
    for part in ("", "/now"):
        body = fleet.page("mine", part)["body"]
        assert "Your parcel has been delivered" in body
        assert not re.search(r"customer|You are next|<svg|position of the van|http-equiv", body)
        assert 'data-every="0"' in body


def test_a_replanned_route_says_so_to_who_has_more_in_front(fleet: Fleet) -> None:
    fleet.plan("first", "mine", "second", "fourth")
    fleet.ping("first")
    fleet.work()
    assert fleet.said("mine") == "One customer is in front of you."
    fleet.plan("first", "second", "fourth", "mine", replanned_because="traffic")
    fleet.work()
    said = fleet.said("mine")
    assert said.startswith("3 customers are in front of you. The route was re-planned today at ")
    assert said.endswith(" because of traffic, so the number went up.")
    assert fleet.said("second") == "One customer is in front of you."
    german = fleet.page("mine", locale="de")["body"]
    assert "3 Kunden sind noch vor Ihnen." in german
    assert "wegen des Verkehrs neu geplant" in german


def test_a_position_that_is_old_hides_the_van_and_the_count(fleet: Fleet) -> None:
    fleet.plan(*PARCELS)
    fleet.ping("first", occurred_at=(datetime.now(UTC) - timedelta(minutes=11)).isoformat())
    fleet.work()
    body = fleet.page("mine")["body"]
    assert "There is no current position of the van." in body
    assert "<svg" not in body
    assert "2 customers" not in body
    fleet.ping("first", occurred_at=(datetime.now(UTC) - timedelta(minutes=9)).isoformat())
    fleet.ping("first", occurred_at=(datetime.now(UTC) - timedelta(minutes=30)).isoformat())
    fleet.work()
    assert fleet.said("mine") == "2 customers are in front of you."


@pytest.mark.parametrize("seed", range(6))
def test_whatever_the_order_and_however_often_the_end_is_the_same(fleet: Fleet, seed: int) -> None:
    chance = random.Random(seed)
    for revision, order in enumerate((PARCELS, ("mine", *PARCELS[:2]), ("second", "fourth", "first", "mine")), 1):
        fleet.plan(*order, revision=revision)
    fleet.report("first", "delivered")
    fleet.ping("second")
    fleet.ping("second", occurred_at=(datetime.now(UTC) - timedelta(hours=1)).isoformat())
    bodies = fleet.take()
    assert len(bodies) == 6
    again = [*bodies, *chance.choices(bodies, k=6)]
    chance.shuffle(again)
    last_ping = next(at for at, body in enumerate(again) if json.loads(body)["type"] == "RouteReported")
    ping = next(body for body in again if json.loads(body)["type"] == "PositionReported" and _is_fresh(body))
    again.insert(last_ping + 1, ping)  # one before its first plan is not kept, and the next comes 30 s later
    for body in again:
        assert fleet.handle(body) == []
    assert [fleet.said(id_) for id_ in ("second", "fourth")] == [
        "You are next. The van is about 2 km away.",
        "One customer is in front of you.",
    ]
    assert fleet.said("mine").startswith("2 customers are in front of you.")
    route = RouteRepository(fleet.stack.dynamodb, "deliveries").get("van-7").route
    assert route is not None
    assert (route.revision, route.done) == (3, frozenset({"first"}))
    before = fleet.stored()
    fleet.handle(*bodies)
    assert fleet.stored() == before


def _is_fresh(body: str) -> bool:
    at = datetime.fromisoformat(json.loads(body)["at"])
    return datetime.now(UTC) - at < timedelta(minutes=5)


class Seen(HTMLParser):
    """Everything in a page but its style and its script: texts, attributes, comments."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._tag = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._tag = tag
        self.found += [f"{name}={value}" for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        self._tag = ""

    def handle_data(self, data: str) -> None:
        if self._tag not in {"style", "script"}:
            self.found.append(data)

    def handle_comment(self, data: str) -> None:
        self.found.append(data)


@pytest.mark.parametrize("seed", range(4))
def test_nothing_of_any_other_stop_is_in_what_one_token_gets(fleet: Fleet, seed: int) -> None:
    """Ids, names, addresses and coordinates of others are marked, and looked for in each page as the van goes on."""
    chance = random.Random(seed)
    others = [f"{MARKED}{chance.randrange(10**9)}" for _ in range(14)]
    fleet.register(*others)
    for id_ in others:
        fleet.report(id_, "out_for_delivery")
    order = [*others[:11], "mine", *others[11:]]
    stops = [
        {"delivery_id": id_, "latitude": 41.0 + at / 7, "longitude": 77.0 + at / 9} for at, id_ in enumerate(order)
    ]
    fleet.send("PUT", f"/v1/routes/{MARKED}-van", {"stops": stops})
    fleet.work()
    told = []
    for at, id_ in enumerate(others[:11]):
        fleet.ping(id_, latitude=41.0 + at / 7, longitude=77.0 + at / 9)
        fleet.report(id_, chance.choice(["delivered", "attempt_failed"]))
        fleet.work()
        told.append(fleet.said("mine"))
        for part, query in itertools.product(("", "/now"), ({}, {"locale": "de"})):
            answer = fleet.page("mine", part, **query)
            body = answer["body"] + json.dumps(answer["headers"])
            assert MARKED not in body
            assert not re.search(r"\b(4[0-3]|7[6-9])\.\d", body)
            page = Seen()
            page.feed(body)
            assert "mine" not in " ".join(page.found)
    assert told[0] == "10 customers are in front of you."
    assert told[-1].startswith("You are next.")


def test_more_than_ten_are_not_counted_and_look_the_same(fleet: Fleet) -> None:
    others = [f"other-{number}" for number in range(13)]
    fleet.plan(*others, "mine")
    fleet.ping("mine")
    fleet.work()
    first = re.sub(r"at \d\d:\d\d", "", fleet.page("mine")["body"])
    assert "More than 10 customers are in front of you." in first
    fleet.register(others[0])
    fleet.report(others[0], "delivered")
    fleet.work()
    assert re.sub(r"at \d\d:\d\d", "", fleet.page("mine")["body"]) == first


def erase(fleet: Fleet, person_id: str, sweep: int) -> None:
    body = json.dumps({"type": "ErasePerson", "person_id": person_id, "sweep": sweep})
    record = {"messageId": "1", "receiptHandle": "1", "body": body, "attributes": {"ApproximateReceiveCount": "1"}}
    assert erasure.lambda_handler({"Records": [record]}, LambdaContext())["batchItemFailures"] == []


def test_of_who_was_erased_no_place_and_no_van_is_left(fleet: Fleet) -> None:
    fleet.plan(*PARCELS)
    fleet.ping("first")
    fleet.work()
    person_id = delivery(fleet, "mine").person_id
    assert person_id is not None
    assert fleet.stack.call("DELETE", f"/v1/people/{person_id}", headers=SECRET)["statusCode"] == 202
    late = json.dumps(
        {
            "type": "RouteReported",
            "route_id": "van-7",
            "revision": 10**14,
            "planned_at": datetime.now(UTC).isoformat(),
            "stops": [{"delivery_id": "mine", "place": {"latitude": 52.54, "longitude": 13.4}}],
        }
    )
    erase(fleet, person_id, 1)
    assert "52.54" not in fleet.stored()
    assert RouteRepository(fleet.stack.dynamodb, "deliveries").route_with("mine") is None
    assert fleet.said("fourth") == "2 customers are in front of you."
    answer = fleet.page("mine")
    assert (answer["statusCode"], "We know nothing of this parcel" in answer["body"]) == (404, True)

    fleet.handle(late)  # a plan that waited all the while
    assert "52.54" not in fleet.stored()
    assert RouteRepository(fleet.stack.dynamodb, "deliveries").route_with("mine") is None


def test_what_a_slow_worker_wrote_of_the_erased_goes_with_the_second_sweep(fleet: Fleet) -> None:
    fleet.plan(*PARCELS)
    fleet.work()
    routes = RouteRepository(fleet.stack.dynamodb, "deliveries")
    aboard, kept = routes.aboard(["mine"])["mine"], routes.get("van-7").route
    person_id = delivery(fleet, "mine").person_id
    assert person_id is not None and kept is not None
    fleet.stack.call("DELETE", f"/v1/people/{person_id}", headers=SECRET)
    erase(fleet, person_id, 1)
    assert routes.board(aboard, None)
    assert routes.save(kept, routes.get("van-7").version)
    assert "52.54" in fleet.stored()
    erase(fleet, person_id, 2)
    assert "52.54" not in fleet.stored()
    assert routes.route_with("mine") is None


def delivery(fleet: Fleet, id_: str) -> Delivery:
    found = DeliveryRepository(fleet.stack.dynamodb, "deliveries").get(id_)
    assert found is not None
    return found


def test_what_is_no_plan_is_poison_and_alone(fleet: Fleet) -> None:
    fleet.plan(*PARCELS)
    (good,) = fleet.take()
    bad = json.dumps({**json.loads(good), "revision": 0})
    assert fleet.handle(bad, good, "{}", "no JSON") == [0, 2, 3]
    assert RouteRepository(fleet.stack.dynamodb, "deliveries").get("van-7").version == 1


def test_an_estimate_reaches_the_parcel_even_without_a_plan(fleet: Fleet) -> None:
    expected = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=40)
    fleet.ping("mine", estimated_at=expected.isoformat())
    fleet.work()
    assert delivery(fleet, "mine").estimated_at == expected


def test_a_store_that_is_away_has_the_plan_come_again(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    fleet.plan(*PARCELS)
    (body,) = fleet.take()
    with monkeypatch.context() as patch:
        patch.setattr(RouteRepository, "save", _away)
        assert fleet.handle(body) == [0]
    assert fleet.handle(body) == []
    assert RouteRepository(fleet.stack.dynamodb, "deliveries").get("van-7").route is not None


def _away(*_: object) -> bool:
    raise TemporaryError("the store is away")
