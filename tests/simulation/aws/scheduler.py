"""EventBridge Scheduler: one-off schedules that put a message on a queue.

Source: EventBridge Scheduler User Guide ("Schedule types": `at(yyyy-mm-ddThh:mm:ss)` in the schedule's time zone;
delivery is at least once) and the API reference of CreateSchedule (name taken: ConflictException).
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from tests.simulation.aws.clock import VirtualClock
from tests.simulation.aws.sqs import Sqs
from tests.simulation.aws.wire import ServiceError

_AT = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)")
_NAME = re.compile(r"[0-9a-zA-Z_.-]{1,64}")


@dataclass(frozen=True)
class Schedule:
    """A one-off schedule."""

    name: str
    group: str
    due: float
    target_arn: str
    body: str
    message_group: str | None
    deleted_after: bool


class Scheduler:
    """The service: schedules by group and name, and what has fired."""

    def __init__(self, clock: VirtualClock, sqs: Sqs, rng: random.Random) -> None:
        self._clock = clock
        self._sqs = sqs
        self._rng = rng
        self.schedules: dict[tuple[str, str], Schedule] = {}
        self.fired: list[Schedule] = []
        self.double_firing = 0.0
        self._spent: set[tuple[str, str]] = set()
        self.operations: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
            "CreateSchedule": self._create,
            "DeleteSchedule": self._delete,
        }

    def _create(self, request: Mapping[str, Any]) -> dict[str, Any]:
        name, group = request["_path"][-1], request.get("GroupName", "default")
        if not _NAME.fullmatch(name):
            raise ServiceError(
                "ValidationException", f"Schedule name {name!r} is invalid: 1 to 64 of 0-9 a-z A-Z _ . -"
            )
        match = _AT.fullmatch(request["ScheduleExpression"])
        if match is None:
            raise ServiceError("ValidationException", f"Invalid Schedule Expression {request['ScheduleExpression']}.")
        target = request["Target"]
        if not target.get("RoleArn") or ":sqs:" not in target["Arn"]:
            raise ServiceError("ValidationException", "This simulation fires into queues only, and a role is required.")
        if (group, name) in self.schedules:
            raise ServiceError("ConflictException", f"Schedule {name} already exists.", status=409)
        zone = ZoneInfo(request.get("ScheduleExpressionTimezone", "UTC"))
        schedule = Schedule(
            name=name,
            group=group,
            due=datetime.fromisoformat(match[1]).replace(tzinfo=zone).timestamp(),
            target_arn=target["Arn"],
            body=target.get("Input", "{}"),
            message_group=target.get("SqsParameters", {}).get("MessageGroupId"),
            deleted_after=request.get("ActionAfterCompletion") == "DELETE",
        )
        self.schedules[group, name] = schedule
        self._spent.discard((group, name))
        return {"ScheduleArn": f"arn:aws:scheduler:eu-central-1:000000000000:schedule/{group}/{name}"}

    def _delete(self, request: Mapping[str, Any]) -> dict[str, Any]:
        key = (request.get("groupName", "default"), request["_path"][-1])
        if key not in self.schedules:
            raise ServiceError("ResourceNotFoundException", f"Schedule {key[1]} does not exist.", status=404)
        del self.schedules[key]
        return {}

    def pending(self) -> list[Schedule]:
        """Schedules that have not fired."""
        return [schedule for key, schedule in self.schedules.items() if key not in self._spent]

    def next_due(self) -> float | None:
        """When the next schedule fires, in Unix seconds."""
        return min((schedule.due for schedule in self.pending()), default=None)

    def fire_due(self) -> int:
        """Fire every schedule whose time has come, in order; some twice if the seed says so.

        Returns:
            How many messages were put on queues.
        """
        due = sorted((s for s in self.pending() if s.due <= self._clock.seconds()), key=lambda s: (s.due, s.name))
        messages = 0
        for schedule in due:
            copies = 2 if self.double_firing and self._rng.random() < self.double_firing else 1
            for _ in range(copies):
                self._sqs.queue(schedule.target_arn).send(schedule.body, group_id=schedule.message_group)
                self.fired.append(schedule)
            messages += copies
            key = (schedule.group, schedule.name)
            # Without ActionAfterCompletion the name of a schedule that has fired stays taken.
            if schedule.deleted_after:
                del self.schedules[key]
            else:
                self._spent.add(key)
        return messages
