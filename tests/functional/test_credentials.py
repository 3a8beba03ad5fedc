"""Who may do what: every operation of every function with every credential, against a table written by hand."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlencode

import boto3
import pytest

from shared.domain.api_keys import KeyKind
from shared.domain.asking import ShortLink
from shared.domain.deliveries import Delivery, DeliveryRegistration
from shared.domain.messages import MessageKind, Notification
from shared.domain.people import Recipient
from shared.storage.deliveries import DeliveryRepository
from shared.storage.messages import MessageRepository, Tables
from shared.storage.short_links import short_link_put
from tests.functional.http_stack import (
    FORM,
    LINK_RESPONSE_ID,
    SESSION_COOKIE,
    HttpStack,
    declared,
    http_stack,
    key,
)

RESPONSE_ID = "0190f3c2-7c1e-7d2b-9d3a-5b1f8a2c4e6d"
STORED_ID = "0190f3c2-7c1e-7d2b-9d3a-000000000001"
EDITED_ID = "0190f3c2-7c1e-7d2b-9d3a-000000000003"
GONE_ID = "per_gone"
SPARE_ID = "0190f3c2-7c1e-7d2b-9d3a-000000000002"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)

CREDENTIALS = (
    "none",
    "garbage",
    "publishable own",
    "publishable of another survey",
    "publishable revoked",
    "secret",
    "secret revoked",
    "link",
    "link expired",
    "link to another survey",
    "link tampered",
    "unsubscribe link",
    "unsubscribe link tampered",
    "tracking link",
    "tracking link expired",
    "tracking link tampered",
    "preferences link",
    "preferences link tampered",
    "session",
    "session expired",
    "session of a revoked key",
    "session tampered",
)

TRACKING = tuple(credential for credential in CREDENTIALS if credential.startswith("tracking"))
SESSIONS = tuple(credential for credential in CREDENTIALS if credential.startswith("session"))

PUBLIC = dict.fromkeys(CREDENTIALS)
SECRET = {
    "none": 401,
    "garbage": 401,
    "publishable own": 403,
    "publishable of another survey": 403,
    "publishable revoked": 401,
    "secret": None,
    "secret revoked": 401,
    "link": 401,
    "link expired": 401,
    "link to another survey": 401,
    "link tampered": 401,
    "unsubscribe link": 401,
    "unsubscribe link tampered": 401,
    "preferences link": 401,
    "preferences link tampered": 401,
    **dict.fromkeys((*TRACKING, *SESSIONS), 401),
}
SURVEY_DOOR = {
    "none": 401,
    "garbage": 401,
    "publishable own": None,
    "publishable of another survey": 401,
    "publishable revoked": 401,
    "secret": 401,
    "secret revoked": 401,
    "link": None,
    "link expired": 401,
    "link to another survey": 403,
    "link tampered": 401,
    "unsubscribe link": 401,
    "unsubscribe link tampered": 401,
    "preferences link": 401,
    "preferences link tampered": 401,
    **dict.fromkeys((*TRACKING, *SESSIONS), 401),
}
LINK_PAGE = {
    "none": 403,
    "garbage": 403,
    "publishable own": None,
    "publishable of another survey": 403,
    "publishable revoked": 403,
    "secret": 403,
    "secret revoked": 403,
    "link": None,
    "link expired": 410,
    "link to another survey": 403,
    "link tampered": 403,
    "unsubscribe link": 403,
    "unsubscribe link tampered": 403,
    "preferences link": 403,
    "preferences link tampered": 403,
    **dict.fromkeys((*TRACKING, *SESSIONS), 403),
}
RATING_PAGE = {**dict.fromkeys(CREDENTIALS, 403), "link": None, "link expired": 410, "link to another survey": None}
"""The token stands in the path and names the survey, so there is no other one."""

KIOSK_PAGE = {**dict.fromkeys(CREDENTIALS, 403), "publishable own": None}
LIVE_PAGE = {**dict.fromkeys(CREDENTIALS, 403), "tracking link": None, "tracking link expired": 410}
UNSUBSCRIBE = {**dict.fromkeys(CREDENTIALS, 403), "unsubscribe link": None}
PREFERENCES = {**dict.fromkeys(CREDENTIALS, 403), "preferences link": None}

SESSION_PAGE = {**dict.fromkeys(CREDENTIALS, 403), "session": None}
LOG_IN = {**dict.fromkeys(CREDENTIALS, 403), "secret": None}
SIGNED = dict.fromkeys(CREDENTIALS, 401)
"""No credential of ours opens it: a webhook's body is signed, see tests/functional/test_webhooks.py."""
"""The status of each refusal; None where the operation succeeds."""


class Row(NamedTuple):
    """One operation: the path to call, the body, the status of success, and the refusals."""

    path: str
    success: int
    refusals: Mapping[str, int | None]
    body: Any = None


MATRIX = {
    "POST /v1/surveys/{survey_id}/responses": Row(
        "/v1/surveys/delivery/responses", 202, SURVEY_DOOR, {"response_id": RESPONSE_ID, "rating": 9}
    ),
    "OPTIONS /v1/surveys/{survey_id}/responses": Row("/v1/surveys/delivery/responses", 204, PUBLIC),
    "POST /v1/surveys/{survey_id}/views": Row(
        "/v1/surveys/delivery/views", 202, SURVEY_DOOR, {"view_id": RESPONSE_ID, "channel": "widget", "shown": True}
    ),
    "OPTIONS /v1/surveys/{survey_id}/views": Row("/v1/surveys/delivery/views", 204, PUBLIC),
    "GET /v1/surveys/{survey_id}/widget": Row("/v1/surveys/delivery/widget", 200, SURVEY_DOOR),
    "OPTIONS /v1/surveys/{survey_id}/widget": Row("/v1/surveys/delivery/widget", 204, PUBLIC),
    "GET /widget.js": Row("/widget.js", 200, PUBLIC),
    "GET /s/{survey_id}": Row("/s/delivery", 200, LINK_PAGE),
    "GET /r/{token}": Row("/r/{token}", 200, RATING_PAGE),
    "POST /r/{token}": Row("/r/{token}", 200, RATING_PAGE),
    "GET /k/{survey_id}": Row("/k/delivery", 200, KIOSK_PAGE),
    "GET /k/sw.js": Row("/k/sw.js", 200, PUBLIC),
    "GET /u/{token}": Row("/u/{token}", 200, UNSUBSCRIBE),
    "POST /u/{token}": Row("/u/{token}", 200, UNSUBSCRIBE, "List-Unsubscribe=One-Click"),
    "GET /preferences/{token}": Row("/preferences/{token}", 200, PREFERENCES),
    "POST /preferences/{token}": Row("/preferences/{token}", 200, PREFERENCES, "shown=email:soon"),
    "GET /i/{code}": Row("/i/Ab3-_xYz019", 302, PUBLIC),
    "GET /track/{token}": Row("/track/{token}", 200, LIVE_PAGE),
    "GET /track/{token}/now": Row("/track/{token}/now", 200, LIVE_PAGE),
    "GET /scores": Row("/scores", 200, SESSION_PAGE),
    "POST /scores": Row("/scores", 303, LOG_IN),
    "POST /scores/end": Row("/scores/end", 303, PUBLIC),
    "GET /staff/surveys": Row("/staff/surveys", 200, SESSION_PAGE),
    "GET /staff/surveys/new": Row("/staff/surveys/new", 200, SESSION_PAGE),
    "POST /staff/surveys/new": Row("/staff/surveys/new", 200, SESSION_PAGE, "do=add:questions"),
    "GET /staff/surveys/{survey_id}": Row("/staff/surveys/delivery", 200, SESSION_PAGE),
    "POST /staff/surveys/{survey_id}": Row("/staff/surveys/delivery", 200, SESSION_PAGE, "do=add:questions"),
    "GET /staff/surveys/{survey_id}/preview": Row("/staff/surveys/delivery/preview", 200, SESSION_PAGE),
    "GET /staff/surveys/{survey_id}/preview/widget": Row("/staff/surveys/delivery/preview/widget", 200, SESSION_PAGE),
    "GET /staff/surveys/{survey_id}/preview/email": Row("/staff/surveys/delivery/preview/email", 200, SESSION_PAGE),
    "GET /staff/surveys/{survey_id}/use": Row("/staff/surveys/delivery/use", 200, SESSION_PAGE),
    "GET /staff/messages": Row("/staff/messages", 200, SESSION_PAGE),
    "GET /staff/messages/{brand_id}": Row("/staff/messages/default", 200, SESSION_PAGE),
    "GET /staff/messages/{brand_id}/edit": Row("/staff/messages/default/edit", 200, SESSION_PAGE),
    "POST /staff/messages/{brand_id}/edit": Row(
        "/staff/messages/default/edit", 200, SESSION_PAGE, "do=add:quiet_hours"
    ),
    "GET /staff/messages/{brand_id}/preview/{kind}": Row(
        "/staff/messages/default/preview/delivery_soon", 200, SESSION_PAGE
    ),
    "GET /staff/messages/{brand_id}/preview/{kind}/email": Row(
        "/staff/messages/default/preview/delivery_soon/email", 200, SESSION_PAGE
    ),
    "POST /v1/deliveries": Row(
        "/v1/deliveries",
        202,
        SECRET,
        {"delivery_id": "p-1", "carrier": "dhl", "recipient": {"email": "ada@example.com"}},
    ),
    "POST /v1/deliveries/{delivery_id}/events": Row(
        "/v1/deliveries/p-1/events", 202, SECRET, {"status": "out_for_delivery"}
    ),
    "POST /v1/deliveries/{delivery_id}/position": Row(
        "/v1/deliveries/p-1/position", 202, SECRET, {"latitude": 52.5, "longitude": 13.4}
    ),
    "PUT /v1/routes/{route_id}": Row("/v1/routes/van-7", 202, SECRET, {"stops": [{"delivery_id": "p-1"}]}),
    "GET /v1/brands": Row("/v1/brands", 200, SECRET),
    "GET /v1/brands/{brand_id}": Row("/v1/brands/nobody", 404, SECRET),
    "PUT /v1/brands/{brand_id}": Row("/v1/brands/lamps", 200, SECRET, {"name": "Lamps"}),
    # Without `contradicted=true` whoever may ask is told to say so.
    "GET /v1/deliveries": Row("/v1/deliveries", 422, SECRET),
    "GET /v1/promises": Row("/v1/promises", 200, SECRET),
    "POST /v1/webhooks/{provider}": Row(
        "/v1/webhooks/hearback",
        200,
        SIGNED,
        {"type": "delivery.events", "data": {"delivery_id": "p-1", "events": [{"status": "delivered"}]}},
    ),
    "GET /v1/metrics": Row("/v1/metrics", 200, SECRET),
    "GET /v1/funnel": Row("/v1/funnel", 200, SECRET),
    "GET /v1/journey": Row("/v1/journey", 200, SECRET),
    "POST /v1/survey_responses": Row(
        "/v1/survey_responses", 201, SECRET, {"response_id": STORED_ID, "score": 9, "created_at": 1767225600}
    ),
    "PUT /v1/survey_responses/{response_id}": Row(
        f"/v1/survey_responses/{EDITED_ID}", 200, SECRET, {"score": 8, "comment": "Kind."}
    ),
    "DELETE /v1/survey_responses/{response_id}": Row(f"/v1/survey_responses/{SPARE_ID}", 200, SECRET),
    "GET /v1/survey_responses/{response_id}/audit": Row(f"/v1/survey_responses/{STORED_ID}/audit", 200, SECRET),
    "GET /v1/survey_responses": Row("/v1/survey_responses", 200, SECRET),
    "GET /v1/survey_responses/{response_id}": Row(f"/v1/survey_responses/{STORED_ID}", 200, SECRET),
    "POST /v1/people": Row("/v1/people", 201, SECRET, {"email": "ada@example.com", "phone_number": "+4915112345678"}),
    "POST /v1/invitations": Row(
        "/v1/invitations", 201, SECRET, {"person": {"email": "ada@example.com"}, "channel": "email"}
    ),
    "GET /v1/people": Row("/v1/people", 200, SECRET),
    "GET /v1/people/{person}/timeline": Row("/v1/people/ada@example.com/timeline", 200, SECRET),
    "DELETE /v1/people/{person}": Row(f"/v1/people/{GONE_ID}", 202, SECRET),
    "GET /v1/people/{person}/erasure": Row(f"/v1/people/{GONE_ID}/erasure", 200, SECRET),
    "DELETE /v1/people/{person}/survey_requests/pending": Row(
        "/v1/people/ada@example.com/survey_requests/pending", 200, SECRET
    ),
    "GET /v1/people/{person}/preferences": Row("/v1/people/ada@example.com/preferences", 200, SECRET),
    "PUT /v1/people/{person}/preferences": Row(
        "/v1/people/ada@example.com/preferences",
        200,
        SECRET,
        {"refused": [{"channel": "email", "category": "soon"}]},
    ),
    "POST /v1/unsubscribes": Row("/v1/unsubscribes", 200, SECRET, {"person_email": "ada@example.com"}),
    "GET /v1/unsubscribes": Row("/v1/unsubscribes", 200, SECRET),
    "GET /v1/bounces": Row("/v1/bounces", 200, SECRET),
    "GET /v1/deliveries/{delivery_id}": Row("/v1/deliveries/parcel-1", 200, SECRET),
    "GET /v1/messages": Row("/v1/messages", 200, SECRET),
    "GET /v1/messages/{message_id}": Row("/v1/messages/msg_1", 200, SECRET),
    "GET /v1/surveys/{survey_id}": Row("/v1/surveys/delivery", 200, SECRET),
    "GET /v1/surveys": Row("/v1/surveys", 200, SECRET),
    "GET /v1/surveys/{survey_id}/versions/{version}": Row("/v1/surveys/delivery/versions/1", 200, SECRET),
    "PUT /v1/surveys/{survey_id}": Row(
        "/v1/surveys/chat",
        200,
        SECRET,
        {
            "name": "After a chat",
            "touchpoint": "support_chat",
            "brand": {"name": "Example Shop"},
            "questions": [{"id": "satisfied", "scale": "csat_3", "text": {"en": "Did we help?"}}],
        },
    ),
    "DELETE /v1/surveys/{survey_id}": Row("/v1/surveys/chat", 200, SECRET),
}


@pytest.fixture(scope="module")
def stack() -> Iterator[HttpStack]:
    with http_stack() as stack:
        deliveries = DeliveryRepository(stack.dynamodb, "deliveries")
        deliveries.save(Delivery(delivery_id="parcel-1", version=1), 0)
        registered = DeliveryRegistration(carrier="own", recipient=Recipient(phone="+4915112345678"), registered_at=NOW)
        deliveries.save(Delivery(delivery_id="parcel-2", registration=registered, version=1), 0)
        tables = Tables(**{name: name for name in Tables._fields})
        wish = Notification(
            message_id="msg_1",
            kind=MessageKind.THANK_YOU,
            person_id="per_1",
            requested_at=NOW,
            expires_at=NOW + timedelta(days=2),
        )
        MessageRepository(boto3.client("dynamodb"), tables).claim(wish, "token", NOW, NOW + timedelta(minutes=1))
        secret = {"authorization": f"Bearer {key(KeyKind.SECRET, 'own')}"}
        link = ShortLink(code="Ab3-_xYz019", path="/s/delivery?t=x", person_id="per_1", expires_at=NOW)
        stack.dynamodb.put_item(**short_link_put("messages", link, NOW))
        given = MATRIX["POST /v1/survey_responses"].body
        assert stack.call("POST", "/v1/survey_responses", headers=secret, body=given)["statusCode"] == 201
        for response_id in (EDITED_ID, SPARE_ID):
            another = {**given, "response_id": response_id}
            assert stack.call("POST", "/v1/survey_responses", headers=secret, body=another)["statusCode"] == 201
        assert stack.call("DELETE", f"/v1/people/{stack.know('gone')}", headers=secret)["statusCode"] == 202
        given = MATRIX["POST /v1/people"].body
        assert stack.call("POST", "/v1/people", headers=secret, body=given)["statusCode"] == 201
        given = MATRIX["PUT /v1/surveys/{survey_id}"].body
        assert stack.call("PUT", "/v1/surveys/chat", headers=secret, body=given)["statusCode"] == 200
        yield stack


def carried(stack: HttpStack, credential: str) -> tuple[dict[str, str], dict[str, str]]:
    """The headers and the query that carry a credential."""
    kind, _, which = credential.partition(" ")
    name = {"": "own", "own": "own", "of another survey": "other", "revoked": "revoked"}.get(which, "")
    if kind == "garbage":
        return {"authorization": "Bearer pk_garbage"}, {}
    if kind in {"publishable", "secret"}:
        return {"authorization": f"Bearer {key(KeyKind(kind), name)}"}, {}
    if kind == "link":
        token = stack.link("checkout") if which == "to another survey" else stack.link()
        if which == "expired":
            token = stack.link(lives=timedelta(seconds=-1))
        if which == "tampered":
            token = stack.link().swapcase()
        return {}, {"t": token}
    if kind == "unsubscribe":
        token = stack.unsubscribe("per_1")
        return {}, {"t": token.swapcase() if which.endswith("tampered") else token}
    if kind == "tracking":
        token = stack.tracking(lives=timedelta(hours=-1 if which.endswith("expired") else 1))
        return {}, {"t": token.swapcase() if which.endswith("tampered") else token}
    if kind == "preferences":
        token = stack.preferences("per_1")
        return {}, {"t": token.swapcase() if which.endswith("tampered") else token}
    if kind == "session":
        token = stack.session("revoked" if which == "of a revoked key" else "own", timedelta(hours=which != "expired"))
        return {"cookie": f"{SESSION_COOKIE}={token.swapcase() if which == 'tampered' else token}"}, {}
    return {}, {}


def body_for(row: Row, credential: str) -> Any:
    if row.refusals is LOG_IN:
        return form_with(credential)
    if row.refusals is SURVEY_DOOR and "response_id" in (row.body or ()) and credential.startswith("link"):
        return {**row.body, "response_id": LINK_RESPONSE_ID}
    return row.body


def form_with(credential: str) -> str:
    """The log-in form, filled in with a credential where it is a key."""
    kind, _, which = credential.partition(" ")
    known = kind in set(KeyKind)
    name = {"of another survey": "other", "revoked": "revoked"}.get(which, "own")
    return urlencode({"key": key(KeyKind(kind), name) if known else "sk_garbage"})


def test_every_operation_stands_in_the_matrix() -> None:
    assert set(declared()) == set(MATRIX)


@pytest.mark.parametrize("credential", CREDENTIALS)
@pytest.mark.parametrize("route", MATRIX)
def test_each_credential_opens_what_it_is_for_and_nothing_else(stack: HttpStack, route: str, credential: str) -> None:
    row = MATRIX[route]
    headers, query = carried(stack, credential)
    if declared()[route].path.startswith(("/scores", "/staff", "/preferences")):
        headers |= FORM
    before = stack.everything_kept()

    method = route.partition(" ")[0]
    path = row.path.replace("{token}", query.pop("t", "no.token")) if "{token}" in row.path else row.path
    answer = stack.call(method, path, headers=headers, query=query, body=body_for(row, credential))

    refusal = row.refusals[credential]
    assert answer["statusCode"] == (refusal or row.success), answer["body"]
    assert answer["statusCode"] in {int(status) for status in declared()[route].statuses}
    if refusal:
        assert stack.everything_kept() == before
        if not declared()[route].is_page:
            assert answer["headers"]["content-type"] == "application/problem+json"
            assert ("www-authenticate" in answer["headers"]) == (refusal == 401)


@pytest.mark.parametrize("route", [route for route, row in MATRIX.items() if row.refusals is SECRET])
def test_a_secret_key_comes_in_every_form_that_clients_send(stack: HttpStack, route: str) -> None:
    row, secret = MATRIX[route], key(KeyKind.SECRET, "own")
    forms = [
        {"authorization": f"Bearer {secret}"},
        {"Authorization": f"bearer  {secret} "},
        {"authorization": "Basic " + base64.b64encode(secret.encode()).decode()},
        {"authorization": "Basic " + base64.b64encode(f"{secret}:".encode()).decode()},
        {"authorization": "basic " + base64.b64encode(f"{secret}:ignored".encode()).decode()},
    ]
    answers = [stack.call(route.partition(" ")[0], row.path, headers=form, body=row.body) for form in forms]
    assert {answer["statusCode"] for answer in answers} == {row.success}


@pytest.mark.parametrize("route", [route for route, row in MATRIX.items() if row.refusals is SECRET])
def test_a_secret_key_in_the_address_is_not_read(stack: HttpStack, route: str) -> None:
    row, secret = MATRIX[route], key(KeyKind.SECRET, "own")
    answer = stack.call(route.partition(" ")[0], row.path, query={"key": secret}, body=row.body)
    assert answer["statusCode"] == 401


@pytest.mark.parametrize(
    "authorization",
    [
        "Basic",
        "Basic ",
        "Basic ä",
        "Basic !!!!",
        "Basic gICAgA==",
        "Basic Og==",
        "Bearer",
        "Bearer sk_ü",
        "Digest x",
        "",
    ],
)
def test_a_header_that_carries_no_key_is_refused_as_none(stack: HttpStack, authorization: str) -> None:
    answer = stack.call("GET", "/v1/metrics", headers={"authorization": authorization})
    assert answer["statusCode"] == 401


def test_an_unknown_path_is_not_found_whoever_asks(stack: HttpStack) -> None:
    secret = {"authorization": f"Bearer {key(KeyKind.SECRET, 'own')}"}
    for method, path in (("GET", "/v1/nothing"), ("DELETE", "/v1/metric"), ("GET", "/v1/deliveries/{delivery_id}")):
        assert stack.call(method, path, headers=secret)["statusCode"] == 404


def test_a_path_may_end_in_json_as_in_the_documents_of_delighted(stack: HttpStack) -> None:
    secret = {"authorization": f"Bearer {key(KeyKind.SECRET, 'own')}"}
    assert stack.call("GET", "/v1/metrics.json", headers=secret) == stack.call("GET", "/v1/metrics", headers=secret)
    assert stack.call("GET", f"/v1/survey_responses/{STORED_ID}.json", headers=secret)["statusCode"] == 200


def test_head_is_get_without_a_body(stack: HttpStack) -> None:
    secret = {"authorization": f"Bearer {key(KeyKind.SECRET, 'own')}"}
    get = stack.call("GET", "/v1/metrics", headers=secret)
    assert stack.call("HEAD", "/v1/metrics", headers=secret) == {**get, "body": ""}
    refused = stack.call("HEAD", "/v1/metrics")
    assert (refused["statusCode"], refused["body"]) == (401, "")
