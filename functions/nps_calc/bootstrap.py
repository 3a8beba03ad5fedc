"""Builds the function's service from its environment, once per process."""

from __future__ import annotations

from datetime import timedelta
from functools import cache

from functions.nps_calc.service import NpsCalc
from shared.clients import client
from shared.clock import SystemClock
from shared.domain.bursts import BurstWatch
from shared.events import EventBus
from shared.observability import Logger
from shared.queues import BackOff, Queue
from shared.settings import EnvironmentSettings
from shared.storage.audit_trail import AuditTrail
from shared.storage.cached import CachedSurveys
from shared.storage.erasure_key import ErasureKey
from shared.storage.erasures import ErasedPeople
from shared.storage.responses import ResponseRepository
from shared.storage.surveys import SurveyRepository


class Settings(EnvironmentSettings):
    """What template.yaml tells this function."""

    surveys_table_name: str
    responses_table_name: str
    people_table_name: str
    responses_queue_url: str
    notifications_queue_url: str
    funnel_queue_url: str
    erasure_key_parameter: str
    event_bus_name: str
    alert_grace_seconds: int
    burst_answers_per_minute: int


@cache
def settings() -> Settings:
    """The settings of this process."""
    return Settings.from_environment()


@cache
def service() -> NpsCalc:
    """The service of this process."""
    dynamodb = client("dynamodb")
    clock = SystemClock()
    surveys = SurveyRepository(dynamodb, settings().surveys_table_name)
    return NpsCalc(
        responses=ResponseRepository(
            dynamodb,
            settings().responses_table_name,
            ErasedPeople(
                dynamodb,
                settings().people_table_name,
                ErasureKey(client("ssm"), settings().erasure_key_parameter),
            ),
        ),
        surveys=CachedSurveys(surveys, clock),
        trail=AuditTrail(dynamodb, settings().responses_table_name),
        notifications=Queue(client("sqs"), settings().notifications_queue_url),
        funnel=Queue(client("sqs"), settings().funnel_queue_url),
        bus=EventBus(client("events"), settings().event_bus_name),
        heat=surveys,
        bursts=BurstWatch(settings().burst_answers_per_minute),
        clock=clock,
        grace=timedelta(seconds=settings().alert_grace_seconds),
    )


@cache
def back_off() -> BackOff:
    """Decides when an answer that failed comes again."""
    return BackOff(client("sqs"), settings().responses_queue_url, Logger(service="nps_calc").warning)
