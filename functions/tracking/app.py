"""Trigger: the live page of a parcel, and the part of it that changes, which its script asks for."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from functions.tracking.bootstrap import service
from functions.tracking.render import Page, live_page, live_part, notice_page
from functions.tracking.texts import TEXTS, Notice, Texts
from shared.domain.languages import accepted_languages, spoken
from shared.errors import ExpiredLinkError, NotFoundError, RequestError, TemporaryError
from shared.http import Answer, Operation, Request, Security, serve
from shared.observability import NAMESPACE, Logger, Metrics, MetricUnit

REFUSALS = (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.GONE, HTTPStatus.SERVICE_UNAVAILABLE)
PARAMETERS = {"locale": "The language to read in, such as de-AT; before Accept-Language."}

logger = Logger(service="tracking")
metrics = Metrics(namespace=NAMESPACE, service="tracking")


def page(request: Request) -> Answer:
    """The whole page, which needs no script."""
    language = _language(request)
    try:
        seen = service().look(request.path_parameters["token"])
    except (RequestError, TemporaryError) as error:
        return _refused(error, language)
    metrics.add_metric("TrackingPagesShown", MetricUnit.Count, 1)
    return _answer(live_page(seen.view, seen.at, language))


def part(request: Request) -> Answer:
    """What of it changes."""
    language = _language(request)
    try:
        seen = service().look(request.path_parameters["token"])
    except (RequestError, TemporaryError) as error:
        return _refused(error, language)
    metrics.add_metric("TrackingPagesRefreshed", MetricUnit.Count, 1)
    return _answer(live_part(seen.view, seen.at, language))


def _refused(error: RequestError | TemporaryError, language: str) -> Answer:
    """A kind page: a person reads it."""
    metrics.add_metric("TrackingPagesRefused", MetricUnit.Count, 1)
    if isinstance(error, TemporaryError):
        logger.warning("live page not shown", extra={"fault": str(error)})
    else:
        logger.info("live page refused", extra={"refusal": type(error).__name__})
    status, notice = _notice(error, TEXTS[language])
    return _answer(notice_page(status, notice, language))


def _notice(error: RequestError | TemporaryError, texts: Texts) -> tuple[HTTPStatus, Notice]:
    """Statuses for a person's browser: 401 would ask for a password that nobody has."""
    if isinstance(error, TemporaryError):
        return HTTPStatus.SERVICE_UNAVAILABLE, texts.away
    if isinstance(error, ExpiredLinkError):
        return HTTPStatus.GONE, texts.expired
    if isinstance(error, NotFoundError):
        return HTTPStatus.NOT_FOUND, texts.unknown
    return HTTPStatus.FORBIDDEN, texts.invalid


def _language(request: Request) -> str:
    said = (request.query.get("locale", ""), request.headers.get("accept-language", ""))
    return spoken(tuple(each for header in said for each in accepted_languages(header)), TEXTS)


def _answer(page: Page) -> Answer:
    return Answer(page.status, page.html, page.headers)


OPERATIONS = (
    Operation(
        method="GET",
        path="/track/{token}",
        run=page,
        summary="The live page of a parcel; the token is a signed link's",
        security=(Security.PUBLIC,),
        success=(HTTPStatus.OK, None),
        parameters=PARAMETERS,
        refusals=REFUSALS,
        media_type="text/html",
    ),
    Operation(
        method="GET",
        path="/track/{token}/now",
        run=part,
        summary="What of the live page changes: it refreshes itself with this",
        security=(Security.PUBLIC,),
        success=(HTTPStatus.OK, None),
        parameters=PARAMETERS,
        refusals=REFUSALS,
        media_type="text/html",
    ),
)


@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one request."""
    return serve(event, OPERATIONS)
