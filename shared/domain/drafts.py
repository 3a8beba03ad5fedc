"""A survey that is being written: what staff have typed so far, until they publish it as a version."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from shared.domain.base import Frozen, Instant, Line
from shared.domain.surveys import Survey, SurveyDefinition, SurveyId

DRAFT_VERSION = 0
"""The version that an answer to a draft names: none. Such answers are tests, and nothing is counted by them."""

PREVIEW_LASTS = timedelta(hours=1)
"""How long the address of a preview is good; the page that shows it makes a new one each time."""


class Draft(Frozen):
    """The next version of a survey, before it is one.

    Args:
        survey_id: The survey; it may have no version yet.
        definition: What it will ask.
        based_on: The version it began from; 0 if there was none. Only over that one may it be published.
        revision: Unix milliseconds of the save, so that no two drafts of a survey have the same: nobody overwrites
            what they have not seen.
        saved_by: The name of the key that saved it.
        saved_at: When.
    """

    survey_id: SurveyId
    definition: SurveyDefinition
    based_on: Annotated[int, Field(ge=0)]
    revision: Annotated[int, Field(ge=1)]
    saved_by: str
    saved_at: Instant


class ListedDraft(Frozen):
    """A draft in the list of all."""

    survey_id: SurveyId
    name: Line
    saved_by: str
    saved_at: Instant


def previewed(survey_id: str, definition: SurveyDefinition) -> Survey:
    """A definition as a preview shows it: it asks as a version would, under no version, and counts no views."""
    version = Survey(survey_id=survey_id, **{name: getattr(definition, name) for name in SurveyDefinition.model_fields})
    return version.model_copy(update={"version": DRAFT_VERSION, "funnel": False})


class Preview(Frozen):
    """The right to see a survey's draft as its customers will, and to answer it without being counted.

    Args:
        survey_id: The survey, and no other.
        expires_at: Until when it is good, in Unix seconds.
    """

    survey_id: str
    expires_at: int
