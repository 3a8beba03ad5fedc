"""What is read and answered of invitations."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from functions.api.people.bodies import PropertiesGiven
from functions.api.survey_responses.bodies import PersonRef
from shared.domain.asking import MAX_DELAY
from shared.domain.base import Frozen, Identifier
from shared.domain.messages import LinkChannel, Reason
from shared.domain.responses import Subject
from shared.domain.surveys import Locale, SurveyId


class PostInvitation(BaseModel):
    """A person is to be asked to answer a survey, if they may be asked now.

    Args:
        person: Who, by id or by what identifies them.
        survey_id: Which survey; left out, the one the key was made for.
        channel: The way: an e-mail or an SMS from here, or a link that whoever asks shows by themselves.
        subject: What they are asked about.
        properties: What is known of the occasion; an answer counts by those that the survey declares as breakdowns, and
            the person's timeline shows all of them.
        locale: In which language; left out, in theirs.
        delay: After how many seconds an e-mail or an SMS is due; at most a year.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "person": {"external_id": "customer-4711"},
                    "channel": "link",
                    "subject": {"type": "chat", "id": "chat-815"},
                    "properties": {"device": "phone"},
                }
            ]
        },
    )

    person: PersonRef
    survey_id: SurveyId | None = None
    channel: LinkChannel
    subject: Subject | None = None
    properties: PropertiesGiven | None = None
    locale: Locale | None = None
    delay: Annotated[int, Field(ge=0, le=int(MAX_DELAY.total_seconds()), strict=True)] = 0


class InvitationTold(Frozen):
    """An invitation, or why there is none.

    Args:
        invitation_id: What `GET /v1/messages/{message_id}` and the person's timeline call it.
        person: Who is asked.
        survey_id: About what.
        channel: Which way.
        invited: Whether they are; null for one that is sent from here, which is decided when it is due.
        reason: Why they are not.
        scheduled_at: When one that is sent from here is due, in Unix seconds.
        response_id: The one response that it asks for.
        url: Where a link leads.
        token: The same for a page's own widget, in place of a key.
        expires_at: Until when the link is good, in Unix seconds.
    """

    invitation_id: Identifier
    person: Identifier
    survey_id: SurveyId
    channel: LinkChannel
    invited: bool | None
    reason: Reason | None = None
    scheduled_at: int | None = None
    response_id: str
    url: str | None = None
    token: str | None = None
    expires_at: int | None = None
