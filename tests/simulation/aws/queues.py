"""Standard queues: delay, visibility, receive count, dead-letter queue, duplicates and disorder from a seed."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from tests.simulation.aws.clock import VirtualClock

Attributes: TypeAlias = dict[str, dict[str, Any]]


@dataclass
class Message:
    """One message and where it stands."""

    message_id: str
    body: str
    attributes: Attributes
    group_id: str | None
    sent_at: float
    visible_at: float
    receive_count: int = 0
    first_received_at: float | None = None
    receipt: str = ""
    source_arn: str | None = None


@dataclass(frozen=True)
class Delivery:
    """A message as one receive hands it out; a later delivery of the same message has another receipt."""

    message: Message
    receipt: str
    receive_count: int


@dataclass(frozen=True)
class Weather:
    """How unkind a standard queue is allowed to be: all of it is within what SQS documents.

    Attributes:
        duplicate: chance that a received message can be received again at once.
        resurrect: chance that a deleted message comes back once more.
        disorder: whether messages come in a shuffled order.
        passed_over: chance that one receive does not see a message (short polling asks only some of the servers).
    """

    duplicate: float = 0.0
    resurrect: float = 0.0
    disorder: bool = False
    passed_over: float = 0.0


CALM = Weather()


@dataclass
class Queue:
    """A standard queue."""

    name: str
    arn: str
    url: str
    clock: VirtualClock
    rng: random.Random
    visibility: float = 30
    delay: float = 0
    retention: float = 4 * 86_400
    max_receive_count: int | None = None
    dead_letter_queue: Queue | None = None
    weather: Weather = CALM
    messages: list[Message] = field(default_factory=list)
    _serial: int = 0

    def send(
        self, body: str, attributes: Attributes | None = None, group_id: str | None = None, delay: float | None = None
    ) -> Message:
        """Put a message on the queue; `delay` in seconds, the queue's own by default."""
        now = self.clock.seconds()
        message = Message(
            message_id=self._new_id("message"),
            body=body,
            attributes=attributes or {},
            group_id=group_id,
            sent_at=now,
            visible_at=now + (self.delay if delay is None else delay),
        )
        self.messages.append(message)
        return message

    def receive(self, limit: int, visibility: float | None = None) -> list[Delivery]:
        """Hand out up to `limit` visible messages; what was received too often moves to the dead-letter queue."""
        now = self.clock.seconds()
        self._expire(now)
        visible = [message for message in self.messages if message.visible_at <= now]
        if self.weather.disorder:
            self.rng.shuffle(visible)
        handed: list[Delivery] = []
        for message in visible:
            if len(handed) >= limit:
                break
            if self._chance(self.weather.passed_over):
                continue
            if self.max_receive_count is not None and message.receive_count >= self.max_receive_count:
                self._bury(message)
                continue
            handed.append(self._hand_out(message, now, self.visibility if visibility is None else visibility))
        return handed

    def _hand_out(self, message: Message, now: float, visibility: float) -> Delivery:
        message.receive_count += 1
        message.first_received_at = now if message.first_received_at is None else message.first_received_at
        message.receipt = self._new_id("receipt")
        if not self._chance(self.weather.duplicate):
            message.visible_at = now + visibility
        return Delivery(message, message.receipt, message.receive_count)

    def delete(self, receipt: str) -> None:
        """Delete the message of a receipt; an outdated receipt deletes nothing and is no error."""
        message = self.find(receipt)
        if message is None:
            return
        if self._chance(self.weather.resurrect):
            message.receipt = ""
            message.visible_at = self.clock.seconds()
            return
        self.messages.remove(message)

    def find(self, receipt: str) -> Message | None:
        """The message whose latest receipt this is."""
        return next((message for message in self.messages if message.receipt == receipt), None)

    def knows(self, receipt: str) -> bool:
        """Whether the receipt has the form of one of this queue's."""
        return receipt.startswith(f"{self.name}/receipt/")

    def counts(self) -> tuple[int, int, int]:
        """How many messages are visible, in flight, and delayed."""
        now = self.clock.seconds()
        self._expire(now)
        waiting = [message for message in self.messages if message.visible_at > now]
        in_flight = sum(1 for message in waiting if message.receive_count)
        return len(self.messages) - len(waiting), in_flight, len(waiting) - in_flight

    def next_visible_at(self) -> float | None:
        """When the next message can be received; None when there is none."""
        return min((message.visible_at for message in self.messages), default=None)

    def _bury(self, message: Message) -> None:
        self.messages.remove(message)
        if self.dead_letter_queue is not None:
            # A standard queue keeps the time of sending, so time spent here counts against the retention there.
            message.source_arn = self.arn
            message.visible_at = self.clock.seconds()
            message.receipt = ""
            self.dead_letter_queue.messages.append(message)

    def _expire(self, now: float) -> None:
        self.messages = [message for message in self.messages if message.sent_at + self.retention > now]

    def _chance(self, probability: float) -> bool:
        return probability > 0 and self.rng.random() < probability

    def _new_id(self, kind: str) -> str:
        self._serial += 1
        if kind == "receipt":
            return f"{self.name}/receipt/{self._serial}"
        digest = hashlib.sha256(f"{self.name}/{self._serial}".encode()).hexdigest()
        return f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-8{digest[17:20]}-{digest[20:32]}"
