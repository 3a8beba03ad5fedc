"""What is due later than a queue can hold it back: one-off schedules that put a message on a queue.

A schedule is made before the state that needs it, and correctness never depends on deleting one: a message that comes
when it is no longer needed finds a state that says so.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from shared.domain.queued import Queued
from shared.errors import TemporaryError


class SchedulerClient(Protocol):
    """The one call we make to EventBridge Scheduler."""

    def create_schedule(self, **kwargs: Any) -> Any:
        """CreateSchedule."""
        ...


MAX_DELAY = timedelta(minutes=15)
"""The longest that a queue holds a message back (SQS developer guide, "Delay queues")."""


class DelayQueue(Protocol):
    """A queue that holds a message back for minutes."""

    def send(self, message: Queued, group: str, delay: timedelta) -> None:
        """Put a message on the queue, to be seen after a delay."""
        ...


class Schedules:
    """The schedules of this stack.

    Args:
        scheduler: A client of EventBridge Scheduler.
        group: The schedule group.
        role_arn: The role that lets a schedule put messages on the queue.
        queue_arn: The queue.
    """

    def __init__(self, scheduler: SchedulerClient, group: str, role_arn: str, queue_arn: str) -> None:
        self._scheduler = scheduler
        self._group = group
        self._role_arn = role_arn
        self._queue_arn = queue_arn

    def at(self, when: datetime, name: str, message: Queued) -> None:
        """Have a message put on the queue at a time, to the second; once, however often this is asked for.

        Args:
            when: The time, in the future.
            name: What names it for good: the id of the message it is about.
            message: What to put on the queue.

        Raises:
            TemporaryError: the schedule was not made, or nobody said so.
        """
        try:
            self._scheduler.create_schedule(
                Name=name,
                GroupName=self._group,
                ScheduleExpression=f"at({when.astimezone(UTC):%Y-%m-%dT%H:%M:%S})",
                ScheduleExpressionTimezone="UTC",
                FlexibleTimeWindow={"Mode": "OFF"},
                ActionAfterCompletion="DELETE",
                Target={
                    "Arn": self._queue_arn,
                    "RoleArn": self._role_arn,
                    "Input": message.model_dump_json(exclude_none=True),
                },
            )
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code")
            if code != "ConflictException":
                raise TemporaryError(f"the schedule was not made: {code}") from error
        except BotoCoreError as error:
            raise TemporaryError("the schedule was not made, or nobody said so") from error


class Later:
    """What is due soon or later on one queue: the queue itself holds it back for minutes, a schedule for longer.

    Args:
        queue: The queue.
        schedules: Schedules that put messages on it.
    """

    def __init__(self, queue: DelayQueue, schedules: Schedules) -> None:
        self._queue = queue
        self._schedules = schedules

    def send(self, message: Queued, name: str, group: str, delay: timedelta, now: datetime) -> None:
        """Have a message come after a delay.

        Args:
            message: What is to come.
            name: What names it for good; a schedule of this name is made once.
            group: Whose message it is.
            delay: After how long, to the second.
            now: The time.

        Raises:
            TemporaryError: it may not come.
        """
        if delay <= MAX_DELAY:
            self._queue.send(message, group, delay)
        else:
            self._schedules.at(now + delay, name, message)
