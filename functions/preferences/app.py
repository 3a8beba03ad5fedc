"""Trigger: the links at the foot of a mail, and the button that mail programs show beside its sender (RFC 8058)."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from functions.preferences.bootstrap import service, settings
from functions.preferences.form import wanted
from functions.preferences.render import Page, asking_page, choosing_page, done_page, notice_page
from functions.preferences.texts import TEXTS
from shared.domain.languages import accepted_languages, spoken
from shared.errors import ForbiddenError, RequestError, TemporaryError, UnauthorizedError
from shared.http import Answer, Operation, Request, Security, form_body, serve
from shared.observability import NAMESPACE, Logger, Metrics, MetricUnit

ONE_CLICK = (b"List-Unsubscribe", b"One-Click")
"""What a body must say, as a form of either kind: RFC 8058 lets mail programs choose."""
REFUSALS = (HTTPStatus.FORBIDDEN, HTTPStatus.SERVICE_UNAVAILABLE)
FORM_REFUSALS = (
    *REFUSALS,
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
)

logger = Logger(service="preferences")
metrics = Metrics(namespace=NAMESPACE, service="preferences")


def ask(request: Request) -> Answer:
    """A page with one button."""
    language = _language(request)
    try:
        link = service().opened(request.path_parameters["token"])
        choose = service().to_choose(link)
    except (RequestError, TemporaryError) as error:
        return _refused(error, language)
    return _answer(asking_page(TEXTS[language], language, link, choose))


def unsubscribe(request: Request) -> Answer:
    """Send the person no more of these; repeating it changes nothing. A form that does not say so gets the page again.

    A mail program sends it without cookies and follows no redirect, so there are neither (RFC 8058, 3.1).
    """
    if request.body is None or not all(word in request.body for word in ONE_CLICK):
        return ask(request)
    language = _language(request)
    try:
        link = service().unsubscribe(request.path_parameters["token"])
        choose = service().to_choose(link)
    except (RequestError, TemporaryError) as error:
        return _refused(error, language)
    metrics.add_metric("PeopleUnsubscribed", MetricUnit.Count, 1)
    logger.info("person unsubscribed", extra={"person_id": link.person_id, "category": link.category.value})
    return _answer(done_page(TEXTS[language], language, link, choose))


def look(request: Request) -> Answer:
    """What a person may be sent; nothing is written, however it is opened."""
    language = _language(request)
    try:
        choice = service().choice(request.path_parameters["token"])
    except (RequestError, TemporaryError) as error:
        return _refused(error, language)
    return _answer(choosing_page(TEXTS[language], language, choice.person, choice.refusals, saved=False))


def choose(request: Request) -> Answer:
    """Keep what a person chose, and show what is kept."""
    language = _language(request)
    try:
        if not request.is_from_own_page:
            raise ForbiddenError("This form was not sent from this page.")
        choice = service().choose(request.path_parameters["token"], wanted(form_body(request)))
    except (RequestError, TemporaryError) as error:
        return _refused(error, language)
    if choice.person is not None:
        metrics.add_metric("PreferencesSaved", MetricUnit.Count, 1)
        logger.info("preferences saved", extra={"person_id": choice.person.person_id, "by": "customer"})
    return _answer(choosing_page(TEXTS[language], language, choice.person, choice.refusals, saved=True))


def _refused(error: RequestError | TemporaryError, language: str) -> Answer:
    """A kind page: a person reads it, or nobody does."""
    metrics.add_metric("UnsubscribesRefused", MetricUnit.Count, 1)
    texts = TEXTS[language]
    if isinstance(error, TemporaryError):
        logger.warning("wish not kept", extra={"fault": str(error)})
        return _answer(notice_page(HTTPStatus.SERVICE_UNAVAILABLE, texts.away, language))
    logger.info("wish refused", extra={"refusal": type(error).__name__})
    if isinstance(error, UnauthorizedError):
        return _answer(notice_page(HTTPStatus.FORBIDDEN, texts.invalid, language))
    return _answer(notice_page(error.status, texts.foreign, language))


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
        summary="Be sent no more messages like the one that had the link: a form with `List-Unsubscribe=One-Click` "
        "(RFC 8058)",
        security=(Security.PUBLIC,),
        success=(HTTPStatus.OK, None),
        refusals=REFUSALS,
        media_type="text/html",
    ),
    Operation(
        method="GET",
        path="/preferences/{token}",
        run=look,
        summary="The page where a customer chooses what they are sent, and which way; nothing is written yet",
        security=(Security.PUBLIC,),
        success=(HTTPStatus.OK, None),
        refusals=REFUSALS,
        media_type="text/html",
    ),
    Operation(
        method="POST",
        path="/preferences/{token}",
        run=choose,
        summary="Keep what a customer chose on that page, and show what is kept",
        security=(Security.PUBLIC,),
        success=(HTTPStatus.OK, None),
        refusals=FORM_REFUSALS,
        media_type="text/html",
    ),
)


@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one request."""
    return serve(event, OPERATIONS, public_base_url=settings().public_base_url)
