"""Every status that an operation of the API or the public door declares is one that it really answers, and no other."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

import pytest

from functions.api.app import OPERATIONS as API
from functions.survey_ingest.app import OPERATIONS as DOOR
from shared.domain.responses import Response
from shared.errors import TemporaryError
from shared.queues import Queue
from shared.storage.cached import CachedApiKeys, CachedSurveys
from shared.storage.responses import ResponseRepository
from tests.functional.http_stack import SHOP, HttpStack, declared, http_stack

SECRET = {"authorization": "Bearer sk_own"}
PUBLISHABLE = {"authorization": "Bearer pk_own"}
FOREIGN_PAGE = {"origin": "https://evil.example"}
ID = "0190f3c2-7c1e-7d2b-9d3a-5b1f8a2c4e6d"
ANSWER = {"response_id": ID, "rating": 9}
VIEW = {"view_id": ID, "channel": "widget", "shown": True}
GIVEN = {"response_id": ID, "score": 9, "created_at": 1_767_225_600}
INVITED = {"person": {"email": "grace@example.com"}, "survey_id": "delivery", "channel": "link"}
AWAY = "away"
"""Marks a request that is made while neither queue nor store answers."""

CONFLICT = "conflict"
"""Marks a request that somebody else is faster than."""
SPARE_ID = "0190f3c2-7c1e-7d2b-9d3a-5b1f8a2c4e6e"

Asked = tuple[str, Mapping[str, Any]]


def posted(
    path: str, credential: Mapping[str, str], refused: Mapping[str, str], good: Mapping[str, Any]
) -> list[Asked]:
    """The requests that every route with a body is asked."""
    return [
        (path, {"headers": credential, "body": good}),
        (path, {"headers": credential, "body": "{"}),
        (path, {"body": good}),
        (path, {"headers": refused, "body": good}),
        (path, {"headers": credential, "body": json.dumps(good).ljust(17_000)}),
        (path, {"headers": {**credential, "content-type": "text/html"}, "body": good}),
        (path, {"headers": credential, "body": {**good, "x": 1}}),
        (AWAY, {"headers": credential, "body": good, "path": path}),
    ]


def fetched(known: str, unknown: str) -> list[Asked]:
    """The requests that every route that reads is asked."""
    return [
        (known, {"headers": SECRET}),
        (known, {}),
        (known, {"headers": PUBLISHABLE}),
        (unknown, {"headers": SECRET}),
        (known, {"headers": SECRET, "query": {"nonsense": "1"}}),
        (AWAY, {"headers": SECRET, "path": known}),
    ]


QUESTION = {"id": "satisfied", "scale": "csat_3", "text": {"en": "Did we help?"}}
DEFINITION = {"name": "Chat", "touchpoint": "chat", "brand": {"name": "Example Shop"}, "questions": [QUESTION]}
BRAND = {"name": "Lamps"}
REFUSED = {"refused": [{"channel": "email", "category": "all"}]}

REQUESTS: dict[str, list[Asked]] = {
    "POST /v1/surveys/{survey_id}/responses": [
        *posted("/v1/surveys/delivery/responses", PUBLISHABLE, {**PUBLISHABLE, **FOREIGN_PAGE}, ANSWER),
        ("/v1/surveys/nothing/responses", {"headers": PUBLISHABLE, "body": ANSWER}),
        *[("/v1/surveys/delivery/responses", {"query": {"t": "often"}, "body": {"rating": 9}})] * 31,
    ],
    "OPTIONS /v1/surveys/{survey_id}/responses": [
        ("/v1/surveys/delivery/responses", {"headers": {"origin": SHOP}}),
        ("/v1/surveys/delivery/responses", {"headers": FOREIGN_PAGE}),
        (AWAY, {"headers": {"origin": SHOP}, "path": "/v1/surveys/delivery/responses"}),
    ],
    "POST /v1/surveys/{survey_id}/views": [
        *posted("/v1/surveys/delivery/views", PUBLISHABLE, {**PUBLISHABLE, **FOREIGN_PAGE}, VIEW),
        ("/v1/surveys/nothing/views", {"headers": PUBLISHABLE, "body": VIEW}),
        *[("/v1/surveys/delivery/views", {"query": {"t": "often"}, "body": VIEW})] * 31,
    ],
    "OPTIONS /v1/surveys/{survey_id}/views": [
        ("/v1/surveys/delivery/views", {"headers": {"origin": SHOP}}),
        ("/v1/surveys/delivery/views", {"headers": FOREIGN_PAGE}),
        (AWAY, {"headers": {"origin": SHOP}, "path": "/v1/surveys/delivery/views"}),
    ],
    "POST /v1/survey_responses": [
        *posted("/v1/survey_responses", SECRET, PUBLISHABLE, GIVEN),
        ("/v1/survey_responses", {"headers": SECRET, "body": {**GIVEN, "score": 1}}),
        ("/v1/survey_responses", {"headers": SECRET, "body": {**GIVEN, "survey": "nothing"}}),
    ],
    "GET /v1/metrics": [
        *fetched("/v1/metrics", "/v1/metrics"),
        ("/v1/metrics", {"headers": SECRET, "query": {"survey": "nothing"}}),
        ("/v1/metrics", {"headers": SECRET, "query": {"since": "x"}}),
    ],
    "GET /v1/funnel": [
        *fetched("/v1/funnel", "/v1/funnel"),
        ("/v1/funnel", {"headers": SECRET, "query": {"survey": "nothing"}}),
        ("/v1/funnel", {"headers": SECRET, "query": {"since": "x"}}),
    ],
    "GET /v1/promises": [
        *fetched("/v1/promises", "/v1/promises"),
        ("/v1/promises", {"headers": SECRET, "query": {"survey": "nothing"}}),
        ("/v1/promises", {"headers": SECRET, "query": {"since": "x"}}),
    ],
    "GET /v1/deliveries": [
        ("/v1/deliveries", {"headers": SECRET, "query": {"contradicted": "true"}}),
        *fetched("/v1/deliveries", "/v1/deliveries"),
    ],
    "GET /v1/messages": [
        *fetched("/v1/messages", "/v1/messages"),
        ("/v1/messages", {"headers": SECRET, "query": {"person": "email:nobody@example.com"}}),
    ],
    "GET /v1/journey": [
        *fetched("/v1/journey", "/v1/journey"),
        ("/v1/journey", {"headers": SECRET, "query": {"scale": "text"}}),
    ],
    "PUT /v1/survey_responses/{response_id}": [
        *posted(f"/v1/survey_responses/{ID}", SECRET, PUBLISHABLE, {"score": 8}),
        ("/v1/survey_responses/x", {"headers": SECRET, "body": {"score": 8}}),
        (CONFLICT, {"headers": SECRET, "body": {"score": 7}, "path": f"/v1/survey_responses/{ID}"}),
    ],
    "DELETE /v1/survey_responses/{response_id}": fetched(f"/v1/survey_responses/{SPARE_ID}", "/v1/survey_responses/x"),
    "GET /v1/survey_responses/{response_id}/audit": fetched(
        f"/v1/survey_responses/{ID}/audit", "/v1/survey_responses/x/audit"
    ),
    "GET /v1/survey_responses": [
        *fetched("/v1/survey_responses", "/v1/survey_responses"),
        ("/v1/survey_responses", {"headers": SECRET, "query": {"survey": "nothing"}}),
        ("/v1/survey_responses", {"headers": SECRET, "query": {"order": "up"}}),
    ],
    "GET /v1/survey_responses/{response_id}": [
        *fetched(f"/v1/survey_responses/{ID}", "/v1/survey_responses/x"),
        (f"/v1/survey_responses/{ID}", {"headers": SECRET, "query": {"expand": "survey"}}),
    ],
    "POST /v1/people": [
        *posted("/v1/people", SECRET, PUBLISHABLE, {"email": "ada@example.com"}),
        ("/v1/people", {"headers": SECRET, "body": {"email": "ada@example.com", "survey": "nothing"}}),
        ("/v1/people", {"headers": {**SECRET, "idempotency-key": "1"}, "body": {"email": "ada@example.com"}}),
        (
            "/v1/people",
            {"headers": {**SECRET, "idempotency-key": "1"}, "body": {"email": "ada@example.com", "survey": "checkout"}},
        ),
    ],
    "GET /v1/people": [
        *fetched("/v1/people", "/v1/people"),
        ("/v1/people", {"headers": SECRET, "query": {"since": "x"}}),
    ],
    "DELETE /v1/people/{person}": fetched("/v1/people/email:gone@example.com", "/v1/people/email:nobody@example.com"),
    "GET /v1/people/{person}/erasure": fetched("/v1/people/per_gone/erasure", "/v1/people/per_nobody/erasure"),
    "DELETE /v1/people/{person}/survey_requests/pending": fetched(
        "/v1/people/ada@example.com/survey_requests/pending", "/v1/people/x/survey_requests/pending"
    ),
    "GET /v1/people/{person}/preferences": fetched(
        "/v1/people/ada@example.com/preferences", "/v1/people/nobody@example.com/preferences"
    ),
    "PUT /v1/people/{person}/preferences": [
        *posted("/v1/people/ada@example.com/preferences", SECRET, PUBLISHABLE, REFUSED),
        ("/v1/people/nobody@example.com/preferences", {"headers": SECRET, "body": REFUSED}),
    ],
    "GET /v1/people/{person}/timeline": [
        *fetched("/v1/people/ada@example.com/timeline", "/v1/people/x/timeline"),
        ("/v1/people/ada@example.com/timeline", {"headers": SECRET, "query": {"per_page": "0"}}),
    ],
    "POST /v1/invitations": [
        *posted("/v1/invitations", SECRET, PUBLISHABLE, INVITED),
        ("/v1/invitations", {"headers": SECRET, "body": INVITED}),
        ("/v1/invitations", {"headers": SECRET, "body": {**INVITED, "survey_id": "nothing"}}),
        ("/v1/invitations", {"headers": {**SECRET, "idempotency-key": "1"}, "body": INVITED}),
        (
            "/v1/invitations",
            {"headers": {**SECRET, "idempotency-key": "1"}, "body": {**INVITED, "survey_id": "checkout"}},
        ),
    ],
    "POST /v1/unsubscribes": posted("/v1/unsubscribes", SECRET, PUBLISHABLE, {"person_email": "ada@example.com"}),
    "GET /v1/unsubscribes": [
        *fetched("/v1/unsubscribes", "/v1/unsubscribes"),
        ("/v1/unsubscribes", {"headers": SECRET, "query": {"page": "0"}}),
    ],
    "GET /v1/bounces": [
        *fetched("/v1/bounces", "/v1/bounces"),
        ("/v1/bounces", {"headers": SECRET, "query": {"per_page": "101"}}),
    ],
    "GET /v1/surveys/{survey_id}": fetched("/v1/surveys/delivery", "/v1/surveys/nothing"),
    "GET /v1/surveys": fetched("/v1/surveys", "/v1/surveys"),
    "GET /v1/surveys/{survey_id}/versions/{version}": fetched(
        "/v1/surveys/delivery/versions/1", "/v1/surveys/delivery/versions/99"
    ),
    "PUT /v1/surveys/{survey_id}": [
        *posted("/v1/surveys/chat", SECRET, PUBLISHABLE, DEFINITION),
        ("/v1/surveys/chat", {"headers": {**SECRET, "if-match": '"99"'}, "body": {**DEFINITION, "name": "Another"}}),
        ("/v1/surveys/chat", {"headers": SECRET, "body": {**DEFINITION, "questions": [{**QUESTION, "scale": "ces"}]}}),
    ],
    "DELETE /v1/surveys/{survey_id}": fetched("/v1/surveys/checkout", "/v1/surveys/nothing"),
    "PUT /v1/brands/{brand_id}": [
        *posted("/v1/brands/lamps", SECRET, PUBLISHABLE, BRAND),
        ("/v1/brands/lamps", {"headers": SECRET, "body": json.dumps(BRAND).ljust(210_000)}),
        ("/v1/brands/lamps", {"headers": {**SECRET, "if-match": '"99"'}, "body": {"name": "Another"}}),
    ],
    "GET /v1/brands/{brand_id}": fetched("/v1/brands/lamps", "/v1/brands/nothing"),
    "GET /v1/brands": fetched("/v1/brands", "/v1/brands"),
}
STORED_ELSEWHERE = {"GET /v1/deliveries/{delivery_id}", "GET /v1/messages/{message_id}"}
"""Other functions write these; the matrix of credentials shows that they are found."""


@pytest.fixture(scope="module")
def stack() -> Iterator[HttpStack]:
    with http_stack() as stack:
        assert stack.call("POST", "/v1/survey_responses", headers=SECRET, body=GIVEN)["statusCode"] == 201
        stack.know("ada")
        gone = stack.know("gone")
        assert stack.call("DELETE", f"/v1/people/{gone}", headers=SECRET)["statusCode"] == 202
        yield stack


_read = ResponseRepository.get


def _outdated(repository: ResponseRepository, response_id: str) -> Response | None:
    """What was stored before the latest revision came."""
    found = _read(repository, response_id)
    return found.model_copy(update={"revision": found.revision - 1}) if found else None


def _away(*_: object, **__: object) -> NoReturn:
    raise TemporaryError("nothing answers")


def test_no_operation_is_left_out() -> None:
    assert {operation.route_key for operation in (*API, *DOOR)} == set(REQUESTS) | STORED_ELSEWHERE


@pytest.mark.parametrize("route", REQUESTS)
def test_what_is_declared_is_what_is_answered(stack: HttpStack, route: str, monkeypatch: pytest.MonkeyPatch) -> None:
    method = route.partition(" ")[0]
    answered = set()
    for path, request in REQUESTS[route]:
        if path == CONFLICT:
            with monkeypatch.context() as patch:
                patch.setattr(ResponseRepository, "get", _outdated)
                answered.add(stack.call(method, **request)["statusCode"])
            continue
        if path != AWAY:
            answered.add(stack.call(method, path, **request)["statusCode"])
            continue
        with monkeypatch.context() as patch:
            for built, name in ((Queue, "send"), (CachedSurveys, "current"), (CachedApiKeys, "find")):
                patch.setattr(built, name, _away)
            answered.add(stack.call(method, **request)["statusCode"])
    assert answered == {int(status) for status in declared()[route].statuses}
