"""Trigger: routes of the HTTP API, for whoever holds a secret key, for fleets (`routes/`) and for signed webhooks."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from functions.delivery_events.bodies import (
    DeliveryAccepted,
    DeliveryBody,
    EventAccepted,
    EventBody,
    HearbackWebhook,
    WebhookTaken,
)
from functions.delivery_events.bootstrap import service, webhooks
from functions.delivery_events.calling import REFUSALS, logger, metrics
from functions.delivery_events.routes.operations import OPERATIONS as OF_FLEETS
from shared.domain.tracking.providers import Provider
from shared.errors import RequestError, TemporaryError
from shared.http import Answer, Operation, Request, Security, json_body, key_of, parsed, raw_body, serve
from shared.observability import MetricUnit

MAX_WEBHOOK_BYTES = 256 * 1024
"""Providers send the whole history of a parcel each time."""


def register(request: Request) -> Answer:
    """Take in a parcel. The body is read first, then the key is checked, then the fields."""
    data = json_body(request)
    key = service().authorize(key_of(request))
    accepted = service().register(parsed(DeliveryBody, data))
    metrics.add_metric("DeliveryReportsAccepted", MetricUnit.Count, 1)
    logger.info("delivery accepted", extra={"delivery_id": accepted.delivery_id, "key": key.name})
    return Answer(HTTPStatus.ACCEPTED, accepted)


def report(request: Request) -> Answer:
    """Take in an event, by the same order."""
    data = json_body(request)
    key = service().authorize(key_of(request))
    accepted = service().report(request.path_parameters["delivery_id"], parsed(EventBody, data))
    metrics.add_metric("DeliveryReportsAccepted", MetricUnit.Count, 1)
    ids = {"delivery_id": accepted.delivery_id, "event_id": accepted.event_id}
    logger.info("event accepted", extra={**ids, "status": accepted.status.value, "key": key.name})
    return Answer(HTTPStatus.ACCEPTED, accepted)


def take_webhook(request: Request) -> Answer:
    """Take in a webhook. The signature is that of the raw body, so it is checked before anything is read."""
    provider = webhooks().verify(
        request.path_parameters["provider"], request.headers, raw_body(request, MAX_WEBHOOK_BYTES)
    )
    taken = webhooks().take(provider, json_body(request, limit=MAX_WEBHOOK_BYTES))
    metrics.add_metric("WebhooksTaken", MetricUnit.Count, 1)
    logger.info("webhook taken", extra={"provider": provider, "events": taken.events})
    if taken.unknown_words:
        metrics.add_metric("TrackingWordsUnknown", MetricUnit.Count, len(taken.unknown_words))
        logger.warning("words not in our table", extra={"provider": provider, "words": taken.unknown_words})
    return Answer(HTTPStatus.OK, WebhookTaken(provider=provider, events=taken.events))


def refused(request: Request, error: RequestError | TemporaryError) -> Mapping[str, str]:
    """Count a refusal; a fault of ours is told by what failed, a caller's by its kind only."""
    if "provider" in request.path_parameters:
        metrics.add_metric("WebhooksRefused", MetricUnit.Count, 1)
    else:
        metrics.add_metric("DeliveryReportsRefused", MetricUnit.Count, 1)
    if isinstance(error, TemporaryError):
        logger.warning("report not accepted", extra={"fault": str(error)})
    else:
        # A provider has no screen to show an answer on: which fields were wrong is only told here.
        provider = request.path_parameters.get("provider") in set(Provider) and request.path_parameters["provider"]
        wrong = {"provider": provider, "fields": list(error.errors)} if provider else {}
        logger.info("report refused", extra={"refusal": type(error).__name__, **wrong})
    return {}


OPERATIONS = (
    Operation(
        method="POST",
        path="/v1/deliveries",
        run=register,
        summary="Tell of a parcel that was handed to a carrier",
        security=(Security.SECRET_KEY,),
        success=(HTTPStatus.ACCEPTED, DeliveryAccepted),
        request=DeliveryBody,
        refusals=REFUSALS,
    ),
    Operation(
        method="POST",
        path="/v1/deliveries/{delivery_id}/events",
        run=report,
        summary="Tell what happened to a parcel",
        security=(Security.SECRET_KEY,),
        success=(HTTPStatus.ACCEPTED, EventAccepted),
        request=EventBody,
        refusals=REFUSALS,
    ),
    Operation(
        method="POST",
        path="/v1/webhooks/{provider}",
        run=take_webhook,
        summary="Tell what happened to a parcel, as a tracking provider, a carrier or a fleet (docs/tracking.md)",
        security=(Security.SIGNATURE,),
        success=(HTTPStatus.OK, WebhookTaken),
        own_form=HearbackWebhook,
        refusals=(*(status for status in REFUSALS if status is not HTTPStatus.FORBIDDEN), HTTPStatus.NOT_FOUND),
    ),
    *OF_FLEETS,
)


@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one request."""
    return serve(event, OPERATIONS, refused)
