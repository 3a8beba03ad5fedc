"""Builds the function's service from its environment, once per process."""

from __future__ import annotations

from functools import cache

from functions.delivery_events.routes.service import FleetReports
from functions.delivery_events.service import DeliveryEvents
from functions.delivery_events.webhooks import Webhooks
from shared.clients import client
from shared.clock import SystemClock
from shared.http import parsed
from shared.queues import Queue
from shared.settings import EnvironmentSettings
from shared.storage.api_keys import ApiKeyRepository
from shared.storage.brands import BrandRepository
from shared.storage.cached import CachedApiKeys, CachedSurveys
from shared.storage.surveys import SurveyRepository
from shared.storage.webhook_secrets import WebhookSecrets


class Settings(EnvironmentSettings):
    """What template.yaml tells this function."""

    surveys_table_name: str
    deliveries_queue_url: str
    webhook_secrets_parameter: str


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
        brands=BrandRepository(dynamodb, table_name),
        reports=Queue(client("sqs"), settings().deliveries_queue_url),
        clock=clock,
    )


@cache
def fleet() -> FleetReports:
    """The part of it that fleets feed."""
    return FleetReports(reports=Queue(client("sqs"), settings().deliveries_queue_url), clock=SystemClock())


@cache
def webhooks() -> Webhooks:
    """The service behind webhooks; which need none of the tables."""
    clock = SystemClock()
    return Webhooks(
        secrets=WebhookSecrets(client("ssm"), settings().webhook_secrets_parameter, clock),
        reports=Queue(client("sqs"), settings().deliveries_queue_url),
        parse=parsed,
        clock=clock,
    )
