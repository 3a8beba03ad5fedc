"""Answers changed and erased by a back office, as Delighted's clients do it: read, change, send back whole."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.domain.queued import ResponseSubmitted
from shared.domain.recording import Outcome, Recorded
from shared.storage.responses import ResponseRepository
from tests.fakes.http import body_of
from tests.functional.http_stack import HttpStack, http_stack

SECRET = {"authorization": "Bearer sk_own"}
ID = "0190f3c2-7c1e-7d2b-9d3a-5b1f8a2c4e6d"
PATH = f"/v1/survey_responses/{ID}"
GIVEN: dict[str, Any] = {
    "response_id": ID,
    "score": 3,
    "comment": "Late.",
    "answers": {"courier": 5, "why": "rain"},
    "person": {"email": "ada@example.com"},
    "person_properties": {"device": "phone", "customer_id": 7},
    "created_at": 1_767_225_600,
}


@pytest.fixture(scope="module")
def warm_stack() -> Iterator[HttpStack]:
    with http_stack() as stack:
        yield stack


@pytest.fixture
def stack(warm_stack: HttpStack) -> HttpStack:
    warm_stack.empty()
    ask(warm_stack, "POST", "/v1/survey_responses", 201, body=GIVEN)
    return warm_stack


def ask(stack: HttpStack, method: str, path: str = PATH, status: int = 200, **request: Any) -> Any:
    answer = stack.call(method, path, headers=SECRET, **request)
    assert answer["statusCode"] == status, answer["body"]
    return body_of(answer)


def put(stack: HttpStack, status: int = 200, **changes: Any) -> Any:
    return ask(stack, "PUT", status=status, body=changes)


def ratings(stack: HttpStack) -> Any:
    return ask(stack, "GET", "/v1/metrics", query={"since": "0"})["ratings"]


class TestAnAnswerSentBack:
    def test_unchanged_is_no_change(self, stack: HttpStack) -> None:
        told = ask(stack, "GET")
        before = stack.everything_kept()
        assert put(stack, **told) == told
        assert put(stack, **ask(stack, "GET", query={"expand": "person"})) == told
        assert stack.everything_kept() == before

    def test_with_another_score_counts_as_that(self, stack: HttpStack) -> None:
        changed = put(stack, **{**ask(stack, "GET"), "score": 10})
        assert (changed["score"], changed["answers"]["recommend"], changed["revision"]) == (10, 10, 2)
        assert changed["comment"] == "Late."
        assert changed["created_at"] == 1_767_225_600
        assert ask(stack, "GET") == changed
        assert ratings(stack) == {"10": 1}

    def test_is_queued_under_the_condition_that_nobody_was_faster_with_who_changed_it(self, stack: HttpStack) -> None:
        stack.queued("responses")
        put(stack, score=10)
        (message,) = map(ResponseSubmitted.model_validate, stack.queued("responses"))
        assert (message.expected_revision, message.response.revision, message.actor) == (1, 2, "secret-own")

    def test_with_what_can_not_change_is_taken_without_it(self, stack: HttpStack) -> None:
        told = ask(stack, "GET")
        assert put(stack, **{**told, "created_at": 1, "id": "x", "survey_type": "csat", "revision": 9}) == told

    def test_with_another_answer_in_ours_or_in_theirs_is_changed_either_way(self, stack: HttpStack) -> None:
        told = ask(stack, "GET")
        ours = put(stack, **{**told, "answers": {**told["answers"], "recommend": 9, "courier": 1}})
        assert (ours["score"], ours["answers"]) == (9, {"recommend": 9, "courier": 1, "why": "rain"})
        theirs = put(stack, **{**ours, "score": 8})
        assert theirs["answers"] == {"recommend": 8, "courier": 1, "why": "rain"}
        refused = put(stack, 422, score=7, answers={"recommend": 6})
        assert list(refused["errors"]) == ["answers.recommend"]


class TestAChange:
    def test_of_properties_moves_the_answer_to_another_value_of_a_breakdown(self, stack: HttpStack) -> None:
        put(stack, person_properties={"device": "desktop"})
        rows = ask(stack, "GET", "/v1/metrics", query={"since": "0", "by": "device"})["rows"]
        assert {row["value"]: row["response_count"] for row in rows} == {"phone": 0, "desktop": 1, "other": 0}

    def test_of_a_comment_to_nothing_takes_it_away_and_leaves_the_score(self, stack: HttpStack) -> None:
        assert put(stack, comment=None)["comment"] is None
        assert ratings(stack) == {"3": 1}
        assert ask(stack, "GET", f"{PATH}/audit") == []

    def test_of_a_text_to_nothing_takes_it_away(self, stack: HttpStack) -> None:
        assert put(stack, answers={"why": " "})["answers"] == {"recommend": 3, "courier": 5}

    def test_of_whose_it_is_moves_it_to_their_list(self, stack: HttpStack) -> None:
        bob = ask(stack, "POST", "/v1/people", 201, body={"email": "bob@example.com", "send": False})["id"]
        assert put(stack, person=bob)["person"] == bob
        assert [each["id"] for each in ask(stack, "GET", "/v1/survey_responses", query={"person_id": bob})] == [ID]
        ada = {"person_email": "ada@example.com"}
        assert ask(stack, "GET", "/v1/survey_responses", query=ada) == []

    @pytest.mark.parametrize(
        ("changes", "path"),
        [
            ({"score": 11}, "score"),
            ({"score": None}, "score"),
            ({"score": "9"}, "score"),
            ({"answers": {"courier": 6}}, "answers.courier"),
            ({"answers": {"nothing": 1}}, "answers.nothing"),
            ({"person": "per_nobody"}, "person"),
            ({"person": None}, "person"),
            ({"person": {"email": "bob@example.com"}}, "person"),
            ({"tags": ["vip"]}, "tags"),
            ({"notes": ["call back"]}, "notes"),
            ({"colour": "red"}, "colour"),
        ],
    )
    def test_that_can_not_be_is_refused_by_its_field_and_changes_nothing(
        self, stack: HttpStack, changes: dict[str, Any], path: str
    ) -> None:
        before = stack.everything_kept()
        assert list(put(stack, 422, **changes)["errors"]) == [path]
        assert stack.everything_kept() == before

    def test_of_what_is_not_there_is_not_found(self, stack: HttpStack) -> None:
        for path in ("/v1/survey_responses/x", PATH[:-1] + "0"):
            ask(stack, "PUT", path, 404, body={"score": 9})

    def test_loses_against_one_that_was_faster_here_and_in_the_queue(
        self, stack: HttpStack, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        stack.queued("responses")
        read = ResponseRepository.get
        before = read(ResponseRepository(stack.dynamodb, "responses"), ID)
        put(stack, score=9)
        with monkeypatch.context() as patch:
            patch.setattr(ResponseRepository, "get", lambda *_: before)
            put(stack, 409, score=0)
        for message in stack.queued("responses"):
            ResponseRepository(stack.dynamodb, "responses").record([ResponseSubmitted.model_validate(message)])
        assert ratings(stack) == {"9": 1}

    def test_is_made_by_the_queue_if_the_store_was_away(
        self, stack: HttpStack, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        stack.queued("responses")
        postponed = {ID: Recorded(None, Outcome.POSTPONED)}
        with monkeypatch.context() as patch:
            patch.setattr(ResponseRepository, "record", lambda *_: postponed)
            assert put(stack, score=9)["score"] == 9
        assert ratings(stack) == {"3": 1}
        for message in stack.queued("responses"):
            ResponseRepository(stack.dynamodb, "responses").record([ResponseSubmitted.model_validate(message)])
        assert ratings(stack) == {"9": 1}


class TestTheAuditTrail:
    def test_tells_who_changed_a_score_when_from_what_to_what(self, stack: HttpStack) -> None:
        put(stack, score=9)
        put(stack, person_properties={"device": "desktop"})
        first, second = ask(stack, "GET", f"{PATH}/audit")
        assert abs(first.pop("at") - datetime.now(UTC).timestamp()) < 60
        counted = {"survey": "delivery", "day": "2026-01-01", "breakdowns": {"device": "phone"}}
        assert first == {
            "revision": 2,
            "actor": "secret-own",
            "before": {**counted, "ratings": {"recommend": 3, "courier": 5}},
            "after": {**counted, "ratings": {"recommend": 9, "courier": 5}},
        }
        assert second["after"]["breakdowns"] == {"device": "desktop"}

    def test_of_what_is_not_there_is_not_found(self, stack: HttpStack) -> None:
        ask(stack, "GET", "/v1/survey_responses/x/audit", 404)


class TestAnErasedAnswer:
    def test_counts_no_more_and_is_not_found(self, stack: HttpStack) -> None:
        put(stack, score=9)
        for _ in range(2):
            assert ask(stack, "DELETE") == {"ok": True}
        assert ratings(stack) == {}
        for path in (PATH, f"{PATH}/audit"):
            ask(stack, "GET", path, 404)
        assert ask(stack, "GET", "/v1/survey_responses") == []
        put(stack, 404, score=9)

    def test_that_still_waits_in_the_queue_never_comes(self, stack: HttpStack) -> None:
        messages = [ResponseSubmitted.model_validate(message) for message in stack.queued("responses")]
        ask(stack, "DELETE")
        ResponseRepository(stack.dynamodb, "responses").record(messages)
        assert ratings(stack) == {}
        ask(stack, "POST", "/v1/survey_responses", 409, body=GIVEN)

    def test_under_no_id_is_not_found(self, stack: HttpStack) -> None:
        ask(stack, "DELETE", "/v1/survey_responses/x", 404)
