"""How a request is read from its event, routed, refused and answered."""

from __future__ import annotations

import base64
from http import HTTPStatus
from typing import Any

import pytest
from pydantic import BaseModel

from shared.errors import InvalidRequestError, RequestError, TemporaryError
from shared.http import Answer, Operation, Request, Security, key_of, parsed, request_from, serve
from tests.fakes.http import body_of, http_event


def read(**event: Any) -> Request:
    return request_from({**http_event("GET /v1/metrics"), **event})


def test_headers_are_found_whatever_their_case() -> None:
    request = read(headers={"Origin": "https://shop.example", "X-THING": "1"})
    assert request.origin == "https://shop.example"
    assert request.headers["x-thing"] == "1"


def test_cookies_are_read_where_aws_and_where_the_emulator_leaves_them() -> None:
    assert read(cookies=["a=1", "b=x=y"], headers={}).cookies == {"a": "1", "b": "x=y"}
    assert read(headers={"Cookie": "a=1; b=x=y; nonsense"}).cookies == {"a": "1", "b": "x=y"}
    assert read(headers={}).cookies == {}


@pytest.mark.parametrize(
    ("query", "read_as"),
    [
        ("", {}),
        ("a=1&b=&c", {"a": "1", "b": "", "c": ""}),
        ("k%65y=a%2Bb+c", {"key": "a+b c"}),
        ("a=%C3%BC&b=%FF&c=%ED%A0%80", {"a": "ü", "b": "\ufffd", "c": "\ufffd\ufffd\ufffd"}),
        ("%zz=%", {"%zz": "%"}),
    ],
)
def test_the_query_is_decoded_once_and_never_fails(query: str, read_as: dict[str, str]) -> None:
    assert read(rawQueryString=query).query == read_as


@pytest.mark.parametrize(
    ("authorization", "key"),
    [
        ("Bearer sk_a", "sk_a"),
        ("bEARER   sk_a  ", "sk_a"),
        ("Basic " + base64.b64encode(b"sk_a").decode(), "sk_a"),
        ("Basic " + base64.b64encode(b"sk_a:").decode(), "sk_a"),
        ("Basic " + base64.b64encode(b"sk_a:pass:word").decode(), "sk_a"),
        ("Basic " + base64.b64encode(b":sk_a").decode(), None),
        ("Basic " + base64.b64encode("sk_ü".encode()).decode(), None),
        ("Basic sk_a!", None),
        ("Basic \udcff", None),
        ("Bearer \udcff", None),
        ("Bearer", "pk_q"),
        ("Digest x", "pk_q"),
        ("", "pk_q"),
    ],
)
def test_a_key_is_read_in_each_form_it_is_sent(authorization: str, key: str | None) -> None:
    assert key_of(read(headers={"authorization": authorization}, rawQueryString="key=pk_q")) == key


def test_addresses_are_built_from_the_configured_base_or_the_request() -> None:
    assert read().base_url == "https://api.example.com"
    assert (
        request_from(http_event("GET /v1/metrics"), "https://hear.example.com/").base_url == "https://hear.example.com"
    )


class Thing(BaseModel):
    """What the operations below answer."""

    name: str
    parts: tuple[int, ...] = ()


def run(request: Request) -> Answer:
    name = request.path_parameters.get("name", "all")
    if name == "away":
        raise TemporaryError("the store is away")
    return Answer(body=Thing(name=name))


OPERATIONS = tuple(
    Operation(
        method="GET",
        path=path,
        run=run,
        summary="Things",
        security=(Security.PUBLIC,),
        success=(HTTPStatus.OK, Thing),
    )
    for path in ("/v1/things", "/v1/things/{name}", "/v1/a.b/{name}/c")
)


def served(path: str, method: str = "GET") -> dict[str, Any]:
    parameters = {"proxy": path.removeprefix("/v1/")}
    return serve(http_event("ANY /v1/{proxy+}", method=method, path=path, path_parameters=parameters), OPERATIONS)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/v1/things", "all"),
        ("/v1/things.json", "all"),
        ("/v1/things/x", "x"),
        ("/v1/things/x.json", "x"),
        ("/v1/things/email:a+b@c.example", "email:a+b@c.example"),
        ("/v1/things/%2Fx", "%2Fx"),  # decoded by the gateway already, and not a second time by us
        ("/v1/things/{name}", "{name}"),
        ("/v1/a.b/ü/c", "ü"),
    ],
)
def test_a_greedy_route_is_matched_by_path(path: str, name: str) -> None:
    answer = served(path)
    assert (answer["statusCode"], body_of(answer)["name"]) == (200, name)


@pytest.mark.parametrize("path", ["/v1/", "/v1/thing", "/v1/things/", "/v1/things/a/b", "/v1/axb/x/c", "/v1/things//x"])
def test_any_other_path_is_not_found(path: str) -> None:
    answer = served(path)
    assert answer["statusCode"] == 404
    assert answer["headers"]["content-type"] == "application/problem+json"


def test_another_method_is_told_which_there_are() -> None:
    answers = [served("/v1/things", method) for method in ("POST", "DELETE", "OPTIONS")]
    assert [(answer["statusCode"], answer["headers"]["allow"]) for answer in answers] == [(405, "GET, HEAD")] * 3


def test_head_is_answered_by_get_without_a_body() -> None:
    get = served("/v1/things")
    assert served("/v1/things", "HEAD") == {**get, "body": ""}
    assert (served("/v1/nothing", "HEAD")["statusCode"], served("/v1/nothing", "HEAD")["body"]) == (404, "")


def test_an_outage_asks_to_come_again_and_says_nothing_of_itself() -> None:
    answer = served("/v1/things/away")
    assert (answer["statusCode"], answer["headers"]["retry-after"]) == (503, "5")
    assert "store" not in answer["body"]


def test_a_refusal_is_told_to_the_function_which_adds_headers() -> None:
    told: list[RequestError | TemporaryError] = []

    def on_refusal(request: Request, error: RequestError | TemporaryError) -> dict[str, str]:
        told.append(error)
        return {"vary": "origin"}

    event = http_event("GET /v1/things/{name}", path_parameters={"name": "away"})
    assert serve(event, OPERATIONS, on_refusal)["headers"]["vary"] == "origin"
    assert [type(error) for error in told] == [TemporaryError]


def test_an_answer_is_never_kept_or_sniffed() -> None:
    assert served("/v1/things")["headers"] == {
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        "content-type": "application/json",
    }


def test_a_fault_is_named_by_the_path_of_its_field() -> None:
    with pytest.raises(InvalidRequestError) as error:
        parsed(Thing, {"parts": [1, "x"]})
    assert set(error.value.errors) == {"name", "parts.1"}
    assert error.value.errors["name"] == ["is required"]
