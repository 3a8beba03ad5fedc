"""A survey as the public sees it: its current version, and the keys with which pages may use it."""

from __future__ import annotations

from shared.domain.api_keys import ApiKey
from shared.domain.base import Frozen
from shared.domain.surveys import Survey


class PublishedSurvey(Frozen):
    """All that the public path needs of a survey.

    Args:
        survey: The current version.
        keys: The publishable keys that are live.
    """

    survey: Survey
    keys: tuple[ApiKey, ...] = ()

    def key(self, key_hash: str) -> ApiKey | None:
        """The publishable key of this hash, if it opens this survey."""
        return next((key for key in self.keys if key.key_hash == key_hash), None)
