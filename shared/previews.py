"""The signed right to see a draft: what staff pages put into the address of a preview.

A token like a survey link's, for a purpose of its own: neither is worth anything in the other's place. Nothing is
stored.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Protocol

from shared.clock import Clock
from shared.domain.drafts import PREVIEW_LASTS, Draft, Preview, previewed
from shared.domain.published import PublishedSurvey
from shared.domain.surveys import Survey
from shared.errors import ExpiredLinkError, ForbiddenError, NotFoundError
from shared.tokens import Purpose, signed, verified


class Previews:
    """Signs and verifies previews, with the keys that sign links.

    Args:
        keys: Gives the keys that verify, the one that signs last.
        clock: Tells whether a preview has ended.
    """

    def __init__(self, keys: Callable[[], Sequence[str]], clock: Clock) -> None:
        self._keys = keys
        self._clock = clock

    def sign(self, survey_id: str) -> str:
        """The token of a preview that begins now; safe in a URL.

        Raises:
            TemporaryError: the keys can not be read now.
        """
        expires_at = int((self._clock.now() + PREVIEW_LASTS).timestamp())
        return signed(self._keys(), Purpose.PREVIEW, Preview(survey_id=survey_id, expires_at=expires_at))

    def find(self, token: str) -> Preview | None:
        """The preview of a token; None if it was changed, or is for something else.

        Raises:
            ExpiredLinkError: it has ended.
            TemporaryError: the keys can not be read now.
        """
        preview = verified(self._keys(), Purpose.PREVIEW, Preview, token)
        if preview is not None and datetime.fromtimestamp(preview.expires_at, UTC) <= self._clock.now():
            raise ExpiredLinkError("This preview has ended; open it again from the staff page.")
        return preview


class Surveys(Protocol):
    """Where surveys are kept."""

    def current(self, survey_id: str) -> PublishedSurvey | None:
        """A survey's current version."""
        ...


class Drafts(Protocol):
    """Where drafts are kept."""

    def get(self, survey_id: str) -> Draft | None:
        """The draft of a survey."""
        ...


class PreviewedSurveys:
    """Surveys as their previews show them: as they are being written, read anew each time.

    Args:
        previews: Verifies previews.
        drafts: Where drafts are kept.
        surveys: Where surveys are kept.
    """

    def __init__(self, previews: Previews, drafts: Drafts, surveys: Surveys) -> None:
        self._previews = previews
        self._drafts = drafts
        self._surveys = surveys

    def find(self, survey_id: str | None, token: str) -> Survey | None:
        """A survey's draft, or without one what stands; None if the token is no preview's.

        Args:
            survey_id: The survey; None where the address names none, and the token alone says which.
            token: Of the preview.

        Raises:
            ExpiredLinkError: the preview has ended.
            ForbiddenError: it is of another survey.
            NotFoundError: there is neither a draft nor a version.
            TemporaryError: keys or surveys can not be read now.
        """
        preview = self._previews.find(token)
        if preview is None:
            return None
        if survey_id not in {None, preview.survey_id}:
            raise ForbiddenError("This preview is of another survey.")
        if draft := self._drafts.get(preview.survey_id):
            return previewed(preview.survey_id, draft.definition)
        if published := self._surveys.current(preview.survey_id):
            return previewed(preview.survey_id, published.survey)
        raise NotFoundError("There is no such survey.")
