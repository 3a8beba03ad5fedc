"""Publishes surveys, closes them, and tells what they ask."""

from __future__ import annotations

from functions.api.needs import Definitions
from functions.api.surveys.bodies import SurveyTold
from shared.domain.surveys import SURVEY_ID, Survey, SurveyDefinition
from shared.errors import InvalidRequestError, NotFoundError


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

    def publish(self, survey_id: str, definition: SurveyDefinition) -> SurveyTold:
        """Make a definition the next version of a survey; the current one again is no new version.

        Raises:
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
        return SurveyTold.of(self._definitions.publish(survey), archived=False)

    def archive(self, survey_id: str) -> SurveyTold:
        """Close a survey: within a minute it is asked no more; its answers and scores stay.

        Raises:
            NotFoundError: there is none.
            TemporaryError: it may not have been closed.
        """
        definition = self.definition(survey_id)
        self._definitions.archive(survey_id)
        return definition.model_copy(update={"archived": True})
