"""What the routes take and answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field

from shared.domain.base import Frozen, Identifier, Instant
from shared.domain.brands import DEFAULT_BRAND, BrandId
from shared.domain.deliveries import MAX_EVENTS, CarriersWord, DeliveryId, DeliveryReason, DeliveryStatus
from shared.domain.people import Recipient
from shared.domain.promises import Window
from shared.domain.surveys import SurveyId
from shared.domain.time_zones import TimeZone
from shared.domain.tracking.providers import Provider


def _written_out(value: Any) -> Any:
    """Numbers are refused: nobody can know whether they are seconds or milliseconds."""
    if not isinstance(value, str) or not re.match(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d", value):
        raise ValueError("must be a date and time with its offset from UTC, such as 2026-11-22T14:00:00+01:00")
    return value


Moment = Annotated[Instant, BeforeValidator(_written_out)]
"""An instant as ISO 8601 text."""


class Promise(Window):
    """The window the customer was told."""

    start: Moment
    end: Moment


class DeliveryBody(Frozen):
    """A parcel that was handed to a carrier; told again, it replaces what was told before."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "delivery_id": "order-1001",
                    "carrier": "dhl",
                    "tracking_number": "00340434161094042557",
                    "trackers": {"easypost": "trk_8f2c1d"},
                    "recipient": {"email": "ada@example.com", "phone": "+4915112345678", "name": "Ada", "locale": "de"},
                    "promise": {"start": "2026-11-22T14:00:00+01:00", "end": "2026-11-22T16:00:00+01:00"},
                    "time_zone": "Europe/Berlin",
                    "region": "berlin",
                    "survey_id": "delivery",
                }
            ]
        }
    )

    delivery_id: DeliveryId
    carrier: Identifier
    tracking_number: Annotated[
        Identifier | None, Field(description="What the carrier calls it, by which webhooks find it.")
    ] = None
    trackers: Annotated[
        Mapping[Literal[Provider.AFTERSHIP, Provider.EASYPOST], Identifier],
        Field(default_factory=dict, description="What tracking providers call it: their id of the tracker."),
    ]
    recipient: Recipient
    promise: Promise | None = None
    promised_by_customer: Annotated[
        bool,
        Field(
            description="The customer chose this window in place of an earlier one, which is then no broken promise."
        ),
    ] = False
    time_zone: Annotated[
        TimeZone | None,
        Field(description="Where the parcel goes; windows are told in it, and quiet hours kept. Without it, UTC."),
    ] = None
    region: Annotated[
        Identifier | None, Field(description="The part of the country or town it goes to; promises are counted by it.")
    ] = None
    brand_id: Annotated[BrandId, Field(description="For which of the company's brands it goes.")] = DEFAULT_BRAND
    survey_id: Annotated[SurveyId | None, Field(description="The survey to invite to once it is delivered.")] = None


class EventBody(Frozen):
    """One thing that happened to a parcel."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"status": "out_for_delivery", "occurred_at": "2026-11-22T08:10:00+01:00"},
                {"event_id": "scan-77", "status": "exception", "reason": "weather", "raw_status": "weather_delay"},
            ]
        }
    )

    event_id: Annotated[
        Identifier | None,
        Field(
            description=(
                "The sender's id of the event: the same id again is the same event. Without one, the same content is."
            )
        ),
    ] = None
    status: DeliveryStatus
    reason: DeliveryReason | None = None
    occurred_at: Annotated[Moment | None, Field(description="When it happened; without it, now.")] = None
    raw_status: Annotated[CarriersWord | None, Field(description="The carrier's own word for it.")] = None
    raw_substatus: Annotated[CarriersWord | None, Field(description="The carrier's own word for the detail.")] = None
    corrects: Annotated[
        Identifier | None,
        Field(description="The id of an event that was reported wrongly: this one stands in its place."),
    ] = None
    estimated_at: Annotated[
        Moment | None, Field(description="When it is expected to arrive, as far as is known now.")
    ] = None


class ReportedEvents(Frozen):
    """What happened to a parcel."""

    delivery_id: DeliveryId
    events: Annotated[tuple[EventBody, ...], Field(min_length=1, max_length=MAX_EVENTS)]


class HearbackWebhook(Frozen):
    """What carriers and fleets post that have no webhook of their own, in the form of Standard Webhooks."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "delivery.events",
                    "timestamp": "2026-11-22T07:10:30Z",
                    "data": {
                        "delivery_id": "order-1001",
                        "events": [{"status": "out_for_delivery", "occurred_at": "2026-11-22T08:10:00+01:00"}],
                    },
                }
            ]
        }
    )

    type: Literal["delivery.events"]
    timestamp: Annotated[Moment | None, Field(description="When it was sent; the signed header counts.")] = None
    data: ReportedEvents


class DeliveryAccepted(Frozen):
    """The parcel is taken in; who asks for it may find it a moment later."""

    delivery_id: DeliveryId


class WebhookTaken(Frozen):
    """The webhook is taken in."""

    provider: Provider
    events: Annotated[int, Field(description="How many things it tells, those told before included.")]


class EventAccepted(Frozen):
    """The event is taken in."""

    delivery_id: DeliveryId
    event_id: Identifier
    status: DeliveryStatus
