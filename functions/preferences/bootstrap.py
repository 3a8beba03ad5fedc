"""Builds the function's service from its environment, once per process."""

from __future__ import annotations

from functools import cache

from functions.preferences.service import Preferences
from shared.clients import client
from shared.clock import SystemClock
from shared.settings import EnvironmentSettings
from shared.storage.link_keys import LinkKeys
from shared.storage.opt_outs import AddressLists, OptOutRepository, PreferenceRepository
from shared.storage.people import PersonReader
from shared.tokens import PreferencesLinks, UnsubscribeLinks


class Settings(EnvironmentSettings):
    """What template.yaml tells this function."""

    people_table_name: str
    messages_table_name: str
    link_keys_parameter: str
    public_base_url: str


@cache
def settings() -> Settings:
    """The settings of this process."""
    return Settings.from_environment()


@cache
def service() -> Preferences:
    """The service of this process."""
    chosen, clock, dynamodb = settings(), SystemClock(), client("dynamodb")
    keys = LinkKeys(client("ssm"), chosen.link_keys_parameter, clock)
    return Preferences(
        unsubscribes=UnsubscribeLinks(keys.ever),
        choices=PreferencesLinks(keys.ever),
        people=PersonReader(dynamodb, chosen.people_table_name),
        kept=PreferenceRepository(
            OptOutRepository(dynamodb, chosen.messages_table_name), AddressLists(dynamodb, chosen.people_table_name)
        ),
        clock=clock,
    )
