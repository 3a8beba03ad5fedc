"""Time that moves only when told to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class VirtualClock:
    """A clock that stands still until something advances it.

    It satisfies the product's `Clock` by shape: `now()` is an aware UTC datetime.
    """

    def __init__(self, start: datetime = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)) -> None:
        """Start at `start`, an aware datetime."""
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        return self._now

    def seconds(self) -> float:
        """The present instant as Unix seconds."""
        return self._now.timestamp()

    def milliseconds(self) -> int:
        """The present instant as Unix milliseconds."""
        return round(self._now.timestamp() * 1000)

    def advance(self, seconds: float) -> None:
        """Move on by `seconds`; time never runs backwards."""
        if seconds < 0:
            raise ValueError(f"a clock cannot go back by {-seconds} s")
        self._now += timedelta(seconds=seconds)

    def advance_to(self, unix_seconds: float) -> None:
        """Move on to `unix_seconds`; a moment in the past changes nothing."""
        self.advance(max(0.0, unix_seconds - self.seconds()))
