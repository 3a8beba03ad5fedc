"""The clock of the embedded AWS, which a demo can move: days pass in a minute, and what is due on the way happens.

It is how far the embedded AWS is ahead of the machine, in a file of the functions' Python. Schedules fire by it,
functions take their time from it (:mod:`infra.local.emulator.function_clock`), and what a queue holds back comes sooner
when it moves on. Signatures and visibility timeouts stay with the machine's clock.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

from ministack.services import scheduler, sqs


class MovableClock:
    """How far the embedded AWS is ahead of the machine, or behind it.

    Args:
        file: where that is kept, in seconds; functions read it.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._ahead = timedelta(0)

    def install(self) -> None:
        """Have schedules and functions go by this clock."""
        shifted = {name: getattr(time, name) for name in dir(time) if not name.startswith("_")}
        scheduler.time = SimpleNamespace(**{**shifted, "time": lambda: self.now().timestamp()})

    @property
    def ahead(self) -> timedelta:
        """How far it is ahead of the machine."""
        return self._ahead

    def now(self) -> datetime:
        """The time here."""
        return datetime.now(UTC) + self._ahead

    def move_to(self, at: datetime | None) -> None:
        """Make it another time, None for the machine's; what queues hold back comes sooner if that is later."""
        ahead = at - datetime.now(UTC) if at is not None else timedelta(0)
        sooner = ahead - self._ahead
        self._ahead = ahead
        aside = self._file.with_suffix(".tmp")
        aside.write_text(repr(ahead.total_seconds()), encoding="ascii")
        aside.replace(self._file)
        if sooner > timedelta(0):
            for queue in sqs._queues.all_values():
                for message in queue["messages"]:
                    if not message.get("receipt_handle"):
                        message["visible_at"] -= sooner.total_seconds()
