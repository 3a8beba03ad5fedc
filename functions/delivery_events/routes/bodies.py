"""What the two routes of a fleet take and answer."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator

from functions.delivery_events.bodies import Moment
from shared.domain.base import Frozen, Instant
from shared.domain.deliveries import DeliveryId
from shared.domain.routes import MAX_REVISION, MAX_STOPS, ReplanReason, RouteId

Latitude = Annotated[float, Field(strict=True, ge=-90, le=90, allow_inf_nan=False)]
Longitude = Annotated[float, Field(strict=True, ge=-180, le=180, allow_inf_nan=False)]


class StopBody(Frozen):
    """A stop: the parcel that is brought there and, if the fleet wants the distance shown, where that is."""

    delivery_id: DeliveryId
    latitude: Latitude | None = None
    longitude: Longitude | None = None

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if (self.latitude is None) != (self.longitude is None):
            raise ValueError("latitude and longitude come together or not at all")
        return self


class RouteBody(Frozen):
    """The stops of a van in their order; it replaces the plan before it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "stops": [
                        {"delivery_id": "order-1001", "latitude": 52.517, "longitude": 13.389},
                        {"delivery_id": "order-1002"},
                    ],
                    "revision": 2,
                    "replanned_because": "traffic",
                }
            ]
        }
    )

    stops: Annotated[tuple[StopBody, ...], Field(max_length=MAX_STOPS)]
    revision: Annotated[
        int | None,
        Field(
            strict=True,
            ge=1,
            le=MAX_REVISION,
            description="The highest of a route counts, whatever the order of arrival. Without it, Unix milliseconds.",
        ),
    ] = None
    replanned_because: Annotated[
        ReplanReason | None, Field(description="Told to customers who have more in front of them by this plan.")
    ] = None


class PositionBody(Frozen):
    """Where the van is that has the parcel aboard; it counts for its whole route."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "latitude": 52.517,
                    "longitude": 13.389,
                    "occurred_at": "2026-11-22T14:03:00+01:00",
                    "estimated_at": "2026-11-22T14:25:00+01:00",
                }
            ]
        }
    )

    latitude: Latitude
    longitude: Longitude
    occurred_at: Annotated[Moment | None, Field(description="When the van was there; without it, now.")] = None
    estimated_at: Annotated[Moment | None, Field(description="When it is expected at this parcel's door.")] = None


class RouteAccepted(Frozen):
    """The plan is taken in; a customer's page shows it a moment later."""

    route_id: RouteId
    revision: int
    stops: int


class PositionAccepted(Frozen):
    """The position is taken in; an older one than is known changes nothing."""

    delivery_id: DeliveryId
    occurred_at: Instant
