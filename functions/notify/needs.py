"""What deciding about messages needs of the outside, as small as it needs it, and what ops chose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from shared.domain.asking import SurveyRequest
from shared.domain.brands import Brand
from shared.domain.deliveries import Delivery
from shared.domain.links import PreferencesLink, SurveyLink, TrackingLink, Unsubscribe
from shared.domain.people import Person
from shared.domain.responses import Response
from shared.domain.sending import AlertBudget, Message
from shared.domain.sms_prices import Micros
from shared.domain.surveys import Survey


class PublishedSurvey(Protocol):
    """A survey as it is current."""

    @property
    def survey(self) -> Survey:
        """The current version."""
        ...

    @property
    def archived(self) -> bool:
        """Whether it takes no answers any more."""
        ...


class Surveys(Protocol):
    """Survey definitions."""

    def current(self, survey_id: str) -> PublishedSurvey | None:
        """The current version."""
        ...

    def version(self, survey_id: str, version: int) -> Survey | None:
        """The version a response was judged by."""
        ...


class Brands(Protocol):
    """Brands, of which there is always one."""

    def current(self, brand_id: str) -> Brand:
        """The brand of this id, else the company's default one."""
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


class Requests(Protocol):
    """Wishes to ask a person."""

    def get(self, person_id: str, request_id: str) -> SurveyRequest | None:
        """A request that was neither followed nor taken back."""
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

    def code(self, name: str) -> str:
        """A short code for what has this name, the same each time; nobody without the keys can guess it."""
        ...


class UnsubscribeLinks(Protocol):
    """Signs links by which people refuse a category of messages."""

    def sign(self, unsubscribe: Unsubscribe) -> str:
        """The token for a link."""
        ...


class PreferencesLinks(Protocol):
    """Signs links to the page where people choose what they are sent."""

    def sign(self, link: PreferencesLink) -> str:
        """The token for a link."""
        ...


@dataclass(frozen=True)
class Limits:
    """What ops chose of when and how much.

    Args:
        default_time_zone: Where people are of whom nobody knows it.
        messages_per_day: How many messages a person is sent on one of their days, where no brand says so.
        sms_spend_per_day: What the SMS of a day of UTC may cost.
        sms_per_prefix_per_hour: How many SMS of an hour may go to numbers alike.
        sms_prices: What a part of an SMS costs at most, by country; to others none is sent.
    """

    default_time_zone: str
    messages_per_day: int
    sms_spend_per_day: Micros
    sms_per_prefix_per_hour: int
    sms_prices: Mapping[str, Micros]


class TrackingLinks(Protocol):
    """Signs links to the live page of a parcel."""

    def sign(self, link: TrackingLink) -> str:
        """The token for a link."""
        ...


@dataclass(frozen=True)
class Policy:
    """What ops chose.

    Args:
        public_base_url: Where customers reach our pages, without a slash at the end.
        sends_sms: Whether there is a number or sender id to send SMS from.
        allowed_countries: The countries SMS may go to, as ISO codes.
        recontact_days: How many times 24 hours must pass between two questions to a person, where no survey says so.
        help_contact: Where customers reach the company, as an SMS that answers HELP says it.
    """

    public_base_url: str
    sends_sms: bool
    allowed_countries: Sequence[str]
    recontact_days: int
    help_contact: str
