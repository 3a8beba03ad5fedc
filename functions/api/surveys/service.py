"""Publishes surveys, closes them, and tells what they ask."""

from __future__ import annotations

import re

from functions.api.conditions import matches
from functions.api.needs import Definitions
from functions.api.surveys.bodies import SurveysTold, SurveyTold
from shared.domain.published import Standing
from shared.domain.surveys import SURVEY_ID, Survey, SurveyDefinition
from shared.errors import InvalidRequestError, NotFoundError

VERSION = re.compile(r"[1-9][0-9]{0,5}")
"""The number of a version, as it stands in a path."""


def entity_tag(standing: Standing) -> str:
    """What a survey is at one moment, as a strong entity tag (RFC 9110, 8.8.3)."""
    return f'"{standing.version}{"-archived" if standing.archived else ""}"'


class SurveyDefinitions:
    """The surveys of a back office.

    Args:
        definitions: Surveys as they are at this moment, and where new versions go.
    """

    def __init__(self, definitions: Definitions) -> None:
        self._definitions = definitions

    def definition(self, survey_id: str) -> SurveyTold:
        """A survey as it is at this moment.

        Raises:
            NotFoundError: there is none.
        """
        published = self._definitions.current(survey_id) if SURVEY_ID.fullmatch(survey_id) else None
        if published is None:
            raise NotFoundError("There is no such survey.")
        return SurveyTold.of(published.survey, archived=published.archived)

    def listed(self) -> SurveysTold:
        """Every survey, archived ones too."""
        return SurveysTold.of(self._definitions.list_surveys())

    def version(self, survey_id: str, version: str) -> Survey:
        """One version of a survey, as it was published.

        Raises:
            NotFoundError: there is none of this number.
        """
        is_one = SURVEY_ID.fullmatch(survey_id) and VERSION.fullmatch(version)
        survey = self._definitions.version(survey_id, int(version)) if is_one else None
        if survey is None:
            raise NotFoundError("There is no such version of this survey.")
        return survey

    def publish(self, survey_id: str, definition: SurveyDefinition, if_match: str | None = None) -> SurveyTold:
        """Make a definition the next version of a survey; the current one again is no new version.

        Args:
            survey_id: The survey.
            definition: What it asks from now on.
            if_match: The header of that name: publish only over what the caller has read.

        Raises:
            PreconditionFailedError: something else stands there.
            InvalidRequestError: the id can be none.
            ConflictError: a question would change its scale.
            TemporaryError: it may not have been kept.
        """
        if not SURVEY_ID.fullmatch(survey_id):
            raise InvalidRequestError(
                "This can be no survey's id.",
                {"survey_id": ["must have 1 to 64 letters, digits, _ and -, and begin with a letter or digit"]},
            )
        survey = Survey(survey_id=survey_id, **dict(definition))
        published = self._definitions.publish(
            survey, lambda standing: matches(if_match, standing and entity_tag(standing))
        )
        return SurveyTold.of(published, archived=False)

    def archive(self, survey_id: str) -> SurveyTold:
        """Close a survey: within a minute it is asked no more; its answers and scores stay.

        Raises:
            NotFoundError: there is none.
            TemporaryError: it may not have been closed.
        """
        definition = self.definition(survey_id)
        self._definitions.archive(survey_id)
        return definition.model_copy(update={"archived": True})
