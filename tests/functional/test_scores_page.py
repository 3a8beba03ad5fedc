"""The scores page: who may read it, what it says, and that what customers wrote stays text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest

from functions.scores.app import OPERATIONS
from shared.domain.api_keys import ApiKey, KeyKind, key_hash
from shared.domain.steps import AskedBy, StepsTold, Thing, answer_told, folded, view_told
from shared.domain.surveys import Breakdown
from shared.errors import TemporaryError
from shared.storage.api_keys import ApiKeyRepository
from shared.storage.funnel import FunnelRepository
from shared.storage.scores import ScoreRepository
from shared.storage.surveys import SurveyRepository
from tests.functional.http_stack import FORM, SESSION_COOKIE, SURVEY, HttpStack, http_stack, key

SECRET = key(KeyKind.SECRET, "own")
TODAY = datetime.now(UTC)
XSS = "<img src=x onerror=alert(1)></script><script>alert(2)</script>"


@pytest.fixture(scope="module")
def stack() -> Iterator[HttpStack]:
    with http_stack() as stack:
        yield stack


@pytest.fixture
def fresh(stack: HttpStack) -> HttpStack:
    """The same stack, without an answer."""
    stack.empty()
    return stack


def answered(stack: HttpStack, number: int, **fields: Any) -> None:
    """One answer, given by the API of secret keys."""
    body = {"response_id": str(UUID(int=number, version=4)), "survey": "delivery", "score": 9, **fields}
    told = stack.call("POST", "/v1/survey_responses", headers={"authorization": f"Bearer {SECRET}"}, body=body)
    assert told["statusCode"] == 201, told["body"]


def page(stack: HttpStack, session: str | None = None, **query: str) -> dict[str, Any]:
    """The page as a reader with a session gets it."""
    cookie = f"other=1; {SESSION_COOKIE}={session or stack.session()}"
    return stack.call("GET", "/scores", headers={"cookie": cookie}, query=query)


def text_of(answer: dict[str, Any]) -> str:
    """What can be read on a page, without its charts."""
    html = re.sub(r"<(style|svg)\b.*?</\1>", " ", answer["body"], flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def logged_in(stack: HttpStack, given: str, headers: dict[str, str] = FORM, **query: str) -> dict[str, Any]:
    return stack.call("POST", "/scores", headers=headers, query=query, body=urlencode({"key": given}))


def logged(caplog: pytest.LogCaptureFixture) -> str:
    """All that was logged, fields and all."""
    return str([vars(record) for record in caplog.records])


class TestASession:
    def test_is_opened_by_the_secret_key_and_leads_back_to_what_was_asked_for(self, stack: HttpStack) -> None:
        answer = logged_in(stack, f" {SECRET}\n", survey="delivery", since="2026-01-01")
        assert answer["statusCode"] == 303
        assert answer["headers"]["location"] == "/scores?survey=delivery&since=2026-01-01"
        pair, *attributes = answer["headers"]["set-cookie"].split("; ")
        assert set(attributes) == {"Path=/", "Max-Age=43200", "HttpOnly", "SameSite=Strict", "Secure"}
        name, _, token = pair.partition("=")
        assert name == SESSION_COOKIE
        assert page(stack, token)["statusCode"] == 200

    def test_of_a_developers_own_machine_goes_over_plain_http(self, stack: HttpStack) -> None:
        local = FORM | {"origin": "http://localhost:8484", "host": "localhost:8484"}
        cookie = logged_in(stack, SECRET, local)["headers"]["set-cookie"]
        assert cookie.startswith("hearback-session=") and "Secure" not in cookie
        answer = stack.call("GET", "/scores", headers={"host": "localhost:8484", "cookie": cookie.partition(";")[0]})
        assert answer["statusCode"] == 200

    @pytest.mark.parametrize(
        "origin",
        [
            None,
            "null",
            "https://evil.example",
            "http://hear.example.com",
            "https://hear.example.com.evil.example",
            "https://hear.example.com:444",
        ],
    )
    def test_is_opened_and_ended_from_our_own_page_only(self, stack: HttpStack, origin: str | None) -> None:
        headers = {name: value for name, value in {**FORM, "origin": origin}.items() if value is not None}
        for path in ("/scores", "/scores/end"):
            answer = stack.call("POST", path, headers=headers, body=urlencode({"key": SECRET}))
            assert answer["statusCode"] == 403
            assert "set-cookie" not in answer["headers"]

    def test_can_be_opened_at_the_gateways_own_address_too(self, stack: HttpStack) -> None:
        own = FORM | {"origin": "https://abc.example.net", "host": "abc.example.net"}
        assert logged_in(stack, SECRET, own)["statusCode"] == 303

    def test_ends_at_once_with_its_key(self, stack: HttpStack) -> None:
        keys = ApiKeyRepository(stack.dynamodb, "surveys")
        hashed = key_hash(key(KeyKind.SECRET, "short"))
        keys.add(ApiKey(key_hash=hashed, kind=KeyKind.SECRET, name="short", created_at=TODAY, survey_id="delivery"))
        session = stack.session("short")
        assert page(stack, session)["statusCode"] == 200
        keys.revoke("short", hashed, TODAY)
        answer = page(stack, session)
        assert answer["statusCode"] == 403
        assert "Your session has ended" in text_of(answer)

    def test_ends_after_twelve_hours(self, stack: HttpStack) -> None:
        assert page(stack, stack.session(lasts=timedelta(seconds=5)))["statusCode"] == 200
        assert page(stack, stack.session(lasts=timedelta(0)))["statusCode"] == 403

    def test_can_not_be_made_of_a_survey_link_nor_a_link_of_it(self, stack: HttpStack) -> None:
        assert page(stack, stack.link())["statusCode"] == 403
        assert stack.call("GET", "/s/delivery", query={"t": stack.session()})["statusCode"] == 403

    def test_is_ended_by_its_reader(self, stack: HttpStack) -> None:
        answer = stack.call("POST", "/scores/end", headers=FORM)
        assert (answer["statusCode"], answer["headers"]["location"]) == (303, "/scores")
        assert answer["headers"]["set-cookie"].startswith(f"{SESSION_COOKIE}=; Path=/; Max-Age=0;")


@pytest.mark.parametrize(
    "wrong", ["", "sk_", "sk_nothing", "pk_own", "sk_revoked", "sk_ü", "\x00", "sk_own sk_own", "x" * 900]
)
def test_a_wrong_key_is_told_and_neither_repeated_nor_logged(
    stack: HttpStack, wrong: str, caplog: pytest.LogCaptureFixture
) -> None:
    answer = logged_in(stack, wrong)
    assert answer["statusCode"] == 403
    assert "set-cookie" not in answer["headers"]
    assert "no live secret key" in text_of(answer)
    if len(wrong) > 3:
        assert wrong not in answer["body"] and wrong not in logged(caplog)


def test_the_right_key_stands_in_no_log_and_on_no_page(stack: HttpStack, caplog: pytest.LogCaptureFixture) -> None:
    answer = logged_in(stack, SECRET)
    shown = page(stack)
    assert "secret-own" in logged(caplog), "who opened a session is told by the key's name"
    assert SECRET not in str(answer) + str(shown) + logged(caplog)


def test_each_declared_status_is_answered_and_no_other(stack: HttpStack, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise TemporaryError("nothing answers")

    cookie = {"cookie": f"{SESSION_COOKIE}={stack.session()}"}
    good = urlencode({"key": SECRET})
    bad: dict[str, list[dict[str, Any]]] = {
        "GET /scores": [
            {"headers": cookie},
            {},
            {"headers": cookie, "query": {"survey": "nothing"}},
            {"headers": cookie, "query": {"since": "yesterday"}},
        ],
        "POST /scores": [
            {"headers": FORM, "body": good},
            {"body": good, "headers": FORM | {"origin": "https://evil.example"}},
            {"headers": FORM, "body": b"key=\xff", "as_base64": True},
            {"headers": FORM, "body": good.ljust(2000, "x")},
            {"headers": FORM | {"content-type": "application/json"}, "body": "{}"},
        ],
        "POST /scores/end": [{"headers": FORM}, {}],
    }
    for operation in OPERATIONS:
        method, path = operation.method, operation.path
        answers = [stack.call(method, path, **request) for request in bad[operation.route_key]]
        with monkeypatch.context() as patch:
            patch.setattr(ApiKeyRepository, "find", away)
            answers.append(stack.call(method, path, **bad[operation.route_key][0]))
        assert {answer["statusCode"] for answer in answers} == {int(status) for status in operation.statuses}
        for answer in answers:
            assert answer["statusCode"] == 303 or answer["headers"]["content-type"].startswith("text/html")
            assert answer["headers"]["cache-control"] == "no-store"


def test_a_page_may_run_and_load_nothing(stack: HttpStack) -> None:
    for answer in (page(stack), logged_in(stack, "sk_nothing"), page(stack, survey="nothing")):
        policy = dict(part.split(" ", 1) for part in answer["headers"]["content-security-policy"].split("; "))
        assert policy["default-src"] == "'none'"
        assert "unsafe" not in str(policy) and "script-src" not in policy
        assert policy["frame-ancestors"] == "'none'" and policy["form-action"] == "'self'"
        assert not re.search(r"<script|\sstyle=|\son[a-z]+=|https?://(?!www\.w3\.org)", answer["body"])


class TestThePage:
    def test_without_answers_says_so_and_shows_no_score(self, fresh: HttpStack) -> None:
        said = text_of(page(fresh))
        assert "There are no answers in these days." in said
        assert "NPS – " in said and "NPS 0" not in said
        assert "<svg" not in page(fresh)["body"]

    def test_without_a_survey_says_so(self, stack: HttpStack, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(SurveyRepository, "list_surveys", lambda _: ())
        assert "No survey is published yet." in text_of(page(stack))

    def test_tells_score_interval_change_parts_journey_and_comments(self, fresh: HttpStack) -> None:
        for number in range(1, 41):
            happy = number % 4 != 0
            answered(
                fresh,
                number,
                score=10 if happy else 3,
                created_at=int((TODAY - timedelta(days=number)).timestamp()),
                person_properties={"device": "phone" if number % 2 else "desktop"},
                **({"comment": f"Said by number {number}"} if number in {2, 5} else {}),
            )
        answered(fresh, 99, survey="checkout", score=2)
        answer = page(fresh)
        said = text_of(answer)
        assert re.search(r"NPS (4|5)\d We can be 95 % sure that it lies between \d+ and \d+\.", said)
        assert "No change shown The 30 days before scored" in said
        assert "By device" in said and "phone" in said and "desktop" in said
        assert "The journey" in said and "Delivery" in said
        assert said.index("Said by number 2") < said.index("Said by number 5")
        assert answer["body"].count('role="img"') == 6  # three charts, each for a desk and for a phone

    def test_is_about_what_was_chosen(self, fresh: HttpStack) -> None:
        for number, day in ((1, "2026-03-01"), (2, "2026-03-20")):
            at = int(datetime.fromisoformat(f"{day}T12:00+00:00").timestamp())
            answered(fresh, number, created_at=at, answers={"courier": 2}, comment=f"On {day}")
        said = text_of(page(fresh, since="2026-03-10", until="2026-03-31", question="courier", of="delivery"))
        assert "CSAT 0 " in said and "1 answer from 10 March to 31 March 2026" in said
        assert "On 2026-03-20" in said and "On 2026-03-01" not in said
        switched = page(fresh, survey="checkout", of="delivery", question="gone", since="", until="", interval="")
        assert switched["statusCode"] == 200

    def test_reads_no_more_values_of_more_days_than_it_can(
        self, fresh: HttpStack, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        cities = Breakdown(name="city", values=tuple(f"c{number}" for number in range(200)))
        wide = SURVEY.model_copy(update={"survey_id": "wide", "breakdowns": (*SURVEY.breakdowns, cities)})
        SurveyRepository(fresh.dynamodb, "surveys").publish(wide)
        at = int(datetime(2026, 3, 20, 12, tzinfo=UTC).timestamp())
        answered(fresh, 1, survey="wide", created_at=at, person_properties={"city": "c7", "device": "phone"})
        asked: list[str] = []
        read = ScoreRepository.read

        def watched(self: ScoreRepository, survey_id: str, since: date, until: date, breakdown: str = "") -> Any:
            asked.append(breakdown)
            return read(self, survey_id, since, until, breakdown)

        monkeypatch.setattr(ScoreRepository, "read", watched)
        few, refusal = {"survey": "wide", "until": "2026-03-31"}, "choose at most 248 days to see them."
        said = text_of(page(fresh, **few, since="2025-07-27"))  # 248 days of 201 values, with other
        assert "c7" in said and refusal not in said
        assert {"city", "device"} <= set(asked)
        asked.clear()
        said = text_of(page(fresh, **few, since="2025-07-26"))
        assert f"By city These are too many values to be read for so many days: {refusal}" in said
        assert "c7" not in said and "phone" in said, "the other breakdown is read as ever"
        assert "city" not in asked and "device" in asked

    @pytest.mark.parametrize(
        ("query", "status", "sentence"),
        [
            ({"since": "2026-13-01"}, 422, "since must be Unix seconds or a day."),
            ({"since": "2026-03-02", "until": "2026-03-01"}, 422, "until lies before since."),
            ({"question": "why"}, 422, "question is not counted in this survey."),
            ({"interval": "hour"}, 422, "interval is unknown."),
            ({"interval": "day", "since": "2020-01-01"}, 422, "There are more than 400 of that interval"),
            ({"survey": "../../etc"}, 404, "There is no such survey."),
            ({"survey": XSS}, 404, "There is no such survey."),
        ],
    )
    def test_says_what_is_wrong_with_a_choice(
        self, stack: HttpStack, query: dict[str, str], status: int, sentence: str
    ) -> None:
        answer = page(stack, **query)
        assert answer["statusCode"] == status
        assert sentence in text_of(answer)
        assert XSS not in answer["body"]

    def test_keeps_what_customers_wrote_as_text(self, fresh: HttpStack) -> None:
        answered(fresh, 1, comment=XSS)
        answer = page(fresh)
        assert XSS not in answer["body"]
        assert XSS in text_of(answer)

    def test_leaves_out_what_a_test_said(self, fresh: HttpStack) -> None:
        answered(fresh, 1, comment="Really said")
        answered(fresh, 2, comment="Only tried", test=True)
        said = text_of(page(fresh))
        assert "Really said" in said and "Only tried" not in said

    def test_answers_head_without_a_body(self, stack: HttpStack) -> None:
        cookie = {"cookie": f"{SESSION_COOKIE}={stack.session()}"}
        get = stack.call("GET", "/scores", headers=cookie)
        assert stack.call("HEAD", "/scores", headers=cookie) == {**get, "body": ""}


def test_a_survey_with_a_funnel_says_how_many_answered_of_those_who_were_asked(fresh: HttpStack) -> None:
    SurveyRepository(fresh.dynamodb, "surveys").publish(SURVEY.model_copy(update={"funnel": True}))
    day = SURVEY.local_day(TODAY)
    things: dict[str, Thing] = {}
    for number in range(4):
        view = view_told("delivery", str(number), AskedBy.WIDGET, day, started=True, dismissed=number == 3)
        things |= folded([StepsTold(survey_id="delivery", told=(view,))])
    told = (answer_told("a", AskedBy.WIDGET, day), answer_told("b", AskedBy.API, day))
    things |= folded([StepsTold(survey_id="delivery", told=told)])
    FunnelRepository(fresh.dynamodb, "funnel").count(things, (), TODAY)
    read = text_of(page(fresh, survey="delivery"))
    SurveyRepository(fresh.dynamodb, "surveys").publish(SURVEY)
    assert "By Answered Rate Widget 1 of 4, 1 dismissed 25 % Server 1 –" in read
    assert "Who answered" not in text_of(page(fresh, survey="delivery"))
