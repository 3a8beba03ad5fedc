"""Time and ids are given, never taken: whoever needs them is handed a `Clock` or an `Ids`."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
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


class RandomIds:
    """Ids from the operating system's randomness (UUID version 4)."""

    def new(self) -> str:
        """A fresh random id, 32 hexadecimal digits."""
        return uuid.uuid4().hex
