"""When and how much: what is put off until a decent hour, and what a message takes from which limit.

It stands between the planner, which says whether a message is right and how it reads, and the fence, which takes from
the limits in the write that lets it pass.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

from functions.notify.needs import Brands, Limits
from shared.domain.brands import Brand
from shared.domain.daily_caps import WORTH_KNOWING_ONLY_NOW, DailyCap, local_day
from shared.domain.messages import LinkChannel, Notification, Reason, SmsRequest
from shared.domain.number_zones import zones_of_number
from shared.domain.phones import country_of
from shared.domain.quiet_hours import next_opening, quiet_hours_for
from shared.domain.sending import Draft, PutOff, Silence
from shared.domain.sms_limits import taking_of
from shared.domain.sms_prices import MAX_PRICE, as_max_price
from shared.domain.sms_segments import sms_size

WORTH_WAITING_FOR = timedelta(minutes=2)
"""What a message must have left when it opens, for a schedule comes within a minute of its time."""


class Planner(Protocol):
    """Decides whether a message is still right, and renders it."""

    def plan(self, notification: Notification, now: datetime) -> Draft | Silence | PutOff:
        """The message from what is true now; or until when it waits for another, or why there is to be none."""
        ...


class Manners:
    """Judges what was planned.

    Args:
        planner: Decides and renders.
        brands: What the company chose.
        limits: What ops chose.
    """

    def __init__(self, planner: Planner, brands: Brands, limits: Limits) -> None:
        self._planner = planner
        self._brands = brands
        self._limits = limits

    def plan(self, notification: Notification, now: datetime) -> Draft | Silence | PutOff:
        """The message with what it takes from the limits; or until when it is put off, or why there is to be none."""
        draft = self._planner.plan(notification, now)
        if not isinstance(draft, Draft) or notification.kind.to_owner:
            return draft
        brand = self._brands.current(draft.brand_id)
        category = notification.kind.category
        if category.is_stage and not brand.stage(category).enabled:
            return Silence(Reason.SWITCHED_OFF)
        if isinstance(draft.request, SmsRequest):
            return self._sms(draft, draft.request, notification, brand, now)
        return self._counted(draft, notification, brand, now)

    def by_email(self, notification: Notification, now: datetime, because: Reason) -> Draft | Silence | PutOff:
        """The message by e-mail, which makes no noise and costs next to nothing, or silence if it has to be an SMS."""
        draft = self._planner.plan(notification.model_copy(update={"channel": LinkChannel.EMAIL}), now)
        if isinstance(draft, Silence) and draft.reason is Reason.NO_ADDRESS:
            return Silence(because)
        if not isinstance(draft, Draft):
            return draft
        if isinstance(draft.request, SmsRequest):
            return Silence(because)
        return self._counted(draft, notification, self._brands.current(draft.brand_id), now)

    def _sms(
        self, draft: Draft, request: SmsRequest, notification: Notification, brand: Brand, now: datetime
    ) -> Draft | Silence | PutOff:
        """An SMS at a decent hour, at a price that is known."""
        country = country_of(request.to)
        quiet = quiet_hours_for(brand.quiet_hours, notification.kind.category, country)
        opening = next_opening(quiet, self._zones(draft), now) if quiet else now
        if opening is None or (opening > now and opening + WORTH_WAITING_FOR > notification.expires_at):
            return self.by_email(notification, now, Reason.QUIET_HOURS)
        if opening > now:
            return PutOff(opening, Reason.QUIET_HOURS)
        a_part = self._limits.sms_prices.get(country or "")
        price = a_part * sms_size(request.content.body).segments if a_part is not None else None
        if price is None or price > MAX_PRICE:
            return self.by_email(notification, now, Reason.SPEND_LIMIT)
        taking = taking_of(
            request.to,
            price,
            now,
            spend_limit=self._limits.sms_spend_per_day,
            prefix_limit=self._limits.sms_per_prefix_per_hour,
        )
        priced = request.model_copy(update={"max_price": as_max_price(price)})
        return self._counted(draft.model_copy(update={"request": priced, "sms": taking}), notification, brand, now)

    def _counted(self, draft: Draft, notification: Notification, brand: Brand, now: datetime) -> Draft:
        """The message with what it takes from its person's day."""
        if notification.kind.category in WORTH_KNOWING_ONLY_NOW or draft.person_id is None:
            return draft
        limit = brand.messages_per_day or self._limits.messages_per_day
        day = local_day(self._zones(draft)[0], now)
        return draft.model_copy(update={"cap": DailyCap(person_id=draft.person_id, day=day, limit=limit)})

    def _zones(self, draft: Draft) -> tuple[str, ...]:
        """Every zone a recipient may be in: that of their parcel or their profile, else what their number says."""
        if draft.time_zone is not None:
            return (draft.time_zone,)
        by_number = zones_of_number(draft.request.to) if isinstance(draft.request, SmsRequest) else ()
        return by_number or (self._limits.default_time_zone,)
