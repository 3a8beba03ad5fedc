"""Trigger: what browsers load from the HTTP API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from functions.pages.bootstrap import service, short_links
from functions.pages.render import KIOSK_WORKER, Page, kiosk_page, notice_page, survey_page
from functions.pages.script import script
from functions.pages.texts import TEXTS, Notice, Texts
from functions.pages.views import SurveyPage, WidgetView
from shared.domain.languages import accepted_languages, spoken
from shared.errors import ExpiredLinkError, ForbiddenError, NotFoundError, RequestError, TemporaryError
from shared.http import Answer, Operation, Request, Security, key_of, readable_by, serve
from shared.observability import NAMESPACE, Logger, Metrics, MetricUnit

PREFLIGHT_SECONDS = 86_400
QUESTIONS_KEPT = "private, max-age=60"
"""How long a browser keeps the questions: no longer than a warm function does."""
PAGE_REFUSALS = (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.GONE, HTTPStatus.SERVICE_UNAVAILABLE)

logger = Logger(service="pages")
metrics = Metrics(namespace=NAMESPACE, service="pages")


def widget_script(request: Request) -> Answer:
    """The script itself; a browser that has it already gets an empty 304."""
    found = script(request.headers.get("accept-encoding", ""))
    status = found.status(request.headers.get("if-none-match", ""))
    return Answer(status, found.body if status is HTTPStatus.OK else None, found.headers)


def questions(request: Request) -> Answer:
    """What the widget asks, in the language of the page that shows it."""
    preferred = _languages(request)
    survey_id, token = request.path_parameters["survey_id"], request.query.get("t")
    view = service().questions(survey_id, key_of(request), token, request.origin, preferred)
    metrics.add_metric("SurveysShown", MetricUnit.Count, 1)
    headers = {**readable_by(request.origin), "vary": "origin, accept-language", "cache-control": QUESTIONS_KEPT}
    return Answer(HTTPStatus.OK, view, headers)


def preflight(request: Request) -> Answer:
    """Tell a browser that its page may ask with an Authorization header; with `?key=` none asks."""
    headers = {
        **readable_by(request.origin),
        "access-control-allow-methods": "GET",
        "access-control-allow-headers": "authorization",
        "access-control-max-age": str(PREFLIGHT_SECONDS),
    }
    return Answer(HTTPStatus.NO_CONTENT, headers=headers)


def link_page(request: Request) -> Answer:
    """The page behind a survey link, or a kind word why there is none."""
    survey_id, token = request.path_parameters["survey_id"], request.query.get("t")
    return _shown(request, lambda preferred: service().page(survey_id, key_of(request), token, preferred))


def rating_page(request: Request) -> Answer:
    """The page behind a rating of an e-mail."""
    token, rating = request.path_parameters["token"], request.query.get("rating")
    return _shown(request, lambda preferred: service().rating_page(token, rating, preferred))


def rating_form(request: Request) -> Answer:
    """The same page again; nothing is recorded, and the body is not even looked at.

    Who posts here has no script, and reads on the page that it takes one; or is none who reads.
    """
    return rating_page(request)


def _shown(request: Request, found: Callable[[tuple[str, ...]], SurveyPage]) -> Answer:
    preferred = _languages(request)
    try:
        shown = found(preferred)
    except (RequestError, TemporaryError) as error:
        page = _instead(error, preferred)
    else:
        metrics.add_metric("SurveyPagesShown", MetricUnit.Count, 1)
        page = survey_page(shown)
    return Answer(page.status, page.html, page.headers)


def kiosk(request: Request) -> Answer:
    """The page of a terminal, or a kind word why there is none."""
    preferred = _languages(request)
    survey_id, token = request.path_parameters["survey_id"], request.query.get("t")
    try:
        shown = service().kiosk(survey_id, key_of(request), token, preferred)
    except (RequestError, TemporaryError) as error:
        page = _instead(error, preferred)
    else:
        metrics.add_metric("KioskPagesShown", MetricUnit.Count, 1)
        page = kiosk_page(shown)
    return Answer(page.status, page.html, page.headers)


def kiosk_worker(_: Request) -> Answer:
    """The script that brings a terminal's page when there is no network."""
    headers = {
        "content-type": "text/javascript; charset=utf-8",
        "cache-control": "no-cache",
        "content-security-policy": "default-src 'none'; connect-src 'self'",
    }
    return Answer(HTTPStatus.OK, KIOSK_WORKER, headers)


def short_link(request: Request) -> Answer:
    """Lead from the short link of an SMS to its page; that page says kindly if its time is over."""
    try:
        path = short_links().path(request.path_parameters["code"])
    except (RequestError, TemporaryError) as error:
        page = _instead(error, _languages(request))
        return Answer(page.status, page.html, page.headers)
    return Answer(HTTPStatus.FOUND, headers={"location": path, "cache-control": "no-store"})


def _instead(error: RequestError | TemporaryError, preferred: tuple[str, ...]) -> Page:
    metrics.add_metric("SurveyPagesRefused", MetricUnit.Count, 1)
    logger.info("page refused", extra={"refusal": type(error).__name__, "reason": str(error)})
    locale = spoken(preferred, TEXTS)
    status, notice = _notice(error, TEXTS[locale])
    return notice_page(status, notice, locale)


def _notice(error: RequestError | TemporaryError, texts: Texts) -> tuple[HTTPStatus, Notice]:
    """Statuses for a person's browser: 401 would ask for a password that nobody has."""
    if isinstance(error, TemporaryError):
        return HTTPStatus.SERVICE_UNAVAILABLE, texts.away
    if isinstance(error, ExpiredLinkError):
        return HTTPStatus.GONE, texts.expired
    if isinstance(error, NotFoundError):
        return HTTPStatus.NOT_FOUND, texts.unknown
    return HTTPStatus.FORBIDDEN, texts.invalid


def _languages(request: Request) -> tuple[str, ...]:
    """The languages to ask in: what the address says, then what the browser says."""
    said = (request.query.get("locale", ""), request.headers.get("accept-language", ""))
    return tuple(each for header in said for each in accepted_languages(header))


def refused(request: Request, error: RequestError | TemporaryError) -> Mapping[str, str]:
    """Count a refusal, and let the page read why, but for a page that the key is not for."""
    metrics.add_metric("SurveysRefused", MetricUnit.Count, 1)
    logger.info("survey refused", extra={"refusal": type(error).__name__, "reason": str(error)})
    return readable_by(None if isinstance(error, ForbiddenError) else "*")


OPERATIONS = (
    Operation(
        method="GET",
        path="/widget.js",
        run=widget_script,
        summary="The survey widget's script",
        security=(Security.PUBLIC,),
        success=(HTTPStatus.OK, None),
        headers={"if-none-match": "The versions a browser has already; if one is current, the answer is an empty 304."},
        media_type="text/javascript",
    ),
    Operation(
        method="GET",
        path="/v1/surveys/{survey_id}/widget",
        run=questions,
        summary="What the widget asks",
        security=(Security.PUBLISHABLE_KEY, Security.SIGNED_LINK),
        success=(HTTPStatus.OK, WidgetView),
        parameters={"locale": "The language to ask in, such as de-AT; before Accept-Language."},
        refusals=(HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE),
    ),
    Operation(
        method="OPTIONS",
        path="/v1/surveys/{survey_id}/widget",
        run=preflight,
        summary="Ask whether a page may show the survey (a browser's CORS preflight)",
        security=(Security.PUBLIC,),
        success=(HTTPStatus.NO_CONTENT, None),
    ),
    Operation(
        method="GET",
        path="/s/{survey_id}",
        run=link_page,
        summary="The page behind a survey link: a signed one of one person, or one with `?key=` for everybody",
        security=(Security.PUBLISHABLE_KEY, Security.SIGNED_LINK),
        success=(HTTPStatus.OK, None),
        parameters={"locale": "The language to ask in, such as de-AT; before Accept-Language."},
        refusals=PAGE_REFUSALS,
        media_type="text/html",
    ),
    Operation(
        method="GET",
        path="/r/{token}",
        run=rating_page,
        summary="The page behind a rating of an e-mail, with that rating chosen; the token is a signed link's",
        security=(Security.PUBLIC,),
        success=(HTTPStatus.OK, None),
        parameters={"rating": "The rating that stands chosen; it is given by a press on the page."},
        refusals=PAGE_REFUSALS,
        media_type="text/html",
    ),
    Operation(
        method="POST",
        path="/r/{token}",
        run=rating_form,
        summary="The same page again: a form posted without the page's script records nothing",
        security=(Security.PUBLIC,),
        success=(HTTPStatus.OK, None),
        parameters={"rating": "The rating that stands chosen."},
        refusals=PAGE_REFUSALS,
        media_type="text/html",
    ),
    Operation(
        method="GET",
        path="/k/sw.js",
        run=kiosk_worker,
        summary="What a terminal's browser keeps to show the survey without a network (a service worker)",
        security=(Security.PUBLIC,),
        success=(HTTPStatus.OK, None),
        media_type="text/javascript",
    ),
    Operation(
        method="GET",
        path="/k/{survey_id}",
        run=kiosk,
        summary="A survey on a terminal, full-screen, also without a network",
        security=(Security.PUBLISHABLE_KEY,),
        success=(HTTPStatus.OK, None),
        parameters={
            "locale": "The language to begin in, such as de-AT; before Accept-Language.",
            "place": "Where the terminal stands: the property `place` of its answers.",
        },
        refusals=PAGE_REFUSALS,
        media_type="text/html",
    ),
    Operation(
        method="GET",
        path="/i/{code}",
        run=short_link,
        summary="The short link of an SMS: leads to the page behind its survey link, or to the live page of a parcel",
        security=(Security.PUBLIC,),
        success=(HTTPStatus.FOUND, None),
        refusals=(HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE),
        media_type="text/html",
    ),
)


@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one request."""
    return serve(event, OPERATIONS, refused)
