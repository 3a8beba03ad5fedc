"""E-mail by SMTP, as in development: a real conversation with a server on the loopback, and what its answers mean."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from typing import Any

import pytest
import pytest_socket
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope

from shared.channels import smtp
from shared.channels.smtp import Server, SmtpSender, server_of
from shared.domain.messages import EmailContent, EmailRequest, Reason
from shared.domain.sending import Accepted, Attempt, NoAnswer, RefusedForGood, RefusedForNow
from tests.fakes.clock import NOON

REQUEST = EmailRequest(
    message_id="msg_1",
    to="ada@example.org",
    from_name="Grüne Lampe",
    content=EmailContent(
        subject="Ihr Päckchen kommt", text="Heute.\n.\nBis dann, ❤\n", html="<p>Heute</p>" + "x" * 2000
    ),
    unsubscribe="https://hear.example.com/u/token",
)


@pytest.fixture(autouse=True)
def _sockets() -> None:
    pytest_socket.enable_socket()


class Catcher:
    """A mail catcher that answers as it is told; `at` says to which command."""

    def __init__(self, at: str = "", reply: str = "") -> None:
        self._at = at
        self._reply = reply
        self.caught: list[Envelope] = []

    async def handle_MAIL(  # noqa: N802  aiosmtpd's name
        self, server: Any, session: Any, envelope: Envelope, address: str, options: Any
    ) -> str:
        if self._at == "MAIL":
            return self._reply
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802  aiosmtpd's name
        self, server: Any, session: Any, envelope: Envelope, address: str, options: Any
    ) -> str:
        if self._at == "RCPT":
            return self._reply
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802  aiosmtpd's name
        self, server: Any, session: Any, envelope: Envelope
    ) -> str:
        if self._at == "DATA":
            return self._reply
        self.caught.append(envelope)
        if self._at == "DROP":
            server.transport.abort()
        return "250 Message accepted"


@contextmanager
def listening(catcher: Catcher, **options: Any) -> Iterator[Server]:
    controller = Controller(catcher, hostname="127.0.0.1", port=0, **options)

    def port() -> int:
        server: Any = controller.server
        return int(server.sockets[0].getsockname()[1])

    # It knocks at its own door, and does not know which one the system gave it.
    knock = lambda: socket.create_connection(("127.0.0.1", port())).close()  # noqa: E731
    controller._trigger_server = knock  # type: ignore[method-assign]
    controller.start()
    try:
        yield server_of(f"smtp://127.0.0.1:{port()}")
    finally:
        controller.stop()


def sent(server: Server, request: EmailRequest = REQUEST) -> Attempt:
    return SmtpSender(server, "shop@example.com").send(request, NOON)


def read(envelope: Envelope) -> EmailMessage:
    message = BytesParser(policy=default).parsebytes(envelope.original_content or b"")
    assert isinstance(message, EmailMessage)
    return message


def test_the_mail_that_arrives_is_the_one_that_was_frozen() -> None:
    catcher = Catcher()
    with listening(catcher) as server:
        assert sent(server) == Accepted("<msg_1@example.com>")
    (envelope,) = catcher.caught
    mail = read(envelope)
    assert (envelope.mail_from, envelope.rcpt_tos) == ("shop@example.com", ["ada@example.org"])
    assert mail["From"].addresses[0].display_name == "Grüne Lampe"
    assert (mail["To"], mail["Subject"]) == ("ada@example.org", "Ihr Päckchen kommt")
    assert mail["X-Hearback-Message-Id"] == "msg_1"
    assert mail["Message-ID"] == "<msg_1@example.com>"
    assert mail["Date"].datetime == NOON
    assert mail["List-Unsubscribe"] == "<https://hear.example.com/u/token>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail.get_content_type() == "multipart/alternative"
    parts = [part.get_content() for part in mail.iter_parts()]
    assert [part.replace("\r\n", "\n").rstrip("\n") for part in parts] == [
        REQUEST.content.text.rstrip("\n"),
        REQUEST.content.html,
    ]


def test_what_its_recipient_needs_has_no_button_to_unsubscribe() -> None:
    catcher = Catcher()
    with listening(catcher) as server:
        sent(server, REQUEST.model_copy(update={"unsubscribe": None}))
    assert read(catcher.caught[0])["List-Unsubscribe"] is None


@pytest.mark.parametrize(
    ("at", "reply", "meaning"),
    [
        ("MAIL", "550 Who are you?", RefusedForNow("MAIL 550")),
        ("MAIL", "451 Later", RefusedForNow("MAIL 451")),
        ("RCPT", "550 No such user", RefusedForGood(Reason.REJECTED, "RCPT 550")),
        ("RCPT", "450 Greylisted", RefusedForNow("RCPT 450")),
        ("DATA", "554 Looks like spam", RefusedForGood(Reason.REJECTED, "DATA 554")),
        ("DATA", "452 Disk is full", RefusedForNow("DATA 452")),
    ],
)
def test_a_refusal_is_for_now_or_for_good_as_the_server_says(at: str, reply: str, meaning: Attempt) -> None:
    catcher = Catcher(at, reply)
    with listening(catcher) as server:
        assert sent(server) == meaning
    assert catcher.caught == []


def test_a_server_that_takes_the_mail_and_hangs_up_has_one_copy_and_nobody_knows() -> None:
    catcher = Catcher("DROP")
    with listening(catcher) as server:
        assert isinstance(sent(server), NoAnswer)
    assert len(catcher.caught) == 1


def test_a_server_that_is_not_there_has_no_copy() -> None:
    with listening(Catcher()) as server:
        pass
    assert sent(server) == RefusedForNow("ConnectionRefusedError")


@contextmanager
def scripted(talk: Callable[[socket.socket], None]) -> Iterator[Server]:
    """A server that follows a script, for what no proper one does."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with suppress(OSError):
                connection, _ = listener.accept()
                with connection:
                    talk(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        yield server_of(f"smtp://127.0.0.1:{listener.getsockname()[1]}")
        thread.join()


def test_a_server_that_never_answers_the_mail_leaves_it_open_whether_it_took_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(smtp, "TIMEOUT_SECONDS", 0.3)
    done = threading.Event()

    def talk(connection: socket.socket) -> None:
        connection.sendall(b"220 hello\r\n")
        lines = connection.makefile("rb")
        for answer in (b"250 hello", b"250 OK", b"250 OK", b"354 Go on"):
            lines.readline()
            connection.sendall(answer + b"\r\n")
        done.wait(5)

    with scripted(talk) as server:
        assert isinstance(sent(server), NoAnswer)
        done.set()


def test_a_server_that_hangs_up_before_the_mail_has_no_copy() -> None:
    def talk(connection: socket.socket) -> None:
        connection.sendall(b"220 hello\r\n")
        connection.makefile("rb").readline()

    with scripted(talk) as server:
        assert sent(server) == RefusedForNow("SMTPServerDisconnected")


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
@pytest.mark.parametrize(("password", "meaning"), [("secret", Accepted), ("wrong", RefusedForNow)])
def test_who_has_to_log_in_does(password: str, meaning: type) -> None:
    def check(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=data.password == b"secret")

    catcher = Catcher()
    with listening(catcher, authenticator=check, auth_require_tls=False, auth_required=True) as server:
        assert isinstance(sent(server._replace(user="ada", password=password)), meaning)
    assert len(catcher.caught) == (meaning is Accepted)


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://127.0.0.1:1025", Server("127.0.0.1", 1025, False, "", "")),
        ("smtp://mail", Server("mail", 25, False, "", "")),
        ("smtps://a%40b:p%3A@mail", Server("mail", 465, True, "a@b", "p:")),
    ],
)
def test_a_url_names_a_server(url: str, server: Server) -> None:
    assert server_of(url) == server


@pytest.mark.parametrize("url", ["http://mail", "smtp://", "mail:25", ""])
def test_another_url_names_none(url: str) -> None:
    with pytest.raises(ValueError, match="smtp://"):
        server_of(url)
