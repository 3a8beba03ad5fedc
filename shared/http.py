"""HTTP as our functions see it: a request read safely, an answer, and every refusal as problem+json.

Reading comes before everything else, because frameworks answer 500 to bodies that are no UTF-8 or nested a hundred
thousand deep. Whatever a caller sends ends in a model or in a `RequestError`.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from typing import Any, NoReturn, TypeVar
from urllib.parse import parse_qsl

from pydantic import BaseModel, ValidationError

from shared.errors import (
    InvalidRequestError,
    MalformedRequestError,
    NotFoundError,
    RequestError,
    TemporaryError,
    TooLargeError,
    UnauthorizedError,
    UnsupportedMediaTypeError,
)

MAX_BODY_BYTES = 16 * 1024
MAX_DEPTH = 16
MAX_INTEGER_DIGITS = 16
RETRY_AFTER_SECONDS = 5
JSON_TYPES = frozenset({"application/json"})
WIDGET_TYPES = frozenset({"application/json", "text/plain"})
"""A page may post `text/plain` without asking first (a CORS preflight)."""

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True)
class Request:
    """One HTTP request, of an HTTP API's payload format 2.0."""

    method: str
    path: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    path_parameters: Mapping[str, str]
    body: bytes
    cookies: Mapping[str, str]
    base_url: str
    source_ip: str

    @property
    def origin(self) -> str | None:
        """The origin a browser says the request comes from."""
        return self.headers.get("origin")


@dataclass(frozen=True)
class Answer:
    """What is answered: a model or plain data becomes JSON, text stays text."""

    status: HTTPStatus = HTTPStatus.OK
    body: BaseModel | Mapping[str, Any] | list[Any] | str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Security(StrEnum):
    """Who may use an operation; the names are the security schemes of docs/openapi.json."""

    PUBLISHABLE_KEY = "publishableKey"
    SECRET_KEY = "secretKey"  # noqa: S105  the name of a scheme
    SIGNED_LINK = "signedLink"
    PUBLIC = "public"


@dataclass(frozen=True)
class Operation:
    """One route: the only place that names it; the template, the OpenAPI document and the tests are held against it.

    Args:
        method: The HTTP method, in capitals.
        path: The path as in the template, `/v1/surveys/{survey_id}/responses`.
        run: What answers it.
        summary: What it does, for the OpenAPI document.
        security: Any one of these opens it.
        success: The status of success and the model of its body.
        request: The model of the body, if it has one.
        parameters: Query parameters by name, with a sentence each.
        refusals: The statuses of the refusals beyond 401, which follows from `security`.
    """

    method: str
    path: str
    run: Callable[[Request], Answer]
    summary: str
    security: tuple[Security, ...]
    success: tuple[HTTPStatus, type[BaseModel] | None]
    request: type[BaseModel] | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    refusals: tuple[HTTPStatus, ...] = ()

    @property
    def route_key(self) -> str:
        """How API Gateway names it."""
        return f"{self.method} {self.path}"


def request_from(event: Mapping[str, Any], public_base_url: str = "") -> Request:
    """The request of an API Gateway event.

    Raises:
        MalformedRequestError: the body is marked as base64 and is not.
    """
    context = event["requestContext"]
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    raw = event.get("body") or ""
    if event.get("isBase64Encoded"):
        try:
            body = base64.b64decode(raw, validate=True)
        except binascii.Error:
            raise MalformedRequestError("The body could not be decoded.") from None
    else:
        body = raw.encode("utf-8", "surrogatepass")
    pairs = [*(event.get("cookies") or ()), *headers.get("cookie", "").split(";")]
    cookies = dict(pair.strip().split("=", 1) for pair in pairs if "=" in pair)
    return Request(
        method=context["http"]["method"],
        path=event["rawPath"],
        headers=headers,
        query=dict(parse_qsl(event.get("rawQueryString") or "", keep_blank_values=True)),
        path_parameters=dict(event.get("pathParameters") or {}),
        body=body,
        cookies=cookies,
        base_url=(public_base_url or f"https://{context.get('domainName', '')}").rstrip("/"),
        source_ip=context["http"].get("sourceIp", ""),
    )


def key_of(request: Request) -> str | None:
    """The API key a request carries: as Bearer, as the user name of Basic (with or without a colon), or as `?key=`."""
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and credentials.strip():
        return credentials.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(credentials.strip()).decode("ascii").split(":", 1)[0] or None
        except (binascii.Error, UnicodeDecodeError):
            return None
    return request.query.get("key") or None


def json_body(request: Request, media_types: Iterable[str] = JSON_TYPES, limit: int = MAX_BODY_BYTES) -> Any:
    """The body as JSON, read more strictly than JSON asks for: what two parsers could read differently is refused.

    Raises:
        UnsupportedMediaTypeError: another media type than those taken, or another charset than UTF-8.
        TooLargeError: more than `limit` bytes.
        MalformedRequestError: not UTF-8, not JSON, nested deeper than 16, a key twice, NaN or Infinity, an integer of
            more than 16 digits, half of a surrogate pair, or a NUL.
    """
    media_type, _, parameters = request.headers.get("content-type", "").partition(";")
    charset = re.search(r'charset="?([^";\s]+)', parameters, re.IGNORECASE)
    if media_type.strip().lower() not in set(media_types) or (charset and charset[1].lower() not in {"utf-8", "utf8"}):
        raise UnsupportedMediaTypeError(f"Send {' or '.join(sorted(media_types))} in UTF-8.")
    if len(request.body) > limit:
        raise TooLargeError(f"The body has {len(request.body)} bytes; at most {limit} are taken.")
    try:
        text = request.body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedRequestError(f"The body is not UTF-8 (byte {error.start}).") from None
    return strict_json(text)


def strict_json(text: str) -> Any:
    """JSON text as data, by the rules of `json_body`.

    Raises:
        MalformedRequestError: as there.
    """
    _refuse_depth(text)
    try:
        data = json.loads(
            text,
            object_pairs_hook=_unique_keys,
            parse_constant=_refuse_constant,
            parse_int=_bounded_integer,
            parse_float=_finite,
        )
    except json.JSONDecodeError as error:
        raise MalformedRequestError(
            f"The body is not JSON: {error.msg} (line {error.lineno}, column {error.colno})."
        ) from None
    if re.search("\\\\u[dD][89a-fA-F]|\\\\u0000", text) or "\x00" in text:
        _refuse_unstorable(data)
    return data


def parsed(model: type[M], data: Any) -> M:
    """The data as a model.

    Raises:
        InvalidRequestError: with the path of each field that is wrong.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise invalid(error) from None


def invalid(error: ValidationError) -> InvalidRequestError:
    """A model's complaints as ours, by the path of the field."""
    errors: dict[str, list[str]] = {}
    for fault in error.errors(include_url=False, include_input=False, include_context=False):
        path = ".".join(str(step) for step in fault["loc"]) or "body"
        errors.setdefault(path, []).append(fault["msg"].removeprefix("Value error, "))
    first, messages = next(iter(errors.items()))
    return InvalidRequestError(f"{first}: {messages[0]}", errors)


def problem(error: RequestError | TemporaryError) -> Answer:
    """An error as problem+json (RFC 9457), with `message` and `errors` as Delighted's clients read them."""
    if isinstance(error, TemporaryError):
        status, detail, errors = HTTPStatus.SERVICE_UNAVAILABLE, "Try again in a few seconds.", {}
    else:
        status, detail, errors = error.status, error.detail, error.errors
    headers = {"content-type": "application/problem+json", "cache-control": "no-store"}
    if isinstance(error, UnauthorizedError):
        headers["www-authenticate"] = 'Bearer realm="hearback"'
    if isinstance(error, TemporaryError):
        headers["retry-after"] = str(RETRY_AFTER_SECONDS)
    body: dict[str, Any] = {"type": "about:blank", "title": status.phrase, "status": int(status), "detail": detail}
    body["message"] = detail
    if errors:
        body["errors"] = errors
    return Answer(status, body, headers)


def response_to(answer: Answer, more_headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    """An answer as API Gateway wants it."""
    headers = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
    if answer.body is None:
        body = ""
    elif isinstance(answer.body, str):
        body = answer.body
    elif isinstance(answer.body, BaseModel):
        body, headers["content-type"] = answer.body.model_dump_json(by_alias=True), "application/json"
    else:
        body = json.dumps(answer.body, ensure_ascii=False, separators=(",", ":"))
        headers["content-type"] = "application/json"
    headers.update(answer.headers)
    headers.update(more_headers or {})
    return {"statusCode": int(answer.status), "headers": headers, "body": body, "isBase64Encoded": False}


def dispatch(operations: Iterable[Operation], route_key: str) -> Operation:
    """The operation of a route.

    Raises:
        NotFoundError: the template has a route that the code has not; a test holds them together.
    """
    for operation in operations:
        if operation.route_key == route_key:
            return operation
    raise NotFoundError("There is nothing here.")


def _refuse_depth(text: str) -> None:
    depth, in_string, escaped = 0, False, False
    for character in text:
        if in_string:
            if escaped:
                escaped = False
            elif character == "\\":
                escaped = True
            elif character == '"':
                in_string = False
        elif character == '"':
            in_string = True
        elif character in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise MalformedRequestError(f"The body is nested deeper than {MAX_DEPTH} levels.")
        elif character in "]}":
            depth -= 1


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise MalformedRequestError(f"The key {json.dumps(name)} stands twice in one object.")
        found[name] = value
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise MalformedRequestError(f"{name} is not a JSON number.")


def _bounded_integer(digits: str) -> int:
    if len(digits.lstrip("-")) > MAX_INTEGER_DIGITS:
        raise MalformedRequestError(f"An integer has more than {MAX_INTEGER_DIGITS} digits.")
    return int(digits)


def _finite(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise MalformedRequestError(f"{digits[:20]} is too large a number.")
    return number


def _refuse_unstorable(data: Any) -> None:
    """Half surrogates and NUL pass through JSON, and fail in the store or in a mail."""
    if isinstance(data, str):
        if "\x00" in data or any("\ud800" <= character <= "\udfff" for character in data):
            raise MalformedRequestError("A text contains a NUL or half of a surrogate pair.")
    elif isinstance(data, dict):
        for name, value in data.items():
            _refuse_unstorable(name)
            _refuse_unstorable(value)
    elif isinstance(data, list):
        for value in data:
            _refuse_unstorable(value)
