"""Checks what is reported of a parcel, and puts it on the queue; it writes no table.

What is accepted is complete: who reports, when we learned it, and an id for each event, so that the consumer needs to
ask nobody, and the same report sent twice is the same event.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

from functions.delivery_events.bodies import DeliveryAccepted, DeliveryBody, EventAccepted, EventBody, Promise
from functions.delivery_events.events import event_of, invalid
from shared.clock import Clock
from shared.domain.api_keys import ApiKey, key_hash, require_secret
from shared.domain.base import IDENTIFIER
from shared.domain.brands import DEFAULT_BRAND, Brand
from shared.domain.deliveries import DeliveryRegistration
from shared.domain.phones import country_of
from shared.domain.promises import Window
from shared.domain.published import PublishedSurvey
from shared.domain.queued import DeliveryReported

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


class Brands(Protocol):
    """Where brands are found."""

    def current(self, brand_id: str) -> Brand | None:
        """A brand as it is now; None if nobody published it."""
        ...


class Reports(Protocol):
    """Where reports are put."""

    def send(self, message: DeliveryReported, group: str) -> None:
        """Put a report on the queue; when this returns, it is kept."""
        ...


class DeliveryEvents:
    """Takes reports of parcels."""

    def __init__(self, keys: Keys, surveys: Surveys, brands: Brands, reports: Reports, clock: Clock) -> None:
        self._keys = keys
        self._surveys = surveys
        self._brands = brands
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
            InvalidRequestError: its survey or brand does not exist, no country has the recipient's number, or no
                carrier promises such a window.
            TemporaryError: a store or the queue did not answer; nothing was taken in, or the same is taken in again.
        """
        now = self._clock.now()
        if body.survey_id is not None and self._surveys.current(body.survey_id) is None:
            raise invalid("survey_id", "there is no such survey")
        if body.brand_id != DEFAULT_BRAND and self._brands.current(body.brand_id) is None:
            raise invalid("brand_id", "there is no such brand")
        if body.recipient.phone is not None and country_of(body.recipient.phone) is None:
            raise invalid("recipient.phone", "no country has such a phone number")
        registration = DeliveryRegistration(
            carrier=body.carrier,
            tracking_number=body.tracking_number,
            trackers=dict(body.trackers.items()),
            recipient=body.recipient,
            promise=_window(body.promise, now) if body.promise else None,
            promised_by_customer=body.promised_by_customer,
            time_zone=body.time_zone,
            region=body.region,
            survey_id=body.survey_id,
            brand_id=body.brand_id,
            registered_at=now,
        )
        self._send(DeliveryReported(delivery_id=body.delivery_id, registration=registration))
        return DeliveryAccepted(delivery_id=body.delivery_id)

    def report(self, delivery_id: str, body: EventBody) -> EventAccepted:
        """Take in an event, of a parcel we know or of one we shall hear of.

        Raises:
            InvalidRequestError: the parcel's id is none, no clock is that wrong, or it corrects itself.
            TemporaryError: the queue did not answer; nothing was taken in, or the same is taken in again.
        """
        if not IDENTIFIER.fullmatch(delivery_id):
            raise invalid("delivery_id", "must be 1 to 128 letters, digits, dots, hyphens, underscores or colons")
        event = event_of(delivery_id, body, self._clock.now())
        self._send(DeliveryReported(delivery_id=delivery_id, event=event))
        return EventAccepted(delivery_id=delivery_id, event_id=event.event_id, status=event.status)

    def _send(self, reported: DeliveryReported) -> None:
        self._reports.send(reported, group=reported.delivery_id)


def _window(promise: Promise, now: datetime) -> Window:
    if promise.end - promise.start > LONGEST_PROMISE:
        raise invalid("promise", f"a window of more than {LONGEST_PROMISE.days} days promises nothing")
    if not now - FARTHEST_PROMISE <= promise.start <= now + FARTHEST_PROMISE:
        raise invalid("promise.start", f"must lie within {FARTHEST_PROMISE.days} days of now")
    return Window(start=promise.start, end=promise.end)
