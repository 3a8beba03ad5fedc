"""Builds the function's service from its environment, once per process."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from typing import Any

from functions.notify.manners import Manners
from functions.notify.needs import Limits, Policy
from functions.notify.planning import MessagePlanner
from functions.notify.service import Email, Notify
from shared.channels.attempts import on_a_fresh_connection
from shared.channels.email import EmailSender
from shared.channels.pacing import Pace
from shared.channels.sms import SmsSender
from shared.clients import client
from shared.clock import RandomIds, SystemClock
from shared.domain.brands import Brand
from shared.domain.messages import Category
from shared.domain.sms_prices import in_micros, prices_from
from shared.domain.time_zones import TimeZone
from shared.domain.urgency import Urgency
from shared.funnel import InvitationsTold
from shared.observability import Logger
from shared.queues import BackOff, Queue
from shared.schedules import Schedules
from shared.settings import EnvironmentSettings
from shared.storage.brands import BrandRepository
from shared.storage.cached import CachedSurveys
from shared.storage.cached_brands import CachedBrands
from shared.storage.deliveries import DeliveryRepository
from shared.storage.link_keys import LinkKeys
from shared.storage.messages import MessageRepository, Tables
from shared.storage.opt_outs import OptOutRepository
from shared.storage.people import PersonReader
from shared.storage.response_reader import ResponseReader
from shared.storage.survey_requests import SurveyRequestRepository
from shared.storage.surveys import SurveyRepository
from shared.texts.rendering import Rendering
from shared.tokens import Links, PreferencesLinks, TrackingLinks, UnsubscribeLinks


class Settings(EnvironmentSettings):
    """What template.yaml tells this function."""

    messages_table_name: str
    surveys_table_name: str
    responses_table_name: str
    deliveries_table_name: str
    people_table_name: str
    notifications_queue_url: str
    notifications_queue_arn: str
    funnel_queue_url: str
    schedule_group_name: str
    scheduler_role_arn: str
    link_keys_parameter: str
    public_base_url: str
    sender_email: str
    email_configuration_set: str
    today_email_configuration_set: str
    urgent_email_configuration_set: str
    smtp_url: str
    sms_origination_identity: str
    sms_configuration_set: str
    sms_per_second: float
    allowed_countries: str
    alerts_per_hour: int
    recontact_days: int
    default_time_zone: TimeZone
    messages_per_person_per_day: int
    sms_spend_limit_per_day: Decimal
    sms_per_prefix_per_hour: int
    sms_prices_usd: str
    help_contact: str
    resend_ambiguous: str

    @property
    def resent(self) -> list[Category]:
        """Categories whose messages go once more when nobody knows what became of them."""
        return [Category(name.strip()) for name in self.resend_ambiguous.split(",") if name.strip()]


@cache
def settings() -> Settings:
    """The settings of this process."""
    return Settings.from_environment()


@cache
def dynamodb() -> Any:
    """The one client of this process for its tables."""
    return client("dynamodb")


@cache
def messages() -> MessageRepository:
    """The messages of this process."""
    tables = settings()
    return MessageRepository(
        dynamodb(),
        Tables(
            messages=tables.messages_table_name,
            responses=tables.responses_table_name,
            deliveries=tables.deliveries_table_name,
            people=tables.people_table_name,
        ),
    )


@cache
def brands() -> CachedBrands:
    """The company's brands; where it published none, it is called by the domain that it sends from."""
    made_up = Brand(name=settings().sender_email.rpartition("@")[2])
    return CachedBrands(BrandRepository(dynamodb(), settings().surveys_table_name), SystemClock(), made_up)


@cache
def invitations() -> InvitationsTold:
    """Tells the funnel how far invitations came."""
    clock, surveys = SystemClock(), SurveyRepository(dynamodb(), settings().surveys_table_name)
    queue = Queue(client("sqs"), settings().funnel_queue_url)
    return InvitationsTold(messages(), CachedSurveys(surveys, clock), queue, clock)


@cache
def service() -> Notify:
    """The service of this process."""
    chosen, clock = settings(), SystemClock()
    keys = LinkKeys(client("ssm"), chosen.link_keys_parameter, clock)
    requests = SurveyRequestRepository(dynamodb(), chosen.people_table_name)
    planner = MessagePlanner(
        surveys=SurveyRepository(dynamodb(), chosen.surveys_table_name),
        brands=brands(),
        responses=ResponseReader(dynamodb(), chosen.responses_table_name),
        deliveries=DeliveryRepository(dynamodb(), chosen.deliveries_table_name),
        people=PersonReader(dynamodb(), chosen.people_table_name),
        requests=requests,
        messages=messages(),
        links=Links(keys.current, clock),
        unsubscribes=UnsubscribeLinks(keys.ever),
        preferences=PreferencesLinks(keys.ever),
        tracking=TrackingLinks(keys.current, clock),
        rendering=Rendering(),
        policy=Policy(
            public_base_url=chosen.public_base_url.rstrip("/"),
            sends_sms=bool(chosen.sms_origination_identity),
            allowed_countries=[country.strip().upper() for country in chosen.allowed_countries.split(",")],
            recontact_days=chosen.recontact_days,
            help_contact=chosen.help_contact or chosen.sender_email,
        ),
    )
    manners = Manners(
        planner,
        brands(),
        Limits(
            default_time_zone=chosen.default_time_zone,
            messages_per_day=chosen.messages_per_person_per_day,
            sms_spend_per_day=in_micros(chosen.sms_spend_limit_per_day),
            sms_per_prefix_per_hour=chosen.sms_per_prefix_per_hour,
            sms_prices=prices_from(chosen.sms_prices_usd),
        ),
    )
    # One attempt: a repeated call is a second message.
    ses = on_a_fresh_connection(client("sesv2", attempts=1))
    sms = on_a_fresh_connection(client("pinpoint-sms-voice-v2", attempts=1))
    return Notify(
        messages=messages(),
        opt_outs=OptOutRepository(dynamodb(), chosen.messages_table_name),
        requests=requests,
        planner=manners,
        email=_smtp(chosen) if chosen.smtp_url else _ses(chosen, ses),
        sms=SmsSender(sms, chosen.sms_origination_identity, chosen.sms_configuration_set),
        pace=Pace(None if chosen.smtp_url else ses, chosen.sms_per_second, clock),
        schedules=Schedules(
            client("scheduler"), chosen.schedule_group_name, chosen.scheduler_role_arn, chosen.notifications_queue_arn
        ),
        clock=clock,
        ids=RandomIds(),
        alerts_per_hour=chosen.alerts_per_hour,
        resend=chosen.resent,
    )


def _ses(chosen: Settings, ses: Any) -> Email:
    """E-mail by SES."""
    sets = {
        Urgency.URGENT: chosen.urgent_email_configuration_set,
        Urgency.TODAY: chosen.today_email_configuration_set,
        Urgency.STANDARD: chosen.email_configuration_set,
    }
    return EmailSender(ses, chosen.sender_email, sets)


def _smtp(chosen: Settings) -> Email:
    """E-mail by a developer's SMTP server."""
    from shared.channels.smtp import SmtpSender, server_of  # noqa: PLC0415  in production nobody needs it

    return SmtpSender(server_of(chosen.smtp_url), chosen.sender_email)


@cache
def back_off() -> BackOff:
    """Decides when a message that failed comes again."""
    return BackOff(client("sqs"), settings().notifications_queue_url, Logger(service="notify").warning)
