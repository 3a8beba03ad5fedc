"""Whether anybody was asked too often, judged by what is stored of messages and people, with nothing of the product."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from tests.simulation.answers import items_of
from tests.simulation.aws import InMemoryAws

ASKS = frozenset({"survey_invitation", "survey_reminder"})
WINDOW = timedelta(days=30)
"""What the simulated stack says; none of its surveys says otherwise."""


class Asked(NamedTuple):
    """A message that asked somebody."""

    at: datetime
    message_id: str
    reminds_of: str | None


def attempts(aws: InMemoryAws) -> dict[str, list[Asked]]:
    """Every message that asked a person we still know, the first before the others."""
    found: defaultdict[str, list[Asked]] = defaultdict(list)
    for item in items_of(aws, "MessagesTable", "MESSAGE"):
        wish = json.loads(item["content"]["S"])
        if wish["kind"] in ASKS and "attempted_at" in item and "person_id" in item:
            at = datetime.fromisoformat(item["attempted_at"]["S"])
            found[item["person_id"]["S"]].append(Asked(at, wish["message_id"], wish.get("reminds_of")))
    return {person: sorted(asked) for person, asked in found.items()}


def asked_too_often(aws: InMemoryAws) -> list[str]:
    """People who were asked twice within the window, and budgets that were taken without asking or the reverse."""
    asked = attempts(aws)
    return [*_within_the_window(asked), *_budgets_amiss(aws, asked)]


def _within_the_window(asked: dict[str, list[Asked]]) -> Iterator[str]:
    for person, each in asked.items():
        for earlier, later in pairwise(each):
            if later.at - earlier.at < WINDOW and later.reminds_of != earlier.message_id:
                yield f"{person} was asked by {earlier} and by {later}"


def _budgets_amiss(aws: InMemoryAws, asked: dict[str, list[Asked]]) -> Iterator[str]:
    taken = {
        item["pk"]["S"].partition("#")[2]: (item["asked_at"]["S"], item["asked_by"]["S"])
        for item in aws.dynamodb.table("PeopleTable").items()
        if item["sk"]["S"] == "ASKED"
    }
    for person in asked.keys() | taken.keys():
        last = asked[person][-1] if person in asked else None
        said = taken.get(person)
        right = said is not None and last is not None and (datetime.fromisoformat(said[0]), said[1]) == last[:2]
        if not right:
            yield f"{person} was asked last by {last}, and their budget says {said}"


def requests_left(aws: InMemoryAws) -> list[str]:
    """Requests that nobody follows any more."""
    return [
        f"{item['sk']['S']} of {item['pk']['S']} waits for ever"
        for item in aws.dynamodb.table("PeopleTable").items()
        if item["sk"]["S"].startswith("REQUEST#")
    ]
