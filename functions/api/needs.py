"""What the API needs of the outside, as small as it needs it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

from shared.domain.api_keys import ApiKey
from shared.domain.asking import Asked, ListedAddress, ListedPerson, SurveyRequest
from shared.domain.brands import Brand, BrandDefinition
from shared.domain.deliveries import Delivery
from shared.domain.erasure import Erasure
from shared.domain.messages import Category, Channel
from shared.domain.people import Claim, Person, Recipient
from shared.domain.preferences import Refusals, Refused
from shared.domain.published import ListedSurvey, PublishedSurvey, Standing
from shared.domain.queued import ResponseSubmitted
from shared.domain.recording import Erasure as ResponseErasure
from shared.domain.recording import Recorded, ScoreChange
from shared.domain.responses import Response
from shared.domain.scores import ScoreDocument
from shared.domain.sending import Message
from shared.domain.surveys import Survey


class Surveys(Protocol):
    """Where published surveys are read."""

    def current(self, survey_id: str) -> PublishedSurvey | None:
        """A survey's current version."""
        ...


class SurveyVersions(Surveys, Protocol):
    """Where they are read as they were when an answer was given, too."""

    def version(self, survey_id: str, version: int) -> Survey | None:
        """One version of a survey; None if there is none."""
        ...


class Definitions(Protocol):
    """Where surveys are published, and read as they are at this moment."""

    def current(self, survey_id: str) -> PublishedSurvey | None:
        """A survey's current version."""
        ...

    def version(self, survey_id: str, version: int) -> Survey | None:
        """One version of a survey."""
        ...

    def publish(self, survey: Survey, is_agreed: Callable[[Standing | None], bool]) -> Survey:
        """Make a definition the next version, if what stands may be replaced; else PreconditionFailedError.

        ConflictError if a question would change its scale.
        """
        ...

    def list_surveys(self) -> Sequence[ListedSurvey]:
        """Every survey."""
        ...

    def archive(self, survey_id: str) -> None:
        """Close a survey; NotFoundError if there is none."""
        ...


class Brands(Protocol):
    """Where brands are published, and read as they are at this moment."""

    def current(self, brand_id: str) -> Brand | None:
        """A brand's current version."""
        ...

    def list_brands(self) -> Sequence[Brand]:
        """Every brand."""
        ...

    def publish(self, brand_id: str, definition: BrandDefinition, is_agreed: Callable[[int | None], bool]) -> Brand:
        """Make a definition the next version, if what stands may be replaced; else PreconditionFailedError."""
        ...


BrandCheck = Callable[[str, BrandDefinition], None]
"""Sees that each message of a brand can be said; else InvalidRequestError."""


class ApiKeys(Protocol):
    """Where keys are found."""

    def find(self, key_hash: str) -> ApiKey | None:
        """The key of this hash."""
        ...


class Responses(Protocol):
    """Where responses are stored and counted, in one transaction."""

    def get(self, response_id: str) -> Response | None:
        """A stored response."""
        ...

    def record(self, submitted: Sequence[ResponseSubmitted]) -> Mapping[str, Recorded]:
        """Store and count; what became of each, by response id."""
        ...

    def erase(self, response_id: str, at: datetime) -> ResponseErasure:
        """Put a tombstone in the place of a response, and take it out of the scores."""
        ...


class AuditTrail(Protocol):
    """Who changed scores."""

    def of(self, response_id: str) -> Sequence[ScoreChange]:
        """Each change of a response's score, by revision."""
        ...


class ResponsesQueue(Protocol):
    """The responses queue."""

    def send(self, message: ResponseSubmitted, group: str) -> None:
        """Keep a message; TemporaryError if it is not certain that it was kept."""
        ...


class Scores(Protocol):
    """Where scores are read."""

    def read(self, survey_id: str, since: date, until: date, breakdown: str = "") -> Sequence[ScoreDocument]:
        """The documents of a span of days, both included: of the whole survey, or of each value of a breakdown."""
        ...

    def latest_day(self, survey_id: str) -> date | None:
        """The last day with a response."""
        ...


class People(Protocol):
    """Who is known."""

    def get(self, person_id: str) -> Person | None:
        """A person."""
        ...

    def find(self, claim: Claim) -> Person | None:
        """The person an identifier belongs to."""
        ...

    def resolve(self, recipient: Recipient, now: datetime) -> Person:
        """The person a recipient is, made if nobody is."""
        ...


class PeoplePage(Protocol):
    """A part of the list of people."""

    @property
    def items(self) -> tuple[ListedPerson, ...]:
        """At most as many as were asked for."""
        ...

    @property
    def next(self) -> str | None:
        """Where the list goes on."""
        ...


class PeopleLists(Protocol):
    """Lists of people."""

    def people(
        self, since: datetime | None, until: datetime | None, *, limit: int, after: str | None = None
    ) -> PeoplePage:
        """Who is known, in the order in which they became so."""
        ...

    def one(self, person_id: str) -> ListedPerson | None:
        """One of them."""
        ...

    def named(self, person_ids: Collection[str]) -> Mapping[str, ListedPerson]:
        """People by their ids."""
        ...

    def unsubscribes(
        self, since: datetime | None, until: datetime | None, *, skip: int, limit: int
    ) -> Sequence[ListedAddress]:
        """Addresses whose people do not want to be asked."""
        ...

    def bounces(
        self, since: datetime | None, until: datetime | None, *, skip: int, limit: int
    ) -> Sequence[ListedAddress]:
        """Addresses that bounced for good."""
        ...


class SurveyRequests(Protocol):
    """Where the wish to ask a person is kept."""

    def add(self, request: SurveyRequest) -> SurveyRequest:
        """Keep a request; the one that is kept under its id already, if there is one."""
        ...

    def tell(self, person_id: str, properties: Mapping[str, str], last_sent_at: datetime | None) -> None:
        """Keep what a back office says of asking a person."""
        ...

    def of_person(self, person_id: str) -> Asked:
        """What is known of asking a person."""
        ...

    def delete_pending(self, person_id: str) -> int:
        """Forget the requests that were not sent yet; how many there were."""
        ...


class Erasures(Protocol):
    """Where a person is erased."""

    def begin(self, person_id: str, now: datetime) -> Erasure:
        """Have a person erased; NotFoundError if there is none."""
        ...

    def get(self, person_id: str) -> Erasure | None:
        """The erasure of a person, then its receipt."""
        ...


class OptOuts(Protocol):
    """The marks that what sends heeds."""

    def refuse(self, channel: Channel, address: str, category: Category | None, at: datetime, by: str) -> None:
        """Have an address sent no more messages of a category."""
        ...


class Preferences(Protocol):
    """What people refuse."""

    def of(self, person: Person) -> Refusals:
        """What a person refuses."""
        ...

    def save(self, person: Person, wanted: Mapping[Refused, bool], at: datetime, by: str) -> Refusals:
        """Refuse and allow what is wanted for a person; what they refuse now."""
        ...


class Entries(Protocol):
    """Where an address is entered into a list."""

    def unsubscribed(self, person_id: str, email: str, at: datetime) -> None:
        """Enter an address of a person who does not want to be asked."""
        ...


class AnswersPage(Protocol):
    """A part of a list of answers."""

    @property
    def responses(self) -> tuple[Response, ...]:
        """At most as many as were asked for."""
        ...

    @property
    def next(self) -> str | None:
        """Where the list goes on."""
        ...


class AnswerLists(Protocol):
    """Lists of answers, by the local day on which they were given."""

    def of_survey(
        self,
        survey_id: str,
        since: date | None = None,
        until: date | None = None,
        *,
        limit: int,
        newest_first: bool = False,
        after: str | None = None,
    ) -> AnswersPage:
        """A survey's."""
        ...

    def of_person(
        self,
        person_id: str,
        since: date | None = None,
        until: date | None = None,
        *,
        limit: int,
        newest_first: bool = False,
        after: str | None = None,
    ) -> AnswersPage:
        """A person's."""
        ...


class Deliveries(Protocol):
    """Where deliveries are read."""

    def get(self, delivery_id: str) -> Delivery | None:
        """A delivery."""
        ...


class Messages(Protocol):
    """Where messages are read."""

    def get(self, message_id: str) -> Message | None:
        """A message."""
        ...
