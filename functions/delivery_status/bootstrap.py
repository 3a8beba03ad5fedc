"""Builds the function's service from its environment, once per process."""

from __future__ import annotations

from functools import cache

from functions.delivery_status.routing import Routing
from functions.delivery_status.service import DeliveryStatus
from functions.delivery_status.tracking import Tracking
from shared.clients import client
from shared.clock import RandomIds, SystemClock
from shared.domain.brands import Brand
from shared.observability import Logger
from shared.queues import BackOff, Queue
from shared.schedules import Later, Schedules
from shared.settings import EnvironmentSettings
from shared.storage.brands import BrandRepository
from shared.storage.cached_brands import CachedBrands
from shared.storage.deliveries import DeliveryRepository
from shared.storage.erasure_key import ErasureKey
from shared.storage.people import PersonRepository
from shared.storage.routes import RouteRepository
from shared.storage.tracked import TrackedParcels

NO_BRAND = Brand(name="-")
"""Of a brand only its times matter here, and one that nobody published has the usual ones."""


class Settings(EnvironmentSettings):
    """What template.yaml tells this function."""

    deliveries_table_name: str
    people_table_name: str
    erasure_key_parameter: str
    surveys_table_name: str
    deliveries_queue_url: str
    deliveries_queue_arn: str
    notifications_queue_url: str
    schedule_group_name: str
    scheduler_role_arn: str


@cache
def settings() -> Settings:
    """The settings of this process."""
    return Settings.from_environment()


@cache
def service() -> DeliveryStatus:
    """The service of this process."""
    chosen, dynamodb, clock = settings(), client("dynamodb"), SystemClock()
    sqs = client("sqs")
    return DeliveryStatus(
        deliveries=DeliveryRepository(dynamodb, chosen.deliveries_table_name),
        people=PersonRepository(
            dynamodb,
            chosen.people_table_name,
            RandomIds().new,
            ErasureKey(client("ssm"), chosen.erasure_key_parameter),
        ),
        brands=CachedBrands(BrandRepository(dynamodb, chosen.surveys_table_name), clock, NO_BRAND),
        notifications=Queue(sqs, chosen.notifications_queue_url),
        later=Later(
            Queue(sqs, chosen.deliveries_queue_url),
            Schedules(
                client("scheduler"),
                chosen.schedule_group_name,
                chosen.scheduler_role_arn,
                chosen.deliveries_queue_arn,
            ),
        ),
        clock=clock,
    )


@cache
def routing() -> Routing:
    """The part of it that follows vans."""
    routes = RouteRepository(client("dynamodb"), settings().deliveries_table_name)
    return Routing(routes=routes, estimates=service(), clock=SystemClock())


@cache
def tracking() -> Tracking:
    """Finds parcels by the names that others have for them, once per process."""
    dynamodb, table_name = client("dynamodb"), settings().deliveries_table_name
    return Tracking(
        parcels=TrackedParcels(dynamodb, table_name),
        deliveries=DeliveryRepository(dynamodb, table_name),
        reports=service(),
        clock=SystemClock(),
    )


@cache
def back_off() -> BackOff:
    """Decides when a report that failed comes again."""
    return BackOff(client("sqs"), settings().deliveries_queue_url, Logger(service="delivery_status").warning)
