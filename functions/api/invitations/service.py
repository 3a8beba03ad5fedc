"""Decides whether a person is asked: a link at once, an e-mail or an SMS when it is due."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from functions.api.asking import Asking
from functions.api.invitations.bodies import InvitationTold, PostInvitation
from functions.api.named import named_survey, published
from functions.api.needs import People, Surveys
from shared.clock import Clock
from shared.domain.api_keys import ApiKey
from shared.domain.asking import (
    INVITATION_EXPIRES_AFTER,
    LINK_LIVES_FOR,
    Ask,
    SurveyRequest,
    in_sample,
    invitation_id,
    response_id_of,
)
from shared.domain.links import SurveyLink
from shared.domain.messages import Channel, LinkChannel, MessageKind, MessageState, Notification, Reason
from shared.domain.people import Person
from shared.domain.responses import Subject
from shared.domain.sending import Message
from shared.domain.surveys import Survey
from shared.errors import ConflictError, InvalidRequestError, NotFoundError


class Links(Protocol):
    """Signs links."""

    def sign(self, link: SurveyLink) -> str:
        """The token for a link."""
        ...


class HandedOut(Protocol):
    """Where invitations by link are decided."""

    def hand_out(
        self,
        notification: Notification,
        ask: Ask,
        addresses: Sequence[tuple[Channel, str]],
        *,
        subject: Subject | None,
        properties: Mapping[str, str],
        now: datetime,
    ) -> Message:
        """Invite a person, unless they were asked too short a time ago or do not want to be asked."""
        ...

    def refuse(self, notification: Notification, reason: Reason, now: datetime) -> Message:
        """Keep that a person is not invited, and why."""
        ...


class Invitations:
    """The invitations of secret keys.

    Args:
        surveys: Published surveys, cached.
        people: Known people.
        asking: Has people asked by e-mail and SMS.
        handed_out: Where invitations by link are decided.
        links: Signs them.
        clock: The time.
        recontact_days: How many times 24 hours must pass between two questions, where no survey says so.
    """

    def __init__(
        self,
        *,
        surveys: Surveys,
        people: People,
        asking: Asking,
        handed_out: HandedOut,
        links: Links,
        clock: Clock,
        recontact_days: int,
    ) -> None:
        self._surveys = surveys
        self._people = people
        self._asking = asking
        self._handed_out = handed_out
        self._links = links
        self._clock = clock
        self._recontact_days = recontact_days

    def post(self, given: PostInvitation, caller: ApiKey, idempotency_key: str | None, base_url: str) -> InvitationTold:
        """Have a person asked.

        Raises:
            InvalidRequestError: a field is wrong, or the person can not be reached that way.
            NotFoundError: there is no such survey, it is closed, or the person was erased.
            ConflictError: another invitation was made with this Idempotency-Key.
            TemporaryError: it may not have been kept.
        """
        now = self._clock.now()
        if given.channel is LinkChannel.LINK and given.delay:
            raise InvalidRequestError("A link is made at once.", {"delay": ["must be left out with channel link"]})
        found = published(self._surveys, named_survey(given.survey_id, caller))
        if found.archived:
            raise NotFoundError("This survey is closed; publish it again to open it.")
        person = self._person(given, now)
        request_id = self._asking.request_id(caller, idempotency_key)
        if given.channel is LinkChannel.LINK:
            return self._by_link(given, found.survey, person, request_id, now, base_url)
        channel = Channel(given.channel.value)
        if (person.email if channel is Channel.EMAIL else person.phone) is None:
            raise InvalidRequestError(
                "This person can not be reached that way.", {"channel": ["needs an address of its kind"]}
            )
        request = self._asking.ask(
            SurveyRequest(
                request_id=request_id,
                person_id=person.person_id,
                survey_id=found.survey.survey_id,
                channel=channel,
                scheduled_at=now + timedelta(seconds=given.delay),
                requested_at=now,
                properties=given.properties or {},
                subject=given.subject,
                locale=given.locale,
            )
        )
        return InvitationTold(
            invitation_id=invitation_id(request_id),
            person=person.person_id,
            survey_id=found.survey.survey_id,
            channel=given.channel,
            invited=None,
            scheduled_at=int(request.scheduled_at.timestamp()),
            response_id=response_id_of(invitation_id(request_id)),
        )

    def _by_link(
        self, given: PostInvitation, survey: Survey, person: Person, request_id: str, now: datetime, base_url: str
    ) -> InvitationTold:
        wish = Notification(
            message_id=invitation_id(request_id),
            kind=MessageKind.SURVEY_INVITATION,
            person_id=person.person_id,
            survey_id=survey.survey_id,
            channel=LinkChannel.LINK,
            requested_at=now,
            expires_at=now + INVITATION_EXPIRES_AFTER,
        )
        if in_sample(person.person_id, survey.survey_id, survey.sample_percent):
            ask = Ask.of(survey, person.person_id, wish.message_id, self._recontact_days)
            addresses = [(Channel.EMAIL, person.email), (Channel.SMS, person.phone)]
            decided = self._handed_out.hand_out(
                wish,
                ask,
                [(channel, address) for channel, address in addresses if address is not None],
                subject=given.subject,
                properties=given.properties or {},
                now=now,
            )
        else:
            decided = self._handed_out.refuse(wish, Reason.NOT_SAMPLED, now)
        wished = decided.notification
        if (wished.person_id, wished.survey_id, wished.channel) != (wish.person_id, wish.survey_id, wish.channel):
            raise ConflictError("Another invitation was made with this Idempotency-Key.")
        told = InvitationTold(
            invitation_id=wish.message_id,
            person=person.person_id,
            survey_id=survey.survey_id,
            channel=LinkChannel.LINK,
            invited=decided.state is MessageState.SENT,
            reason=decided.reason,
            response_id=response_id_of(wish.message_id),
        )
        if decided.state is not MessageState.SENT:
            return told
        link = SurveyLink(
            survey_id=survey.survey_id,
            response_id=told.response_id,
            person_id=person.person_id,
            subject_type=decided.subject.type if decided.subject else None,
            subject_id=decided.subject.id if decided.subject else None,
            breakdowns=survey.declared_values(decided.properties),
            expires_at=int(((decided.attempted_at or now) + LINK_LIVES_FOR).timestamp()),
        )
        token = self._links.sign(link)
        url = f"{base_url}/s/{survey.survey_id}?t={token}"
        return told.model_copy(update={"url": url, "token": token, "expires_at": link.expires_at})

    def _person(self, given: PostInvitation, now: datetime) -> Person:
        if not isinstance(given.person, str):
            return self._people.resolve(given.person.recipient, now)
        person = self._people.get(given.person)
        if person is None:
            raise InvalidRequestError("person is not known.", {"person": ["is no id of a person we know"]})
        return person
