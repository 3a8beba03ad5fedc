"""Asking a person for an answer: when they may be, the requests that wait to be sent, who does not want to be asked."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated
from uuid import NAMESPACE_URL, uuid5

from pydantic import Field, StringConstraints

from shared.domain.base import Frozen, Identifier, Instant
from shared.domain.messages import Channel, MessageKind, message_id
from shared.domain.people import EmailAddress, Person
from shared.domain.responses import Subject
from shared.domain.surveys import Locale, Survey, SurveyId

REQUEST_IS_KEPT_WITHIN = timedelta(minutes=10)
"""A request is wished for on the queue before it is kept: for so long its absence may mean that it is to come."""
MAX_DELAY = timedelta(days=365)
"""How far ahead a request may be; who is asked about a purchase of last year has forgotten it."""


SHORT_CODE = re.compile(r"[A-Za-z0-9_-]{11}")
"""What stands in a short link: 66 bits."""
LINK_LIVES_FOR = timedelta(days=30)
INVITATION_EXPIRES_AFTER = timedelta(days=7)
"""How long after it was due an invitation is still worth sending."""


def invitation_id(request_id: str) -> str:
    """The one message that follows a request."""
    return message_id(MessageKind.SURVEY_INVITATION, request_id)


def response_id_of(invitation_id: str) -> str:
    """The one response that an invitation asks for; so a second link of it is to the same answer."""
    return str(uuid5(NAMESPACE_URL, invitation_id))


def in_sample(person_id: str, survey_id: str, percent: int) -> bool:
    """Whether a person belongs to the share of people that a survey asks.

    It follows from the two ids, so it is the same on every channel and at every occasion, and raising the share leaves
    in it who is in it. Another survey draws another share.
    """
    drawn = int.from_bytes(hashlib.sha256(f"{person_id}\x1f{survey_id}".encode()).digest()[:8], "big")
    return drawn % 100 < percent


class Ask(Frozen):
    """What asking a person takes: their one budget, whatever the channel and the survey.

    Args:
        person_id: Who is asked.
        survey_id: What they are asked about.
        by: The message that asks.
        reminds_of: The message it repeats, which may have been the last to ask.
        window: How long ago they must have been asked last; zero if that does not matter.
    """

    person_id: Identifier
    survey_id: SurveyId
    by: Identifier
    reminds_of: Identifier | None = None
    window: timedelta

    @classmethod
    def of(cls, survey: Survey, person_id: str, by: str, default_days: int, reminds_of: str | None = None) -> Ask:
        """What a survey takes; a day of its window is 24 hours, whatever clocks do."""
        days = default_days if survey.recontact_days is None else survey.recontact_days
        return cls(
            person_id=person_id,
            survey_id=survey.survey_id,
            by=by,
            reminds_of=reminds_of,
            window=timedelta(days=days),
        )


class ShortLink(Frozen):
    """A link that is short enough for an SMS.

    Args:
        code: Stands in its path; nobody can guess it.
        path: Where it leads, on our own pages.
        person_id: Whose it is.
        expires_at: Until when it is good.
    """

    code: Annotated[str, StringConstraints(pattern=rf"^{SHORT_CODE.pattern}$")]
    path: str
    person_id: Identifier
    expires_at: Instant


class SurveyRequest(Frozen):
    """A person is to be asked to answer a survey, and was not yet.

    Args:
        request_id: Names it; the same one sent again is the same request.
        person_id: Who is to be asked.
        survey_id: Which survey.
        channel: The way the question is to take.
        scheduled_at: From when on it may leave.
        requested_at: When somebody wished for it.
        properties: What is known of the occasion.
        subject: What they are to be asked about.
        locale: In which language; left out, in theirs.
    """

    request_id: Identifier
    person_id: Identifier
    survey_id: SurveyId
    channel: Channel
    scheduled_at: Instant
    requested_at: Instant
    properties: Mapping[str, str] = Field(default_factory=dict)
    subject: Subject | None = None
    locale: Locale | None = None


class Asked(Frozen):
    """What is known of asking a person.

    Args:
        pending: The requests that were not sent yet, the one that is due first before the others.
        last_sent_at: When they were asked last, as their back office says.
        properties: What their back office last said of them.
    """

    pending: tuple[SurveyRequest, ...] = ()
    last_sent_at: Instant | None = None
    properties: Mapping[str, str] = Field(default_factory=dict)


class ListedPerson(Frozen):
    """A person in the list of all, with the moment since when they are known.

    Args:
        claims: The partition keys of all identifiers that are theirs, former ones too; an address in the profile may
            be somebody else's.
    """

    person: Person
    created_at: Instant
    claims: tuple[Annotated[str, StringConstraints(pattern=r"^CLAIM#(email|phone|external)#[0-9a-f]{64}$")], ...] = ()


class ListedAddress(Frozen):
    """An e-mail address of a person that is not to be written to, and since when."""

    person_id: Identifier
    email: EmailAddress
    at: Instant
