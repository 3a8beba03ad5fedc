"""`ops redrive QUEUE`: put dead letters back on their queue.

Receive, send, delete, in this order: a crash in between sends a message twice, which every consumer takes as once, and
never loses one. What was erased in the meantime does not come back: such a letter is deleted. Each letter gets one
attempt: one that fails again comes back under the id it was sent with, at once if it is poison, and is left.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

HIDDEN_SECONDS = 600
"""How long a received letter stays hidden from other readers; a rate must let a batch be done in this time."""
BATCH = 10
ERASING = "ErasePerson"
"""The kind of message that is never dropped for being about somebody erased."""
WAIT_SECONDS = 1
"""How long a look at a queue waits (long polling), so that all of SQS's servers are asked."""


class Erased(Protocol):
    """Knows what was erased."""

    def response(self, response_id: str) -> bool:
        """Whether this response was."""
        ...

    def person(self, person_id: str) -> bool:
        """Whether this person was."""
        ...


@dataclass
class Outcome:
    """What a redrive did, in letters."""

    seen: int = 0
    sent: int = 0
    erased: int = 0
    left: int = 0
    returned: int = 0


def redrive(
    sqs: Any,
    source_url: str,
    target_url: str,
    erased: Erased,
    *,
    matches: Callable[[str], bool],
    pause: Callable[[], None],
    dry_run: bool = False,
    progress: Callable[[Outcome], None] = lambda _: None,
) -> Outcome:
    """Move dead letters back to their queue.

    Args:
        sqs: A client of SQS.
        source_url: The dead-letter queue.
        target_url: The queue they came from.
        erased: What must not come back.
        matches: Which bodies are wanted; the others are left where they are.
        pause: Called before each send; keeps the rate.
        dry_run: Only look.
        progress: Told after each letter.

    Returns:
        How many letters were seen, sent, deleted as erased, left, and how many of those sent were back already.
    """
    outcome = Outcome()
    left: list[str] = []
    attempted: set[str] = set()
    for letter in letters(sqs, source_url):
        if letter["MessageId"] in attempted:
            outcome.returned += 1
            left.append(letter["ReceiptHandle"])
            continue
        outcome.seen += 1
        if not matches(letter["Body"]):
            outcome.left += 1
            left.append(letter["ReceiptHandle"])
        elif concerns_erased(letter["Body"], erased):
            outcome.erased += 1
            if dry_run:
                left.append(letter["ReceiptHandle"])
            else:
                sqs.delete_message(QueueUrl=source_url, ReceiptHandle=letter["ReceiptHandle"])
        elif dry_run:
            outcome.sent += 1
            left.append(letter["ReceiptHandle"])
        else:
            pause()
            group = letter.get("Attributes", {}).get("MessageGroupId")
            fair = {"MessageGroupId": group} if group else {}
            sent = sqs.send_message(QueueUrl=target_url, MessageBody=letter["Body"], **fair)
            attempted.add(sent["MessageId"])
            sqs.delete_message(QueueUrl=source_url, ReceiptHandle=letter["ReceiptHandle"])
            outcome.sent += 1
        progress(outcome)
    show_again(sqs, source_url, left)
    return outcome


def letters(sqs: Any, queue_url: str) -> Iterator[dict[str, Any]]:
    """Every message of a queue, each hidden from others from now on, until the queue looks empty twice in a row.

    One look is not enough: SQS answers from a part of its servers, and may say "nothing" of a queue that has some.
    """
    looks_empty, seen = 0, set[str]()
    while looks_empty < 2:
        answer = sqs.receive_message(
            QueueUrl=queue_url,
            MaxNumberOfMessages=BATCH,
            VisibilityTimeout=HIDDEN_SECONDS,
            WaitTimeSeconds=WAIT_SECONDS,
            AttributeNames=["All"],
        )
        fresh = [letter for letter in answer.get("Messages", ()) if letter["MessageId"] not in seen]
        looks_empty = 0 if fresh else looks_empty + 1
        for letter in fresh:
            seen.add(letter["MessageId"])
            yield letter


def show_again(sqs: Any, queue_url: str, receipt_handles: list[str]) -> None:
    """Make messages that were only looked at visible again, at once."""
    for handle in receipt_handles:
        sqs.change_message_visibility(QueueUrl=queue_url, ReceiptHandle=handle, VisibilityTimeout=0)


def concerns_erased(body: str, erased: Erased) -> bool:
    """Whether a queued message brings back a response or a person that was erased; unreadable bodies do not.

    Nor does the work of erasing itself: it concerns somebody erased by its nature, and has to go on.
    """
    try:
        data = json.loads(body)
    except ValueError:
        return False
    if isinstance(data, dict) and data.get("type") == ERASING:
        return False
    parts = [part for part in _objects(data) if part]
    return any(
        (isinstance(part.get("response_id"), str) and erased.response(part["response_id"]))
        or (isinstance(part.get("person_id"), str) and erased.person(part["person_id"]))
        for part in parts
    )


def _objects(data: Any) -> Iterator[dict[str, Any]]:
    if isinstance(data, dict):
        yield data
        for value in data.values():
            yield from _objects(value)
    elif isinstance(data, list):
        for value in data:
            yield from _objects(value)
