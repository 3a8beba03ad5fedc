"""The public HTTP API on this machine: real handlers behind a small gateway, faults to order, and pages to stand in.

The handlers get the events that API Gateway makes and keep what they accept in a list; `127.0.0.1` is the API, and
`localhost`, to a browser another origin, is the shop.
"""

from __future__ import annotations

import base64
import json
import threading
from collections import deque
from collections.abc import Iterable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest

from functions.pages import app as pages_app
from functions.pages.service import Pages
from functions.survey_ingest import app as ingest_app
from functions.survey_ingest.service import SurveyIngest
from functions.survey_ingest.views import Views
from shared.clock import SystemClock
from shared.domain.api_keys import ApiKey, KeyKind, key_hash
from shared.domain.links import SurveyLink
from shared.domain.published import PublishedSurvey
from shared.domain.surveys import Brand, Question, Scale, Survey
from shared.tokens import Links
from tests.conftest import LambdaContext
from tests.fakes.clock import NOON
from tests.fakes.gateway import gateway_event, path_parameters
from tests.fakes.queues import RecordingQueue

KEY = "pk_browser"
SURVEY = Survey(
    survey_id="checkout",
    name="After checkout",
    touchpoint="checkout",
    brand=Brand(name="Fern & Kettle", colour="#1f6f54"),
    questions=(
        Question(
            id="recommend",
            scale=Scale.NPS,
            text={
                "en": "How likely are you to recommend us to a friend?",
                "de": "Wie wahrscheinlich ist es, dass Sie uns weiterempfehlen?",
            },
        ),
    ),
    thanks={"en": "Thank you. This helps."},
)
LINK = SurveyLink(
    survey_id="checkout",
    response_id="0190f3c2-7c1e-7d2b-9d3a-5b1f8a2c4e6d",
    person_id="per_1",
    subject_type="delivery",
    subject_id="D-1",
    expires_at=4_102_444_800,  # the year 2100
)

LOCAL = ("null", "http://localhost:*", "http://127.0.0.1:*")
"""The origins of a page on this machine, and of one opened from a file."""

LOST = 0
"""A fault: the answer was accepted, and the connection then broke."""
BROKEN = -1
"""A fault: the connection broke before anything was accepted."""
GATEWAY = 1000
"""Added to a status: the gateway itself refuses, without CORS headers, so that the page can not read the status."""


class Surveys:
    """One survey and its key."""

    def __init__(self, survey: Survey, origins: tuple[str, ...]) -> None:
        key = ApiKey(
            key_hash=key_hash(KEY),
            kind=KeyKind.PUBLISHABLE,
            name="browser",
            created_at=NOON,
            survey_id=survey.survey_id,
            origins=origins,
        )
        self.published = PublishedSurvey(survey=survey, keys=(key,))

    def current(self, survey_id: str) -> PublishedSurvey | None:
        return self.published if survey_id == self.published.survey.survey_id else None


class Stored(NamedTuple):
    """What a response came to, folded by the test itself: the highest revision that was accepted."""

    rating: int | None
    comment: str | None
    revision: int
    locale: str | None


class Site:
    """The server. Use it as a context manager.

    Args:
        survey: What is asked.
        origins: The pages its key may be used from.
    """

    def __init__(self, survey: Survey = SURVEY, origins: tuple[str, ...] = LOCAL) -> None:
        self.queue = RecordingQueue()
        self.told = RecordingQueue()
        self.faults: deque[int] = deque()
        self.pages: dict[str, tuple[str, Mapping[str, str]]] = {}
        self.requests: list[str] = []
        self.views: list[dict[str, Any]] = []
        self.answers = threading.Event()
        """While it is cleared, what was posted is accepted, and the answer to it waits."""
        self.answers.set()
        self.links = Links(lambda: ("a key of the test",), SystemClock())
        self.surveys = Surveys(survey, origins)
        self._apps: list[Any] = [ingest_app, pages_app]
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._patch = pytest.MonkeyPatch()

    def __enter__(self) -> Site:
        pages, ingest = Pages(self.surveys, self.links), SurveyIngest
        door = ingest(self.surveys, lambda: self.links, self.queue, SystemClock())
        self._patch.setattr(pages_app, "service", lambda: pages)
        self._patch.setattr(ingest_app, "service", lambda: door)
        self._patch.setattr(ingest_app, "views", lambda: Views(self.told, SystemClock()))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self._patch.undo()

    def asks(self, *questions: Question, **changes: Any) -> None:
        """From now on the survey asks this."""
        survey = SURVEY.model_copy(update={"questions": questions, **changes})
        self.surveys.published = self.surveys.published._replace(survey=survey)

    def clear(self) -> None:
        """As if it had just been put up: for the next test that shares it."""
        self.asks(*SURVEY.questions)
        for kept in (self.queue.sent, self.told.sent, self.faults, self.pages, self.requests, self.views):
            kept.clear()

    @property
    def api(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def shop(self) -> str:
        return f"http://localhost:{self._server.server_port}"

    def link(self, link: SurveyLink = LINK) -> str:
        return f"{self.api}/s/{link.survey_id}?t={self.links.sign(link)}"

    def publish(self, survey: Survey) -> None:
        """From now on this is asked."""
        self.surveys.published = self.surveys.published._replace(survey=survey)

    def kiosk(self, query: str = "") -> str:
        return f"{self.api}/k/{self.surveys.published.survey.survey_id}?key={KEY}{query}"

    def snippet(self, survey: str = "checkout", key: str = KEY, more: str = "") -> str:
        """The line that a developer pastes."""
        return f'<script async src="{self.api}/widget.js" data-survey="{survey}" data-key="{key}" {more}></script>'

    def page(self, path: str, body: str, headers: Mapping[str, str] | None = None) -> str:
        """Put up a page of the shop; returns its address."""
        self.pages[path] = (f"<!doctype html><html lang=en><title>Shop</title>{body}", headers or {})
        return self.shop + path

    def stored(self) -> dict[str, Stored]:
        """What would be stored by now, by response id."""
        best: dict[str, Stored] = {}
        for response in self.responses():
            known = best.get(response["response_id"])
            if known is None or response["revision"] > known.revision:
                rating = next((given["value"] for given in response["ratings"].values()), None)
                best[response["response_id"]] = Stored(
                    rating, response["comment"], response["revision"], response["locale"]
                )
        return best

    def responses(self) -> list[dict[str, Any]]:
        """What the door put on the queue, oldest first."""
        return [json.loads(sent.message.model_dump_json())["response"] for sent in list(self.queue.sent)]

    def posts(self) -> int:
        """How many answers were posted, refused and broken ones too."""
        return sum(line.startswith("POST ") for line in self.requests)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._answer()

            do_POST = do_OPTIONS = do_HEAD = do_GET  # noqa: N815  the names are the standard library's

            def log_message(self, format: str, *args: object) -> None:
                pass

            def _answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                site.requests.append(f"{self.command} {self.path}")
                if urlsplit(self.path).path.endswith("/views") and self.command == "POST":
                    site.views.append(json.loads(body))
                if self.path in site.pages:
                    text, headers = site.pages[self.path]
                    self._send(200, {"content-type": "text/html; charset=utf-8", **headers}, text.encode())
                    return
                fault = site.faults.popleft() if self.command == "POST" and site.faults else None
                if fault == BROKEN:
                    self._hang_up()
                elif fault is not None and fault != LOST:
                    leave = {} if fault > GATEWAY else {"access-control-allow-origin": "*"}
                    self._send(fault % GATEWAY, {"content-type": "application/json", **leave}, b'{"message":"fault"}')
                else:
                    status, headers, answer = site._answered(self.command, self.path, dict(self.headers), body)
                    if self.command == "POST":
                        site.answers.wait()
                    self._hang_up() if fault == LOST else self._send(status, headers, answer)

            def _hang_up(self) -> None:
                self.close_connection = True
                self.connection.close()

            def _send(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                if status not in {204, 304}:
                    self.send_header("content-length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

        return Handler

    def _answered(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, Mapping[str, str], bytes]:
        parts = urlsplit(target)
        for app in self._apps:
            for operation in app.OPERATIONS:
                parameters = path_parameters(operation.path, parts.path)
                if operation.method == ("GET" if method == "HEAD" else method) and parameters is not None:
                    event = gateway_event(
                        method,
                        operation.path,
                        path=parts.path,
                        query=parts.query,
                        parameters=parameters,
                        headers=headers,
                        body=body,
                    )
                    answer = app.lambda_handler(event, LambdaContext())
                    raw = answer["body"]
                    content = base64.b64decode(raw) if answer["isBase64Encoded"] else raw.encode()
                    return answer["statusCode"], answer["headers"], content
        return 404, {"content-type": "application/json"}, b'{"message":"Not Found"}'


def ratings(stored: Iterable[Stored]) -> list[int | None]:
    return sorted((one.rating for one in stored), key=str)
