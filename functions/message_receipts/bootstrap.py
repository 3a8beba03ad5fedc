"""Builds the function's service from its environment, once per process."""

from __future__ import annotations

from functools import cache
from typing import Any

from functions.message_receipts.replies import SmsReplies
from functions.message_receipts.service import MessageReceipts
from shared.clients import client
from shared.clock import SystemClock
from shared.funnel import InvitationsTold
from shared.observability import Logger
from shared.queues import BackOff, Queue
from shared.settings import EnvironmentSettings
from shared.storage.cached import CachedSurveys
from shared.storage.opt_outs import AddressLists, OptOutRepository
from shared.storage.people import PersonReader
from shared.storage.receipts import ReceiptRepository
from shared.storage.surveys import SurveyRepository


class Settings(EnvironmentSettings):
    """What template.yaml tells this function."""

    messages_table_name: str
    surveys_table_name: str
    people_table_name: str
    receipts_queue_url: str
    funnel_queue_url: str
    notifications_queue_url: str


@cache
def settings() -> Settings:
    """The settings of this process."""
    return Settings.from_environment()


@cache
def dynamodb() -> Any:
    """The one client of this process for its tables."""
    return client("dynamodb")


@cache
def receipts() -> ReceiptRepository:
    """The messages of this process, as receipts change them."""
    return ReceiptRepository(dynamodb(), settings().messages_table_name)


@cache
def service() -> MessageReceipts:
    """The service of this process."""
    return MessageReceipts(receipts(), AddressLists(dynamodb(), settings().people_table_name))


@cache
def replies() -> SmsReplies:
    """What people ask for by SMS."""
    chosen = settings()
    return SmsReplies(
        OptOutRepository(dynamodb(), chosen.messages_table_name),
        PersonReader(dynamodb(), chosen.people_table_name),
        Queue(client("sqs"), chosen.notifications_queue_url),
    )


@cache
def clock() -> SystemClock:
    """Tells when something came that does not say so itself."""
    return SystemClock()


@cache
def invitations() -> InvitationsTold:
    """Tells the funnel how far invitations came."""
    clock, surveys = SystemClock(), SurveyRepository(dynamodb(), settings().surveys_table_name)
    queue = Queue(client("sqs"), settings().funnel_queue_url)
    return InvitationsTold(receipts(), CachedSurveys(surveys, clock), queue, clock)


@cache
def back_off() -> BackOff:
    """Decides when a receipt that failed comes again."""
    return BackOff(client("sqs"), settings().receipts_queue_url, Logger(service="message_receipts").warning)
