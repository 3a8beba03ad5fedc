"""Providers of e-mail and SMS that keep what they accept, and schedules that keep what is due."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from shared.domain.messages import Channel, EmailRequest, SmsRequest
from shared.domain.queued import Queued
from shared.domain.sending import Accepted, Attempt
from shared.errors import TemporaryError


class RecordingProvider:
    """Stands in for `EmailSender` and `SmsSender`."""

    def __init__(self) -> None:
        self.accepted: list[EmailRequest | SmsRequest] = []
        self.next_outcomes: list[Attempt] = []

    def will_answer(self, outcomes: Iterable[Attempt]) -> None:
        self.next_outcomes = list(outcomes)

    def send(self, request: EmailRequest | SmsRequest, now: datetime | None = None) -> Attempt:
        outcome = self.next_outcomes.pop(0) if self.next_outcomes else Accepted(f"provider-{len(self.accepted) + 1}")
        if isinstance(outcome, Accepted):
            self.accepted.append(request)
        return outcome


class Unhurried:
    """Stands in for `Pace`: everybody's turn is now."""

    def take(self, channel: Channel) -> None:
        """At once."""


class RecordingSchedules:
    """Stands in for `Schedules`: the first under a name stays."""

    def __init__(self) -> None:
        self.due: dict[str, tuple[datetime, Queued]] = {}
        self.away = False

    def at(self, when: datetime, name: str, message: Queued) -> None:
        if self.away:
            raise TemporaryError("the schedule was not made")
        self.due.setdefault(name, (when, message))
