"""Providers that take a message and never say so, on the loopback: how many copies do they have?"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

import boto3
import pytest
import pytest_socket
from botocore.config import Config

from shared import clients
from shared.channels.attempts import on_a_fresh_connection
from shared.channels.email import EmailSender
from shared.channels.sms import SmsSender
from shared.domain.messages import EmailContent, EmailRequest, SmsContent, SmsRequest
from shared.domain.sending import Accepted, Attempt, NoAnswer, RefusedForNow
from shared.domain.urgency import Urgency
from tests.fakes.clock import NOON

EMAIL = EmailRequest(
    message_id="msg_1",
    to="ada@example.org",
    from_name="Shop",
    content=EmailContent(subject="s", text="t", html="h"),
)
SMS = SmsRequest(message_id="msg_1", to="+4915112345678", content=SmsContent(body="s"), expires_at=NOON)
PATIENCE_SECONDS = 0.5


class Answer(Enum):
    """How a provider answers who has given it a message."""

    OK = "ok"
    RESET = "reset"
    TIME_OUT = "time-out"
    SERVER_ERROR = "500"


LOST = [Answer.RESET, Answer.TIME_OUT, Answer.SERVER_ERROR]


class Provider(ThreadingHTTPServer):
    """Keeps each message it has read, then answers or does not."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Reader)
        self.answer = Answer.OK
        self.accepted: list[Any] = []
        self.connections: set[Any] = set()
        self.over = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Reader(BaseHTTPRequestHandler):
    server: Provider
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.server.accepted.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        self.server.connections.add(self.client_address)
        match self.server.answer:
            case Answer.OK:
                self.reply(200, {"MessageId": "provider-1"})
            case Answer.SERVER_ERROR:
                self.reply(500, {"message": "Internal", "__type": "InternalServerException"})
            case Answer.TIME_OUT:
                self.server.over.wait(60)
                self.close_connection = True
            case Answer.RESET:
                self.close_connection = True

    def reply(self, status: int, content: Any) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Not on the terminal."""


class Way(NamedTuple):
    """A channel: the client that it needs, how it sends, and where the echo of our id stands in what was accepted."""

    service: str
    send: Callable[[Any], Attempt]
    echo: Callable[[Any], Any]


def email(client: Any) -> Attempt:
    return EmailSender(client, "shop@example.com", dict.fromkeys(Urgency, "receipts")).send(EMAIL, NOON)


WAYS = {
    "email": Way("sesv2", email, lambda call: {tag["Name"]: tag["Value"] for tag in call["EmailTags"]}),
    "sms": Way(
        "pinpoint-sms-voice-v2",
        lambda client: SmsSender(client, "SHOP", "").send(SMS, NOON),
        lambda call: call["Context"],
    ),
}


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    pytest_socket.enable_socket()
    monkeypatch.setattr(clients, "READ_TIMEOUT_SECONDS", PATIENCE_SECONDS)
    server = Provider()
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server
    server.over.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> Way:
    return WAYS[request.param]


def ours(way: Way) -> Any:
    return on_a_fresh_connection(clients.client(way.service, attempts=1))


@pytest.mark.parametrize("answer", LOST)
def test_a_lost_answer_leaves_one_copy_and_is_ambiguous(provider: Provider, way: Way, answer: Answer) -> None:
    provider.answer = answer
    assert isinstance(way.send(ours(way)), NoAnswer)
    assert [way.echo(call) for call in provider.accepted] == [{"message_id": "msg_1"}]


@pytest.mark.parametrize("answer", LOST)
def test_with_the_librarys_own_retries_there_would_be_more(
    provider: Provider, way: Way, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reason for `attempts=1`: should this ever fail, the library has changed."""
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    provider.answer = answer
    usual = boto3.client(way.service, endpoint_url=provider.url, config=Config(read_timeout=PATIENCE_SECONDS))
    assert isinstance(way.send(usual), NoAnswer)
    assert len(provider.accepted) > 1


def test_the_client_that_sends_makes_one_attempt_and_the_others_more(provider: Provider, way: Way) -> None:
    provider.answer = Answer.SERVER_ERROR
    way.send(clients.client(way.service))
    assert len(provider.accepted) == 3


def test_each_call_has_a_connection_of_its_own(provider: Provider, way: Way) -> None:
    client = ours(way)
    assert [way.send(client) for _ in range(3)] == 3 * [Accepted("provider-1")]
    assert len(provider.connections) == 3


def test_a_provider_that_was_not_reached_has_no_copy(provider: Provider, way: Way) -> None:
    provider.shutdown()
    provider.server_close()
    assert way.send(ours(way)) == RefusedForNow("EndpointConnectionError")
