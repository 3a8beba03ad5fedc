"""An answer is told as an answer to what was asked, whatever its survey asks by now."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from functions.api import bootstrap
from tests.fakes.http import body_of
from tests.functional.http_stack import HttpStack, http_stack

ID = "0190f3c2-7c1e-7d2b-9d3a-5b1f8a2c4e6d"
PATH = f"/v1/survey_responses/{ID}"
GIVEN = {
    "survey": "chat",
    "response_id": ID,
    "score": 3,
    "answers": {"why": "Slow."},
    "person": {"email": "ada@example.com"},
    "created_at": 1_767_225_600,
}
RECOMMEND = {"id": "recommend", "scale": "nps", "text": {"en": "Would you recommend us?"}}
WHY = {"id": "why", "scale": "text", "text": {"en": "Why?"}}
EASE = {"id": "ease", "scale": "ces", "text": {"en": "How easy was it?"}}
DEFINITION: dict[str, Any] = {"name": "After a chat", "touchpoint": "support_chat", "brand": {"name": "Example Shop"}}


@pytest.fixture(scope="module")
def warm_stack() -> Iterator[HttpStack]:
    with http_stack() as stack:
        yield stack


@pytest.fixture
def stack(warm_stack: HttpStack) -> HttpStack:
    warm_stack.begin_again()
    publish(warm_stack, RECOMMEND, WHY)
    return warm_stack


def ask(stack: HttpStack, method: str, path: str, status: int = 200, **request: Any) -> Any:
    answer = stack.call(method, path, headers={"authorization": "Bearer sk_own"}, **request)
    assert answer["statusCode"] == status, answer["body"]
    return body_of(answer)


def publish(stack: HttpStack, *questions: dict[str, Any]) -> None:
    ask(stack, "PUT", "/v1/surveys/chat", body={**DEFINITION, "questions": questions})
    bootstrap.service.cache_clear()


@pytest.fixture
def told(stack: HttpStack) -> Any:
    """What was told of an answer to version 1, before version 2 asked another question first and dropped one."""
    created = ask(stack, "POST", "/v1/survey_responses", 201, body=GIVEN)
    assert (created["score"], created["survey_type"]) == (3, "nps")
    assert [each["value"]["free_response"] for each in created["additional_answers"]] == ["Slow."]
    publish(stack, EASE, RECOMMEND)
    return created


def test_a_new_first_question_changes_nothing_of_what_is_told_of_an_older_answer(stack: HttpStack, told: Any) -> None:
    assert ask(stack, "GET", PATH) == told
    assert ask(stack, "GET", "/v1/survey_responses", query={"survey": "chat"}) == [told]
    assert ask(stack, "GET", "/v1/survey_responses", query={"survey": "chat", "person_id": told["person"]}) == [told]


def test_answers_to_two_versions_are_listed_each_by_its_own(stack: HttpStack, told: Any) -> None:
    newer = {"survey": "chat", "score": 5, "created_at": 1_767_225_601}
    ask(stack, "POST", "/v1/survey_responses", 201, body=newer)
    listed = ask(stack, "GET", "/v1/survey_responses", query={"survey": "chat"})
    assert [(each["survey_type"], each["score"]) for each in listed] == [("nps", 3), ("ces", 5)]


def test_an_older_answer_sent_back_unchanged_is_no_change(stack: HttpStack, told: Any) -> None:
    assert ask(stack, "PUT", PATH, body=told) == told


def test_another_score_is_one_to_the_question_that_was_asked(stack: HttpStack, told: Any) -> None:
    changed = ask(stack, "PUT", PATH, body={**told, "score": 10})
    assert (changed["score"], changed["answers"]) == (10, {"recommend": 10, "why": "Slow."})
    assert ask(stack, "GET", PATH) == changed
