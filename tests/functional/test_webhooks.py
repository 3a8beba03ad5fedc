"""Webhooks through the real functions: from the door to the stored parcel, in every order; and what is not let in."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import count, permutations
from typing import Any

import boto3
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.delivery_events import bootstrap
from functions.delivery_status import app as status_app
from functions.delivery_status import bootstrap as status_bootstrap
from shared.domain.deliveries import Delivery, DeliveryEvent, DeliveryRegistration
from shared.domain.people import Recipient
from shared.domain.queued import DeliveryReported, TrackingReported
from shared.domain.tracking import easypost, shippo
from shared.domain.tracking.parcels import (
    HEARD_AFTER_ITS_END,
    HEARD_FOR,
    KEPT_FOR,
    NUMBER,
    REGISTERED_LATER_BY,
    Kept,
    Name,
)
from shared.domain.tracking.providers import Provider
from shared.storage.deliveries import DeliveryRepository
from shared.storage.erasing import ErasingDeliveries
from shared.storage.routes import RouteRepository
from shared.storage.tracked import TrackedParcels
from tests.fakes import webhooks
from tests.fakes.webhooks import as_body, signed
from tests.functional.http_stack import WEBHOOK_SECRETS, WEBHOOK_SECRETS_PARAMETER, HttpStack, http_stack

PROVIDERS = sorted(WEBHOOK_SECRETS)
SECRET = {"authorization": "Bearer sk_own"}
CACHED = (
    status_bootstrap.settings,
    status_bootstrap.service,
    status_bootstrap.routing,
    status_bootstrap.tracking,
    status_bootstrap.back_off,
)
SERIAL = count(1)
"""Each test has parcels of its own, so that one stack is enough."""


@pytest.fixture(scope="module")
def stack() -> Iterator[HttpStack]:
    with http_stack() as stack:
        for built in CACHED:
            built.cache_clear()
        yield stack
    for built in CACHED:
        built.cache_clear()


@pytest.fixture(autouse=True)
def _empty(stack: HttpStack) -> None:
    stack.empty()
    bootstrap.webhooks.cache_clear()


def number() -> str:
    return f"PI{next(SERIAL):09d}DE"


def now() -> datetime:
    return datetime.now(UTC)


def at(hours: float) -> str:
    """A moment so many hours from now, to the second, as providers write it."""
    return (now() + timedelta(hours=hours)).replace(microsecond=0).isoformat()


def content(provider: str, tracking_number: str = "PI000000001DE") -> Any:
    """A parcel out for delivery, in the words of a provider."""
    if provider == "aftership":
        scans = [("InTransit", "InTransit_003", at(-9)), ("OutForDelivery", "OutForDelivery_001", at(-1))]
        return webhooks.aftership(scans, number=tracking_number)
    if provider == "easypost":
        return webhooks.easypost(
            [("in_transit", None, at(-9)), ("out_for_delivery", None, at(-1))], number=tracking_number
        )
    if provider == "shippo":
        scans = [("TRANSIT", "package_arrived", at(-9)), ("TRANSIT", "out_for_delivery", at(-1))]
        return webhooks.shippo(scans, number=tracking_number)
    events = [{"status": "in_transit", "occurred_at": at(-9)}, {"status": "out_for_delivery", "occurred_at": at(-1)}]
    return webhooks.hearback(tracking_number, *events)


def post(
    stack: HttpStack, provider: str, body: bytes, headers: Mapping[str, str] | None = None, **how: Any
) -> dict[str, Any]:
    """Send a body, signed now by the newest secret unless headers are given."""
    sent = signed(provider, body, WEBHOOK_SECRETS[provider][-1], now()) if headers is None else headers
    sent = {"content-type": "application/json", **sent}
    how.setdefault("as_base64", True)
    return stack.call("POST", f"/v1/webhooks/{provider}", headers=sent, body=body, **how)


def told(stack: HttpStack, provider: str, content: Any) -> dict[str, Any]:
    """Send a webhook that is taken, and have the consumer take in what it put on the queue."""
    answer = post(stack, provider, as_body(content))
    assert answer["statusCode"] == 200, answer["body"]
    consume(stack)
    answered: dict[str, Any] = json.loads(answer["body"])
    return answered


def consume(stack: HttpStack) -> None:
    records = [
        {
            "messageId": str(position),
            "receiptHandle": str(position),
            "body": json.dumps(body),
            "attributes": {"ApproximateReceiveCount": "1"},
        }
        for position, body in enumerate(stack.queued("deliveries"))
    ]
    assert status_app.lambda_handler({"Records": records}, None) == {"batchItemFailures": []}


def register(stack: HttpStack, delivery_id: str, tracking_number: str | None = None, **fields: Any) -> None:
    """A shop tells of a parcel, through the API."""
    body = {
        "delivery_id": delivery_id,
        "carrier": "dhl",
        "recipient": {"email": f"{delivery_id}@example.com"},
        **fields,
    }
    body |= {"tracking_number": tracking_number} if tracking_number else {}
    answer = stack.call("POST", "/v1/deliveries", headers=SECRET, body=body)
    assert answer["statusCode"] == 202, answer["body"]
    consume(stack)


def registered(stack: HttpStack, delivery_id: str, tracking_number: str, days_ago: float) -> None:
    """The same some days ago, which the API would not say."""
    registration = DeliveryRegistration(
        carrier="dhl",
        tracking_number=tracking_number,
        recipient=Recipient(email=f"{delivery_id}@example.com"),
        registered_at=now() - timedelta(days=days_ago),
    )
    follow(DeliveryReported(delivery_id=delivery_id, registration=registration))


def follow(*reported: DeliveryReported | TrackingReported) -> None:
    records = [
        {
            "messageId": str(position),
            "receiptHandle": str(position),
            "body": message.model_dump_json(exclude_none=True),
            "attributes": {"ApproximateReceiveCount": "1"},
        }
        for position, message in enumerate(reported)
    ]
    assert status_app.lambda_handler({"Records": records}, None) == {"batchItemFailures": []}


def delivery(stack: HttpStack, delivery_id: str) -> Delivery | None:
    return DeliveryRepository(stack.dynamodb, "deliveries").get(delivery_id)


def history(stack: HttpStack, delivery_id: str) -> list[str]:
    """The statuses that a parcel went through, as they happened."""
    found = delivery(stack, delivery_id)
    events = found.history if found else ()
    return [event.status.value for event in sorted(events, key=lambda event: event.occurred_at)]


def erasing(stack: HttpStack) -> ErasingDeliveries:
    dynamodb, table = stack.dynamodb, "deliveries"
    return ErasingDeliveries(dynamodb, table, DeliveryRepository(dynamodb, table), RouteRepository(dynamodb, table))


def named_items(stack: HttpStack) -> list[str]:
    """What stands under the names of parcels, by the beginning of its sort key."""
    items = stack.dynamodb.scan(TableName="deliveries")["Items"]
    return sorted(item["sk"]["S"].partition("#")[0] for item in items if item["pk"]["S"].startswith("TRACKED#"))


def waiting(stack: HttpStack, tracking_number: str) -> tuple[Kept, ...]:
    """What was told of a number and not applied yet; under a name that the shop never told us it waits till it ends."""
    return TrackedParcels(stack.dynamodb, "deliveries").found(Name(NUMBER, tracking_number)).kept


# Who is let in.


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_signed_webhook_is_taken_and_lies_on_the_queue(stack: HttpStack, provider: str) -> None:
    answer = post(stack, provider, as_body(content(provider)))
    assert (answer["statusCode"], json.loads(answer["body"])) == (200, {"provider": provider, "events": 2})
    (queued,) = stack.queued("deliveries")
    model = DeliveryReported if provider == "hearback" else TrackingReported
    events = model.model_validate(queued).events
    assert [event.status.value for event in events] == ["in_transit", "out_for_delivery"]


@pytest.mark.parametrize("as_base64", [True, False])
@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_bytes_are_verified_as_they_came(stack: HttpStack, provider: str, as_base64: bool) -> None:
    body = json.dumps(content(provider), indent=3, ensure_ascii=False).encode() + b"\n "
    assert post(stack, provider, body, as_base64=as_base64)["statusCode"] == 200


def refusals(provider: str) -> dict[str, tuple[bytes, dict[str, str]]]:
    """Webhooks that nobody should believe: the body and the headers."""
    body, secret = as_body(content(provider)), WEBHOOK_SECRETS[provider][-1]
    good = signed(provider, body, secret, now())
    foreign = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" if provider == "hearback" else "another secret"
    other = next(name for name in PROVIDERS if name != provider)
    found = {
        "unsigned": (body, {}),
        "signed by another": (body, signed(provider, body, foreign, now())),
        "in another's form": (body, signed(other, body, WEBHOOK_SECRETS[other][-1], now())),
        "tampered": (body.replace(b"e", b"E", 1), good),
        "with a space more": (body + b" ", good),
        "with the API's key": (body, SECRET),
        "of no JSON": (b"\xff\xfe", {}),
        "empty": (b"", {}),
    }
    if provider in ("hearback", "shippo"):
        for name, off in (("old", -330), ("from the future", 330), ("of last year", -31_536_000)):
            found[name] = (body, signed(provider, body, secret, now() + timedelta(seconds=off)))
    return found


@pytest.mark.parametrize("provider", PROVIDERS)
def test_what_nobody_signed_is_refused_and_nothing_is_kept(stack: HttpStack, provider: str) -> None:
    before = stack.everything_kept()
    for name, (body, headers) in refusals(provider).items():
        answer = post(stack, provider, body, headers)
        assert answer["statusCode"] == 401, name
        assert answer["headers"]["content-type"] == "application/problem+json"
    assert stack.everything_kept() == before


@pytest.mark.parametrize("provider", PROVIDERS)
def test_without_a_secret_even_what_is_signed_with_nothing_is_refused(stack: HttpStack, provider: str) -> None:
    ssm, body = boto3.client("ssm"), as_body(content(provider))
    for value in (None, "{}", json.dumps({other: [] for other in PROVIDERS})):
        if value is None:
            ssm.delete_parameter(Name=WEBHOOK_SECRETS_PARAMETER)
        else:
            ssm.put_parameter(Name=WEBHOOK_SECRETS_PARAMETER, Value=value, Type="SecureString", Overwrite=True)
        bootstrap.webhooks.cache_clear()
        empty = signed(provider, body, "whsec_AA==" if provider == "hearback" else "", now())
        for headers in (None, empty, {}):
            assert post(stack, provider, body, headers)["statusCode"] == 401
    assert stack.queued("deliveries") == []
    kept = json.dumps(WEBHOOK_SECRETS)
    ssm.put_parameter(Name=WEBHOOK_SECRETS_PARAMETER, Value=kept, Type="SecureString", Overwrite=True)


def test_the_older_of_two_live_secrets_is_good_too(stack: HttpStack) -> None:
    body = as_body(content("easypost"))
    for secret in WEBHOOK_SECRETS["easypost"]:
        assert post(stack, "easypost", body, signed("easypost", body, secret))["statusCode"] == 200


@pytest.mark.parametrize("name", ["sendcloud", "EASYPOST", "easypost ", "17track", "..", "*"])
def test_a_provider_that_we_do_not_know_is_not_found(stack: HttpStack, name: str) -> None:
    body = as_body(content("easypost"))
    headers = {"content-type": "application/json", **signed("easypost", body, WEBHOOK_SECRETS["easypost"][-1])}
    answer = stack.call("POST", f"/v1/webhooks/{name}", headers=headers, body=body, as_base64=True)
    assert answer["statusCode"] == 404
    assert stack.queued("deliveries") == []


# What is signed and still not understood.


@pytest.mark.parametrize(
    ("provider", "wrong", "path"),
    [
        ("easypost", {"description": "tracker.updated"}, "result"),
        ("easypost", {"description": "tracker.updated", "result": {"id": 7, "status": "x"}}, "result.id"),
        ("easypost", {"description": 7, "result": {}}, "description"),
        ("easypost", {}, "description"),
        ("easypost", [], "body"),
        ("easypost", webhooks.easypost([("in_transit", None, "yesterday")]), "result.tracking_details.0.datetime"),
        ("aftership", {"event": "tracking_update", "msg": {}}, "msg.tracking_number"),
        ("aftership", webhooks.aftership([("InTransit", None, "then")]), "msg.updated_at"),
        ("shippo", {"event": "track_updated", "data": {"tracking_number": {}}}, "data.tracking_number"),
        ("shippo", {"event": "track_updated", "data": []}, "data"),
        ("hearback", webhooks.hearback("order 1", {"status": "delivered"}), "data.delivery_id"),
        ("hearback", webhooks.hearback("order-1"), "data.events"),
        ("hearback", webhooks.hearback("order-1", {"status": "gone"}), "data.events.0.status"),
        ("hearback", webhooks.hearback("o", {"status": "unknown", "occurred_at": at(50)}), "data.events.0.occurred_at"),
        ("hearback", webhooks.hearback("order-1", {"status": "delivered", "x": 1}), "data.events.0.x"),
        ("hearback", webhooks.hearback("o", *[{"status": "delivered"}] * 201), "data.events"),
    ],
)  # fmt: skip
def test_what_is_signed_and_not_understood_is_refused_by_the_field(
    stack: HttpStack, provider: str, wrong: Any, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    answer = post(stack, provider, as_body(wrong))
    assert answer["statusCode"] == 422, answer["body"]
    assert path in json.loads(answer["body"])["errors"]
    assert stack.queued("deliveries") == []
    assert path in str([vars(record).get("fields") for record in caplog.records])


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("body", [b"{", b"", b'{"a":1,"a":2}', b"[" * 20 + b"]" * 20, b'{"a":NaN}', b"\xff"])
def test_what_is_signed_and_no_plain_json_is_refused(stack: HttpStack, provider: str, body: bytes) -> None:
    headers = {}
    if provider == "hearback" and body == b"\xff":
        return  # the library that signs here signs text only
    headers = signed(provider, body, WEBHOOK_SECRETS[provider][-1], now())
    answer = post(stack, provider, body, headers)
    assert answer["statusCode"] == 400, answer["body"]
    assert stack.queued("deliveries") == []


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_webhook_of_256_kb_is_taken_and_no_larger_one(stack: HttpStack, provider: str) -> None:
    body = as_body(content(provider))
    assert post(stack, provider, body.ljust(256 * 1024))["statusCode"] == 200
    assert len(stack.queued("deliveries")) == 1
    assert post(stack, provider, body.ljust(256 * 1024 + 1))["statusCode"] == 413
    assert stack.queued("deliveries") == []


@pytest.mark.parametrize(
    ("provider", "other"),
    [
        ("easypost", {"description": "batch.created", "result": {"id": "batch_1", "object": "Batch"}}),
        ("easypost", {"description": "payment.failed"}),
        ("shippo", {"event": "transaction_created", "data": {"object_id": "x"}}),
    ],
)
def test_what_is_not_about_a_parcels_way_is_answered_and_goes_nowhere(
    stack: HttpStack, provider: str, other: Any
) -> None:
    assert told(stack, provider, other) == {"provider": provider, "events": 0}
    assert stack.everything_kept()["stored"]["deliveries"] == []


def test_words_that_nobody_documents_are_counted_and_logged_and_the_parcel_stays_where_it_was(
    stack: HttpStack, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    mine = number()
    register(stack, mine, mine)
    told(stack, "easypost", webhooks.easypost([("in_transit", None, at(-2))], number=mine))
    scans = [("in_transit", None, at(-2)), ("teleported", "beamed_up", at(-1))]
    told(stack, "easypost", webhooks.easypost(scans, number=mine))
    found = delivery(stack, mine)
    assert found is not None and found.status == "in_transit"
    assert found.history[-1].raw_status == "teleported"
    assert '"TrackingWordsUnknown":[1.0]' in capsys.readouterr().out.replace(" ", "")
    assert "teleported/beamed_up" in str([vars(record).get("words") for record in caplog.records])


def test_a_refusal_is_counted_as_one_of_webhooks(stack: HttpStack, capsys: pytest.CaptureFixture[str]) -> None:
    post(stack, "easypost", b"{}", {})
    metrics = capsys.readouterr().out
    assert "WebhooksRefused" in metrics and "DeliveryReportsRefused" not in metrics


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_queue_that_does_not_answer_has_the_provider_come_again(stack: HttpStack, provider: str) -> None:
    stack.sqs.delete_queue(QueueUrl=stack.queues["deliveries"])
    answer = post(stack, provider, as_body(content(provider)))
    assert (answer["statusCode"], answer["headers"]["retry-after"]) == (503, "5")
    stack.empty()


# Which parcel.


@pytest.mark.parametrize("provider", [name for name in PROVIDERS if name != "hearback"])
def test_a_registered_parcel_is_found_by_its_number(stack: HttpStack, provider: str) -> None:
    mine = number()
    register(stack, mine, f"{mine[:4]}-{mine[4:].lower()}")
    told(stack, provider, content(provider, mine))
    assert history(stack, mine) == ["in_transit", "out_for_delivery"]
    found = delivery(stack, mine)
    assert found is not None and {event.provider for event in found.history} == {provider}


def test_our_own_webhook_names_its_parcel(stack: HttpStack) -> None:
    mine = number()
    told(stack, "hearback", content("hearback", mine))
    assert history(stack, mine) == ["in_transit", "out_for_delivery"]


@pytest.mark.parametrize("provider", [name for name in PROVIDERS if name != "hearback"])
def test_what_is_told_before_the_registration_is_kept_and_applied(stack: HttpStack, provider: str) -> None:
    mine = number()
    webhook = content(provider, mine)
    told(stack, provider, webhook)
    told(stack, provider, webhook)
    assert delivery(stack, mine) is None
    register(stack, mine, mine)
    assert history(stack, mine) == ["in_transit", "out_for_delivery"]
    assert waiting(stack, mine) == ()


def test_a_webhook_that_is_sent_again_stores_nothing_new_and_its_consequences_go_out_again(stack: HttpStack) -> None:
    mine = number()
    register(stack, mine, mine)
    webhook = content("easypost", mine)
    told(stack, "easypost", webhook)
    before, wishes = stack.everything_kept()["stored"]["deliveries"], stack.queued("notifications")
    assert wishes
    assert told(stack, "easypost", webhook) == {"provider": "easypost", "events": 2}
    assert stack.everything_kept()["stored"]["deliveries"] == before
    again = stack.queued("notifications")
    assert {wish["notification"]["message_id"] for wish in again} <= {
        wish["notification"]["message_id"] for wish in wishes
    }
    assert again


def test_an_id_of_the_providers_finds_a_parcel_without_a_number(stack: HttpStack) -> None:
    mine, other = number(), number()
    register(stack, mine, trackers={"easypost": f"trk_{mine}"})
    told(stack, "easypost", webhooks.easypost([("in_transit", None, at(-2))], number=other, tracker=f"trk_{mine}"))
    assert history(stack, mine) == ["in_transit"]
    late = number()
    told(stack, "aftership", webhooks.aftership([("Delivered", None, at(-2))], number=other, tracker=f"id-{late}"))
    register(stack, late, trackers={"aftership": f"id-{late}"})
    assert history(stack, late) == ["delivered"]


def test_the_providers_id_counts_more_than_the_number(stack: HttpStack) -> None:
    shared, first, second = number(), number(), number()
    register(stack, first, shared, trackers={"easypost": f"trk_{first}"})
    register(stack, second, shared)
    told(stack, "easypost", webhooks.easypost([("delivered", None, at(-1))], number=shared, tracker=f"trk_{first}"))
    assert (history(stack, first), history(stack, second)) == (["delivered"], [])


def test_the_shops_id_of_the_order_counts_if_we_have_such_a_parcel(stack: HttpStack) -> None:
    mine, other = number(), number()
    register(stack, mine)
    told(stack, "shippo", webhooks.shippo([("DELIVERED", None, at(-2))], number=other, metadata=mine))
    assert history(stack, mine) == ["delivered"]
    # Not known as an id: then the number counts.
    register(stack, other, other)
    told(stack, "aftership", webhooks.aftership([("Delivered", None, at(-1))], number=other, order_id="order-7"))
    assert history(stack, other) == ["delivered"]
    # Told before: the registration finds it under its own id.
    late = number()
    told(stack, "aftership", webhooks.aftership([("Delivered", None, at(-1))], number=number(), order_id=late))
    register(stack, late)
    assert history(stack, late) == ["delivered"]


def test_an_id_of_ours_that_the_shop_gave_as_such_needs_no_number(stack: HttpStack) -> None:
    mine = number()
    scans = [("Delivered", "Delivered_001", at(-1))]
    told(stack, "aftership", webhooks.aftership(scans, number="1", custom_fields={"delivery_id": mine}))
    assert history(stack, mine) == ["delivered"]


# Numbers that carriers use again.


def test_a_number_that_is_used_again_means_the_newer_parcel(stack: HttpStack) -> None:
    shared, old, new = number(), number(), number()
    registered(stack, old, shared, days_ago=120)
    registered(stack, new, shared, days_ago=1)
    told(stack, "easypost", webhooks.easypost([("delivered", None, at(-1))], number=shared, tracker="trk_new"))
    assert (history(stack, old), history(stack, new)) == ([], ["delivered"])


def test_what_is_told_late_of_the_older_parcel_is_the_older_parcels(stack: HttpStack) -> None:
    shared, old, new = number(), number(), number()
    registered(stack, old, shared, days_ago=120)
    registered(stack, new, shared, days_ago=1)
    told(stack, "easypost", webhooks.easypost([("delivered", None, at(-110 * 24))], number=shared))
    assert (history(stack, old), history(stack, new)) == (["delivered"], [])


def test_a_history_with_scans_of_the_former_parcel_is_taken_without_them(stack: HttpStack) -> None:
    shared, mine = number(), number()
    registered(stack, mine, shared, days_ago=1)
    scans = [("delivered", None, at(-200 * 24)), ("in_transit", None, at(-1))]
    told(stack, "easypost", webhooks.easypost(scans, number=shared))
    assert history(stack, mine) == ["in_transit"]


def test_what_is_told_of_a_number_long_after_its_parcel_ended_waits_for_the_next_one(stack: HttpStack) -> None:
    shared, old, new = number(), number(), number()
    registered(stack, old, shared, days_ago=120)
    told(stack, "easypost", webhooks.easypost([("delivered", None, at(-115 * 24))], number=shared, tracker="trk_old"))
    told(stack, "easypost", webhooks.easypost([("in_transit", None, at(-2))], number=shared, tracker="trk_new"))
    assert history(stack, old) == ["delivered"]
    registered(stack, old, shared, days_ago=120)  # told again, it is not given what is not its own
    assert history(stack, old) == ["delivered"]
    register(stack, new, shared)
    assert (history(stack, old), history(stack, new)) == (["delivered"], ["in_transit"])


def test_a_parcel_is_not_found_by_its_number_for_ever(stack: HttpStack) -> None:
    shared, old = number(), number()
    registered(stack, old, shared, days_ago=HEARD_FOR.days + 1)
    told(stack, "easypost", webhooks.easypost([("delivered", None, at(-1))], number=shared))
    assert history(stack, old) == []


def test_a_number_that_was_corrected_means_its_parcel_no_more(stack: HttpStack) -> None:
    wrong, right, mine = number(), number(), number()
    register(stack, mine, wrong)
    register(stack, mine, right)
    told(stack, "easypost", webhooks.easypost([("delivered", None, at(-1))], number=wrong))
    assert history(stack, mine) == []
    told(stack, "easypost", webhooks.easypost([("in_transit", None, at(-1))], number=right))
    assert history(stack, mine) == ["in_transit"]


def test_a_registration_that_is_told_again_later_keeps_since_when_its_parcel_is_known(stack: HttpStack) -> None:
    mine = number()
    registered(stack, mine, mine, days_ago=30)
    registered(stack, mine, mine, days_ago=1)
    told(stack, "easypost", webhooks.easypost([("in_transit", None, at(-28 * 24))], number=mine))
    assert history(stack, mine) == ["in_transit"]


def test_the_windows_leave_no_gap() -> None:
    """What waits is kept for as long as a registration may still claim it; returns begin while a parcel is heard."""
    assert KEPT_FOR > REGISTERED_LATER_BY
    assert HEARD_AFTER_ITS_END > REGISTERED_LATER_BY
    assert HEARD_FOR > HEARD_AFTER_ITS_END


# Erasing.


def test_of_an_erased_persons_parcel_no_name_is_left_and_what_is_told_later_finds_nothing(stack: HttpStack) -> None:
    mine = number()
    register(stack, mine, mine, trackers={"easypost": f"trk_{mine}"})
    told(stack, "easypost", content("easypost", mine))
    assert named_items(stack) == ["DELIVERY", "DELIVERY"]
    found = delivery(stack, mine)
    assert found is not None and found.person_id is not None
    erasing(stack).erase(mine, found.person_id)
    assert named_items(stack) == []
    erased = delivery(stack, mine)
    assert erased is not None and erased.registration is not None
    assert (erased.registration.tracking_number, erased.registration.trackers) == (None, {})
    assert {(event.raw_status, event.raw_substatus) for event in erased.history} == {(None, None)}
    told(stack, "easypost", webhooks.easypost([("delivered", None, at(-1))], number=mine))
    assert "delivered" not in history(stack, mine)


def test_an_erasure_whose_worker_died_between_person_and_names_is_finished_by_the_next(stack: HttpStack) -> None:
    mine = number()
    register(stack, mine, mine)
    found = delivery(stack, mine)
    assert found is not None and found.person_id is not None
    repository = DeliveryRepository(stack.dynamodb, "deliveries")
    assert repository.save(found.without_person(), found.version)
    assert named_items(stack) == ["DELIVERY"]
    erasing(stack).erase(mine, found.person_id)
    assert named_items(stack) == []


def test_a_worker_that_comes_after_the_erasure_puts_no_name_down(stack: HttpStack) -> None:
    mine = number()
    register(stack, mine, mine)
    before = delivery(stack, mine)
    assert before is not None and before.person_id is not None
    erasing(stack).erase(mine, before.person_id)
    parcels = TrackedParcels(stack.dynamodb, "deliveries")
    assert not parcels.point(before), "it read the parcel before it was erased"
    assert named_items(stack) == []


def test_the_names_of_a_parcel_hold_no_number(stack: HttpStack) -> None:
    mine = number()
    register(stack, mine, f"{mine}X", trackers={"easypost": f"trk_{mine}X"})
    told(stack, "shippo", content("shippo", f"{mine}Y"))
    items = [item for item in stack.dynamodb.scan(TableName="deliveries")["Items"] if item["sk"]["S"] != "DELIVERY"]
    assert len(items) == 4
    for kind in ("X", "Y"):
        assert f"{mine}{kind}" not in json.dumps(items)


def test_what_is_kept_ends_by_itself(stack: HttpStack) -> None:
    told(stack, "shippo", content("shippo", number()))
    (item,) = stack.dynamodb.scan(TableName="deliveries")["Items"]
    left = int(item["ttl"]["N"]) - now().timestamp()
    assert 14 * 86_400 < left <= KEPT_FOR.total_seconds()


# Whatever the order.


def facts(found: Delivery) -> tuple[Any, ...]:
    """What is stored of a parcel, but when and in which order we learned it."""

    def fact(event: DeliveryEvent) -> tuple[Any, ...]:
        return tuple(event.model_dump(mode="json", exclude={"learned_at"}).values())

    registration = found.registration
    assert registration is not None
    told = (registration.tracking_number, dict(registration.trackers), registration.carrier, registration.recipient)
    return told, found.status, sorted(map(repr, map(fact, found.history)))


HISTORY = (
    ("pre_transit", "label_created", -40),
    ("in_transit", "arrived_at_facility", -20),
    ("failure", "delivery_exception", -10),
    ("out_for_delivery", None, -3),
    ("delivered", None, -1),
)


def messages_of(mine: str, base: datetime) -> list[DeliveryReported | TrackingReported]:
    """A registration and the webhooks that tell of a parcel's way, each with the history so far, by two providers."""

    def moment(hours: float) -> str:
        return (base + timedelta(hours=hours)).isoformat()

    found: list[DeliveryReported | TrackingReported] = [
        DeliveryReported(
            delivery_id=mine,
            registration=DeliveryRegistration(
                carrier="dhl",
                tracking_number=mine,
                trackers={Provider.EASYPOST: f"trk_{mine}"},
                recipient=Recipient(email=f"{mine}@example.com"),
                registered_at=base - timedelta(hours=30),
            ),
        )
    ]
    for length in (1, 2, 4, 5):
        scans = [(word, detail, moment(hours)) for word, detail, hours in HISTORY[:length]]
        body = webhooks.easypost(scans, number=mine, tracker=f"trk_{mine}")
        tracker = easypost.read(easypost.Webhook.model_validate(body))
        found.append(
            TrackingReported(
                provider=tracker.provider,
                tracker_id=tracker.tracker_id,
                tracking_number=tracker.tracking_number,
                events=tracker.events(base),
            )
        )
    body = webhooks.shippo([("TRANSIT", "package_arrived", moment(-19))], number=mine)
    other = shippo.read(shippo.Webhook.model_validate(body))
    found.append(TrackingReported(provider=other.provider, tracking_number=mine, events=other.events(base)))
    return found


ORDERS = st.permutations(range(6)).flatmap(
    lambda order: st.lists(st.sampled_from(range(6)), max_size=4).map(lambda again: [*order, *again])
)


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=ORDERS)
def test_in_any_order_and_however_often_the_same_is_stored(stack: HttpStack, order: list[int]) -> None:
    base = datetime(2026, 3, 1, 12, tzinfo=UTC)
    mine = number()
    messages = messages_of(mine, base)
    for position in order:
        follow(messages[position])
    found = delivery(stack, mine)
    assert found is not None
    expected = Delivery(delivery_id=mine).with_registration(messages[0].registration, None)  # type: ignore[union-attr, arg-type]
    for message in messages[1:]:
        for event in message.events:
            expected = expected.with_event(event)
    assert facts(found) == facts(expected)
    assert found.status == "delivered"
    assert waiting(stack, mine) == (), "what waited was applied, and waits no more"


def test_two_webhooks_and_the_registration_in_every_order(stack: HttpStack) -> None:
    base = datetime(2026, 3, 1, 12, tzinfo=UTC)
    stored = set()
    for order in permutations((0, 2, 5)):
        mine = number()
        messages = messages_of(mine, base)
        for position in order:
            follow(messages[position])
        found = delivery(stack, mine)
        assert found is not None
        stored.add((found.status, tuple(history(stack, mine))))
    assert stored == {("in_transit", ("info_received", "in_transit", "in_transit"))}


def test_the_door_uses_no_table_for_a_webhook(stack: HttpStack) -> None:
    """Whoever floods it costs no capacity of a table: the secrets are in memory, and then it calls SendMessage."""
    bootstrap.service.cache_clear()
    post(stack, "easypost", as_body(content("easypost")))
    assert bootstrap.service.cache_info().currsize == 0
