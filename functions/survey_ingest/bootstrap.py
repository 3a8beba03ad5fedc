"""Builds the public door from its environment."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from functions.survey_ingest.service import Links, Previews, SurveyIngest
from shared.clock import SystemClock
from shared.direct_clients import direct_client
from shared.queues import Queue
from shared.settings import EnvironmentSettings
from shared.storage.cached import CachedSurveys
from shared.storage.surveys import SurveyRepository

if TYPE_CHECKING:
    from functions.survey_ingest.views import Views


class Settings(EnvironmentSettings):
    """The environment of the function."""

    surveys_table_name: str
    responses_queue_url: str
    funnel_queue_url: str
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
    return SurveyIngest(surveys, links, Queue(direct_client("sqs"), settings().responses_queue_url), clock, previews)


@cache
def views() -> Views:
    """Takes views; imported and built when the first one comes."""
    from functions.survey_ingest.views import Views as TakenViews  # noqa: PLC0415

    return TakenViews(Queue(direct_client("sqs"), settings().funnel_queue_url), SystemClock())


@cache
def links() -> Links:
    """The verifier of signed links. Most answers carry a key, so it is imported and built when the first link comes."""
    from shared.storage.link_keys import LinkKeys  # noqa: PLC0415
    from shared.tokens import Links as SignedLinks  # noqa: PLC0415

    clock = SystemClock()
    return SignedLinks(LinkKeys(direct_client("ssm"), settings().link_keys_parameter, clock).current, clock)


@cache
def previews() -> Previews:
    """Who knows the drafts that staff look at; imported and built when the first preview comes, or a wrong token."""
    from shared.previews import PreviewedSurveys  # noqa: PLC0415
    from shared.previews import Previews as SignedPreviews  # noqa: PLC0415
    from shared.storage.drafts import DraftRepository  # noqa: PLC0415
    from shared.storage.link_keys import LinkKeys  # noqa: PLC0415

    clock, dynamodb, table = SystemClock(), direct_client("dynamodb"), settings().surveys_table_name
    keys = LinkKeys(direct_client("ssm"), settings().link_keys_parameter, clock).current
    return PreviewedSurveys(
        SignedPreviews(keys, clock), DraftRepository(dynamodb, table), SurveyRepository(dynamodb, table)
    )
