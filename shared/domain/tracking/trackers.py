"""A parcel as a tracking provider tells of it: its whole history, each time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints

from shared.domain.base import Instant, digest, iso
from shared.domain.deliveries import ENDED, MAX_EVENTS, DeliveryEvent, DeliveryReason, DeliveryStatus
from shared.domain.tracking.providers import Provider

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
CLOCKS_DIFFER_BY = timedelta(days=1)
"""How far ahead of ours a carrier's clock may be; local times sent as UTC are up to 14 hours off."""
FARTHEST_ESTIMATE = timedelta(days=366)
MAX_WORD = 100
"""Characters kept of a provider's word; the longest that one documents has 35."""


class Told(BaseModel):
    """The base of what providers send: of their many fields we read some, and new ones do no harm."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


def _told_time(value: Any) -> Any:
    """A provider's time. Without an offset it is read as UTC, a mere day as its midnight: they document no zone."""
    if not isinstance(value, str):
        raise ValueError("must be a date and time as text")
    try:
        told = datetime.fromisoformat(value.strip())
    except ValueError:
        raise ValueError("must be a date and time, such as 2026-11-22T13:00:00Z") from None
    return told if told.tzinfo is not None else told.replace(tzinfo=UTC)


def _told_moment(value: Any) -> Any:
    """A provider's estimate, None if it is a mere day, which they write as its midnight: no parcel comes then."""
    told = _told_time(value)
    return None if (told.hour, told.minute, told.second) == (0, 0, 0) else told


ToldTime = Annotated[Instant, BeforeValidator(_told_time)]
ToldMoment = Annotated[Instant | None, BeforeValidator(lambda value: None if value is None else _told_moment(value))]
Word = Annotated[str, StringConstraints(max_length=1000)]
"""A provider's word, or an id of its own."""


def kept_word(word: str | None) -> str | None:
    """A provider's word as it is kept: without what can not be printed, and not endless; None if nothing is left."""
    return "".join(character for character in word or "" if character.isprintable())[:MAX_WORD] or None


class Meaning(NamedTuple):
    """What a provider's words say.

    Args:
        status: Where the parcel is; `unknown` if the words are not in our table.
        reason: Why.
        known: Whether each of the words is in the table.
    """

    status: DeliveryStatus
    reason: DeliveryReason | None = None
    known: bool = True


class Scan(NamedTuple):
    """One entry of a parcel's history.

    Args:
        meaning: What it says in our words.
        occurred_at: When it happened; None if the provider did not say, which leaves it out.
        word: The provider's word for the status.
        detail: Its word for the detail.
    """

    meaning: Meaning
    occurred_at: datetime | None
    word: str
    detail: str | None = None


class Tracker(NamedTuple):
    """A parcel as its provider tells of it.

    Args:
        provider: Who tells.
        tracker_id: What the provider calls it, if it has a name for it.
        tracking_number: What the carrier calls it.
        delivery_id: Our id of it, if the provider brings along the one that the shop gave it as such.
        hints: What may be our id of it: the shop's name for the order. It counts if we have a parcel of that id.
        scans: Its history, in any order.
        whole: What the provider says of the whole parcel, as of when it was last updated.
        estimated_at: When it is expected to arrive, if more than the day is told.
    """

    provider: Provider
    tracker_id: str | None
    tracking_number: str | None
    delivery_id: str | None
    hints: tuple[str, ...]
    scans: tuple[Scan, ...]
    whole: Scan
    estimated_at: datetime | None

    def events(self, now: datetime) -> tuple[DeliveryEvent, ...]:
        """What happened, oldest first, at most as many as a delivery keeps; of more, the latest.

        An event's id is made of the tracker and of what is told, so a history that is told again has the same ids. What
        only the provider says of the whole parcel (that it is lost, that it expired) is an event too. So is a new
        estimate, whose status is `unknown`: it says nothing of where the parcel is, and replaces no status.

        Args:
            now: When we learned it. What happened more than a day later, or before 2000, was told by a broken clock
                and is left out.
        """
        found = {event.event_id: event for event in self._found(now)}
        return tuple(sorted(found.values(), key=lambda event: (event.occurred_at, event.event_id))[-MAX_EVENTS:])

    def unknown_words(self) -> tuple[str, ...]:
        """The words that are not in our table, each once: `status`, or `status/detail`."""
        scans = (scan for scan in (*self.scans, self.whole) if not scan.meaning.known)
        words = (filter(None, (kept_word(scan.word), kept_word(scan.detail))) for scan in scans)
        return tuple(dict.fromkeys("/".join(pair) for pair in words))

    def _found(self, now: datetime) -> Iterator[DeliveryEvent]:
        yield from _each(self._event(scan, now) for scan in self.scans)
        told = {scan.meaning.status for scan in self.scans}
        if self.whole.meaning.status not in {*told, DeliveryStatus.UNKNOWN}:
            yield from _each([self._event(self.whole, now)])
        if self.estimated_at is not None and self.whole.meaning.status not in ENDED:
            yield from _each([self._estimate(self.estimated_at, now)])

    def _event(self, scan: Scan, now: datetime) -> DeliveryEvent | None:
        occurred_at, meaning = scan.occurred_at, scan.meaning
        if occurred_at is None or not EARLIEST <= occurred_at <= now + CLOCKS_DIFFER_BY:
            return None
        word, detail = kept_word(scan.word), kept_word(scan.detail)
        said = (meaning.status, meaning.reason or "", iso(occurred_at), word or "", detail or "")
        return DeliveryEvent(
            event_id=self._id(*said),
            status=meaning.status,
            reason=meaning.reason,
            occurred_at=occurred_at,
            learned_at=now,
            raw_status=word,
            raw_substatus=detail,
            provider=self.provider,
        )

    def _estimate(self, estimated_at: datetime, now: datetime) -> DeliveryEvent | None:
        times = (self.whole.occurred_at, *(scan.occurred_at for scan in self.scans))
        made_at = next((at for at in times if at is not None and EARLIEST <= at <= now + CLOCKS_DIFFER_BY), None)
        if not now - FARTHEST_ESTIMATE <= estimated_at <= now + FARTHEST_ESTIMATE:
            return None
        return DeliveryEvent(
            event_id=self._id("estimate", iso(estimated_at), iso(made_at) if made_at else ""),
            status=DeliveryStatus.UNKNOWN,
            occurred_at=made_at or now,
            learned_at=now,
            provider=self.provider,
            estimated_at=estimated_at,
        )

    def _id(self, *said: str) -> str:
        return "evt_" + digest(self.provider, self.tracker_id or "", self.tracking_number or "", *said)


def _each(events: Iterable[DeliveryEvent | None]) -> Iterator[DeliveryEvent]:
    return (event for event in events if event is not None)
