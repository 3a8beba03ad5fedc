"""Builds the function's service from its environment, once per process."""

from __future__ import annotations

from functools import cache

from functions.pages.service import Pages
from shared.clients import client
from shared.clock import SystemClock
from shared.previews import PreviewedSurveys, Previews
from shared.settings import EnvironmentSettings
from shared.storage.cached import CachedSurveys
from shared.storage.drafts import DraftRepository
from shared.storage.link_keys import LinkKeys
from shared.storage.short_links import ShortLinks
from shared.storage.surveys import SurveyRepository
from shared.tokens import Links


class Settings(EnvironmentSettings):
    """What template.yaml tells this function."""

    surveys_table_name: str
    messages_table_name: str
    link_keys_parameter: str


@cache
def settings() -> Settings:
    """The settings of this process."""
    return Settings.from_environment()


@cache
def service() -> Pages:
    """The service of this process."""
    clock, dynamodb, table = SystemClock(), client("dynamodb"), settings().surveys_table_name
    repository, keys = SurveyRepository(dynamodb, table), LinkKeys(client("ssm"), settings().link_keys_parameter, clock)
    previews = PreviewedSurveys(Previews(keys.current, clock), DraftRepository(dynamodb, table), repository)
    return Pages(CachedSurveys(repository, clock), Links(keys.current, clock), previews)


@cache
def short_links() -> ShortLinks:
    """The short links of SMS."""
    return ShortLinks(client("dynamodb"), settings().messages_table_name)
