"""What the API needs of the outside, as small as it needs it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

from shared.domain.api_keys import ApiKey
from shared.domain.deliveries import Delivery
from shared.domain.people import Person, Recipient
from shared.domain.published import ListedSurvey, PublishedSurvey, Standing
from shared.domain.queued import ResponseSubmitted
from shared.domain.recording import Recorded
from shared.domain.responses import Response
from shared.domain.scores import ScoreDocument
from shared.domain.sending import Message
from shared.domain.surveys import Survey


class Surveys(Protocol):
    """Where published surveys are read."""

    def current(self, survey_id: str) -> PublishedSurvey | None:
        """A survey's current version."""
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

    def resolve(self, recipient: Recipient, now: datetime) -> Person:
        """The person a recipient is, made if nobody is."""
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
