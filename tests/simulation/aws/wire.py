"""Requests and answers as botocore puts them on the wire, for the four protocols our services speak.

Only what the simulated operations need: JSON 1.0/1.1 (DynamoDB, SQS, SMS, SSM, Secrets Manager), REST-JSON (SES v2,
EventBridge Scheduler) and the query protocol (SNS).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

from botocore.awsrequest import AWSPreparedRequest, AWSResponse, HeadersDict

REST_JSON = frozenset({"sesv2", "scheduler"})
QUERY = frozenset({"sns"})


class ServiceError(Exception):
    """An answer that is an error; `fields` are the members of the error shape beside code and message."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        status: int = 400,
        fields: Mapping[str, Any] | None = None,
        query_code: str = "",
    ) -> None:
        """Give `query_code` where SQS still reports the code of its old query protocol."""
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.fields = dict(fields or {})
        self.query_code = query_code


def validation_error(message: str) -> ServiceError:
    """What DynamoDB answers to a request it can never serve."""
    return ServiceError("ValidationException", message)


@dataclass(frozen=True)
class Call:
    """One request that left a client (each retry of the SDK is a call of its own).

    Attributes:
        number: 1, 2, 3… over the whole simulation.
        function: who called: the function that was running, or `outside`.
        run: which run (invocation) of that function, from 1; 0 outside.
        index: which call within that run, from 1.
        service: botocore's hyphenised service id, e.g. `dynamodb`, `pinpoint-sms-voice-v2`.
        operation: the API operation, e.g. `PutItem`.
        params: the request's members.
    """

    number: int
    function: str
    run: int
    index: int
    service: str
    operation: str
    params: dict[str, Any] = field(repr=False)

    @property
    def name(self) -> str:
        """Service and operation, e.g. `dynamodb.PutItem`."""
        return f"{self.service}.{self.operation}"


class _Body:
    """The part of urllib3's response that botocore reads."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, amt: int = 1024, decode_content: bool | None = None) -> Iterator[bytes]:
        yield self._content


def read_params(service: str, request: AWSPreparedRequest) -> dict[str, Any]:
    """The members of a request, whatever the protocol.

    Raises:
        ServiceError: the text is not UTF-8 (a lone surrogate), which AWS refuses before it looks at anything else.
    """
    body = request.body or b""
    if isinstance(body, str):
        body = body.encode()
    if not isinstance(body, bytes):
        raise TypeError(f"a request body of type {type(body).__name__} is not modelled")
    if service in QUERY:
        return {name: values[0] for name, values in parse_qs(body.decode(), keep_blank_values=True).items()}
    params: dict[str, Any] = json.loads(body) if body else {}
    if b"\\ud" in body:
        _refuse_lone_surrogates(params)
    if service in REST_JSON:
        parts = urlsplit(request.url)
        params["_path"] = [unquote(part) for part in parts.path.strip("/").split("/")]
        params |= {name: values[0] for name, values in parse_qs(parts.query).items()}
    return params


def _refuse_lone_surrogates(params: dict[str, Any]) -> None:
    try:
        json.dumps(params, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise ServiceError("SerializationException", "The request holds a lone surrogate") from None


def answer(call: Call, request: AWSPreparedRequest, result: Mapping[str, Any]) -> AWSResponse:
    """A successful answer."""
    if call.service in QUERY:
        inside = "".join(f"<{key}>{escape(str(value))}</{key}>" for key, value in result.items())
        body = (
            f"<{call.operation}Response><{call.operation}Result>{inside}</{call.operation}Result>"
            f"<ResponseMetadata><RequestId>{call.number}</RequestId></ResponseMetadata></{call.operation}Response>"
        )
        return _response(call, request, 200, body, {})
    return _response(call, request, 200, json.dumps(result), {})


def refusal(call: Call, request: AWSPreparedRequest, error: ServiceError) -> AWSResponse:
    """An answer that botocore turns into a `ClientError`."""
    if call.service in QUERY:
        kind = "Sender" if error.status < 500 else "Receiver"
        body = (
            f"<ErrorResponse><Error><Type>{kind}</Type><Code>{error.code}</Code>"
            f"<Message>{escape(error.message)}</Message></Error></ErrorResponse>"
        )
        return _response(call, request, error.status, body, {})
    headers = {"x-amzn-errortype": error.code}
    if call.service == "sqs":
        kind = "Sender" if error.status < 500 else "Receiver"
        headers["x-amzn-query-error"] = f"{error.query_code or error.code};{kind}"
    body = json.dumps({"__type": f"com.amazonaws.{call.service}#{error.code}", "message": error.message} | error.fields)
    return _response(call, request, error.status, body, headers)


def _response(
    call: Call, request: AWSPreparedRequest, status: int, body: str, headers: Mapping[str, str]
) -> AWSResponse:
    every = HeadersDict({"x-amzn-requestid": f"request-{call.number:08d}", **headers})
    return AWSResponse(request.url, status, every, _Body(body.encode()))  # type: ignore[arg-type]
