"""The real template, deployed to the in-memory AWS: its tables, queues, triggers, routes, environments and roles.

Nothing here knows a function of ours: what runs, with which settings and on which queue, is read from template.yaml, so
that a scenario on it is a scenario on the product. Resources are named by their logical ids.
"""

from __future__ import annotations

import importlib
import json
import os
import random
import re
import sys
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, partial
from typing import Any, NamedTuple
from unittest.mock import patch
from urllib.parse import quote, urlencode

import boto3
from jinja2 import Environment

from shared import clients
from shared.clock import RandomIds, SystemClock
from tests.infra.cloudformation import TEMPLATE, Template, of_type, parse, properties, target, translate
from tests.infra.policies import Grant, Need, grants, needs
from tests.infra.resolving import Resolver
from tests.simulation.aws import InMemoryAws
from tests.simulation.aws.clients import REGION
from tests.simulation.aws.tables import Index, KeyPart, KeySchema
from tests.simulation.event_source import EventSource, LambdaContext
from tests.simulation.worker import Worker

PARAMETERS = {"Stage": "dev", "SenderEmail": "hello@example.com", "SmsOriginationIdentity": "+4915100000000"}
BY_LAMBDA = {"AWS_REGION": REGION, "AWS_ACCESS_KEY_ID": "simulation", "AWS_SECRET_ACCESS_KEY": "simulation"}
LINK_KEYS = json.dumps(["a key that signs the links of a simulated stack"])
ERASURE_KEY = "a key that hides who was erased in a simulated stack"
WEBHOOK_SECRET = "a secret that signs the webhooks to a simulated stack"
WEBHOOK_SECRETS = json.dumps({provider: [WEBHOOK_SECRET] for provider in ("aftership", "easypost", "shippo")})


class Reply(NamedTuple):
    """What a client of the API gets back."""

    status: int
    headers: Mapping[str, str]
    body: str

    @property
    def json(self) -> Any:
        """The body as data."""
        return json.loads(self.body)


class Route(NamedTuple):
    """One route of the HTTP API."""

    method: str
    path: str
    function: str

    def parameters(self, method: str, path: str) -> dict[str, str] | None:
        """The path's parameters if the route takes this request."""
        if self.method not in {method, "ANY"}:
            return None
        found = _pattern(self.path).fullmatch(path)
        return found.groupdict() if found else None


@cache
def _pattern(path: str) -> re.Pattern[str]:
    pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(path).replace(r"\+", "+"))
    return re.compile(re.sub(r"\\\{(\w+)\+\\\}", r"(?P<\1>.+)", pattern))


@cache
def _template() -> Template:
    return translate(parse(TEMPLATE.read_text()))


@cache
def _routes() -> tuple[Route, ...]:
    """Every route; explicit ones before greedy ones and fixed paths before parameters, as the gateway chooses."""
    found = [
        Route(event["Properties"]["Method"].upper(), event["Properties"]["Path"], name)
        for name, function in of_type(parse(TEMPLATE.read_text()), "AWS::Serverless::Function").items()
        for event in properties(function).get("Events", {}).values()
        if event["Type"] == "HttpApi"
    ]
    return tuple(sorted(found, key=lambda route: ("+}" in route.path, route.method == "ANY", route.path.count("{"))))


class DeployedStack:
    """One stack in an in-memory AWS.

    Args:
        aws: The account.
        parameters: Parameters of the template beside `PARAMETERS`.
        client: Makes a client of a service.

    Attributes:
        uncaught: Errors that a function behind the HTTP API let out, to which the gateway answers 500 in its own words.
        client: Makes clients for who works on the account beside the functions.
    """

    def __init__(
        self, aws: InMemoryAws, parameters: Mapping[str, str], client: Callable[[str], Any] = boto3.client
    ) -> None:
        self.aws = aws
        self.client = client
        self._template = _template()
        self._resolve = Resolver(self._template, {**PARAMETERS, **parameters})
        self._functions = {
            properties(function)["Handler"].split(".")[1]: name
            for name, function in of_type(self._template, "AWS::Lambda::Function").items()
        }
        self.uncaught: list[str] = []
        self._environments: dict[str, dict[str, str]] = {}
        self._grants: dict[str, list[Grant]] = {}
        self._allowed: dict[tuple[str, Need], bool] = {}
        self._make_tables()
        self._make_queues()
        aws.events.buses.update(of_type(self._template, "AWS::Events::EventBus"))
        for output, secret in (
            ("LinkKeysParameter", LINK_KEYS),
            ("ErasureKeyParameter", ERASURE_KEY),
            ("WebhookSecretsParameter", WEBHOOK_SECRETS),
        ):
            aws.ssm.put(self._resolve(self._template["Outputs"][output]["Value"]), secret)
        self.sources: Sequence[EventSource] = [*self._make_sources()]
        self.worker = Worker(aws, self.sources)

    @property
    def functions(self) -> list[str]:
        """The functions by the name of their folder."""
        return sorted(self._functions)

    def environment(self, function: str) -> dict[str, str]:
        """The environment variables of a function: those of the template, and those that Lambda adds."""
        if function not in self._environments:
            mine = properties(self._template["Resources"][self._functions[function]])
            resolved = self._resolve(mine["Environment"]["Variables"])
            self._environments[function] = {
                **BY_LAMBDA,
                **{name: str(value) for name, value in resolved.items()},
            }
        return self._environments[function]

    def invoke(self, function: str, event: Mapping[str, Any], context: Any) -> Any:
        """Run a function's handler as Lambda would, with its own environment."""
        module, _, handler = properties(self._template["Resources"][self._functions[function]])["Handler"].rpartition(
            "."
        )
        with _environment(self.environment(function)):
            return getattr(importlib.import_module(module), handler)(event, context)

    def restart(self, function: str) -> None:
        """Forget what a function keeps between its runs: the next one is a cold start."""
        bootstrap = sys.modules.get(f"functions.{function}.bootstrap")
        for value in vars(bootstrap).values() if bootstrap else ():
            if hasattr(value, "cache_clear"):
                value.cache_clear()

    def http(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str | None = None,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        address: str = "192.0.2.1",
    ) -> Reply:
        """Ask the HTTP API; a body that is no text goes as JSON."""
        found = self._route(method, path)
        if found is None:
            return Reply(404, {}, '{"message":"Not Found"}')
        route, parameters = found
        sent = {"content-type": "application/json", **({"authorization": f"Bearer {key}"} if key else {})}
        event = {
            "version": "2.0",
            "routeKey": f"{route.method} {route.path}",
            "rawPath": path,
            "rawQueryString": urlencode(query or {}, quote_via=quote),
            "headers": {**sent, **{name.lower(): value for name, value in (headers or {}).items()}},
            "pathParameters": parameters,
            "requestContext": {
                "domainName": "api.example.com",
                "http": {"method": method, "path": path, "sourceIp": address},
                "requestId": "simulated",
                "stage": "$default",
            },
            "body": body if body is None or isinstance(body, str) else json.dumps(body),
            "isBase64Encoded": False,
        }
        function = self.function_at(method, path)
        with self.aws.running(function) as run:
            try:
                context = LambdaContext(function, f"{function}-{run}")
                answer = self.invoke(function, json.loads(json.dumps(event)), context)
            except Exception as error:  # noqa: BLE001  # a function may raise anything
                self.uncaught.append(f"{function} let out {error!r}")
                return Reply(500, {}, '{"message":"Internal Server Error"}')
        return Reply(answer["statusCode"], answer.get("headers", {}), answer.get("body", ""))

    def function_at(self, method: str, path: str) -> str:
        """The function behind a route."""
        found = self._route(method, path)
        assert found is not None, f"nothing answers {method} {path}"
        return next(name for name, logical in self._functions.items() if logical == found[0].function)

    def _route(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        matches = ((route, route.parameters(method, path)) for route in _routes())
        return next(((route, parameters) for route, parameters in matches if parameters is not None), None)

    def scheduled(self, function: str) -> Any:
        """Let a schedule start a function, with all the time that Lambda gives at most."""
        with self.aws.running(function) as run:
            return self.invoke(function, {}, LambdaContext(function, f"{function}-{run}", remaining_ms=900_000))

    def receipt(self, event: Mapping[str, Any]) -> None:
        """Let SES or the carrier tell what became of a message: SNS puts it on the receipts queue as it is."""
        self.aws.sqs.operations["SendMessage"](
            {"QueueUrl": self.aws.sqs.queue("ReceiptsQueue").url, "MessageBody": json.dumps(event)}
        )

    def refused_calls(self) -> list[str]:
        """Calls that functions made and that their roles do not allow: on AWS each is an AccessDenied."""
        return sorted(
            {
                f"{entry.call.function} may not {need.action} on {need.resource}"
                for entry in self.aws.log
                if entry.call.function in self._functions
                for need in needs(entry.call.service, entry.call.operation, entry.call.params)
                if not self._allows(entry.call.function, need)
            }
        )

    def _allows(self, function: str, need: Need) -> bool:
        """Whether a function's role gives a right; the same few are asked for again and again."""
        known = self._allowed.get((function, need))
        if known is None:
            known = any(grant.covers(need) for grant in self.grants(function))
            self._allowed[function, need] = known
        return known

    def unused_grants(self) -> list[str]:
        """Rights that no call so far has needed."""
        used = {
            (entry.call.function, grant)
            for entry in self.aws.log
            if entry.call.function in self._functions
            for need in needs(entry.call.service, entry.call.operation, entry.call.params)
            for grant in self.grants(entry.call.function)
            if grant.covers(need)
        }
        return [
            f"{function}: {grant.action} on {grant.resource}"
            for function in self.functions
            for grant in self.grants(function)
            if (function, grant) not in used
        ]

    def grants(self, function: str) -> list[Grant]:
        """What a function's role allows."""
        if function not in self._grants:
            self._grants[function] = grants(self._template, self._resolve, self._functions[function])
        return self._grants[function]

    def _make_tables(self) -> None:
        for name, table in of_type(self._template, "AWS::DynamoDB::Table").items():
            types = {item["AttributeName"]: item["AttributeType"] for item in properties(table)["AttributeDefinitions"]}
            keys = [f"{key['AttributeName']}:{types[key['AttributeName']]}" for key in properties(table)["KeySchema"]]
            indexes = tuple(_index(index, types) for index in properties(table).get("GlobalSecondaryIndexes", ()))
            self.aws.dynamodb.create_table(
                name, hash_key=keys[0], range_key=keys[1] if len(keys) > 1 else None, indexes=indexes
            )

    def _make_queues(self) -> None:
        queues = of_type(self._template, "AWS::SQS::Queue")
        # Dead-letter queues first: the others name them.
        for name, queue in sorted(queues.items(), key=lambda item: "RedrivePolicy" in properties(item[1])):
            mine = properties(queue)
            redrive = mine.get("RedrivePolicy", {})
            dead_letter = target(redrive.get("deadLetterTargetArn"))
            self.aws.sqs.create_queue(
                name,
                visibility=mine.get("VisibilityTimeout", 30),
                retention=mine.get("MessageRetentionPeriod", 345_600),
                dead_letter_queue=self.aws.sqs.queue(dead_letter) if dead_letter else None,
                max_receive_count=redrive.get("maxReceiveCount"),
            )

    def _make_sources(self) -> Iterator[EventSource]:
        folders = {logical: folder for folder, logical in self._functions.items()}
        for trigger in of_type(self._template, "AWS::Lambda::EventSourceMapping").values():
            mine = properties(trigger)
            function = folders[str(target(mine["FunctionName"]))]
            yield EventSource(
                aws=self.aws,
                function=function,
                queue=self.aws.sqs.queue(str(target(mine["EventSourceArn"]))),
                handler=partial(self.invoke, function),
                batch_size=mine["BatchSize"],
                restart=partial(self.restart, function),
            )


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Within this, these are in the environment; `patch.dict` would write all of it anew, each time."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


_COMPILED: dict[tuple[str, str | None], Any] = {}
_compile = Environment.compile


def _compiled(environment: Environment, source: str, name: str | None = None, *rest: Any, **named: Any) -> Any:
    """A template compiled once for all cold starts of a process, a fifth of whose time it would take otherwise."""
    if (source, name) not in _COMPILED:
        _COMPILED[source, name] = _compile(environment, source, name, *rest, **named)
    return _COMPILED[source, name]


def _index(index: Mapping[str, Any], types: Mapping[str, str]) -> Index:
    names = [key["AttributeName"] for key in sorted(index["KeySchema"], key=lambda key: key["KeyType"])]
    projection = index["Projection"]
    return Index(
        name=index["IndexName"],
        schema=KeySchema(*(KeyPart(name, types[name]) for name in names)),
        projection=projection["ProjectionType"],
        included=frozenset(projection.get("NonKeyAttributes", ())),
    )


@contextmanager
def deployed(
    aws: InMemoryAws, parameters: Mapping[str, str] | None = None, *, sdk_attempts: int | None = None
) -> Iterator[DeployedStack]:
    """A stack, within which every function runs on the virtual clock, with seeded ids, against the in-memory AWS.

    Args:
        aws: The account.
        parameters: Parameters of the template.
        sdk_attempts: How often the SDK tries each call, if not as often as the product says.
    """
    ids = random.Random(f"ids-{aws.seed}")
    with (
        aws.installed(),
        aws.clients(sdk_attempts) as lent,
        patch.object(clients, "session", lambda: lent),
        patch.object(Environment, "compile", _compiled),
        patch.object(SystemClock, "now", lambda _: aws.clock.now()),
        patch.object(SystemClock, "sleep", lambda _, duration: aws.clock.advance(duration.total_seconds())),
        patch.object(RandomIds, "new", lambda _: uuid.UUID(int=ids.getrandbits(128), version=4).hex),
    ):
        stack = DeployedStack(aws, parameters or {}, lent.outside)
        for function in stack.functions:
            stack.restart(function)
        try:
            yield stack
        finally:
            for function in stack.functions:
                stack.restart(function)
