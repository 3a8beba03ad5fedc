"""What was seen of each answer, commit by commit, beside what its audit trail says; nothing here is the product's."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, TypeAlias

from tests.simulation.answers import Answer, items_of
from tests.simulation.aws import InMemoryAws

Entry: TypeAlias = tuple[int, dict[str, Any] | None, dict[str, Any] | None]
"""The revision that changed a score, and what was counted before and after; None for what does not count."""


class History:
    """The steps that answers took in the scores, as a witness of every commit saw them."""

    def __init__(self) -> None:
        self._last: dict[str, Answer] = {}
        self._steps: defaultdict[str, list[Entry]] = defaultdict(list)

    def watch(self, aws: InMemoryAws, stored: Mapping[str, Answer]) -> list[str]:
        """Look at the answers after a commit: each step has its entry in the audit trail, and each entry its step."""
        for response_id, answer in stored.items():
            before = self._last.get(response_id)
            if before is not None and _counted(before) != _counted(answer):
                self._steps[response_id].append((answer.revision, _counted(before), _counted(answer)))
        self._last = dict(stored)
        trails = audit_trails(aws)
        return [
            f"response {response_id}: the audit trail says {trails.get(response_id)}, and it was {seen}"
            for response_id in stored
            if trails.get(response_id, []) != (seen := self._steps.get(response_id, []))
        ]


def audit_trails(aws: InMemoryAws) -> dict[str, list[Entry]]:
    """The audit trail of each response that has one, by revision."""
    found: defaultdict[str, list[Entry]] = defaultdict(list)
    for item in items_of(aws, "ResponsesTable", "RESPONSE"):
        kind, _, revision = item["sk"]["S"].partition("#")
        if kind == "AUDIT":
            before, after = (json.loads(item[side]["S"]) if side in item else None for side in ("before", "after"))
            found[item["pk"]["S"].partition("#")[2]].append((int(revision), before, after))
    return {response_id: sorted(entries, key=lambda entry: entry[0]) for response_id, entries in found.items()}


def _counted(answer: Answer) -> dict[str, Any] | None:
    if answer.test:
        return None
    return {
        "survey_id": answer.survey_id,
        "day": answer.day,
        "ratings": {answer.question: answer.rating},
        "breakdowns": dict(answer.breakdowns),
    }
