"""Which survey a request is about."""

from __future__ import annotations

from functions.api.needs import Surveys
from shared.domain.api_keys import ApiKey
from shared.domain.published import PublishedSurvey
from shared.domain.surveys import SURVEY_ID
from shared.errors import InvalidRequestError, NotFoundError


def named_survey(named: str | None, caller: ApiKey) -> str:
    """The survey that is named, or else the one that the caller's key was made for.

    Raises:
        InvalidRequestError: there is neither.
    """
    survey_id = named if named is not None else caller.survey_id
    if survey_id is None:
        raise InvalidRequestError(
            "survey is missing, and this key was made for no survey.", {"survey": ["is required with this key"]}
        )
    return survey_id


def published(surveys: Surveys, survey_id: str) -> PublishedSurvey:
    """A survey's current version.

    Raises:
        NotFoundError: there is no such survey.
    """
    found = surveys.current(survey_id) if SURVEY_ID.fullmatch(survey_id) else None
    if found is None:
        raise NotFoundError("There is no such survey.")
    return found
