"""EventBridge: custom buses, and every event they took, in order.

Sources: EventBridge API reference of PutEvents (1 to 10 entries; a call succeeds although entries failed, each with an
`ErrorCode` in its place) and User Guide, "Calculating PutEvents event entry size" (256 KB a request).
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from tests.simulation.aws.clock import VirtualClock
from tests.simulation.aws.wire import ServiceError

Request: TypeAlias = Mapping[str, Any]
MAX_ENTRIES = 10
MAX_BYTES = 256 * 1024


@dataclass(frozen=True)
class Taken:
    """An event that a bus took: from here on rules see it."""

    bus: str
    at: float
    source: str
    detail_type: str
    detail: Mapping[str, Any]
    text: str


class EventBridge:
    """The service: its buses, and what they took.

    Attributes:
        refusing: the probability that a bus does not take an entry of a call that succeeds.
    """

    def __init__(self, clock: VirtualClock, rng: random.Random) -> None:
        self._clock = clock
        self._rng = rng
        self.buses: set[str] = set()
        self.taken: list[Taken] = []
        self.refusing = 0.0
        self.operations: dict[str, Callable[[Request], dict[str, Any]]] = {"PutEvents": self._put_events}

    def _put_events(self, request: Request) -> dict[str, Any]:
        entries = request["Entries"]
        if not 1 <= len(entries) <= MAX_ENTRIES:
            raise ServiceError("ValidationException", f"1 to {MAX_ENTRIES} entries are required, not {len(entries)}")
        if sum(map(_size, entries)) > MAX_BYTES:
            raise ServiceError("ValidationException", "Total size of the entries in the request is over the limit.")
        answers = [self._put(entry) for entry in entries]
        return {"FailedEntryCount": sum("ErrorCode" in answer for answer in answers), "Entries": answers}

    def _put(self, entry: Request) -> dict[str, str]:
        if entry["EventBusName"] not in self.buses:
            # Stricter than AWS, which drops it: an event on a bus that is not there is a mistake of ours.
            raise ServiceError("ResourceNotFoundException", f"Event bus {entry['EventBusName']} does not exist.")
        detail = _object(entry.get("Detail", ""))
        if detail is None:
            return {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}
        if not entry.get("Source") or not entry.get("DetailType"):
            return {"ErrorCode": "InvalidArgument", "ErrorMessage": "Source and DetailType are required."}
        if self.refusing and self._rng.random() < self.refusing:
            return {"ErrorCode": "InternalFailure", "ErrorMessage": "Unexpected Error"}
        self.taken.append(
            Taken(
                bus=entry["EventBusName"],
                at=self._clock.seconds(),
                source=entry["Source"],
                detail_type=entry["DetailType"],
                detail=detail,
                text=entry["Detail"],
            )
        )
        return {"EventId": f"event-{len(self.taken):08d}"}


def _size(entry: Request) -> int:
    return sum(len(str(entry.get(name, "")).encode()) for name in ("Source", "DetailType", "Detail"))


def _object(text: str) -> Mapping[str, Any] | None:
    try:
        detail = json.loads(text)
    except ValueError:
        return None
    return detail if isinstance(detail, dict) else None
