"""A provider that takes a message and never answers, on the loopback: how many copies does it have?"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
import pytest
import pytest_socket

from shared import clients
from shared.channels.attempts import on_a_fresh_connection
from shared.channels.email import EmailSender
from shared.domain.messages import EmailContent, EmailRequest
from shared.domain.sending import Accepted, NoAnswer, RefusedForNow

REQUEST = EmailRequest(
    message_id="msg_1",
    to="ada@example.org",
    from_name="Shop",
    content=EmailContent(subject="s", text="t", html="h"),
)


class FakeSes(ThreadingHTTPServer):
    """Keeps each e-mail it has read, then answers or drops the connection."""

    def __init__(self, answers: bool) -> None:
        super().__init__(("127.0.0.1", 0), Reader)
        self.answers = answers
        self.accepted: list[Any] = []
        self.connections: set[Any] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Reader(BaseHTTPRequestHandler):
    server: FakeSes
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.server.accepted.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        self.server.connections.add(self.client_address)
        if not self.server.answers:
            self.close_connection = True
            return
        body = b'{"MessageId": "provider-1"}'
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Not on the terminal."""


@pytest.fixture(params=[False])
def ses(request: pytest.FixtureRequest) -> Iterator[FakeSes]:
    pytest_socket.enable_socket()
    server = FakeSes(request.param)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def ours(url: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    return on_a_fresh_connection(clients.client("sesv2", attempts=1))


def test_a_lost_answer_leaves_one_copy_and_is_ambiguous(ses: FakeSes, monkeypatch: pytest.MonkeyPatch) -> None:
    attempt = EmailSender(ours(ses.url, monkeypatch), "shop@example.com", "receipts").send(REQUEST)
    assert isinstance(attempt, NoAnswer)
    assert len(ses.accepted) == 1
    assert ses.accepted[0]["EmailTags"] == [{"Name": "message_id", "Value": "msg_1"}]


def test_with_the_librarys_own_retries_there_would_be_more(ses: FakeSes, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason for `attempts=1`: should this ever fail, the library has changed."""
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    usual = boto3.client("sesv2", endpoint_url=ses.url)
    assert isinstance(EmailSender(usual, "shop@example.com", "receipts").send(REQUEST), NoAnswer)
    assert len(ses.accepted) > 1


@pytest.mark.parametrize("ses", [True], indirect=True)
def test_each_call_has_a_connection_of_its_own(ses: FakeSes, monkeypatch: pytest.MonkeyPatch) -> None:
    sender = EmailSender(ours(ses.url, monkeypatch), "shop@example.com", "receipts")
    assert [sender.send(REQUEST) for _ in range(3)] == 3 * [Accepted("provider-1")]
    assert len(ses.connections) == 3


def test_a_provider_that_was_not_reached_has_no_copy(ses: FakeSes, monkeypatch: pytest.MonkeyPatch) -> None:
    ses.shutdown()
    ses.server_close()
    attempt = EmailSender(ours(ses.url, monkeypatch), "shop@example.com", "receipts").send(REQUEST)
    assert attempt == RefusedForNow("EndpointConnectionError")
