"""Counts the steps that others tell of, each once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from shared.clock import Clock
from shared.domain.steps import StepsTold, Thing, folded, probably_known


class Counted(Protocol):
    """What became of a batch."""

    @property
    def steps(self) -> int:
        """How many steps are counted anew."""
        ...

    @property
    def postponed(self) -> Collection[str]:
        """The ids of things that have to be told again."""
        ...


class Counting(Protocol):
    """Where steps are counted."""

    def count(self, things: Mapping[str, Thing], read_first: Collection[str], now: datetime) -> Counted:
        """Count what is not counted yet."""
        ...


class Taken(NamedTuple):
    """What became of a batch: the steps counted anew, and the places in it of messages that have to come again."""

    steps: int
    postponed: frozenset[int]


class Funnel:
    """The service.

    Args:
        counting: Where steps are counted.
        clock: What time it is.
    """

    def __init__(self, counting: Counting, clock: Clock) -> None:
        self._counting = counting
        self._clock = clock

    def take(self, messages: Sequence[StepsTold], redelivered: Collection[int]) -> Taken:
        """Count a batch.

        Args:
            messages: What is told, repeated or not.
            redelivered: The places of those that came before.
        """
        again = {told.id for place in redelivered for told in messages[place].told}
        counted = self._counting.count(
            folded(messages), again.union(*(probably_known(message) for message in messages)), self._clock.now()
        )
        lost = frozenset(counted.postponed)
        places = (place for place, each in enumerate(messages) if any(told.id in lost for told in each.told))
        return Taken(counted.steps, frozenset(places))
