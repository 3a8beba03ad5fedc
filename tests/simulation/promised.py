"""The ledger of promises, judged by counting again from the parcels, with nothing imported from the product."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from tests.simulation.answers import items_of
from tests.simulation.aws import InMemoryAws

OUTCOMES = ("kept", "early", "late", "broken")


def ledger_amiss(aws: InMemoryAws) -> list[str]:
    """Where the ledger does not say what the stored parcels come to; at any moment, for both are written together."""
    expected: Counter[tuple[str, str]] = Counter()
    for item in items_of(aws, "DeliveriesTable", "DELIVERY"):
        expected.update(_outcomes(json.loads(item["content"]["S"])) if "content" in item else ())
    found: Counter[tuple[str, str]] = Counter()
    for item in aws.dynamodb.table("DeliveriesTable").items():
        if item["pk"]["S"] == "PROMISES":
            week = item["sk"]["S"].partition("#")[0]
            found.update({(week, name): int(item[name]["N"]) for name in OUTCOMES if name in item})
    return [
        f"promises of {week}: {found[week, name]} {name} are counted, and {expected[week, name]} were"
        for week, name in sorted({*expected, *found})
        if found[week, name] != expected[week, name]
    ]


def _outcomes(parcel: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The week and the end of each window; the stories' parcels go to where it is UTC, and are sent back never."""
    arrived = min((event["occurred_at"] for event in parcel["history"] if event["status"] == "delivered"), default=None)
    if arrived is None:
        return []
    at, found = datetime.fromisoformat(arrived), []
    for promise in parcel["promises"]:
        start, end = (datetime.fromisoformat(promise["window"][side]) for side in ("start", "end"))
        year, week, _ = (end - timedelta(microseconds=1)).isocalendar()
        outcome = "early" if at < start else "late" if at >= end else "kept"
        found.append((f"{year}-W{week:02d}", outcome))
    return found
