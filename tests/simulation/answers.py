"""What must be true of answers and scores, judged from what was accepted and from what stands in the tables.

Nothing here is imported from the product: the form of its items and the rule of its scores are said once more, in other
words, so that a mistake would have to be made twice.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TypeAlias

from tests.simulation.aws import Call, InMemoryAws
from tests.simulation.aws.values import Item

Documents: TypeAlias = dict[tuple[str, str, str, str], dict[str, int]]
"""Counters by survey, breakdown, day and value."""


@dataclass(frozen=True)
class Answer:
    """One submission, as the test itself sent it, or as it is stored."""

    response_id: str
    revision: int
    survey_id: str
    question: str
    rating: int
    day: str
    breakdowns: Mapping[str, str] = field(default_factory=dict)
    test: bool = False


def final_answers(accepted: Iterable[Answer]) -> dict[str, Answer]:
    """The answer that stands for each response: its highest revision, the first of equals."""
    standing: dict[str, Answer] = {}
    for answer in accepted:
        known = standing.get(answer.response_id)
        if known is None or answer.revision > known.revision:
            standing[answer.response_id] = answer
    return standing


def recount(answers: Iterable[Answer]) -> Documents:
    """The score documents that must be there."""
    documents: defaultdict[tuple[str, str, str, str], Counter[str]] = defaultdict(Counter)
    for answer in final_answers(answers).values():
        if answer.test:
            continue
        words = [answer.response_id, answer.survey_id, answer.day, f"{answer.question}={answer.rating}"]
        words += [f"{name}:{answer.breakdowns[name]}" for name in sorted(answer.breakdowns)]
        proof = _proof(chr(31).join(words))
        for breakdown, value in [("", ""), *answer.breakdowns.items()]:
            document = documents[answer.survey_id, breakdown, answer.day, value]
            document[f"{answer.question}:{answer.rating}"] += 1
            document["responses"] += 1
            document["certificate"] = (document["certificate"] + proof) % (1 << 64)
    return {key: dict(document) for key, document in documents.items()}


@lru_cache(maxsize=4096)
def _proof(words: str) -> int:
    return int(hashlib.sha256(words.encode()).hexdigest()[:16], base=16)


def scores(aws: InMemoryAws) -> Documents:
    """The score documents that are there, their lanes added up; counters of nothing left out."""
    found: defaultdict[tuple[str, str, str, str], Counter[str]] = defaultdict(Counter)
    for item in items_of(aws, "ResponsesTable", "SCORE"):
        _, survey_id, breakdown = item["pk"]["S"].split("#")
        day, value, _lane = item["sk"]["S"].split("#")
        for name, number in item.items():
            if "N" in number:
                found[survey_id, breakdown, day, value][name] += int(number["N"])
    for document in found.values():
        document["certificate"] %= 1 << 64
    whole = {key: {name: n for name, n in document.items() if n} for key, document in found.items()}
    return {key: document for key, document in whole.items() if document}


def stored_answers(aws: InMemoryAws) -> dict[str, Answer]:
    """Every response that is stored and not erased."""
    found = (_stored(item) for item in items_of(aws, "ResponsesTable", "RESPONSE") if item["sk"]["S"] == "RESPONSE")
    return {answer.response_id: answer for answer in found if answer is not None}


def _stored(item: Item) -> Answer | None:
    if item.get("erased", {}).get("BOOL"):
        return None
    beside = (item[name]["S"] if name in item else None for name in ("survey_id", "answered"))
    return _read(item["pk"]["S"].partition("#")[2], int(item["revision"]["N"]), item["content"]["S"], *beside)


@lru_cache(maxsize=4096)
def _read(response_id: str, revision: int, content: str, survey_id: str | None, answered: str | None) -> Answer:
    said = json.loads(content)
    ((question, rating),) = said["ratings"].items()
    return Answer(
        response_id=response_id,
        revision=revision,
        survey_id=survey_id or said["survey_id"],
        question=question,
        rating=rating["value"],
        day=answered.partition("#")[0] if answered else said["day"],
        breakdowns=said.get("breakdowns", {}),
        test=said.get("test", False),
    )


def items_of(aws: InMemoryAws, table: str, kind: str) -> list[Item]:
    """The items of a table whose key begins with a word."""
    return [item for item in aws.dynamodb.table(table).items() if item["pk"]["S"].startswith(f"{kind}#")]


def changes_answers(call: Call) -> bool:
    """Whether a call writes to the table of answers and scores."""
    if call.operation == "TransactWriteItems":
        parts = (part for action in call.params["TransactItems"] for part in action.values())
        return any(part["TableName"] == "ResponsesTable" for part in parts)
    return call.operation in ("PutItem", "UpdateItem", "DeleteItem") and call.params["TableName"] == "ResponsesTable"


def records_an_answer(call: Call) -> bool:
    """Whether a call stores an answer, and does not only erase one."""
    parts = [part for action in call.params.get("TransactItems", ()) for part in action.values()]
    return changes_answers(call) and any("content" in part.get("Item", {}) for part in (call.params, *parts))


def drift(aws: InMemoryAws, stored: Mapping[str, Answer]) -> list[str]:
    """How the scores differ from a recount of the stored answers, which they must not at any moment."""
    return _differing(scores(aws), recount(stored.values()))


def _differing(there: Documents, expected: Documents) -> list[str]:
    return [
        f"score {key}: is {there.get(key)}, a recount gives {expected.get(key)}"
        for key in sorted(there.keys() | expected.keys())
        if there.get(key) != expected.get(key)
    ]


def standing(aws: InMemoryAws, accepted: Sequence[Answer], unsure: Sequence[Answer]) -> list[Answer]:
    """The answers that must be there, given what is stored of those that nobody can be sure of.

    Args:
        aws: The account.
        accepted: Every answer that was accepted.
        unsure: Answers whose sender heard nothing: each may be there. Those without an id of their own may be there
            once under any id, the others instead of an accepted one of a lower revision.
    """
    expected = final_answers(accepted)
    left = list(unsure)
    for answer in stored_answers(aws).values():
        known = expected.get(answer.response_id)
        nameless = replace(answer, response_id="")
        if answer in left and (known is None or answer.revision > known.revision):
            expected[answer.response_id] = answer
        elif known is None and nameless in left:
            left.remove(nameless)
            expected[answer.response_id] = answer
    return list(expected.values())


def answers_unheard_of(aws: InMemoryAws, sent: Iterable[Answer]) -> list[str]:
    """Stored answers that nobody sent, in any revision."""
    known = {*_hashable(sent)}
    return [
        f"{answer} is stored, and was never sent"
        for answer in stored_answers(aws).values()
        if not known & {*_hashable([answer, replace(answer, response_id="")])}
    ]


def _hashable(answers: Iterable[Answer]) -> list[str]:
    return [repr(answer) for answer in answers]


def answers_amiss(aws: InMemoryAws, expected: Iterable[Answer]) -> list[str]:
    """How the stored answers differ from those that must be there, and the scores from their recount."""
    there, must = stored_answers(aws), {answer.response_id: answer for answer in expected}
    return [
        f"response {response_id}: is {there.get(response_id)}, and should be {must.get(response_id)}"
        for response_id in sorted(there.keys() | must.keys())
        if there.get(response_id) != must.get(response_id)
    ] + _differing(scores(aws), recount(must.values()))
