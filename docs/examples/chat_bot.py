"""A chat bot that asks at the end of a chat whether it was of help; docs/chat.md explains it.

HEARBACK_URL=https://hear.example.com HEARBACK_SECRET_KEY=sk_... python chat_bot.py customer-4711 chat-815
"""

from __future__ import annotations

import json
import os
import sys
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any

Post = Callable[[str, Mapping[str, Any], str], Any]
"""Sends a body to a path under an Idempotency-Key, and returns the answer's JSON."""


def post(path: str, body: Mapping[str, Any], key: str) -> Any:
    """Ask Hearback; a 4xx or 5xx raises `urllib.error.HTTPError`, and the same call again is harmless."""
    request = urllib.request.Request(  # noqa: S310  the address is ours
        os.environ["HEARBACK_URL"] + path,
        data=json.dumps(body).encode(),
        headers={
            "authorization": f"Bearer {os.environ['HEARBACK_SECRET_KEY']}",
            "content-type": "application/json",
            "idempotency-key": key,
        },
    )
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
        return json.load(answer)


def ask_at_the_end(customer: str, chat: str, say: Callable[[str], str], post: Post = post) -> bool:
    """Ask a customer how a chat went, unless they were asked anything lately or do not want to be.

    Args:
        customer: What the shop calls the customer.
        chat: The chat; it names the invitation too, so that a bot that begins anew asks no second time.
        say: Says something in the chat, and returns what the customer answers.
        post: Asks Hearback.

    Returns:
        Whether there is an answer.
    """
    person, subject = {"external_id": customer}, {"type": "chat", "id": chat}
    wish = {"person": person, "channel": "link", "subject": subject}
    invitation = post("/v1/invitations", wish, chat)
    if not invitation["invited"]:
        return False  # invitation["reason"] says why; it stands in the person's timeline too
    said = say("How likely are you to recommend us, from 0 to 10?").strip()
    if not said.isdecimal() or int(said) > 10:
        return False
    answer = {
        "response_id": invitation["response_id"],
        "person": invitation["person"],
        "survey": invitation["survey_id"],
        "subject": subject,
        "score": int(said),
        "comment": say("Thank you. What could we do better?"),
        "person_properties": {"channel": "chat"},
    }
    post("/v1/survey_responses", answer, chat)
    return True


if __name__ == "__main__":
    ask_at_the_end(sys.argv[1], sys.argv[2], lambda text: input(f"{text}\n> "))
