"""Time and ids are given, never taken: whoever needs them is handed a `Clock` or an `Ids`."""

from __future__ import annotations

import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...


class Ids(Protocol):
    """Makes names that were never used before."""

    def new(self) -> str:
        """A fresh random id, 32 hexadecimal digits."""
        ...


class SystemClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        return datetime.now(UTC)

    def sleep(self, duration: timedelta) -> None:
        """Let time pass."""
        time.sleep(duration.total_seconds())


class RandomIds:
    """Ids from the operating system's randomness (UUID version 4)."""

    def new(self) -> str:
        """A fresh random id, 32 hexadecimal digits."""
        return uuid.uuid4().hex
