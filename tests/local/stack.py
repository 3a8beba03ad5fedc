"""The embedded AWS as a fixture: started on a free port with no state, and stopped when the session ends.

`stack` has the real template deployed, `contract` the small one of tests/local/fixtures. tests/conftest.py hands them
to every test, so that a process starts each of them once at most.
"""

from __future__ import annotations

import json
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest

from infra.local import deploy, server
from infra.local.places import Place

FIXTURES = Path(__file__).parent / "fixtures"
PATIENCE_SECONDS = 60
T = TypeVar("T")


@dataclass(frozen=True)
class Answer:
    """What an HTTP request was answered with."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Deployed:
    """A stack on the embedded AWS, and ways to reach it."""

    place: Place
    outputs: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    _clients: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = deploy.client(service, self.place.base)
        return self._clients[service]

    def request(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        sent = dict(headers or {})
        request = urllib.request.Request(self.place.base + path, body, sent, method=method)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:  # noqa: S310
                return Answer(answer.status, dict(answer.headers), answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, dict(error.headers), error.read())

    def messages(self) -> list[dict[str, Any]]:
        """Every e-mail and SMS sent so far."""
        return list(self.request("GET", "/mail.json").json())


def eventually(look: Callable[[], T], seconds: float = PATIENCE_SECONDS) -> T:
    """The first true value that `look` gives, asked again and again; fails when there is none in time."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"nothing came in {seconds} s; the last look gave {found!r}"
        time.sleep(0.1)
    return found


def free_place(home: Path) -> Place:
    """A home of its own on a port that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return Place(probe.getsockname()[1], home)


def deploy_contract(place: Place, **parameters: str) -> Deployed:
    """Deploy the small template to the emulator that runs at a place."""
    values = {"Stage": "local", "SenderEmail": "hello@hearback.example", **parameters}
    outputs = deploy.deploy(place.base, values, stack_name="contract", template_file=FIXTURES / "template.yaml")
    return Deployed(place, outputs)


@pytest.fixture(scope="session")
def contract(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """The small template, deployed."""
    place = free_place(tmp_path_factory.mktemp("contract"))
    with server.emulator(place):
        yield deploy_contract(place)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """The real template, deployed, with its first data loaded, as `make run` leaves it."""
    from infra.local import running  # The product behind it; the contract tests above need none of it.

    place = free_place(tmp_path_factory.mktemp("stack"))
    with server.emulator(place):
        facts = running.ready(place, lambda step: None)
        yield Deployed(place, deploy.outputs(place.base), facts)
