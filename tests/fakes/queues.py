"""A queue that remembers what was put on it."""

from __future__ import annotations

from datetime import timedelta
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
