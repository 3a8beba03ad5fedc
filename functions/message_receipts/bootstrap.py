"""Builds the function's service from its environment, once per process."""

from __future__ import annotations

from functools import cache

from functions.message_receipts.service import MessageReceipts
from shared.clients import client
from shared.observability import Logger
from shared.queues import BackOff
from shared.settings import EnvironmentSettings
from shared.storage.opt_outs import AddressLists
from shared.storage.receipts import ReceiptRepository


class Settings(EnvironmentSettings):
    """What template.yaml tells this function."""

    messages_table_name: str
    people_table_name: str
    receipts_queue_url: str


@cache
def settings() -> Settings:
    """The settings of this process."""
    return Settings.from_environment()


@cache
def service() -> MessageReceipts:
    """The service of this process."""
    dynamodb = client("dynamodb")
    return MessageReceipts(
        ReceiptRepository(dynamodb, settings().messages_table_name),
        AddressLists(dynamodb, settings().people_table_name),
    )


@cache
def back_off() -> BackOff:
    """Decides when a receipt that failed comes again."""
    return BackOff(client("sqs"), settings().receipts_queue_url, Logger(service="message_receipts").warning)
