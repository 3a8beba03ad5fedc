"""The steps from an invitation to an answer, and how each is counted once.

    invited → delivered → shown → started → answered
                             └───────┴────→ dismissed

What is counted is named by a digest, so that neither the queue nor the table knows who it was. Of one thing (a view, an
invitation, an answer) there can be several steps, reported together or one after the other and as often as it happens.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Literal, NamedTuple

from pydantic import Field, StringConstraints

from shared.domain.base import Frozen, digest
from shared.domain.response_submitted import Queued
from shared.domain.surveys import SurveyId

COUNTED_FOR = timedelta(days=60)
"""How long after it happened a step is still reported. With 24 days on a queue and among its dead letters that is less
than a mark is kept (`MARK_KEPT_FOR`), so what comes late finds the mark of its first report."""
MARK_KEPT_FOR = timedelta(days=100)
MAX_TOLD = 100
"""Things that one message tells of: more than nps_calc has in a batch. Each weighs some 130 bytes of the 256 KB that a
message may have."""


class Step(StrEnum):
    """How far somebody came."""

    INVITED = "invited"  # a provider took the invitation
    DELIVERED = "delivered"  # and says that it arrived
    SHOWN = "shown"
    STARTED = "started"  # something was pressed
    DISMISSED = "dismissed"  # closed without an answer
    ANSWERED = "answered"


class AskedBy(StrEnum):
    """The way somebody was asked; as the source of an answer, but for imports, which nobody was asked for by us."""

    EMAIL = "email"
    SMS = "sms"
    LINK = "link"
    WIDGET = "widget"
    KIOSK = "kiosk"
    API = "api"


class Told(Frozen):
    """What is told of one thing.

    Args:
        id: Which thing; a digest.
        channel: The way somebody was asked.
        steps: Each step with the survey's local day on which it was taken.
    """

    id: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
    channel: AskedBy
    steps: Annotated[Mapping[Step, date], Field(min_length=1)]


class StepsTold(Queued):
    """Somebody came so far; on the funnel queue."""

    type: Literal["StepsTold"] = "StepsTold"
    survey_id: SurveyId
    told: Annotated[tuple[Told, ...], Field(min_length=1, max_length=MAX_TOLD)]


def view_told(survey_id: str, view_id: str, channel: AskedBy, day: date, *, started: bool, dismissed: bool) -> Told:
    """What a page tells of a survey that it showed."""
    steps = {Step.SHOWN: True, Step.STARTED: started, Step.DISMISSED: dismissed}
    taken = {step: day for step, is_so in steps.items() if is_so}
    return Told(id=digest("view", survey_id, view_id), channel=channel, steps=taken)


def answer_told(response_id: str, channel: AskedBy, day: date) -> Told:
    """What an answer tells."""
    return Told(id=digest("answer", response_id), channel=channel, steps={Step.ANSWERED: day})


def invitation_told(message_id: str, channel: AskedBy, sent: date, delivered: date | None) -> Told:
    """What a message tells that a provider took."""
    steps = {Step.INVITED: sent} | ({Step.DELIVERED: delivered} if delivered is not None else {})
    return Told(id=digest("invitation", message_id), channel=channel, steps=steps)


def is_still_told(at: datetime, now: datetime) -> bool:
    """Whether what happened then is still reported."""
    return now - at <= COUNTED_FOR


class Thing(NamedTuple):
    """One thing, with all that a batch tells of it."""

    id: str
    survey_id: str
    channel: AskedBy
    steps: Mapping[Step, date]


class Document(NamedTuple):
    """Which document of the funnel: a survey's day, by the way people were asked."""

    survey_id: str
    day: date
    channel: AskedBy


def folded(messages: Iterable[StepsTold]) -> dict[str, Thing]:
    """A batch by the id of each thing; of a step that is told twice, the first."""
    things: dict[str, Thing] = {}
    for message in messages:
        for told in message.told:
            known = things.get(told.id)
            steps = {**told.steps, **(known.steps if known else {})}
            things[told.id] = (
                known._replace(steps=steps) if known else Thing(told.id, message.survey_id, told.channel, steps)
            )
    return things


def probably_known(message: StepsTold) -> frozenset[str]:
    """Things that have probably been told of before: who hears that a message arrived heard that it was sent."""
    return frozenset(told.id for told in message.told if Step.DELIVERED in told.steps)


def added(things: Iterable[tuple[Thing, Iterable[Step]]]) -> dict[Document, dict[Step, int]]:
    """What these new steps of these things add to each document."""
    documents: dict[Document, dict[Step, int]] = {}
    for thing, steps in things:
        for step in steps:
            document = documents.setdefault(Document(thing.survey_id, thing.steps[step], thing.channel), {})
            document[step] = document.get(step, 0) + 1
    return documents
