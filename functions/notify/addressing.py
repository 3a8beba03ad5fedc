"""To whom a message goes, and which way."""

from __future__ import annotations

from functions.notify.needs import (
    Policy,
    PreferencesLinks,
    UnsubscribeLinks,
)
from shared.domain.brands import (
    DEFAULT_BRAND,
    Brand,
)
from shared.domain.deliveries import (
    Delivery,
)
from shared.domain.links import (
    PreferencesLink,
    Unsubscribe,
)
from shared.domain.messages import (
    Category,
    Channel,
    EmailRequest,
    LinkChannel,
    MessageKind,
    Notification,
    Reason,
    SmsRequest,
)
from shared.domain.people import Person
from shared.domain.phones import country_of
from shared.domain.sending import Draft, RenderedFrom, Silence
from shared.domain.surveys import Brand as SurveyBrand
from shared.texts.rendering import LONGEST_NAME, Texts
from shared.texts.words import one_line

SMS_FIRST = frozenset(
    {
        MessageKind.DELIVERY_ON_ITS_WAY,
        MessageKind.DELIVERY_SOON,
        MessageKind.DELIVERY_ARRIVING,
        MessageKind.DELIVERY_DELIVERED,
        MessageKind.DELIVERY_ATTEMPT_FAILED,
        MessageKind.DELIVERY_DELAYED,
    }
)
"""What is worth a glance at the phone on the day itself; the rest goes by e-mail where there is an address."""


class Addressing:
    """Chooses channels, and addresses messages to people.

    Args:
        policy: What ops chose.
        unsubscribes: Signs links by which people refuse a category of messages.
        preferences: Signs links to the page where people choose.
    """

    def __init__(self, policy: Policy, unsubscribes: UnsubscribeLinks, preferences: PreferencesLinks) -> None:
        self._policy = policy
        self._unsubscribes = unsubscribes
        self._preferences = preferences

    def channel(self, kind: MessageKind, person: Person, wished: LinkChannel | None = None) -> Channel | Silence:
        """The channel that was wished for, else the first of the kind's order on which the person can be reached."""
        textable = person.phone is not None and self._policy.sends_sms
        allowed = textable and country_of(person.phone or "") in self._policy.allowed_countries
        by_sms = allowed and wished is not LinkChannel.EMAIL
        if by_sms and (wished is LinkChannel.SMS or kind in SMS_FIRST or person.email is None):
            return Channel.SMS
        if person.email is not None and wished is not LinkChannel.SMS:
            return Channel.EMAIL
        return Silence(Reason.COUNTRY_NOT_ALLOWED if textable and not allowed else Reason.NO_ADDRESS)

    def unsubscribe_link(self, person: Person, category: Category = Category.SURVEYS) -> str:
        """Where a person says, by one press, that they want no e-mail of a category any more."""
        unsubscribe = Unsubscribe(person_id=person.person_id, channel=Channel.EMAIL, category=category)
        return f"{self._policy.public_base_url}/u/{self._unsubscribes.sign(unsubscribe)}"

    def preferences_link(self, person: Person) -> str:
        """Where a person chooses what they are sent, and which way."""
        token = self._preferences.sign(PreferencesLink(person_id=person.person_id))
        return f"{self._policy.public_base_url}/preferences/{token}"

    def to_person(
        self,
        channel: Channel,
        notification: Notification,
        person: Person,
        brand: Brand | SurveyBrand,
        texts: Texts,
        about: RenderedFrom | None,
        *,
        delivery: Delivery | None = None,
    ) -> Draft:
        """A message to a person, on a channel on which they can be reached; the parcel says where they are, if any."""
        category = notification.kind.refused_as
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
                unsubscribe=self.unsubscribe_link(person, category) if category is not None else None,
                expires_at=notification.expires_at,
            )
        registration = delivery.registration if delivery is not None else None
        return Draft(
            request=request,
            person_id=person.person_id,
            about=about,
            category=category,
            brand_id=registration.brand_id if registration and notification.kind.category.is_stage else DEFAULT_BRAND,
            time_zone=(registration.time_zone if registration else None) or person.time_zone,
        )
