"""What no route may take: each kind of bad body on every route that reads one. Nothing is kept, and never a 500."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from shared.domain.api_keys import KeyKind
from tests.fakes.http import body_of
from tests.functional.http_stack import HttpStack, declared, http_stack, key
from tests.functional.test_credentials import EDITED_ID, MATRIX

ROUTES = [route for route, operation in declared().items() if operation.request is not None]

LARGER = {"PUT /v1/routes/{route_id}": 64 * 1024, "PUT /v1/brands/{brand_id}": 200 * 1024}
"""What may be sent to routes that take more than others, in bytes."""

MALFORMED = {
    "empty": b"",
    "spaces": b"  \r\n",
    "invalid UTF-8": b'{"comment": "\xff\xfe"}',
    "UTF-16": '{"rating": 9}'.encode("utf-16"),
    "overlong UTF-8": b'{"comment": "\xc0\xaf"}',
    "encoded half surrogate": b'{"comment": "\xed\xa0\x80"}',
    "byte order mark": b"\xef\xbb\xbf{}",
    "100 000 arrays": b"[" * 16_000,
    "100 000 levels closed": b"[" * 8_000 + b"]" * 8_000,
    "17 levels": b'{"a":' * 17 + b"1" + b"}" * 17,
    "key twice": b'{"rating": 9, "rating": 10}',
    "key twice, once escaped": rb'{"rating": 9, "r\u0061ting": 10}',
    "half surrogate": rb'{"comment": "\ud83d"}',
    "halves in the wrong order": rb'{"comment": "\ude00\ud83d"}',
    "half surrogate as name": rb'{"\ud83d": 1}',
    "NUL": rb'{"comment": "\u0000"}',
    "NaN": b'{"rating": NaN}',
    "Infinity": b'{"rating": Infinity}',
    "minus Infinity": b'{"rating": -Infinity}',
    "1e400": b'{"rating": 1e400}',
    "huge integer": b'{"rating": ' + b"9" * 5_000 + b"}",
    "17 digits": b'{"rating": 12345678901234567}',
    "no JSON": b"rating=9",
    "two values": b"{} {}",
    "trailing comma": b'{"rating": 9,}',
    "comment": b'{"rating": 9 /* ! */}',
    "half": b'{"rating": 9',
}

FOREIGN_TYPES = [
    "",
    "application",
    "application/json+x",
    "application/ld+json",
    "application/octet-stream",
    "application/problem+json",
    "application/x-www-form-urlencoded",
    "application/xml",
    "image/png",
    "multipart/form-data",
    "multipart/form-data; boundary=",
    "multipart/mixed; boundary=x",
    "text/html",
    "text/json",
    "*/*",
    "application/json; charset=latin-1",
    'application/json; charset="utf-16"',
    "application/json; charset=utf-8; charset=latin-1",
    "application/json, application/json",
    "äpplication/json",
]

WRONG: list[Any] = [
    True, -1, 0, 11, 9.0, 9.5, 10**16 - 1, "", "9", "\x07", "x" * 201, "é" * 5001, "#", "a/b", "../..", [], [[]], [9],
    {}, {"": ""}, {"x": None}, {"x": {"y": []}}, {"id": 9, "type": []}, {"email": "@", "phone": "+1"}, None,
]  # fmt: skip


@pytest.fixture(scope="module")
def stack() -> Iterator[HttpStack]:
    with http_stack() as stack:
        headers = {"authorization": f"Bearer {key(KeyKind.SECRET, 'own')}"}
        given = {"response_id": EDITED_ID, "score": 9}
        assert stack.call("POST", "/v1/survey_responses", headers=headers, body=given)["statusCode"] == 201
        stack.know("ada")
        yield stack


def sent(stack: HttpStack, route: str, body: object, content_type: str | None, **how: Any) -> dict[str, Any]:
    """A request that nothing is wrong with but the body."""
    kind = KeyKind.PUBLISHABLE if "publishableKey" in declared()[route].security else KeyKind.SECRET
    headers = {"authorization": f"Bearer {key(kind, 'own')}", **how.pop("headers", {})}
    if content_type is not None:
        headers["content-type"] = content_type
    answer = stack.call(route.partition(" ")[0], MATRIX[route].path, headers=headers, body=body, **how)
    assert answer["statusCode"] in {int(status) for status in declared()[route].statuses}
    return answer


def refused(answer: Mapping[str, Any], status: int) -> Any:
    """The problem, if it is a well-formed one of this status."""
    assert answer["statusCode"] == status, answer["body"]
    assert answer["headers"]["content-type"] == "application/problem+json"
    problem = body_of(answer)
    assert problem["status"] == status
    assert problem["detail"] and problem["message"] == problem["detail"]
    return problem


@pytest.fixture
def _nothing_is_kept(stack: HttpStack) -> Iterator[None]:
    before = stack.everything_kept()
    yield
    assert stack.everything_kept() == before


@pytest.mark.parametrize("route", ROUTES)
def test_the_body_that_is_spoiled_below_is_good(stack: HttpStack, route: str) -> None:
    for content_type in declared()[route].request_types:
        answer = sent(stack, route, json.dumps(MATRIX[route].body), content_type)
        assert answer["statusCode"] == MATRIX[route].success
        spaced = sent(stack, route, json.dumps(MATRIX[route].body), f'{content_type.upper()} ;Charset="UTF-8"')
        assert spaced["statusCode"] == MATRIX[route].success


@pytest.mark.usefixtures("_nothing_is_kept")
@pytest.mark.parametrize("kind", MALFORMED)
@pytest.mark.parametrize("route", ROUTES)
def test_a_body_that_can_not_be_read_is_refused(stack: HttpStack, route: str, kind: str) -> None:
    body = MALFORMED[kind]
    for content_type in declared()[route].request_types:
        refused(sent(stack, route, body, content_type, as_base64=True), 400)
        text = body.decode("utf-8", "surrogateescape")
        refused(sent(stack, route, text, content_type), 400)


@pytest.mark.usefixtures("_nothing_is_kept")
@pytest.mark.parametrize("route", ROUTES)
def test_a_body_that_only_claims_to_be_base64_is_refused(stack: HttpStack, route: str) -> None:
    operation, row = declared()[route], MATRIX[route]
    for raw in ("{", "====", "YQ", "ä", json.dumps(row.body)):
        event = stack.event(route.partition(" ")[0], row.path, headers={"content-type": "application/json"}, body="{}")
        kind = KeyKind.PUBLISHABLE if "publishableKey" in operation.security else KeyKind.SECRET
        event["headers"]["authorization"] = f"Bearer {key(kind, 'own')}"
        refused(stack.answer({**event, "body": raw, "isBase64Encoded": True}), 400)


@pytest.mark.usefixtures("_nothing_is_kept")
@pytest.mark.parametrize("content_type", FOREIGN_TYPES)
@pytest.mark.parametrize("route", ROUTES)
def test_another_media_type_is_refused(stack: HttpStack, route: str, content_type: str) -> None:
    refused(sent(stack, route, json.dumps(MATRIX[route].body), content_type), 415)


@pytest.mark.usefixtures("_nothing_is_kept")
@pytest.mark.parametrize("route", ROUTES)
def test_a_text_is_only_json_where_pages_post(stack: HttpStack, route: str) -> None:
    if "text/plain" not in declared()[route].request_types:
        refused(sent(stack, route, json.dumps(MATRIX[route].body), "text/plain"), 415)
    event = stack.event(route.partition(" ")[0], MATRIX[route].path, body=json.dumps(MATRIX[route].body))
    del event["headers"]["content-type"]
    refused(stack.answer(event), 415)


@pytest.mark.usefixtures("_nothing_is_kept")
@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "x"])
@pytest.mark.parametrize("route", ROUTES)
def test_a_compressed_body_is_refused(stack: HttpStack, route: str, encoding: str) -> None:
    headers = {"content-encoding": encoding}
    refused(sent(stack, route, json.dumps(MATRIX[route].body), "application/json", headers=headers), 415)


@pytest.mark.usefixtures("_nothing_is_kept")
@pytest.mark.parametrize("route", ROUTES)
def test_a_body_of_more_than_16_kb_is_refused(stack: HttpStack, route: str) -> None:
    """A plan may have 64 KB: the stops of a whole day; a brand 200 KB: its texts in many languages."""
    body, most = json.dumps(MATRIX[route].body), LARGER.get(route, 16 * 1024)
    for size in (most + 1, most + 1024, 1024 * 1024):
        refused(sent(stack, route, body.ljust(size), "application/json"), 413)


@pytest.mark.parametrize("route", ROUTES)
def test_a_body_of_16_kb_is_taken(stack: HttpStack, route: str) -> None:
    body = json.dumps(MATRIX[route].body).ljust(LARGER.get(route, 16 * 1024))
    assert sent(stack, route, body, "application/json")["statusCode"] == MATRIX[route].success


@pytest.mark.usefixtures("_nothing_is_kept")
@pytest.mark.parametrize("body", ["null", "[]", "[{}]", '"{}"', "9", "true", "0.5"])
@pytest.mark.parametrize("route", ROUTES)
def test_json_that_is_no_object_is_refused(stack: HttpStack, route: str, body: str) -> None:
    problem = refused(sent(stack, route, body, "application/json"), 422)
    assert problem["errors"] == {"body": ["must be a JSON object"]}


@pytest.mark.usefixtures("_nothing_is_kept")
@pytest.mark.parametrize("route", ROUTES)
def test_an_unknown_field_is_refused_by_its_name(stack: HttpStack, route: str) -> None:
    problem = refused(sent(stack, route, {**MATRIX[route].body, "ratings": 9}, "application/json"), 422)
    assert problem["errors"] == {"ratings": ["is not a field of this request"]}


@pytest.mark.usefixtures("_nothing_is_kept")
@pytest.mark.parametrize("route", ROUTES)
def test_a_thousand_wrong_fields_get_a_short_answer(stack: HttpStack, route: str) -> None:
    body = {**MATRIX[route].body, **{f"f{number}": 1 for number in range(1000)}}
    answer = sent(stack, route, json.dumps(body, separators=(",", ":")), "application/json")
    assert len(refused(answer, 422)["errors"]) == 20


def fields() -> list[tuple[str, str]]:
    models = {route: declared()[route].request for route in ROUTES}
    return [(route, name) for route, model in models.items() if model for name in model.model_fields]


@pytest.mark.parametrize(("route", "field"), fields())
def test_whatever_stands_in_a_field_is_taken_or_refused_by_its_path(stack: HttpStack, route: str, field: str) -> None:
    good = dict(MATRIX[route].body)
    if route == "POST /v1/survey_responses":
        del good["response_id"]  # each is an answer of its own, so none can conflict with the one before
    refusals = 0
    for value in WRONG:
        before = stack.everything_kept()
        body = json.dumps({**good, field: value}, ensure_ascii=False)
        answer = sent(stack, route, body, "application/json")
        if answer["statusCode"] == MATRIX[route].success:
            continue
        if answer["statusCode"] == 404:
            assert isinstance(value, str)  # a good id, but of nothing
        else:
            paths = refused(answer, 422)["errors"]
            assert all(path == field or path.startswith(f"{field}.") for path in paths), (value, paths)
        assert stack.everything_kept() == before, value
        refusals += 1
    assert refusals >= 12


@pytest.mark.usefixtures("_nothing_is_kept")
@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/v1/deliveries", "GET, HEAD, POST"),
        ("GET", "/v1/surveys/delivery/responses", "OPTIONS, POST"),
        ("POST", "/v1/surveys/delivery/widget", "GET, HEAD, OPTIONS"),
        ("POST", "/v1/metrics.json", "GET, HEAD"),
        ("PATCH", "/v1/surveys/delivery", "DELETE, GET, HEAD, PUT"),
        ("PUT", "/v1/survey_responses", "GET, HEAD, POST"),
    ],
)
def test_a_method_that_is_not_there_is_told_which_are(stack: HttpStack, method: str, path: str, allowed: str) -> None:
    answer = stack.call(method, path, headers={"authorization": "Bearer sk_own"}, body="{}")
    refused(answer, 405)
    assert answer["headers"]["allow"] == allowed


@pytest.mark.parametrize("path", ["/v1/nothing", "/v1/metrics/x", "/v1/surveys/a/b/c"])
def test_where_nothing_is_no_method_is_told(stack: HttpStack, path: str) -> None:
    refused(stack.call("GET", path, headers={"authorization": "Bearer sk_own"}), 404)


@pytest.mark.parametrize("route", [route for route in MATRIX if route.startswith("GET /v1/") and "widget" not in route])
def test_a_parameter_that_is_unknown_is_refused_by_its_name(stack: HttpStack, route: str) -> None:
    """Left aside, a misspelt filter would be answered with everything."""
    headers = {"authorization": "Bearer sk_own"}
    answer = stack.call("GET", MATRIX[route].path, headers=headers, query={"sinse": "2026-01-01", "x" * 999: ""})
    assert set(refused(answer, 422)["errors"]) == {"sinse", "x" * 64}
