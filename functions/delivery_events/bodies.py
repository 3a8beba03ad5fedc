"""What the two routes take and answer."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, Field, StringConstraints

from shared.domain.base import Frozen, Identifier, Instant
from shared.domain.deliveries import DeliveryId, DeliveryReason, DeliveryStatus
from shared.domain.people import Recipient
from shared.domain.promises import Window
from shared.domain.surveys import SurveyId
from shared.domain.time_zones import TimeZone


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
                    "recipient": {"email": "ada@example.com", "phone": "+4915112345678", "name": "Ada", "locale": "de"},
                    "promise": {"start": "2026-11-22T14:00:00+01:00", "end": "2026-11-22T16:00:00+01:00"},
                    "time_zone": "Europe/Berlin",
                    "survey_id": "delivery",
                }
            ]
        }
    )

    delivery_id: DeliveryId
    carrier: Identifier
    tracking_number: Identifier | None = None
    recipient: Recipient
    promise: Promise | None = None
    time_zone: Annotated[
        TimeZone | None,
        Field(description="Where the parcel goes; windows are told in it, and quiet hours kept. Without it, UTC."),
    ] = None
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
    raw_status: Annotated[
        Annotated[str, StringConstraints(max_length=200)] | None, Field(description="The carrier's own word for it.")
    ] = None


class DeliveryAccepted(Frozen):
    """The parcel is taken in; who asks for it may find it a moment later."""

    delivery_id: DeliveryId


class EventAccepted(Frozen):
    """The event is taken in."""

    delivery_id: DeliveryId
    event_id: Identifier
    status: DeliveryStatus
