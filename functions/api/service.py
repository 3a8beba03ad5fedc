"""Answers the questions of servers, and takes the answers that were given elsewhere; it reads its own writes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid5

from functions.api.bodies import CreateSurveyResponse, DeliveryTold, MessageTold, SurveyResponse, SurveyTold
from functions.api.needs import (
    ApiKeys,
    Definitions,
    Deliveries,
    Messages,
    People,
    Responses,
    ResponsesQueue,
    Scores,
    Surveys,
)
from shared.clock import Clock, Ids
from shared.domain.api_keys import ApiKey, key_hash, require_secret
from shared.domain.base import IDENTIFIER
from shared.domain.metrics.days import day_of, span
from shared.domain.metrics.figures import Journey, Metrics
from shared.domain.metrics.journey import Counted, journey, scale_of
from shared.domain.metrics.scoring import asked_for, metrics
from shared.domain.published import PublishedSurvey
from shared.domain.queued import ResponseSubmitted
from shared.domain.recording import Outcome
from shared.domain.responses import Response, Source
from shared.domain.scores import counts
from shared.domain.submissions import judged
from shared.domain.surveys import SURVEY_ID, Survey, SurveyDefinition
from shared.errors import ConflictError, InvalidRequestError, NotFoundError

IDEMPOTENCY_NAMESPACE = UUID("5f0c2f0e-6c39-4d0b-9d0e-2f6f4f4c7a11")
"""Under which an Idempotency-Key that is no UUID becomes one."""
CLOCK_SKEW = timedelta(minutes=5)
"""How far a sender's clock may be ahead of ours."""


class Api:
    """The API of secret keys.

    Args:
        surveys: Published surveys, cached.
        definitions: The same as they are at this moment, and where new versions go.
        api_keys: Keys, cached.
        responses: Stored responses.
        queue: The responses queue.
        scores: Stored scores.
        people: Known people.
        deliveries: Known deliveries.
        messages: What was sent.
        clock: When an answer was accepted.
        ids: Ids for answers that come without.
    """

    def __init__(
        self,
        *,
        surveys: Surveys,
        definitions: Definitions,
        api_keys: ApiKeys,
        responses: Responses,
        queue: ResponsesQueue,
        scores: Scores,
        people: People,
        deliveries: Deliveries,
        messages: Messages,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._surveys = surveys
        self._definitions = definitions
        self._api_keys = api_keys
        self._responses = responses
        self._queue = queue
        self._scores = scores
        self._people = people
        self._deliveries = deliveries
        self._messages = messages
        self._clock = clock
        self._ids = ids

    def caller(self, key: str | None) -> ApiKey:
        """Who asks.

        Raises:
            UnauthorizedError: no key, or none that is live.
            ForbiddenError: a publishable key.
        """
        return require_secret(self._api_keys.find(key_hash(key)) if key else None)

    def definition(self, survey_id: str) -> SurveyTold:
        """A survey as it is at this moment.

        Raises:
            NotFoundError: there is none.
        """
        published = self._definitions.current(survey_id) if SURVEY_ID.fullmatch(survey_id) else None
        if published is None:
            raise NotFoundError("There is no such survey.")
        return SurveyTold.of(published.survey, archived=published.archived)

    def publish(self, survey_id: str, definition: SurveyDefinition) -> SurveyTold:
        """Make a definition the next version of a survey; the current one again is no new version.

        Raises:
            InvalidRequestError: the id can be none.
            ConflictError: a question would change its scale.
            TemporaryError: it may not have been kept.
        """
        if not SURVEY_ID.fullmatch(survey_id):
            raise InvalidRequestError(
                "This can be no survey's id.",
                {"survey_id": ["must have 1 to 64 letters, digits, _ and -, and begin with a letter or digit"]},
            )
        survey = Survey(survey_id=survey_id, **dict(definition))
        return SurveyTold.of(self._definitions.publish(survey), archived=False)

    def archive(self, survey_id: str) -> SurveyTold:
        """Close a survey: within a minute it is asked no more; its answers and scores stay.

        Raises:
            NotFoundError: there is none.
            TemporaryError: it may not have been closed.
        """
        definition = self.definition(survey_id)
        self._definitions.archive(survey_id)
        return definition.model_copy(update={"archived": True})

    def _published(self, survey_id: str) -> PublishedSurvey:
        published = self._surveys.current(survey_id) if SURVEY_ID.fullmatch(survey_id) else None
        if published is None:
            raise NotFoundError("There is no such survey.")
        return published

    def metrics(self, query: Mapping[str, str], caller: ApiKey) -> Metrics:
        """The score of a survey's question.

        Args:
            query: `survey`, `since`, `until`, `question`, `by`, `compare` and `interval`; each may be left out.
            caller: Whose key says which survey is meant if none is named.

        Raises:
            InvalidRequestError: one of them is wrong.
            NotFoundError: there is no such survey.
        """
        survey = self._published(_named_survey(query.get("survey"), caller)).survey
        asked = asked_for(survey, query, lambda: self._latest_day(survey))
        documents = self._scores.read(survey.survey_id, asked.since, asked.days.until)
        parts = self._scores.read(survey.survey_id, asked.since, asked.days.until, asked.by) if asked.by else ()
        return metrics(survey, asked, documents, parts)

    def _latest_day(self, survey: Survey) -> date:
        return self._scores.latest_day(survey.survey_id) or survey.local_day(self._clock.now())

    def journey(self, query: Mapping[str, str]) -> Journey:
        """The score of each touchpoint: one Query for the list of surveys, and one for each survey on the scale.

        Args:
            query: `scale`, `since` and `until`; each may be left out.

        Raises:
            InvalidRequestError: one of them is wrong.
        """
        scale = scale_of(query.get("scale"))
        since, until = (
            day_of(query[name], name, datetime.date) if name in query else None for name in ("since", "until")
        )
        days = span(since, until, self._clock.now().date())
        asked = (each for each in self._definitions.list_surveys() if not each.archived)
        found = []
        for survey in asked:
            if question := survey.first_question_on(scale):
                documents = self._scores.read(survey.survey_id, days.since, days.until)
                found.append(Counted(survey, counts(documents, question)))
        return journey(scale, days, found)

    def create_response(
        self, given: CreateSurveyResponse, caller: ApiKey, idempotency_key: str | None
    ) -> SurveyResponse:
        """Take an answer that was given elsewhere.

        It goes on the queue under the condition that nothing is stored under its id, and is then recorded at once, so
        that the caller finds it. When the queue has it, it is accepted: if the direct way fails, nps_calc records it.

        Raises:
            InvalidRequestError: a field is wrong.
            NotFoundError: there is no such survey, or it is closed.
            ConflictError: another answer has this id, or one that was erased had.
            TemporaryError: it may not have been kept.
        """
        published = self._published(_named_survey(given.survey, caller))
        if published.archived:
            raise NotFoundError("This survey is closed; publish it again to open it.")
        survey = published.survey
        answers = judged(survey, given.score, given.answers, given.comment, rating_field="score")
        now = self._clock.now()
        answered_at = _answered_at(given.created_at, now)
        properties = given.person_properties or {}
        response = Response(
            response_id=given.response_id or self._response_id(caller, idempotency_key),
            revision=1,
            survey_id=survey.survey_id,
            survey_version=survey.version,
            ratings=answers.ratings,
            texts=answers.texts,
            comment=answers.comment,
            person_id=self._person_id(given, now),
            subject=given.subject,
            properties=properties,
            breakdowns=survey.breakdown_values(properties),
            source=Source.API,
            verified=True,
            test=given.test,
            answered_at=answered_at,
            accepted_at=now,
            day=survey.local_day(answered_at),
        )
        submitted = ResponseSubmitted(response=response, expected_revision=0)
        self._queue.send(submitted, group=survey.survey_id)
        stored = self._recorded(submitted, is_dated=given.created_at is not None)
        return SurveyResponse.of(stored, survey)

    def response(self, response_id: str) -> SurveyResponse:
        """A stored answer.

        Raises:
            NotFoundError: there is none, or it was erased.
        """
        try:
            canonical = str(UUID(response_id))
        except ValueError:
            canonical = None
        stored = self._responses.get(canonical) if canonical else None
        if stored is None:
            raise NotFoundError("There is no such response.")
        published = self._surveys.current(stored.survey_id)
        return SurveyResponse.of(stored, published.survey if published else None)

    def delivery(self, delivery_id: str) -> DeliveryTold:
        """A parcel.

        Raises:
            NotFoundError: nobody told us of it.
        """
        delivery = self._deliveries.get(delivery_id) if IDENTIFIER.fullmatch(delivery_id) else None
        if delivery is None:
            raise NotFoundError("There is no such delivery.")
        return DeliveryTold.of(delivery)

    def message(self, message_id: str) -> MessageTold:
        """A message.

        Raises:
            NotFoundError: nobody wished for it (yet).
        """
        message = self._messages.get(message_id) if IDENTIFIER.fullmatch(message_id) else None
        if message is None:
            raise NotFoundError("There is no such message.")
        return MessageTold.of(message)

    def _person_id(self, given: CreateSurveyResponse, now: datetime) -> str | None:
        if given.person is None:
            return None
        if not isinstance(given.person, str):
            return self._people.resolve(given.person.recipient, now).person_id
        if self._people.get(given.person) is None:
            raise InvalidRequestError("person is not known.", {"person": ["is no id of a person we know"]})
        return given.person

    def _response_id(self, caller: ApiKey, idempotency_key: str | None) -> str:
        """The id of an answer that came without: from the Idempotency-Key, which is the caller's own, or at random."""
        if not idempotency_key:
            return str(UUID(self._ids.new()))
        try:
            return str(UUID(idempotency_key))
        except ValueError:
            return str(uuid5(IDEMPOTENCY_NAMESPACE, f"{caller.name}\x1f{idempotency_key}"))

    def _recorded(self, submitted: ResponseSubmitted, *, is_dated: bool) -> Response:
        """What is stored after recording; the answer itself if the store is away, for the queue has it."""
        response = submitted.response
        stored, outcome = self._responses.record([submitted])[response.response_id]
        if outcome is Outcome.INVALID:
            raise InvalidRequestError("The store does not take this response.")
        if outcome is Outcome.ERASED:
            raise ConflictError("The response of this id was erased, and stays so.")
        if stored is None or outcome in {Outcome.RECORDED, Outcome.POSTPONED}:
            return response
        if not _same_answer(stored, response, is_dated=is_dated):
            raise ConflictError("Another response is stored under this id.")
        return stored


def _named_survey(named: str | None, caller: ApiKey) -> str:
    survey_id = named if named is not None else caller.survey_id
    if survey_id is None:
        raise InvalidRequestError(
            "survey is missing, and this key was made for no survey.", {"survey": ["is required with this key"]}
        )
    return survey_id


def _answered_at(created_at: int | None, now: datetime) -> datetime:
    if created_at is None:
        return now
    if created_at > (now + CLOCK_SKEW).timestamp():
        raise InvalidRequestError(
            "created_at lies in the future.", {"created_at": ["must be Unix seconds, and not lie in the future"]}
        )
    return min(datetime.fromtimestamp(created_at, UTC), now)


def _same_answer(stored: Response, sent: Response, *, is_dated: bool) -> bool:
    """Whether a repetition says what is stored. What we stamped, and not the sender, may differ."""
    ours = {"accepted_at", "survey_version", "breakdowns"} | (set() if is_dated else {"answered_at", "day"})
    return stored.model_dump(exclude=ours) == sent.model_dump(exclude=ours)
