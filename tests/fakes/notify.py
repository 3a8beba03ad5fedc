"""The notify service with everything around it in memory."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from functions.notify.manners import Manners
from functions.notify.needs import Limits, Policy
from functions.notify.planning import MessagePlanner
from functions.notify.service import Notify, Sending
from shared.domain.asking import SurveyRequest
from shared.domain.brands import DEFAULT_BRAND, Brand, BrandDefinition
from shared.domain.deliveries import Delivery
from shared.domain.links import PreferencesLink, SurveyLink, TrackingLink, Unsubscribe
from shared.domain.messages import Category, EmailRequest, Notification, SmsRequest
from shared.domain.people import Person
from shared.domain.responses import Response
from shared.domain.sending import Message, SubjectType
from shared.storage.cached_brands import CachedBrands
from shared.texts.rendering import Rendering
from tests.fakes.brands import InMemoryBrands
from tests.fakes.clock import CountingIds, FrozenClock
from tests.fakes.deliveries import InMemoryDeliveries
from tests.fakes.messages import InMemoryMessages
from tests.fakes.providers import RecordingProvider, RecordingSchedules, Unhurried
from tests.fakes.responses import InMemoryResponses
from tests.fakes.surveys import InMemorySurveys
from tests.fakes.wishes import PERSON, SURVEY

_RENDERING = Rendering()


class OnlyPeople:
    """People by id, and nothing else of them."""

    def __init__(self, *people: Person) -> None:
        self.stored = {person.person_id: person for person in people}

    def get(self, person_id: str) -> Person | None:
        return self.stored.get(person_id)


class PlainLinks:
    """Signs nothing, so that a test can read what a link says."""

    def __init__(self) -> None:
        self.signed: list[SurveyLink] = []

    def sign(self, link: SurveyLink) -> str:
        self.signed.append(link)
        return f"token-{len(self.signed)}"

    def code(self, name: str) -> str:
        return name.rjust(11, "_")[-11:]


class OnlyRequests:
    """Requests by id, and nothing else of them."""

    def __init__(self) -> None:
        self.stored: dict[tuple[str, str], SurveyRequest] = {}

    def get(self, person_id: str, request_id: str) -> SurveyRequest | None:
        return self.stored.get((person_id, request_id))

    def followed(self, person_id: str, request_id: str) -> None:
        self.stored.pop((person_id, request_id), None)


class PlainUnsubscribes:
    """Signs nothing either."""

    def sign(self, unsubscribe: Unsubscribe) -> str:
        return f"{unsubscribe.person_id}-{unsubscribe.channel}-{unsubscribe.category}"


class PlainPreferences:
    """Nor does this."""

    def sign(self, link: PreferencesLink) -> str:
        return f"of-{link.person_id}"


LIMITS = Limits(
    default_time_zone="UTC",
    messages_per_day=5,
    sms_spend_per_day=20_000_000,
    sms_per_prefix_per_hour=20,
    sms_prices={"DE": 90_000},
)


class PlainTracking:
    """Signs nothing either."""

    def sign(self, link: TrackingLink) -> str:
        return link.delivery_id


class NotifyHouse:
    """The service and its surroundings."""

    def __init__(
        self,
        *,
        alerts_per_hour: int = 10,
        sends_sms: bool = True,
        recontact_days: int = 30,
        resend: Collection[Category] = (),
        limits: Limits = LIMITS,
        countries: tuple[str, ...] = ("DE", "AT"),
    ) -> None:
        self.clock = FrozenClock()
        self.surveys = InMemorySurveys(SURVEY)
        self.responses = InMemoryResponses()
        self.deliveries = InMemoryDeliveries()
        self.people = OnlyPeople(PERSON)
        self.requests = OnlyRequests()
        self.messages = InMemoryMessages(self.version_of)
        self.brands = InMemoryBrands()
        self.links = PlainLinks()
        self.email = RecordingProvider()
        self.sms = RecordingProvider()
        self.schedules = RecordingSchedules()
        brands = CachedBrands(self.brands, self.clock, Brand(name="example.com"))
        self.planner = MessagePlanner(
            surveys=self.surveys,
            brands=brands,
            responses=self.responses,
            deliveries=self.deliveries,
            people=self.people,
            requests=self.requests,
            messages=self.messages,
            links=self.links,
            unsubscribes=PlainUnsubscribes(),
            preferences=PlainPreferences(),
            tracking=PlainTracking(),
            rendering=_RENDERING,
            policy=Policy(
                public_base_url="https://hear.example.com",
                sends_sms=sends_sms,
                allowed_countries=countries,
                recontact_days=recontact_days,
                help_contact="service@example.com",
            ),
        )
        self.manners = Manners(self.planner, brands, limits)
        self.service = Notify(
            messages=self.messages,
            opt_outs=self.messages,
            requests=self.requests,
            planner=self.manners,
            email=self.email,
            sms=self.sms,
            pace=Unhurried(),
            schedules=self.schedules,
            clock=self.clock,
            ids=CountingIds(),
            alerts_per_hour=alerts_per_hour,
            resend=resend,
        )

    def version_of(self, subject: SubjectType, name: str) -> int | None:
        if subject is SubjectType.RESPONSE:
            response = self.responses.get(name)
            return response.revision if response else None
        delivery = self.deliveries.get(name)
        return delivery.version if delivery else None

    def publish(self, brand_id: str = DEFAULT_BRAND, **definition: object) -> None:
        """Have a brand, before the first message or a minute after one."""
        self.brands.publish(brand_id, BrandDefinition.model_validate({"name": "Shop", **definition}))

    def answer(self, response: Response) -> None:
        self.responses.stored[response.response_id] = response

    def parcel(self, delivery: Delivery) -> None:
        self.deliveries.stored[delivery.delivery_id] = delivery.model_dump_json()

    def send(self, notification: Notification) -> Sending:
        return self.service.send(notification)

    def stored(self, notification: Notification) -> Message:
        return self.messages.stored[notification.message_id]

    @property
    def accepted(self) -> list[EmailRequest | SmsRequest]:
        return [*self.email.accepted, *self.sms.accepted]

    def wait(self, seconds: float) -> None:
        self.clock.advance(timedelta(seconds=seconds))
