"""Tells the funnel of an invitation, from what is stored of it; those who send and those who read receipts do.

It is told each time that a message comes by, repetitions included, so that a worker that dies loses no step.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from shared.clock import Clock
from shared.domain.messages import MessageKind, MessageState
from shared.domain.published import PublishedSurvey
from shared.domain.sending import Message
from shared.domain.steps import AskedBy, StepsTold, Told, invitation_told, is_still_told
from shared.domain.surveys import Survey


class Messages(Protocol):
    """Where messages are kept."""

    def get(self, message_id: str) -> Message | None:
        """A message."""
        ...


class Surveys(Protocol):
    """Where surveys are kept."""

    def current(self, survey_id: str) -> PublishedSurvey | None:
        """The current version of a survey."""
        ...


class FunnelQueue(Protocol):
    """The funnel queue."""

    def send(self, message: StepsTold, group: str) -> None:
        """Keep a message; TemporaryError if it is not certain that it was kept."""
        ...


class InvitationsTold:
    """Tells how far invitations came.

    Args:
        messages: Where messages are kept.
        surveys: Where surveys are kept.
        queue: The funnel queue.
        clock: Whether a message is still told of.
    """

    def __init__(self, messages: Messages, surveys: Surveys, queue: FunnelQueue, clock: Clock) -> None:
        self._messages = messages
        self._surveys = surveys
        self._queue = queue
        self._clock = clock

    def tell(self, message_id: str) -> None:
        """Tell of a message as it is stored, if it is an invitation to a survey that counts them.

        Raises:
            TemporaryError: a store or the queue did not answer; the same again, later, is right.
        """
        message = self._messages.get(message_id)
        if message is None or message.notification.survey_id is None:
            return
        published = self._surveys.current(message.notification.survey_id)
        told = invitation(message, published.survey) if published is not None else None
        if published is not None and told is not None and is_still_told(_sent_at(message), self._clock.now()):
            survey_id = published.survey.survey_id
            self._queue.send(StepsTold(survey_id=survey_id, told=(told,)), group=survey_id)


def invitation(message: Message, survey: Survey) -> Told | None:
    """What a message tells the funnel; None if that is nothing.

    A reminder is no second invitation. What was erased says no more on which channel it went.
    """
    is_invitation = message.notification.kind is MessageKind.SURVEY_INVITATION
    if not is_invitation or not survey.funnel or message.state is not MessageState.SENT or message.request is None:
        return None
    delivered = survey.local_day(message.delivered_at) if message.delivered_at is not None else None
    channel = AskedBy(message.request.channel.value)
    return invitation_told(message.notification.message_id, channel, survey.local_day(_sent_at(message)), delivered)


def _sent_at(message: Message) -> datetime:
    return message.attempted_at or message.notification.requested_at
