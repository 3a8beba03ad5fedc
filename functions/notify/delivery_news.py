"""Tells a person of their delivery: whether it is still true, by which links, and in which words."""

from __future__ import annotations

from datetime import datetime

from functions.notify.addressing import Addressing
from functions.notify.needs import Brands, Deliveries, Links, People, Policy, TrackingLinks
from shared.domain.asking import ShortLink
from shared.domain.deliveries import Delivery, DeliveryRegistration
from shared.domain.links import TrackingLink
from shared.domain.messages import Channel, MessageKind, Notification, Reason
from shared.domain.people import Person
from shared.domain.sending import Draft, RenderedFrom, Silence, SubjectType
from shared.domain.stages import ANNOUNCED_WHILE, is_soon, occasions
from shared.errors import TemporaryError
from shared.texts.rendering import DeliveryLinks, Rendering


class DeliveryNews:
    """Decides and renders what is told of a delivery."""

    def __init__(
        self,
        *,
        deliveries: Deliveries,
        people: People,
        brands: Brands,
        links: Links,
        tracking: TrackingLinks,
        addressing: Addressing,
        rendering: Rendering,
        policy: Policy,
    ) -> None:
        self._deliveries = deliveries
        self._people = people
        self._brands = brands
        self._links = links
        self._tracking = tracking
        self._addressing = addressing
        self._rendering = rendering
        self._policy = policy

    def news(self, notification: Notification, now: datetime) -> Draft | Silence:
        """The news of a delivery, if it is still so.

        Raises:
            TemporaryError: it is not true yet, or link keys or a store can not be read.
        """
        delivery = self._deliveries.get(notification.delivery_id or "")
        person = self._people.get(notification.person_id or "")
        if delivery is None or delivery.registration is None or person is None:
            return Silence(Reason.NO_LONGER_EXISTS)
        if not _is_true(notification, delivery, now):
            return Silence(Reason.STALE)
        channel = self._addressing.channel(notification.kind, person, notification.channel)
        if isinstance(channel, Silence):
            return channel
        brand = self._brands.current(delivery.registration.brand_id)
        path, short_link = self._live_page(delivery.delivery_id, delivery.registration, person, channel)
        texts = self._rendering.delivery(
            notification.kind,
            person.locale,
            brand,
            delivery=delivery,
            person=person,
            now=now,
            links=DeliveryLinks(
                track=f"{self._policy.public_base_url}{path}",
                preferences=self._addressing.preferences_link(person),
            ),
            occasion=notification.occasion,
        )
        about = RenderedFrom(SubjectType.DELIVERY, delivery.delivery_id, delivery.version)
        draft = self._addressing.to_person(channel, notification, person, brand, texts, about, delivery=delivery)
        return draft.model_copy(update={"short_link": short_link})

    def _live_page(
        self, delivery_id: str, registration: DeliveryRegistration, person: Person, channel: Channel
    ) -> tuple[str, ShortLink | None]:
        """Where the parcel can be watched: its page, or in an SMS a short link to it. One page for all messages."""
        link = TrackingLink.of(delivery_id, registration.registered_at)
        path = f"/track/{self._tracking.sign(link)}"
        if channel is not Channel.SMS:
            return path, None
        code = self._links.code(f"track-{delivery_id}")
        expires_at = link.ends_at
        return f"/i/{code}", ShortLink(code=code, path=path, person_id=person.person_id, expires_at=expires_at)


def _is_true(notification: Notification, delivery: Delivery, now: datetime) -> bool:
    """Whether the parcel is where the message says, and the occasion still the one it is about.

    Raises:
        TemporaryError: it is not true yet, for the van's estimate has moved away.
    """
    kind, occasion = notification.kind, notification.occasion
    if delivery.status not in ANNOUNCED_WHILE[kind]:
        return False
    # A wish of an earlier release names no occasion.
    if occasion is not None and occasion not in occasions(kind, delivery):
        return False
    if kind is not MessageKind.DELIVERY_SOON:
        return True
    soon = is_soon(delivery, now)
    if soon is None:
        raise TemporaryError("the van is not that near any more")
    return soon
