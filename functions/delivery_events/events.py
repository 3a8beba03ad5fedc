"""What is reported of a parcel as an event of ours, whoever reported it."""

from __future__ import annotations

from datetime import datetime

from functions.delivery_events.bodies import EventBody
from shared.domain.base import digest, iso
from shared.domain.deliveries import DeliveryEvent
from shared.domain.tracking.trackers import CLOCKS_DIFFER_BY, EARLIEST, FARTHEST_ESTIMATE
from shared.errors import InvalidRequestError


def event_of(
    delivery_id: str, body: EventBody, now: datetime, provider: str | None = None, path: str = ""
) -> DeliveryEvent:
    """An event of a parcel.

    Args:
        delivery_id: Of which parcel.
        body: What is reported.
        now: When we learned it.
        provider: Who tells us, if not the shop itself.
        path: Where the event stands in the body, to name a wrong field by: `data.events.0.`.

    Raises:
        InvalidRequestError: no clock is that wrong, or it corrects itself.
    """
    if body.occurred_at is not None and not EARLIEST <= body.occurred_at <= now + CLOCKS_DIFFER_BY:
        raise invalid(f"{path}occurred_at", f"must lie between {iso(EARLIEST)} and a day from now")
    if body.estimated_at is not None and abs(body.estimated_at - now) > FARTHEST_ESTIMATE:
        raise invalid(f"{path}estimated_at", f"must lie within {FARTHEST_ESTIMATE.days} days of now")
    event_id = body.event_id or _event_id(delivery_id, body)
    if body.corrects == event_id:
        raise invalid(f"{path}corrects", "an event can not correct itself")
    return DeliveryEvent(
        event_id=event_id,
        status=body.status,
        reason=body.reason,
        occurred_at=body.occurred_at or now,
        learned_at=now,
        raw_status=body.raw_status,
        raw_substatus=body.raw_substatus,
        provider=provider,
        corrects=body.corrects,
        estimated_at=body.estimated_at,
    )


def invalid(path: str, fault: str) -> InvalidRequestError:
    """What is wrong with a field."""
    return InvalidRequestError(f"{path}: {fault}", {path: [fault]})


def _event_id(delivery_id: str, body: EventBody) -> str:
    """The id of an event whose sender gave it none: made of what was sent, so that a repetition has the same.

    Without `occurred_at` a parcel can therefore have each combination of what else is told once.
    """
    occurred_at = iso(body.occurred_at) if body.occurred_at else ""
    said = [delivery_id, body.status, body.reason or "", occurred_at, body.raw_status or ""]
    # Those that came later count only where they are told, so that what was reported before them keeps its id.
    for name in ("raw_substatus", "corrects", "estimated_at"):
        value = getattr(body, name)
        if value is not None:
            said += [name, iso(value) if isinstance(value, datetime) else value]
    return "evt_" + digest(*said)
