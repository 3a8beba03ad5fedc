"""Decides who reads the scores page, and gathers what stands on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import islice
from typing import Protocol

from functions.scores.report import Choice, Comment, Part, Report
from shared.clock import Clock
from shared.domain.api_keys import ApiKey, key_hash, require_secret
from shared.domain.funnel import ChannelFunnel, Passed, funnel, summed
from shared.domain.metrics.days import Interval, Span, interval_of
from shared.domain.metrics.figures import Journey
from shared.domain.metrics.journey import Counted, journey
from shared.domain.metrics.scoring import Asked, asked_for, metrics, question_of
from shared.domain.published import ListedSurvey, PublishedSurvey
from shared.domain.responses import Response
from shared.domain.scores import ScoreDocument, counts
from shared.domain.sessions import SESSION_LASTS, StaffSession
from shared.domain.steps import AskedBy, Step
from shared.domain.surveys import SURVEY_ID, Question, Survey
from shared.errors import NotFoundError, UnauthorizedError

COMMENTS = 8
"""Comments on the page: those of the latest answers."""
ANSWERS_LOOKED_THROUGH = 200
"""Answers in which comments are looked for, so that a survey without any costs no more than one that has them."""
DAYS_OF_BARS = 100
"""Up to so many days each has a bar of its own; more would be thinner than a pixel on a phone."""
VALUES = 20
"""Values of a breakdown on the page, those with the most answers; there may be 200."""
DOCUMENTS = 50_000
"""Score documents of a breakdown, one for each value and day, that may be read for one page: more take too long."""


class Surveys(Protocol):
    """Where surveys are read."""

    def current(self, survey_id: str) -> PublishedSurvey | None:
        """A survey's current version."""
        ...

    def list_surveys(self) -> Sequence[ListedSurvey]:
        """Every survey."""
        ...


class ApiKeys(Protocol):
    """Where keys are found."""

    def find(self, key_hash: str) -> ApiKey | None:
        """The key of this hash."""
        ...


class Scores(Protocol):
    """Where scores are read."""

    def read(self, survey_id: str, since: date, until: date, breakdown: str = "") -> Sequence[ScoreDocument]:
        """The documents of a span of days, both included: of the whole survey, or of each value of a breakdown."""
        ...

    def latest_day(self, survey_id: str) -> date | None:
        """The last day with a response."""
        ...


class FunnelDay(Protocol):
    """What was counted of a day, on one way of asking."""

    @property
    def channel(self) -> AskedBy:
        """The way."""
        ...

    @property
    def steps(self) -> Mapping[Step, int]:
        """How often each step was taken."""
        ...


class Steps(Protocol):
    """Where steps are counted."""

    def read(self, survey_id: str, since: date, until: date) -> Sequence[FunnelDay]:
        """What was counted of a survey's days, both included."""
        ...


class Page(Protocol):
    """A part of a list."""

    @property
    def responses(self) -> tuple[Response, ...]:
        """What is on it."""
        ...


class Answers(Protocol):
    """Where answers are listed."""

    def of_survey(self, survey_id: str, since: date, until: date, *, limit: int, newest_first: bool) -> Page:
        """A survey's answers in these local days."""
        ...


class Sessions(Protocol):
    """Signs and verifies sessions."""

    def sign(self, session: StaffSession) -> str:
        """The token of a session."""
        ...

    def verify(self, token: str) -> StaffSession:
        """The session of a token; UnauthorizedError if it has ended or is none."""
        ...


class ScoresPage:
    """The scores page.

    Args:
        surveys: Where surveys are read.
        api_keys: Where keys are found, as they are at this moment.
        scores: Where scores are read.
        answers: Where answers are listed.
        steps: Where steps are counted.
        sessions: Signs and verifies sessions.
        clock: When a session ends, and what today is.
    """

    def __init__(
        self,
        *,
        surveys: Surveys,
        api_keys: ApiKeys,
        scores: Scores,
        answers: Answers,
        steps: Steps,
        sessions: Sessions,
        clock: Clock,
    ) -> None:
        self._surveys = surveys
        self._api_keys = api_keys
        self._scores = scores
        self._answers = answers
        self._steps = steps
        self._sessions = sessions
        self._clock = clock

    def open(self, key: str) -> tuple[ApiKey, str]:
        """Open a session with a secret key; whose key it is, and the token of the session.

        Keys are compared by their hash, in the store: how long that takes tells nothing of how much of a key is right.

        Raises:
            UnauthorizedError: no such key, or it is revoked.
            ForbiddenError: a publishable key.
            TemporaryError: keys can not be read now.
        """
        found = require_secret(self._api_keys.find(key_hash(key)))
        expires_at = int((self._clock.now() + SESSION_LASTS).timestamp())
        return found, self._sessions.sign(StaffSession(key_hash=found.key_hash, expires_at=expires_at))

    def reader(self, token: str | None) -> ApiKey:
        """Whose session it is.

        Raises:
            UnauthorizedError: there is none, it has ended, or its key is revoked.
            TemporaryError: keys can not be read now.
        """
        if token is None:
            raise UnauthorizedError("There is no session.")
        return require_secret(self._api_keys.find(self._sessions.verify(token).key_hash))

    def report(self, query: Mapping[str, str], reader: ApiKey) -> Report | None:
        """What stands on the page; None while no survey is published.

        Args:
            query: `survey`, `question`, `since`, `until` and `interval`; what is left out or blank is chosen here.
                `of` names the survey that the question was chosen for: another survey has other questions.
            reader: Whose key says which survey is meant if none is named.

        Raises:
            InvalidRequestError: one of them is wrong.
            NotFoundError: there is no such survey.
            TemporaryError: the store did not answer.
        """
        listed = self._surveys.list_surveys()
        if not listed:
            return None
        given = {name: value for name, value in query.items() if value}
        survey = self._survey(given.get("survey") or reader.survey_id or listed[0].survey_id)
        if given.get("of", survey.survey_id) != survey.survey_id:
            given.pop("question", None)
        question = question_of(survey, given.get("question"))
        asked = self._asked(survey, question, given)
        documents = self._scores.read(survey.survey_id, asked.since, asked.days.until)
        interval = asked.interval or Interval.DAY
        steps = interval if _is_long(asked.days) else Interval.DAY
        return Report(
            survey=survey,
            choice=Choice(listed, question, asked.days, interval, given.get("interval", "")),
            figures=metrics(survey, asked, documents),
            answers=metrics(survey, asked._replace(interval=steps, compare=False), documents).buckets,
            answers_by=steps,
            parts=tuple(self._parts(survey, asked, documents)),
            journey=self._journey(listed, question, asked.days),
            comments=self._comments(survey, question, asked.days),
            asked=self._funnel(survey, asked.days) if survey.funnel else (),
        )

    def _survey(self, survey_id: str) -> Survey:
        published = self._surveys.current(survey_id) if SURVEY_ID.fullmatch(survey_id) else None
        if published is None:
            raise NotFoundError("There is no such survey.")
        return published.survey

    def _asked(self, survey: Survey, question: Question, given: Mapping[str, str]) -> Asked:
        wanted = {name: given[name] for name in ("since", "until") if name in given} | {"question": question.id}
        if question.scale.has_score:
            wanted["compare"] = "previous"
        asked = asked_for(survey, wanted, lambda: self._latest_day(survey))
        return asked._replace(interval=interval_of(given.get("interval") or _fitting(asked.days), asked.days))

    def _latest_day(self, survey: Survey) -> date:
        return self._scores.latest_day(survey.survey_id) or survey.local_day(self._clock.now())

    def _parts(self, survey: Survey, asked: Asked, documents: Sequence[ScoreDocument]) -> Iterator[Part]:
        for breakdown in survey.breakdowns:
            most_days = DOCUMENTS // (len(breakdown.values) + 1)  # one for `other`
            if asked.days.length > most_days:
                yield Part(breakdown.name, (), 0, most_days)
                continue
            by = asked._replace(by=breakdown.name, interval=None, compare=False)
            documents_by = self._scores.read(survey.survey_id, asked.days.since, asked.days.until, breakdown.name)
            rows = [row for row in metrics(survey, by, documents, documents_by).rows if row.response_count]
            shown = sorted(rows, key=lambda row: -row.response_count)[:VALUES]
            yield Part(breakdown.name, tuple(shown), len(rows) - len(shown))

    def _journey(self, listed: Sequence[ListedSurvey], question: Question, days: Span) -> Journey | None:
        if not question.scale.has_score:
            return None
        found = [
            Counted(survey, counts(self._scores.read(survey.survey_id, days.since, days.until), asked))
            for survey in listed
            if not survey.archived and (asked := survey.first_question_on(question.scale))
        ]
        return journey(question.scale, days, found)

    def _funnel(self, survey: Survey, days: Span) -> tuple[ChannelFunnel, ...]:
        counted = self._steps.read(survey.survey_id, days.since, days.until)
        passed = Passed(ListedSurvey.of(survey), summed((each.channel, each.steps) for each in counted))
        return funnel(days, [passed]).touchpoints[0].channels

    def _comments(self, survey: Survey, question: Question, days: Span) -> tuple[Comment, ...]:
        latest = self._answers.of_survey(
            survey.survey_id, days.since, days.until, limit=ANSWERS_LOOKED_THROUGH, newest_first=True
        ).responses
        found = (
            Comment(answer.day, answer.ratings.get(question.id), text)
            for answer in latest
            if not answer.test and (text := _words_of(answer))
        )
        return tuple(islice(found, COMMENTS))


def _words_of(answer: Response) -> str:
    """What was written: the comment, and the answers to questions that are answered with text."""
    return "\n".join(text for text in (*answer.texts.values(), answer.comment) if text and text.strip())


def _is_long(days: Span) -> bool:
    return days.length > DAYS_OF_BARS


def _fitting(days: Span) -> Interval:
    """The interval at which few enough points remain that each has answers to be sure of."""
    if days.length <= 14:
        return Interval.DAY
    return Interval.WEEK if days.length <= 26 * 7 else Interval.MONTH
