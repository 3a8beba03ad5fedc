"""Puts a person's timeline together from four places, a page at a time and with bounded work."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from functions.api.deliveries.bodies import DeliveryTold
from functions.api.messages.bodies import MessageTold
from functions.api.needs import AnswerLists, SurveyRequests
from functions.api.paging import cursor, paging, place
from functions.api.timeline.bodies import AnswerTold, RequestTold, TimelineEntry, TimelineTold, What
from shared.clock import Clock
from shared.domain.asking import response_id_of
from shared.domain.deliveries import Delivery
from shared.domain.messages import MessageKind
from shared.domain.responses import Response
from shared.domain.sending import Message

MESSAGES = 100
"""Messages looked through for a page: at least as many as a page can hold."""
DELIVERIES = 100
"""Parcels looked through, for no index has them in order."""
AHEAD = timedelta(days=2)
"""A survey's local day may be a day ahead of ours, and a clock of theirs a little."""


class Timelines(Protocol):
    """Messages and parcels of a person."""

    def messages(self, person_id: str, until: datetime, limit: int) -> Sequence[Message]:
        """The messages that were wished for until a moment, the newest first."""
        ...

    def deliveries(self, person_id: str, limit: int) -> tuple[Sequence[Delivery], bool]:
        """Parcels, in no order; and whether these are all."""
        ...


class TimelinePage(NamedTuple):
    """A page, and where the timeline goes on."""

    told: TimelineTold
    next: str | None


class Timeline:
    """The timelines of people.

    Args:
        answers: What they answered.
        timelines: What they were sent, and their parcels.
        requests: What they are still to be asked.
        clock: The time.
    """

    def __init__(self, *, answers: AnswerLists, timelines: Timelines, requests: SurveyRequests, clock: Clock) -> None:
        self._answers = answers
        self._timelines = timelines
        self._requests = requests
        self._clock = clock

    def page(self, person_id: str, query: Mapping[str, str]) -> TimelinePage:
        """A page of a person's timeline.

        Args:
            person_id: Whose.
            query: `per_page` and `before`; each may be left out.

        Raises:
            InvalidRequestError: one of them is wrong.
            TemporaryError: a store did not answer.
        """
        asked = paging(query)
        before = place(query["before"]) if "before" in query else (self._clock.now() + AHEAD, "")
        messages = self._timelines.messages(person_id, before[0], MESSAGES)
        deliveries, are_all = self._timelines.deliveries(person_id, DELIVERIES)
        invitations = {
            response_id_of(message.notification.message_id): message
            for message in messages
            if message.notification.kind is MessageKind.SURVEY_INVITATION
        }
        entries = [
            *map(_message, messages),
            *(_delivery(each) for each in deliveries if each.registration is not None),
            *(
                TimelineEntry(at=each.requested_at, what=What.REQUEST, id=each.request_id, request=RequestTold.of(each))
                for each in self._requests.of_person(person_id).pending
            ),
        ]
        entries += self._told_answers(person_id, before, asked.per_page, invitations)
        earlier = sorted((entry for entry in entries if entry.place < before), key=_newest, reverse=True)
        shown = tuple(earlier[: asked.per_page])
        told = TimelineTold(person=person_id, entries=shown, incomplete=() if are_all else ("deliveries",))
        goes_on = len(earlier) > asked.per_page
        return TimelinePage(told, cursor(*shown[-1].place) if goes_on else None)

    def _told_answers(
        self, person_id: str, before: tuple[datetime, str], per_page: int, invitations: Mapping[str, Message]
    ) -> Iterator[TimelineEntry]:
        """The answers before a place: one more than a page holds, so that it is known whether there are more."""
        found, after = 0, None
        while found <= per_page:
            page = self._answers.of_person(
                person_id, until=(before[0] + AHEAD).date(), limit=per_page + 1, newest_first=True, after=after
            )
            for response in page.responses:
                entry = _answer(response, invitations.get(response.response_id))
                found += entry.place < before
                yield entry
            after = page.next
            if after is None:
                return


def _newest(entry: TimelineEntry) -> tuple[datetime, str]:
    return entry.place


def _message(message: Message) -> TimelineEntry:
    wish = message.notification
    return TimelineEntry(at=wish.requested_at, what=What.MESSAGE, id=wish.message_id, message=MessageTold.of(message))


def _delivery(delivery: Delivery) -> TimelineEntry:
    registered = delivery.registration
    at = registered.registered_at if registered else delivery.history[0].learned_at
    return TimelineEntry(at=at, what=What.DELIVERY, id=delivery.delivery_id, delivery=DeliveryTold.of(delivery))


def _answer(response: Response, invitation: Message | None) -> TimelineEntry:
    told = AnswerTold.of(
        response,
        invitation.notification.message_id if invitation else None,
        invitation.properties if invitation else {},
    )
    return TimelineEntry(at=response.answered_at, what=What.ANSWER, id=response.response_id, answer=told)
