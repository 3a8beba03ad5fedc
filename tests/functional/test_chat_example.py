"""The bot of docs/chat.md, played against the real functions."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.fakes.http import body_of
from tests.functional.http_stack import HttpStack, http_stack

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "chat_bot.py"
SECRET = {"authorization": "Bearer sk_own"}


@pytest.fixture
def stack() -> Iterator[HttpStack]:
    with http_stack() as stack:
        yield stack


@pytest.fixture(scope="module")
def bot() -> ModuleType:
    spec = importlib.util.spec_from_file_location("chat_bot", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_bot_asks_once_and_the_answer_is_the_customers_about_that_chat(stack: HttpStack, bot: ModuleType) -> None:
    said: list[str] = []

    def post(path: str, body: Mapping[str, Any], key: str) -> Any:
        answer = stack.call("POST", path, headers={**SECRET, "idempotency-key": key}, body=body)
        assert answer["statusCode"] in {200, 201}, answer["body"]
        return body_of(answer)

    def say(text: str) -> str:
        said.append(text)
        return "9" if len(said) == 1 else "Nothing, thank you"

    assert bot.ask_at_the_end("customer-4711", "chat-815", say, post) is True
    assert bot.ask_at_the_end("customer-4711", "chat-816", say, post) is False
    assert len(said) == 2
    path = "/v1/people/external_id:customer-4711/timeline"
    refused, answer, asked = body_of(stack.call("GET", path, headers=SECRET))["entries"]
    assert (answer["answer"]["ratings"], answer["answer"]["comment"]) == ({"recommend": 9}, "Nothing, thank you")
    assert (answer["answer"]["subject"], answer["answer"]["invitation"]) == (
        {"type": "chat", "id": "chat-815"},
        asked["id"],
    )
    assert refused["message"]["reason"] == "recently_asked"
