"""The stages of a delivery: what its customer is told, when, on what occasion, and while it is true.

All of it follows from what is stored of the delivery, so it can be computed again at any time: after a crash, at a
timer's ring, or when a message is about to leave. What is due later is recomputed when it is due; nothing has to be
taken back when the delivery changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from shared.domain.asking import INVITATION_EXPIRES_AFTER
from shared.domain.base import Frozen, Instant
from shared.domain.brands import DAY_BEFORE_AT, SOON_MINUTES_AHEAD, BrandDefinition
from shared.domain.deliveries import Delivery, DeliveryEvent, DeliveryStatus
from shared.domain.messages import Category, MessageKind
from shared.domain.promises import Outcome, Promise, is_released

BEFORE_THE_DAY = frozenset(
    {
        DeliveryStatus.UNKNOWN,
        DeliveryStatus.INFO_RECEIVED,
        DeliveryStatus.IN_TRANSIT,
        DeliveryStatus.APPOINTMENT_SET,
    }
)
ON_THE_ROAD = frozenset({DeliveryStatus.OUT_FOR_DELIVERY, DeliveryStatus.ARRIVING})
HELD_UP = frozenset({DeliveryStatus.ATTEMPT_FAILED, DeliveryStatus.EXCEPTION})
UNDER_WAY = BEFORE_THE_DAY | ON_THE_ROAD | HELD_UP
NOT_ON_THE_ROAD = (BEFORE_THE_DAY - {DeliveryStatus.UNKNOWN}) | {DeliveryStatus.EXCEPTION}

ANNOUNCED_WHILE = {
    MessageKind.DELIVERY_SCHEDULED: BEFORE_THE_DAY,
    MessageKind.DELIVERY_DAY_BEFORE: BEFORE_THE_DAY,
    MessageKind.DELIVERY_ON_ITS_WAY: frozenset({DeliveryStatus.OUT_FOR_DELIVERY}),
    MessageKind.DELIVERY_SOON: frozenset({DeliveryStatus.OUT_FOR_DELIVERY}),
    MessageKind.DELIVERY_ARRIVING: frozenset({DeliveryStatus.ARRIVING}),
    MessageKind.DELIVERY_DELIVERED: frozenset({DeliveryStatus.DELIVERED}),
    MessageKind.DELIVERY_APOLOGY: frozenset({DeliveryStatus.DELIVERED}),
    MessageKind.DELIVERY_ATTEMPT_FAILED: frozenset({DeliveryStatus.ATTEMPT_FAILED}),
    MessageKind.DELIVERY_EXCEPTION: frozenset({DeliveryStatus.EXCEPTION}),
    MessageKind.DELIVERY_DELAYED: UNDER_WAY,
    MessageKind.SURVEY_INVITATION: frozenset({DeliveryStatus.DELIVERED}),
    MessageKind.SURVEY_REMINDER: frozenset({DeliveryStatus.DELIVERED}),
}
"""In which statuses each kind is still true; checked in the same write that lets it be sent."""

APOLOGY_FROM = timedelta(minutes=15)
"""From how much lateness on we apologise: carriers' scans are minutes off, and so are clocks."""
IN_DANGER_FROM = timedelta(hours=1)
"""How long before the end of its window a promise is in danger if the parcel is not even on the road."""
SOON_AT_MOST = timedelta(minutes=65)
SOON_AT_LEAST = timedelta(minutes=10)
"""Between these "in 30 to 60 minutes" is told; a van's estimate moves while its message is on the way."""


class Announcement(Frozen):
    """What the customer is to be told, and until when that is worth telling.

    Args:
        kind: What.
        occasion: Which promise, day or reason it is about: each is told once. None where there is only one.
        expires_at: Until when.
    """

    kind: MessageKind
    occasion: str | None = None
    expires_at: Instant


class Agenda(NamedTuple):
    """What is to be told now, and when to look again because something else may have to be."""

    now: tuple[Announcement, ...]
    look_again: tuple[datetime, ...]


class _Timed(NamedTuple):
    due: datetime
    announcement: Announcement


def agenda(delivery: Delivery, brand: BrandDefinition, now: datetime) -> Agenda:
    """What the customer is to be told of a delivery.

    What is past its time is on it too, so that there is a reason why nobody was told.

    Args:
        delivery: The delivery, as it is stored.
        brand: At what times the company tells the timed stages.
        now: The time.
    """
    if delivery.registration is None or delivery.person_id is None:
        return Agenda((), ())
    timed = list(_timed(delivery, brand))
    due = (each.announcement for each in timed if each.due <= now)
    return Agenda((*_at_once(delivery), *due), tuple(sorted({each.due for each in timed if each.due > now})))


def occasions(kind: MessageKind, delivery: Delivery) -> frozenset[str | None]:
    """The occasions of which a message of this kind can tell now; a wish about any other is stale."""
    event, promise = delivery.current, delivery.promise
    match kind:
        case MessageKind.DELIVERY_SCHEDULED | MessageKind.DELIVERY_DAY_BEFORE:
            return frozenset({promise.promise_id} if promise else ())
        case MessageKind.DELIVERY_DELAYED:
            return frozenset(each.promise_id for each in (promise, _replaced(delivery)) if each is not None)
        case MessageKind.DELIVERY_EXCEPTION:
            return frozenset({event.reason.value if event and event.reason else None})
        case (
            MessageKind.DELIVERY_ON_ITS_WAY
            | MessageKind.DELIVERY_SOON
            | MessageKind.DELIVERY_ARRIVING
            | MessageKind.DELIVERY_ATTEMPT_FAILED
        ):
            return frozenset({_day(delivery, event.occurred_at)} if event else ())
        case _:
            return frozenset({None})


def is_soon(delivery: Delivery, now: datetime) -> bool | None:
    """Whether "in 30 to 60 minutes" is true now; None while it is not yet."""
    estimated_at = delivery.estimated_at
    if estimated_at is None or estimated_at - now > SOON_AT_MOST:
        return None
    return estimated_at - now >= SOON_AT_LEAST


def late_by(delivery: Delivery) -> timedelta | None:
    """By how much a delivered parcel missed the promise it missed most; None if it was in time, or nearly."""
    fact = delivery.fact
    if fact is None or not fact.delivered:
        return None
    missed = [
        fact.at - promise.window.end
        for promise in delivery.promises
        if not is_released(promise, delivery.promises) and fact.at >= promise.window.end
    ]
    return max(missed) if missed and max(missed) >= APOLOGY_FROM else None


def outcome_of_all(delivery: Delivery) -> Outcome | None:
    """What became of what the customer was promised, taken together: the worst of it; None while nothing is decided."""
    worst_first = (Outcome.BROKEN, Outcome.LATE, Outcome.EARLY, Outcome.KEPT)
    found = {verdict.outcome for verdict in delivery.standing_verdicts.values()}
    return next((outcome for outcome in worst_first if outcome in found), None)


def _at_once(delivery: Delivery) -> Iterator[Announcement]:
    """What follows from where the parcel is, and from a promise that changed."""
    event = delivery.current
    if event is not None:
        yield from _of_status(delivery, event)
    replaced, promise = _replaced(delivery), delivery.promise
    if delivery.status in UNDER_WAY and promise is not None and replaced is not None:
        yield Announcement(
            kind=MessageKind.DELIVERY_DELAYED, occasion=replaced.promise_id, expires_at=promise.window.end
        )


def _of_status(delivery: Delivery, event: DeliveryEvent) -> Iterator[Announcement]:
    at = event.occurred_at
    match event.status:
        case DeliveryStatus.OUT_FOR_DELIVERY:
            yield _told(MessageKind.DELIVERY_ON_ITS_WAY, delivery, at + timedelta(hours=12))
        case DeliveryStatus.ARRIVING:
            yield _told(MessageKind.DELIVERY_ARRIVING, delivery, at + timedelta(minutes=30))
        case DeliveryStatus.ATTEMPT_FAILED:
            yield _told(MessageKind.DELIVERY_ATTEMPT_FAILED, delivery, at + timedelta(hours=24))
        case DeliveryStatus.EXCEPTION:
            yield _told(MessageKind.DELIVERY_EXCEPTION, delivery, at + timedelta(hours=48))
        case DeliveryStatus.DELIVERED:
            late = late_by(delivery) is not None
            kind = MessageKind.DELIVERY_APOLOGY if late else MessageKind.DELIVERY_DELIVERED
            yield _told(kind, delivery, at + timedelta(hours=24))
            if delivery.registration is not None and delivery.registration.survey_id is not None:
                yield _told(MessageKind.SURVEY_INVITATION, delivery, at + INVITATION_EXPIRES_AFTER)
        case _:
            return


def _timed(delivery: Delivery, brand: BrandDefinition) -> Iterator[_Timed]:
    """What has its time: by the promised window, and by the estimated arrival."""
    promise, estimated_at, status = delivery.promise, delivery.estimated_at, delivery.status
    if promise is not None and status in BEFORE_THE_DAY:
        day_before = _day_before(delivery, promise, brand.stage(Category.DAY_BEFORE).at or DAY_BEFORE_AT)
        if promise.told_at < day_before and _replaced(delivery) is None:
            scheduled = _told(MessageKind.DELIVERY_SCHEDULED, delivery, day_before)
            yield _Timed(promise.told_at, scheduled)
        if promise.told_at < day_before:
            yield _Timed(day_before, _told(MessageKind.DELIVERY_DAY_BEFORE, delivery, promise.window.start))
    if promise is not None and (in_danger_at := _in_danger_at(delivery, promise)) is not None:
        occasion, ends = promise.promise_id, promise.window.end
        told = Announcement(kind=MessageKind.DELIVERY_DELAYED, occasion=occasion, expires_at=ends)
        yield _Timed(in_danger_at, told)
    if estimated_at is not None and status is DeliveryStatus.OUT_FOR_DELIVERY:
        ahead = timedelta(minutes=brand.stage(Category.SOON).minutes_ahead or SOON_MINUTES_AHEAD)
        # Long enough that a message whose estimate moved away is told when it has come near.
        yield _Timed(estimated_at - ahead, _told(MessageKind.DELIVERY_SOON, delivery, estimated_at + ahead))


def _in_danger_at(delivery: Delivery, promise: Promise) -> datetime | None:
    """From when on a promise is about to be broken, as far as is known now; None if it is not.

    Of a parcel of which no carrier has said a word nothing is known, and who missed it knows already.
    """
    estimated_at, status = delivery.estimated_at, delivery.status
    if estimated_at is not None:
        return promise.told_at if status in UNDER_WAY and estimated_at >= promise.window.end else None
    return promise.window.end - IN_DANGER_FROM if status in NOT_ON_THE_ROAD else None


def _replaced(delivery: Delivery) -> Promise | None:
    """The promise in whose place the company told a later window, while the customer still waits for the first."""
    now = delivery.promise
    if now is None or now.by_customer:
        return None
    earlier = [
        promise
        for promise in delivery.promises
        if promise.told_last_at < now.told_at < promise.window.end < now.window.end
        and not is_released(promise, delivery.promises)
    ]
    return earlier[-1] if earlier else None


def _told(kind: MessageKind, delivery: Delivery, expires_at: datetime) -> Announcement:
    (occasion,) = occasions(kind, delivery)
    return Announcement(kind=kind, occasion=occasion, expires_at=expires_at)


def _day(delivery: Delivery, instant: datetime) -> str:
    """The calendar day of an instant where the parcel goes."""
    zone = delivery.registration.zone if delivery.registration else "UTC"
    return instant.astimezone(ZoneInfo(zone)).date().isoformat()


def _day_before(delivery: Delivery, promise: Promise, at: time) -> datetime:
    """A local time on the day before a window begins; where clocks skip it, the moment they jump to."""
    zone = ZoneInfo(delivery.registration.zone if delivery.registration else "UTC")
    day = promise.window.start.astimezone(zone).date() - timedelta(days=1)
    return datetime.combine(day, at, zone)
