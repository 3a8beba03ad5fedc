"""What Lambda makes of a function's answer about a batch, shape by shape."""

from __future__ import annotations

import pytest

from infra.local.emulator.batch_answers import UnreadableAnswerError, failed_messages

BATCH = {"m1", "m2"}


@pytest.mark.parametrize(
    "answer",
    [None, {}, {"batchItemFailures": []}, {"batchItemFailures": None}, "", '{"batchItemFailures": []}'],
    ids=["null", "empty object", "empty list", "null list", "no body", "JSON text"],
)
def test_an_empty_answer_is_success(answer):
    assert failed_messages(answer, BATCH) == set()


def test_named_messages_failed_and_no_other():
    answer = {"batchItemFailures": [{"itemIdentifier": "m2"}, {"itemIdentifier": "m2"}]}
    assert failed_messages(answer, BATCH) == {"m2"}


@pytest.mark.parametrize(
    "answer",
    [
        "no JSON",
        ["m1"],
        7,
        {"batchItemFailures": "m1"},
        {"batchItemFailures": ["m1"]},
        {"batchItemFailures": [{"itemIdentifier": ""}]},
        {"batchItemFailures": [{"itemIdentifier": None}]},
        {"batchItemFailures": [{"itemidentifier": "m1"}]},
        {"batchItemFailures": [{"itemIdentifier": "m1"}, {"itemIdentifier": "unknown"}]},
    ],
    ids=[
        "invalid JSON", "list", "number", "no list", "string entry", "empty id", "null id", "wrong key", "unknown id",
    ],
)  # fmt: skip
def test_an_unreadable_answer_fails_the_whole_batch(answer):
    with pytest.raises(UnreadableAnswerError):
        failed_messages(answer, BATCH)
