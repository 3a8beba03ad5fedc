"""What a back office reads of its surveys, and how two of them do not overwrite each other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.http import body_of
from tests.functional.http_stack import HttpStack, http_stack

SECRET = {"authorization": "Bearer sk_own"}
DEFINITION: dict[str, Any] = {
    "name": "After a chat",
    "touchpoint": "support_chat",
    "journey_position": 7,
    "brand": {"name": "Example Shop"},
    "questions": [{"id": "satisfied", "scale": "csat_3", "text": {"en": "Did we help?"}}],
}


@pytest.fixture(scope="module")
def warm_stack() -> Iterator[HttpStack]:
    with http_stack() as stack:
        yield stack


@pytest.fixture
def stack(warm_stack: HttpStack) -> HttpStack:
    warm_stack.begin_again()
    return warm_stack


def put(stack: HttpStack, name: str, if_match: str | None = None) -> dict[str, Any]:
    headers = SECRET if if_match is None else {**SECRET, "if-match": if_match}
    return stack.call("PUT", "/v1/surveys/chat", headers=headers, body={**DEFINITION, "name": name})


def read(stack: HttpStack, path: str = "/v1/surveys/chat", status: int = 200) -> dict[str, Any]:
    answer = stack.call("GET", path, headers=SECRET)
    assert answer["statusCode"] == status, answer["body"]
    return answer


def tag(answer: dict[str, Any]) -> str:
    return str(answer["headers"]["etag"])


def test_every_survey_is_listed_with_what_it_asks_and_whether_it_is_closed(stack: HttpStack) -> None:
    put(stack, "Chat")
    stack.call("DELETE", "/v1/surveys/chat", headers=SECRET)
    listed = {each["survey_id"]: each for each in body_of(read(stack, "/v1/surveys"))["surveys"]}
    assert listed["chat"] == {
        "survey_id": "chat",
        "name": "Chat",
        "touchpoint": "support_chat",
        "journey_position": 7,
        "questions": [{"id": "satisfied", "scale": "csat_3"}],
        "archived": True,
    }
    assert {name: each["archived"] for name, each in listed.items() if name != "chat"} == {
        "checkout": False,
        "delivery": False,
    }


def test_each_version_can_be_read_as_it_was_published(stack: HttpStack) -> None:
    for name in ("Chat", "After a chat"):
        put(stack, name)
    told = [body_of(read(stack, f"/v1/surveys/chat/versions/{number}")) for number in (1, 2)]
    assert [(each["version"], each["name"]) for each in told] == [(1, "Chat"), (2, "After a chat")]


@pytest.mark.parametrize("version", ["2", "0", "01", "-1", "1.0", "x", "²", "9" * 30])
def test_an_unknown_version_is_not_found(stack: HttpStack, version: str) -> None:
    put(stack, "Chat")
    read(stack, f"/v1/surveys/chat/versions/{version}", 404)
    read(stack, "/v1/surveys/nothing/versions/1", 404)


def test_the_tag_that_was_read_lets_one_change_through_and_not_the_next(stack: HttpStack) -> None:
    put(stack, "Chat")
    seen = tag(read(stack))
    assert put(stack, "Mine", if_match=seen)["statusCode"] == 200
    refused = put(stack, "Theirs", if_match=seen)
    assert (refused["statusCode"], body_of(read(stack))["name"]) == (412, "Mine")
    assert put(stack, "Theirs", if_match=tag(read(stack)))["statusCode"] == 200


def test_the_same_again_succeeds_though_its_tag_is_old(stack: HttpStack) -> None:
    """The answer to the first was lost (RFC 9110, 13.1.1)."""
    first = tag(put(stack, "Chat"))
    assert [put(stack, "Mine", if_match=first)["statusCode"] for _ in range(2)] == [200, 200]
    assert body_of(read(stack))["version"] == 2


def test_a_survey_that_was_archived_is_another_than_the_one_that_was_read(stack: HttpStack) -> None:
    seen = tag(put(stack, "Chat"))
    archived = stack.call("DELETE", "/v1/surveys/chat", headers=SECRET)
    assert tag(archived) == tag(read(stack)) != seen
    assert put(stack, "Mine", if_match=seen)["statusCode"] == 412
    assert put(stack, "Mine", if_match=tag(archived))["statusCode"] == 200


@pytest.mark.parametrize(
    ("if_match", "status"),
    [("*", 200), ('"7", "1"', 200), ('"7","8"', 412), ("1", 412), ('W/"1"', 412), ('"1-archived"', 412), ("", 412)],
)
def test_if_match_is_read_as_http_says(stack: HttpStack, if_match: str, status: int) -> None:
    put(stack, "Chat")
    assert put(stack, "Mine", if_match=if_match)["statusCode"] == status


@pytest.mark.parametrize("if_match", ["*", '"1"'])
def test_what_is_not_there_matches_nothing(stack: HttpStack, if_match: str) -> None:
    assert put(stack, "Chat", if_match=if_match)["statusCode"] == 412
    read(stack, status=404)


def test_without_a_condition_the_last_one_wins(stack: HttpStack) -> None:
    put(stack, "Chat")
    assert put(stack, "Mine")["statusCode"] == 200
