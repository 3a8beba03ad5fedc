"""Builds the function's service from its environment, once per process."""

from __future__ import annotations

from functools import cache

from functions.erasure.service import Erasing
from shared.clients import client
from shared.clock import SystemClock
from shared.events import EventBus
from shared.observability import Logger
from shared.queues import BackOff, Queue
from shared.settings import EnvironmentSettings
from shared.storage.deliveries import DeliveryRepository
from shared.storage.erasing import ErasingDeliveries, ErasingMessages, ErasingPeople, ErasingResponses
from shared.storage.erasure_notes import ErasureNotes
from shared.storage.responses import ResponseRepository
from shared.storage.routes import RouteRepository


class Settings(EnvironmentSettings):
    """What template.yaml tells this function."""

    responses_table_name: str
    messages_table_name: str
    deliveries_table_name: str
    people_table_name: str
    erasures_queue_url: str
    event_bus_name: str


@cache
def settings() -> Settings:
    """The settings of this process."""
    return Settings.from_environment()


@cache
def service() -> Erasing:
    """The service of this process."""
    chosen, dynamodb = settings(), client("dynamodb")
    responses = ResponseRepository(dynamodb, chosen.responses_table_name)
    deliveries = DeliveryRepository(dynamodb, chosen.deliveries_table_name)
    routes = RouteRepository(dynamodb, chosen.deliveries_table_name)
    return Erasing(
        erasures=ErasureNotes(dynamodb, chosen.people_table_name),
        responses=ErasingResponses(dynamodb, chosen.responses_table_name, responses),
        messages=ErasingMessages(dynamodb, chosen.messages_table_name),
        deliveries=ErasingDeliveries(dynamodb, chosen.deliveries_table_name, deliveries, routes),
        people=ErasingPeople(dynamodb, chosen.people_table_name),
        queue=Queue(client("sqs"), chosen.erasures_queue_url),
        bus=EventBus(client("events"), chosen.event_bus_name),
        clock=SystemClock(),
    )


@cache
def back_off() -> BackOff:
    """Decides when an erasure that failed comes again."""
    return BackOff(client("sqs"), settings().erasures_queue_url, Logger(service="erasure").warning)
