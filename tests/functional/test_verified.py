"""Which answers came by whom we know, and which in a flood: told, counted and found."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import boto3
import pytest

from infra.ops.archive import History, tabled
from shared.domain.queued import ResponseSubmitted
from shared.domain.responses import Response
from shared.domain.surveys import Breakdown, SurveyDefinition
from shared.storage.erasure_key import ErasureKey
from shared.storage.erasures import ErasedPeople
from shared.storage.keys import response_key
from shared.storage.response_reader import ResponseReader
from shared.storage.responses import ResponseRepository
from shared.storage.surveys import SurveyRepository
from tests.fakes.http import body_of
from tests.functional.http_stack import ERASURE_KEY_PARAMETER, LINK_RESPONSE_ID, SURVEY, HttpStack, http_stack

SECRET = {"authorization": "Bearer sk_own"}
PUBLISHABLE = {"authorization": "Bearer pk_own"}
DOOR = "/v1/surveys/delivery/responses"
VERIFIED = Breakdown(name="verified", values=("yes", "no"))


@pytest.fixture(scope="module")
def stack() -> Iterator[HttpStack]:
    """Two unhappy answers by key, one of them in a flood, one by link, one by secret key: each by its own door."""
    with http_stack() as stack:
        declared = SURVEY.model_copy(update={"breakdowns": (*SURVEY.breakdowns, VERIFIED)})
        SurveyRepository(stack.dynamodb, "surveys").publish(declared)
        claims = {"properties": {"verified": "yes", "device": "phone"}}
        for number in range(2):
            given = {"response_id": name(number), "rating": number, **claims}
            assert stack.call("POST", DOOR, headers=PUBLISHABLE, body=given)["statusCode"] == 202
        link = {"t": stack.link()}
        assert stack.call("POST", DOOR, query=link, body={"rating": 10})["statusCode"] == 202
        given = {"response_id": name(9), "score": 9}
        assert stack.call("POST", "/v1/survey_responses", headers=SECRET, body=given)["statusCode"] == 201
        queued = [ResponseSubmitted.model_validate(message) for message in stack.queued("responses")]
        flooded = queued[1].model_copy(update={"response": queued[1].response.model_copy(update={"suspicious": True})})
        erased = ErasedPeople(stack.dynamodb, "people", ErasureKey(boto3.client("ssm"), ERASURE_KEY_PARAMETER))
        ResponseRepository(stack.dynamodb, "responses", erased).record([queued[0], flooded, queued[2]])
        yield stack


def name(number: int) -> str:
    return str(UUID(int=number, version=4))


def asked(stack: HttpStack, path: str, **query: str) -> Any:
    answer = stack.call("GET", path, headers=SECRET, query=query)
    assert answer["statusCode"] == 200, answer["body"]
    return body_of(answer)


def test_the_score_of_either_is_told_and_both_are_the_whole(stack: HttpStack) -> None:
    def score(**query: str) -> tuple[int, int]:
        told = asked(stack, "/v1/metrics", **query)
        return told["response_count"], told["nps"]

    assert score() == (4, 0)
    assert score(verified="true") == score(trend="verified:yes") == (2, 100)
    assert score(verified="false") == (2, -100)
    rows = asked(stack, "/v1/metrics", by="verified")["rows"]
    assert [(row["value"], row["response_count"]) for row in rows] == [("yes", 2), ("no", 2), ("other", 0)]


def test_an_answer_tells_both_and_lists_can_be_asked_for_either(stack: HttpStack) -> None:
    def ids(**query: str) -> set[str]:
        return {each["id"] for each in asked(stack, "/v1/survey_responses", **query)}

    assert ids(verified="true") == {LINK_RESPONSE_ID, name(9)}
    assert ids(verified="false") == {name(0), name(1)}
    assert ids(verified="false", suspicious="false") == {name(0)}
    told = asked(stack, f"/v1/survey_responses/{name(0)}")
    assert (told["verified"], told["suspicious"]) == (False, False)


def test_what_came_in_a_flood_is_found_and_counted(stack: HttpStack) -> None:
    (found,) = asked(stack, "/v1/survey_responses", suspicious="true")
    assert (found["id"], found["suspicious"]) == (name(1), True)
    assert asked(stack, "/v1/metrics")["detractor_count"] == 2


def test_a_claim_to_be_verified_is_kept_as_what_was_said_and_counts_for_nothing(stack: HttpStack) -> None:
    stored = ResponseReader(stack.dynamodb, "responses").get(name(0))
    assert stored is not None
    assert stored.properties == {"verified": "yes", "device": "phone"}
    assert stored.breakdowns == {"device": "phone", "verified": "no"}


def test_what_we_count_by_makes_no_property_and_what_it_repeats_is_stored_once(stack: HttpStack) -> None:
    given = {"response_id": name(20), "score": 9, "person_properties": {"device": "phone"}, "test": True}
    assert stack.call("POST", "/v1/survey_responses", headers=SECRET, body=given)["statusCode"] == 201
    item = stack.dynamodb.get_item(TableName="responses", Key={**response_key(name(20))})["Item"]
    assert json.loads(item["content"]["S"])["properties"] == {}
    assert asked(stack, f"/v1/survey_responses/{name(20)}")["person_properties"] == {"device": "phone"}


def test_an_edit_by_staff_makes_nobody_verified(stack: HttpStack) -> None:
    change = {"person_properties": {"device": "desktop"}}
    answer = stack.call("PUT", f"/v1/survey_responses/{name(1)}", headers=SECRET, body=change)
    assert answer["statusCode"] == 200
    stored = ResponseReader(stack.dynamodb, "responses").get(name(1))
    assert stored is not None
    assert (stored.breakdowns, stored.verified, stored.suspicious) == (
        {"device": "desktop", "verified": "no"},
        False,
        True,
    )


def test_a_table_for_a_spreadsheet_has_a_column_for_each(stack: HttpStack) -> None:
    stored = ResponseReader(stack.dynamodb, "responses").get(name(1))
    assert stored is not None

    def responses(survey_id: str) -> Iterator[Response]:
        assert stored is not None
        yield stored

    (row,) = csv.DictReader(tabled([History((SURVEY,), False)], responses))
    assert (row["verified"], row["suspicious"]) == ("False", "True")


@pytest.mark.parametrize("values", [("yes",), ("no", "yes", "maybe"), ("true", "false")])
def test_the_breakdown_that_is_ours_has_our_values(stack: HttpStack, values: tuple[str, ...]) -> None:
    definition = SURVEY.model_dump(mode="json", include=set(SurveyDefinition.model_fields))
    definition["breakdowns"] = [{"name": "verified", "values": values}]
    answer = stack.call("PUT", "/v1/surveys/other", headers=SECRET, body=definition)
    assert answer["statusCode"] == 422
    assert set(body_of(answer)["errors"]) == {"breakdowns.0"}
