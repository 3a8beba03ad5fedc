"""Asking a person for an answer: the requests that wait to be sent, and who does not want to be asked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated

from pydantic import Field, StringConstraints

from shared.domain.base import Frozen, Identifier, Instant
from shared.domain.messages import Channel
from shared.domain.people import EmailAddress, Person
from shared.domain.surveys import SurveyId

MAX_DELAY = timedelta(days=365)
"""How far ahead a request may be; who is asked about a purchase of last year has forgotten it."""


class SurveyRequest(Frozen):
    """A person is to be asked to answer a survey, and was not yet.

    Args:
        request_id: Names it; the same one sent again is the same request.
        person_id: Who is to be asked.
        survey_id: Which survey.
        channel: The way the question is to take.
        scheduled_at: From when on it may leave.
        requested_at: When somebody wished for it.
        properties: What is known of the occasion; an answer to it carries them.
    """

    request_id: Identifier
    person_id: Identifier
    survey_id: SurveyId
    channel: Channel
    scheduled_at: Instant
    requested_at: Instant
    properties: Mapping[str, str] = Field(default_factory=dict)


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
