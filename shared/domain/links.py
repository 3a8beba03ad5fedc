"""What signed links say: who may answer which survey, who is asked no more, and what a page proves about a press."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from pydantic import Field

from shared.domain.base import Frozen, ResponseId
from shared.domain.messages import Category, Channel, LinkChannel

__all__ = ["LinkChannel", "PreferencesLink", "ServedPage", "SurveyLink", "TrackingLink", "Unsubscribe"]

PRESSED_AFTER = timedelta(milliseconds=500)
"""How long a page must have been open before a press counts: a person first has to see it."""
PAGE_LIVES_FOR = timedelta(hours=24)
"""How long a page may be open before its answer is sent, retries over a night without network included."""


FOLLOWED_FOR = timedelta(days=60)
"""How long after we were told of a parcel its page may be opened: longer than any is on its way."""


class TrackingLink(Frozen, defer_build=True):
    """The right to see where one parcel is. Links are forwarded, so it names nobody, and its page neither.

    Args:
        delivery_id: Which parcel.
        expires_at: Until when it is good, in Unix seconds.
    """

    delivery_id: str
    expires_at: int

    @classmethod
    def of(cls, delivery_id: str, registered_at: datetime) -> TrackingLink:
        """The link to a parcel; the same each time, so that every message about it leads to one page."""
        return cls(delivery_id=delivery_id, expires_at=int((registered_at + FOLLOWED_FOR).timestamp()))

    @property
    def ends_at(self) -> datetime:
        """Until when it is good."""
        return datetime.fromtimestamp(self.expires_at, UTC)


class SurveyLink(Frozen, defer_build=True):
    """The right to give one answer to one survey, as one person, about one thing.

    Args:
        survey_id: The survey it opens, and no other.
        response_id: The one response it may give, and revise.
        person_id: Who answers.
        subject_type: What the answer is about (`delivery`).
        subject_id: Which one.
        breakdowns: What is known of the occasion and counted by: names and values that the survey declares, nothing of
            the person.
        expires_at: Until when it is good, in Unix seconds.
        channel: How it was sent.
        rated: Whether an answer must bring the proof of a press: such a link stands under each rating of an e-mail, and
            programs that look for bad links open all of them.
    """

    survey_id: str
    response_id: str
    person_id: str
    subject_type: str | None = None
    subject_id: str | None = None
    breakdowns: Mapping[str, str] = Field(default_factory=dict)
    expires_at: int
    channel: LinkChannel = LinkChannel.LINK
    rated: bool = False


class Unsubscribe(Frozen, defer_build=True):
    """The right to refuse messages of one category for one person on one channel; it does not end.

    It names no address, so that whoever finds the link learns none. Links that name no category were made when only
    surveys could be refused.
    """

    person_id: str
    channel: Channel
    category: Category = Category.SURVEYS


class PreferencesLink(Frozen, defer_build=True):
    """The right to see and to change what one person refuses; it does not end, and names no address either."""

    person_id: str


class ServedPage(Frozen, defer_build=True):
    """A page that we showed for one response; signed, it is the nonce that a proof gives back.

    Args:
        response_id: The response that can be given on it.
        issued_at: When we made it, in Unix milliseconds.
    """

    response_id: ResponseId
    issued_at: int

    def proves(self, response_id: str, pressed_after_ms: int, now: datetime) -> bool:
        """Whether a press so long after the page opened, told now, can be a person's on this page.

        Args:
            response_id: The response that is given.
            pressed_after_ms: When somebody pressed, as the page's script counted, in milliseconds.
            now: When the answer came.
        """
        age = now - datetime.fromtimestamp(self.issued_at / 1000, UTC)
        pressed_after = timedelta(milliseconds=pressed_after_ms)
        seen = min(age, pressed_after) >= PRESSED_AFTER
        return self.response_id == response_id and seen and age <= PAGE_LIVES_FOR
