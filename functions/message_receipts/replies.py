"""Does what people ask for who answer an SMS with one word."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from shared.domain.keywords import Keyword, keyword_of
from shared.domain.messages import Category, Channel
from shared.domain.people import Claim, ClaimKind, Person
from shared.domain.preferences import BY_SMS
from shared.domain.queued import SendNotification
from shared.domain.replies import SmsReply, help_for


class OptOuts(Protocol):
    """The marks that what sends heeds."""

    def refuse(self, channel: Channel, address: str, category: Category | None, at: datetime, by: str) -> None:
        """Have an address sent no more messages of a category, None for any by this channel."""
        ...

    def allow(self, channel: Channel, address: str, category: Category | None, at: datetime) -> bool:
        """Take a refusal back that was said until then."""
        ...


class People(Protocol):
    """Customers as stored."""

    def find(self, claim: Claim) -> Person | None:
        """The person an identifier belongs to."""
        ...


class Notifications(Protocol):
    """The notifications queue."""

    def send(self, message: SendNotification, group: str) -> None:
        """Put a message on the queue."""
        ...


class SmsReplies:
    """The service.

    Args:
        opt_outs: The marks that what sends heeds.
        people: Whose number it is.
        notifications: Where help is asked for.
    """

    def __init__(self, opt_outs: OptOuts, people: People, notifications: Notifications) -> None:
        self._opt_outs = opt_outs
        self._people = people
        self._notifications = notifications

    def take(self, reply: SmsReply, at: datetime) -> Keyword | None:
        """Do what an answer asks for; the same again, or late, changes nothing that was said after it.

        START takes STOP back, and nothing else: what somebody chose on the preference page stays.

        Args:
            reply: The answer.
            at: When it came.

        Returns:
            What it asked for, None if it was no keyword.

        Raises:
            TemporaryError: it may not have been done.
        """
        keyword = keyword_of(reply.body)
        match keyword:
            case Keyword.STOP:
                self._opt_outs.refuse(Channel.SMS, reply.phone, None, at, BY_SMS)
            case Keyword.START:
                self._opt_outs.allow(Channel.SMS, reply.phone, None, at)
            case Keyword.HELP:
                person = self._people.find(Claim(kind=ClaimKind.PHONE, value=reply.phone))
                wish = help_for(reply.phone, person.person_id if person else None, at)
                self._notifications.send(SendNotification(notification=wish), wish.message_id)
        return keyword
