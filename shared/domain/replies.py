"""Answers to our SMS, and the help that some of them ask for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from shared.domain.base import Frozen
from shared.domain.messages import MessageKind, Notification, message_id
from shared.domain.people import PhoneNumber

HELP_EXPIRES_AFTER = timedelta(minutes=30)
"""Who asked for help and hears nothing for so long has gone elsewhere."""


class SmsReply(Frozen):
    """An SMS that somebody sent to our number.

    Args:
        phone: Whose number it came from; they have that phone in their hands.
        body: What it says.
    """

    phone: PhoneNumber
    body: str


def help_for(phone: str, person_id: str | None, asked_at: datetime) -> Notification:
    """The one answer to those who ask for help from a number in an hour of UTC.

    To the person whose number it is, so that it stands in their timeline and goes with them when they are erased; to
    the number itself if it is nobody's whom we know. That breaks no rule: nothing goes to an address that came in a
    public body, but an SMS comes from the phone that the answer goes to.
    """
    return Notification(
        message_id=message_id(MessageKind.SMS_HELP, phone, f"{asked_at.astimezone(UTC):%Y-%m-%dT%H}"),
        kind=MessageKind.SMS_HELP,
        person_id=person_id,
        phone=None if person_id else phone,
        requested_at=asked_at,
        expires_at=asked_at + HELP_EXPIRES_AFTER,
    )
