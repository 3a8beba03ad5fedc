"""Trigger: `POST /v1/surveys/{survey_id}/responses` and `/views`, from any page in the world, and their preflights."""

from __future__ import annotations

import gc

# What is imported stays, so nothing of it is garbage; looking for some all the while takes a twentieth of the start.
gc.disable()

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from functions.survey_ingest.bodies import ReportView, ResponseAccepted, SubmitResponse, ViewTaken
from functions.survey_ingest.bootstrap import service, views
from functions.survey_ingest.service import Opened
from shared.errors import ForbiddenError, RequestError, TemporaryError, TooManyRequestsError
from shared.http import (
    WIDGET_TYPES,
    Answer,
    Operation,
    Request,
    Security,
    json_body,
    key_of,
    parsed,
    readable_by,
    serve,
)
from shared.observability import NAMESPACE, Logger, Metrics, MetricUnit

PREFLIGHT_SECONDS = 86_400

logger = Logger(service="survey_ingest")
metrics = Metrics(namespace=NAMESPACE, service="survey_ingest")


def submit(request: Request) -> Answer:
    """Take an answer. The body is read first, then credential, survey, origin and fields are checked, in this order."""
    data = json_body(request, WIDGET_TYPES)
    response = service().accept(_opened(request), parsed(SubmitResponse, data))
    metrics.add_metric("ResponsesAccepted", MetricUnit.Count, 1)
    if response.suspicious:
        metrics.add_metric("ResponsesSuspicious", MetricUnit.Count, 1)
    logger.info(
        "response accepted",
        extra={
            "survey_id": response.survey_id,
            "response_id": response.response_id,
            "revision": response.revision,
            "source": response.source.value,
            "suspicious": response.suspicious,
        },
    )
    accepted = ResponseAccepted(response_id=response.response_id, revision=response.revision)
    return Answer(HTTPStatus.ACCEPTED, accepted, readable_by(request.origin))


def view(request: Request) -> Answer:
    """Take a view, by the same checks as an answer."""
    data = json_body(request, WIDGET_TYPES)
    counted = views().take(_opened(request, is_view=True), parsed(ReportView, data))
    metrics.add_metric("ViewsAccepted", MetricUnit.Count, 1)
    return Answer(HTTPStatus.ACCEPTED, ViewTaken(counted=counted), readable_by(request.origin))


def _opened(request: Request, *, is_view: bool = False) -> Opened:
    """The survey that a request's credential opens."""
    # A page of ours (kiosk, link) is where the survey lives, not one of the pages that the key's owner named.
    origin = None if request.is_from_own_page else request.origin
    return service().open(
        request.path_parameters["survey_id"],
        key=key_of(request),
        token=request.query.get("t"),
        origin=origin,
        address=request.source_ip,
        is_view=is_view,
    )


def preflight(request: Request) -> Answer:
    """Tell a browser whether its page may post."""
    service().preflight(request.path_parameters["survey_id"], request.origin)
    return Answer(
        HTTPStatus.NO_CONTENT,
        headers={
            **readable_by(request.origin),
            "access-control-allow-methods": "POST",
            "access-control-allow-headers": "content-type, authorization",
            "access-control-max-age": str(PREFLIGHT_SECONDS),
        },
    )


def view_preflight(request: Request) -> Answer:
    """Tell a browser whether its page may tell of a view."""
    return preflight(request)


def refused(request: Request, error: RequestError | TemporaryError) -> Mapping[str, str]:
    """Count a refusal, and let the page read why.

    Most refusals come before it is known whose key it is, so every page may read them: they say nothing that the
    sender did not know, and no credential of a browser (cookie) ever comes here. Only the page that a key is not for
    gets no such leave, so that its browser names the origin as the cause.
    """
    metrics.add_metric("ResponsesRefused", MetricUnit.Count, 1)
    if isinstance(error, TooManyRequestsError):
        metrics.add_metric("ResponsesSlowed", MetricUnit.Count, 1)
    if isinstance(error, TemporaryError):
        logger.warning("response not accepted", extra={"fault": str(error)})
    else:
        logger.info("response refused", extra={"refusal": type(error).__name__})
    return readable_by(None if isinstance(error, ForbiddenError) else "*")


REFUSALS = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
OPERATIONS = (
    Operation(
        method="POST",
        path="/v1/surveys/{survey_id}/responses",
        run=submit,
        summary="Answer a survey, from a page or by a signed link",
        security=(Security.PUBLISHABLE_KEY, Security.SIGNED_LINK),
        success=(HTTPStatus.ACCEPTED, ResponseAccepted),
        request=SubmitResponse,
        request_types=WIDGET_TYPES,
        refusals=REFUSALS,
    ),
    Operation(
        method="OPTIONS",
        path="/v1/surveys/{survey_id}/responses",
        run=preflight,
        summary="Ask whether a page may answer (a browser's CORS preflight)",
        security=(Security.PUBLIC,),
        success=(HTTPStatus.NO_CONTENT, None),
        refusals=(HTTPStatus.FORBIDDEN, HTTPStatus.SERVICE_UNAVAILABLE),
    ),
    Operation(
        method="POST",
        path="/v1/surveys/{survey_id}/views",
        run=view,
        summary="Tell that a survey was shown, for the funnel of a survey that counts it",
        security=(Security.PUBLISHABLE_KEY, Security.SIGNED_LINK),
        success=(HTTPStatus.ACCEPTED, ViewTaken),
        request=ReportView,
        request_types=WIDGET_TYPES,
        refusals=REFUSALS,
    ),
    Operation(
        method="OPTIONS",
        path="/v1/surveys/{survey_id}/views",
        run=view_preflight,
        summary="Ask whether a page may tell of a view (a browser's CORS preflight)",
        security=(Security.PUBLIC,),
        success=(HTTPStatus.NO_CONTENT, None),
        refusals=(HTTPStatus.FORBIDDEN, HTTPStatus.SERVICE_UNAVAILABLE),
    ),
)


# And it is not looked through again with every request.
gc.freeze()
gc.enable()


@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one request."""
    return serve(event, OPERATIONS, refused)
