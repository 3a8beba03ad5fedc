"""`/v1/deliveries`: where a parcel is."""

from __future__ import annotations

from http import HTTPStatus

from functions.api.calling import LIST_REFUSALS, READ_REFUSALS, called
from functions.api.deliveries.bodies import ContradictedTold, DeliveryTold
from shared.errors import InvalidRequestError
from shared.http import Answer, Operation, Request, Security


def read_delivery(request: Request) -> Answer:
    """One parcel."""
    api, _ = called(request)
    return Answer(body=api.deliveries.delivery(request.path_parameters["delivery_id"]))


def list_contradicted(request: Request) -> Answer:
    """The parcels that need a person."""
    api, _ = called(request)
    if request.query.get("contradicted") != "true":
        raise InvalidRequestError(
            "There is no list of all parcels.", {"contradicted": ["must be true: ask for those that need a person"]}
        )
    return Answer(body=api.deliveries.contradicted())


OPERATIONS = (
    Operation(
        method="GET",
        path="/v1/deliveries",
        run=list_contradicted,
        summary="The latest 100 parcels whose events contradict each other: a person has to say which is wrong",
        security=(Security.SECRET_KEY,),
        success=(HTTPStatus.OK, ContradictedTold),
        parameters={"contradicted": "`true`: there is no list of all parcels."},
        refusals=LIST_REFUSALS,
    ),
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
