"""What the bus took, judged like the tables are: by rules said once more, with nothing imported from the product."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from tests.simulation.aws import InMemoryAws

Document: TypeAlias = tuple[str, str, str, str]
"""Survey, breakdown, day and value."""


def steps_told(aws: InMemoryAws, standing: Iterable[str]) -> dict[Document, dict[str, int]]:
    """The scores of a consumer that takes `before` out and adds `after` of each event once, of these responses."""
    standing = set(standing)
    scores: defaultdict[Document, Counter[str]] = defaultdict(Counter)
    for detail in _once(aws, "ScoreMoved"):
        if detail["response_id"] not in standing:
            continue
        for side, sign in (("before", -1), ("after", 1)):
            counted = detail[side]
            for breakdown, value in [("", ""), *counted["breakdowns"].items()] if counted else []:
                document = scores[counted["survey_id"], breakdown, counted["day"], value]
                document["responses"] += sign
                for question, rating in counted["ratings"].items():
                    document[f"{question}:{rating}"] += sign
    found = {key: {name: n for name, n in document.items() if n} for key, document in scores.items()}
    return {key: document for key, document in found.items() if document}


def events_amiss(
    aws: InMemoryAws, stored: Mapping[str, int], expected: Mapping[Document, Mapping[str, int]]
) -> list[str]:
    """What is wrong with the events at rest.

    Args:
        aws: The account.
        stored: The revision that stands of each response.
        expected: A recount of these responses.
    """
    texts: defaultdict[str, set[str]] = defaultdict(set)
    for event in aws.events.taken:
        texts[event.detail["id"]].add(f"{event.detail_type} {event.text}")
    found = [f"event {event_id} was told in {len(each)} ways" for event_id, each in texts.items() if len(each) > 1]
    recorded = {(detail["response_id"], detail["revision"]) for detail in _once(aws, "ResponseRecorded")}
    found += [
        f"response {response_id}: nobody was told that revision {revision} stands"
        for response_id, revision in stored.items()
        if (response_id, revision) not in recorded
    ]
    told = steps_told(aws, stored)
    plain = {key: {n: count for n, count in doc.items() if n != "certificate"} for key, doc in expected.items()}
    found += [
        f"score {key}: its events add up to {told.get(key)}, a recount gives {plain.get(key)}"
        for key in sorted(told.keys() | plain.keys())
        if told.get(key) != plain.get(key)
    ]
    return found


def _once(aws: InMemoryAws, kind: str) -> Iterator[Mapping[str, Any]]:
    """The events of one kind, each id once."""
    seen = set()
    for event in aws.events.taken:
        if event.detail_type == kind and event.detail["id"] not in seen:
            seen.add(event.detail["id"])
            yield event.detail
