"""Everything that happens by itself: deliveries, redeliveries, schedules, until nothing is left to do."""

from __future__ import annotations

import random
from collections.abc import Sequence

from tests.simulation.aws import InMemoryAws
from tests.simulation.event_source import EventSource


class NotQuietError(AssertionError):
    """The system did not come to rest within its bound: something goes round in circles."""


class Worker:
    """Drives event sources and schedules on the virtual clock, in an order the seed decides."""

    def __init__(self, aws: InMemoryAws, sources: Sequence[EventSource], *, shuffle: bool = True) -> None:
        """With `shuffle` off, sources are polled in the order given."""
        self._aws = aws
        self._sources = list(sources)
        self._shuffle = shuffle
        self._rng = random.Random(f"worker-{aws.seed}")

    def step(self) -> bool:
        """Fire what is due and poll each source once; whether anything happened."""
        busy = self._aws.scheduler.fire_due() > 0
        order = list(self._sources)
        if self._shuffle:
            self._rng.shuffle(order)
        for source in order:
            busy = source.poll() > 0 or busy
        return busy

    def run_until_quiet(self, *, max_steps: int = 1_000, until: float | None = None) -> int:
        """Go on, moving the clock from event to event, until nothing is due any more.

        Args:
            max_steps: a bound on steps; a correct system needs few.
            until: do not move the clock beyond this, in Unix seconds.

        Returns:
            The steps taken.

        Raises:
            NotQuietError: the bound was reached.
        """
        for step in range(max_steps):
            if self.step():
                continue
            upcoming = self._next_event()
            if upcoming is None or (until is not None and upcoming > until):
                return step
            self._aws.clock.advance_to(upcoming)
        waiting = {source.queue.name: len(source.queue.messages) for source in self._sources}
        raise NotQuietError(f"not at rest after {max_steps} steps; messages waiting: {waiting}")

    def _next_event(self) -> float | None:
        moments = [source.queue.next_visible_at() for source in self._sources]
        moments.append(self._aws.scheduler.next_due())
        return min((moment for moment in moments if moment is not None), default=None)
