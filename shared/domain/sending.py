"""How a message gets out at most once: what is kept of it, what must still be true, and how an attempt can end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, TypeAlias

from pydantic import Field

from shared.domain.asking import Ask, ShortLink
from shared.domain.base import Frozen, Instant
from shared.domain.brands import (
    DEFAULT_BRAND,
    BrandId,
)
from shared.domain.daily_caps import (
    DailyCap,
)
from shared.domain.messages import (
    Category,
    Channel,
    MessageRequest,
    MessageState,
    Notification,
    Reason,
)
from shared.domain.people import EmailAddress
from shared.domain.responses import Subject
from shared.domain.sms_limits import SmsTaken, SmsTaking
from shared.domain.surveys import SurveyId


class Message(Frozen):
    """A message as it is kept.

    Args:
        notification: The wish as it first came.
        state: How far it has come.
        reason: Why it was not sent.
        token: The worker that claimed it last.
        lease_until: Until when that worker is given time.
        request: What was frozen for the provider.
        said: How many things that a respondent wrote the request quotes.
        budgeted_hour: The hour of UTC whose budget of alerts it was taken from; it is taken once.
        sms_taken: What it took from the limits of SMS, likewise.
        deferred_until: Until when it was put off; it keeps that when it is sent.
        deferred_because: Why.
        remind_at: When who was invited is to be reminded, if they have not answered.
        attempted_at: When it was given to its provider; a link, to who wished for it.
        resent: Whether it goes once more, for nobody knew what became of its first attempt.
        properties: What was known of the occasion of an invitation.
        subject: What an invitation asks about.
        provider_id: What the provider calls it.
        delivered_at: When a receipt said that it arrived; likewise the two below.
    """

    notification: Notification
    state: MessageState
    reason: Reason | None = None
    token: str | None = None
    lease_until: Instant | None = None
    request: MessageRequest | None = None
    said: int = 0
    budgeted_hour: str | None = None
    sms_taken: SmsTaken | None = None
    deferred_until: Instant | None = None
    deferred_because: Reason | None = None
    remind_at: Instant | None = None
    attempted_at: Instant | None = None
    resent: bool = False
    properties: Mapping[str, str] = Field(default_factory=dict)
    subject: Subject | None = None
    provider_id: str | None = None
    delivered_at: Instant | None = None
    bounced_at: Instant | None = None
    complained_at: Instant | None = None


class SubjectType(StrEnum):
    """What a message can speak of."""

    RESPONSE = "response"
    DELIVERY = "delivery"


class RenderedFrom(NamedTuple):
    """The very version of a response or a delivery that a message was rendered from."""

    type: SubjectType
    id: str
    version: int


class Draft(Frozen):
    """A message ready to leave, with everything that must still hold in the very write that lets it.

    Args:
        request: What the provider will get.
        person_id: Whom it is for or about; must not have been erased.
        about: What it speaks of; must still have this version, a response this revision.
        alerts_of: The survey whose budget of alerts it takes from.
        said: How many things that a respondent wrote it quotes.
        category: What its recipient may have refused; None if nobody can refuse it.
        ask: What it takes from the budget of a person's patience.
        request_id: The request that must not have been taken back.
        unanswered: The response that must not be there yet.
        properties: What is known of the occasion, to be kept with the message.
        subject: What is asked about, likewise.
        remind_at: When the person is to be reminded, likewise.
        short_link: The link to be kept under a short code.
        brand_id: The brand that it is from, whose quiet hours hold for it.
        time_zone: Where its recipient is, if their parcel or their profile says so.
        cap: What it takes from what its person may be sent on a day; None if it is not counted.
        sms: What it takes from the limits of SMS; None if it is an e-mail.
    """

    request: MessageRequest
    person_id: str | None = None
    about: RenderedFrom | None = None
    alerts_of: SurveyId | None = None
    said: int = 0
    category: Category | None = None
    ask: Ask | None = None
    request_id: str | None = None
    unanswered: str | None = None
    properties: Mapping[str, str] = Field(default_factory=dict)
    subject: Subject | None = None
    remind_at: Instant | None = None
    short_link: ShortLink | None = None
    brand_id: BrandId = DEFAULT_BRAND
    time_zone: str | None = None
    cap: DailyCap | None = None
    sms: SmsTaking | None = None

    def after(self, message: Message) -> Draft:
        """The draft with what its message took from the limits of SMS at an earlier attempt: it takes once."""
        if self.sms is None or message.sms_taken is None:
            return self
        return self.model_copy(update={"sms": self.sms.model_copy(update={"taken": message.sms_taken})})


class Silence(NamedTuple):
    """The decision not to send, and why."""

    reason: Reason


class PutOff(NamedTuple):
    """The decision to send later, from when on, and why."""

    until: datetime
    reason: Reason


class AlertBudget(Frozen):
    """How many alerts one owner of a survey gets in an hour of UTC."""

    survey_id: SurveyId
    owner: EmailAddress
    hour_start: Instant
    limit: int

    @property
    def hour(self) -> str:
        """The hour as text, `2026-11-22T16`."""
        return f"{self.hour_start:%Y-%m-%dT%H}"

    @property
    def hour_end(self) -> datetime:
        """When the hour is over."""
        return self.hour_start + timedelta(hours=1)


class Fence(StrEnum):
    """What became of the write that lets a message be attempted."""

    PASSED = "passed"  # the message is `attempting`; from here on it is never tried again
    TAKEN = "taken"  # another worker has it
    ERASED = "erased"  # the person is no longer to be known
    BOUNCED = "bounced"  # the address is suppressed: it bounced for good
    COMPLAINED = "complained"  # the address is suppressed: its owner complained
    UNSUBSCRIBED = "unsubscribed"  # who has the address refuses this category, or everything on this channel
    CHANGED = "changed"  # what it was rendered from is no longer so
    CANCELLED = "cancelled"  # the request was taken back
    ANSWERED = "answered"  # there is an answer already, or it was erased
    RECENTLY_ASKED = "recently_asked"  # the person was asked something too short a time ago
    OVER_BUDGET = "over_budget"  # the owner had enough alerts this hour
    TOO_MANY = "too_many"  # the person was sent enough on this day of theirs
    SPEND_LIMIT = "spend_limit"  # SMS would cost more than a day's may
    PREFIX_LIMIT = "prefix_limit"  # too many SMS of this hour went to numbers that begin so


@dataclass(frozen=True)
class Accepted:
    """The provider took the message."""

    provider_id: str


@dataclass(frozen=True)
class RefusedForNow:
    """The provider did not take it, or was not reached; it may be tried again."""

    code: str


@dataclass(frozen=True)
class RefusedForGood:
    """The provider did not take it, and never will."""

    reason: Reason
    code: str


@dataclass(frozen=True)
class NoAnswer:
    """Nobody knows whether the provider took it."""

    code: str


Attempt: TypeAlias = Accepted | RefusedForNow | RefusedForGood | NoAnswer
"""How one call to a provider can end; `code` is the error's name, without any address.

No tuples, for those are equal if their content is, and a `NoAnswer` must never pass for a `RefusedForNow`.
"""


class ReceiptKind(StrEnum):
    """What a provider says became of a message."""

    ACCEPTED = "accepted"  # taken; nothing more is known
    DELIVERED = "delivered"
    BOUNCED = "bounced"  # not delivered, perhaps another time
    BOUNCED_FOR_GOOD = "bounced_for_good"  # the address is none
    COMPLAINED = "complained"
    REJECTED = "rejected"  # taken, then not sent after all


class Receipt(Frozen):
    """A provider's word on a message of ours."""

    message_id: str
    channel: Channel
    kind: ReceiptKind
    provider_id: str
    at: Instant
