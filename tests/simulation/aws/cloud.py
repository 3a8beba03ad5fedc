"""The in-memory AWS as a whole: services, sessions whose requests never reach a socket, and a log of every call."""

from __future__ import annotations

import hashlib
import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from types import SimpleNamespace
from typing import Any, Protocol, TypeAlias
from unittest.mock import patch

import boto3
from botocore import endpoint
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.httpsession import URLLib3Session

from tests.simulation.aws import wire
from tests.simulation.aws.clients import CLIENTS, REGION, Clients, core_session
from tests.simulation.aws.clock import VirtualClock
from tests.simulation.aws.configuration import SecretsManager, Ssm
from tests.simulation.aws.dynamodb import DynamoDb
from tests.simulation.aws.eventbridge import EventBridge
from tests.simulation.aws.scheduler import Scheduler
from tests.simulation.aws.senders import Ses, Sms, Sns
from tests.simulation.aws.sqs import Sqs
from tests.simulation.aws.wire import Call, ServiceError

ACCOUNT = "000000000000"

INTERFACES = {"DynamoDB_20120810": "dynamodb", "AmazonSQS": "sqs", "AmazonSSM": "ssm"}
"""The services by the name that they have in the header X-Amz-Target."""

Effect: TypeAlias = Callable[[], dict[str, Any]]


class UnknownOperation(BaseException):
    """The product called something this AWS does not model; no `except Exception` may hide that."""


class Hook(Protocol):
    """Stands between a call and its effect: returns the effect's answer, or raises, before or after it."""

    def __call__(self, call: Call, effect: Effect) -> dict[str, Any]:
        """Answer `call`; `effect()` does what was asked."""
        ...


@dataclass(frozen=True)
class LogEntry:
    """One call and how it ended: `ok`, an error code, or the name of an exception."""

    call: Call
    outcome: str

    def line(self) -> str:
        """The entry as text that is the same in every replay (SDK-made random tokens left out)."""
        call = self.call
        params = {
            name: value for name, value in call.params.items() if name not in ("ClientRequestToken", "ClientToken")
        }
        digest = hashlib.sha256(json.dumps(params, sort_keys=True).encode()).hexdigest()[:12]
        return f"{call.number} {call.function}#{call.run}.{call.index} {call.name} {digest} {self.outcome}"


class InMemoryAws:
    """One account in one region, from a seed.

    Attributes:
        hook: stands between each call and its effect, with faults.
        witness: told of each call right after it had its effect, whatever its caller hears of it.
        log: every call, and how it ended.
    """

    def __init__(self, seed: int = 0, clock: VirtualClock | None = None) -> None:
        """The same seed and the same calls give the same run."""
        self.seed = seed
        self.clock = clock or VirtualClock()
        rng = random.Random(f"aws-{seed}")
        self.dynamodb = DynamoDb(self.clock, random.Random(f"lag-{seed}"))
        self.sqs = Sqs(self.clock, rng, ACCOUNT, REGION)
        self.scheduler = Scheduler(self.clock, self.sqs, rng)
        self.events = EventBridge(self.clock, random.Random(f"events-{seed}"))
        self.ses = Ses(self.clock)
        self.sms = Sms(self.clock)
        self.sns = Sns(self.clock)
        self.ssm = Ssm()
        self.secrets = SecretsManager()
        self.hook: Hook | None = None
        self.witness: Callable[[Call], None] = lambda call: None
        self.log: list[LogEntry] = []
        self._running: list[tuple[str, int]] = []
        self._runs: Counter[str] = Counter()
        self._calls_of_run: Counter[tuple[str, int]] = Counter()
        self._operations: dict[str, dict[str, Callable[[Any], dict[str, Any]]]] = {
            "dynamodb": self.dynamodb.operations,
            "sqs": self.sqs.operations,
            "scheduler": self.scheduler.operations,
            "eventbridge": self.events.operations,
            "sesv2": self.ses.operations,
            "pinpoint-sms-voice-v2": self.sms.operations,
            "sns": self.sns.operations,
            "ssm": self.ssm.operations,
            "secrets-manager": self.secrets.operations,
        }

    # clients

    def session(self) -> boto3.Session:
        """A session whose clients talk to this AWS; fresh clients also have a fresh retry quota."""
        return boto3.Session(botocore_session=core_session(self._before_send), region_name=REGION)

    @contextmanager
    def installed(self) -> Iterator[InMemoryAws]:
        """Within this, `boto3.client(...)` talks to this AWS, and waiting between retries moves the virtual clock.

        The SDK's retry jitter comes from Python's global generator, so that is seeded too.
        """
        before_time, before_random = vars(endpoint)["time"], random.getstate()
        vars(endpoint)["time"] = SimpleNamespace(sleep=self.clock.advance)
        random.seed(self.seed)
        try:
            # A session is made when the first client is: most simulations only borrow theirs.
            with (
                patch.object(boto3, "_get_default_session", cache(self.session)),
                patch.object(URLLib3Session, "send", self._send),
            ):
                yield self
        finally:
            vars(endpoint)["time"] = before_time
            random.setstate(before_random)

    @contextmanager
    def clients(self, attempts: int | None = None) -> Iterator[Clients]:
        """What makes clients within this, as a session does, for who makes them without boto3."""
        with CLIENTS.lent(self._before_send, attempts) as lent:
            yield lent

    # who is calling

    @contextmanager
    def running(self, function: str) -> Iterator[int]:
        """Within this, calls belong to the next run of `function`; gives the number of the run."""
        self._runs[function] += 1
        run = self._runs[function]
        self._running.append((function, run))
        try:
            yield run
        finally:
            self._running.pop()

    def calls_of(self, function: str, run: int) -> list[LogEntry]:
        """What one run of a function called, in order."""
        return [entry for entry in self.log if (entry.call.function, entry.call.run) == (function, run)]

    def runs_of(self, function: str) -> int:
        """How often a function ran."""
        return self._runs[function]

    def fingerprint(self) -> str:
        """A digest of every call and outcome: equal for two runs that went the same way."""
        return hashlib.sha256("\n".join(entry.line() for entry in self.log).encode()).hexdigest()

    # the way of a request

    def _send(self, request: AWSPreparedRequest) -> AWSResponse:
        """A request that was signed without a client: its target says what it asks of whom."""
        target = request.headers["X-Amz-Target"]
        interface, operation = (target.decode() if isinstance(target, bytes) else target).split(".")
        return self._before_send(request, f"before-send.{INTERFACES[interface]}.{operation}")

    def _before_send(self, request: AWSPreparedRequest, event_name: str) -> AWSResponse:
        service, operation = event_name.split(".")[1:]
        handler = self._operations.get(service, {}).get(operation)
        if handler is None:
            raise UnknownOperation(f"{service}.{operation} is not modelled; add it to tests/simulation/aws")
        function, run = self._running[-1] if self._running else ("outside", 0)
        self._calls_of_run[function, run] += 1
        call = Call(len(self.log) + 1, function, run, self._calls_of_run[function, run], service, operation, {})
        at = len(self.log)
        self.log.append(LogEntry(call, "under way"))
        try:
            call.params.update(wire.read_params(service, request))
            result = self.hook(call, lambda: self._effect(call, handler)) if self.hook else self._effect(call, handler)
        except ServiceError as error:
            self.log[at] = LogEntry(call, error.code)
            return wire.refusal(call, request, error)
        except BaseException as error:
            self.log[at] = LogEntry(call, type(error).__name__)
            raise
        self.log[at] = LogEntry(call, "ok")
        return wire.answer(call, request, result)

    def _effect(self, call: Call, handler: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
        result = handler(call.params)
        self.witness(call)
        return result
