"""What happened, told to whoever wants to know: the events on the bus, described in docs/events.md.

An event holds ids, ratings and days, and nothing that a person wrote or can be reached by. It is computed from what is
stored, so that however often it is told it is the same event with the same id.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import ConfigDict, Field, PlainSerializer, WithJsonSchema

from shared.domain.base import Frozen, Identifier, Instant, ResponseId, digest, iso
from shared.domain.recording import ScoreChange, Stored
from shared.domain.responses import Counted, Rating, Response, Revision, Source, Subject
from shared.domain.surveys import QuestionId, SurveyId

Moment = Annotated[
    Instant,
    PlainSerializer(iso, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""An instant in UTC, to the millisecond."""


class DomainEvent(Frozen):
    """The base of every event."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        populate_by_name=True,
        serialize_by_alias=True,
        json_schema_serialization_defaults_required=True,
    )

    schema_number: Annotated[
        Literal[1], Field(alias="schema", description="The version of its form; fields may be added without a new one.")
    ] = 1
    id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$", description="Names what happened; a repetition has the same.")]

    @property
    def detail_type(self) -> str:
        """What EventBridge calls the kind of an event."""
        return type(self).__name__

    def detail(self) -> str:
        """The event as JSON, byte for byte the same whenever it is told."""
        return json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


class ResponseRecorded(DomainEvent):
    """A response stands at this revision.

    Args:
        response_id: The response.
        revision: Its revision; a higher one replaces what a lower one said.
        survey_id: The survey it answers.
        survey_version: The version of it that was asked.
        ratings: Each rating with its scale, by question.
        has_comment: Whether there is a comment; what it says can be read from the API.
        person_id: Who answered, if known.
        subject: What the answer is about.
        breakdowns: What it is counted by, of the values that the survey declares.
        source: The way it came.
        verified: Whether a signed link or a secret key vouches for it.
        test: A preview, counted nowhere.
        answered_at: When it was given.
        accepted_at: When this revision came to us.
        day: The survey's local day that it counts for.
    """

    response_id: ResponseId
    revision: Revision
    survey_id: SurveyId
    survey_version: int
    ratings: Mapping[QuestionId, Rating]
    has_comment: bool
    person_id: Identifier | None
    subject: Subject | None
    breakdowns: Mapping[str, str]
    source: Source
    verified: bool
    test: bool
    answered_at: Moment
    accepted_at: Moment
    day: date

    @classmethod
    def of(cls, response: Response) -> Self:
        """The event of a response as it is stored."""
        return cls(
            id=digest("ResponseRecorded", response.response_id, str(response.revision)),
            has_comment=bool(response.comment),
            **{name: getattr(response, name) for name in cls.model_fields.keys() & Response.model_fields.keys()},
        )


class Step(NamedTuple):
    """One change in what a response counts as.

    Args:
        revision: The revision that made it; None for the first count of a response.
        before: What it counted as; None if it was not counted.
        after: What it counts as from then on; None if it is not counted any more.
    """

    revision: int | None
    before: Counted | None
    after: Counted | None


class ScoreMoved(DomainEvent):
    """A commit changed what one response counts as, and with it the scores.

    Who keeps scores of their own takes `before` out and adds `after`, once for each id: the sum over all events is
    the recount of all responses.

    Args:
        survey_id: The survey whose scores moved.
        response_id: The response.
        revision: The revision that changed it; null when it was counted for the first time.
        before: What it counted as until then; null if it was not counted.
        after: What it counts as from then on; null if it is not counted any more.
    """

    survey_id: SurveyId
    response_id: ResponseId
    revision: Revision | None
    before: Counted | None
    after: Counted | None

    @classmethod
    def of(cls, response: Response, step: Step) -> Self:
        """The event of one step of a response."""
        named = "first" if step.revision is None else str(step.revision)
        return cls(
            id=digest("ScoreMoved", response.response_id, named),
            survey_id=(step.after or step.before or response).survey_id,
            response_id=response.response_id,
            revision=step.revision,
            before=step.before,
            after=step.after,
        )


class PersonErased(DomainEvent):
    """A person was erased here; whoever keeps something under this id erases it too.

    Their answers are taken out of the scores without an event for each: read the scores again.

    Args:
        person_id: Who.
        requested_at: When it was asked for.
        finished_at: When nothing was left.
    """

    person_id: Identifier
    requested_at: Moment
    finished_at: Moment

    @classmethod
    def of(cls, person_id: str, requested_at: Instant, finished_at: Instant) -> Self:
        """The event of an erasure that is finished."""
        return cls(
            id=digest("PersonErased", person_id),
            person_id=person_id,
            requested_at=requested_at,
            finished_at=finished_at,
        )


EVENTS: tuple[type[DomainEvent], ...] = (ResponseRecorded, ScoreMoved, PersonErased)
"""Every kind of event; docs/events has the JSON schema of each."""


def step(before: Stored, counted: Counted | None, revision: int) -> Iterator[Step]:
    """The step of one commit, if it changed what its response counts as.

    Args:
        before: What stood under the response's id.
        counted: What the response counts as since.
        revision: Its revision since.
    """
    if before.counted != counted:
        yield Step(None if before.response is None else revision, before.counted, counted)


def chain(changes: Sequence[ScoreChange], counted: Counted | None) -> Iterator[Step]:
    """Every step of a response, from its audit trail and from what it counts as now.

    Args:
        changes: The changes after its first commit, in their order.
        counted: What it counts as now.
    """
    first = changes[0].before if changes else counted
    if first is not None:
        yield Step(None, None, first)
    for change in changes:
        yield Step(change.revision, change.before, change.after)
