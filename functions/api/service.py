"""The API of secret keys: one service for each noun, and who may ask them."""

from __future__ import annotations

from dataclasses import dataclass

from functions.api.brands.service import BrandDefinitions
from functions.api.deliveries.service import DeliveryReading
from functions.api.funnel.service import FunnelReading
from functions.api.invitations.service import Invitations
from functions.api.messages.listing import MessageListing
from functions.api.messages.service import MessageReading
from functions.api.metrics.service import Scoring
from functions.api.needs import ApiKeys
from functions.api.people.service import KnownPeople
from functions.api.preferences.service import PersonPreferences
from functions.api.promises.service import PromiseReading
from functions.api.survey_responses.listing import ResponseListing
from functions.api.survey_responses.service import SurveyResponses
from functions.api.surveys.service import SurveyDefinitions
from functions.api.timeline.service import Timeline
from functions.api.unsubscribes.service import Unsubscribes
from shared.domain.api_keys import ApiKey, key_hash, require_secret


@dataclass(frozen=True)
class Api:
    """All of it.

    Args:
        api_keys: Keys, cached.
        surveys: What is asked.
        brands: How the company looks, and what it tells.
        survey_responses: What was answered.
        response_listing: Lists of it.
        people: Who is known.
        preferences: What they refuse.
        invitations: Who is asked.
        timeline: What there is of a person.
        unsubscribes: Who is not written to.
        scoring: Scores.
        funnel: How far people came.
        deliveries: Parcels.
        promises: What became of what customers were told.
        messages: What was sent.
        message_listing: Lists of it.
    """

    api_keys: ApiKeys
    surveys: SurveyDefinitions
    brands: BrandDefinitions
    survey_responses: SurveyResponses
    response_listing: ResponseListing
    people: KnownPeople
    preferences: PersonPreferences
    invitations: Invitations
    timeline: Timeline
    unsubscribes: Unsubscribes
    scoring: Scoring
    funnel: FunnelReading
    deliveries: DeliveryReading
    promises: PromiseReading
    messages: MessageReading
    message_listing: MessageListing

    def caller(self, key: str | None) -> ApiKey:
        """Who asks.

        Raises:
            UnauthorizedError: no key, or none that is live.
            ForbiddenError: a publishable key.
        """
        return require_secret(self.api_keys.find(key_hash(key)) if key else None)
