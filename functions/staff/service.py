"""Decides who may write surveys, keeps their drafts, and publishes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from shared.clock import Clock
from shared.domain.api_keys import ApiKey, require_secret
from shared.domain.drafts import Draft, ListedDraft
from shared.domain.published import ListedSurvey, PublishedSurvey, Standing
from shared.domain.sessions import StaffSession
from shared.domain.surveys import SURVEY_ID, Survey, SurveyDefinition
from shared.errors import ConflictError, InvalidRequestError, NotFoundError, PreconditionFailedError, UnauthorizedError

TAKEN_NAME = "new"
"""No survey can have this id here: it is the address of the form for a new one."""


class Surveys(Protocol):
    """Where surveys are kept."""

    def current(self, survey_id: str) -> PublishedSurvey | None:
        """A survey's current version."""
        ...

    def list_surveys(self) -> Sequence[ListedSurvey]:
        """Every survey."""
        ...

    def publish(self, survey: Survey, is_agreed: Callable[[Standing | None], bool]) -> Survey:
        """Make this the next version, if the publisher agrees with what stands."""
        ...


class Drafts(Protocol):
    """Where drafts are kept."""

    def get(self, survey_id: str) -> Draft | None:
        """The draft of a survey."""
        ...

    def save(self, draft: Draft, over: int) -> None:
        """Keep a draft over the one that was seen."""
        ...

    def discard(self, survey_id: str, revision: int) -> None:
        """Forget a draft."""
        ...

    def list_drafts(self) -> Sequence[ListedDraft]:
        """Every draft."""
        ...


class ApiKeys(Protocol):
    """Where keys are found."""

    def find(self, key_hash: str) -> ApiKey | None:
        """The key of this hash."""
        ...


class Sessions(Protocol):
    """Knows sessions."""

    def verify(self, token: str) -> StaffSession:
        """The session of a token; UnauthorizedError if it has ended or is none."""
        ...


class Previews(Protocol):
    """Makes the right to see a draft."""

    def sign(self, survey_id: str) -> str:
        """The token of a preview that begins now."""
        ...


class Listed(NamedTuple):
    """A survey in the list: published, being written, or both."""

    survey_id: str
    name: str
    touchpoint: str
    is_published: bool
    is_closed: bool
    has_draft: bool


class Opened(NamedTuple):
    """A survey as staff see it.

    Args:
        survey_id: The survey.
        published: What stands; None if it was never published.
        draft: What is being written; None if nothing is.
    """

    survey_id: str
    published: PublishedSurvey | None
    draft: Draft | None

    @property
    def version(self) -> int:
        """The version that stands; 0 if there is none."""
        return self.published.survey.version if self.published else 0

    @property
    def definition(self) -> SurveyDefinition | None:
        """What the form begins with: the draft, else what stands."""
        return self.draft.definition if self.draft else self.published.survey if self.published else None


class Seen(NamedTuple):
    """What somebody saw when they began to write: the version that stood, and the draft; 0 where there was none."""

    version: int
    draft: int


class StaffPage:
    """The staff page.

    Args:
        surveys: Where surveys are kept.
        drafts: Where drafts are kept.
        api_keys: Where keys are found, as they are at this moment.
        sessions: Knows sessions.
        previews: Makes the right to see a draft.
        clock: When a draft was saved.
    """

    def __init__(
        self,
        *,
        surveys: Surveys,
        drafts: Drafts,
        api_keys: ApiKeys,
        sessions: Sessions,
        previews: Previews,
        clock: Clock,
    ) -> None:
        self._surveys = surveys
        self._drafts = drafts
        self._api_keys = api_keys
        self._sessions = sessions
        self._previews = previews
        self._clock = clock

    def writer(self, token: str | None) -> ApiKey:
        """Whose session it is.

        Raises:
            UnauthorizedError: there is none, it has ended, or its key is revoked.
            TemporaryError: keys can not be read now.
        """
        if token is None:
            raise UnauthorizedError("There is no session.")
        return require_secret(self._api_keys.find(self._sessions.verify(token).key_hash))

    def listed(self) -> list[Listed]:
        """Every survey, those that are only being written too, by id.

        Raises:
            TemporaryError: the store did not answer.
        """
        drafts = {draft.survey_id: draft for draft in self._drafts.list_drafts()}
        published = {survey.survey_id: survey for survey in self._surveys.list_surveys()}
        found = []
        for survey_id in sorted(drafts.keys() | published.keys()):
            survey, draft = published.get(survey_id), drafts.get(survey_id)
            name = draft.name if draft else (survey.name if survey else None) or survey_id
            touchpoint = survey.touchpoint if survey else ""
            is_closed = survey is not None and survey.archived
            found.append(Listed(survey_id, name, touchpoint, survey is not None, is_closed, draft is not None))
        return found

    def opened(self, survey_id: str) -> Opened:
        """A survey and its draft.

        Raises:
            NotFoundError: there is neither.
            TemporaryError: the store did not answer.
        """
        if SURVEY_ID.fullmatch(survey_id):
            opened = Opened(survey_id, self._surveys.current(survey_id), self._drafts.get(survey_id))
            if opened.definition is not None:
                return opened
        raise NotFoundError("There is no such survey.")

    def is_published(self, survey_id: str) -> bool:
        """Whether the survey has a version.

        Raises:
            TemporaryError: the store did not answer.
        """
        return self._surveys.current(survey_id) is not None

    def begin(self, survey_id: str, definition: SurveyDefinition, writer: ApiKey) -> Draft:
        """Keep the first draft of a new survey.

        Raises:
            InvalidRequestError: this can be no survey's id.
            ConflictError: there is such a survey.
            TemporaryError: it may not have been kept.
        """
        if not SURVEY_ID.fullmatch(survey_id) or survey_id == TAKEN_NAME:
            raise InvalidRequestError("This can be no survey's id.", {"survey_id": ["is no id"]})
        if self._surveys.current(survey_id) is not None:
            raise ConflictError("There is such a survey.", {"survey_id": ["is taken"]})
        return self.save(survey_id, definition, Seen(0, 0), writer)

    def save(self, survey_id: str, definition: SurveyDefinition, seen: Seen, writer: ApiKey) -> Draft:
        """Keep a draft.

        Raises:
            ConflictError: somebody else saved or discarded it meanwhile.
            TemporaryError: it may not have been kept.
        """
        now = self._clock.now()
        draft = Draft(
            survey_id=survey_id,
            definition=SurveyDefinition.model_validate(definition.model_dump()),
            based_on=seen.version,
            revision=max(seen.draft + 1, int(now.timestamp() * 1000)),
            saved_by=writer.name,
            saved_at=now,
        )
        self._drafts.save(draft, seen.draft)
        return draft

    def publish(self, survey_id: str, definition: SurveyDefinition, seen: Seen) -> Survey:
        """Make a definition the survey's next version, over the one that was seen; its draft is done with.

        Raises:
            PreconditionFailedError: somebody else published meanwhile.
            ConflictError: a question would change its scale.
            TemporaryError: it may not have been published.
        """
        survey = Survey(survey_id=survey_id, **dict(definition))
        published = self._surveys.publish(
            survey, lambda standing: (standing.version if standing else 0) == seen.version
        )
        self._forget(survey_id, seen.draft)
        return published

    def discard(self, survey_id: str, seen: Seen) -> None:
        """Forget a draft.

        Raises:
            ConflictError: somebody else saved it meanwhile.
            TemporaryError: it may not have been forgotten.
        """
        self._drafts.discard(survey_id, seen.draft)

    def preview(self, survey_id: str) -> str:
        """The token with which the draft is shown for a while.

        Raises:
            TemporaryError: the keys can not be read now.
        """
        return self._previews.sign(survey_id)

    def _forget(self, survey_id: str, revision: int) -> None:
        """What somebody else saved since stays a draft: it is theirs to publish or to discard."""
        try:
            self._drafts.discard(survey_id, revision)
        except ConflictError:
            return


def is_overtaken(error: ConflictError | PreconditionFailedError) -> bool:
    """Whether somebody else was quicker, rather than that something can not be."""
    return not error.errors
