"""Decides from what is stored whether a message is still right, and for which channel and locale to render it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import NAMESPACE_URL, uuid5

from functions.notify.rendering import LONGEST_NAME, InvitationLinks, Rendering, Texts, supported_locale
from functions.notify.words import one_line
from shared.domain.deliveries import ANNOUNCED_WHILE, Delivery
from shared.domain.links import LinkChannel, SurveyLink, Unsubscribe
from shared.domain.messages import (
    Channel,
    EmailRequest,
    MessageKind,
    MessageState,
    Notification,
    Reason,
    SmsRequest,
    message_id,
)
from shared.domain.people import Person
from shared.domain.phones import country_of
from shared.domain.responses import Response
from shared.domain.sending import AlertBudget, Draft, Message, RenderedFrom, Silence, SubjectType
from shared.domain.surveys import Brand, Survey

LINK_LIVES_FOR = timedelta(days=30)
_SMS_FIRST = frozenset({MessageKind.DELIVERY_ON_ITS_WAY, MessageKind.DELIVERY_ARRIVING, MessageKind.DELIVERY_DELIVERED})
"""What is worth a glance at the phone; the rest goes by e-mail where there is an address."""


class PublishedSurvey(Protocol):
    """A survey as it is current."""

    @property
    def survey(self) -> Survey:
        """The current version."""
        ...


class Surveys(Protocol):
    """Survey definitions."""

    def current(self, survey_id: str) -> PublishedSurvey | None:
        """The current version."""
        ...

    def version(self, survey_id: str, version: int) -> Survey | None:
        """The version a response was judged by."""
        ...


class Responses(Protocol):
    """Responses as stored."""

    def get(self, response_id: str) -> Response | None:
        """A response, None if there is none or it was erased."""
        ...


class Deliveries(Protocol):
    """Deliveries as stored."""

    def get(self, delivery_id: str) -> Delivery | None:
        """A delivery."""
        ...


class People(Protocol):
    """Customers as stored."""

    def get(self, person_id: str) -> Person | None:
        """A person, None if there is none or they were erased."""
        ...


class EarlierMessages(Protocol):
    """What was told already."""

    def get(self, message_id: str) -> Message | None:
        """A message."""
        ...

    def capped(self, budget: AlertBudget) -> int:
        """How many alerts of an hour the owner did not get."""
        ...


class Links(Protocol):
    """Signs links."""

    def sign(self, link: SurveyLink) -> str:
        """The token for a link."""
        ...


class UnsubscribeLinks(Protocol):
    """Signs links by which people say that they do not want to be asked."""

    def sign(self, unsubscribe: Unsubscribe) -> str:
        """The token for a link."""
        ...


@dataclass(frozen=True)
class Policy:
    """What ops chose.

    Args:
        public_base_url: Where customers reach our pages, without a slash at the end.
        sends_sms: Whether there is a number or sender id to send SMS from.
        allowed_countries: The countries SMS may go to, as ISO codes.
        default_brand: How the company is called where no survey says so.
    """

    public_base_url: str
    sends_sms: bool
    allowed_countries: Sequence[str]
    default_brand: Brand


class MessagePlanner:
    """Decides and renders; each method reads what it needs, as strongly as the store can."""

    def __init__(
        self,
        *,
        surveys: Surveys,
        responses: Responses,
        deliveries: Deliveries,
        people: People,
        messages: EarlierMessages,
        links: Links,
        unsubscribes: UnsubscribeLinks,
        rendering: Rendering,
        policy: Policy,
    ) -> None:
        self._surveys = surveys
        self._responses = responses
        self._deliveries = deliveries
        self._people = people
        self._messages = messages
        self._links = links
        self._unsubscribes = unsubscribes
        self._rendering = rendering
        self._policy = policy

    def plan(self, notification: Notification, now: datetime) -> Draft | Silence:
        """The message from what is true now, or why there is to be none."""
        match notification.kind:
            case MessageKind.DETRACTOR_ALERT | MessageKind.COMMENT_ADDED:
                return self._alert(notification)
            case MessageKind.ALERT_DIGEST:
                return self._digest(notification)
            case MessageKind.THANK_YOU:
                return self._thank_you(notification)
            case _:
                return self._about_delivery(notification, now)

    def _alert(self, notification: Notification) -> Draft | Silence:
        response, survey = self._answer(notification)
        if response is None or survey is None:
            return Silence(Reason.NO_LONGER_EXISTS)
        added = notification.kind is MessageKind.COMMENT_ADDED
        if not response.is_detractor or (added and not response.comment):
            return Silence(Reason.SUPERSEDED)
        if added and (told := self._told_by_alert(notification)) is not None:
            return Silence(told)
        texts = self._rendering.alert(notification.kind, survey, response)
        return self._to_owner(
            notification,
            survey,
            texts,
            person_id=response.person_id,
            about=RenderedFrom(SubjectType.RESPONSE, response.response_id, response.revision),
            alerts_of=survey.survey_id,
            said_comment=bool(response.comment),
        )

    def _told_by_alert(self, notification: Notification) -> Reason | None:
        """Why a comment needs no message of its own, if the alert about the same answer sees to it.

        An alert that has not left yet will quote the comment: the fence lets it out only with the latest revision.
        """
        about, owner = notification.response_id or "", notification.owner or ""
        alert = self._messages.get(message_id(MessageKind.DETRACTOR_ALERT, about, owner))
        if alert is None or alert.state in {MessageState.NEW, MessageState.CLAIMED} or alert.said_comment:
            return Reason.INCLUDED
        return Reason.CAPPED if alert.reason is Reason.CAPPED else None

    def _digest(self, notification: Notification) -> Draft | Silence:
        published = self._surveys.current(notification.survey_id or "")
        if published is None or notification.owner is None:
            return Silence(Reason.NO_LONGER_EXISTS)
        survey = published.survey
        hour = AlertBudget(
            survey_id=survey.survey_id, owner=notification.owner, hour_start=notification.requested_at, limit=0
        )
        capped = self._messages.capped(hour)
        if not capped:
            return Silence(Reason.SUPERSEDED)
        texts = self._rendering.digest(survey, capped, hour.hour_start, hour.hour_end)
        return self._to_owner(notification, survey, texts)

    def _thank_you(self, notification: Notification) -> Draft | Silence:
        response, survey = self._answer(notification)
        person = self._people.get(notification.person_id or "")
        if response is None or survey is None or person is None:
            return Silence(Reason.NO_LONGER_EXISTS)
        locale = supported_locale(person.locale, response.locale, survey.default_locale)
        texts = self._rendering.thank_you(locale, survey, person, self._unsubscribe_link(person))
        about = RenderedFrom(SubjectType.RESPONSE, response.response_id, response.revision)
        return self._to_person(notification, person, survey.brand, texts, about)

    def _about_delivery(self, notification: Notification, now: datetime) -> Draft | Silence:
        delivery = self._deliveries.get(notification.delivery_id or "")
        person = self._people.get(notification.person_id or "")
        if delivery is None or delivery.registration is None or person is None:
            return Silence(Reason.NO_LONGER_EXISTS)
        if delivery.status not in ANNOUNCED_WHILE[notification.kind]:
            return Silence(Reason.STALE)
        published = self._surveys.current(notification.survey_id or delivery.registration.survey_id or "")
        brand = published.survey.brand if published else self._policy.default_brand
        default_locale = published.survey.default_locale if published else None
        locale = supported_locale(person.locale, default_locale)
        if notification.kind is not MessageKind.SURVEY_INVITATION:
            texts = self._rendering.delivery(
                notification.kind, locale, brand, delivery=delivery, person=person, now=now
            )
        elif published is None:
            return Silence(Reason.NO_LONGER_EXISTS)
        else:
            links = self._invitation_links(notification, published.survey, person, delivery, now)
            texts = self._rendering.invitation(locale, published.survey, person, links)
        about = RenderedFrom(SubjectType.DELIVERY, delivery.delivery_id, delivery.version)
        return self._to_person(notification, person, brand, texts, about)

    def _answer(self, notification: Notification) -> tuple[Response | None, Survey | None]:
        """The response as it is now, with the version of the survey that it answers."""
        response = self._responses.get(notification.response_id or "")
        if response is None:
            return None, None
        return response, self._surveys.version(response.survey_id, response.survey_version)

    def _invitation_links(
        self, notification: Notification, survey: Survey, person: Person, delivery: Delivery, now: datetime
    ) -> InvitationLinks:
        """Links to one answer; its id follows from the message's, so that a second link is to the same answer."""
        link = SurveyLink(
            survey_id=survey.survey_id,
            response_id=str(uuid5(NAMESPACE_URL, notification.message_id)),
            person_id=person.person_id,
            subject_type="delivery",
            subject_id=delivery.delivery_id,
            expires_at=int((now + LINK_LIVES_FOR).timestamp()),
            channel=LinkChannel.SMS,
        )
        rated = link.model_copy(update={"channel": LinkChannel.EMAIL, "rated": True})
        return InvitationLinks(
            ratings=f"{self._policy.public_base_url}/r/{self._links.sign(rated)}",
            page=f"{self._policy.public_base_url}/s/{survey.survey_id}?t={self._links.sign(link)}",
            unsubscribe=self._unsubscribe_link(person),
        )

    def _unsubscribe_link(self, person: Person) -> str:
        """Where a person says that they want no e-mail any more that they can do without."""
        unsubscribe = Unsubscribe(person_id=person.person_id, channel=Channel.EMAIL)
        return f"{self._policy.public_base_url}/u/{self._unsubscribes.sign(unsubscribe)}"

    def _to_owner(
        self,
        notification: Notification,
        survey: Survey,
        texts: Texts,
        *,
        person_id: str | None = None,
        about: RenderedFrom | None = None,
        alerts_of: str | None = None,
        said_comment: bool = False,
    ) -> Draft | Silence:
        if notification.owner is None:
            return Silence(Reason.NO_ADDRESS)
        request = EmailRequest(
            message_id=notification.message_id,
            to=notification.owner,
            from_name=one_line(survey.brand.name, LONGEST_NAME),
            content=texts.email(),
        )
        return Draft(request=request, person_id=person_id, about=about, alerts_of=alerts_of, said_comment=said_comment)

    def _to_person(
        self, notification: Notification, person: Person, brand: Brand, texts: Texts, about: RenderedFrom
    ) -> Draft | Silence:
        channel = self._channel(notification.kind, person)
        if isinstance(channel, Silence):
            return channel
        is_optional = notification.kind.is_optional
        request: EmailRequest | SmsRequest
        if channel is Channel.SMS:
            request = SmsRequest(
                message_id=notification.message_id,
                to=person.phone or "",
                content=texts.sms(),
                expires_at=notification.expires_at,
            )
        else:
            request = EmailRequest(
                message_id=notification.message_id,
                to=person.email or "",
                from_name=one_line(brand.name, LONGEST_NAME),
                content=texts.email(),
                unsubscribe=self._unsubscribe_link(person) if is_optional else None,
            )
        return Draft(request=request, person_id=person.person_id, about=about, is_optional=is_optional)

    def _channel(self, kind: MessageKind, person: Person) -> Channel | Silence:
        """The first channel of the kind's order on which the person can be reached."""
        textable = person.phone is not None and self._policy.sends_sms
        allowed = textable and country_of(person.phone or "") in self._policy.allowed_countries
        if allowed and (kind in _SMS_FIRST or person.email is None):
            return Channel.SMS
        if person.email is not None:
            return Channel.EMAIL
        return Silence(Reason.COUNTRY_NOT_ALLOWED if textable else Reason.NO_ADDRESS)
