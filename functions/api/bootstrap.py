"""Builds the API from its environment."""

from __future__ import annotations

from functools import cache

from functions.api.asking import Asking
from functions.api.brands.service import BrandDefinitions
from functions.api.deliveries.service import DeliveryReading
from functions.api.funnel.service import FunnelReading
from functions.api.invitations.service import Invitations
from functions.api.messages.listing import MessageListing
from functions.api.messages.service import MessageReading
from functions.api.metrics.service import Scoring
from functions.api.people.service import KnownPeople
from functions.api.preferences.service import PersonPreferences
from functions.api.promises.service import PromiseReading
from functions.api.service import Api
from functions.api.survey_responses.listing import ResponseListing
from functions.api.survey_responses.service import SurveyResponses
from functions.api.surveys.service import SurveyDefinitions
from functions.api.timeline.service import Timeline
from functions.api.unsubscribes.service import Unsubscribes
from shared.clients import client
from shared.clock import RandomIds, SystemClock
from shared.domain.brands import BrandDefinition
from shared.queues import Queue
from shared.schedules import Later, Schedules
from shared.settings import EnvironmentSettings
from shared.storage.api_keys import ApiKeyRepository
from shared.storage.audit_trail import AuditTrail
from shared.storage.brands import BrandRepository
from shared.storage.cached import CachedApiKeys, CachedSurveys
from shared.storage.deliveries import DeliveryListing, DeliveryReader
from shared.storage.erasure_key import ErasureKey
from shared.storage.erasures import ErasedPeople, Erasures
from shared.storage.funnel import FunnelRepository
from shared.storage.link_invitations import LinkInvitations
from shared.storage.link_keys import LinkKeys
from shared.storage.message_lists import MessageLists
from shared.storage.messages import MessageRepository, Tables
from shared.storage.opt_outs import AddressLists, OptOutRepository, PreferenceRepository
from shared.storage.people import PersonRepository
from shared.storage.people_lists import PeopleLists
from shared.storage.response_lists import ResponseLists
from shared.storage.responses import ResponseRepository
from shared.storage.scores import ScoreRepository
from shared.storage.survey_requests import SurveyRequestRepository
from shared.storage.surveys import SurveyRepository
from shared.storage.timelines import Timelines
from shared.tokens import Links


class Settings(EnvironmentSettings):
    """The environment of the function."""

    surveys_table_name: str
    responses_table_name: str
    deliveries_table_name: str
    people_table_name: str
    messages_table_name: str
    funnel_table_name: str
    responses_queue_url: str
    erasures_queue_url: str
    notifications_queue_url: str
    notifications_queue_arn: str
    schedule_group_name: str
    scheduler_role_arn: str
    erasure_key_parameter: str
    link_keys_parameter: str
    recontact_days: int
    public_base_url: str


@cache
def settings() -> Settings:
    """The settings of this process."""
    return Settings.from_environment()


def check_brand(brand_id: str, definition: BrandDefinition) -> None:
    """See that each message of a brand can be said; what that takes is loaded only here, for nothing else needs it."""
    from shared.texts.publishing import Publishing  # noqa: PLC0415
    from shared.texts.rendering import Rendering  # noqa: PLC0415

    Publishing(Rendering()).check(brand_id, definition)


@cache
def service() -> Api:
    """The service of this process."""
    tables = settings()
    dynamodb = client("dynamodb")
    clock, ids = SystemClock(), RandomIds()
    surveys = SurveyRepository(dynamodb, tables.surveys_table_name)
    cached_surveys = CachedSurveys(surveys, clock)
    erasure_key = ErasureKey(client("ssm"), tables.erasure_key_parameter)
    people = PersonRepository(dynamodb, tables.people_table_name, ids.new, erasure_key)
    answers = ResponseLists(dynamodb, tables.responses_table_name)
    lists = PeopleLists(dynamodb, tables.people_table_name)
    opt_outs = OptOutRepository(dynamodb, tables.messages_table_name)
    entries = AddressLists(dynamodb, tables.people_table_name)
    requests = SurveyRequestRepository(dynamodb, tables.people_table_name, tables.messages_table_name)
    later = Later(
        Queue(client("sqs"), tables.notifications_queue_url),
        Schedules(
            client("scheduler"), tables.schedule_group_name, tables.scheduler_role_arn, tables.notifications_queue_arn
        ),
    )
    return Api(
        api_keys=CachedApiKeys(ApiKeyRepository(dynamodb, tables.surveys_table_name), clock),
        surveys=SurveyDefinitions(surveys),
        brands=BrandDefinitions(BrandRepository(dynamodb, tables.surveys_table_name), check_brand),
        survey_responses=SurveyResponses(
            surveys=cached_surveys,
            responses=ResponseRepository(
                dynamodb,
                tables.responses_table_name,
                ErasedPeople(dynamodb, tables.people_table_name, erasure_key),
            ),
            audit_trail=AuditTrail(dynamodb, tables.responses_table_name),
            queue=Queue(client("sqs"), tables.responses_queue_url),
            people=people,
            lists=lists,
            clock=clock,
            ids=ids,
        ),
        response_listing=ResponseListing(surveys=cached_surveys, answers=answers, people=people, lists=lists),
        people=KnownPeople(
            surveys=cached_surveys,
            people=people,
            lists=lists,
            requests=requests,
            asking=Asking(requests, later, clock, ids),
            answers=answers,
            erasures=Erasures(
                dynamodb, tables.people_table_name, erasure_key, Queue(client("sqs"), tables.erasures_queue_url)
            ),
            clock=clock,
        ),
        invitations=Invitations(
            surveys=cached_surveys,
            people=people,
            asking=Asking(requests, later, clock, ids),
            handed_out=LinkInvitations(dynamodb, tables.messages_table_name, tables.people_table_name),
            links=Links(LinkKeys(client("ssm"), tables.link_keys_parameter, clock).current, clock),
            clock=clock,
            recontact_days=tables.recontact_days,
        ),
        timeline=Timeline(
            answers=answers,
            timelines=Timelines(dynamodb, tables.messages_table_name, tables.deliveries_table_name),
            requests=requests,
            clock=clock,
        ),
        preferences=PersonPreferences(people=people, kept=PreferenceRepository(opt_outs, entries), clock=clock),
        unsubscribes=Unsubscribes(
            people=people,
            lists=lists,
            opt_outs=opt_outs,
            entries=entries,
            clock=clock,
        ),
        scoring=Scoring(
            surveys=cached_surveys,
            definitions=surveys,
            scores=ScoreRepository(dynamodb, tables.responses_table_name),
            clock=clock,
        ),
        funnel=FunnelReading(
            surveys=cached_surveys,
            definitions=surveys,
            steps=FunnelRepository(dynamodb, tables.funnel_table_name),
            clock=clock,
        ),
        deliveries=DeliveryReading(
            DeliveryReader(dynamodb, tables.deliveries_table_name),
            DeliveryListing(dynamodb, tables.deliveries_table_name),
        ),
        promises=PromiseReading(
            deliveries=DeliveryListing(dynamodb, tables.deliveries_table_name),
            surveys=cached_surveys,
            answers=answers,
            clock=clock,
        ),
        message_listing=MessageListing(MessageLists(dynamodb, tables.messages_table_name), clock),
        messages=MessageReading(
            MessageRepository(
                dynamodb,
                Tables(
                    messages=tables.messages_table_name,
                    responses=tables.responses_table_name,
                    deliveries=tables.deliveries_table_name,
                    people=tables.people_table_name,
                ),
            )
        ),
    )
