"""Puts a message off, and never loses it: first the schedule that brings it again, then the claim is given back.

A worker that dies in between leaves a schedule that finds the message claimed, sent or given up, and a claim that the
queue's own redelivery takes over. Each time to come again is one schedule, however often it is asked for.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

from shared.domain.messages import MessageState, Notification, Reason
from shared.domain.queued import Queued, SendNotification
from shared.domain.sending import PutOff
from shared.errors import TemporaryError

MINUTE = timedelta(minutes=1)


class Messages(Protocol):
    """What is kept of messages."""

    def defer(self, message_id: str, token: str, until: datetime, because: Reason) -> bool:
        """Make a claimed message new again, to be sent later."""
        ...


class Schedules(Protocol):
    """What is due later."""

    def at(self, when: datetime, name: str, message: Queued) -> None:
        """Have a message come at a time, once."""
        ...


class Deferring:
    """Puts messages off.

    Args:
        messages: What is kept of messages.
        schedules: What is due later.
    """

    def __init__(self, messages: Messages, schedules: Schedules) -> None:
        self._messages = messages
        self._schedules = schedules

    def put_off(self, notification: Notification, token: str, put_off: PutOff, now: datetime) -> MessageState:
        """Have a claimed message come again when it may be sent.

        Raises:
            TemporaryError: no schedule was made, or another worker has the message.
        """
        due = due_at(put_off.until, now)
        name = f"{notification.message_id}-{due:%Y%m%dT%H%M}"
        self._schedules.at(due, name, SendNotification(notification=notification))
        if not self._messages.defer(notification.message_id, token, put_off.until, put_off.reason):
            raise TemporaryError("another worker took the message over")
        return MessageState.NEW


def due_at(until: datetime, now: datetime) -> datetime:
    """The whole minute at which a message comes again: not before it may be sent, and at least a minute from now.

    A schedule that fires a moment early, by the clock of who gets it, finds the message not due. It must not be put
    off until the minute of the very schedule that brought it, whose name is taken and which fires no more.
    """
    return _whole_minute(max(until, now + MINUTE))


def _whole_minute(at: datetime) -> datetime:
    floor = at.replace(second=0, microsecond=0)
    return floor if floor == at else floor + MINUTE
