"""Builds the function's service from its environment, once per process."""

from __future__ import annotations

from functools import cache

from functions.staff.messages.service import StaffMessages
from functions.staff.service import StaffPage
from shared.clients import client
from shared.clock import SystemClock
from shared.domain.brands import Brand
from shared.domain.sms_prices import prices_from
from shared.previews import Previews
from shared.sessions import Sessions
from shared.settings import EnvironmentSettings
from shared.storage.api_keys import ApiKeyRepository
from shared.storage.brands import BrandRepository
from shared.storage.drafts import DraftRepository
from shared.storage.link_keys import LinkKeys
from shared.storage.surveys import SurveyRepository
from shared.texts.publishing import Publishing
from shared.texts.rendering import Rendering


class Settings(EnvironmentSettings):
    """What template.yaml tells this function."""

    surveys_table_name: str
    link_keys_parameter: str
    sender_email: str
    allowed_countries: str
    sms_prices_usd: str
    public_base_url: str


@cache
def settings() -> Settings:
    """The settings of this process."""
    return Settings.from_environment()


@cache
def service() -> StaffPage:
    """The service of this process. Keys are not cached: a revoked one ends its sessions at once."""
    table, dynamodb, clock = settings().surveys_table_name, client("dynamodb"), SystemClock()
    keys = LinkKeys(client("ssm"), settings().link_keys_parameter, clock).current
    return StaffPage(
        surveys=SurveyRepository(dynamodb, table),
        drafts=DraftRepository(dynamodb, table),
        api_keys=ApiKeyRepository(dynamodb, table),
        sessions=Sessions(keys, clock),
        previews=Previews(keys, clock),
        clock=clock,
    )


@cache
def message_service() -> StaffMessages:
    """The service of messages of this process."""
    brands = BrandRepository(client("dynamodb"), settings().surveys_table_name)
    made_up = Brand(name=settings().sender_email.rpartition("@")[2])
    prices = prices_from(settings().sms_prices_usd)
    allowed = [country.strip().upper() for country in settings().allowed_countries.split(",")]
    sms_prices = {country: prices[country] for country in allowed if country in prices}
    return StaffMessages(brands, Publishing(Rendering()).check, made_up, sms_prices)
