"""Asks a person to answer a survey: on which occasion, by which links, and whether at all."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple

from functions.notify.addressing import Addressing
from functions.notify.needs import Deliveries, EarlierMessages, Links, People, Policy, Requests, Responses, Surveys
from shared.domain.asking import LINK_LIVES_FOR, Ask, ShortLink, SurveyRequest, in_sample, response_id_of
from shared.domain.deliveries import Delivery
from shared.domain.links import SurveyLink
from shared.domain.messages import Channel, LinkChannel, MessageKind, Notification, Reason, message_id
from shared.domain.people import Person
from shared.domain.responses import Subject
from shared.domain.sending import Draft, PutOff, RenderedFrom, Silence, SubjectType
from shared.domain.stages import ANNOUNCED_WHILE, late_by
from shared.domain.surveys import Survey
from shared.errors import TemporaryError
from shared.texts.rendering import InvitationLinks, Rendering, supported_locale


class Occasion(NamedTuple):
    """On what occasion, and in which way, a person is asked."""

    subject: Subject | None = None
    about: RenderedFrom | None = None
    request: SurveyRequest | None = None
    channel: LinkChannel | None = None
    properties: Mapping[str, str] = MappingProxyType({})
    delivery: Delivery | None = None


class Inviting:
    """Decides and renders invitations and reminders."""

    def __init__(
        self,
        *,
        surveys: Surveys,
        responses: Responses,
        deliveries: Deliveries,
        people: People,
        requests: Requests,
        messages: EarlierMessages,
        links: Links,
        addressing: Addressing,
        rendering: Rendering,
        policy: Policy,
    ) -> None:
        self._surveys = surveys
        self._responses = responses
        self._deliveries = deliveries
        self._people = people
        self._requests = requests
        self._messages = messages
        self._links = links
        self._addressing = addressing
        self._rendering = rendering
        self._policy = policy

    def invitation(self, notification: Notification, now: datetime) -> Draft | Silence | PutOff:
        """The question that somebody wished to be asked, or that follows from a parcel that arrived."""
        occasion = self._occasion(notification, now)
        return self._question(notification, occasion, now) if isinstance(occasion, Occasion) else occasion

    def reminder(self, notification: Notification, now: datetime) -> Draft | Silence | PutOff:
        """What the invitation asked, again: a link to the same answer, unless there is one or its link has ended."""
        invitation = self._messages.get(notification.reminds_of or "")
        if invitation is None or invitation.request is None or invitation.attempted_at is None:
            return Silence(Reason.NO_LONGER_EXISTS)
        if self._responses.get(response_id_of(invitation.notification.message_id)) is not None:
            return Silence(Reason.ALREADY_ANSWERED)
        asked = invitation.notification
        occasion = self._occasion(asked.model_copy(update={"request_id": None}), now)
        if not isinstance(occasion, Occasion):
            return occasion
        again = occasion._replace(
            subject=invitation.subject or occasion.subject,
            channel=LinkChannel(invitation.request.channel.value),
            properties=invitation.properties,
        )
        return self._question(notification, again, now)

    def _occasion(self, notification: Notification, now: datetime) -> Occasion | Silence | PutOff:
        """What a person is asked about: a parcel that is with them, or whatever the request says."""
        if notification.request_id is not None:
            request = self._requests.get(notification.person_id or "", notification.request_id)
            if request is None:
                return Silence(Reason.CANCELLED)
            channel = LinkChannel(request.channel.value)
            return Occasion(request.subject, request=request, channel=channel, properties=request.properties)
        if notification.delivery_id is None:
            return Occasion(channel=notification.channel)
        delivery = self._deliveries.get(notification.delivery_id)
        if delivery is None or delivery.registration is None:
            return Silence(Reason.NO_LONGER_EXISTS)
        if delivery.status not in ANNOUNCED_WHILE[notification.kind]:
            return Silence(Reason.STALE)
        put_off = self._after_the_apology(delivery, now)
        if put_off is not None:
            return put_off
        about = RenderedFrom(SubjectType.DELIVERY, delivery.delivery_id, delivery.version)
        subject = Subject(type="delivery", id=delivery.delivery_id)
        return Occasion(subject, about, channel=notification.channel, delivery=delivery)

    def _after_the_apology(self, delivery: Delivery, now: datetime) -> PutOff | None:
        """Ask nobody for their opinion of a broken promise before we have apologised for it, or decided not to.

        Returns:
            Until when the apology itself is put off, if it is; None if there is nothing to wait for.

        Raises:
            TemporaryError: the apology is still to come, and soon.
        """
        if late_by(delivery) is None:
            return None
        apology = self._messages.get(message_id(MessageKind.DELIVERY_APOLOGY, delivery.delivery_id))
        if apology is not None and apology.state.is_final:
            return None
        if apology is not None and apology.deferred_until is not None and apology.deferred_until > now:
            return PutOff(apology.deferred_until, apology.deferred_because or Reason.QUIET_HOURS)
        raise TemporaryError("the apology goes first")

    def _question(self, notification: Notification, occasion: Occasion, now: datetime) -> Draft | Silence:
        """The survey's question to a person, if they are of those whom it asks; the fence asks their budget."""
        wished_for = occasion.request.survey_id if occasion.request else notification.survey_id
        published = self._surveys.current(wished_for or "")
        person = self._people.get(notification.person_id or "")
        if published is None or published.archived or person is None:
            return Silence(Reason.NO_LONGER_EXISTS)
        survey = published.survey
        if not in_sample(person.person_id, survey.survey_id, survey.sample_percent):
            return Silence(Reason.NOT_SAMPLED)
        channel = self._addressing.channel(notification.kind, person, occasion.channel)
        if isinstance(channel, Silence):
            return channel
        link = self._link(notification, survey, person, occasion, channel, now)
        token = self._links.sign(link)
        address, short_link = f"/r/{token}", None
        if channel is Channel.SMS:
            code, expires_at = self._links.code(notification.message_id), now + LINK_LIVES_FOR
            path = f"/s/{survey.survey_id}?t={token}"
            short_link = ShortLink(code=code, path=path, person_id=person.person_id, expires_at=expires_at)
            address = f"/i/{code}"
        links = InvitationLinks(
            address=f"{self._policy.public_base_url}{address}",
            unsubscribe=self._addressing.unsubscribe_link(person),
            preferences=self._addressing.preferences_link(person),
        )
        wished = occasion.request.locale if occasion.request else None
        locale = supported_locale(wished, person.locale, survey.default_locale)
        texts = self._rendering.question(
            notification.kind, locale, survey, person, links, about_delivery=occasion.about is not None
        )
        draft = self._addressing.to_person(
            channel, notification, person, survey.brand, texts, occasion.about, delivery=occasion.delivery
        )
        ask = Ask.of(
            survey,
            person.person_id,
            notification.message_id,
            self._policy.recontact_days,
            reminds_of=notification.reminds_of,
        )
        reminds = survey.remind_after_days is not None and notification.reminds_of is None
        return draft.model_copy(
            update={
                "ask": ask,
                "request_id": occasion.request.request_id if occasion.request else None,
                "unanswered": link.response_id if notification.reminds_of else None,
                "properties": dict(occasion.properties),
                "subject": occasion.subject,
                "remind_at": now + timedelta(days=survey.remind_after_days or 0) if reminds else None,
                "short_link": short_link,
            }
        )

    def _link(
        self,
        notification: Notification,
        survey: Survey,
        person: Person,
        occasion: Occasion,
        channel: Channel,
        now: datetime,
    ) -> SurveyLink:
        """The link to the invitation's one answer: a reminder's is to the same."""
        return SurveyLink(
            survey_id=survey.survey_id,
            response_id=response_id_of(notification.reminds_of or notification.message_id),
            person_id=person.person_id,
            subject_type=occasion.subject.type if occasion.subject else None,
            subject_id=occasion.subject.id if occasion.subject else None,
            breakdowns=survey.declared_values(occasion.properties),
            expires_at=int((now + LINK_LIVES_FOR).timestamp()),
            channel=LinkChannel(channel.value),
            rated=channel is Channel.EMAIL,
        )
