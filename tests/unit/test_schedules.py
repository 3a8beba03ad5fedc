"""What is due later is asked for in the form the scheduler takes, once under its name."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import boto3
import pytest
from botocore.exceptions import ReadTimeoutError
from botocore.stub import Stubber

from shared.domain.queued import SendNotification
from shared.errors import TemporaryError
from shared.schedules import Later, Schedules
from tests.fakes.wishes import wish

WHEN = datetime(2026, 11, 22, 14, 1, tzinfo=timezone(timedelta(hours=1)))
MESSAGE = SendNotification(notification=wish())


def asked(stub: Stubber, scheduler: object) -> None:
    stub.activate()
    Schedules(scheduler, "group", "arn:role", "arn:queue").at(WHEN, "msg_1", MESSAGE)  # type: ignore[arg-type]


def test_a_schedule_is_one_off_in_utc_and_removes_itself() -> None:
    scheduler = boto3.client("scheduler")
    stub = Stubber(scheduler)
    stub.add_response(
        "create_schedule",
        {"ScheduleArn": "arn:schedule"},
        {
            "Name": "msg_1",
            "GroupName": "group",
            "ScheduleExpression": "at(2026-11-22T13:01:00)",
            "ScheduleExpressionTimezone": "UTC",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "ActionAfterCompletion": "DELETE",
            "Target": {
                "Arn": "arn:queue",
                "RoleArn": "arn:role",
                "Input": MESSAGE.model_dump_json(exclude_none=True),
            },
        },
    )
    asked(stub, scheduler)
    stub.assert_no_pending_responses()


def test_a_schedule_that_is_there_already_is_fine() -> None:
    scheduler = boto3.client("scheduler")
    stub = Stubber(scheduler)
    stub.add_client_error("create_schedule", "ConflictException")
    asked(stub, scheduler)


def test_a_schedule_that_was_not_made_is_an_error() -> None:
    scheduler = boto3.client("scheduler")
    stub = Stubber(scheduler)
    stub.add_client_error("create_schedule", "ThrottlingException")
    with pytest.raises(TemporaryError):
        asked(stub, scheduler)


def test_a_scheduler_that_does_not_answer_is_an_error() -> None:
    class Silent:
        def create_schedule(self, **kwargs: object) -> None:
            raise ReadTimeoutError(endpoint_url="https://example.com")

    with pytest.raises(TemporaryError):
        Schedules(Silent(), "group", "arn:role", "arn:queue").at(WHEN, "msg_1", MESSAGE)


class Recording:
    """A queue and a scheduler that keep what they were asked for."""

    def __init__(self) -> None:
        self.held: list[timedelta] = []
        self.at_time: list[str] = []

    def send(self, message: object, group: str, delay: timedelta) -> None:
        self.held.append(delay)

    def create_schedule(self, **kwargs: Any) -> None:
        self.at_time.append(kwargs["ScheduleExpression"])


def test_a_queue_holds_back_for_a_quarter_of_an_hour_and_a_schedule_for_longer() -> None:
    both = Recording()
    later = Later(both, Schedules(both, "group", "arn:role", "arn:queue"))
    for seconds in (1, 900, 901):
        later.send(MESSAGE, "msg_1", "per_1", timedelta(seconds=seconds), WHEN)
    assert both.held == [timedelta(seconds=1), timedelta(seconds=900)]
    assert both.at_time == ["at(2026-11-22T13:16:01)"]
