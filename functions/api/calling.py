"""What operations have in common: who calls, the refusals that go without saying, and where it is logged."""

from __future__ import annotations

from http import HTTPStatus

from functions.api.bootstrap import service
from functions.api.service import Api
from shared.domain.api_keys import ApiKey
from shared.http import Request, key_of
from shared.observability import NAMESPACE, Logger, Metrics

logger = Logger(service="api")
counters = Metrics(namespace=NAMESPACE, service="api")

READ_REFUSALS = (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE)
"""Of what reads one thing."""
BODY_REFUSALS = (
    HTTPStatus.FORBIDDEN,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
)
"""Of what reads a body."""


def called(request: Request) -> tuple[Api, ApiKey]:
    """The API, and the key that it is asked with.

    Raises:
        UnauthorizedError: no key, or none that is live.
        ForbiddenError: a publishable key.
    """
    api = service()
    return api, api.caller(key_of(request))
