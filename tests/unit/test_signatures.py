"""Webhooks count only if they were signed, by whom they say and now; held against published vectors and other code."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook as StandardWebhook

from shared.domain.signatures import is_signed
from shared.domain.tracking.providers import Provider
from tests.fakes.webhooks import SIGNED_AT, signed

SECRETS = {
    "aftership": "an aftership secret",
    "easypost": "an easypost sécret",
    "hearback": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "shippo": "a shippo secret",
}
OTHERS = {**dict.fromkeys(SECRETS, "another secret"), "hearback": "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}
BODY = '{"event":"größe","x":[1,2]}'.encode()
PROVIDERS = sorted(SECRETS)
TIMED = ("hearback", "shippo")


def verified(
    provider: str, headers: dict[str, str], body: bytes = BODY, *secrets: str, now: datetime = SIGNED_AT
) -> bool:
    lowered = {name.lower(): value for name, value in headers.items()}
    return is_signed(Provider(provider), lowered, body, secrets or (SECRETS[provider],), now)


# Published vectors.


def easypost_example() -> bytes:
    """The event with whose signature EasyPost's clients are tested, built of its facts: 3 550 bytes."""

    def place(city: str | None, state: str | None, code: str) -> dict[str, Any]:
        return {"object": "TrackingLocation", "city": city, "state": state, "country": "US", "zip": code}

    def scan(message: str, status: str, detail: str, at: str, code: str, where: dict[str, Any]) -> dict[str, Any]:
        told = {"object": "TrackingDetail", "message": message, "description": message, "status": status}
        told |= {"status_detail": detail, "datetime": at, "source": "FedEx", "carrier_code": code}
        return told | {"tracking_location": where}

    orlando, edison = place("ORLANDO", "FL", "32809"), place("EDISON", "NJ", "08817")
    arrived, way = "Arrived at FedEx location", "On the way"
    scans = [
        scan(
            "Shipment information sent to FedEx",
            "pre_transit",
            "label_created",
            "2024-07-31T15:00:00Z",
            "OC",
            place(None, None, "32837"),
        ),
        scan("Picked up", "in_transit", "arrived_at_facility", "2024-07-31T19:27:00Z", "PU", orlando),
        scan(arrived, "in_transit", "arrived_at_facility", "2024-07-31T22:35:00Z", "AR", orlando),
        scan("Departed FedEx location", "in_transit", "departed_facility", "2024-08-01T14:42:13Z", "DP", orlando),
        scan(way, "in_transit", "unknown", "2024-08-02T02:46:19Z", "IT", place("KENLY", "NC", "27542")),
        scan(way, "in_transit", "unknown", "2024-08-02T18:35:20Z", "IT", place("EDISON TWP", "NJ", "08817")),
        scan(arrived, "in_transit", "arrived_at_facility", "2024-08-02T18:50:00Z", "AR", edison),
    ]
    carrier: dict[str, Any] = {"object": "CarrierDetail", "service": "FEDEX_GROUND", "container_type": None}
    carrier |= {"est_delivery_date_local": "2024-08-05", "est_delivery_time_local": None}
    carrier |= {"origin_location": "ORLANDO FL US", "origin_tracking_location": orlando}
    carrier |= {"destination_location": "BROOKLYN HGTS NY US", "destination_tracking_location": None}
    carrier |= dict.fromkeys(("guaranteed_delivery_date", "alternate_identifier", "initial_delivery_attempt"))
    result: dict[str, Any] = {"id": "trk_1", "object": "Tracker", "mode": "production", "tracking_code": "1"}
    result |= {"status": "in_transit", "status_detail": "arrived_at_facility"}
    result |= {"created_at": "2024-07-31T14:45:27Z", "updated_at": "2024-08-02T19:26:51Z", "signed_by": None}
    result |= {"weight": 614.4, "est_delivery_date": "2024-08-05T00:00:00Z", "shipment_id": None, "carrier": "FedEx"}
    result |= {"tracking_details": scans, "carrier_detail": carrier, "finalized": False, "is_return": False}
    result |= {"public_url": "https://track.easypost.com/1"}
    event: dict[str, Any] = {"description": "tracker.updated", "mode": "production"}
    event |= {"previous_attributes": {"status": "in_transit"}, "created_at": "2024-08-02T19:26:52.000Z"}
    event |= {"pending_urls": ["https://example.com/easypost"], "completed_urls": []}
    event |= {"updated_at": "2024-08-02T19:26:52.000Z", "id": "evt_1", "user_id": "user_1", "status": "pending"}
    event |= {"object": "Event", "result": result}
    return json.dumps(event, separators=(",", ":")).encode()


def test_easyposts_own_example_is_signed_only_with_the_secret_decomposed() -> None:
    body = easypost_example()
    assert len(body) == 3550
    signature = "hmac-sha256-hex=38f3f53c103713df81616a0a186d77141957323ec21d5fe9363db93840f527db"
    assert verified("easypost", {"X-Hmac-Signature": signature}, body, "sécret")
    # The HMAC by the bytes of the secret as it is written, which is what one would do without thinking.
    composed = "hmac-sha256-hex=7f1669d6699d0b937cc1e69402423bdd2be0a8bcf571d34a8116765f1741219b"
    assert not verified("easypost", {"X-Hmac-Signature": composed}, body, "sécret")


def test_the_example_of_standard_webhooks_is_signed() -> None:
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    at = datetime.fromtimestamp(1614265330, UTC)
    assert verified("hearback", headers, b'{"test": 2432232314}', now=at)


# Other code signs, ours verifies.


@pytest.mark.parametrize("provider", PROVIDERS)
def test_what_a_provider_signs_is_signed(provider: str) -> None:
    assert verified(provider, signed(provider, BODY, SECRETS[provider]))


@given(body=st.text(max_size=300), at=st.integers(1_577_836_800, 4_102_444_800), key=st.binary(min_size=1))
def test_what_the_library_of_standard_webhooks_signs_is_signed(body: str, at: int, key: bytes) -> None:
    moment = datetime.fromtimestamp(at, UTC)
    raw = body.encode("utf-8", "replace")
    signature = StandardWebhook(key).sign("msg_1", moment, raw.decode())
    headers = {"webhook-id": "msg_1", "webhook-timestamp": str(int(moment.timestamp())), "webhook-signature": signature}
    secret = base64.b64encode(key).decode()
    assert verified("hearback", headers, raw, f"whsec_{secret}", now=moment)
    assert verified("hearback", headers, raw, secret.rstrip("="), now=moment)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_of_two_live_secrets_each_is_good_and_no_other(provider: str) -> None:
    headers = signed(provider, BODY, SECRETS[provider])
    assert verified(provider, headers, BODY, OTHERS[provider], SECRETS[provider])
    assert verified(provider, headers, BODY, SECRETS[provider], OTHERS[provider])
    assert not verified(provider, headers, BODY, OTHERS[provider])


@pytest.mark.parametrize("provider", PROVIDERS)
def test_without_a_secret_nothing_is_signed(provider: str) -> None:
    for headers in (signed(provider, BODY, SECRETS[provider]), {}):
        assert not is_signed(Provider(provider), {k.lower(): v for k, v in headers.items()}, BODY, (), SIGNED_AT)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_another_byte_anywhere_is_not_signed(provider: str) -> None:
    headers = signed(provider, BODY, SECRETS[provider])
    for at in range(len(BODY)):
        assert not verified(provider, headers, BODY[:at] + bytes([BODY[at] ^ 1]) + BODY[at + 1 :])
    for other in (BODY + b"\n", BODY[:-1], b"", b" " + BODY):
        assert not verified(provider, headers, other)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_another_providers_signature_is_none(provider: str) -> None:
    for other in set(PROVIDERS) - {provider}:
        assert not verified(provider, signed(other, BODY, SECRETS[other]))


SPOILED: list[Callable[[str], str]] = [
    lambda value: "",
    lambda value: value[:-1],
    lambda value: value + "0",
    lambda value: value.swapcase(),
    lambda value: value.partition("=")[2],
    lambda value: "é" + value,
    lambda value: "\ud83d",
    lambda value: "0" * 10_000,
]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_spoiled_header_is_no_signature_and_no_fault(provider: str) -> None:
    headers = signed(provider, BODY, SECRETS[provider])
    for name, value in headers.items():
        assert not verified(provider, {other: text for other, text in headers.items() if other != name})
        for spoil in SPOILED:
            if spoil(value) not in (value, value.lower()):
                assert not verified(provider, {**headers, name: spoil(value)}), (name, spoil(value)[:40])


# Time.


@pytest.mark.parametrize("provider", TIMED)
@pytest.mark.parametrize(("seconds", "good"), [(0, True), (300, True), (301, False), (86_400, False)])
def test_what_was_signed_more_than_five_minutes_ago_or_ahead_is_old(provider: str, seconds: int, good: bool) -> None:
    headers = signed(provider, BODY, SECRETS[provider])
    for off in (timedelta(seconds=seconds), timedelta(seconds=-seconds)):
        assert verified(provider, headers, now=SIGNED_AT + off) is good


@pytest.mark.parametrize("provider", TIMED)
def test_the_time_is_signed_too(provider: str) -> None:
    later = SIGNED_AT + timedelta(days=1)
    old, new = (signed(provider, BODY, SECRETS[provider], at) for at in (SIGNED_AT, later))
    if provider == "shippo":
        signature = old["Shippo-Auth-Signature"].partition(",")[2]
        forged = {"Shippo-Auth-Signature": f"{new['Shippo-Auth-Signature'].partition(',')[0]},{signature}"}
    else:
        forged = {**old, "webhook-timestamp": new["webhook-timestamp"]}
    assert not verified(provider, forged, now=later)
    assert not verified(provider, forged, now=SIGNED_AT)


def test_the_id_is_signed_too() -> None:
    headers = signed("hearback", BODY, SECRETS["hearback"])
    assert not verified("hearback", {**headers, "webhook-id": "msg_2"})


@pytest.mark.parametrize("timestamp", ["99999999999", "999999999999999", "-1", "1e9", "١٢٣", "nan", ""])
def test_a_time_that_is_none_is_no_fault(timestamp: str) -> None:
    headers = signed("hearback", BODY, SECRETS["hearback"])
    assert not verified("hearback", {**headers, "webhook-timestamp": timestamp})
    signature = "0" * 64
    assert not verified("shippo", {"Shippo-Auth-Signature": f"t={timestamp},v1={signature}"})


def test_of_several_signatures_one_is_enough() -> None:
    headers = signed("hearback", BODY, SECRETS["hearback"])
    both = f"v1a,other v1,AAAA {headers['webhook-signature']}"
    assert verified("hearback", {**headers, "webhook-signature": both})
    assert not verified("hearback", {**headers, "webhook-signature": both.replace(" v1,", " v2,")})


@pytest.mark.parametrize("secret", ["whsec_", "whsec_not base64!", "", "ä"])
def test_a_secret_that_is_none_signs_nothing(secret: str) -> None:
    headers = signed("hearback", BODY, SECRETS["hearback"])
    assert not verified("hearback", headers, BODY, secret)
