"""A person's timeline, as it is told: no name and no address."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Literal, Self

from functions.api.deliveries.bodies import DeliveryTold
from functions.api.messages.bodies import MessageTold
from shared.domain.asking import SurveyRequest
from shared.domain.base import Frozen, Identifier, Instant
from shared.domain.messages import Channel
from shared.domain.responses import Response, Source, Subject
from shared.domain.surveys import SurveyId


class What(StrEnum):
    """What an entry is."""

    ANSWER = "answer"
    MESSAGE = "message"
    REQUEST = "request"
    DELIVERY = "delivery"


class AnswerTold(Frozen):
    """An answer.

    Args:
        invitation: The message that asked for it, if one did.
        properties: What is known of it; with those of the invitation, which an answer by link does not bring itself.
    """

    response_id: str
    survey: SurveyId
    revision: int
    ratings: Mapping[str, int]
    texts: Mapping[str, str]
    comment: str | None
    source: Source
    subject: Subject | None
    verified: bool
    invitation: Identifier | None
    properties: Mapping[str, str]

    @classmethod
    def of(cls, response: Response, invitation: str | None, properties: Mapping[str, str]) -> Self:
        """An answer as it is told."""
        return cls(
            response_id=response.response_id,
            survey=response.survey_id,
            revision=response.revision,
            ratings={name: rating.value for name, rating in response.ratings.items()},
            texts=response.texts,
            comment=response.comment,
            source=response.source,
            subject=response.subject,
            verified=response.verified,
            invitation=invitation,
            properties={**properties, **response.properties},
        )


class RequestTold(Frozen):
    """A wish to ask the person that was not followed yet."""

    request_id: Identifier
    survey: SurveyId
    channel: Channel
    scheduled_at: Instant
    properties: Mapping[str, str]

    @classmethod
    def of(cls, request: SurveyRequest) -> Self:
        """A request as it is told."""
        return cls(
            request_id=request.request_id,
            survey=request.survey_id,
            channel=request.channel,
            scheduled_at=request.scheduled_at,
            properties=request.properties,
        )


class TimelineEntry(Frozen):
    """One thing of a person: what it is says which of the last four is there.

    Args:
        at: When it was: answered, wished for, registered.
        id: Which one.
    """

    at: Instant
    what: What
    id: str
    answer: AnswerTold | None = None
    message: MessageTold | None = None
    request: RequestTold | None = None
    delivery: DeliveryTold | None = None

    @property
    def place(self) -> tuple[datetime, str]:
        """Where it stands in the timeline."""
        return self.at, self.id


class TimelineTold(Frozen):
    """A page of a person's timeline, the newest first.

    Args:
        incomplete: What the person has more of than a timeline looks through, so that some of it may be missing.
    """

    person: Identifier
    entries: tuple[TimelineEntry, ...]
    incomplete: tuple[Literal["deliveries"], ...] = ()
