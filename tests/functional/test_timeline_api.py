"""A person's timeline: what they answered, were sent and not sent, are still to be asked, and their parcels."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from shared.domain.deliveries import Delivery, DeliveryRegistration
from shared.domain.people import Recipient
from shared.storage.deliveries import DeliveryRepository
from tests.fakes.http import body_of
from tests.functional.http_stack import HttpStack, http_stack

ADA = "ada@example.com"
SECRET = {"authorization": "Bearer sk_own"}


@pytest.fixture(scope="module")
def warm_stack() -> Iterator[HttpStack]:
    with http_stack() as stack:
        yield stack


@pytest.fixture
def stack(warm_stack: HttpStack) -> HttpStack:
    warm_stack.empty()
    return warm_stack


def call(stack: HttpStack, method: str, path: str, status: int = 200, **request: Any) -> dict[str, Any]:
    answer = stack.call(method, path, headers=SECRET, **request)
    assert answer["statusCode"] == status, answer["body"]
    return answer


def invite(stack: HttpStack, status: int, **given: Any) -> Any:
    body = {"person": {"email": ADA}, "channel": "link", **given}
    return body_of(call(stack, "POST", "/v1/invitations", status, body=body))


def parcel(stack: HttpStack, name: str, person_id: str, at: datetime) -> None:
    registered = DeliveryRegistration(carrier="dhl", recipient=Recipient(email=ADA), registered_at=at)
    known = Delivery(delivery_id=name, registration=registered, person_id=person_id, version=1)
    DeliveryRepository(stack.dynamodb, "deliveries").save(known, 0)


def live(stack: HttpStack) -> list[str]:
    """Ada gets a parcel, is asked, answers, is asked too soon, and is to be asked later; what each is, newest first."""
    asked = invite(stack, 201, properties={"note": "vip", "device": "phone"})
    parcel(stack, "parcel-1", asked["person"], datetime.now(UTC) - timedelta(days=1))
    given = {"response_id": asked["response_id"], "score": 9, "person": asked["person"], "comment": "Kind."}
    call(stack, "POST", "/v1/survey_responses", 201, body=given)
    refused = invite(stack, 200)
    later = body_of(call(stack, "POST", "/v1/people", 201, body={"email": ADA, "delay": 3600}))
    return [
        later["survey_request"],
        refused["invitation_id"],
        asked["response_id"],
        asked["invitation_id"],
        "parcel-1",
    ]


def test_it_has_everything_the_newest_first_and_a_reason_for_each_silence(stack: HttpStack) -> None:
    expected = live(stack)
    told = body_of(call(stack, "GET", f"/v1/people/{ADA}/timeline"))
    entries = told["entries"]
    assert [entry["id"] for entry in entries] == expected
    assert [entry["what"] for entry in entries] == ["request", "message", "answer", "message", "delivery"]
    request, refused, answer, asked, delivery = entries
    assert (refused["message"]["state"], refused["message"]["reason"]) == ("suppressed", "recently_asked")
    assert (asked["message"]["state"], asked["message"]["asks_for"]) == ("sent", answer["id"])
    assert request["request"]["survey"] == "delivery"
    assert delivery["delivery"]["carrier"] == "dhl"
    assert (answer["answer"]["ratings"], answer["answer"]["comment"]) == ({"recommend": 9}, "Kind.")
    assert answer["answer"]["invitation"] == asked["id"]
    assert answer["answer"]["properties"] == {"note": "vip", "device": "phone"}
    assert told["incomplete"] == []
    assert ADA not in str(told)


@pytest.mark.parametrize("per_page", [1, 2, 3, 5])
def test_its_pages_hold_each_entry_once(stack: HttpStack, per_page: int) -> None:
    expected = live(stack)
    found: list[str] = []
    query = {"per_page": str(per_page)}
    while query and len(found) <= len(expected):
        answer = call(stack, "GET", f"/v1/people/{ADA}/timeline", query=query)
        found += [entry["id"] for entry in body_of(answer)["entries"]]
        link = answer["headers"].get("link", "").partition(">")[0]
        query = dict(parse_qsl(urlsplit(link).query))
    assert found == expected


def test_parcels_beyond_those_it_looks_through_are_said_to_be_missing(stack: HttpStack) -> None:
    person, now = stack.know("ada"), datetime.now(UTC)
    for number in range(101):
        parcel(stack, f"parcel-{number}", person, now - timedelta(days=number))
    told = body_of(call(stack, "GET", f"/v1/people/{person}/timeline", query={"per_page": "100"}))
    assert (len(told["entries"]), told["incomplete"]) == (100, ["deliveries"])


def test_nobody_has_none_and_a_newcomer_an_empty_one(stack: HttpStack) -> None:
    call(stack, "GET", "/v1/people/nobody@example.com/timeline", 404)
    assert body_of(call(stack, "GET", f"/v1/people/{stack.know('ada')}/timeline"))["entries"] == []


@pytest.mark.parametrize("query", [{"per_page": "0"}, {"before": "x"}, {"before": "MjAyNg"}, {"before": "!"}])
def test_a_parameter_that_is_wrong_is_refused_by_its_name(stack: HttpStack, query: dict[str, str]) -> None:
    answer = call(stack, "GET", f"/v1/people/{stack.know('ada')}/timeline", 422, query=query)
    assert set(body_of(answer)["errors"]) == set(query)
