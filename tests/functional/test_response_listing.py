"""Lists of answers, as Delighted's clients ask for them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

import pytest

from functions.api.survey_responses import listing
from tests.fakes.http import body_of
from tests.functional.http_stack import HttpStack, http_stack

SECRET = {"authorization": "Bearer sk_own"}
START = 1_767_225_600  # 2026-01-01 00:00 in UTC
HOUR = 3_600


@pytest.fixture(scope="module")
def stack() -> Iterator[HttpStack]:
    """Five answers, an hour apart; every other one is Ada's, and from a phone. The third is another survey's too."""
    with http_stack() as stack:
        for number, score in enumerate((9, 3, 10, 7, 0)):
            given: dict[str, Any] = {"score": score, "created_at": START + number * HOUR, "response_id": name(number)}
            if number % 2 == 0:
                given |= {"person": {"email": "ada@example.com", "name": "Ada"}}
                given |= {"person_properties": {"device": "phone"}}
            create(stack, **given)
        create(stack, score=5, survey="checkout", created_at=START, person={"email": "ada@example.com"})
        yield stack


def name(number: int) -> str:
    return str(UUID(int=number, version=4))


def create(stack: HttpStack, **given: Any) -> Any:
    answer = stack.call("POST", "/v1/survey_responses", headers=SECRET, body=given)
    assert answer["statusCode"] == 201, answer["body"]
    return body_of(answer)


def asked(stack: HttpStack, status: int = 200, path: str = "/v1/survey_responses", **query: Any) -> Any:
    answer = stack.call("GET", path, headers=SECRET, query={key.replace("__", "[]"): v for key, v in query.items()})
    assert answer["statusCode"] == status, answer["body"]
    return body_of(answer)


def scores(stack: HttpStack, **query: Any) -> list[int]:
    return [each["score"] for each in asked(stack, **query)]


def test_the_oldest_come_first_unless_asked_otherwise(stack: HttpStack) -> None:
    assert scores(stack) == [9, 3, 10, 7, 0]
    assert scores(stack, order="asc") == [9, 3, 10, 7, 0]
    assert scores(stack, order="desc") == [0, 7, 10, 3, 9]


def test_each_is_told_as_when_it_is_read_by_itself(stack: HttpStack) -> None:
    for each in asked(stack):
        assert asked(stack, path=f"/v1/survey_responses/{each['id']}") == each


def test_pages_hold_every_answer_once_and_lead_to_each_other(stack: HttpStack) -> None:
    assert [scores(stack, per_page="2", page=str(page)) for page in (1, 2, 3, 4)] == [[9, 3], [10, 7], [0], []]
    path, query, found = "/v1/survey_responses", {"per_page": "2", "order": "desc", "expand[]": "person"}, []
    while path:
        answer = stack.call("GET", path, headers=SECRET, query=query)
        found += [each["score"] for each in body_of(answer)]
        link = urlsplit(answer["headers"].get("link", "").removeprefix("<").partition(">")[0])
        path, query = link.path, dict(parse_qsl(link.query))
    assert found == [0, 7, 10, 3, 9]
    assert scores(stack, per_page="100", page="100") == []


def test_a_span_of_time_is_exact_to_the_second_and_holds_both_its_ends(stack: HttpStack) -> None:
    second, third = str(START + HOUR), str(START + 2 * HOUR)
    assert scores(stack, since=second, until=third) == [3, 10]
    assert scores(stack, since=str(START + HOUR + 1), until=third) == [10]
    assert scores(stack, since=second, until=str(START + 2 * HOUR - 1)) == [3]
    assert scores(stack, since=second, until=third, order="desc") == [10, 3]
    assert scores(stack, since="0", until="9999999999") == [9, 3, 10, 7, 0]


def test_changes_are_found_by_their_own_time(stack: HttpStack) -> None:
    now = int(datetime.now(UTC).timestamp())
    assert scores(stack, updated_since=str(now + 60)) == []
    assert scores(stack, updated_until=str(now - 600)) == []
    assert len(scores(stack, updated_since=str(now - 600), updated_until=str(now + 60))) == 5
    assert scores(stack, order="asc:updated_at") == [9, 3, 10, 7, 0]
    assert scores(stack, order="desc:updated_at", per_page="2") == [0, 7]


def test_a_persons_answers_are_found_by_id_and_by_address(stack: HttpStack) -> None:
    person = asked(stack)[0]["person"]
    assert scores(stack, person_id=person) == scores(stack, person_email="ADA@example.com") == [9, 10, 0]
    assert scores(stack, person_id=person, order="desc", per_page="1", page="2") == [10]
    assert scores(stack, person_id=person, survey="checkout") == [5]
    assert scores(stack, person_id="per_nobody") == scores(stack, person_email="nobody@example.com") == []


def test_a_trend_is_a_value_of_a_breakdown(stack: HttpStack) -> None:
    assert scores(stack, trend="device:phone") == [9, 10, 0]
    assert scores(stack, trend="device:other") == [3, 7]
    assert asked(stack, path="/v1/metrics", since="0", trend="device:phone")["ratings"] == {"0": 1, "9": 1, "10": 1}
    assert asked(stack, path="/v1/metrics", since="0", groups__="core")["response_count"] == 5


def test_who_answered_is_told_in_full_if_asked_for(stack: HttpStack) -> None:
    first, second = asked(stack, per_page="2", expand__="person")
    assert abs(first["person"].pop("created_at") - START) < 1
    assert first["person"].pop("id").startswith("per_")
    assert first["person"] == {"email": "ada@example.com", "name": "Ada", "phone_number": None}
    assert second["person"] is None
    alone = asked(stack, path=f"/v1/survey_responses/{first['id']}", expand="person")
    assert alone["person"]["email"] == "ada@example.com"
    event = stack.event("GET", "/v1/survey_responses", headers=SECRET)
    both = body_of(stack.answer({**event, "rawQueryString": "expand[]=person&expand[]=notes"}))
    assert both[0]["person"]["name"] == "Ada"


def test_the_survey_of_the_key_is_meant_unless_one_is_named(stack: HttpStack) -> None:
    assert scores(stack, survey="checkout") == [5]


@pytest.mark.parametrize(
    "query",
    [
        {"per_page": "101"}, {"per_page": "0"}, {"page": "101"}, {"page": "-1"}, {"since": "x"}, {"until": "2026-1-1"},
        {"updated_since": "1.5"}, {"updated_until": ""}, {"order": "up"}, {"trend": "device:car"}, {"trend": "x"},
        {"verified": "yes"}, {"suspicious": "1"},
        {"person_email": "x"}, {"expand": "survey"}, {"person_id": "per_1", "person_email": "ada@example.com"},
    ],
)  # fmt: skip
def test_what_can_not_be_is_refused_by_its_name(stack: HttpStack, query: dict[str, str]) -> None:
    assert set(asked(stack, 422, **query)["errors"]) <= set(query)


@pytest.mark.parametrize(
    "query",
    [
        {"groups__": "email"},
        {"trend": "device:car"},
        {"trend": "device:phone", "by": "device"},
        {"verified": "true"},
        {"verified": "maybe"},
        {"verified": "true", "by": "device"},
        {"verified": "true", "trend": "device:phone"},
    ],
)
def test_metrics_refuse_what_is_not_counted(stack: HttpStack, query: dict[str, str]) -> None:
    assert asked(stack, 422, path="/v1/metrics", **query)["errors"]


def test_looking_through_too_many_is_refused_and_not_cut_short(
    stack: HttpStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "MAX_PER_PAGE", 2)
    monkeypatch.setattr(listing, "MAX_EXAMINED", 4)
    assert list(asked(stack, 422, trend="device:phone")["errors"]) == ["since"]
    assert scores(stack, trend="device:phone", per_page="1") == [9]
