"""Builds the function's service from its environment, once per process."""

from __future__ import annotations

from functools import cache

from functions.delivery_status.service import DeliveryStatus
from shared.clients import client
from shared.clock import RandomIds, SystemClock
from shared.observability import Logger
from shared.queues import BackOff, Queue
from shared.settings import EnvironmentSettings
from shared.storage.deliveries import DeliveryRepository
from shared.storage.erasure_key import ErasureKey
from shared.storage.people import PersonRepository


class Settings(EnvironmentSettings):
    """What template.yaml tells this function."""

    deliveries_table_name: str
    people_table_name: str
    erasure_key_parameter: str
    deliveries_queue_url: str
    notifications_queue_url: str


@cache
def settings() -> Settings:
    """The settings of this process."""
    return Settings.from_environment()


@cache
def service() -> DeliveryStatus:
    """The service of this process."""
    dynamodb = client("dynamodb")
    return DeliveryStatus(
        deliveries=DeliveryRepository(dynamodb, settings().deliveries_table_name),
        people=PersonRepository(
            dynamodb,
            settings().people_table_name,
            RandomIds().new,
            ErasureKey(client("ssm"), settings().erasure_key_parameter),
        ),
        notifications=Queue(client("sqs"), settings().notifications_queue_url),
        clock=SystemClock(),
    )


@cache
def back_off() -> BackOff:
    """Decides when a report that failed comes again."""
    return BackOff(client("sqs"), settings().deliveries_queue_url, Logger(service="delivery_status").warning)
