"""Our clients are made from less data than botocore's own, and are the same clients."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from botocore.exceptions import UnknownServiceError
from botocore.loaders import JSONFileLoader, Loader

from shared.clients import LeanLoader
from tests.infra.cloudformation import ROOT

CALLS: dict[str, Callable[[Any], Any]] = {
    "dynamodb": lambda c: c.get_item(TableName="t", Key={"pk": {"S": "a"}}),
    "sqs": lambda c: c.send_message(QueueUrl="https://sqs.eu-central-1.amazonaws.com/1/q", MessageBody="m"),
    "ssm": lambda c: c.get_parameter(Name="/p"),
    "sesv2": lambda c: c.send_email(Content={"Raw": {"Data": b"m"}}),
    "pinpoint-sms-voice-v2": lambda c: c.send_text_message(DestinationPhoneNumber="+4915112345678"),
    "scheduler": lambda c: c.get_schedule(Name="n"),
    "events": lambda c: c.put_events(Entries=[{"Detail": "{}"}]),
    "cloudwatch": lambda c: c.list_metrics(),
}
_NO_HEADERS: Any = {}
REGIONS = ("eu-central-1", "us-east-1", "cn-north-1", "us-gov-west-1")


def what_leaves(loader: Loader, service: str, region: str) -> tuple[str, ...]:
    """A client's partition and address, a call's address, and the scope of its signature: date, region, service."""
    session = botocore.session.Session()
    session.register_component("data_loader", loader)
    made: Any = session.create_client(service, region_name=region, config=Config(retries={"total_max_attempts": 1}))
    sent: list[AWSPreparedRequest] = []

    def kept(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        sent.append(request)
        return AWSResponse(request.url, 400, _NO_HEADERS, _Raw())

    made.meta.events.register("before-send", kept)
    with pytest.raises(made.exceptions.ClientError):
        CALLS[service](made)
    authorization = sent[0].headers["Authorization"]
    text = authorization.decode() if isinstance(authorization, bytes) else str(authorization)
    scope = text.partition("Credential=")[2].partition(",")[0]
    return made.meta.partition, made.meta.endpoint_url, str(sent[0].url), scope


class _Raw:
    def stream(self, **_: Any) -> list[bytes]:
        return [b"{}"]


@pytest.fixture(scope="module")
def stock() -> Loader:
    return Loader()


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("service", CALLS)
def test_a_call_goes_to_the_same_address_under_the_same_signature(stock: Loader, service: str, region: str) -> None:
    assert what_leaves(LeanLoader(), service, region) == what_leaves(stock, service, region)


def test_an_unknown_service_is_refused_by_name() -> None:
    with pytest.raises(UnknownServiceError):
        LeanLoader().load_service_model("no-such-service", "service-2")


def test_botocore_still_asks_its_loader_for_what_we_spare(stock: Loader) -> None:
    """Should botocore stop asking, our loader has become useless and can go."""
    asked = set()

    class Asked(Loader):
        def list_available_services(self, type_name: str) -> Any:
            asked.add("services")
            return stock.list_available_services(type_name)

        def load_data_with_path(self, name: str) -> Any:
            asked.add(name)
            return stock.load_data_with_path(name)

    what_leaves(Asked(), "sqs", "eu-central-1")
    assert asked >= {"services", "endpoints", "partitions"}


def test_making_a_client_opens_its_models_and_no_large_file() -> None:
    opened = []

    class Opened(JSONFileLoader):
        def load_file(self, file_path: str) -> Any:
            opened.append(Path(file_path).relative_to(Loader.BUILTIN_DATA_PATH))
            return super().load_file(file_path)

    loader = LeanLoader(extra_search_paths=[Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)
    loader.file_loader = Opened()
    what_leaves(loader, "sqs", "eu-central-1")
    assert {path.parts[0] for path in opened} == {"sqs", "partitions", "sdk-default-configuration"}


HEAVY = (
    "aws_xray_sdk",
    "boto3",
    "botocore.client",
    "botocore.session",
    "email_validator",
    "itsdangerous",
    "jinja2",
    "phonenumbers",
    "pydantic_settings",
    "s3transfer",
    "aws_lambda_powertools.event_handler",
    "aws_lambda_powertools.utilities.idempotency",
    "aws_lambda_powertools.utilities.validation",
    "shared.clients",
    "shared.domain.deliveries",
    "shared.domain.links",
    "shared.domain.messages",
    "shared.domain.number_zones",
    "shared.domain.recording",
    "shared.storage.link_keys",
    "shared.tokens",
)
"""What the public door does without until it is needed, or altogether: each is paid for by whoever waits for it."""


def test_the_public_door_starts_without_what_it_does_not_need() -> None:
    program = "import sys, functions.survey_ingest.app; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True)
    assert [name for name in HEAVY if name in run.stdout.split()] == []
