"""E-mail by any SMTP server, for development: what is sent is looked at in a mail catcher, and nobody is written to.

There are no receipts: what the server took is `sent`, and stays so.
"""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime, formataddr
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from shared.channels.headers import one_click
from shared.domain.messages import EmailRequest, Reason
from shared.domain.sending import Accepted, Attempt, NoAnswer, RefusedForGood, RefusedForNow

TIMEOUT_SECONDS = 4
"""For each step of the conversation."""
MESSAGE_ID_HEADER = "X-Hearback-Message-Id"
_REFUSED, _REFUSED_FOR_GOOD = 400, 500
"""Replies from here on: 4yz for now, 5yz for good (RFC 5321, section 4.2.1)."""


class Server(NamedTuple):
    """Where mail is handed over.

    Args:
        host: Its name.
        port: Its port.
        is_tls: Whether it speaks TLS from the first byte on.
        user: Whom to log in as; empty for nobody.
        password: With which password.
    """

    host: str
    port: int
    is_tls: bool
    user: str
    password: str


def server_of(url: str) -> Server:
    """The server that a URL names: `smtp://host:port`, or `smtps://user:password@host:port`.

    Raises:
        ValueError: it names none.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        raise ValueError("an SMTP server is smtp://host:port or smtps://user:password@host:port")
    is_tls = parts.scheme == "smtps"
    port = parts.port or (smtplib.SMTP_SSL_PORT if is_tls else smtplib.SMTP_PORT)
    return Server(parts.hostname, port, is_tls, unquote(parts.username or ""), unquote(parts.password or ""))


class SmtpSender:
    """Sends e-mail by SMTP.

    Args:
        server: Where it is handed over.
        sender: The address mail comes from.
    """

    def __init__(self, server: Server, sender: str) -> None:
        self._server = server
        self._sender = sender

    def send(self, request: EmailRequest, now: datetime) -> Attempt:
        """One e-mail to one recipient, by one conversation."""
        mail = self._mail(request, now)
        try:
            with self._connected() as smtp:
                code, _ = smtp.mail(self._sender)
                if code >= _REFUSED:
                    # That is about us, so ops can mend it, whatever the server thinks.
                    return RefusedForNow(f"MAIL {code}")
                code, _ = smtp.rcpt(request.to)
                return _refused("RCPT", code) if code >= _REFUSED else _handed_over(smtp, mail)
        except (OSError, smtplib.SMTPException) as error:
            # Before any of the mail was sent.
            return RefusedForNow(type(error).__name__)

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        """A conversation with the server, logged in; how it ends is of no matter."""
        make = smtplib.SMTP_SSL if self._server.is_tls else smtplib.SMTP
        smtp = make(self._server.host, self._server.port, timeout=TIMEOUT_SECONDS)
        try:
            smtp.ehlo_or_helo_if_needed()
            if self._server.user:
                smtp.login(self._server.user, self._server.password)
            yield smtp
        finally:
            with suppress(OSError, smtplib.SMTPException):
                smtp.quit()
            smtp.close()

    def _mail(self, request: EmailRequest, now: datetime) -> EmailMessage:
        """The mail as it is sent; its Message-ID is made of the message's, so that a second copy would be known."""
        mail = EmailMessage(policy=policy.SMTP)
        mail["From"] = formataddr((request.from_name, self._sender))
        mail["To"] = request.to
        mail["Subject"] = request.content.subject
        mail["Date"] = format_datetime(now)
        mail["Message-ID"] = f"<{request.message_id}@{self._sender.rpartition('@')[2]}>"
        mail[MESSAGE_ID_HEADER] = request.message_id
        if request.unsubscribe is not None:
            for name, value in one_click(request.unsubscribe).items():
                mail[name] = value
        mail.set_content(request.content.text)
        mail.add_alternative(request.content.html, subtype="html")
        return mail


def _handed_over(smtp: smtplib.SMTP, mail: EmailMessage) -> Attempt:
    """From here on the server may have taken it, whatever we hear."""
    try:
        code, _ = smtp.data(mail.as_bytes())
    except smtplib.SMTPDataError as error:
        return _refused("DATA", error.smtp_code)
    except (OSError, smtplib.SMTPException) as error:
        return NoAnswer(type(error).__name__)
    return _refused("DATA", code) if code >= _REFUSED else Accepted(mail["Message-ID"])


def _refused(what: str, code: int) -> Attempt:
    told = f"{what} {code}"
    return RefusedForGood(Reason.REJECTED, told) if code >= _REFUSED_FOR_GOOD else RefusedForNow(told)
