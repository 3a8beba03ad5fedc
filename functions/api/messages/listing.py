"""Lists messages as a back office asks for them: by person, parcel, kind, state, reason, channel and time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, Protocol

from functions.api.messages.bodies import MessageTold
from functions.api.paging import MAX_PAGE, MAX_PER_PAGE, cursor, instant, paging, place
from shared.clock import Clock
from shared.domain.base import IDENTIFIER, iso
from shared.domain.messages import LinkChannel, MessageKind, MessageState, Reason
from shared.domain.sending import Message
from shared.errors import InvalidRequestError

MAX_EXAMINED = MAX_PAGE * MAX_PER_PAGE
"""Messages that one request looks through; a filter that passes few of them would read a whole year otherwise."""
KEPT_FOR = timedelta(days=401)
"""Before this there is nothing: messages go 400 days after they were wished for (shared/storage/messages.py)."""
LISTED_AHEAD = timedelta(days=2)
"""A wish of somebody else's clock may be a little ahead of ours."""
CHOICES: Mapping[str, type[StrEnum]] = {
    "kind": MessageKind,
    "state": MessageState,
    "reason": Reason,
    "channel": LinkChannel,
}
"""Filters that take one of a closed list."""


class Listed(Protocol):
    """What a list knows of a message; None where it does not know."""

    @property
    def message_id(self) -> str:
        """Which one."""
        ...

    @property
    def requested_at(self) -> str:
        """When it was wished for."""
        ...

    @property
    def kind(self) -> str | None:
        """What it says."""
        ...

    @property
    def state(self) -> str | None:
        """How far it has come."""
        ...

    @property
    def reason(self) -> str | None:
        """Why it was not sent."""
        ...

    @property
    def channel(self) -> str | None:
        """The way it took."""
        ...

    @property
    def delivery_id(self) -> str | None:
        """The parcel that it is about."""
        ...


class MessageLists(Protocol):
    """Where messages are listed."""

    def every(self, since: datetime, until: datetime) -> Iterator[Listed]:
        """All of them, the newest first, with everything that is known."""
        ...

    def of_person(self, person_id: str, since: datetime, until: datetime) -> Iterator[Listed]:
        """Those to one person, of which only the id and the time are known."""
        ...

    def read(self, message_ids: Sequence[str]) -> Sequence[Message]:
        """Messages by their ids, in the same order."""
        ...


class MessagePage(NamedTuple):
    """A page of messages, and where the list goes on; None at its end."""

    messages: tuple[MessageTold, ...]
    next: str | None


class _Asked(NamedTuple):
    choices: Mapping[str, str]
    delivery_id: str | None
    since: datetime
    until: datetime
    before: tuple[str, str] | None
    per_page: int

    def may_take(self, listed: Listed) -> bool:
        """Whether a message may be among those asked for, by what its list knows."""
        chosen = all(getattr(listed, name) == value for name, value in self.choices.items())
        return chosen and self.delivery_id in {None, listed.delivery_id}

    def takes(self, told: MessageTold) -> bool:
        """Whether it is, by what is stored: a list may lag behind."""
        chosen = all(getattr(told, name) == value for name, value in self.choices.items())
        return chosen and self.delivery_id in {None, told.delivery}


class MessageListing:
    """The lists of messages.

    Args:
        lists: Where they are.
        clock: The time.
    """

    def __init__(self, lists: MessageLists, clock: Clock) -> None:
        self._lists = lists
        self._clock = clock

    def page(self, query: Mapping[str, str], person_id: str | None) -> MessagePage:
        """A page of messages, the newest first.

        Args:
            query: `delivery`, `kind`, `state`, `reason`, `channel`, `since`, `until`, `per_page` and `before`; each may
                be left out.
            person_id: Whose messages; None for everybody's.

        Raises:
            InvalidRequestError: one of them is wrong, or too many messages would have to be looked through.
            TemporaryError: the store did not answer.
        """
        asked = self._asked(query)
        found: list[MessageTold] = []
        waiting: list[str] = []
        for listed in self._looked_through(asked, person_id):
            waiting.append(listed.message_id)
            # One more than a page holds, so that the last page promises no other.
            if len(found) + len(waiting) > asked.per_page:
                found += self._told(asked, waiting)
                waiting = []
            if len(found) > asked.per_page:
                break
        found += self._told(asked, waiting)
        shown = tuple(found[: asked.per_page])
        more = cursor(shown[-1].requested_at, shown[-1].message_id) if len(found) > asked.per_page else None
        return MessagePage(shown, more)

    def _asked(self, query: Mapping[str, str]) -> _Asked:
        now = self._clock.now()
        delivery_id = query.get("delivery")
        if delivery_id is not None and not IDENTIFIER.fullmatch(delivery_id):
            raise InvalidRequestError("delivery is no id.", {"delivery": ["must be an id of a parcel"]})
        since, until = instant(query, "since"), instant(query, "until")
        before = place(query["before"]) if "before" in query else None
        last = min([now + LISTED_AHEAD, *([_end_of(until)] if until else []), *([before[0]] if before else [])])
        return _Asked(
            choices={name: _choice(name, query[name]) for name in CHOICES if name in query},
            delivery_id=delivery_id,
            since=max(since or now - KEPT_FOR, now - KEPT_FOR),
            until=last,
            before=(iso(before[0]), before[1]) if before else None,
            per_page=paging(query).per_page,
        )

    def _looked_through(self, asked: _Asked, person_id: str | None) -> Iterator[Listed]:
        """What may be among those asked for, looked through in order.

        Of a person's messages only the stored ones tell what they are, so all of them are read.
        """
        if person_id is None:
            every = self._lists.every(asked.since, asked.until)
        else:
            every = self._lists.of_person(person_id, asked.since, asked.until)
        for examined, listed in enumerate(every, start=1):
            if examined > MAX_EXAMINED:
                raise InvalidRequestError(
                    f"More than {MAX_EXAMINED} messages would have to be looked through.",
                    {"since": ["ask for a shorter span of time, by since and until"]},
                )
            is_earlier = asked.before is None or (listed.requested_at, listed.message_id) < asked.before
            if is_earlier and (person_id is not None or asked.may_take(listed)):
                yield listed

    def _told(self, asked: _Asked, message_ids: Sequence[str]) -> list[MessageTold]:
        read = self._lists.read(message_ids) if message_ids else ()
        return [told for told in map(MessageTold.of, read) if asked.takes(told)]


def _choice(name: str, value: str) -> str:
    known = [each.value for each in CHOICES[name]]
    if value not in known:
        raise InvalidRequestError(f"{name} is unknown.", {name: [f"must be one of {', '.join(known)}"]})
    return value


def _end_of(second: datetime) -> datetime:
    """The last moment of a second: callers name seconds, and lists have milliseconds."""
    return second.astimezone(UTC).replace(microsecond=999_000)
