"""Decides whether an answer may come in, and puts it on the queue. It writes nothing else, so a spike loses nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple, Protocol

from functions.survey_ingest.bodies import Proof, SubmitResponse
from shared.clock import Clock
from shared.domain.api_keys import KeyKind, origin_allowed
from shared.domain.limits import DoorLimits
from shared.domain.published import PublishedSurvey
from shared.domain.response_submitted import ResponseSubmitted
from shared.domain.responses import Response, Source, Subject
from shared.domain.submissions import judged
from shared.domain.surveys import SURVEY_ID, Survey
from shared.errors import ExpiredLinkError, ForbiddenError, InvalidRequestError, NotFoundError, UnauthorizedError

if TYPE_CHECKING:
    # Type only: the door starts without what signed links need until the first one comes.
    from shared.domain.links import SurveyLink


WORTH_TAKING = timedelta(days=7)
"""An outbox that was offline for longer brings answers to days that were looked at long ago."""
CLOCKS_DIFFER = timedelta(minutes=5)
"""A device's clock may be fast by so much; what it says of the future is then taken as now."""


class Surveys(Protocol):
    """Where published surveys are read."""

    def current(self, survey_id: str) -> PublishedSurvey | None:
        """A survey's current version with its live publishable keys."""
        ...


class Links(Protocol):
    """Who knows a signed link."""

    def verify(self, token: str) -> SurveyLink:
        """The link of a token; UnauthorizedError if it is none of ours, or has expired."""
        ...

    def check_press(self, nonce: str, response_id: str, pressed_after_ms: int) -> None:
        """Let a press on a page of ours through; ForbiddenError if it is none."""
        ...


class Previews(Protocol):
    """Who knows the drafts that staff look at."""

    def find(self, survey_id: str, token: str) -> Survey | None:
        """The draft that a token shows; None if it is no preview's."""
        ...


class Responses(Protocol):
    """The responses queue."""

    def send(self, message: ResponseSubmitted, group: str) -> None:
        """Keep a message; TemporaryError if it is not certain that it was kept."""
        ...


class Opened(NamedTuple):
    """A survey, opened by a key or by a link; or its draft, by a preview: whatever is answered there is a test.

    Args:
        survey: What is asked.
        link: The link.
        is_preview: Whether staff look at a draft.
        suspicious: Whether it comes in a flood.
    """

    survey: Survey
    link: SurveyLink | None
    is_preview: bool = False
    suspicious: bool = False


class SurveyIngest:
    """Takes answers.

    Args:
        surveys: Published surveys, cached.
        links: Gives the verifier of signed links; asked only when a link comes.
        responses: The queue.
        clock: When an answer was accepted.
        previews: Gives who knows drafts; asked only when a token comes that is no link's. None knows none.
        limits: How fast answers may come; None takes them as they come.
    """

    def __init__(
        self,
        surveys: Surveys,
        links: Callable[[], Links],
        responses: Responses,
        clock: Clock,
        previews: Callable[[], Previews] | None = None,
        limits: DoorLimits | None = None,
    ) -> None:
        self._surveys = surveys
        self._limits = limits or DoorLimits()
        self._links = links
        self._responses = responses
        self._clock = clock
        self._previews = previews

    def open(
        self,
        survey_id: str,
        *,
        key: str | None,
        token: str | None,
        origin: str | None,
        address: str,
        is_view: bool = False,
    ) -> Opened:
        """Check a request's credential; before that, and before anything is asked of AWS, that it comes not too fast.

        Args:
            survey_id: As in the path.
            key: The API key, if there is one.
            token: The token of a signed link, if there is one; it is its own authority, from whatever page it comes.
            origin: The page the request comes from, as its browser says.
            address: Where the request comes from, as the gateway says. It is neither stored nor logged.
            is_view: Whether it tells of a view: these are slowed by themselves, and take no answer's turn.

        Raises:
            TooManyRequestsError: too much comes from there, or to the survey.
            UnauthorizedError: no key or link, or none that is good for anything.
            NotFoundError: there is no such survey.
            ForbiddenError: a link to another survey, or a page the key is not for.
        """
        now, apart = self._clock.now(), "#views" if is_view else ""
        if token is not None:
            self._limits.admit_link(f"{token}{apart}", now)
            return self._opened_by(token, survey_id)
        suspicious = self._limits.admit_address(f"{survey_id}{apart}", address, now)
        if key is None or not key.startswith(KeyKind.PUBLISHABLE.prefix):
            raise UnauthorizedError("Send the survey's publishable key (pk_…), as Bearer or as ?key=.")
        published = self._published(survey_id)
        published.admit(key, origin)
        if published.is_hot(now):
            self._limits.admit_to_hot(f"{survey_id}{apart}", now, is_suspicious=suspicious)
            suspicious = True
        return Opened(published.survey, None, suspicious=suspicious)

    def _opened_by(self, token: str, survey_id: str) -> Opened:
        try:
            link = self._links().verify(token)
        except ExpiredLinkError:
            raise
        except UnauthorizedError:
            draft = self._previews().find(survey_id, token) if self._previews else None
            if draft is None:
                raise
            return Opened(draft, None, is_preview=True)
        if link.survey_id != survey_id:
            raise ForbiddenError("This link is for another survey.")
        return Opened(self._published(survey_id).survey, link)

    def accept(self, opened: Opened, submitted: SubmitResponse) -> Response:
        """Judge an answer by its survey and keep it.

        Raises:
            ForbiddenError: the link needs the proof of a press, and there is none.
            InvalidRequestError: a field is wrong.
            TemporaryError: it may not have been kept.
        """
        survey, link, is_preview, suspicious = opened
        if link is not None and link.rated:
            self._check_press(link, submitted.proof)
        # What a link says of its occasion is ours: a page can not say otherwise.
        properties = {**submitted.properties, **(link.breakdowns if link else {})}
        answers = judged(survey, submitted.rating, submitted.answers, submitted.comment)
        now = self._clock.now()
        answered_at = _answered_at(submitted.answered_at, now)
        response = Response(
            response_id=_response_id(submitted, link),
            revision=submitted.revision,
            survey_id=survey.survey_id,
            survey_version=survey.version,
            ratings=answers.ratings,
            texts=answers.texts,
            comment=answers.comment,
            person_id=link.person_id if link else None,
            claimed_person=submitted.person,
            subject=_subject(submitted, link),
            properties=properties,
            breakdowns=survey.breakdown_values(properties, verified=link is not None),
            source=Source(link.channel.value if link else submitted.source),
            verified=link is not None,
            test=submitted.test or is_preview,
            suspicious=suspicious,
            locale=submitted.locale,
            answered_at=answered_at,
            accepted_at=now,
            day=survey.local_day(answered_at),
        )
        self._responses.send(ResponseSubmitted(response=response), group=survey.survey_id)
        return response

    def preflight(self, survey_id: str, origin: str | None) -> None:
        """Answer a browser that asks before it posts. It sends no key then, so any key's page may go on.

        An unknown survey is let through, so that the page can read the refusal of what it posts.

        Raises:
            ForbiddenError: no key of the survey is for that page.
        """
        published = self._surveys.current(survey_id) if SURVEY_ID.fullmatch(survey_id) else None
        if published is not None and not any(origin_allowed(origin, key.origins) for key in published.keys):
            raise ForbiddenError(f"No key of this survey is for pages of {origin}.")

    def _check_press(self, link: SurveyLink, proof: Proof | None) -> None:
        if proof is None:
            raise ForbiddenError("This link takes an answer from its own page only, with the proof of a press.")
        self._links().check_press(proof.nonce, link.response_id, proof.pressed_after_ms)

    def _published(self, survey_id: str) -> PublishedSurvey:
        published = self._surveys.current(survey_id) if SURVEY_ID.fullmatch(survey_id) else None
        if published is None or published.archived:
            raise NotFoundError("There is no such survey, or it is closed.")
        return published


def _answered_at(told: datetime | None, now: datetime) -> datetime:
    """When an answer was given: what the device says of the past week, else now.

    Raises:
        InvalidRequestError: the device's time is too old, or too far ahead of ours.
    """
    if told is None or now < told <= now + CLOCKS_DIFFER:
        return now
    if told > now:
        fault = f"lies ahead of our time by more than {CLOCKS_DIFFER.seconds // 60} minutes: is its clock right?"
    elif told < now - WORTH_TAKING:
        fault = f"is more than {WORTH_TAKING.days} days ago; older answers are not taken"
    else:
        return told.astimezone(UTC)
    raise InvalidRequestError(f"answered_at {fault}", {"answered_at": [fault]})


def _subject(submitted: SubmitResponse, link: SurveyLink | None) -> Subject | None:
    """What the answer is about: a link says so itself, or leaves it to nobody."""
    if link is None:
        return submitted.subject
    if link.subject_type is None or link.subject_id is None:
        return None
    return Subject(type=link.subject_type, id=link.subject_id)


def _response_id(submitted: SubmitResponse, link: SurveyLink | None) -> str:
    if link is not None and submitted.response_id not in {None, link.response_id}:
        raise InvalidRequestError(
            "response_id must be the link's own, or be left out.",
            {"response_id": [f"must be {link.response_id} with this link, or be left out"]},
        )
    response_id = link.response_id if link is not None else submitted.response_id
    if response_id is None:
        raise InvalidRequestError(
            "response_id is missing: make a UUID once per answer, and send it with every revision.",
            {"response_id": ["is required"]},
        )
    return response_id
