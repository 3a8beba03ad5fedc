"""What was answered: a response, its revisions, and what it counts as.

A response is named by a UUID that its sender made. A revision is the complete answer, never a patch; the highest
revision wins, whatever the order of arrival.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated, NamedTuple, Self

from pydantic import Field, StringConstraints, model_validator

from shared.domain.base import Frozen, Identifier, Instant, ResponseId
from shared.domain.people import Recipient
from shared.domain.scores import Sentiment, sentiment
from shared.domain.surveys import QuestionId, Scale, SurveyId

MAX_REVISION = 10**15
"""Room for Unix milliseconds until the year 33658, and for JSON's numbers."""
Revision = Annotated[int, Field(ge=1, le=MAX_REVISION, strict=True)]
Comment = Annotated[str, StringConstraints(max_length=5000)]
Answer = Annotated[str, StringConstraints(max_length=5000)] | Annotated[int, Field(strict=True)]


class Subject(Frozen):
    """What a response or a message is about."""

    type: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
    id: Identifier


class Source(StrEnum):
    """The way a response came to us."""

    WIDGET = "widget"
    LINK = "link"
    KIOSK = "kiosk"
    EMAIL = "email"
    SMS = "sms"
    API = "api"
    IMPORT = "import"


class Rating(Frozen):
    """A number given to a question, with the scale it was given on; for a choice, the number of an option."""

    scale: Scale
    value: Annotated[int, Field(strict=True)]

    @model_validator(mode="after")
    def _on_its_scale(self) -> Self:
        bounds = self.scale.bounds
        if bounds is None or not bounds[0] <= self.value <= bounds[1]:
            raise ValueError(f"is not on the scale {self.scale.value}")
        return self


class Counted(Frozen, defer_build=True):
    """What one response adds to the scores, and nothing else: the part of it that a score document depends on."""

    survey_id: SurveyId
    day: date
    ratings: Mapping[QuestionId, int]
    breakdowns: Mapping[str, str] = Field(default_factory=dict)


class Response(Frozen):
    """One respondent's answers to one version of one survey, complete.

    It is `verified` if it came by signed link or secret key, and `suspicious` if it came in a flood; it counts in any
    case.
    """

    response_id: ResponseId
    revision: Revision
    survey_id: SurveyId
    survey_version: int
    ratings: Mapping[QuestionId, Rating] = Field(default_factory=dict)
    texts: Mapping[QuestionId, str] = Field(default_factory=dict)
    comment: Comment | None = None
    person_id: Identifier | None = None
    claimed_person: Recipient | None = None
    subject: Subject | None = None
    properties: Mapping[str, str] = Field(default_factory=dict)
    breakdowns: Mapping[str, str] = Field(default_factory=dict)
    source: Source
    verified: bool = False
    test: bool = False
    suspicious: bool = False
    locale: str | None = None
    answered_at: Instant
    accepted_at: Instant
    day: date

    @property
    def counted(self) -> Counted | None:
        """What this response counts as; None for a test and for one without a rating."""
        if self.test or not self.ratings:
            return None
        return Counted(
            survey_id=self.survey_id,
            day=self.day,
            ratings={question: rating.value for question, rating in self.ratings.items()},
            breakdowns=self.breakdowns,
        )

    @property
    def written(self) -> int:
        """How many things its respondent wrote: answers to questions for text, and a comment."""
        return len(self.texts) + bool(self.comment)

    @property
    def is_detractor(self) -> bool:
        """Whether any of its ratings is one that asks for follow-up."""
        scored = (rating for rating in self.ratings.values() if rating.scale.has_score)
        return any(sentiment(rating.scale, rating.value) is Sentiment.NEGATIVE for rating in scored)


class ScoreKey(NamedTuple):
    """Which score document: a survey's day, whole (breakdown and value empty) or one value of a breakdown."""

    survey_id: str
    day: date
    breakdown: str = ""
    value: str = ""


class ScoreDelta(NamedTuple):
    """What is to be added to one score document."""

    counters: Mapping[str, int]
    responses: int
    certificate: int


CERTIFICATE_MODULUS = 2**64


def counter_name(question_id: str, rating: int) -> str:
    """The counter of one rating of one question, such as `recommend:9`."""
    return f"{question_id}:{rating}"


def certificate(response_id: str, counted: Counted) -> int:
    """A 64-bit hash of a response's id and its counted content.

    A document's certificate is the sum of these, modulo 2^64, over what it has counted: equal to the sum over the
    stored responses only if exactly those are counted. A comment alone does not change it.
    """
    content = "\x1f".join(
        (
            response_id,
            counted.survey_id,
            counted.day.isoformat(),
            *(f"{question}={rating}" for question, rating in sorted(counted.ratings.items())),
            *(f"{name}:{value}" for name, value in sorted(counted.breakdowns.items())),
        )
    )
    return int.from_bytes(hashlib.sha256(content.encode()).digest()[:8], "big")


def score_keys(counted: Counted) -> tuple[ScoreKey, ...]:
    """The documents a response is counted in: the whole survey's, and one per breakdown."""
    whole = ScoreKey(counted.survey_id, counted.day)
    return (whole, *(ScoreKey(counted.survey_id, counted.day, *item) for item in sorted(counted.breakdowns.items())))


class Change(NamedTuple):
    """A response's step from what it counted as to what it counts as now; either side may be nothing."""

    response_id: str
    before: Counted | None
    after: Counted | None


def score_deltas(changes: Iterable[Change]) -> dict[ScoreKey, ScoreDelta]:
    """The net change of each score document; documents that do not change are left out."""
    counters: dict[ScoreKey, dict[str, int]] = {}
    responses: dict[ScoreKey, int] = {}
    certificates: dict[ScoreKey, int] = {}
    for change in changes:
        if change.before == change.after:
            continue
        for counted, sign in ((change.before, -1), (change.after, 1)):
            if counted is None:
                continue
            names = [counter_name(question, rating) for question, rating in counted.ratings.items()]
            signed = sign * certificate(change.response_id, counted)
            for key in score_keys(counted):
                document = counters.setdefault(key, {})
                for name in names:
                    document[name] = document.get(name, 0) + sign
                responses[key] = responses.get(key, 0) + sign
                certificates[key] = certificates.get(key, 0) + signed
    return {
        key: ScoreDelta({name: n for name, n in document.items() if n}, responses[key], certificates[key])
        for key, document in counters.items()
        if any(document.values()) or responses[key] or certificates[key]
    }
