"""Counts answers, and decides which messages and events follow from them.

What follows is computed from what is stored, each time a message comes, repetitions included: a crash after the commit
loses no alert and no event. The id of each is made of what it is about, so its consumer keeps the first.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from shared.clock import Clock
from shared.domain.bursts import RENEWED_EVERY, BurstWatch
from shared.domain.events import DomainEvent, ResponseRecorded, ScoreMoved, chain, step
from shared.domain.messages import MessageKind, Notification, message_id
from shared.domain.published import PublishedSurvey
from shared.domain.queued import ResponseSubmitted, SendNotification
from shared.domain.recording import Outcome, Recorded, ScoreChange
from shared.domain.responses import Response, Source
from shared.domain.steps import AskedBy, StepsTold, answer_told, is_still_told
from shared.domain.surveys import Survey
from shared.errors import TemporaryError, UnpublishedError

NEWS_FOR = timedelta(hours=48)
"""How long after an answer it is still worth telling somebody of it."""
RECORDED_AT_ONCE = {Source.API, Source.IMPORT}
"""Sources whose answers the API records itself, beside putting them on the queue: here they are known already."""

FOLLOWED_UP = {Outcome.RECORDED, Outcome.KNOWN, Outcome.OUTDATED}
"""Outcomes after which a response is stored, though the worker that stored it may have died before it told anybody."""


class Responses(Protocol):
    """Where responses and scores are kept."""

    def record(self, submitted: Sequence[ResponseSubmitted], read_first: Collection[str]) -> Mapping[str, Recorded]:
        """Store and count each response once; what became of each, by its id."""
        ...


class Surveys(Protocol):
    """Where surveys are kept."""

    def current(self, survey_id: str) -> PublishedSurvey | None:
        """The current version of a survey; None if there is none."""
        ...


class Heat(Protocol):
    """Where a survey is marked as hot."""

    def mark_hot(self, survey_id: str, until: datetime, sooner: timedelta) -> bool:
        """Have a survey's public keys slowed, unless they are for about as long; whether that was done now."""
        ...


class Notifications(Protocol):
    """Where messages are wished for."""

    def send(self, message: SendNotification, group: str, delay: timedelta) -> None:
        """Put a wish on the queue, to be seen after a delay."""
        ...


class FunnelQueue(Protocol):
    """The funnel queue."""

    def send(self, message: StepsTold, group: str) -> None:
        """Keep a message; TemporaryError if it is not certain that it was kept."""
        ...


class Trail(Protocol):
    """Where the changes of recorded answers are kept."""

    def of(self, response_id: str) -> Sequence[ScoreChange]:
        """What changed of a response after its first commit, in order; TemporaryError if it can not be read now."""
        ...


class Bus(Protocol):
    """Where events are told."""

    def publish(self, *events: DomainEvent) -> None:
        """Put events on the bus; UnpublishedError names those that it did not take."""
        ...


class NpsCalc:
    """Takes accepted answers off the queue.

    Args:
        responses: Where responses and scores are kept.
        surveys: Where surveys are kept.
        trail: Where the changes of recorded answers are kept.
        notifications: Where messages are wished for.
        bus: Where events are told.
        funnel: The funnel queue.
        heat: Where a survey is marked as hot.
        bursts: Sees that one is.
        clock: Tells whether an answer is still news.
        grace: How long an alert waits for a comment or a better answer.
    """

    def __init__(
        self,
        *,
        responses: Responses,
        surveys: Surveys,
        trail: Trail,
        notifications: Notifications,
        bus: Bus,
        funnel: FunnelQueue,
        heat: Heat,
        bursts: BurstWatch,
        clock: Clock,
        grace: timedelta,
    ) -> None:
        self._responses = responses
        self._surveys = surveys
        self._trail = trail
        self._notifications = notifications
        self._bus = bus
        self._funnel = funnel
        self._heat = heat
        self._bursts = bursts
        self._clock = clock
        self._grace = grace

    def record(
        self, submitted: Sequence[ResponseSubmitted], redelivered: Collection[str] = ()
    ) -> Mapping[str, Recorded]:
        """Store and count a batch.

        Args:
            submitted: The answers, repeated or not.
            redelivered: Ids of responses whose message came before.

        Returns:
            What became of each response, by its id.
        """
        at_once = {s.response.response_id for s in submitted if s.response.source in RECORDED_AT_ONCE}
        return self._responses.record(submitted, read_first=at_once.union(redelivered))

    def follow_up(self, recorded: Recorded) -> int:
        """Wish for the messages that follow from a response as it is stored, whoever stored it.

        Returns:
            How many messages were wished for.

        Raises:
            TemporaryError: a store or the queue did not answer; the same wishes are right again later.
        """
        response = recorded.stored
        if response is None or recorded.outcome not in FOLLOWED_UP:
            return 0
        now = self._clock.now()
        if not is_news(response, now):
            return 0
        published = self._surveys.current(response.survey_id)
        if published is None:
            return 0
        wishes = list(notifications(response, published.survey, now))
        for wish in wishes:
            self._notifications.send(
                SendNotification(notification=wish),
                group=response.survey_id,
                delay=self._grace if wish.kind.to_owner else timedelta(0),
            )
        return len(wishes)

    def events(self, recorded: Recorded, *, is_alone: bool) -> list[DomainEvent]:
        """What is to be told of a response as it is stored, whoever stored it.

        Usually that is known here: this run recorded it, or only a first revision stands. Otherwise another run may
        have died before it told, or the API recorded an edit before the message came; then every step is told again,
        each under its id. A condition that failed is no exception: it may be the winner's own, told too late.

        Args:
            recorded: What became of the response.
            is_alone: Whether one message of this batch brought it; of several, one may repeat an older revision whose
                own run died.

        Raises:
            TemporaryError: the audit trail can not be read now.
        """
        response = recorded.stored
        if response is None:
            return []
        if recorded.before is not None and is_alone:
            steps = step(recorded.before, recorded.counted, response.revision)
        elif response.revision == 1:
            steps = chain((), recorded.counted)
        else:
            steps = chain(self._trail.of(response.response_id), recorded.counted)
        return [ResponseRecorded.of(response), *(ScoreMoved.of(response, each) for each in steps)]

    def answered(self, recorded: Recorded, *, is_alone: bool) -> StepsTold | None:
        """What the funnel of its survey is told of a response as it is stored, whoever stored it.

        Once it was answered it stays so: a revision says nothing new. But the run that stored the first one may have
        died before it told, so only who replaced it alone, and not for the first time, is silent.

        Args:
            recorded: What became of the response.
            is_alone: Whether one message of this batch brought it.

        Raises:
            TemporaryError: the survey can not be read now.
        """
        response = recorded.stored
        if response is None or response.test or response.source is Source.IMPORT:
            return None
        before = recorded.before.response if recorded.before is not None else None
        if is_alone and before is not None and not before.test:
            return None
        published = self._surveys.current(response.survey_id)
        if published is None or not published.survey.funnel:
            return None
        if not is_still_told(response.answered_at, self._clock.now()):
            return None
        told = answer_told(response.response_id, AskedBy(response.source.value), response.day)
        return StepsTold(survey_id=response.survey_id, told=(told,))

    def tell_funnel(self, answered: Mapping[str, StepsTold]) -> Collection[str]:
        """Tell the funnels of a batch's surveys, each in one message.

        Args:
            answered: What the funnel of its survey is told of each response, by its id.

        Returns:
            The ids of the responses of which that is not certain: their messages have to come again.
        """
        untold: set[str] = set()
        for survey_id in {each.survey_id: None for each in answered.values()}:
            mine = {response_id: each for response_id, each in answered.items() if each.survey_id == survey_id}
            told = tuple(told for each in mine.values() for told in each.told)
            try:
                self._funnel.send(StepsTold(survey_id=survey_id, told=told), group=survey_id)
            except TemporaryError:
                untold.update(mine)
        return untold

    def tell(self, events: Mapping[str, Sequence[DomainEvent]]) -> Collection[str]:
        """Put the events of a batch on the bus.

        Args:
            events: What is to be told of each response, by its id.

        Returns:
            The ids of the responses of which something is not on the bus: their messages have to come again.
        """
        try:
            self._bus.publish(*(event for each in events.values() for event in each))
        except UnpublishedError as error:
            lost = error.event_ids
            return {response_id for response_id, each in events.items() if any(event.id in lost for event in each)}
        return ()

    def watch(self, responses: Iterable[Response]) -> list[str]:
        """Have the door slow the surveys that a flood comes to. One that was over ten minutes ago is none any more.

        Args:
            responses: What a batch brought.

        Returns:
            The surveys that were marked as hot now.

        Raises:
            TemporaryError: the store did not answer; whatever comes next says the same again.
        """
        found = []
        for survey_id, until in self._bursts.hot(responses).items():
            if until > self._clock.now():
                if self._heat.mark_hot(survey_id, until, RENEWED_EVERY):
                    found.append(survey_id)
                self._bursts.marked(survey_id, until)
        return found


def is_news(response: Response, now: datetime) -> bool:
    """Whether anybody is told of an answer: not of a test, not of an imported one, not of an old one."""
    return not response.test and response.source is not Source.IMPORT and now - response.answered_at <= NEWS_FOR


def notifications(response: Response, survey: Survey, now: datetime) -> Iterator[Notification]:
    """The messages that follow from a response as it is stored.

    A detractor alerts each owner of the survey. If anything was written later, "comment added" is wished for too, and
    `notify` decides whether the alert said it already. Thanked is only whom we know by signed link or secret key: an
    address in a public body is a claim, and nobody's mailbox is opened by it.
    """

    def wish(kind: MessageKind, owner: str | None = None) -> Notification:
        return Notification(
            message_id=message_id(kind, response.response_id, *([owner] if owner else [])),
            kind=kind,
            owner=owner,
            person_id=response.person_id if owner is None else None,
            survey_id=response.survey_id,
            response_id=response.response_id,
            requested_at=now,
            expires_at=response.accepted_at + NEWS_FOR,
        )

    if response.is_detractor:
        commented_later = bool(response.written) and response.revision > 1
        for owner in survey.alert_to:
            yield wish(MessageKind.DETRACTOR_ALERT, owner)
            if commented_later:
                yield wish(MessageKind.COMMENT_ADDED, owner)
    if response.verified and response.person_id is not None and survey.thank_customers:
        yield wish(MessageKind.THANK_YOU)
