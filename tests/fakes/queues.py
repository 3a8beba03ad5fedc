"""A queue that remembers what was put on it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from shared.domain.queued import Queued
from shared.errors import TemporaryError


class Sent(NamedTuple):
    """One message as it was put on the queue."""

    message: Queued
    group: str
    delay: timedelta


class RecordingQueue:
    """Stands in for `Queue`."""

    def __init__(self) -> None:
        self.sent: list[Sent] = []
        self.fails = False

    def send(self, message: Queued, group: str, delay: timedelta = timedelta(0)) -> None:
        if self.fails:
            raise TemporaryError("the queue did not take the message")
        self.sent.append(Sent(message, group, delay))


class RecordingLater:
    """Stands in for `Later`: keeps what is due, and brings it when its time has come."""

    def __init__(self) -> None:
        self.due: dict[str, tuple[datetime, Queued]] = {}
        self.fails = False

    def send(self, message: Queued, name: str, group: str, delay: timedelta, now: datetime) -> None:
        if self.fails:
            raise TemporaryError("the schedule was not made")
        self.due.setdefault(name, (now + delay, message))

    def taken(self, now: datetime) -> list[Queued]:
        """What is due by now; it does not come again."""
        names = sorted((at, name) for name, (at, _) in self.due.items() if at <= now)
        return [self.due.pop(name)[1] for _, name in names]
