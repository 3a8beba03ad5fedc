"""AWS as the timed handlers see it: answered at once, below botocore, so that only their own work counts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from hashlib import md5
from io import StringIO
from itertools import count
from typing import Any
from unittest.mock import patch
from uuid import UUID

from botocore.awsrequest import AWSResponse
from botocore.httpsession import URLLib3Session

from shared.domain.api_keys import ApiKey, KeyKind, key_hash
from shared.domain.surveys import Survey

KEY = "pk_measured"
BREAKDOWNS = {name: [f"{name}-{value}" for value in range(5)] for name in ("region", "carrier", "device")}
SURVEY = Survey.model_validate(
    {
        "survey_id": "delivery",
        "name": "Delivery",
        "touchpoint": "delivery",
        "brand": {"name": "Shop"},
        "questions": [{"id": "recommend", "scale": "nps", "text": {"en": "Would you recommend us?"}}],
        "breakdowns": [{"name": name, "values": values} for name, values in BREAKDOWNS.items()],
    }
)
API_KEY = ApiKey.model_validate(
    {
        "key_hash": key_hash(KEY),
        "kind": KeyKind.PUBLISHABLE,
        "name": "page",
        "created_at": "2026-01-01T00:00:00Z",
        "survey_id": "delivery",
    }
)
ITEM = {
    "content": {"S": SURVEY.model_dump_json()},
    "keys": {"M": {"page": {"S": API_KEY.model_dump_json()}}},
    "version": {"N": "1"},
}


ENVIRONMENT = {
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "measured",
    "AWS_SECRET_ACCESS_KEY": "measured",
}


class CONTEXT:
    """Lambda's context object."""

    function_name = "measured"
    function_version = "1"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:measured"
    aws_request_id = "52fdfc07-2182-454f-963f-5f0f9a621d72"

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        """More than enough."""
        return 20_000


class _Raw:
    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, **_: Any) -> list[bytes]:
        return [self._body]


def _send(_session: URLLib3Session, request: Any) -> AWSResponse:
    target = request.headers["X-Amz-Target"]
    operation = (target.decode() if isinstance(target, bytes) else target).partition(".")[2]
    answer: dict[str, Any] = {}
    if operation == "GetItem":
        answer = {"Item": ITEM}
    elif operation == "SendMessage":
        sent = json.loads(request.body)["MessageBody"]
        answer = {"MessageId": "1", "MD5OfMessageBody": md5(sent.encode(), usedforsecurity=False).hexdigest()}
    headers: Any = {"content-type": "application/x-amz-json-1.0"}
    return AWSResponse(request.url, 200, headers, _Raw(json.dumps(answer).encode()))


@contextmanager
def answers() -> Iterator[Iterator[dict[str, Any]]]:
    """Requests that each bring an answer of 500 bytes; within this, AWS is there and nothing is printed."""
    with patch.object(URLLib3Session, "send", _send), redirect_stdout(StringIO()):
        yield (_event(number) for number in count(1))


def _event(number: int) -> dict[str, Any]:
    path = "/v1/surveys/delivery/responses"
    body = {
        "response_id": str(UUID(int=number, version=4)),
        "rating": number % 11,
        "comment": "x" * 500,
        "properties": {name: values[number % 5] for name, values in BREAKDOWNS.items()},
    }
    return {
        "version": "2.0",
        "routeKey": "POST /v1/surveys/{survey_id}/responses",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"content-type": "application/json", "authorization": f"Bearer {KEY}"},
        "pathParameters": {"survey_id": "delivery"},
        "requestContext": {
            "domainName": "example.com",
            "requestId": "r",
            "stage": "$default",
            "http": {"method": "POST", "path": path, "sourceIp": "192.0.2.1", "protocol": "HTTP/1.1"},
        },
        "body": json.dumps(body),
        "isBase64Encoded": False,
    }
