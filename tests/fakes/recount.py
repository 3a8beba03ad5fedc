"""The oracle of the scores: a recount of the stored responses that shares no code with what it checks."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from shared.domain.responses import Response


class Document(NamedTuple):
    """Which score document."""

    survey_id: str
    day: date
    breakdown: str
    value: str


class Count(NamedTuple):
    """What stands in it."""

    counters: dict[str, dict[int, int]]
    responses: int
    certificate: int


def recount(responses: Iterable[Response]) -> dict[Document, Count]:
    """Every score document there should be, from the responses there are."""
    ratings: dict[Document, Counter[tuple[str, int]]] = {}
    hashes: dict[Document, list[int]] = {}
    for response in responses:
        if response.test or not response.ratings:
            continue
        given = {question: rating.value for question, rating in response.ratings.items()}
        for breakdown, value in [("", ""), *response.breakdowns.items()]:
            document = Document(response.survey_id, response.day, breakdown, value)
            ratings.setdefault(document, Counter()).update(given.items())
            hashes.setdefault(document, []).append(_hash(response, given))
    return {
        document: Count(_by_question(ratings[document]), len(hashes[document]), sum(hashes[document]) % 2**64)
        for document in ratings
    }


def _hash(response: Response, given: dict[str, int]) -> int:
    parts = [response.response_id, response.survey_id, str(response.day)]
    parts += [f"{question}={value}" for question, value in sorted(given.items())]
    parts += [f"{name}:{value}" for name, value in sorted(response.breakdowns.items())]
    return int(hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:16], 16)


def _by_question(counter: Counter[tuple[str, int]]) -> dict[str, dict[int, int]]:
    found: dict[str, dict[int, int]] = {}
    for (question, rating), count in counter.items():
        found.setdefault(question, {})[rating] = count
    return found
