"""`/staff/messages`: what customers are told of deliveries, tried on example data and published."""

from __future__ import annotations

import re
from http import HTTPStatus
from urllib.parse import quote

from functions.staff.calling import answered, count_refusal, kindly, logger, messages, metrics, page_of, staff
from functions.staff.form import Typed
from functions.staff.messages import form
from functions.staff.messages.render import (
    HOME,
    Example,
    Page,
    brand_page,
    brands_page,
    mail_of,
    mail_page,
    message_page,
    messages_page,
    tried_messages,
)
from functions.staff.messages.service import OpenedBrand
from functions.staff.words import Speech
from shared.domain.brands import BRAND_ID, Brand, BrandDefinition
from shared.domain.messages import MessageKind
from shared.errors import (
    ForbiddenError,
    InvalidRequestError,
    NotFoundError,
    PreconditionFailedError,
    RequestError,
    TemporaryError,
    UnauthorizedError,
)
from shared.http import Answer, Request, form_body, parsed
from shared.observability import MetricUnit

MAX_FORM_BYTES = 512 * 1024


@kindly
def list_brands(request: Request, said: Speech) -> Answer:
    """Every brand; `brand_id` goes to one, whether it was published or not."""
    writer = staff().writer(request.session)
    wanted = request.query.get("brand_id", "").strip()
    if BRAND_ID.fullmatch(wanted):
        return Answer(HTTPStatus.SEE_OTHER, headers={"location": f"{HOME}/{quote(wanted)}/edit"})
    return answered(brands_page(messages().listed(), writer.name, said))


@kindly
def list_messages(request: Request, said: Speech) -> Answer:
    """Every kind of message of a brand."""
    writer = staff().writer(request.session)
    told = said("said_brand") if request.query.get("said") == "published" else ""
    return answered(messages_page(_opened(request), request.query, _example(request), writer.name, said, told))


@kindly
def preview_message(request: Request, said: Speech) -> Answer:
    """One message as its recipient gets it."""
    writer = staff().writer(request.session)
    return answered(message_page(_opened(request), _kind(request), request.query, _example(request), writer.name, said))


@kindly
def email_message(request: Request, said: Speech) -> Answer:
    """The e-mail of one message, for the frame of the preview."""
    staff().writer(request.session)
    return answered(mail_page(mail_of(_opened(request), _kind(request), request.query, _example(request))))


@kindly
def edit_brand(request: Request, said: Speech) -> Answer:
    """The form of a brand."""
    writer = staff().writer(request.session)
    opened = _opened(request)
    typed = form.of(opened.definition)
    return answered(brand_page(HTTPStatus.OK, opened, typed, opened.version, said, writer=writer.name))


@kindly
def write_brand(request: Request, said: Speech) -> Answer:
    """Do what the button says; whatever goes wrong, the form comes back with all that was typed."""
    if not request.is_from_own_page:
        raise ForbiddenError("This form was not sent from this page, so it was not taken.")
    brand_id = request.path_parameters["brand_id"]
    if not BRAND_ID.fullmatch(brand_id):
        raise NotFoundError("This can be no brand's id.")
    fields = form_body(request, MAX_FORM_BYTES)
    typed, verb = form.read(fields), fields.get("do", "publish")
    number = fields.get("seen_version", "")
    seen = int(number) if re.fullmatch(r"[0-9]{1,9}", number) else 0
    try:
        return _done(request, brand_id, typed, seen, verb, said)
    except (RequestError, TemporaryError) as error:
        count_refusal(error)
        try:
            return answered(_again(brand_id, typed, seen, error, said))
        except TemporaryError as away:
            return answered(_again(brand_id, typed, seen, away, said))


def _done(request: Request, brand_id: str, typed: Typed, seen: int, verb: str, said: Speech) -> Answer:
    writer = staff().writer(request.session)
    verb, _, place = verb.partition(":")
    if verb in {"add", "remove", "languages"}:
        changed = form.changed(typed, verb, place)
        return answered(brand_page(HTTPStatus.OK, _as_it_is(brand_id), changed, seen, said, writer=writer.name))
    definition = parsed(BrandDefinition, typed.data)
    if verb == "try":
        messages().check(brand_id, definition)
        tried = tried_messages(Brand.of(brand_id, 1, definition), _example(request), said)
        opened = _as_it_is(brand_id)
        page = brand_page(
            HTTPStatus.OK, opened, typed, seen, said, writer=writer.name, told=said("tried_well"), tried=tried
        )
        return answered(page)
    published = messages().publish(brand_id, definition, seen)
    metrics.add_metric("BrandsPublished", MetricUnit.Count, 1)
    logger.info("brand published", extra={"brand_id": brand_id, "version": published.version, "actor": writer.name})
    return Answer(HTTPStatus.SEE_OTHER, headers={"location": f"{HOME}/{quote(brand_id)}?said=published"})


def _again(brand_id: str, typed: Typed, seen: int, error: RequestError | TemporaryError, said: Speech) -> Page:
    """The same form with what was typed, and why it was not taken."""
    unread = OpenedBrand(brand_id, seen, BrandDefinition(name=brand_id))
    if isinstance(error, UnauthorizedError):
        # Nothing is read for who has no session: the page says only what they have sent.
        return brand_page(HTTPStatus.FORBIDDEN, unread, typed, seen, said, alert=said("ended_typed"))
    if isinstance(error, TemporaryError):
        return brand_page(HTTPStatus.SERVICE_UNAVAILABLE, unread, typed, seen, said, alert=said("away"))
    if isinstance(error, PreconditionFailedError):
        return _overtaken(brand_id, typed, said)
    return brand_page(error.status, _as_it_is(brand_id), typed, seen, said, alert=said("wrong"), errors=error.errors)


def _overtaken(brand_id: str, typed: Typed, said: Speech) -> Page:
    """Both, side by side; the next press goes over what is shown here, and over nothing newer."""
    opened = _as_it_is(brand_id)
    try:
        found = form.differences(parsed(BrandDefinition, typed.data), opened.definition)
    except InvalidRequestError:
        found = None
    return brand_page(
        HTTPStatus.CONFLICT, opened, typed, opened.version, said, alert=said("conflict_brand"), differences=found
    )


def _as_it_is(brand_id: str) -> OpenedBrand:
    return messages().opened(brand_id)


def _opened(request: Request) -> OpenedBrand:
    return messages().opened(request.path_parameters["brand_id"])


def _example(request: Request) -> Example:
    return Example(request.base_url, messages().sms_prices)


def _kind(request: Request) -> MessageKind:
    try:
        return MessageKind(request.path_parameters["kind"])
    except ValueError:
        raise NotFoundError("There is no such kind of message.") from None


_READ = (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE)
_WRITE = (
    HTTPStatus.SEE_OTHER,
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.CONFLICT,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
_OF_ONE = HOME + "/{brand_id}"
_CHOSEN = {
    "locale": "The recipient's language; left out, the brand's main one.",
    "known": "`all` that may be known of a delivery, or the `least`; left out, all.",
}
OPERATIONS = (
    page_of(
        HOME,
        list_brands,
        "The staff page of messages: every brand",
        (HTTPStatus.SEE_OTHER, HTTPStatus.FORBIDDEN, HTTPStatus.SERVICE_UNAVAILABLE),
        {"brand_id": "A brand to go to, whether it was published or not."},
    ),
    page_of(
        _OF_ONE,
        list_messages,
        "Every kind of message of a brand",
        _READ,
        {"locale": _CHOSEN["locale"], "said": "What was done: published."},
    ),
    page_of(f"{_OF_ONE}/edit", edit_brand, "The form of a brand", _READ),
    page_of(
        f"{_OF_ONE}/edit",
        write_brand,
        "Try or publish a brand, or change the form: a button's `do` says which; from our own origin only",
        _WRITE,
        method="POST",
    ),
    page_of(f"{_OF_ONE}/preview/{{kind}}", preview_message, "One message as its recipient gets it", _READ, _CHOSEN),
    page_of(f"{_OF_ONE}/preview/{{kind}}/email", email_message, "The e-mail of it, for the frame", _READ, _CHOSEN),
)
