"""`/v1/deliveries`: where a parcel is."""

from __future__ import annotations

from http import HTTPStatus

from functions.api.calling import READ_REFUSALS, called
from functions.api.deliveries.bodies import DeliveryTold
from shared.http import Answer, Operation, Request, Security


def read_delivery(request: Request) -> Answer:
    """One parcel."""
    api, _ = called(request)
    return Answer(body=api.deliveries.delivery(request.path_parameters["delivery_id"]))


OPERATIONS = (
    Operation(
        method="GET",
        path="/v1/deliveries/{delivery_id}",
        run=read_delivery,
        summary="Where a parcel is, with its history",
        security=(Security.SECRET_KEY,),
        success=(HTTPStatus.OK, DeliveryTold),
        refusals=READ_REFUSALS,
    ),
)
