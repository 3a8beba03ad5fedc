"""Builds the function's service from its environment, once per process."""

from __future__ import annotations

from functools import cache

from functions.scores.service import ScoresPage
from shared.clients import client
from shared.clock import SystemClock
from shared.sessions import Sessions
from shared.settings import EnvironmentSettings
from shared.storage.api_keys import ApiKeyRepository
from shared.storage.funnel import FunnelRepository
from shared.storage.link_keys import LinkKeys
from shared.storage.response_lists import ResponseLists
from shared.storage.scores import ScoreRepository
from shared.storage.surveys import SurveyRepository


class Settings(EnvironmentSettings):
    """What template.yaml tells this function."""

    surveys_table_name: str
    responses_table_name: str
    funnel_table_name: str
    link_keys_parameter: str
    public_base_url: str


@cache
def settings() -> Settings:
    """The settings of this process."""
    return Settings.from_environment()


@cache
def service() -> ScoresPage:
    """The service of this process. Keys are not cached: a revoked one ends its sessions at once."""
    tables, dynamodb, clock = settings(), client("dynamodb"), SystemClock()
    return ScoresPage(
        surveys=SurveyRepository(dynamodb, tables.surveys_table_name),
        api_keys=ApiKeyRepository(dynamodb, tables.surveys_table_name),
        scores=ScoreRepository(dynamodb, tables.responses_table_name),
        answers=ResponseLists(dynamodb, tables.responses_table_name),
        steps=FunnelRepository(dynamodb, tables.funnel_table_name),
        sessions=Sessions(LinkKeys(client("ssm"), tables.link_keys_parameter, clock).current, clock),
        clock=clock,
    )
