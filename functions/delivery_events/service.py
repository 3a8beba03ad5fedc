"""Checks what is reported of a parcel, and puts it on the queue; it writes no table.

What is accepted is complete: who reports, when we learned it, and an id for each event, so that the consumer needs to
ask nobody, and the same report sent twice is the same event.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol

from functions.delivery_events.bodies import DeliveryAccepted, DeliveryBody, EventAccepted, EventBody, Promise
from shared.clock import Clock
from shared.domain.api_keys import ApiKey, key_hash, require_secret
from shared.domain.base import IDENTIFIER, digest, iso
from shared.domain.deliveries import DeliveryEvent, DeliveryRegistration
from shared.domain.promises import Window
from shared.domain.published import PublishedSurvey
from shared.domain.queued import DeliveryReported
from shared.errors import InvalidRequestError

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
CLOCKS_DIFFER_BY = timedelta(days=1)
"""How far ahead of ours a carrier's clock may be; local times sent as UTC are up to 14 hours off."""
LONGEST_PROMISE = timedelta(days=31)
FARTHEST_PROMISE = timedelta(days=366)


class Keys(Protocol):
    """Where keys to our API are found."""

    def find(self, key_hash: str) -> ApiKey | None:
        """The key of this hash."""
        ...


class Surveys(Protocol):
    """Where surveys are found."""

    def current(self, survey_id: str) -> PublishedSurvey | None:
        """A survey as it is asked now."""
        ...


class Reports(Protocol):
    """Where reports are put."""

    def send(self, message: DeliveryReported, group: str) -> None:
        """Put a report on the queue; when this returns, it is kept."""
        ...


class DeliveryEvents:
    """Takes reports of parcels."""

    def __init__(self, keys: Keys, surveys: Surveys, reports: Reports, clock: Clock) -> None:
        self._keys = keys
        self._surveys = surveys
        self._reports = reports
        self._clock = clock

    def authorize(self, key: str | None) -> ApiKey:
        """The live secret key a request carries.

        Raises:
            UnauthorizedError: it carries none.
            ForbiddenError: it carries a publishable one.
            TemporaryError: the store did not answer.
        """
        return require_secret(self._keys.find(key_hash(key)) if key else None)

    def register(self, body: DeliveryBody) -> DeliveryAccepted:
        """Take in a parcel.

        Raises:
            InvalidRequestError: its survey does not exist, or no carrier promises such a window.
            TemporaryError: a store or the queue did not answer; nothing was taken in, or the same is taken in again.
        """
        now = self._clock.now()
        if body.survey_id is not None and self._surveys.current(body.survey_id) is None:
            raise _invalid("survey_id", "there is no such survey")
        registration = DeliveryRegistration(
            carrier=body.carrier,
            tracking_number=body.tracking_number,
            recipient=body.recipient,
            promise=_window(body.promise, now) if body.promise else None,
            time_zone=body.time_zone,
            survey_id=body.survey_id,
            registered_at=now,
        )
        self._send(DeliveryReported(delivery_id=body.delivery_id, registration=registration))
        return DeliveryAccepted(delivery_id=body.delivery_id)

    def report(self, delivery_id: str, body: EventBody) -> EventAccepted:
        """Take in an event, of a parcel we know or of one we shall hear of.

        Raises:
            InvalidRequestError: the parcel's id is none, or no clock is that wrong.
            TemporaryError: the queue did not answer; nothing was taken in, or the same is taken in again.
        """
        if not IDENTIFIER.fullmatch(delivery_id):
            raise _invalid("delivery_id", "must be 1 to 128 letters, digits, dots, hyphens, underscores or colons")
        now = self._clock.now()
        if body.occurred_at is not None and not EARLIEST <= body.occurred_at <= now + CLOCKS_DIFFER_BY:
            raise _invalid("occurred_at", f"must lie between {iso(EARLIEST)} and a day from now")
        event = DeliveryEvent(
            event_id=body.event_id or _event_id(delivery_id, body),
            status=body.status,
            reason=body.reason,
            occurred_at=body.occurred_at or now,
            learned_at=now,
            raw_status=body.raw_status,
        )
        self._send(DeliveryReported(delivery_id=delivery_id, event=event))
        return EventAccepted(delivery_id=delivery_id, event_id=event.event_id, status=event.status)

    def _send(self, reported: DeliveryReported) -> None:
        self._reports.send(reported, group=reported.delivery_id)


def _event_id(delivery_id: str, body: EventBody) -> str:
    """The id of an event whose sender gave it none: made of what was sent, so that a repetition has the same.

    Without `occurred_at` a parcel can therefore have each combination of status, reason and carrier's word once.
    """
    occurred_at = iso(body.occurred_at) if body.occurred_at else ""
    return "evt_" + digest(delivery_id, body.status, body.reason or "", occurred_at, body.raw_status or "")


def _window(promise: Promise, now: datetime) -> Window:
    if promise.end - promise.start > LONGEST_PROMISE:
        raise _invalid("promise", f"a window of more than {LONGEST_PROMISE.days} days promises nothing")
    if not now - FARTHEST_PROMISE <= promise.start <= now + FARTHEST_PROMISE:
        raise _invalid("promise.start", f"must lie within {FARTHEST_PROMISE.days} days of now")
    return Window(start=promise.start, end=promise.end)


def _invalid(path: str, fault: str) -> InvalidRequestError:
    return InvalidRequestError(f"{path}: {fault}", {path: [fault]})
