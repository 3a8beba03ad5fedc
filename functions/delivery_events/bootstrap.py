"""Builds the function's service from its environment, once per process."""

from __future__ import annotations

from functools import cache

from functions.delivery_events.routes.service import FleetReports
from functions.delivery_events.service import DeliveryEvents
from shared.clients import client
from shared.clock import SystemClock
from shared.queues import Queue
from shared.settings import EnvironmentSettings
from shared.storage.api_keys import ApiKeyRepository
from shared.storage.cached import CachedApiKeys, CachedSurveys
from shared.storage.surveys import SurveyRepository


class Settings(EnvironmentSettings):
    """What template.yaml tells this function."""

    surveys_table_name: str
    deliveries_queue_url: str


@cache
def settings() -> Settings:
    """The settings of this process."""
    return Settings.from_environment()


@cache
def service() -> DeliveryEvents:
    """The service of this process."""
    dynamodb, clock, table_name = client("dynamodb"), SystemClock(), settings().surveys_table_name
    return DeliveryEvents(
        keys=CachedApiKeys(ApiKeyRepository(dynamodb, table_name), clock),
        surveys=CachedSurveys(SurveyRepository(dynamodb, table_name), clock),
        reports=Queue(client("sqs"), settings().deliveries_queue_url),
        clock=clock,
    )


@cache
def fleet() -> FleetReports:
    """The part of it that fleets feed."""
    return FleetReports(reports=Queue(client("sqs"), settings().deliveries_queue_url), clock=SystemClock())
