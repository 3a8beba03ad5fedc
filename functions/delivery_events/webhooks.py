"""Takes the webhooks of tracking providers, carriers and fleets: who signed, what it says, and on which queue it goes.

A provider repeats the whole history of a parcel each time, and sends a webhook again until it is taken. Neither does
harm: an event's id is made of what is told. So nothing is remembered here, and what comes again is queued again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol, TypeVar

from pydantic import BaseModel

from functions.delivery_events.bodies import HearbackWebhook
from functions.delivery_events.events import event_of
from shared.clock import Clock
from shared.domain.queued import DeliveryReported, TrackingReported
from shared.domain.signatures import is_signed
from shared.domain.tracking import aftership, easypost, shippo
from shared.domain.tracking.parcels import normal_number
from shared.domain.tracking.providers import Provider
from shared.domain.tracking.trackers import Tracker
from shared.errors import NotFoundError, UnauthorizedError

MAX_NAME = 256
"""Characters of a provider's id or of a tracking number that are looked up; what is longer is none."""
M = TypeVar("M", bound=BaseModel)
Parse = Callable[[type[M], Any], M]


class Secrets(Protocol):
    """Where the secrets of providers are."""

    def of(self, provider: Provider) -> tuple[str, ...]:
        """The secrets that are good now; none if nobody set one."""
        ...


class Reports(Protocol):
    """Where reports are put."""

    def send(self, message: DeliveryReported | TrackingReported, group: str) -> None:
        """Put a report on the queue; when this returns, it is kept."""
        ...


class Taken(NamedTuple):
    """What a webhook told.

    Args:
        events: How many things happened; 0 if it is not about a parcel's way.
        unknown_words: The provider's words that are not in our table.
    """

    events: int
    unknown_words: tuple[str, ...] = ()


class Webhooks:
    """Takes webhooks.

    Args:
        secrets: With which they are signed.
        reports: Where they go.
        parse: Makes data a model, or refuses it by the path of each field.
        clock: The time.
    """

    def __init__(self, secrets: Secrets, reports: Reports, parse: Parse[Any], clock: Clock) -> None:
        self._secrets = secrets
        self._reports = reports
        self._parse = parse
        self._clock = clock

    def verify(self, name: str, headers: Mapping[str, str], body: bytes) -> Provider:
        """Who signed a body.

        Args:
            name: The provider, as the address has it.
            headers: The request's headers, by names in small letters.
            body: The body as it came.

        Raises:
            NotFoundError: we know no such provider.
            UnauthorizedError: the provider did not sign this, or not now; or it has no secret here.
            TemporaryError: the secrets can not be read.
        """
        if name not in set(Provider):
            raise NotFoundError(f"There is no webhook of this name; there are {', '.join(Provider)}.")
        provider = Provider(name)
        if not is_signed(provider, headers, body, self._secrets.of(provider), self._clock.now()):
            raise UnauthorizedError(
                f"This carries no signature that {provider} made within the last minutes with a secret known here."
            )
        return provider

    def take(self, provider: Provider, data: Any) -> Taken:
        """Put what a verified webhook tells on the queue.

        Raises:
            InvalidRequestError: it is not of the provider's form; with the path of each field.
            TemporaryError: the queue did not answer; nothing was taken in, or the same is taken in again.
        """
        match provider:
            case Provider.HEARBACK:
                return self._report(self._parse(HearbackWebhook, data))
            case Provider.AFTERSHIP:
                return self._track(aftership.read(self._parse(aftership.Webhook, data)))
            case Provider.EASYPOST:
                if not _is(data, "description", easypost.EVENTS):
                    return Taken(0)
                return self._track(easypost.read(self._parse(easypost.Webhook, data)))
            case Provider.SHIPPO:
                if not _is(data, "event", {shippo.EVENT}):
                    return Taken(0)
                return self._track(shippo.read(self._parse(shippo.Webhook, data)))

    def _report(self, told: HearbackWebhook) -> Taken:
        now, delivery_id = self._clock.now(), told.data.delivery_id
        events = tuple(
            event_of(delivery_id, event, now, Provider.HEARBACK, f"data.events.{number}.")
            for number, event in enumerate(told.data.events)
        )
        self._reports.send(DeliveryReported(delivery_id=delivery_id, events=events), group=delivery_id)
        return Taken(len(events))

    def _track(self, tracker: Tracker) -> Taken:
        events = tracker.events(self._clock.now())
        taken = Taken(len(events), tracker.unknown_words())
        if not events:
            return taken
        if tracker.delivery_id is not None:
            reported = DeliveryReported(delivery_id=tracker.delivery_id, events=events)
            self._reports.send(reported, group=tracker.delivery_id)
            return taken
        told = TrackingReported(
            provider=tracker.provider,
            tracker_id=_name(tracker.tracker_id),
            tracking_number=_name(tracker.tracking_number),
            hints=tracker.hints,
            events=events,
        )
        group = normal_number(told.tracking_number or "") or told.tracker_id or tracker.provider
        self._reports.send(told, group=group)
        return taken


def _is(data: Any, field: str, events: frozenset[str] | set[str]) -> bool:
    """Whether a provider tells of a parcel's way; what is no webhook at all is left to the model to refuse."""
    kind = data.get(field) if isinstance(data, dict) else None
    return not isinstance(kind, str) or kind in events


def _name(name: str | None) -> str | None:
    return name if name and len(name) <= MAX_NAME else None
