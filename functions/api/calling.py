"""What operations have in common: who calls, the refusals that go without saying, and where it is logged."""

from __future__ import annotations

from http import HTTPStatus

from functions.api.bootstrap import service
from functions.api.service import Api
from shared.domain.api_keys import ApiKey
from shared.errors import InvalidRequestError
from shared.http import MAX_FAULTS_TOLD, Request, key_of
from shared.observability import NAMESPACE, Logger, Metrics

logger = Logger(service="api")
counters = Metrics(namespace=NAMESPACE, service="api")

MAX_NAME_TOLD = 64
"""Characters of a parameter's name that a refusal repeats."""
LIST_REFUSALS = (HTTPStatus.FORBIDDEN, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE)
"""Of what reads a list."""
READ_REFUSALS = (*LIST_REFUSALS, HTTPStatus.NOT_FOUND)
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
        InvalidRequestError: a query parameter that the operation does not know; left aside, a misspelt filter would be
            answered with everything.
    """
    api = service()
    caller = api.caller(key_of(request))
    if request.unexpected:
        first = request.unexpected[0][:MAX_NAME_TOLD]
        raise InvalidRequestError(
            f"{first}: is not a parameter of this request",
            {
                name[:MAX_NAME_TOLD]: ["is not a parameter of this request"]
                for name in request.unexpected[:MAX_FAULTS_TOLD]
            },
        )
    return api, caller
