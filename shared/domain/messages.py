"""Messages: one e-mail or SMS to one recipient, from the wish to send it to its receipt.

    new → claimed(lease) → attempting → sent
                 │             ├──────→ failed(reason)
                 │             └──────→ ambiguous ──(receipt)──→ sent
                 └──→ suppressed(reason) | expired

`claimed` is provably not attempted, so an expired lease may be taken over; `attempting` may have reached the provider,
so it never is. A message that is not sent says why, from a closed list.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field, StringConstraints, model_validator

from shared.domain.base import Frozen, Identifier, Instant, ResponseId, digest
from shared.domain.people import EmailAddress, PhoneNumber
from shared.domain.surveys import SurveyId


class Channel(StrEnum):
    """The way a message takes."""

    EMAIL = "email"
    SMS = "sms"


class LinkChannel(StrEnum):
    """The way a link comes to who opens it; the answer's source follows from it. `link` is sent by nobody here."""

    EMAIL = "email"
    SMS = "sms"
    LINK = "link"


class MessageKind(StrEnum):
    """What a message says."""

    DETRACTOR_ALERT = "detractor_alert"
    COMMENT_ADDED = "comment_added"
    ALERT_DIGEST = "alert_digest"
    THANK_YOU = "thank_you"
    DELIVERY_SCHEDULED = "delivery_scheduled"
    DELIVERY_DAY_BEFORE = "delivery_day_before"
    DELIVERY_ON_ITS_WAY = "delivery_on_its_way"
    DELIVERY_SOON = "delivery_soon"
    DELIVERY_ARRIVING = "delivery_arriving"
    DELIVERY_DELIVERED = "delivery_delivered"
    DELIVERY_ATTEMPT_FAILED = "delivery_attempt_failed"
    DELIVERY_EXCEPTION = "delivery_exception"
    DELIVERY_DELAYED = "delivery_delayed"
    DELIVERY_APOLOGY = "delivery_apology"
    SURVEY_INVITATION = "survey_invitation"
    SURVEY_REMINDER = "survey_reminder"
    SMS_HELP = "sms_help"

    @property
    def to_owner(self) -> bool:
        """Whether it goes to the survey's owner rather than to a customer."""
        return self in {MessageKind.DETRACTOR_ALERT, MessageKind.COMMENT_ADDED, MessageKind.ALERT_DIGEST}

    @property
    def asks(self) -> bool:
        """Whether it asks a person to answer a survey, for which they have a budget."""
        return self in {MessageKind.SURVEY_INVITATION, MessageKind.SURVEY_REMINDER}

    @property
    def category(self) -> Category:
        """What a company switches off and a customer refuses, and what quiet hours are chosen for."""
        return _CATEGORIES[self]

    @property
    def by_sms_only(self) -> bool:
        """Whether it is the answer to an SMS, and is never an e-mail."""
        return self is MessageKind.SMS_HELP

    @property
    def refused_as(self) -> Category | None:
        """The category by which a customer refuses it, None if nobody can."""
        return self.category if self.category.is_refusable else None


class Category(StrEnum):
    """What a message is in the eyes of its recipient: the unit of preferences and of quiet hours.

    Each stage of a delivery is one, so that each can be refused; thanks belong to surveys, an apology to delays. Help
    is the answer to an SMS that asks for it.
    """

    SURVEYS = "surveys"
    SCHEDULED = "scheduled"
    DAY_BEFORE = "day_before"
    ON_ITS_WAY = "on_its_way"
    SOON = "soon"
    ARRIVING = "arriving"
    DELIVERED = "delivered"
    ATTEMPT_FAILED = "attempt_failed"
    EXCEPTION = "exception"
    DELAYED = "delayed"
    STAFF = "staff"
    HELP = "help"

    @property
    def is_stage(self) -> bool:
        """Whether it is news of a delivery."""
        return self not in {Category.SURVEYS, Category.STAFF, Category.HELP}

    @property
    def is_refusable(self) -> bool:
        """Whether a customer can refuse it: everything that we send them unasked."""
        return self not in {Category.STAFF, Category.HELP}


_CATEGORIES = {
    MessageKind.DETRACTOR_ALERT: Category.STAFF,
    MessageKind.COMMENT_ADDED: Category.STAFF,
    MessageKind.ALERT_DIGEST: Category.STAFF,
    MessageKind.THANK_YOU: Category.SURVEYS,
    MessageKind.SURVEY_INVITATION: Category.SURVEYS,
    MessageKind.SURVEY_REMINDER: Category.SURVEYS,
    MessageKind.DELIVERY_SCHEDULED: Category.SCHEDULED,
    MessageKind.DELIVERY_DAY_BEFORE: Category.DAY_BEFORE,
    MessageKind.DELIVERY_ON_ITS_WAY: Category.ON_ITS_WAY,
    MessageKind.DELIVERY_SOON: Category.SOON,
    MessageKind.DELIVERY_ARRIVING: Category.ARRIVING,
    MessageKind.DELIVERY_DELIVERED: Category.DELIVERED,
    MessageKind.DELIVERY_ATTEMPT_FAILED: Category.ATTEMPT_FAILED,
    MessageKind.DELIVERY_EXCEPTION: Category.EXCEPTION,
    MessageKind.DELIVERY_DELAYED: Category.DELAYED,
    MessageKind.DELIVERY_APOLOGY: Category.DELAYED,
    MessageKind.SMS_HELP: Category.HELP,
}


class MessageState(StrEnum):
    """How far a message has come."""

    NEW = "new"
    CLAIMED = "claimed"
    ATTEMPTING = "attempting"
    SENT = "sent"
    FAILED = "failed"
    SUPPRESSED = "suppressed"
    EXPIRED = "expired"
    AMBIGUOUS = "ambiguous"

    @property
    def is_final(self) -> bool:
        """Whether nothing but a receipt can change it any more."""
        return self not in {MessageState.NEW, MessageState.CLAIMED, MessageState.ATTEMPTING}


class Reason(StrEnum):
    """Why a message was not sent; a closed list, so that every silence can be explained."""

    SUPERSEDED = "superseded"  # the answer has become better, or is no longer what the message is about
    INCLUDED = "included"  # another message said it already
    CAPPED = "capped"  # the owner had enough alerts this hour; the digest tells of it
    STALE = "stale"  # the world moved on: the parcel is no longer where the message says
    TOO_LATE = "too_late"  # past the time until which it was worth telling
    NO_ADDRESS = "no_address"  # the recipient has no address on any channel that is allowed
    BOUNCED = "bounced"  # the address bounced for good
    COMPLAINED = "complained"  # the recipient reported us as spam
    UNSUBSCRIBED = "unsubscribed"  # the recipient does not want messages of this category, or any by this channel
    SWITCHED_OFF = "switched_off"  # the company does not send messages of this category
    QUIET_HOURS = "quiet_hours"  # after the recipient's quiet hours it would be too late, and no channel is exempt
    TOO_MANY = "too_many"  # the person was sent as many messages as a day allows
    SPEND_LIMIT = "spend_limit"  # the day's limit on what SMS may cost is reached, or the price is not known
    PREFIX_LIMIT = "prefix_limit"  # too many SMS to numbers that begin alike, as in SMS pumping
    COUNTRY_NOT_ALLOWED = "country_not_allowed"  # the number is of a country that ops did not allow
    RECENTLY_ASKED = "recently_asked"  # the person was asked something too short a time ago
    NOT_SAMPLED = "not_sampled"  # the person is not of the share of people that the survey asks
    ALREADY_ANSWERED = "already_answered"  # there is nothing to remind of
    CANCELLED = "cancelled"  # who wished for it took it back
    NO_LONGER_EXISTS = "no_longer_exists"  # what it is about was erased or archived
    REJECTED = "rejected"  # the provider refused it for good


class Notification(Frozen):
    """The wish to send one message; what travels on the notifications queue.

    It carries references, not content: the content is rendered from what is true when the message is claimed.

    Args:
        phone: The number that asked for help by SMS, where it is nobody's whom we know.
        request_id: The request that an invitation follows; it is in the person's own partition until it was followed.
        channel: The way that was wished for; left out, the usual one of its kind.
        reminds_of: The invitation that a reminder is about.
        occasion: Which promise, estimate or event of a delivery it is about; when that is no longer the delivery's
            own, the message is stale.
    """

    message_id: Identifier
    kind: MessageKind
    owner: EmailAddress | None = None
    person_id: Identifier | None = None
    phone: PhoneNumber | None = None
    survey_id: SurveyId | None = None
    response_id: ResponseId | None = None
    delivery_id: Identifier | None = None
    request_id: Identifier | None = None
    channel: LinkChannel | None = None
    reminds_of: Identifier | None = None
    occasion: Identifier | None = None
    requested_at: Instant
    expires_at: Instant

    @model_validator(mode="after")
    def _one_recipient(self) -> Self:
        if sum(one is not None for one in (self.owner, self.person_id, self.phone)) != 1:
            raise ValueError("goes either to an owner, or to a person, or to a number")
        if self.phone is not None and self.kind is not MessageKind.SMS_HELP:
            raise ValueError("goes to a person: only help goes to a number, for that number asked for it")
        return self


def message_id(kind: MessageKind, *about: str) -> str:
    """The id of the one message of this kind about this; deterministic, so a repeated wish is the same message."""
    return "msg_" + digest(kind.value, *about)


class EmailContent(Frozen):
    """An e-mail as the provider gets it."""

    subject: str
    text: str
    html: str


class SmsContent(Frozen):
    """An SMS as the provider gets it."""

    body: str


class EmailRequest(Frozen):
    """The exact e-mail to be sent; frozen before the attempt, never rendered again.

    Args:
        message_id: Which message it is.
        to: The recipient.
        from_name: Whom it is from.
        content: What it says.
        unsubscribe: Where a mail program posts that the recipient wants no more of these; None if it goes to staff.
        expires_at: Until when it is worth telling; None in requests that were frozen before this was known.
    """

    channel: Literal[Channel.EMAIL] = Channel.EMAIL
    message_id: Identifier
    to: EmailAddress
    from_name: str
    content: EmailContent
    unsubscribe: str | None = None
    expires_at: Instant | None = None


class SmsRequest(Frozen):
    """The exact SMS to be sent, until when the provider may still try to deliver it, and what it may cost.

    Args:
        max_price: In US dollars, as the provider wants it.
    """

    channel: Literal[Channel.SMS] = Channel.SMS
    message_id: Identifier
    to: PhoneNumber
    content: SmsContent
    expires_at: Instant
    max_price: Annotated[str, StringConstraints(pattern=r"^[0-9]{0,2}\.[0-9]{1,5}$")] | None = None


MessageRequest: TypeAlias = Annotated[EmailRequest | SmsRequest, Field(discriminator="channel")]
