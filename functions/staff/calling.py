"""What reading and writing on the staff page have in common: who asks, in which language, and refusals as pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from http import HTTPStatus

from functions.staff.bootstrap import message_service, service
from functions.staff.messages.service import StaffMessages
from functions.staff.render import Page, login_page, notice_page
from functions.staff.service import StaffPage
from functions.staff.words import Speech, speech
from shared.errors import HearbackError, NotFoundError, RequestError, TemporaryError, UnauthorizedError
from shared.http import Answer, Operation, Request, Security
from shared.observability import NAMESPACE, Logger, Metrics, MetricUnit

HOME = "/staff/surveys"

logger = Logger(service="staff")
metrics = Metrics(namespace=NAMESPACE, service="staff")


def staff() -> StaffPage:
    """The service of this process."""
    return service()


def messages() -> StaffMessages:
    """The service of messages of this process."""
    return message_service()


def kindly(run: Callable[[Request, Speech], Answer]) -> Callable[[Request], Answer]:
    """Every refusal is a page: a person reads it."""

    @wraps(run)
    def shown(request: Request) -> Answer:
        said = speech(request.headers.get("accept-language", ""))
        try:
            return run(request, said)
        except (RequestError, TemporaryError) as error:
            count_refusal(error)
            return answered(_instead(error, request, said))

    return shown


def count_refusal(error: HearbackError) -> None:
    """Count a refusal, and log why."""
    metrics.add_metric("StaffRefused", MetricUnit.Count, 1)
    log = logger.warning if isinstance(error, TemporaryError) else logger.info
    log("staff page refused", extra={"refusal": type(error).__name__, "reason": str(error)})


def _instead(error: HearbackError, request: Request, said: Speech) -> Page:
    if isinstance(error, UnauthorizedError):
        return login_page(said, request.path, ended=request.session is not None)
    if isinstance(error, NotFoundError):
        missing = "no_message" if request.path.startswith("/staff/messages") else "no_survey"
        return notice_page(error.status, said(missing), said)
    if isinstance(error, RequestError):
        return notice_page(error.status, error.detail, said)
    return notice_page(HTTPStatus.SERVICE_UNAVAILABLE, said("away_page"), said)


def answered(page: Page) -> Answer:
    """A page as the answer to a request."""
    return Answer(page.status, page.html, page.headers)


def page_of(
    path: str,
    run: Callable[[Request], Answer],
    summary: str,
    refusals: tuple[HTTPStatus, ...],
    parameters: Mapping[str, str] | None = None,
    method: str = "GET",
) -> Operation:
    """A page for who has signed in, as an operation of the API.

    Args:
        path: Where it is.
        run: Makes it.
        summary: What it is for.
        refusals: What else it may answer.
        parameters: What its query may say, by name.
        method: How it is asked for.
    """
    return Operation(
        method=method,
        path=path,
        run=run,
        summary=summary,
        security=(Security.SESSION,),
        success=(HTTPStatus.OK, None),
        parameters=parameters or {},
        refusals=refusals,
        media_type="text/html",
    )
