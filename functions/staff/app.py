"""Trigger: the staff page, where surveys are written, tried and published."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import wraps
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import quote

from functions.staff import form
from functions.staff.bootstrap import service, settings
from functions.staff.form import Difference, Typed
from functions.staff.render import (
    Page,
    edit_page,
    list_page,
    login_page,
    notice_page,
    preview_page,
    use_page,
    widget_page,
)
from functions.staff.service import Opened, Seen, is_overtaken
from functions.staff.words import Speech, speech
from shared.domain.api_keys import ApiKey
from shared.domain.surveys import SurveyDefinition
from shared.errors import (
    ConflictError,
    ForbiddenError,
    HearbackError,
    InvalidRequestError,
    NotFoundError,
    PreconditionFailedError,
    RequestError,
    TemporaryError,
    UnauthorizedError,
)
from shared.http import Answer, Operation, Request, Security, form_body, parsed, serve
from shared.observability import NAMESPACE, Logger, Metrics, MetricUnit

MAX_FORM_BYTES = 256 * 1024
"""A survey of twenty questions in five languages has some 30 KB; an item of the table may have 400."""
HOME = "/staff/surveys"
SAID = ("saved", "published", "discarded")

logger = Logger(service="staff")
metrics = Metrics(namespace=NAMESPACE, service="staff")


class Written(NamedTuple):
    """A form that somebody sent.

    Args:
        survey_id: The survey; None for a new one.
        typed: What stands in the fields.
        seen: What they saw when they began.
        new_id: The id that a new survey is to have.
        verb: The button that was pressed.
        place: What of the form it is about.
    """

    survey_id: str | None
    typed: Typed
    seen: Seen
    new_id: str
    verb: str
    place: str


def _kindly(run: Callable[[Request, Speech], Answer]) -> Callable[[Request], Answer]:
    """Every refusal is a page: a person reads it."""

    @wraps(run)
    def shown(request: Request) -> Answer:
        said = speech(request.headers.get("accept-language", ""))
        try:
            return run(request, said)
        except (RequestError, TemporaryError) as error:
            _count(error)
            return _answer(_instead(error, request, said))

    return shown


def _count(error: HearbackError) -> None:
    metrics.add_metric("StaffRefused", MetricUnit.Count, 1)
    log = logger.warning if isinstance(error, TemporaryError) else logger.info
    log("staff page refused", extra={"refusal": type(error).__name__, "reason": str(error)})


def _instead(error: HearbackError, request: Request, said: Speech) -> Page:
    if isinstance(error, UnauthorizedError):
        return login_page(said, request.path, ended=request.session is not None)
    if isinstance(error, NotFoundError):
        return notice_page(error.status, said("no_survey"), said)
    if isinstance(error, RequestError):
        return notice_page(error.status, error.detail, said)
    return notice_page(HTTPStatus.SERVICE_UNAVAILABLE, said("away_page"), said)


def _answer(page: Page) -> Answer:
    return Answer(page.status, page.html, page.headers)


@_kindly
def list_surveys(request: Request, said: Speech) -> Answer:
    """Every survey."""
    writer = service().writer(request.session)
    return _answer(list_page(service().listed(), writer.name, said))


@_kindly
def new_survey(request: Request, said: Speech) -> Answer:
    """The form of a new survey."""
    writer = service().writer(request.session)
    return _answer(edit_page(HTTPStatus.OK, None, form.blank(), Seen(0, 0), said, writer=writer.name))


@_kindly
def edit_survey(request: Request, said: Speech) -> Answer:
    """The form of a survey, as its draft says, else as it stands."""
    writer, opened = _opened(request)
    definition = opened.definition
    assert definition is not None  # noqa: S101  there is no survey without one
    draft = opened.draft
    seen = Seen(draft.based_on, draft.revision) if draft else Seen(opened.version, 0)
    done = request.query.get("said", "")
    told = said(f"said_{done}") if done in SAID else ""
    page = edit_page(
        HTTPStatus.OK, opened.survey_id, form.of(definition), seen, said, writer=writer.name, opened=opened, told=told
    )
    return _answer(page)


@_kindly
def preview_survey(request: Request, said: Speech) -> Answer:
    """The draft as customers will see it, by the channel and in the language chosen."""
    writer, opened = _opened(request)
    token = service().preview(opened.survey_id)
    return _answer(preview_page(opened, token, request.query, writer.name, said))


@_kindly
def widget_host(request: Request, said: Speech) -> Answer:
    """A page with nothing but the widget, for the frame of the preview."""
    _, opened = _opened(request)
    token = service().preview(opened.survey_id)
    return _answer(widget_page(opened.survey_id, token, request.query.get("locale", ""), said))


@_kindly
def use_survey(request: Request, said: Speech) -> Answer:
    """The line for a page, and the addresses."""
    writer, opened = _opened(request)
    return _answer(use_page(opened, request.base_url, writer.name, said))


@_kindly
def write_new(request: Request, said: Speech) -> Answer:
    """What was typed of a new survey."""
    return _written(request, None, said)


@_kindly
def write_survey(request: Request, said: Speech) -> Answer:
    """What was typed of a survey."""
    return _written(request, request.path_parameters["survey_id"], said)


def _opened(request: Request) -> tuple[ApiKey, Opened]:
    writer = service().writer(request.session)
    return writer, service().opened(request.path_parameters["survey_id"])


def _written(request: Request, survey_id: str | None, said: Speech) -> Answer:
    """Do what the button says; whatever goes wrong, the form comes back with all that was typed."""
    if not request.is_from_own_page:
        raise ForbiddenError("This form was not sent from this page, so it was not taken.")
    fields = form_body(request, MAX_FORM_BYTES)
    verb, _, place = fields.get("do", "save").partition(":")
    seen = Seen(_number(fields.get("seen_version", "")), _number(fields.get("seen_draft", "")))
    written = Written(survey_id, form.read(fields), seen, fields.get("survey_id", "").strip(), verb, place)
    try:
        writer = service().writer(request.session)
        return _done(written, writer, said)
    except (RequestError, TemporaryError) as error:
        _count(error)
        try:
            return _answer(_again(written, error, said))
        except TemporaryError as away:
            return _answer(_again(written, away, said))


def _done(written: Written, writer: ApiKey, said: Speech) -> Answer:
    staff, survey_id = service(), written.survey_id
    if written.verb not in {"save", "preview", "publish", "discard"}:
        typed, focus = form.changed(written.typed, written.verb, written.place)
        opened = _as_it_is(survey_id) if survey_id else None
        page = edit_page(
            HTTPStatus.OK,
            survey_id,
            typed,
            written.seen,
            said,
            writer=writer.name,
            opened=opened,
            focus=focus,
            new_id=written.new_id,
        )
        return _answer(page)
    if survey_id and written.verb == "discard":
        staff.discard(survey_id, written.seen)
        is_there = staff.is_published(survey_id)
        return _see(survey_id, "discarded") if is_there else Answer(HTTPStatus.SEE_OTHER, headers={"location": HOME})
    definition = parsed(SurveyDefinition, written.typed.data)
    if survey_id is None:
        draft = staff.begin(written.new_id, definition, writer)
        survey_id = draft.survey_id
    elif written.verb == "publish":
        published = staff.publish(survey_id, definition, written.seen)
        metrics.add_metric("SurveysPublished", MetricUnit.Count, 1)
        logger.info(
            "survey published", extra={"survey_id": survey_id, "version": published.version, "actor": writer.name}
        )
        return _see(survey_id, "published")
    else:
        staff.save(survey_id, definition, written.seen, writer)
    metrics.add_metric("DraftsSaved", MetricUnit.Count, 1)
    logger.info("draft saved", extra={"survey_id": survey_id, "actor": writer.name})
    return _see(survey_id, "saved", "/preview" if written.verb == "preview" else "")


def _see(survey_id: str, done: str, at: str = "") -> Answer:
    """To the page, by GET, so that going back or loading it again sends no form twice."""
    query = "" if at else f"?said={done}"
    return Answer(HTTPStatus.SEE_OTHER, headers={"location": f"{HOME}/{quote(survey_id)}{at}{query}"})


def _again(written: Written, error: RequestError | TemporaryError, said: Speech) -> Page:
    """The same form with what was typed, and why it was not taken."""
    status = error.status if isinstance(error, RequestError) else HTTPStatus.SERVICE_UNAVAILABLE
    errors = error.errors if isinstance(error, RequestError) else {}
    typed, seen, survey_id = written.typed, written.seen, written.survey_id
    if isinstance(error, UnauthorizedError):
        # Nothing is read for who has no session: the page says only what they have sent.
        return edit_page(
            HTTPStatus.FORBIDDEN, survey_id, typed, seen, said, alert=said("ended_typed"), new_id=written.new_id
        )
    if isinstance(error, TemporaryError):
        return edit_page(status, survey_id, typed, seen, said, alert=said("away"), new_id=written.new_id)
    if survey_id is None:
        told = said("is_taken" if isinstance(error, ConflictError) else "is_no_id")
        own = {"survey_id": [told]} if "survey_id" in errors or isinstance(error, ConflictError) else {}
        return edit_page(
            status, None, typed, seen, said, alert=said("wrong"), errors={**errors, **own}, new_id=written.new_id
        )
    if isinstance(error, ConflictError | PreconditionFailedError) and is_overtaken(error):
        return _overtaken(written, survey_id, said)
    return edit_page(status, survey_id, typed, seen, said, alert=said("wrong"), errors=errors)


def _overtaken(written: Written, survey_id: str, said: Speech) -> Page:
    """Both, side by side; the next press goes over what is shown here, and over nothing newer."""
    opened = _as_it_is(survey_id)
    publishing = written.verb == "publish"
    theirs = opened.published.survey if publishing and opened.published else opened.definition
    try:
        mine = parsed(SurveyDefinition, written.typed.data)
    except InvalidRequestError:
        mine = None
    found: list[Difference] | None = form.differences(mine, theirs) if mine and theirs else None
    seen = Seen(opened.version, opened.draft.revision if opened.draft else 0)
    return edit_page(
        HTTPStatus.CONFLICT,
        survey_id,
        written.typed,
        seen,
        said,
        opened=opened,
        alert=said("conflict_published" if publishing else "conflict_draft"),
        differences=found,
    )


def _as_it_is(survey_id: str) -> Opened:
    """A survey and its draft; neither may be there any more."""
    try:
        return service().opened(survey_id)
    except NotFoundError:
        return Opened(survey_id, None, None)


def _number(text: str) -> int:
    return int(text) if re.fullmatch(r"[0-9]{1,15}", text) else 0


_READ = (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE)
_WRITE = (
    HTTPStatus.SEE_OTHER,
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.CONFLICT,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.SERVICE_UNAVAILABLE,
)


def _page(
    path: str,
    run: Callable[[Request], Answer],
    summary: str,
    refusals: tuple[HTTPStatus, ...],
    parameters: Mapping[str, str] | None = None,
    method: str = "GET",
) -> Operation:
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


_NEVER_MISSING = (HTTPStatus.FORBIDDEN, HTTPStatus.SERVICE_UNAVAILABLE)
_OF_ONE = HOME + "/{survey_id}"
_LOCALE = {"locale": "The language to ask in, of those the survey has; left out, its main one."}
OPERATIONS = (
    _page(HOME, list_surveys, "The staff page: every survey and draft", _NEVER_MISSING),
    _page(f"{HOME}/new", new_survey, "The form of a new survey", _NEVER_MISSING),
    _page(
        f"{HOME}/new",
        write_new,
        "Keep a new survey as a draft, or change the form: a button's `do` says which; from our own origin only",
        _WRITE,
        method="POST",
    ),
    _page(
        _OF_ONE, edit_survey, "The form of a survey", _READ, {"said": "What was done: saved, published or discarded."}
    ),
    _page(
        _OF_ONE,
        write_survey,
        "Save, publish or discard a draft, or change the form: a button's `do` says which; from our own origin only",
        _WRITE,
        method="POST",
    ),
    _page(
        f"{_OF_ONE}/preview",
        preview_survey,
        "The draft as customers will see it",
        _READ,
        {"channel": "`widget`, `link`, `kiosk` or `email`; left out, `widget`.", **_LOCALE},
    ),
    _page(f"{_OF_ONE}/preview/widget", widget_host, "The frame in which the preview shows the widget", _READ, _LOCALE),
    _page(f"{_OF_ONE}/use", use_survey, "The line for a page, and the survey's addresses", _READ),
)


@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one request."""
    return serve(event, OPERATIONS, public_base_url=settings().public_base_url)
