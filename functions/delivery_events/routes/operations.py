"""The routes of the HTTP API that a fleet feeds; a part of the function's trigger."""

from __future__ import annotations

from http import HTTPStatus

from functions.delivery_events.bootstrap import fleet, service
from functions.delivery_events.calling import REFUSALS, logger, metrics
from functions.delivery_events.routes.bodies import PositionAccepted, PositionBody, RouteAccepted, RouteBody
from shared.http import Answer, Operation, Request, Security, json_body, key_of, parsed
from shared.observability import MetricUnit

MAX_ROUTE_BYTES = 64 * 1024
"""Of this route only: 200 stops with ids of 128 characters and coordinates are 44 KB, and a message may have 256 KB."""


def plan(request: Request) -> Answer:
    """Take in the stops of a van. The body is read first, then the key is checked, then the fields."""
    data = json_body(request, limit=MAX_ROUTE_BYTES)
    key = service().authorize(key_of(request))
    accepted = fleet().plan(request.path_parameters["route_id"], parsed(RouteBody, data))
    metrics.add_metric("RoutesAccepted", MetricUnit.Count, 1)
    about = {"route_id": accepted.route_id, "revision": accepted.revision, "stops": accepted.stops}
    logger.info("route accepted", extra={**about, "key": key.name})
    return Answer(HTTPStatus.ACCEPTED, accepted)


def see(request: Request) -> Answer:
    """Take in where a van is, by the same order; no log says where."""
    data = json_body(request)
    service().authorize(key_of(request))
    accepted = fleet().see(request.path_parameters["delivery_id"], parsed(PositionBody, data))
    metrics.add_metric("PositionsAccepted", MetricUnit.Count, 1)
    return Answer(HTTPStatus.ACCEPTED, accepted)


OPERATIONS = (
    Operation(
        method="PUT",
        path="/v1/routes/{route_id}",
        run=plan,
        summary="Tell the stops of a van in their order, anew each time they change; at most 200 stops and 64 KB",
        security=(Security.SECRET_KEY,),
        success=(HTTPStatus.ACCEPTED, RouteAccepted),
        request=RouteBody,
        refusals=REFUSALS,
    ),
    Operation(
        method="POST",
        path="/v1/deliveries/{delivery_id}/position",
        run=see,
        summary="Tell where the van is that has a parcel aboard, and when it is expected at the door",
        security=(Security.SECRET_KEY,),
        success=(HTTPStatus.ACCEPTED, PositionAccepted),
        request=PositionBody,
        refusals=REFUSALS,
    ),
)
