"""Builds the public door from its environment."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING

from functions.survey_ingest.service import Links, Previews, SurveyIngest
from shared.clock import SystemClock
from shared.direct_clients import direct_client
from shared.domain.limits import DoorLimits, Rate
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
    address_answers_per_minute: int
    address_answers_at_once: int
    link_answers_per_minute: int
    hot_answers_per_minute: int


@cache
def settings() -> Settings:
    """The settings of this process."""
    return Settings.from_environment()


@cache
def service() -> SurveyIngest:
    """The service of this process."""
    clock = SystemClock()
    surveys = CachedSurveys(SurveyRepository(direct_client("dynamodb"), settings().surveys_table_name), clock)
    queue = Queue(direct_client("sqs"), settings().responses_queue_url)
    return SurveyIngest(surveys, links, queue, clock, previews, limits())


@cache
def limits() -> DoorLimits:
    """The buckets of this process; nobody outside of it can tell whose they are."""
    per_minute = settings().address_answers_per_minute
    return DoorLimits(
        by_address=Rate(per_minute, settings().address_answers_at_once) if per_minute else None,
        by_link=Rate(settings().link_answers_per_minute, settings().link_answers_per_minute),
        while_hot=Rate(settings().hot_answers_per_minute, settings().hot_answers_per_minute),
        salt=os.urandom(16),
    )


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
