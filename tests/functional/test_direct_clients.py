"""A call without a client is the same call, and what is not the plain case is left to the client."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import botocore.session
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse, HeadersDict
from botocore.exceptions import ClientError, ReadTimeoutError
from botocore.httpsession import URLLib3Session

from shared.direct_clients import DirectClient, direct_client
from tests.benchmarks.offline import ITEM
from tests.infra.cloudformation import ROOT

QUEUE_URL = "https://sqs.eu-central-1.amazonaws.com/123456789012/responses"
CALLS: dict[str, Callable[[Any], Any]] = {
    "dynamodb": lambda c: c.get_item(TableName="surveys", Key={"pk": {"S": "Größe"}}, ConsistentRead=True),
    "sqs": lambda c: c.send_message(QueueUrl=QUEUE_URL, MessageBody="{}", MessageGroupId="delivery", DelaySeconds=0),
    "ssm": lambda c: c.get_parameter(Name="/hearback/link-keys", WithDecryption=True),
}
COMPARED = ("content-type", "x-amz-target", "x-amzn-query-mode", "x-amz-security-token")

Reply = tuple[int, Any] | Exception


class Wire:
    """What goes out, and what comes back: each reply once, the last for ever."""

    def __init__(self) -> None:
        self.sent: list[AWSPreparedRequest] = []
        self.replies: list[Reply] = [(200, {})]

    def send(self, request: AWSPreparedRequest) -> AWSResponse:
        self.sent.append(request)
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if isinstance(reply, Exception):
            raise reply
        status, body = reply
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return AWSResponse(request.url, status, HeadersDict({"x-amzn-requestid": "1"}), _Raw(raw))  # type: ignore[arg-type]


class _Raw:
    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, **_: Any) -> list[bytes]:
        return [self._body]


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Iterator[Wire]:
    wire = Wire()
    monkeypatch.setattr(URLLib3Session, "send", lambda _, request: wire.send(request))
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    monkeypatch.setattr("shared.clients.session", botocore.session.Session)
    yield wire


def text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def essence(request: AWSPreparedRequest) -> dict[str, Any]:
    """Where it goes, what it says, and under which key and scope (date, region, service) it is signed."""
    scope = text(request.headers["Authorization"]).partition("Credential=")[2].partition(",")[0]
    named = {name: text(request.headers.get(name)) for name in COMPARED}
    body = json.loads(text(request.body))
    return {"method": request.method, "url": request.url, "body": body, "scope": scope, **named}


@pytest.mark.parametrize("region", ["eu-central-1", "us-east-1", "ap-southeast-2"])
@pytest.mark.parametrize("service", CALLS)
def test_it_is_the_call_that_botocore_makes(
    monkeypatch: pytest.MonkeyPatch, wire: Wire, service: str, region: str
) -> None:
    monkeypatch.setenv("AWS_REGION", region)
    monkeypatch.setenv("AWS_DEFAULT_REGION", region)
    monkeypatch.setenv("AWS_SESSION_TOKEN", "of-the-role")
    ours = direct_client(service)
    CALLS[service](ours)
    CALLS[service](botocore.session.Session().create_client(service))
    assert isinstance(ours, DirectClient)
    assert essence(wire.sent[0]) == essence(wire.sent[1])


def test_the_signature_covers_the_target_and_the_body(wire: Wire) -> None:
    ours = DirectClient("dynamodb", "eu-central-1")
    signatures = set()
    for table in ("surveys", "surveys", "responses"):
        ours.get_item(TableName=table, Key={})
        signatures.add(text(wire.sent[-1].headers["Authorization"]))
    signed = text(wire.sent[0].headers["Authorization"]).partition("SignedHeaders=")[2].partition(",")[0]
    assert len(signatures) >= 2
    assert {"content-type", "host", "x-amz-date", "x-amz-target"} <= set(signed.split(";"))


@pytest.mark.parametrize("service", CALLS)
def test_an_answer_reads_as_botocore_reads_it(wire: Wire, service: str) -> None:
    wire.replies = [(200, {"Item": ITEM, "MessageId": "1", "Parameter": {"Value": "[]"}})]
    ours = CALLS[service](DirectClient(service, "eu-central-1"))
    theirs = CALLS[service](botocore.session.Session().create_client(service))
    del theirs["ResponseMetadata"]
    assert theirs.items() <= ours.items()


THROTTLED = (400, {"__type": "com.amazonaws.dynamodb.v20120810#ThrottlingException", "message": "slow down"})


@pytest.mark.parametrize(
    "failure",
    [(500, {}), (503, b"<html>"), (200, b"cut of"), THROTTLED, ReadTimeoutError(endpoint_url="https://x")],
    ids=["500", "no JSON", "half an answer", "throttled", "time-out"],
)
def test_what_fails_is_tried_again_by_botocore(wire: Wire, failure: Reply) -> None:
    wire.replies = [failure, (200, {"Item": ITEM})]
    assert DirectClient("dynamodb", "eu-central-1").get_item(TableName="t", Key={})["Item"] == ITEM
    assert len(wire.sent) == 2


def test_three_attempts_are_made_in_all_and_the_error_is_that_of_botocore(wire: Wire) -> None:
    wire.replies = [THROTTLED]
    with pytest.raises(ClientError) as raised:
        DirectClient("dynamodb", "eu-central-1").get_item(TableName="t", Key={})
    assert raised.value.response["Error"]["Code"] == "ThrottlingException"
    assert len(wire.sent) == 3


def test_an_outage_makes_one_client_not_one_for_each_call(monkeypatch: pytest.MonkeyPatch, wire: Wire) -> None:
    made = []

    def counted(service: str, attempts: int) -> Any:
        made.append(service)
        return botocore.session.Session().create_client(service)

    monkeypatch.setattr("shared.clients.client", counted)
    ours = DirectClient("dynamodb", "eu-central-1")
    wire.replies = [(500, {}), (200, {}), (500, {}), (200, {})]
    ours.get_item(TableName="t", Key={})
    ours.get_item(TableName="t", Key={})
    assert made == ["dynamodb"]


def test_a_refusal_is_told_as_botocore_tells_it(wire: Wire) -> None:
    wire.replies = [(400, {"__type": "ParameterNotFound"})]
    with pytest.raises(ClientError) as raised:
        DirectClient("ssm", "eu-central-1").get_parameter(Name="/p")
    assert raised.value.response["Error"]["Code"] == "ParameterNotFound"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AWS_PROFILE", "shop"),
        ("AWS_USE_FIPS_ENDPOINT", "true"),
        ("AWS_USE_DUALSTACK_ENDPOINT", "true"),
        ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true"),
        ("AWS_REGION", "cn-north-1"),
        ("AWS_REGION", "us-gov-west-1"),
        ("AWS_REGION", "eusc-de-east-1"),
        ("AWS_ACCESS_KEY_ID", None),
    ],
)
def test_an_environment_with_anything_special_gets_the_real_client(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str | None
) -> None:
    monkeypatch.setattr("shared.clients.client", lambda service, attempts: (service, attempts))
    if value is None:
        monkeypatch.delenv(name)
    else:
        monkeypatch.setenv(name, value)
    assert direct_client("sqs") == ("sqs", 3)


def test_an_endpoint_of_ones_own_is_used_the_one_for_the_service_first(
    monkeypatch: pytest.MonkeyPatch, wire: Wire
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
    monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", "http://127.0.0.1:9324/")
    for service, call in CALLS.items():
        call(direct_client(service))
    assert [request.url for request in wire.sent] == [
        "http://127.0.0.1:4566/",
        "http://127.0.0.1:9324/",
        "http://127.0.0.1:4566/",
    ]


def test_the_trace_goes_along(monkeypatch: pytest.MonkeyPatch, wire: Wire) -> None:
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-5e1b4151;Parent=53995c3f;Sampled=1")
    DirectClient("sqs", "eu-central-1").send_message(QueueUrl=QUEUE_URL, MessageBody="{}")
    assert text(wire.sent[0].headers["X-Amzn-Trace-Id"]) == "Root=1-5e1b4151;Parent=53995c3f;Sampled=1"


FIRST_ANSWER = """
import gc
import functions.survey_ingest.app as app, functions.survey_ingest.bootstrap as bootstrap
assert gc.isenabled()
bootstrap.service()
import sys
from pydantic._internal import _model_construction
loaded = set(sys.modules)
built = []
complete = _model_construction.complete_model_class
_model_construction.complete_model_class = lambda cls, *a, **k: built.append(cls.__name__) or complete(cls, *a, **k)
from tests.benchmarks.offline import CONTEXT, answers
with answers() as events:
    answered = app.lambda_handler(next(events), CONTEXT)
new = sorted(name for name in set(sys.modules) - loaded if name.startswith(("botocore", "pydantic", "shared")))
print(answered["statusCode"], built, new)
"""


def test_the_first_answer_finds_everything_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """A start that is short only because the first request has to do the rest would be no shorter for who waits."""
    for name, value in (
        ("SURVEYS_TABLE_NAME", "surveys"),
        ("RESPONSES_QUEUE_URL", QUEUE_URL),
        ("FUNNEL_QUEUE_URL", QUEUE_URL),
        ("LINK_KEYS_PARAMETER", "/p"),
        ("ADDRESS_ANSWERS_PER_MINUTE", "120"),
        ("ADDRESS_ANSWERS_AT_ONCE", "240"),
        ("LINK_ANSWERS_PER_MINUTE", "30"),
        ("HOT_ANSWERS_PER_MINUTE", "60"),
    ):
        monkeypatch.setenv(name, value)
    run = subprocess.run([sys.executable, "-c", FIRST_ANSWER], cwd=ROOT, check=True, capture_output=True, text=True)
    assert run.stdout.splitlines()[-1] == "202 [] []"
