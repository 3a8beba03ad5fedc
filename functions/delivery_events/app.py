"""Trigger: two routes of the HTTP API, for whoever holds a secret key."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from functions.delivery_events import bootstrap
from functions.delivery_events.bodies import DeliveryAccepted, DeliveryBody, EventAccepted, EventBody
from shared.errors import RequestError, TemporaryError
from shared.http import (
    Answer,
    Operation,
    Request,
    Security,
    dispatch,
    json_body,
    key_of,
    parsed,
    problem,
    request_from,
    response_to,
)
from shared.observability import NAMESPACE, Logger, Metrics, MetricUnit

logger = Logger(service="delivery_events")
metrics = Metrics(namespace=NAMESPACE, service="delivery_events")

REFUSALS = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.SERVICE_UNAVAILABLE,
)


def _register(request: Request) -> Answer:
    service = bootstrap.service()
    key = service.authorize(key_of(request))
    accepted = service.register(parsed(DeliveryBody, json_body(request)))
    logger.info("delivery accepted", extra={"delivery_id": accepted.delivery_id, "key": key.name})
    return Answer(HTTPStatus.ACCEPTED, accepted)


def _report(request: Request) -> Answer:
    service = bootstrap.service()
    key = service.authorize(key_of(request))
    accepted = service.report(request.path_parameters["delivery_id"], parsed(EventBody, json_body(request)))
    logger.info(
        "event accepted",
        extra={"delivery_id": accepted.delivery_id, "status": accepted.status.value, "key": key.name},
    )
    return Answer(HTTPStatus.ACCEPTED, accepted)


OPERATIONS = (
    Operation(
        method="POST",
        path="/v1/deliveries",
        run=_register,
        summary="Tell of a parcel that was handed to a carrier",
        security=(Security.SECRET_KEY,),
        success=(HTTPStatus.ACCEPTED, DeliveryAccepted),
        request=DeliveryBody,
        refusals=REFUSALS,
    ),
    Operation(
        method="POST",
        path="/v1/deliveries/{delivery_id}/events",
        run=_report,
        summary="Tell what happened to a parcel",
        security=(Security.SECRET_KEY,),
        success=(HTTPStatus.ACCEPTED, EventAccepted),
        request=EventBody,
        refusals=REFUSALS,
    ),
)


@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one request."""
    try:
        answer = dispatch(OPERATIONS, event["routeKey"]).run(request_from(event))
        metrics.add_metric("DeliveryReportsAccepted", MetricUnit.Count, 1)
    except (RequestError, TemporaryError) as error:
        answer = problem(error)
        logger.warning("refused", extra={"route": event["routeKey"], "status": int(answer.status)})
        metrics.add_metric("DeliveryReportsRefused", MetricUnit.Count, 1)
    return response_to(answer)
