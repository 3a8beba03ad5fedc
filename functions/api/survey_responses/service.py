"""Takes the answers that were given elsewhere, and tells them; it reads its own writes."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

from functions.api.named import named_survey, published
from functions.api.needs import AuditTrail, People, PeopleLists, Responses, ResponsesQueue, SurveyVersions
from functions.api.survey_responses.bodies import AuditEntry, CreateSurveyResponse, SurveyResponse
from functions.api.survey_responses.editing import PutSurveyResponse, edit_of
from functions.api.survey_responses.listing import known_expand
from shared.clock import Clock, Ids
from shared.domain.api_keys import ApiKey
from shared.domain.edits import edited
from shared.domain.queued import ResponseSubmitted
from shared.domain.recording import Outcome
from shared.domain.responses import Response, Source
from shared.domain.submissions import judged
from shared.domain.surveys import Survey
from shared.errors import ConflictError, InvalidRequestError, NotFoundError

IDEMPOTENCY_NAMESPACE = UUID("5f0c2f0e-6c39-4d0b-9d0e-2f6f4f4c7a11")
"""Under which an Idempotency-Key that is no UUID becomes one."""
CLOCK_SKEW = timedelta(minutes=5)
"""How far a sender's clock may be ahead of ours."""


class SurveyResponses:
    """The answers of secret keys.

    Args:
        surveys: Published surveys and their versions, cached.
        responses: Stored responses.
        audit_trail: Who changed them.
        queue: The responses queue.
        people: Known people.
        lists: The same, with the moment since when they are known.
        clock: When an answer was accepted.
        ids: Ids for answers that come without.
    """

    def __init__(
        self,
        *,
        surveys: SurveyVersions,
        responses: Responses,
        audit_trail: AuditTrail,
        queue: ResponsesQueue,
        people: People,
        lists: PeopleLists,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._surveys = surveys
        self._responses = responses
        self._audit_trail = audit_trail
        self._queue = queue
        self._people = people
        self._lists = lists
        self._clock = clock
        self._ids = ids

    def create(self, given: CreateSurveyResponse, caller: ApiKey, idempotency_key: str | None) -> SurveyResponse:
        """Take an answer that was given elsewhere.

        It goes on the queue under the condition that nothing is stored under its id, and is then recorded at once, so
        that the caller finds it. When the queue has it, it is accepted: if the direct way fails, nps_calc records it.

        Raises:
            InvalidRequestError: a field is wrong.
            NotFoundError: there is no such survey, or it is closed.
            ConflictError: another answer has this id, or one that was erased had; or it was edited since, so that the
                repetition no longer says what is stored; or its person was erased since it was given.
            TemporaryError: it may not have been kept.
        """
        found = published(self._surveys, named_survey(given.survey, caller))
        if found.archived:
            raise NotFoundError("This survey is closed; publish it again to open it.")
        survey = found.survey
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
            person_id=self._person_id(given, answered_at),
            subject=given.subject,
            properties=properties,
            breakdowns=survey.breakdown_values(properties, verified=True),
            source=Source.IMPORT if given.imported else Source.API,
            verified=True,
            test=given.test,
            answered_at=answered_at,
            accepted_at=now,
            day=survey.local_day(answered_at),
        )
        submitted = ResponseSubmitted(response=response, expected_revision=0)
        self._queue.send(submitted, group=survey.survey_id)
        stored = self._recorded(
            submitted,
            "Another response is stored under this id, or it was edited since.",
            is_dated=given.created_at is not None,
        )
        return SurveyResponse.of(stored, self._asked(stored))

    def response(self, response_id: str, expand: Collection[str] = ()) -> SurveyResponse:
        """A stored answer.

        Args:
            response_id: Which.
            expand: What is to be told in full: `person`.

        Raises:
            InvalidRequestError: something else is to be told in full.
            NotFoundError: there is none, or it was erased.
        """
        known_expand(expand)
        stored = self._stored(response_id)
        person = self._lists.one(stored.person_id) if "person" in expand and stored.person_id else None
        return SurveyResponse.of(stored, self._asked(stored), person)

    def update(self, response_id: str, given: PutSurveyResponse, caller: ApiKey) -> SurveyResponse:
        """Change an answer, unless somebody else changes it in between; a change to what it is already is none.

        Like a new one, it goes on the queue under its condition, and is then recorded at once.

        Raises:
            InvalidRequestError: a field is wrong.
            NotFoundError: there is no such answer, or it was erased.
            ConflictError: somebody else changed it in between.
            TemporaryError: it may not have been kept.
        """
        stored = self._stored(response_id)
        survey = published(self._surveys, stored.survey_id).survey
        asked = self._asked(stored) or survey
        edit = edit_of(stored, given, asked)
        if edit.person_id is not None and edit.person_id != stored.person_id:
            self._require_known(edit.person_id)
        response = edited(stored, edit, survey, self._clock.now())
        if response != stored:
            submitted = ResponseSubmitted(response=response, expected_revision=stored.revision, actor=caller.name)
            self._queue.send(submitted, group=stored.survey_id)
            response = self._recorded(submitted, "Somebody else changed this response; read it again.")
        return SurveyResponse.of(response, asked)

    def erase(self, response_id: str) -> str:
        """Erase an answer: it counts no more, and nothing of it is kept but that it was; its id.

        One that is not stored, such as one that still waits in the queue, never will be.

        Raises:
            NotFoundError: this can be no answer's id.
            TemporaryError: it may be erased or not; the same again, later, is right.
        """
        canonical = _canonical(response_id)
        self._responses.erase(canonical, self._clock.now())
        return canonical

    def audit(self, response_id: str) -> list[AuditEntry]:
        """Who changed the score of an answer, when, from what to what, the first change first.

        Raises:
            NotFoundError: there is no such answer, or it was erased.
        """
        return [AuditEntry.of(change) for change in self._audit_trail.of(self._stored(response_id).response_id)]

    def _stored(self, response_id: str) -> Response:
        stored = self._responses.get(_canonical(response_id))
        if stored is None:
            raise NotFoundError("There is no such response.")
        return stored

    def _asked(self, response: Response) -> Survey | None:
        """The version of its survey that a response answers: another one may have another first question."""
        return self._surveys.version(response.survey_id, response.survey_version)

    def _person_id(self, given: CreateSurveyResponse, told_at: datetime) -> str | None:
        """Whose answer it is; an answer of last year tells what was known of its person then."""
        if given.person is None:
            return None
        if not isinstance(given.person, str):
            return self._people.resolve(given.person.recipient, told_at).person_id
        self._require_known(given.person)
        return given.person

    def _require_known(self, person_id: str) -> None:
        if self._people.get(person_id) is None:
            raise InvalidRequestError("person is not known.", {"person": ["is no id of a person we know"]})

    def _response_id(self, caller: ApiKey, idempotency_key: str | None) -> str:
        """The id of an answer that came without: from the Idempotency-Key, which is the caller's own, or at random."""
        if not idempotency_key:
            return str(UUID(self._ids.new()))
        try:
            return str(UUID(idempotency_key))
        except ValueError:
            return str(uuid5(IDEMPOTENCY_NAMESPACE, f"{caller.name}\x1f{idempotency_key}"))

    def _recorded(self, submitted: ResponseSubmitted, conflict: str, *, is_dated: bool = True) -> Response:
        """What is stored after recording; the answer itself if the store is away, for the queue has it."""
        response = submitted.response
        recorded = self._responses.record([submitted])[response.response_id]
        stored, outcome = recorded.stored, recorded.outcome
        if outcome is Outcome.INVALID:
            raise InvalidRequestError(
                "The store does not take this response.",
                {"response_id": ["names a response that the store refuses, now and when it is sent again"]},
            )
        if outcome is Outcome.ERASED:
            raise ConflictError("The response of this id was erased, and stays so.")
        if stored is None or outcome in {Outcome.RECORDED, Outcome.POSTPONED}:
            return response
        if not _same_answer(stored, response, is_dated=is_dated):
            raise ConflictError(conflict)
        return stored


def _canonical(response_id: str) -> str:
    try:
        return str(UUID(response_id))
    except ValueError:
        raise NotFoundError("There is no such response.") from None


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
