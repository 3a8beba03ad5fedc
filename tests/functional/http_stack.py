"""The HTTP functions with everything around them: each route of template.yaml leads to its real handler, on moto.

Two surveys are published and every kind of credential exists, so that a test only says who asks for what.
"""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import quote, unquote

import boto3
import pytest
from botocore.httpsession import URLLib3Session
from moto import mock_aws
from moto.backends import get_backend
from moto.core.models import botocore_stubber

from shared.clock import SystemClock
from shared.domain.api_keys import ApiKey, KeyKind, key_hash
from shared.domain.links import (
    PreferencesLink,
    SurveyLink,
    TrackingLink,
    Unsubscribe,
)
from shared.domain.messages import (
    Category,
    Channel,
)
from shared.domain.people import Recipient
from shared.domain.sessions import StaffSession
from shared.domain.surveys import Survey
from shared.http import Operation
from shared.sessions import Sessions
from shared.storage.api_keys import ApiKeyRepository
from shared.storage.erasure_key import ErasureKey
from shared.storage.people import PersonRepository
from shared.storage.surveys import SurveyRepository
from shared.tokens import (
    LinkSigner,
    PreferencesLinks,
    TrackingLinks,
    UnsubscribeLinks,
)
from tests.fakes.http import http_event
from tests.functional.tables import (
    DELIVERY_INDEXES,
    MESSAGE_INDEXES,
    PEOPLE_INDEXES,
    RESPONSE_INDEXES,
    create_table,
)
from tests.infra.cloudformation import TEMPLATE, of_type, parse, properties

ACCOUNT = "123456789012"
TABLES = ("surveys", "responses", "deliveries", "people", "messages", "funnel")
INDEXES: dict[str, Mapping[str, tuple[str, ...]]] = {
    "responses": RESPONSE_INDEXES,
    "people": PEOPLE_INDEXES,
    "messages": MESSAGE_INDEXES,
    "deliveries": DELIVERY_INDEXES,
}
QUEUES = ("responses", "deliveries", "notifications", "erasures", "funnel")
SCHEDULE_GROUP = "schedules"
LINK_KEYS_PARAMETER = "/hearback/test/link-keys"
ERASURE_KEY_PARAMETER = "/hearback/test/erasure-key"
WEBHOOK_SECRETS_PARAMETER = "/hearback/test/webhook-secrets"
WEBHOOK_SECRETS = {
    "aftership": ["an aftership secret"],
    "easypost": ["an older easypost sécret", "an easypost sécret"],
    "hearback": ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
    "shippo": ["a shippo secret"],
}
LINK_KEY = "a-key-that-signs-links"
SHOP = "https://shop.example"
SURVEY = Survey.model_validate(
    {
        "survey_id": "delivery",
        "name": "Delivery",
        "touchpoint": "delivery",
        "brand": {"name": "Example Shop"},
        "time_zone": "Europe/Berlin",
        "questions": [
            {"id": "recommend", "scale": "nps", "text": {"en": "Would you recommend us?"}},
            {"id": "courier", "scale": "csat", "text": {"en": "How was the courier?"}},
            {"id": "why", "scale": "text", "text": {"en": "Why?"}},
        ],
        "breakdowns": [{"name": "device", "values": ["phone", "desktop"]}],
    }
)
OTHER_SURVEY = SURVEY.model_copy(update={"survey_id": "checkout", "name": "Checkout"})
FORM = {"origin": "https://hear.example.com", "content-type": "application/x-www-form-urlencoded"}
"""The headers with which a browser sends a form of ours."""
SESSION_COOKIE = "__Host-hearback-session"
LINK_RESPONSE_ID = "0190f3c2-0000-7000-8000-00000000000a"


def key(kind: KeyKind, name: str) -> str:
    """A key as `ops keys create` would make it, but the same in each run."""
    return f"{kind.prefix}{name}"


class HttpStack:
    """What a client of the HTTP API sees, and what stands behind it."""

    def __init__(self) -> None:
        self.dynamodb = boto3.client("dynamodb")
        self.sqs = boto3.client("sqs")
        for name in TABLES:
            create_table(self.dynamodb, name, INDEXES.get(name))
        self.queues = {name: self.sqs.create_queue(QueueName=name)["QueueUrl"] for name in QUEUES}
        boto3.client("ssm").put_parameter(
            Name=LINK_KEYS_PARAMETER, Value=json.dumps(["an-older-key", LINK_KEY]), Type="SecureString"
        )
        boto3.client("ssm").put_parameter(Name=ERASURE_KEY_PARAMETER, Value="a key", Type="SecureString")
        boto3.client("ssm").put_parameter(
            Name=WEBHOOK_SECRETS_PARAMETER, Value=json.dumps(WEBHOOK_SECRETS), Type="SecureString"
        )
        boto3.client("scheduler").create_schedule_group(Name=SCHEDULE_GROUP)
        self._publish()
        self._surveys = get_backend("dynamodb")[ACCOUNT][self.dynamodb.meta.region_name].get_table("surveys")
        self._published = deepcopy(self._surveys.items)

    @property
    def environment(self) -> dict[str, str]:
        """What the functions read."""
        return {
            **{f"{name.upper()}_TABLE_NAME": name for name in TABLES},
            **{f"{name.upper()}_QUEUE_URL": url for name, url in self.queues.items()},
            "LINK_KEYS_PARAMETER": LINK_KEYS_PARAMETER,
            "ERASURE_KEY_PARAMETER": ERASURE_KEY_PARAMETER,
            "WEBHOOK_SECRETS_PARAMETER": WEBHOOK_SECRETS_PARAMETER,
            "NOTIFICATIONS_QUEUE_ARN": f"arn:aws:sqs:eu-central-1:{ACCOUNT}:notifications",
            "DELIVERIES_QUEUE_ARN": f"arn:aws:sqs:eu-central-1:{ACCOUNT}:deliveries",
            "RECONTACT_DAYS": "30",
            "SCHEDULE_GROUP_NAME": SCHEDULE_GROUP,
            "SCHEDULER_ROLE_ARN": f"arn:aws:iam::{ACCOUNT}:role/scheduler",
            "PUBLIC_BASE_URL": "https://hear.example.com",
            "SENDER_EMAIL": "news@example.com",
            "ALLOWED_COUNTRIES": "DE,AT,JP",
            "SMS_PRICES_USD": "AT=0.09",
            "ADDRESS_ANSWERS_PER_MINUTE": "0",  # a module of tests is one address, and sends thousands
            "ADDRESS_ANSWERS_AT_ONCE": "240",
            "LINK_ANSWERS_PER_MINUTE": "30",
            "HOT_ANSWERS_PER_MINUTE": "60",
        }

    def event(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        body: object = None,
        as_base64: bool = False,
    ) -> dict[str, Any]:
        """One request as the gateway hands it on: an explicit route comes before the greedy one."""
        route, parameters = _routed(method, path)
        return http_event(
            route,
            method=method,
            path=path,
            path_parameters=parameters,
            headers=headers,
            query="&".join(f"{quote(name)}={quote(value)}" for name, value in (query or {}).items()),
            body=body,
            as_base64=as_base64,
        )

    def answer(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """What the function behind the event's route answers."""
        answer: dict[str, Any] = importlib.import_module(_routes()[event["routeKey"]]).lambda_handler(event, None)
        return answer

    def call(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        """One request and its answer."""
        return self.answer(self.event(method, path, **request))

    def queued(self, name: str) -> list[dict[str, Any]]:
        """Takes everything from a queue."""
        found: list[dict[str, Any]] = []
        while messages := self.sqs.receive_message(QueueUrl=self.queues[name], MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                found.append(json.loads(message["Body"]))
                self.sqs.delete_message(QueueUrl=self.queues[name], ReceiptHandle=message["ReceiptHandle"])
        return found

    def everything_kept(self) -> dict[str, Any]:
        """All that is stored and queued, to be compared with what was before; read past the API, which is slow."""
        region = self.dynamodb.meta.region_name
        dynamodb, sqs = get_backend("dynamodb")[ACCOUNT][region], get_backend("sqs")[ACCOUNT][region]
        stored = {name: [item.to_json() for item in dynamodb.get_table(name).all_items()] for name in TABLES}
        queued = {name: [message.body for message in sqs.get_queue(name)._messages] for name in QUEUES}
        return {"stored": stored, "queued": queued}

    def empty(self) -> None:
        """Forget everything but surveys and keys; quicker than another stack."""
        region = self.dynamodb.meta.region_name
        for name in TABLES:
            if name != "surveys":
                get_backend("dynamodb")[ACCOUNT][region].get_table(name).items.clear()
        for name in QUEUES:
            self.sqs.create_queue(QueueName=name)  # where a test took it away
            self.queued(name)
            get_backend("sqs")[ACCOUNT][region].get_queue(name)._messages.clear()  # and those it holds back

    def begin_again(self) -> None:
        """Be as when it was made, with functions that start cold: a tenth of the work of another stack."""
        self.empty()
        self._surveys.items = deepcopy(self._published)
        _forget()

    def know(self, name: str, at: datetime | None = None) -> str:
        """Have somebody known, since now or `at`; their id is `per_` and this name, and they have an address of it."""
        key = ErasureKey(boto3.client("ssm"), ERASURE_KEY_PARAMETER)
        people = PersonRepository(self.dynamodb, "people", lambda: name, key)
        return people.resolve(Recipient(email=f"{name}@example.com"), at or datetime.now(UTC)).person_id

    def link(self, survey_id: str = SURVEY.survey_id, lives: timedelta = timedelta(days=30)) -> str:
        """The token of a signed link."""
        expires_at = int((datetime.now(UTC) + lives).timestamp())
        content = SurveyLink(
            survey_id=survey_id,
            response_id=LINK_RESPONSE_ID,
            person_id="per_1",
            subject_type="delivery",
            subject_id="parcel-1",
            expires_at=expires_at,
        )
        return LinkSigner([LINK_KEY]).sign(content)

    def unsubscribe(self, person_id: str, category: Category = Category.SURVEYS) -> str:
        """The token with which a person is sent no more of a category by e-mail."""
        link = Unsubscribe(person_id=person_id, channel=Channel.EMAIL, category=category)
        return UnsubscribeLinks(lambda: [LINK_KEY]).sign(link)

    def preferences(self, person_id: str) -> str:
        """The token with which a person chooses what they are sent."""
        return PreferencesLinks(lambda: [LINK_KEY]).sign(PreferencesLink(person_id=person_id))

    def tracking(self, delivery_id: str = "parcel-2", lives: timedelta = timedelta(days=60)) -> str:
        """The token of the live page of a parcel."""
        expires_at = int((datetime.now(UTC) + lives).timestamp())
        links = TrackingLinks(lambda: [LINK_KEY], SystemClock())
        return links.sign(TrackingLink(delivery_id=delivery_id, expires_at=expires_at))

    def session(self, name: str = "own", lasts: timedelta = timedelta(hours=1)) -> str:
        """The token of a session that a secret key opened."""
        expires_at = int((datetime.now(UTC) + lasts).timestamp())
        content = StaffSession(key_hash=key_hash(key(KeyKind.SECRET, name)), expires_at=expires_at)
        return Sessions(lambda: [LINK_KEY], SystemClock()).sign(content)

    def _publish(self) -> None:
        surveys = SurveyRepository(self.dynamodb, "surveys")
        keys = ApiKeyRepository(self.dynamodb, "surveys")
        for survey in (SURVEY, OTHER_SURVEY):
            surveys.publish(survey)
        for kind in KeyKind:
            for name, survey_id in (("own", "delivery"), ("other", "checkout"), ("revoked", "delivery")):
                record = ApiKey(
                    key_hash=key_hash(key(kind, name)),
                    kind=kind,
                    name=f"{kind.value}-{name}",
                    created_at=datetime(2026, 1, 1, tzinfo=UTC),
                    survey_id=survey_id,
                    origins=(SHOP,) if kind is KeyKind.PUBLISHABLE else (),
                )
                keys.add(record)
                if name == "revoked":
                    keys.revoke(record.name, record.key_hash, datetime(2026, 1, 2, tzinfo=UTC))


def _routed(method: str, path: str) -> tuple[str, dict[str, str]]:
    for route in sorted(_routes(), key=lambda route: ("{proxy+}" in route, route.count("{"))):
        wanted, _, template = route.partition(" ")
        pattern = re.escape(template).replace(r"\{proxy\+\}", "(?P<proxy>.+)")
        match = re.fullmatch(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", pattern), path)
        if match and wanted in {method, "ANY"}:
            return route, {name: unquote(value) for name, value in match.groupdict().items()}
    raise LookupError(f"the gateway itself answers 404 to {method} {path}")


@cache
def _routes() -> dict[str, str]:
    """The module behind each route of the template."""
    found = {}
    for function in of_type(parse(TEMPLATE.read_text()), "AWS::Serverless::Function").values():
        module = properties(function)["Handler"].rpartition(".")[0]
        for event in properties(function).get("Events", {}).values():
            if event["Type"] == "HttpApi":
                found[f"{event['Properties']['Method'].upper()} {event['Properties']['Path']}"] = module
    return found


@cache
def declared() -> dict[str, Operation]:
    """Every operation of every function, by method and path."""
    modules = sorted(set(_routes().values()))
    found = [operation for module in modules for operation in importlib.import_module(module).OPERATIONS]
    return {operation.route_key: operation for operation in found}


@contextmanager
def http_stack() -> Iterator[HttpStack]:
    """A stack of its own, and functions that start cold in it."""
    with mock_aws(), pytest.MonkeyPatch.context() as patch:
        # What goes out without a client is answered by moto too.
        patch.setattr(URLLib3Session, "send", lambda _, request: botocore_stubber("before-send", request))
        stack = HttpStack()
        for name, value in stack.environment.items():
            patch.setenv(name, value)
        _forget()
        yield stack
    _forget()


def _forget() -> None:
    for module in _routes().values():
        bootstrap = importlib.import_module(module.replace(".app", ".bootstrap"))
        for built in vars(bootstrap).values():
            if hasattr(built, "cache_clear"):
                built.cache_clear()
