"""Builds the function's service from its environment, once per process."""

from __future__ import annotations

from functools import cache

from functions.tracking.service import Tracking
from shared.clients import client
from shared.clock import SystemClock
from shared.settings import EnvironmentSettings
from shared.storage.link_keys import LinkKeys
from shared.storage.routes import LiveReader
from shared.tokens import TrackingLinks


class Settings(EnvironmentSettings):
    """What template.yaml tells this function."""

    deliveries_table_name: str
    link_keys_parameter: str


@cache
def service() -> Tracking:
    """The service of this process."""
    settings, clock = Settings.from_environment(), SystemClock()
    keys = LinkKeys(client("ssm"), settings.link_keys_parameter, clock)
    return Tracking(
        links=TrackingLinks(keys.current, clock),
        parcels=LiveReader(client("dynamodb"), settings.deliveries_table_name),
        clock=clock,
    )
