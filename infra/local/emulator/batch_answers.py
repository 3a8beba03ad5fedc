"""Lambda's rules for the answer of a function that consumes a queue.

The rules are in the Lambda developer guide, "Handling errors for an SQS event source", section "Success and failure
conditions".
"""

from __future__ import annotations

import json


class UnreadableAnswerError(Exception):
    """The function's answer names no known message: Lambda counts the whole batch as failed."""


def failed_messages(answer: object, batch: set[str]) -> set[str]:
    """Return the ids of the messages that the answer gives back to the queue.

    An empty answer, and an empty or null list, mean success.

    Args:
        answer: what the function returned.
        batch: the ids of the messages it was given.

    Raises:
        UnreadableAnswerError: the answer is no object, or an entry has no known ``itemIdentifier``.
    """
    if isinstance(answer, str):
        try:
            answer = json.loads(answer) if answer else None
        except ValueError as error:
            raise UnreadableAnswerError(answer) from error
    if answer is None:
        return set()
    if not isinstance(answer, dict):
        raise UnreadableAnswerError(answer)
    entries = answer.get("batchItemFailures")
    if entries is None:
        return set()
    if not isinstance(entries, list):
        raise UnreadableAnswerError(entries)
    failed = set()
    for entry in entries:
        identifier = entry.get("itemIdentifier") if isinstance(entry, dict) else None
        if not isinstance(identifier, str) or identifier not in batch:
            raise UnreadableAnswerError(entries)
        failed.add(identifier)
    return failed
