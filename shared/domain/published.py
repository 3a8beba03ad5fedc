"""A survey as the public sees it: its current version, and the keys with which pages may use it."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from shared.domain.api_keys import ApiKey, key_hash, origin_allowed
from shared.domain.base import Frozen, Line
from shared.domain.surveys import QuestionId, Scale, Survey, SurveyId
from shared.errors import ForbiddenError, UnauthorizedError


class Standing(NamedTuple):
    """What a survey is at one moment, as far as somebody who changes it has to know."""

    version: int
    archived: bool


class PublishedSurvey(NamedTuple):
    """All that the public path needs of a survey.

    Args:
        survey: The current version.
        keys: The publishable keys that are live.
        archived: Whether it is closed: asked no more, and takes no answers.
        hot_until: Until when its public keys are slowed, because very many answers came by them.
    """

    survey: Survey
    keys: tuple[ApiKey, ...] = ()
    archived: bool = False
    hot_until: datetime | None = None

    def is_hot(self, now: datetime) -> bool:
        """Whether answers by its public keys are slowed."""
        return self.hot_until is not None and now < self.hot_until

    def key(self, hashed: str) -> ApiKey | None:
        """The publishable key of this hash, if it opens this survey."""
        return next((key for key in self.keys if key.key_hash == hashed), None)

    def admit(self, key: str, origin: str | None) -> ApiKey:
        """The key, if a page may ask or answer this survey with it.

        It is looked up among those of this survey only, in the one item that is read anyway: the key of another survey
        is as unknown here as one that never was.

        Args:
            key: As it was sent.
            origin: The page the request comes from, as its browser says.

        Raises:
            UnauthorizedError: it is no live key of this survey.
            ForbiddenError: it is not for that page.
        """
        known = self.key(key_hash(key))
        if known is None or not known.is_live:
            raise UnauthorizedError("This is no live publishable key of this survey.")
        if not origin_allowed(origin, known.origins):
            raise ForbiddenError(
                f"The key {known.name} is not for pages of {origin}; `ops keys create` names its pages."
            )
        return known


class ListedSurvey(Frozen, defer_build=True):
    """A survey in the list of all: enough of its current version to know it, and to find its scores."""

    survey_id: SurveyId
    name: Line | None = None
    touchpoint: QuestionId
    journey_position: int | None
    scales: tuple[tuple[QuestionId, Scale], ...]
    archived: bool = False

    @classmethod
    def of(cls, survey: Survey) -> ListedSurvey:
        """How a survey is listed when it is published."""
        return cls(
            survey_id=survey.survey_id,
            name=survey.name,
            touchpoint=survey.touchpoint,
            journey_position=survey.journey_position,
            scales=tuple((question.id, question.scale) for question in survey.questions),
        )

    def first_question_on(self, scale: Scale) -> str | None:
        """The id of the first question on a scale, if there is one."""
        return next((question for question, on in self.scales if on is scale), None)
