"""What the routes of shops, providers and fleets have in common: what they refuse, count and log."""

from __future__ import annotations

from http import HTTPStatus

from shared.observability import NAMESPACE, Logger, Metrics

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
