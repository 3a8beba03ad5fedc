"""HTTP as our functions see it: a request read safely, an answer, and every refusal as problem+json.

Whatever a caller sends ends in a model or in a `RequestError`; `serve` is the whole of an HTTP function's handler.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from http import HTTPStatus
from typing import Any, NamedTuple, TypeVar
from urllib.parse import parse_qsl

from pydantic import BaseModel, ValidationError

from shared.domain.api_keys import KeyKind
from shared.errors import (
    InvalidRequestError,
    MalformedRequestError,
    MethodNotAllowedError,
    NotFoundError,
    RequestError,
    TemporaryError,
    TooLargeError,
    TooManyRequestsError,
    UnauthorizedError,
    UnsupportedMediaTypeError,
)
from shared.strict_json import strict_json

MAX_BODY_BYTES = 16 * 1024
MAX_FAULTS_TOLD = 20
"""Fields a refusal names; a body of 16 KB can have thousands of wrong ones."""
RETRY_AFTER_SECONDS = 5
JSON_TYPES = frozenset({"application/json"})
FORM_TYPE = "application/x-www-form-urlencoded"
THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "[::1]"})
WIDGET_TYPES = frozenset({"application/json", "text/plain"})
"""A page may post `text/plain` without asking first (a CORS preflight)."""
TAGS = frozenset({"[key]", "[id]", "[object]"})
"""Steps of a path that are no field: a mapping's key, and the two shapes of a union."""

M = TypeVar("M", bound=BaseModel)


class Request(NamedTuple):
    """One HTTP request, of an HTTP API's payload format 2.0."""

    method: str
    path: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    path_parameters: Mapping[str, str]
    body: bytes | None
    """None if it was marked as base64 and is not."""
    cookies: Mapping[str, str]
    base_url: str
    source_ip: str
    query_pairs: tuple[tuple[str, str], ...] = ()
    unexpected: tuple[str, ...] = ()
    """Query parameters that the operation does not declare."""

    def values_of(self, name: str) -> tuple[str, ...]:
        """Every value of a query parameter that is a list: `expand[]=person&expand[]=notes`, or without brackets."""
        return tuple(value for given, value in self.query_pairs if given in {name, f"{name}[]"})

    @property
    def origin(self) -> str | None:
        """The origin a browser says the request comes from."""
        return self.headers.get("origin")

    @property
    def is_from_own_page(self) -> bool:
        """Whether a browser says that a page of ours sent it; a form of another site comes with that site's origin.

        Ours is where the request went. Behind a CDN that is not what the reader sees, so our public address counts too,
        and what the browser itself says of the two (Sec-Fetch-Site, which no page can set; Safari since 16.4).
        """
        if "sec-fetch-site" in self.headers:
            return self.headers["sec-fetch-site"] == "same-origin"
        host = self.headers.get("host", "")
        return self.origin in {self.base_url, f"{'http' if self.is_on_this_machine else 'https'}://{host}"}

    @property
    def is_on_this_machine(self) -> bool:
        """Whether a developer's browser asks the laptop it runs on, where there is no TLS."""
        return self.headers.get("host", "").rpartition(":")[0] in THIS_MACHINE

    @property
    def session_cookie(self) -> str:
        """The name of the cookie with the session of staff pages.

        `__Host-` is taken over TLS only and from this very host; a developer's own machine has no TLS.
        """
        return "hearback-session" if self.is_on_this_machine else "__Host-hearback-session"

    @property
    def session(self) -> str | None:
        """The session that a browser brings; one that nobody verified yet."""
        return self.cookies.get(self.session_cookie)


class Answer(NamedTuple):
    """What is answered: a model or plain data becomes JSON, text stays text, bytes stay bytes."""

    status: HTTPStatus = HTTPStatus.OK
    body: BaseModel | Mapping[str, Any] | list[Any] | str | bytes | None = None
    headers: Mapping[str, str] = {}


class Security(StrEnum):
    """Who may use an operation; the names are the security schemes of docs/openapi.json."""

    PUBLISHABLE_KEY = "publishableKey"
    SECRET_KEY = "secretKey"  # noqa: S105  the name of a scheme
    SIGNED_LINK = "signedLink"
    SESSION = "session"
    SIGNATURE = "signature"
    PUBLIC = "public"


class Operation(NamedTuple):
    """One route: the only place that names it; the template, the OpenAPI document and the tests are held against it.

    Args:
        method: The HTTP method, in capitals. GET answers HEAD too.
        path: The path as in the template, `/v1/surveys/{survey_id}/responses`.
        run: What answers it.
        summary: What it does, for the OpenAPI document.
        security: Any one of these opens it.
        success: The status of success and the model of its body.
        success_is_list: The body is an array of that model.
        nothing_made: The status of a success that made nothing, with a body of the same model.
        request: The model of the body, if it has one.
        own_form: The model of one form of the body, for the OpenAPI document, where it reads others' forms as well.
        parameters: Query parameters by name, with a sentence each.
        headers: Headers it reads, with a sentence each.
        refusals: The statuses of the refusals beyond 401, which follows from `security`.
        media_type: The media type of a success that is no model. A page's refusals are pages as well.
        request_types: The media types of the body.
    """

    method: str
    path: str
    run: Callable[[Request], Answer]
    summary: str
    security: tuple[Security, ...]
    success: tuple[HTTPStatus, type[BaseModel] | None]
    success_is_list: bool = False
    nothing_made: HTTPStatus | None = None
    request: type[BaseModel] | None = None
    own_form: type[BaseModel] | None = None
    parameters: Mapping[str, str] = {}
    headers: Mapping[str, str] = {}
    refusals: tuple[HTTPStatus, ...] = ()
    media_type: str | None = None
    request_types: frozenset[str] = JSON_TYPES

    @property
    def route_key(self) -> str:
        """How API Gateway names it."""
        return f"{self.method} {self.path}"

    @property
    def is_page(self) -> bool:
        """Whether a person reads the answer, in a browser that would ask for a password on a 401."""
        return (self.media_type or "").startswith("text/html")

    @property
    def statuses(self) -> frozenset[HTTPStatus]:
        """Every status it answers with."""
        asks = self.security != (Security.PUBLIC,) and not self.is_page
        nothing_made = () if self.nothing_made is None else (self.nothing_made,)
        return frozenset(
            {self.success[0], *nothing_made, *self.refusals} | ({HTTPStatus.UNAUTHORIZED} if asks else set())
        )


def serve(
    event: Mapping[str, Any],
    operations: Iterable[Operation],
    on_refusal: Callable[[Request, RequestError | TemporaryError], Mapping[str, str]] | None = None,
    public_base_url: str = "",
    not_offered: Mapping[str, str] | None = None,
    elsewhere: Mapping[str, Sequence[str]] | None = None,
) -> dict[str, Any]:
    """Answer an API Gateway event.

    Args:
        event: The event, of payload format 2.0.
        operations: What the function can do.
        on_refusal: Told of each refusal; what it returns is added to the headers.
        public_base_url: Where callers reach us; empty for the address in the event.
        not_offered: Beginnings of paths that clients may look for, with a sentence that says why they are not here.
        elsewhere: Methods that other functions answer, by path, so that a refusal can name them.
    """
    request = request_from(event, public_base_url)
    headers: Mapping[str, str] = {}
    try:
        operation, request = routed(operations, event["routeKey"], request, elsewhere)
        answer = operation.run(request)
    except (RequestError, TemporaryError) as error:
        sentence = next((why for start, why in (not_offered or {}).items() if request.path.startswith(start)), None)
        answer = problem(NotFoundError(sentence) if sentence else error)
        headers = on_refusal(request, error) if on_refusal else {}
    return response_to(answer, headers, with_body=request.method != "HEAD")


def request_from(event: Mapping[str, Any], public_base_url: str = "") -> Request:
    """The request of an API Gateway event."""
    context = event["requestContext"]
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    query_pairs = tuple(parse_qsl(event.get("rawQueryString") or "", keep_blank_values=True))
    # The gateway moves cookies out of the headers; the emulator leaves them in.
    pairs = [*(event.get("cookies") or ()), *headers.get("cookie", "").split(";")]
    return Request(
        method=context["http"]["method"],
        path=event["rawPath"],
        headers=headers,
        query=dict(query_pairs),
        path_parameters=dict(event.get("pathParameters") or {}),
        body=_body(event.get("body") or "", bool(event.get("isBase64Encoded"))),
        cookies=dict(pair.strip().split("=", 1) for pair in pairs if "=" in pair),
        base_url=(public_base_url or f"https://{context.get('domainName', '')}").rstrip("/"),
        source_ip=context["http"].get("sourceIp", ""),
        query_pairs=query_pairs,
    )


def _body(raw: str, is_base64: bool) -> bytes | None:
    if not is_base64:
        return raw.encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(raw, validate=True)
    except ValueError:
        return None


def key_of(request: Request) -> str | None:
    """The API key a request carries: as Bearer, as the user name of Basic (with or without a colon), or as `?key=`.

    Only a publishable key is read from the address: a secret one would stand in the logs of every proxy.
    """
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    credentials = credentials.strip()
    key: str | None
    if scheme.lower() == "bearer" and credentials:
        key = credentials
    elif scheme.lower() == "basic":
        try:
            key = base64.b64decode(credentials, validate=True).decode("ascii").split(":", 1)[0]
        except ValueError:
            return None
    else:
        key = request.query.get("key", "")
        if not key.startswith(KeyKind.PUBLISHABLE.prefix):
            return None
    return key if key and key.isascii() else None


def raw_body(request: Request, limit: int = MAX_BODY_BYTES) -> bytes:
    """The body as it came.

    Raises:
        TooLargeError: more than `limit` bytes.
        MalformedRequestError: not base64 though marked as such.
    """
    if request.body is None:
        raise MalformedRequestError("The body could not be decoded from base64.")
    if len(request.body) > limit:
        raise TooLargeError(f"The body has {len(request.body)} bytes; at most {limit} are taken.")
    return request.body


def json_body(request: Request, media_types: Iterable[str] = JSON_TYPES, limit: int = MAX_BODY_BYTES) -> Any:
    """The body as data, by the rules of `strict_json`.

    Raises:
        UnsupportedMediaTypeError: another media type than those taken, another charset than UTF-8, or compressed.
        TooLargeError: more than `limit` bytes.
        MalformedRequestError: not base64 though marked as such, or no strict JSON.
    """
    media_type, *parameters = request.headers.get("content-type", "").split(";")
    charsets = {
        value.strip().strip('"').lower()
        for name, _, value in (parameter.partition("=") for parameter in parameters)
        if name.strip().lower() == "charset"
    }
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if media_type.strip().lower() not in set(media_types) or charsets - {"utf-8", "utf8"} or encoding != "identity":
        raise UnsupportedMediaTypeError(f"Send {' or '.join(sorted(media_types))} in UTF-8, not compressed.")
    return strict_json(raw_body(request, limit))


def form_body(request: Request, limit: int = MAX_BODY_BYTES) -> Mapping[str, str]:
    """The fields of a form that a page of ours sent; of a field that came twice, the last.

    Raises:
        UnsupportedMediaTypeError: no form.
        TooLargeError: more than `limit` bytes.
        MalformedRequestError: not base64 though marked as such, or not UTF-8.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM_TYPE:
        raise UnsupportedMediaTypeError("Send a form.")
    body = raw_body(request, limit)
    try:
        return dict(parse_qsl(body.decode("utf-8"), keep_blank_values=True, errors="strict"))
    except ValueError:
        raise MalformedRequestError("The body is no form in UTF-8.") from None


def parsed(model: type[M], data: Any) -> M:
    """The data as a model.

    Raises:
        InvalidRequestError: with the path of each field that is wrong.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise invalid(error) from None


_WORDS = {
    "bool_type": "must be true or false",
    "dict_type": "must be a JSON object",
    "enum": "must be {expected}",
    "extra_forbidden": "is not a field of this request",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "missing": "is required",
    "model_type": "must be a JSON object",
    "string_pattern_mismatch": "must match {pattern}",
    "string_too_long": "must have at most {max_length} characters",
    "string_too_short": "must have at least {min_length} characters",
    "string_type": "must be a string",
    "tuple_type": "must be a JSON array",
}
"""The library's words for its most frequent complaints are about Python; ours are about the request."""


def invalid(error: ValidationError) -> InvalidRequestError:
    """A model's complaints as ours, by the path of the field; steps in brackets are names of ours, not the caller's."""
    errors: dict[str, list[str]] = {}
    for fault in error.errors(include_url=False, include_input=False):
        path = ".".join(str(step) for step in fault["loc"] if step not in TAGS) or "body"
        if path in errors or len(errors) < MAX_FAULTS_TOLD:
            words = _WORDS.get(fault["type"])
            message = words.format(**fault.get("ctx", {})) if words else fault["msg"].removeprefix("Value error, ")
            errors.setdefault(path, []).append(message)
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
    if isinstance(error, MethodNotAllowedError):
        headers["allow"] = ", ".join(error.allowed)
    if isinstance(error, TemporaryError):
        headers["retry-after"] = str(RETRY_AFTER_SECONDS)
    if isinstance(error, TooManyRequestsError):
        headers["retry-after"] = str(error.retry_after)
    body: dict[str, Any] = {"type": "about:blank", "title": status.phrase, "status": int(status), "detail": detail}
    body["message"] = detail
    if errors:
        body["errors"] = errors
    return Answer(status, body, headers)


def response_to(
    answer: Answer, more_headers: Mapping[str, str] | None = None, *, with_body: bool = True
) -> dict[str, Any]:
    """An answer as API Gateway wants it."""
    headers = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
    if answer.body is None:
        body = ""
    elif isinstance(answer.body, str):
        body = answer.body
    elif isinstance(answer.body, bytes):
        body = base64.b64encode(answer.body).decode("ascii")
    elif isinstance(answer.body, BaseModel):
        body, headers["content-type"] = answer.body.model_dump_json(by_alias=True), "application/json"
    else:
        body = json.dumps(answer.body, ensure_ascii=False, separators=(",", ":"))
        headers["content-type"] = "application/json"
    headers.update(answer.headers)
    headers.update(more_headers or {})
    return {
        "statusCode": int(answer.status),
        "headers": headers,
        "body": body if with_body else "",
        "isBase64Encoded": with_body and isinstance(answer.body, bytes),
    }


def readable_by(origin: str | None) -> Mapping[str, str]:
    """The CORS headers that let pages of an origin (`*`: of any) read an answer; None lets none.

    No page is ever let in with its credentials, so `*` gives a page nothing that it could not fetch from a server.
    """
    leave = {"access-control-allow-origin": origin, "access-control-expose-headers": "retry-after"} if origin else {}
    return {"vary": "origin", **leave}


def routed(
    operations: Iterable[Operation],
    route_key: str,
    request: Request,
    elsewhere: Mapping[str, Sequence[str]] | None = None,
) -> tuple[Operation, Request]:
    """The operation of a route, and the request with its path parameters and what it has no parameter for.

    A greedy route (`ANY /v1/{proxy+}`) is matched by path, with or without `.json` at the end. Path parameters arrive
    decoded, and are not decoded again.

    Raises:
        MethodNotAllowedError: there are others of this path, here or elsewhere.
        NotFoundError: there is nothing of this path.
    """
    operations = tuple(operations)
    method, _, path = route_key.partition(" ")
    is_greedy = method == "ANY"
    if is_greedy:
        path = path.replace("{proxy+}", request.path_parameters.get("proxy", "")).removesuffix(".json")
        method = request.method
    for operation in operations:
        if operation.method != ("GET" if method == "HEAD" else method):
            continue
        if not is_greedy and operation.path == path:
            return operation, request._replace(unexpected=_unexpected(operation, request))
        if is_greedy and (found := _path_parameters(operation.path, path)) is not None:
            return operation, request._replace(path_parameters=found, unexpected=_unexpected(operation, request))
    here = [(operation.path, operation.method) for operation in operations]
    others = [*here, *((template, each) for template, methods in (elsewhere or {}).items() for each in methods)]
    allowed = {each for template, each in others if _path_parameters(template, path) is not None}
    if not allowed:
        raise NotFoundError("There is nothing here.")
    raise MethodNotAllowedError(sorted(allowed | ({"HEAD"} if "GET" in allowed else set())))


def _unexpected(operation: Operation, request: Request) -> tuple[str, ...]:
    """The query parameters that an operation does not know; a list may be written with brackets."""
    return tuple(name for name in request.query if name.removesuffix("[]") not in operation.parameters)


def _path_parameters(template: str, path: str) -> dict[str, str] | None:
    """The parameters of a path that fits a template such as `/v1/deliveries/{delivery_id}`, None if it does not."""
    pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(template))
    match = re.fullmatch(pattern, path)
    return match.groupdict() if match else None
