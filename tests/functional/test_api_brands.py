"""What a back office publishes of its brands: checked as a whole, and not over what somebody else published."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.http import body_of
from tests.functional.http_stack import HttpStack, http_stack

SECRET = {"authorization": "Bearer sk_own"}
LAMPS: dict[str, Any] = {
    "name": "Lamps & Light",
    "colour": "#aa3300",
    "default_locale": "de",
    "stages": {"day_before": {"at": "18:00"}, "soon": {"minutes_ahead": 30}, "scheduled": {"enabled": False}},
    "quiet_hours": [{"start": "21:00", "end": "08:00", "categories": ["delayed"]}],
    "texts": {"delivery_soon": {"de-AT": {"sms": "{brand}: Wir klingeln {expected}."}}},
}


@pytest.fixture(scope="module")
def warm_stack() -> Iterator[HttpStack]:
    with http_stack() as stack:
        yield stack


@pytest.fixture
def stack(warm_stack: HttpStack) -> HttpStack:
    warm_stack.begin_again()
    return warm_stack


def put(stack: HttpStack, body: dict[str, Any], if_match: str | None = None, brand_id: str = "lamps") -> dict[str, Any]:
    headers = SECRET if if_match is None else {**SECRET, "if-match": if_match}
    return stack.call("PUT", f"/v1/brands/{brand_id}", headers=headers, body=body)


def read(stack: HttpStack, path: str = "/v1/brands/lamps", status: int = 200) -> dict[str, Any]:
    answer = stack.call("GET", path, headers=SECRET)
    assert answer["statusCode"] == status, answer["body"]
    return answer


def test_a_brand_is_published_and_read_with_its_version(stack: HttpStack) -> None:
    published = put(stack, LAMPS)
    assert published["statusCode"] == 200
    found = read(stack)
    assert body_of(found) == body_of(published)
    assert body_of(found)["version"] == 1
    assert body_of(found)["stages"]["day_before"]["at"] == "18:00:00"
    assert found["headers"]["etag"] == '"1"'
    assert body_of(read(stack, "/v1/brands"))["brands"] == [
        {"brand_id": "lamps", "version": 1, "name": "Lamps & Light"}
    ]


def test_what_was_read_can_be_sent_back_as_it_is(stack: HttpStack) -> None:
    put(stack, LAMPS)
    told = body_of(read(stack))
    sent = {name: value for name, value in told.items() if name not in {"brand_id", "version"}}
    assert body_of(put(stack, sent))["version"] == 1


def test_a_brand_that_was_never_published_is_not_found(stack: HttpStack) -> None:
    for brand_id in ("lamps", "default", "No-Brand", "a%23b"):
        read(stack, f"/v1/brands/{brand_id}", 404)
    assert body_of(read(stack, "/v1/brands"))["brands"] == []


def test_the_tag_that_was_read_lets_one_change_through_and_not_the_next(stack: HttpStack) -> None:
    tag = put(stack, LAMPS)["headers"]["etag"]
    assert put(stack, {**LAMPS, "name": "Mine"}, tag)["statusCode"] == 200
    assert put(stack, {**LAMPS, "name": "Yours"}, tag)["statusCode"] == 412
    assert body_of(read(stack))["name"] == "Mine"
    assert put(stack, {**LAMPS, "name": "Yours"}, "*")["statusCode"] == 200


def test_nothing_matches_a_brand_that_is_not_there(stack: HttpStack) -> None:
    assert put(stack, LAMPS, "*")["statusCode"] == 412
    read(stack, status=404)


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"texts": {"delivery_soon": {"de": {"sms": "{windo}"}}}}, "texts.delivery_soon.de.sms"),
        ({"texts": {"delivery_soon": {"de": {"subject": "{window"}}}}, "texts.delivery_soon.de.subject"),
        ({"texts": {"delivery_soon": {"fr": {"sms": "a" * 613}}}}, "texts.delivery_soon.fr.sms"),
        ({"texts": {"thank_you": {"de": {"sms": "Danke"}}}}, "texts.thank_you"),
        ({"texts": {"birthday": {}}}, "texts.birthday"),
        ({"stages": {"surveys": {"enabled": False}}}, "stages"),
        ({"colour": "red"}, "colour"),
        ({"logo": "http://lamps.example/logo.png"}, "logo"),
        ({"name": ""}, "name"),
        ({"quiet_hours": [{"start": "21:00:30", "end": "08:00"}]}, "quiet_hours.0.start"),
        ({"colours": []}, "colours"),
    ],
)
def test_a_brand_that_can_not_be_said_is_refused_with_the_path_and_not_stored(
    stack: HttpStack, change: dict[str, Any], path: str
) -> None:
    put(stack, LAMPS)
    answer = put(stack, {**LAMPS, **change})
    assert answer["statusCode"] == 422
    assert list(body_of(answer)["errors"]) == [path]
    assert body_of(read(stack))["version"] == 1


def test_an_id_that_can_be_none_is_refused(stack: HttpStack) -> None:
    answer = put(stack, LAMPS, brand_id="Lamps")
    assert (answer["statusCode"], list(body_of(answer)["errors"])) == (422, ["brand_id"])


def test_many_texts_are_taken_though_they_are_more_than_a_usual_body(stack: HttpStack) -> None:
    texts = {"delivery_soon": {locale: {"text": "x" * 2000} for locale in map("a{}".format, "bcdefghijklm")}}
    assert put(stack, {**LAMPS, "texts": texts})["statusCode"] == 200
    assert put(stack, {**LAMPS, "name": "x" * 210_000})["statusCode"] == 413


def test_brands_are_for_secret_keys(stack: HttpStack) -> None:
    for method in ("GET", "PUT"):
        body = LAMPS if method == "PUT" else None
        assert stack.call(method, "/v1/brands/lamps", headers={}, body=body)["statusCode"] == 401
