"""What the public door reads and answers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, WithJsonSchema

from shared.domain.base import Frozen, ResponseId
from shared.domain.people import Recipient
from shared.domain.responses import Comment, Revision, Subject
from shared.domain.submissions import GivenAnswer, GivenRating, Properties
from shared.domain.surveys import Locale

_WRITTEN_OUT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)")


def _instant(value: Any) -> datetime:
    """As `Date.toISOString` writes it, or with another offset; a number could be seconds or milliseconds."""
    if not isinstance(value, str) or not _WRITTEN_OUT.fullmatch(value):
        raise ValueError("must be a date and time with its offset from UTC, such as 2026-11-22T13:00:00.000Z")
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        raise ValueError("must be a day and a time that there are") from None


DeviceTime = Annotated[datetime, PlainValidator(_instant), WithJsonSchema({"type": "string", "format": "date-time"})]

MAX_PAGE_AGE_MS = 10**12
"""Room for a tab that was open for years; whether that is too long is for the proof's rule to say."""


class Proof(BaseModel):
    """What a page of ours says of the press that sent an answer.

    Args:
        nonce: As the page was given it.
        pressed_after_ms: How long the page had been open, in milliseconds.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True)

    nonce: Annotated[str, Field(max_length=1000)]
    pressed_after_ms: Annotated[int, Field(ge=0, le=MAX_PAGE_AGE_MS)]


class SubmitResponse(BaseModel):
    """One complete answer. A later revision repeats all of it; the highest revision counts.

    Args:
        response_id: A UUID that the sender made once for this answer; sending it again counts once. A signed link
            brings its own.
        revision: Grows with each change of the answer.
        rating: The answer to the survey's first question with a scale.
        answers: Answers by question id.
        comment: What the respondent wrote.
        person: Who the respondent says to be: an unverified claim, to which nothing is ever sent.
        subject: What the answer is about.
        properties: What else is known; scores are counted by those that the survey declares as breakdowns.
        locale: The language the survey was shown in.
        source: The page that asked, where a publishable key does not tell; a signed link knows its own.
        answered_at: When it was given, by the clock of the device, if it goes out later: at most 7 days ago.
        test: A preview: kept, never counted.
        proof: That somebody pressed, on the page behind a link of an e-mail's ratings; such a link needs it.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        json_schema_extra={
            "examples": [
                {
                    "response_id": "0190f3c2-7c1e-7d2b-9d3a-5b1f8a2c4e6d",
                    "revision": 2,
                    "rating": 9,
                    "comment": "The courier was early and kind.",
                    "subject": {"type": "order", "id": "1042"},
                    "properties": {"device": "phone"},
                }
            ]
        },
    )

    response_id: ResponseId | None = None
    revision: Revision = 1
    rating: GivenRating | None = None
    answers: Annotated[Mapping[str, GivenAnswer], Field(max_length=20)] = Field(default_factory=dict)
    comment: Comment | None = None
    person: Recipient | None = None
    subject: Subject | None = None
    properties: Properties = Field(default_factory=dict)
    locale: Locale | None = None
    source: Literal["widget", "kiosk", "link"] = "widget"
    answered_at: DeviceTime | None = None
    test: bool = False
    proof: Proof | None = None


class ResponseAccepted(Frozen):
    """The answer is kept, and will be counted."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"response_id": "0190f3c2-7c1e-7d2b-9d3a-5b1f8a2c4e6d", "revision": 2}]}
    )

    response_id: ResponseId
    revision: Revision


class ReportView(BaseModel):
    """What a page tells of a survey that it showed, as it goes away. It names nobody.

    Args:
        view_id: A UUID that the page made once for this view; sending it again counts once, and may tell of more.
        channel: What showed it; a signed link says itself on which way it came.
        shown: It was to be seen.
        started: Something of it was pressed.
        dismissed: It was closed without an answer.
        subject: What it was about; read, and not kept.
        test: A preview: not counted.
    """

    # Built when the first view comes: most requests are answers.
    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        defer_build=True,
        json_schema_extra={
            "examples": [
                {
                    "view_id": "0190f3c2-7c1e-7d2b-9d3a-5b1f8a2c4e6e",
                    "channel": "widget",
                    "shown": True,
                    "started": True,
                    "dismissed": False,
                }
            ]
        },
    )

    view_id: ResponseId
    channel: Literal["widget", "link", "kiosk"]
    shown: Literal[True] = True
    started: bool = False
    dismissed: bool = False
    subject: Subject | None = None
    test: bool = False


class ViewTaken(Frozen):
    """Whether the view will be counted: not for a survey that counts none, and not a preview."""

    model_config = ConfigDict(defer_build=True, json_schema_extra={"examples": [{"counted": True}]})

    counted: bool
