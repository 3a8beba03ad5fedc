"""Lists of responses: in order, in pages, without gaps and without what was not asked for."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from itertools import count
from typing import Any

import boto3
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moto import mock_aws

from shared.domain.responses import Response
from shared.errors import InvalidRequestError, TemporaryError
from shared.storage.response_lists import ResponseLists, ResponsePage
from shared.storage.responses import ResponseRepository
from tests.fakes.answers import TODAY, answer, response_id, submitted
from tests.fakes.clock import NOON
from tests.functional.tables import RESPONSE_INDEXES, TABLE, create_table

YESTERDAY = TODAY - timedelta(days=1)
EXAMPLES = count(1)
"""Each generated example has a survey and ids of its own, for all share one table."""


@pytest.fixture
def dynamodb() -> Iterator[Any]:
    with mock_aws():
        client = boto3.client("dynamodb")
        create_table(client, indexes=RESPONSE_INDEXES)
        yield client


@pytest.fixture
def lists(dynamodb: Any) -> ResponseLists:
    return ResponseLists(dynamodb, TABLE)


def record(dynamodb: Any, *answers: Response) -> None:
    ResponseRepository(dynamodb, TABLE).record(submitted(*answers))


def at(number: int, minutes: int, day: date = TODAY, **others: Any) -> Response:
    return answer(number, at=NOON + timedelta(minutes=minutes), day=day, **others)


def numbers(page: ResponsePage) -> list[int]:
    return [int(each.response_id[-12:], 16) for each in page.responses]


def every_page(turn: Callable[[str | None], ResponsePage]) -> list[ResponsePage]:
    """Each page of a list, until one says that it is the last."""
    pages = [turn(None)]
    while pages[-1].next is not None:
        pages.append(turn(pages[-1].next))
    return pages


def test_a_survey_is_listed_by_the_time_of_its_answers_both_ways(dynamodb: Any, lists: ResponseLists) -> None:
    record(dynamodb, at(1, 30), at(2, 10), at(3, 20, test=True), at(4, 0, survey_id="chat"))
    assert numbers(lists.of_survey("shop", limit=9)) == [2, 3, 1]
    assert numbers(lists.of_survey("shop", limit=9, newest_first=True)) == [1, 3, 2]
    assert lists.of_survey("none", limit=9) == ((), None)


def test_what_is_listed_is_what_was_recorded_to_the_microsecond(dynamodb: Any, lists: ResponseLists) -> None:
    whole = answer(
        person_id="p-1",
        comment="Bœuf",
        at=NOON + timedelta(microseconds=123_457),
        breakdowns={"country": "de"},
        properties={"country": "de"},
    )
    record(dynamodb, whole)
    assert lists.of_survey("shop", limit=1).responses == lists.of_person("p-1", limit=1).responses == (whole,)


def test_days_are_the_surveys_local_days_and_both_ends_are_included(dynamodb: Any, lists: ResponseLists) -> None:
    """An answer given late in the evening west of Greenwich has a local day before its day in UTC."""
    record(dynamodb, at(1, 0, YESTERDAY), at(2, -600, TODAY), at(3, 5, TODAY + timedelta(days=1)))
    assert numbers(lists.of_survey("shop", YESTERDAY, YESTERDAY, limit=9)) == [1]
    assert numbers(lists.of_survey("shop", TODAY, limit=9)) == [2, 3]
    assert numbers(lists.of_survey("shop", until=TODAY, limit=9)) == [1, 2]
    assert lists.first_day("shop") == YESTERDAY
    assert lists.last_day("shop") == TODAY + timedelta(days=1)
    assert lists.first_day("chat") is lists.last_day("chat") is None


def test_a_person_is_listed_over_all_surveys_and_nobody_else_is(dynamodb: Any, lists: ResponseLists) -> None:
    record(
        dynamodb,
        at(1, 3, person_id="p-1", survey_id="chat"),
        at(2, 2, person_id="p-1"),
        at(3, 1, person_id="p-2"),
        at(4, 0),
    )
    assert numbers(lists.of_person("p-1", limit=9)) == [2, 1]
    assert [numbers(page) for page in every_page(lambda on: lists.of_person("p-1", limit=1, after=on))] == [[2], [1]]


def test_an_edit_moves_an_answer_in_its_lists_and_leaves_no_copy(dynamodb: Any, lists: ResponseLists) -> None:
    record(dynamodb, at(1, 0, YESTERDAY, person_id="p-1"))
    record(dynamodb, at(1, 0, revision=2, person_id="p-2"))
    assert lists.of_survey("shop", until=YESTERDAY, limit=9).responses == ()
    assert lists.of_person("p-1", limit=9).responses == ()
    assert numbers(lists.of_survey("shop", limit=9)) == numbers(lists.of_person("p-2", limit=9)) == [1]


def test_the_last_page_promises_no_other(dynamodb: Any, lists: ResponseLists) -> None:
    record(dynamodb, *(at(n, n) for n in range(1, 7)))
    assert [
        numbers(page) for page in every_page(lambda on: lists.of_survey("shop", limit=3, newest_first=True, after=on))
    ] == [[6, 5, 4], [3, 2, 1]]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(minutes=st.lists(st.integers(0, 4), max_size=9), limit=st.integers(1, 4), newest_first=st.booleans())
def test_pages_together_are_the_list_however_many_share_an_instant(
    minutes: list[int], limit: int, newest_first: bool, dynamodb: Any, lists: ResponseLists
) -> None:
    example = next(EXAMPLES)
    survey = f"survey-{example}"
    record(dynamodb, *(at(100 * example + n, minute, survey_id=survey) for n, minute in enumerate(minutes)))
    pages = every_page(lambda on: lists.of_survey(survey, limit=limit, newest_first=newest_first, after=on))
    given_at = [each.answered_at for page in pages for each in page.responses]
    assert given_at == sorted((NOON + timedelta(minutes=n) for n in minutes), reverse=newest_first)
    assert len({each.response_id for page in pages for each in page.responses}) == len(minutes)
    assert all(len(page.responses) == limit for page in pages[:-1])


@pytest.mark.parametrize("after", ["", "x", "ä", "!!!!", base64.urlsafe_b64encode(b"2026-11-22#here#1").decode()])
def test_a_place_that_no_page_named_is_refused_by_its_field(after: str, lists: ResponseLists) -> None:
    with pytest.raises(InvalidRequestError) as refusal:
        lists.of_survey("shop", limit=9, after=after)
    assert refusal.value.errors.keys() == {"after"}


def test_a_place_outside_the_days_asked_for_is_refused(dynamodb: Any, lists: ResponseLists) -> None:
    record(dynamodb, at(1, 0), at(2, 1))
    place = lists.of_survey("shop", limit=1).next
    with pytest.raises(InvalidRequestError):
        lists.of_survey("shop", until=YESTERDAY, limit=1, after=place)


def test_a_days_answers_come_with_what_they_count_as_a_page_at_a_time(dynamodb: Any) -> None:
    record(dynamodb, at(1, 0), at(2, 1, test=True), at(3, 2), at(4, 0, YESTERDAY))
    asked: list[Any] = []

    class Short:
        """Answers two items at a time, as DynamoDB does after 1 MB."""

        def query(self, **request: Any) -> Any:
            asked.append(request)
            return dynamodb.query(**request, Limit=2)

    stored = ResponseLists(Short(), TABLE).stored_of_day("shop", TODAY)
    assert next(stored).response.response_id == response_id(1)
    assert len(asked) == 1
    assert [(each.response.response_id, each.counted is None) for each in stored] == [
        (response_id(2), True),
        (response_id(3), False),
    ]
    assert len(asked) == 2


def test_what_a_newer_hearback_stored_is_not_left_out_of_a_list(dynamodb: Any, lists: ResponseLists) -> None:
    record(dynamodb, at(1, 0))
    dynamodb.update_item(
        TableName=TABLE,
        Key={"pk": {"S": f"RESPONSE#{response_id(1)}"}, "sk": {"S": "RESPONSE"}},
        UpdateExpression="SET content = :new",
        ExpressionAttributeValues={":new": {"S": '{"mood": "blue"}'}},
    )
    with pytest.raises(TemporaryError, match=response_id(1)):
        lists.of_survey("shop", limit=9)
