"""Trigger: the link at the foot of a mail, and the button that mail programs show beside its sender (RFC 8058)."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from functions.preferences.bootstrap import service
from functions.preferences.render import Page, asking_page, notice_page
from functions.preferences.texts import TEXTS
from shared.domain.languages import accepted_languages, spoken
from shared.errors import RequestError, TemporaryError
from shared.http import Answer, Operation, Request, Security, serve
from shared.observability import NAMESPACE, Logger, Metrics, MetricUnit

ONE_CLICK = (b"List-Unsubscribe", b"One-Click")
"""What a body must say, as a form of either kind: RFC 8058 lets mail programs choose."""
REFUSALS = (HTTPStatus.FORBIDDEN, HTTPStatus.SERVICE_UNAVAILABLE)

logger = Logger(service="preferences")
metrics = Metrics(namespace=NAMESPACE, service="preferences")


def ask(request: Request) -> Answer:
    """A page with one button."""
    language = _language(request)
    try:
        service().check(request.path_parameters["token"])
    except (RequestError, TemporaryError) as error:
        return _refused(error, language)
    return _answer(asking_page(TEXTS[language], language))


def unsubscribe(request: Request) -> Answer:
    """Have the person asked no more; repeating it changes nothing. A form that does not say so gets the page again."""
    if request.body is None or not all(word in request.body for word in ONE_CLICK):
        return ask(request)
    language = _language(request)
    try:
        person_id = service().unsubscribe(request.path_parameters["token"])
    except (RequestError, TemporaryError) as error:
        return _refused(error, language)
    metrics.add_metric("PeopleUnsubscribed", MetricUnit.Count, 1)
    logger.info("person unsubscribed", extra={"person_id": person_id})
    return _answer(notice_page(HTTPStatus.OK, TEXTS[language].done, language))


def _refused(error: RequestError | TemporaryError, language: str) -> Answer:
    """A kind page: a person reads it, or nobody does."""
    metrics.add_metric("UnsubscribesRefused", MetricUnit.Count, 1)
    texts = TEXTS[language]
    if isinstance(error, TemporaryError):
        logger.warning("unsubscribe not taken", extra={"fault": str(error)})
        return _answer(notice_page(HTTPStatus.SERVICE_UNAVAILABLE, texts.away, language))
    logger.info("unsubscribe refused", extra={"refusal": type(error).__name__})
    return _answer(notice_page(HTTPStatus.FORBIDDEN, texts.invalid, language))


def _language(request: Request) -> str:
    return spoken(accepted_languages(request.headers.get("accept-language", "")), TEXTS)


def _answer(page: Page) -> Answer:
    return Answer(page.status, page.html, page.headers)


OPERATIONS = (
    Operation(
        method="GET",
        path="/u/{token}",
        run=ask,
        summary="The page behind a mail's unsubscribe link: one button, and nothing is written yet",
        security=(Security.PUBLIC,),
        success=(HTTPStatus.OK, None),
        refusals=REFUSALS,
        media_type="text/html",
    ),
    Operation(
        method="POST",
        path="/u/{token}",
        run=unsubscribe,
        summary="Be asked and thanked no more: a form with `List-Unsubscribe=One-Click` (RFC 8058)",
        security=(Security.PUBLIC,),
        success=(HTTPStatus.OK, None),
        refusals=REFUSALS,
        media_type="text/html",
    ),
)


@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one request."""
    return serve(event, OPERATIONS)
