"""Builds the public door from its environment."""

from __future__ import annotations

from functools import cache

from functions.survey_ingest.service import Links, SurveyIngest
from shared.clock import SystemClock
from shared.direct_clients import direct_client
from shared.queues import Queue
from shared.settings import EnvironmentSettings
from shared.storage.cached import CachedSurveys
from shared.storage.surveys import SurveyRepository


class Settings(EnvironmentSettings):
    """The environment of the function."""

    surveys_table_name: str
    responses_queue_url: str
    link_keys_parameter: str


@cache
def settings() -> Settings:
    """The settings of this process."""
    return Settings.from_environment()


@cache
def service() -> SurveyIngest:
    """The service of this process."""
    clock = SystemClock()
    surveys = CachedSurveys(SurveyRepository(direct_client("dynamodb"), settings().surveys_table_name), clock)
    return SurveyIngest(surveys, links, Queue(direct_client("sqs"), settings().responses_queue_url), clock)


@cache
def links() -> Links:
    """The verifier of signed links. Most answers carry a key, so it is imported and built when the first link comes."""
    from shared.storage.link_keys import LinkKeys  # noqa: PLC0415
    from shared.tokens import Links as SignedLinks  # noqa: PLC0415

    clock = SystemClock()
    return SignedLinks(LinkKeys(direct_client("ssm"), settings().link_keys_parameter, clock).current, clock)
