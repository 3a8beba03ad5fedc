"""What was typed on the staff page: kept, published, or shown again with all that was typed."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import quote

from functions.staff import form
from functions.staff.calling import HOME, answered, count_refusal, kindly, logger, metrics, staff
from functions.staff.form import Typed
from functions.staff.render import Page, edit_page
from functions.staff.service import Opened, Seen, is_overtaken
from functions.staff.words import Speech
from shared.domain.api_keys import ApiKey
from shared.domain.surveys import SurveyDefinition
from shared.errors import (
    ConflictError,
    ForbiddenError,
    InvalidRequestError,
    NotFoundError,
    PreconditionFailedError,
    RequestError,
    TemporaryError,
    TooLargeError,
    UnauthorizedError,
)
from shared.http import Answer, Request, form_body, parsed
from shared.observability import MetricUnit

MAX_FORM_BYTES = 256 * 1024
"""A survey of twenty questions in five languages has some 30 KB; an item of the table may have 400."""
MAX_FIELDS = 5_000
"""Twenty choices of eleven options in ten languages have some 2 700."""


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


@kindly
def write_new(request: Request, said: Speech) -> Answer:
    """What was typed of a new survey."""
    return _written(request, None, said)


@kindly
def write_survey(request: Request, said: Speech) -> Answer:
    """What was typed of a survey."""
    return _written(request, request.path_parameters["survey_id"], said)


def _written(request: Request, survey_id: str | None, said: Speech) -> Answer:
    """Do what the button says; whatever goes wrong, the form comes back with all that was typed."""
    if not request.is_from_own_page:
        raise ForbiddenError("This form was not sent from this page, so it was not taken.")
    fields = form_body(request, MAX_FORM_BYTES)
    if len(fields) > MAX_FIELDS:
        raise TooLargeError(f"The form has {len(fields)} fields; at most {MAX_FIELDS} are taken.")
    verb, _, place = fields.get("do", "save").partition(":")
    seen = Seen(_number(fields.get("seen_version", "")), _number(fields.get("seen_draft", "")))
    written = Written(survey_id, form.read(fields), seen, fields.get("survey_id", "").strip(), verb, place)
    try:
        writer = staff().writer(request.session)
        return _done(written, writer, said)
    except (RequestError, TemporaryError) as error:
        count_refusal(error)
        try:
            return answered(_again(written, error, said))
        except TemporaryError as away:
            return answered(_again(written, away, said))


def _done(written: Written, writer: ApiKey, said: Speech) -> Answer:
    surveys, survey_id = staff(), written.survey_id
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
        return answered(page)
    if survey_id and written.verb == "discard":
        surveys.discard(survey_id, written.seen)
        is_there = surveys.is_published(survey_id)
        return _see(survey_id, "discarded") if is_there else Answer(HTTPStatus.SEE_OTHER, headers={"location": HOME})
    definition = parsed(SurveyDefinition, written.typed.data)
    if survey_id is None:
        draft = surveys.begin(written.new_id, definition, writer)
        survey_id = draft.survey_id
    elif written.verb == "publish":
        published = surveys.publish(survey_id, definition, written.seen)
        metrics.add_metric("SurveysPublished", MetricUnit.Count, 1)
        logger.info(
            "survey published", extra={"survey_id": survey_id, "version": published.version, "actor": writer.name}
        )
        return _see(survey_id, "published")
    else:
        surveys.save(survey_id, definition, written.seen, writer)
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
    found: list[form.Difference] | None = form.differences(mine, theirs) if mine and theirs else None
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
        return staff().opened(survey_id)
    except NotFoundError:
        return Opened(survey_id, None, None)


def _number(text: str) -> int:
    return int(text) if re.fullmatch(r"[0-9]{1,15}", text) else 0
