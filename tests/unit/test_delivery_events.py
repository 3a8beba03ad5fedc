"""What the two delivery routes take, what they refuse, and that a refusal leaves nothing behind."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from functions.delivery_events import app
from functions.delivery_events.bodies import DeliveryBody, EventBody
from functions.delivery_events.service import DeliveryEvents
from shared.domain.api_keys import ApiKey, KeyKind, key_hash
from shared.domain.deliveries import DeliveryStatus
from shared.domain.promises import Window
from shared.domain.published import PublishedSurvey
from shared.domain.queued import DeliveryReported
from shared.domain.surveys import Brand, Question, Scale, Survey
from tests.fakes.clock import NOON, FrozenClock
from tests.fakes.queues import RecordingQueue

RECORDED = Path(__file__).parents[1] / "events" / "http_deliveries.json"
SURVEY = Survey(
    survey_id="delivery",
    name="Delivery",
    touchpoint="delivery",
    brand=Brand(name="Shop"),
    questions=(Question(id="recommend", scale=Scale.NPS, text={"en": "Would you recommend us?"}),),
)


class Known(dict[str, Any]):
    """Stands in for the places where keys and surveys are found."""

    find = current = dict.get


class House:
    """The function with what stands around it in memory."""

    def __init__(self) -> None:
        self.queue = RecordingQueue()
        keys = Known()
        for key, kind in (("sk_test", KeyKind.SECRET), ("pk_test", KeyKind.PUBLISHABLE), ("sk_old", KeyKind.SECRET)):
            revoked_at = NOON if key == "sk_old" else None
            keys[key_hash(key)] = ApiKey(
                key_hash=key_hash(key), kind=kind, name=key[3:], created_at=NOON, revoked_at=revoked_at
            )
        surveys = Known(delivery=PublishedSurvey(survey=SURVEY))
        self.service = DeliveryEvents(keys, surveys, Known(outlet="a brand"), self.queue, FrozenClock())

    def queued(self) -> list[DeliveryReported]:
        assert all(sent.group == "order-1" for sent in self.queue.sent)
        return [sent.message for sent in self.queue.sent if isinstance(sent.message, DeliveryReported)]


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> House:
    house = House()
    monkeypatch.setattr(app, "service", lambda: house.service)
    return house


def request(route: str = "POST /v1/deliveries", body: object = None, **headers: str) -> dict[str, Any]:
    """The recorded request, with another route, body or headers."""
    event: dict[str, Any] = json.loads(RECORDED.read_text())
    path = route.partition(" ")[2].replace("{delivery_id}", "order-1")
    event |= {"routeKey": route, "rawPath": path}
    if "{delivery_id}" in route:
        event["pathParameters"] = {"delivery_id": "order-1"}
    if body is not None:
        event["body"] = body if isinstance(body, str) else json.dumps(body)
    event["headers"] |= headers
    return event


EVENTS = "POST /v1/deliveries/{delivery_id}/events"


def answer(event: dict[str, Any], context: Any) -> tuple[int, Any]:
    response = app.lambda_handler(event, context)
    return response["statusCode"], json.loads(response["body"])


def test_a_parcel_is_taken_in_with_one_message(house: House, lambda_context: Any) -> None:
    assert answer(request(), lambda_context) == (202, {"delivery_id": "order-1"})
    (reported,) = house.queued()
    assert (reported.delivery_id, reported.event) == ("order-1", None)
    registration = reported.registration
    assert registration is not None and registration.recipient is not None
    assert registration.recipient.phone == "+4915112345678"
    assert registration.promise == Window(
        start=datetime(2026, 11, 22, 13, tzinfo=UTC), end=datetime(2026, 11, 22, 15, tzinfo=UTC)
    )
    assert (registration.time_zone, registration.survey_id, registration.registered_at) == (
        "Europe/Berlin",
        "delivery",
        NOON,
    )


def test_only_the_delivery_id_the_carrier_and_the_recipient_are_required(house: House, lambda_context: Any) -> None:
    body = {"delivery_id": "order-1", "carrier": "van", "recipient": {"phone": "+4915112345678"}}
    assert answer(request(body=body), lambda_context)[0] == 202
    assert len(house.queued()) == 1


def test_an_event_is_taken_in_with_one_message(house: House, lambda_context: Any) -> None:
    body = {"event_id": "scan-7", "status": "exception", "reason": "weather", "occurred_at": "2026-11-22T11:00:00Z"}
    accepted = {"delivery_id": "order-1", "event_id": "scan-7", "status": "exception"}
    assert answer(request(EVENTS, {**body, "raw_status": "weather_delay"}), lambda_context) == (202, accepted)
    (reported,) = house.queued()
    assert reported.registration is None and reported.event is not None
    assert reported.event.occurred_at == NOON - timedelta(hours=1)
    assert (reported.event.learned_at, reported.event.raw_status) == (NOON, "weather_delay")


def test_an_event_without_a_time_happened_now(house: House, lambda_context: Any) -> None:
    assert answer(request(EVENTS, {"status": "arriving"}), lambda_context)[0] == 202
    (reported,) = house.queued()
    assert reported.event is not None and reported.event.occurred_at == NOON


def test_an_event_without_an_id_that_is_sent_again_is_the_same_event(house: House, lambda_context: Any) -> None:
    body = {"status": "out_for_delivery", "occurred_at": "2026-11-22T09:10:00+01:00"}
    same = {"status": "out_for_delivery", "occurred_at": "2026-11-22T08:10:00Z"}
    others = [
        {**body, "occurred_at": "2026-11-22T09:10:01+01:00"},
        {**body, "status": "arriving"},
        {**body, "reason": "delayed"},
        {**body, "raw_status": "OFD"},
        {"status": "out_for_delivery"},
    ]
    ids = [answer(request(EVENTS, sent), lambda_context)[1]["event_id"] for sent in (body, body, same, *others)]
    assert ids[0] == ids[1] == ids[2]
    assert len(set(ids)) == 1 + len(others)
    elsewhere = request(EVENTS, body) | {"pathParameters": {"delivery_id": "order-2"}}
    assert answer(elsewhere, lambda_context)[1]["event_id"] not in ids
    assert [sent.group for sent in house.queue.sent] == ["order-1"] * len(ids) + ["order-2"]


@pytest.mark.parametrize("route", ["POST /v1/deliveries", EVENTS])
@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        ("Bearer sk_test", 202),
        ("Basic c2tfdGVzdDo=", 202),
        ("Bearer pk_test", 403),
        ("Bearer sk_old", 401),
        ("Bearer sk_guess", 401),
        ("", 401),
    ],
)
def test_only_a_live_secret_key_opens_a_route(
    house: House, lambda_context: Any, route: str, authorization: str, status: int
) -> None:
    body = {"status": "arriving"} if route == EVENTS else None
    response = app.lambda_handler(request(route, body, authorization=authorization), lambda_context)
    assert response["statusCode"] == status
    assert ("www-authenticate" in response["headers"]) == (status == 401)
    assert len(house.queued()) == (1 if status == 202 else 0)


PARCEL = json.loads(json.loads(RECORDED.read_text())["body"])
SCAN = {"status": "arriving"}
FAR = "9999-12-31T23:59:59Z"


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"delivery_id": ""}, "delivery_id"),
        ({"delivery_id": "a b"}, "delivery_id"),
        ({"delivery_id": "a#b"}, "delivery_id"),
        ({"delivery_id": "a/b"}, "delivery_id"),
        ({"delivery_id": "x\n"}, "delivery_id"),
        ({"delivery_id": "x" * 129}, "delivery_id"),
        ({"delivery_id": 7}, "delivery_id"),
        ({"carrier": None}, "carrier"),
        ({"tracking_number": ["0034"]}, "tracking_number"),
        ({"recipient": "ada@example.com"}, "recipient"),
        ({"recipient": {}}, "recipient"),
        ({"recipient": {"name": "Ada"}}, "recipient"),
        ({"recipient": {"email": "ada"}}, "recipient.email"),
        ({"recipient": {"email": "ada@example.com", "phone": "0151"}}, "recipient.phone"),
        ({"recipient": {"email": "ada@example.com", "locale": "german"}}, "recipient.locale"),
        ({"recipient": {"email": "ada@example.com", "name": "x\u0007"}}, "recipient.name"),
        ({"recipient": {"email": "ada@example.com", "age": 36}}, "recipient.age"),
        ({"promise": {"start": "2026-11-22T14:00:00Z"}}, "promise.end"),
        ({"promise": {"start": "2026-11-22T14:00:00", "end": "2026-11-22T16:00:00"}}, "promise.start"),
        ({"promise": {"start": 1795348800, "end": 1795356000}}, "promise.start"),
        ({"promise": {"start": "1795348800", "end": "1795356000"}}, "promise.start"),
        ({"promise": {"start": "2026-11-22T16:00:00Z", "end": "2026-11-22T14:00:00Z"}}, "promise"),
        ({"promise": {"start": "2026-11-22T16:00:00Z", "end": FAR}}, "promise"),
        ({"promise": {"start": "9999-12-31T23:00:00Z", "end": FAR}}, "promise.start"),
        ({"promise": {"start": "0001-01-01T00:00:00+14:00", "end": "0001-01-01T02:00:00+14:00"}}, "promise.start"),
        ({"time_zone": "Europe/Atlantis"}, "time_zone"),
        ({"time_zone": "../../etc/passwd"}, "time_zone"),
        ({"survey_id": "unheard-of"}, "survey_id"),
        ({"survey_id": "a b"}, "survey_id"),
        ({"weight": 2}, "weight"),
    ],
)
def test_a_parcel_with_a_wrong_field_is_refused_by_its_path(
    house: House, lambda_context: Any, change: dict[str, object], path: str
) -> None:
    assert refused(house, lambda_context, request(body={**PARCEL, **change})) == (422, path)


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"status": None}, "status"),
        ({"status": "teleported"}, "status"),
        ({"status": "DELIVERED"}, "status"),
        ({"status": 8}, "status"),
        ({"reason": "bored"}, "reason"),
        ({"event_id": "a b"}, "event_id"),
        ({"event_id": ""}, "event_id"),
        ({"occurred_at": "yesterday"}, "occurred_at"),
        ({"occurred_at": "2026-11-22T12:00:00"}, "occurred_at"),
        ({"occurred_at": "2026-02-30T12:00:00Z"}, "occurred_at"),
        ({"occurred_at": 1795348800}, "occurred_at"),
        ({"occurred_at": True}, "occurred_at"),
        ({"occurred_at": FAR}, "occurred_at"),
        ({"occurred_at": "2026-11-23T12:00:01Z"}, "occurred_at"),
        ({"occurred_at": "1999-12-31T23:59:59Z"}, "occurred_at"),
        ({"occurred_at": "0001-01-01T00:00:00+14:00"}, "occurred_at"),
        ({"raw_status": "x" * 201}, "raw_status"),
        ({"place": "Berlin"}, "place"),
    ],
)
def test_an_event_with_a_wrong_field_is_refused_by_its_path(
    house: House, lambda_context: Any, change: dict[str, object], path: str
) -> None:
    assert refused(house, lambda_context, request(EVENTS, {**SCAN, **change})) == (422, path)


def test_an_unknown_status_is_answered_with_the_known_ones(house: House, lambda_context: Any) -> None:
    _, problem = answer(request(EVENTS, {"status": "teleported"}), lambda_context)
    assert all(f"'{status.value}'" in problem["detail"] for status in DeliveryStatus)


@pytest.mark.parametrize("delivery_id", ["a b", "a#b", "", "x" * 129, "é", "a\n"])
def test_an_event_of_what_can_not_be_a_delivery_is_refused(house: House, lambda_context: Any, delivery_id: str) -> None:
    event = request(EVENTS, SCAN) | {"pathParameters": {"delivery_id": delivery_id}}
    assert refused(house, lambda_context, event) == (422, "delivery_id")


@pytest.mark.parametrize("route", ["POST /v1/deliveries", EVENTS])
@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (("", "application/json"), 400),
        (("{", "application/json"), 400),
        (("[" * 100_000, "application/json"), 413),
        (("[" * 10_000, "application/json"), 400),
        (('{"status":"arriving","status":"delivered"}', "application/json"), 400),
        (('{"status":NaN}', "application/json"), 400),
        (('{"status":"\\ud800"}', "application/json"), 400),
        (('{"delivery_id":"\\u0000"}', "application/json"), 400),
        (("null", "application/json"), 422),
        (("[]", "application/json"), 422),
        (('"order-1"', "application/json"), 422),
        (("{}", "application/json"), 422),
        (("x" * 17_000, "application/json"), 413),
        ((json.dumps(SCAN), "text/plain"), 415),
        ((json.dumps(SCAN), "multipart/form-data"), 415),
        ((json.dumps(SCAN), "application/x-www-form-urlencoded"), 415),
        ((json.dumps(SCAN), "application/json; charset=latin-1"), 415),
        ((json.dumps(SCAN), ""), 415),
    ],
)
def test_a_body_that_is_no_plain_json_object_is_refused(
    house: House, lambda_context: Any, route: str, sent: tuple[str, str], status: int
) -> None:
    body, media_type = sent
    event = request(route, body)
    event["headers"]["content-type"] = media_type
    assert refused(house, lambda_context, event)[0] == status


def refused(house: House, context: Any, event: dict[str, Any]) -> tuple[int, str | None]:
    """A refusal's status and the only field it complains of; a refusal leaves nothing behind."""
    response = app.lambda_handler(event, context)
    problem = json.loads(response["body"])
    assert response["headers"]["content-type"] == "application/problem+json"
    assert problem["status"] == response["statusCode"]
    assert house.queued() == []
    return response["statusCode"], next(iter(problem.get("errors", {})), None)


def test_an_answer_of_the_queue_that_does_not_come_is_answered_with_try_again(
    house: House, lambda_context: Any
) -> None:
    house.queue.fails = True
    response = app.lambda_handler(request(), lambda_context)
    assert (response["statusCode"], response["headers"]["retry-after"]) == (503, "5")


@pytest.mark.parametrize("model", [DeliveryBody, EventBody])
def test_the_documented_examples_are_accepted(model: type[DeliveryBody] | type[EventBody]) -> None:
    examples = model.model_json_schema()["examples"]
    assert examples
    for example in examples:
        model.model_validate(example)


# What a registration and an event may say beside.


def test_a_registration_says_where_it_goes_for_which_brand_and_by_which_names_it_is_known(
    house: House, lambda_context: Any
) -> None:
    body = {
        "delivery_id": "order-1",
        "carrier": "dhl",
        "recipient": {"phone": "+4915112345678"},
        "region": "berlin",
        "brand_id": "outlet",
        "promised_by_customer": True,
        "trackers": {"easypost": "trk_1", "aftership": "abc"},
    }
    assert answer(request(body=body), lambda_context)[0] == 202
    (reported,) = house.queued()
    told = reported.registration
    assert told is not None
    assert (told.region, told.brand_id, told.promised_by_customer) == ("berlin", "outlet", True)
    assert told.trackers == {"easypost": "trk_1", "aftership": "abc"}


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"brand_id": "nobody's"}, "brand_id"),
        ({"brand_id": "unheard-of"}, "brand_id"),
        ({"region": "Nord / Süd"}, "region"),
        ({"promised_by_customer": "perhaps"}, "promised_by_customer"),
        ({"trackers": {"shippo": "x"}}, "trackers.shippo"),
        ({"trackers": {"easypost": "a b"}}, "trackers.easypost"),
        ({"recipient": {"phone": "+4912"}}, "recipient.phone"),
        ({"recipient": {"phone": "+99912345678"}}, "recipient.phone"),
        ({"recipient": {"phone": "+4900000000000"}}, "recipient.phone"),
        ({"recipient": {"email": "ada@localhost"}}, "recipient.email"),
        ({"recipient": {"email": "ada@-example.com"}}, "recipient.email"),
        ({"recipient": {"email": "ada..b@example.com"}}, "recipient.email"),
        ({"recipient": {"email": "ada@example.c"}}, "recipient.email"),
    ],
)
def test_what_can_not_be_is_refused_with_the_reason(
    house: House, lambda_context: Any, wrong: dict[str, Any], path: str
) -> None:
    body = {"delivery_id": "order-1", "carrier": "dhl", "recipient": {"email": "ada@example.com"}, **wrong}
    status, problem = answer(request(body=body), lambda_context)
    assert status == 422, problem
    assert any(told.startswith(path) for told in problem["errors"]), problem
    assert house.queued() == []


def test_an_event_corrects_another_and_estimates_the_arrival(house: House, lambda_context: Any) -> None:
    body = {
        "status": "out_for_delivery",
        "corrects": "scan-6",
        "raw_substatus": "on the van",
        "estimated_at": (NOON + timedelta(hours=2)).isoformat(),
    }
    for _ in range(2):
        assert answer(request(EVENTS, body), lambda_context)[0] == 202
    first, again = (reported.event for reported in house.queued())
    assert first is not None and again is not None
    assert (first.corrects, first.raw_substatus, first.estimated_at) == (
        "scan-6",
        "on the van",
        NOON + timedelta(hours=2),
    )
    assert first.event_id == again.event_id
    assert answer(request(EVENTS, {**body, "corrects": "scan-5"}), lambda_context)[0] == 202
    *_, other = (reported.event for reported in house.queued())
    assert other is not None and other.event_id != first.event_id


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"estimated_at": (NOON + timedelta(days=367)).isoformat()}, "estimated_at"),
        ({"estimated_at": (NOON - timedelta(days=367)).isoformat()}, "estimated_at"),
        ({"estimated_at": 1_795_000_000}, "estimated_at"),
        ({"event_id": "scan-6", "corrects": "scan-6"}, "corrects"),
        ({"corrects": "no id"}, "corrects"),
        ({"raw_substatus": "x" * 201}, "raw_substatus"),
    ],
)
def test_an_event_that_says_what_can_not_be_is_refused(
    house: House, lambda_context: Any, wrong: dict[str, Any], path: str
) -> None:
    status, problem = answer(request(EVENTS, {"status": "delivered", **wrong}), lambda_context)
    assert (status, list(problem["errors"])) == (422, [path])
    assert house.queued() == []
