"""Trigger: the scores page and the session it is read in."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from functions.scores.bootstrap import service, settings
from functions.scores.render import Page, login_page, notice_page, refusal_page, scores_page
from shared.domain.sessions import SESSION_LASTS
from shared.errors import ForbiddenError, HearbackError, RequestError, TemporaryError, UnauthorizedError
from shared.http import Answer, Operation, Request, Security, form_body, serve
from shared.observability import NAMESPACE, Logger, Metrics, MetricUnit

logger = Logger(service="scores")
metrics = Metrics(namespace=NAMESPACE, service="scores")

MAX_FORM_BYTES = 1024
"""A key has 25 bytes."""
STAFF_PAGES = re.compile(r"/staff/surveys(/[A-Za-z0-9_-]{1,64}(/preview|/use)?)?")
"""Pages of ours that log in here and want to be come back to; an address of somebody else's is never gone to."""


def _kindly(run: Callable[[Request], Answer]) -> Callable[[Request], Answer]:
    """Every refusal is a page: a person reads it."""

    @wraps(run)
    def shown(request: Request) -> Answer:
        try:
            return run(request)
        except (RequestError, TemporaryError) as error:
            metrics.add_metric("ScoresRefused", MetricUnit.Count, 1)
            log = logger.warning if isinstance(error, TemporaryError) else logger.info
            log("scores refused", extra={"refusal": type(error).__name__, "reason": str(error)})
            return _answer(_instead(error, request))

    return shown


def _instead(error: HearbackError, request: Request) -> Page:
    if isinstance(error, UnauthorizedError):
        ended = request.session is not None
        return login_page("Your session has ended. Open it again with the key." if ended else "")
    if isinstance(error, RequestError):
        return notice_page(error.status, error.detail)
    return notice_page(HTTPStatus.SERVICE_UNAVAILABLE, "The scores can not be read now. Try again in a few seconds.")


def _answer(page: Page) -> Answer:
    return Answer(page.status, page.html, page.headers)


@_kindly
def read_scores(request: Request) -> Answer:
    """The scores, to who has a session; else the form that opens one."""
    reader = service().reader(request.session)
    try:
        report = service().report(request.query, reader)
    except RequestError as error:
        logger.info("scores refused", extra={"refusal": type(error).__name__})
        return _answer(refusal_page(error.status, error.detail, reader.name))
    metrics.add_metric("ScoresShown", MetricUnit.Count, 1)
    return _answer(scores_page(report, reader.name))


@_kindly
def open_session(request: Request) -> Answer:
    """Take the secret key from the form, once, and give a session for it."""
    _from_own_page(request)
    key = form_body(request, MAX_FORM_BYTES).get("key", "").strip()
    try:
        reader, token = service().open(key)
    except (UnauthorizedError, ForbiddenError) as error:
        metrics.add_metric("SessionsRefused", MetricUnit.Count, 1)
        logger.info("session refused", extra={"refusal": type(error).__name__})
        return _answer(login_page("This is no live secret key. One begins with sk_, and `ops keys create` makes it."))
    metrics.add_metric("SessionsOpened", MetricUnit.Count, 1)
    logger.info("session opened", extra={"actor": reader.name})
    return _back(request, _cookie(request, token, int(SESSION_LASTS.total_seconds())))


@_kindly
def end_session(request: Request) -> Answer:
    """Forget the session."""
    _from_own_page(request)
    return _back(request, _cookie(request, "", 0))


def _from_own_page(request: Request) -> None:
    if not request.is_from_own_page:
        raise ForbiddenError("This form was not sent from this page, so it was not taken.")


def _back(request: Request, cookie: str) -> Answer:
    """To the page, by GET, so that going back or loading it again sends no form twice."""
    to = request.query.get("to", "")
    query = f"?{urlencode(request.query)}" if request.query else ""
    location = to if STAFF_PAGES.fullmatch(to) else f"/scores{query}"
    return Answer(HTTPStatus.SEE_OTHER, headers={"location": location, "set-cookie": cookie})


def _cookie(request: Request, token: str, seconds: int) -> str:
    secure = "" if request.is_on_this_machine else "; Secure"
    return f"{request.session_cookie}={token}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}"


OPERATIONS = (
    Operation(
        method="GET",
        path="/scores",
        run=read_scores,
        summary="The scores page; without a session, the form that opens one",
        security=(Security.SESSION,),
        success=(HTTPStatus.OK, None),
        parameters={
            "to": "The staff page to go to once the form has opened a session, such as /staff/surveys.",
            "survey": "The survey; left out, the one the session's key was made for.",
            "of": "The survey that `question` was chosen for; with another survey the question is left out.",
            "question": "The question; left out, the survey's first with a score.",
            "since": "The first day, such as 2026-03-29; left out, 30 days before the last.",
            "until": "The last day, likewise; left out, the day of the latest response.",
            "interval": "`day`, `week` or `month`; left out, what fits the days.",
        },
        refusals=(
            HTTPStatus.FORBIDDEN,
            HTTPStatus.NOT_FOUND,
            HTTPStatus.UNPROCESSABLE_ENTITY,
            HTTPStatus.SERVICE_UNAVAILABLE,
        ),
        media_type="text/html",
    ),
    Operation(
        method="POST",
        path="/scores",
        run=open_session,
        summary="Open a session: the page's form sends the secret key in its field `key`, from our own origin only",
        security=(Security.PUBLIC,),
        success=(HTTPStatus.SEE_OTHER, None),
        refusals=(
            HTTPStatus.BAD_REQUEST,
            HTTPStatus.FORBIDDEN,
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            HTTPStatus.SERVICE_UNAVAILABLE,
        ),
        media_type="text/html",
    ),
    Operation(
        method="POST",
        path="/scores/end",
        run=end_session,
        summary="End the session in this browser",
        security=(Security.PUBLIC,),
        success=(HTTPStatus.SEE_OTHER, None),
        refusals=(HTTPStatus.FORBIDDEN,),
        media_type="text/html",
    ),
)


@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one request."""
    return serve(event, OPERATIONS, public_base_url=settings().public_base_url)
