"""Decides from what is stored whether a message is still right, and for which channel and locale to render it."""

from __future__ import annotations

from datetime import datetime

from functions.notify.addressing import Addressing
from functions.notify.delivery_news import DeliveryNews
from functions.notify.inviting import Inviting
from functions.notify.needs import (
    Brands,
    Deliveries,
    EarlierMessages,
    Links,
    People,
    Policy,
    PreferencesLinks,
    Requests,
    Responses,
    Surveys,
    TrackingLinks,
    UnsubscribeLinks,
)
from shared.domain.brands import DEFAULT_BRAND
from shared.domain.messages import EmailRequest, MessageKind, MessageState, Notification, Reason, SmsRequest, message_id
from shared.domain.people import Person
from shared.domain.phones import country_of
from shared.domain.responses import Response
from shared.domain.sending import AlertBudget, Draft, PutOff, RenderedFrom, Silence, SubjectType
from shared.domain.surveys import Brand, Survey
from shared.texts.rendering import LONGEST_NAME, Rendering, Texts, supported_locale
from shared.texts.words import one_line

GERMAN = "de"
SPEAK_GERMAN = frozenset({"DE", "AT", "CH", "LI"})
"""Countries to whose numbers help is sent in German, where nobody told us the person's language."""


class MessagePlanner:
    """Decides and renders; each method reads what it needs, as strongly as the store can."""

    def __init__(
        self,
        *,
        surveys: Surveys,
        brands: Brands,
        responses: Responses,
        deliveries: Deliveries,
        people: People,
        requests: Requests,
        messages: EarlierMessages,
        links: Links,
        unsubscribes: UnsubscribeLinks,
        preferences: PreferencesLinks,
        tracking: TrackingLinks,
        rendering: Rendering,
        policy: Policy,
    ) -> None:
        self._surveys = surveys
        self._brands = brands
        self._responses = responses
        self._people = people
        self._messages = messages
        self._rendering = rendering
        self._policy = policy
        self._addressing = Addressing(policy, unsubscribes, preferences)
        self._inviting = Inviting(
            surveys=surveys,
            responses=responses,
            deliveries=deliveries,
            people=people,
            requests=requests,
            messages=messages,
            links=links,
            addressing=self._addressing,
            rendering=rendering,
            policy=policy,
        )

        self._delivery_news = DeliveryNews(
            deliveries=deliveries,
            people=people,
            brands=brands,
            links=links,
            tracking=tracking,
            addressing=self._addressing,
            rendering=rendering,
            policy=policy,
        )

    def plan(self, notification: Notification, now: datetime) -> Draft | Silence | PutOff:
        """The message from what is true now; or until when it waits for another, or why there is to be none."""
        match notification.kind:
            case MessageKind.DETRACTOR_ALERT | MessageKind.COMMENT_ADDED:
                return self._alert(notification)
            case MessageKind.ALERT_DIGEST:
                return self._digest(notification)
            case MessageKind.THANK_YOU:
                return self._thank_you(notification)
            case MessageKind.SURVEY_INVITATION:
                return self._inviting.invitation(notification, now)
            case MessageKind.SURVEY_REMINDER:
                return self._inviting.reminder(notification, now)
            case MessageKind.SMS_HELP:
                return self._help(notification)
            case _:
                return self._delivery_news.news(notification, now)

    def _alert(self, notification: Notification) -> Draft | Silence:
        response, survey = self._answer(notification)
        if response is None or survey is None:
            return Silence(Reason.NO_LONGER_EXISTS)
        added = notification.kind is MessageKind.COMMENT_ADDED
        if not response.is_detractor or (added and not response.written):
            return Silence(Reason.SUPERSEDED)
        if added and (told := self._told_by_alert(notification, response)) is not None:
            return Silence(told)
        texts = self._rendering.alert(notification.kind, survey, response)
        return self._to_owner(
            notification,
            survey,
            texts,
            person_id=response.person_id,
            about=RenderedFrom(SubjectType.RESPONSE, response.response_id, response.revision),
            alerts_of=survey.survey_id,
            said=response.written,
        )

    def _told_by_alert(self, notification: Notification, response: Response) -> Reason | None:
        """Why what was written needs no message of its own, if the alert about the same answer sees to it.

        An alert that has not left yet will quote it: the fence lets it out only with the latest revision.
        """
        about, owner = notification.response_id or "", notification.owner or ""
        alert = self._messages.get(message_id(MessageKind.DETRACTOR_ALERT, about, owner))
        if alert is None or alert.state in {MessageState.NEW, MessageState.CLAIMED} or alert.said >= response.written:
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
        unsubscribe = self._addressing.unsubscribe_link(person)
        preferences = self._addressing.preferences_link(person)
        texts = self._rendering.thank_you(locale, survey, person, unsubscribe, preferences)
        about = RenderedFrom(SubjectType.RESPONSE, response.response_id, response.revision)
        return self._to_person(notification, person, survey.brand, texts, about)

    def _help(self, notification: Notification) -> Draft | Silence:
        """The answer to an SMS that asks for help, to the number that asked: a person's, or nobody's whom we know."""
        person = self._people.get(notification.person_id) if notification.person_id else None
        number = notification.phone or (person.phone if person else None)
        if number is None:
            return Silence(Reason.NO_ADDRESS if person else Reason.NO_LONGER_EXISTS)
        country = country_of(number)
        if not self._policy.sends_sms or country not in self._policy.allowed_countries:
            return Silence(Reason.COUNTRY_NOT_ALLOWED if self._policy.sends_sms else Reason.NO_ADDRESS)
        locale = supported_locale(person.locale if person else None, GERMAN if country in SPEAK_GERMAN else None)
        texts = self._rendering.sms_help(locale, self._brands.current(DEFAULT_BRAND), self._policy.help_contact)
        request = SmsRequest(
            message_id=notification.message_id,
            to=number,
            content=texts.sms(),
            expires_at=notification.expires_at,
        )
        return Draft(request=request, person_id=notification.person_id)

    def _answer(self, notification: Notification) -> tuple[Response | None, Survey | None]:
        """The response as it is now, with the version of the survey that it answers."""
        response = self._responses.get(notification.response_id or "")
        if response is None:
            return None, None
        return response, self._surveys.version(response.survey_id, response.survey_version)

    def _to_owner(
        self,
        notification: Notification,
        survey: Survey,
        texts: Texts,
        *,
        person_id: str | None = None,
        about: RenderedFrom | None = None,
        alerts_of: str | None = None,
        said: int = 0,
    ) -> Draft | Silence:
        if notification.owner is None:
            return Silence(Reason.NO_ADDRESS)
        request = EmailRequest(
            message_id=notification.message_id,
            to=notification.owner,
            from_name=one_line(survey.brand.name, LONGEST_NAME),
            content=texts.email(),
            expires_at=notification.expires_at,
        )
        return Draft(request=request, person_id=person_id, about=about, alerts_of=alerts_of, said=said)

    def _to_person(
        self,
        notification: Notification,
        person: Person,
        brand: Brand,
        texts: Texts,
        about: RenderedFrom,
    ) -> Draft | Silence:
        channel = self._addressing.channel(notification.kind, person, notification.channel)
        if isinstance(channel, Silence):
            return channel
        return self._addressing.to_person(channel, notification, person, brand, texts, about)
