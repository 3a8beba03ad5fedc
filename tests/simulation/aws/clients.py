"""Clients of the in-memory AWS, lent out one simulation after the other, for making one takes longer than ten calls.

A client that comes back forgets what happened to it: the SDK's retry quota, which an outage empties, and the handlers
it was fitted with. So who borrows one cannot tell it from a new one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from unittest.mock import patch

import botocore.session
from botocore import UNSIGNED
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from botocore.loaders import create_loader
from botocore.model import OperationModel
from botocore.retries import quota
from botocore.retries.quota import RetryQuota

REGION = "eu-central-1"
# Loading the service models is the slow part of a session, so every session of a process shares one loader.
_LOADER = create_loader()

Answers: TypeAlias = Callable[[AWSPreparedRequest, str], AWSResponse]


def core_session(answers: Answers) -> botocore.session.Session:
    """A session of the SDK whose requests `answers` gets instead of a socket.

    Nobody checks signatures here, and to sign would be a tenth of all the work.
    """
    core = botocore.session.Session()
    core.register_component("data_loader", _LOADER)
    core.set_default_client_config(Config(signature_version=UNSIGNED, user_agent="simulation"))
    core.set_credentials("simulation", "simulation")
    core.set_config_variable("region", REGION)
    core.get_component("event_emitter").register(
        "before-send", lambda request, event_name, **_: answers(request, event_name)
    )
    return core


@dataclass
class _Lent:
    """A client on loan, and what it must forget when it comes back."""

    name: tuple[str, str]
    client: Any
    quotas: list[RetryQuota]
    handlers: list[tuple[str, Callable[..., Any]]] = field(default_factory=list)

    def forget(self) -> None:
        for quota_of_it in self.quotas:
            quota_of_it.release(RetryQuota.INITIAL_CAPACITY)
        for event, handler in self.handlers:
            self.client.meta.events.unregister(event, handler)
        self.handlers.clear()


class Clients:
    """The clients of a process, each with at most one simulation at a time."""

    def __init__(self) -> None:
        self._answers: list[Answers] = []
        self._out: list[_Lent] = []
        self._attempts: int | None = None
        self._idle: defaultdict[tuple[str, str], list[_Lent]] = defaultdict(list)
        self._core = core_session(self._answer)

    def _answer(self, request: AWSPreparedRequest, event_name: str) -> AWSResponse:
        return self._answers[-1](request, event_name)

    @contextmanager
    def lent(self, answers: Answers, attempts: int | None = None) -> Iterator[Clients]:
        """Within this, clients may be borrowed, and `answers` answers them; at its end all of them come back.

        Args:
            answers: Gets the requests.
            attempts: How often the SDK tries each call in all, whatever the borrower asks for.
        """
        outer, self._out = self._out, []
        limits, self._attempts = self._attempts, attempts
        self._answers.append(answers)
        try:
            yield self
        finally:
            self._answers.pop()
            for each in self._out:
                each.forget()
                self._idle[each.name].append(each)
            self._out, self._attempts = outer, limits

    def create_client(self, service: str, config: Config) -> Any:
        """A client, as a session of the SDK makes it."""
        if self._attempts is not None:
            config = config.merge(Config(retries={"mode": "standard", "total_max_attempts": self._attempts}))
        return self._borrowed(service, config)

    def outside(self, service: str) -> Any:
        """A client with the SDK's own defaults, for who works on the account beside the functions."""
        return self._borrowed(service, Config())

    def _borrowed(self, service: str, config: Config) -> Any:
        name = (service, repr(sorted(vars(config)["_user_provided_options"].items())))
        lent = self._idle[name].pop() if self._idle[name] else self._made(name, config)
        self._out.append(lent)
        return lent.client

    def _made(self, name: tuple[str, str], config: Config) -> _Lent:
        quotas: list[RetryQuota] = []

        def noted_quota() -> RetryQuota:
            quotas.append(RetryQuota())
            return quotas[-1]

        with patch.object(quota, "RetryQuota", noted_quota):
            client = self._core.create_client(name[0], config=config)
        _shorten(client)
        lent = _Lent(name, client, quotas)
        register = client.meta.events.register

        def noted_handler(event: str, handler: Callable[..., Any], **named: Any) -> None:
            lent.handlers.append((event, handler))
            register(event, handler, **named)

        vars(client.meta.events)["register"] = noted_handler
        return lent


def _shorten(client: Any) -> None:
    """Leave out what no simulation can see: each call's address worked out anew, and headers for a signer and a socket.

    Checks, serialising, retries and parsing are the SDK's own: that is where a product goes wrong.
    """
    resolver, sender = vars(client)["_ruleset_resolver"], vars(client)["_endpoint"]
    resolve, prepared = resolver.construct_endpoint, sender.create_request
    addresses: dict[str, Any] = {}

    def address(operation_model: OperationModel, call_args: Any, request_context: Any) -> Any:
        name = operation_model.name
        if name not in addresses:
            addresses[name] = resolve(operation_model, call_args, request_context)
        return addresses[name]

    def request(params: dict[str, Any], operation_model: OperationModel) -> AWSPreparedRequest:
        if not isinstance(params["body"], bytes):
            whole: AWSPreparedRequest = prepared(params, operation_model)
            return whole
        return AWSPreparedRequest(params["method"], params["url"], params["headers"], params["body"], False)

    resolver.construct_endpoint, sender.create_request = address, request


CLIENTS = Clients()
