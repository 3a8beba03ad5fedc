"""A bus that remembers what was put on it."""

from __future__ import annotations

from typing import TypeVar

from shared.domain.events import DomainEvent
from shared.errors import UnpublishedError

E = TypeVar("E", bound=DomainEvent)


class RecordingBus:
    """Stands in for `EventBus`."""

    def __init__(self) -> None:
        self.told: list[DomainEvent] = []
        self.refused: set[str] = set()
        """Ids of events that it does not take."""

    def publish(self, *events: DomainEvent) -> None:
        lost = frozenset(event.id for event in events if event.id in self.refused)
        self.told += [event for event in events if event.id not in lost]
        if lost:
            raise UnpublishedError("the bus did not take all", lost)

    def of(self, kind: type[E]) -> list[E]:
        """The events of one kind, each once, in the order in which they were told first."""
        return list({event.id: event for event in self.told if isinstance(event, kind)}.values())
