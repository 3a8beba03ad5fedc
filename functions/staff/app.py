"""Trigger: the staff page, where surveys are written, tried and published."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from functions.staff import form
from functions.staff.bootstrap import settings
from functions.staff.calling import HOME, answered, kindly, metrics, page_of, staff
from functions.staff.messages.operations import OPERATIONS as MESSAGES
from functions.staff.operations import write_new, write_survey
from functions.staff.render import edit_page, email_page, list_page, preview_page, use_page, widget_page
from functions.staff.service import Opened, Seen
from functions.staff.words import Speech
from shared.domain.api_keys import ApiKey
from shared.http import Answer, Request, serve

SAID = ("saved", "published", "discarded")
"""What a page can be told to have been done."""


@kindly
def list_surveys(request: Request, said: Speech) -> Answer:
    """Every survey."""
    writer = staff().writer(request.session)
    return answered(list_page(staff().listed(), writer.name, said))


@kindly
def new_survey(request: Request, said: Speech) -> Answer:
    """The form of a new survey."""
    writer = staff().writer(request.session)
    return answered(edit_page(HTTPStatus.OK, None, form.blank(), Seen(0, 0), said, writer=writer.name))


@kindly
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
    return answered(page)


@kindly
def preview_survey(request: Request, said: Speech) -> Answer:
    """The draft as customers will see it, by the channel and in the language chosen."""
    writer, opened = _opened(request)
    token = staff().preview(opened.survey_id)
    return answered(preview_page(opened, token, request.query, writer.name, said))


@kindly
def widget_host(request: Request, said: Speech) -> Answer:
    """A page with nothing but the widget, for the frame of the preview."""
    _, opened = _opened(request)
    token = staff().preview(opened.survey_id)
    return answered(widget_page(opened.survey_id, token, request.query.get("locale", ""), said))


@kindly
def email_invitation(request: Request, said: Speech) -> Answer:
    """The invitation as it would be mailed, for the frame of the preview."""
    _, opened = _opened(request)
    token = staff().preview(opened.survey_id)
    return answered(email_page(opened, token, request.query.get("locale", "")))


@kindly
def use_survey(request: Request, said: Speech) -> Answer:
    """The line for a page, and the addresses."""
    writer, opened = _opened(request)
    return answered(use_page(opened, request.base_url, writer.name, said))


def _opened(request: Request) -> tuple[ApiKey, Opened]:
    writer = staff().writer(request.session)
    return writer, staff().opened(request.path_parameters["survey_id"])


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


_NEVER_MISSING = (HTTPStatus.FORBIDDEN, HTTPStatus.SERVICE_UNAVAILABLE)
_OF_ONE = HOME + "/{survey_id}"
_LOCALE = {"locale": "The language to ask in, of those the survey has; left out, its main one."}
OPERATIONS = (
    page_of(HOME, list_surveys, "The staff page: every survey and draft", _NEVER_MISSING),
    page_of(f"{HOME}/new", new_survey, "The form of a new survey", _NEVER_MISSING),
    page_of(
        f"{HOME}/new",
        write_new,
        "Keep a new survey as a draft, or change the form: a button's `do` says which; from our own origin only",
        _WRITE,
        method="POST",
    ),
    page_of(
        _OF_ONE, edit_survey, "The form of a survey", _READ, {"said": "What was done: saved, published or discarded."}
    ),
    page_of(
        _OF_ONE,
        write_survey,
        "Save, publish or discard a draft, or change the form: a button's `do` says which; from our own origin only",
        _WRITE,
        method="POST",
    ),
    page_of(
        f"{_OF_ONE}/preview",
        preview_survey,
        "The draft as customers will see it",
        _READ,
        {"channel": "`widget`, `link`, `kiosk` or `email`; left out, `widget`.", **_LOCALE},
    ),
    page_of(
        f"{_OF_ONE}/preview/widget", widget_host, "The frame in which the preview shows the widget", _READ, _LOCALE
    ),
    page_of(f"{_OF_ONE}/preview/email", email_invitation, "The invitation as it would be mailed", _READ, _LOCALE),
    page_of(f"{_OF_ONE}/use", use_survey, "The line for a page, and the survey's addresses", _READ),
    *MESSAGES,
)


@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one request."""
    return serve(event, OPERATIONS, public_base_url=settings().public_base_url)
