"""What travels on the queues. Each has a `schema` number; a consumer reads the previous one too."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from shared.domain.base import Frozen
from shared.domain.deliveries import DeliveryEvent, DeliveryId, DeliveryRegistration
from shared.domain.messages import Notification
from shared.domain.responses import Response


class Queued(Frozen):
    """The base of everything on a queue."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True)

    schema_number: Annotated[Literal[1], Field(alias="schema")] = 1


class ResponseSubmitted(Queued):
    """An answer was accepted; on the responses queue.

    Args:
        response: The answer, judged by its survey's definition already.
        expected_revision: The caller's condition: the revision that must be stored for this one to count, 0 for
            "there must be none", None for "the highest revision wins".
    """

    type: Literal["ResponseSubmitted"] = "ResponseSubmitted"
    response: Response
    expected_revision: Annotated[int, Field(ge=0)] | None = None


class DeliveryReported(Queued):
    """A shop or a carrier told us of a parcel; on the deliveries queue. Has a registration, an event, or both."""

    type: Literal["DeliveryReported"] = "DeliveryReported"
    delivery_id: DeliveryId
    registration: DeliveryRegistration | None = None
    event: DeliveryEvent | None = None


class SendNotification(Queued):
    """A message is wished for; on the notifications queue."""

    type: Literal["SendNotification"] = "SendNotification"
    notification: Notification
