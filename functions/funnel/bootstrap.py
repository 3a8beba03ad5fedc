"""Builds the function's service from its environment, once per process."""

from __future__ import annotations

from functools import cache

from functions.funnel.service import Funnel
from shared.clients import client
from shared.clock import SystemClock
from shared.observability import Logger
from shared.queues import BackOff
from shared.settings import EnvironmentSettings
from shared.storage.funnel import FunnelRepository


class Settings(EnvironmentSettings):
    """What template.yaml tells this function."""

    funnel_table_name: str
    funnel_queue_url: str


@cache
def settings() -> Settings:
    """The settings of this process."""
    return Settings.from_environment()


@cache
def service() -> Funnel:
    """The service of this process."""
    return Funnel(FunnelRepository(client("dynamodb"), settings().funnel_table_name), SystemClock())


@cache
def back_off() -> BackOff:
    """Decides when what failed comes again."""
    return BackOff(client("sqs"), settings().funnel_queue_url, Logger(service="funnel").warning)
