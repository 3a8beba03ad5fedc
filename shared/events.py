"""The bus that domain events are put on, so that who wants to know needs no access to tables or queues."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from shared.domain.events import DomainEvent
from shared.errors import UnpublishedError

SOURCE = "hearback"
MAX_ENTRIES = 10
"""Entries of one PutEvents (its API reference)."""
MAX_BYTES = 256 * 1024
"""Size of all entries of one PutEvents (EventBridge user guide, "Calculating PutEvents event entry size")."""


class EventsClient(Protocol):
    """The one call we make to EventBridge."""

    def put_events(self, **kwargs: Any) -> Mapping[str, Any]:
        """PutEvents."""
        ...


class EventBus:
    """The event bus of this stack.

    Args:
        events: A client of EventBridge.
        name: The bus's name.
    """

    def __init__(self, events: EventsClient, name: str) -> None:
        self._events = events
        self._name = name

    def publish(self, *events: DomainEvent) -> None:
        """Put events on the bus, ten in a call; when this returns, the bus has every one.

        Raises:
            UnpublishedError: the bus did not take some of them, or did not say so; the error names them, and the
                others are on the bus. To publish all again is right: each keeps its id.
        """
        lost = [event.id for portion in _portions(events) for event in self._put(portion)]
        if lost:
            raise UnpublishedError(f"the bus did not take {len(lost)} of {len(events)} events", frozenset(lost))

    def _put(self, events: Sequence[DomainEvent]) -> Sequence[DomainEvent]:
        """One call; the events that the bus did not take."""
        entries = [
            {
                "EventBusName": self._name,
                "Source": SOURCE,
                "DetailType": event.detail_type,
                "Detail": event.detail(),
            }
            for event in events
        ]
        try:
            answer = self._events.put_events(Entries=entries)
        except (ClientError, BotoCoreError):
            return events
        # A call succeeds although single entries failed; each says so in its own place.
        return [event for event, entry in zip(events, answer["Entries"], strict=True) if "EventId" not in entry]


def _portions(events: Sequence[DomainEvent]) -> Iterator[list[DomainEvent]]:
    """The events in as few calls as their number and size allow."""
    portion: list[DomainEvent] = []
    size = 0
    for event in events:
        weight = len(event.detail_type) + len(SOURCE) + len(event.detail().encode())
        if portion and (len(portion) == MAX_ENTRIES or size + weight > MAX_BYTES):
            yield portion
            portion, size = [], 0
        portion.append(event)
        size += weight
    if portion:
        yield portion
