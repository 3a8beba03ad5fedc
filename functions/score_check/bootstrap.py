"""Builds the function's service from its environment, once per process."""

from __future__ import annotations

import time
from functools import cache

from functions.score_check.service import ScoreCheck
from shared.clients import client
from shared.clock import SystemClock
from shared.settings import EnvironmentSettings
from shared.storage.response_lists import ResponseLists
from shared.storage.score_checks import CheckProgressRepository
from shared.storage.score_days import ScoreDays
from shared.storage.surveys import SurveyRepository

PAUSE_SECONDS = 5
"""Between two looks at one day; the index of responses lags usually by less than a second."""


class Settings(EnvironmentSettings):
    """What template.yaml tells this function."""

    surveys_table_name: str
    responses_table_name: str


@cache
def service() -> ScoreCheck:
    """The service of this process."""
    settings = Settings.from_environment()
    dynamodb, table_name = client("dynamodb"), settings.responses_table_name
    return ScoreCheck(
        surveys=SurveyRepository(dynamodb, settings.surveys_table_name),
        responses=ResponseLists(dynamodb, table_name),
        documents=ScoreDays(dynamodb, table_name),
        progress=CheckProgressRepository(dynamodb, table_name),
        clock=SystemClock(),
        pause=lambda: time.sleep(PAUSE_SECONDS),
    )
