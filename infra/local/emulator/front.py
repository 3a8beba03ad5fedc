"""The front of the emulator: pages for people, short addresses for the deployed API, and AWS for everything signed."""

from __future__ import annotations

import json
import mimetypes
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote

from ministack.services import apigateway

from infra.local.emulator import pages
from infra.local.emulator.channels import MAX_SMS_CHARACTERS, Channels
from infra.local.emulator.clock import MovableClock
from infra.local.emulator.outbox import Outbox
from infra.local.emulator.saving import Saver
from infra.local.emulator.settings import Settings

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

#: Paths that belong to the deployed HTTP API, as a CDN or a custom domain would bring them there.
API_PATHS = re.compile(r"/(v1|s|u|k|r|i|track|preferences)/.*|/widget\.js|/scores(/.*)?|/staff/.*")

SMS_TARGET = "PinpointSMSVoiceV2."
#: The signed scopes of calls that change only live stores; any other may be a deployment.
LIVE_SERVICES = frozenset({"dynamodb", "sqs", "sns", "ses", "scheduler", "sms-voice", "logs", "monitoring", "ssm"})
SIGNED_FOR = re.compile(r"Credential=[^/]+/[^/]+/[^/]+/([^/]+)/")

Answer = tuple[int, str, bytes]


class Front:
    """An ASGI application in front of ministack's own.

    Args:
        emulator: ministack's application.
        settings: addresses and files.
        outbox: what was sent.
        channels: answers SMS calls.
        saver: is told of what changes.
        clock: can be moved.
    """

    def __init__(
        self,
        emulator: App,
        settings: Settings,
        outbox: Outbox,
        channels: Channels,
        saver: Saver,
        clock: MovableClock,
    ) -> None:
        self._emulator = emulator
        self._settings = settings
        self._outbox = outbox
        self._channels = channels
        self._saver = saver
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._emulator(scope, receive, send)
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        signed = headers.get("authorization", "").startswith("AWS4-") or b"X-Amz-Credential=" in scope["query_string"]
        target = headers.get("x-amz-target", "")
        if target.startswith(SMS_TARGET):
            status, answer_headers, body = self._channels.text_messages(
                target.removeprefix(SMS_TARGET), await _read(receive)
            )
            self._saver.touch()
            await _send(send, (status, answer_headers["Content-Type"], body))
            return
        if not signed and not target and (scope["method"], scope["path"]) == ("POST", "/_hearback/sms-answer"):
            answer = self._answer_sms(headers, await _read(receive))
            await (_send(send, answer) if answer else _see(send, "/mail"))
            return
        if not signed and not target and scope["path"] == "/_hearback/clock" and scope["method"] == "PUT":
            await _send(send, self._move_clock(await _read(receive)))
            return
        if not signed and not target:
            page = await self._page(scope, accepts_html="text/html" in headers.get("accept", ""))
            if page is not None:
                await _send(send, page, head=scope["method"] == "HEAD")
                return
            _route_to_api(scope)
        await self._emulator(scope, receive, send)
        service = SIGNED_FOR.search(headers.get("authorization", ""))
        self._saver.touch(everything=service is not None and service.group(1) not in LIVE_SERVICES)

    async def _page(self, scope: Scope, *, accepts_html: bool) -> Answer | None:
        path: str = scope["path"].rstrip("/") or "/"
        if scope["method"] == "POST" and path == "/_hearback/save":
            await self._saver.save(everything=True)
            return 200, "application/json", b"{}"
        if scope["method"] not in ("GET", "HEAD"):
            return None
        match path:
            case "/_hearback/health":
                return _json({"run_id": self._settings.run_id})
            case "/" | "/v1":
                return _html(pages.index(self._settings.base, self._stack()))
            case "/favicon.ico":
                return 200, "image/svg+xml", pages.ICON.encode()
            case "/mail":
                return _html(pages.mail(self._outbox.messages()))
            case "/mail.json":
                since = parse_qs(scope["query_string"].decode()).get("since", ["0"])[0]
                return _json(self._outbox.messages()[int(since) if since.isdecimal() else 0 :])
            case "/openapi" | "/openapi.json":
                return self._openapi(as_page=path == "/openapi")
            case _ if path.startswith("/openapi/"):
                assets = self._settings.layer / "aws_lambda_powertools/event_handler/openapi/swagger_ui"
                return _file(assets / Path(path).name)
            case _ if path == "/demo" or path.startswith("/demo/"):
                return self._demo(path.removeprefix("/demo").lstrip("/") or "shop.html")
            # A mistyped address: the emulator would take it for a bucket. Browsers ask for HTML, no AWS client does.
            case _ if accepts_html and not API_PATHS.fullmatch(scope["path"]) and not path.startswith("/_"):
                return _html(pages.not_found(path), 404)
        return None

    def _answer_sms(self, headers: Mapping[str, str], body: bytes) -> Answer | None:
        """Answer an SMS from the form of the mail page; why not, if it was not. No other page may send that form."""
        if headers.get("origin") != f"http://{headers.get('host', '')}":
            return _json({"message": "Forbidden"}, 403)
        fields = {name: values[-1] for name, values in parse_qs(body.decode(errors="replace")).items()}
        if not self._channels.answer_sms(fields.get("to", ""), fields.get("text", "")[:MAX_SMS_CHARACTERS]):
            return _json({"message": "Not Found"}, 404)
        self._saver.touch()
        return None

    def _move_clock(self, body: bytes) -> Answer:
        """Make it another time here: ``{"at": "2026-11-22T12:00:00Z"}``, or the machine's with null."""
        try:
            at = json.loads(body)["at"]
            self._clock.move_to(datetime.fromisoformat(at) if at is not None else None)
        except (ValueError, TypeError, KeyError):
            return _json({"message": 'Send {"at": …}: a time with its offset from UTC, or null.'}, 422)
        return _json({"now": self._clock.now().isoformat(), "ahead_seconds": self._clock.ahead.total_seconds()})

    def _openapi(self, *, as_page: bool) -> Answer:
        """Serve the committed document, or the page over it; the server it proposes is this one."""
        if as_page:
            return _html(pages.openapi())
        document = json.loads(self._settings.openapi.read_bytes())
        return _json({**document, "servers": [{"url": self._settings.base}]})

    def _demo(self, name: str) -> Answer:
        """Serve the demo shop; ``{{name}}`` in its pages stands for an entry of the stack file."""
        file = (self._settings.demo / name).resolve()
        if not file.is_relative_to(self._settings.demo.resolve()):
            return _json({"message": "Not Found"}, 404)
        status, kind, body = _file(file)
        if kind.startswith("text/html"):
            text = body.decode()
            for key, value in self._stack().items():
                text = text.replace("{{" + key + "}}", str(value))
            body = text.encode()
        return status, kind, body

    def _stack(self) -> dict[str, Any]:
        try:
            return dict(json.loads(self._settings.stack_file.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return {}


def _route_to_api(scope: Scope) -> None:
    """Send a short address to the HTTP API deployed last."""
    path: str = scope["path"]
    if not API_PATHS.fullmatch(path):
        return
    apis = [api for api in apigateway._apis.all_values() if api.get("protocolType") == "HTTP"]
    if not apis:
        return
    newest = max(apis, key=lambda api: str(api.get("createdDate", "")))
    prefix = f"/_aws/execute-api/{newest['apiId']}/$default"
    raw: bytes = scope.get("raw_path") or quote(path).encode()
    scope["path"] = prefix + path
    scope["raw_path"] = prefix.encode() + raw


def _html(text: str, status: int = 200) -> Answer:
    return status, "text/html; charset=utf-8", text.encode()


def _json(value: object, status: int = 200) -> Answer:
    return status, "application/json", json.dumps(value).encode()


def _file(path: Path) -> Answer:
    try:
        body = path.read_bytes()
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return _json({"message": "Not Found"}, 404)
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return 200, f"{kind}; charset=utf-8" if kind.startswith("text/") else kind, body


async def _read(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        part = await receive()
        body += part.get("body", b"")
        more = part.get("more_body", False)
    return body


async def _see(send: Send, path: str) -> None:
    """Lead a browser on, so that loading the page again sends no form twice."""
    headers = [(b"location", path.encode()), (b"content-length", b"0")]
    await send({"type": "http.response.start", "status": 303, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


async def _send(send: Send, answer: Answer, *, head: bool = False) -> None:
    status, kind, body = answer
    headers = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode())]
    headers.append((b"cache-control", b"no-store"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if head else body})
