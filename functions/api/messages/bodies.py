"""A message as it is told: no address and no content."""

from __future__ import annotations

from typing import Self

from shared.domain.asking import response_id_of
from shared.domain.base import Frozen, Instant
from shared.domain.messages import Category, LinkChannel, MessageKind, MessageState, Notification, Reason
from shared.domain.responses import Subject
from shared.domain.sending import Message
from shared.domain.surveys import SurveyId


class MessageTold(Frozen):
    """A message and what became of it: no address and no content.

    Args:
        category: What its recipient may refuse, and a company may switch off.
        reason: Why it was not sent; of an ambiguous one that was to go once more, why it did not.
        subject: What it is about.
        response: The response that it is about.
        asks_for: The response that an invitation asks for.
        deferred_until: Until when it was put off; a message that is still `new` comes then.
        deferred_because: Why it was.
        requested_at: When it was wished for.
        attempted_at: When it was given to its provider last.
        resent: Whether it went once more, for nobody knew what became of its first attempt.
    """

    message_id: str
    kind: MessageKind
    category: Category
    state: MessageState
    reason: Reason | None
    channel: LinkChannel | None
    person: str | None
    survey: SurveyId | None
    response: str | None
    asks_for: str | None
    delivery: str | None
    subject: Subject | None
    requested_at: Instant
    expires_at: Instant
    deferred_until: Instant | None
    deferred_because: Reason | None
    attempted_at: Instant | None
    resent: bool
    delivered_at: Instant | None
    bounced_at: Instant | None
    complained_at: Instant | None

    @classmethod
    def of(cls, message: Message) -> Self:
        """A message as it is told."""
        wish = message.notification
        return cls(
            message_id=wish.message_id,
            kind=wish.kind,
            category=wish.kind.category,
            state=message.state,
            reason=message.reason,
            channel=LinkChannel(message.request.channel.value) if message.request else wish.channel,
            person=wish.person_id,
            survey=wish.survey_id,
            response=wish.response_id,
            asks_for=response_id_of(wish.reminds_of or wish.message_id) if wish.kind.asks else None,
            delivery=wish.delivery_id,
            subject=message.subject or _subject(wish),
            requested_at=wish.requested_at,
            expires_at=wish.expires_at,
            deferred_until=message.deferred_until,
            deferred_because=message.deferred_because,
            attempted_at=message.attempted_at,
            resent=message.resent,
            delivered_at=message.delivered_at,
            bounced_at=message.bounced_at,
            complained_at=message.complained_at,
        )


def _subject(wish: Notification) -> Subject | None:
    """What a wish is about by itself: a parcel."""
    return Subject(type="delivery", id=wish.delivery_id) if wish.delivery_id is not None else None
