"""A terminal's page, by the function's handler: complete in itself, allowed exactly what is in it, and for one key."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

import pytest

from functions.pages import app
from functions.pages.service import Pages
from shared.domain.api_keys import ApiKey, KeyKind, key_hash
from shared.domain.published import PublishedSurvey
from shared.domain.surveys import Brand, Kiosk, Look, Option, Question, Scale, Survey
from shared.errors import TemporaryError
from shared.tokens import Links
from tests.conftest import LambdaContext
from tests.fakes.clock import NOON, FrozenClock
from tests.fakes.gateway import gateway_event

KEY = "pk_terminal"
PIN = "2580"
SURVEY = Survey(
    survey_id="visit",
    version=2,
    name="After a visit",
    touchpoint="shop",
    brand=Brand(name="<Paper> & Ink", colour="#ffd400"),
    questions=(
        Question(id="missed", scale=Scale.TEXT, text={"en": "What did you miss?"}),
        Question(id="mood", scale=Scale.CSAT, text={"en": "How was it </script>?", "de": "Wie war es?", "ar": "كيف؟"}),
        Question(
            id="why",
            scale=Scale.CHOICE,
            text={"en": "What could be better?", "de": "Was war nicht gut?"},
            bands=("negative", "neutral"),
            options=(Option(value=7, text={"en": "Waiting"}), Option(value=2, text={"en": "Other"})),
        ),
        Question(id="easy", scale=Scale.CES, text={"en": "It was easy."}),
    ),
    thanks={"de": "Danke!"},
    kiosk=Kiosk(cool_down_seconds=9, exit_pin=PIN),
)


class Surveys:
    """One survey with one key; or an outage."""

    def __init__(self, survey: Survey) -> None:
        self.survey = survey
        self.away = False
        self.archived = False

    def current(self, survey_id: str) -> PublishedSurvey | None:
        if self.away:
            raise TemporaryError("the table is away")
        key = ApiKey(
            key_hash=key_hash(KEY), kind=KeyKind.PUBLISHABLE, name="terminal", created_at=NOON, survey_id="visit"
        )
        found = PublishedSurvey(survey=self.survey, keys=(key,), archived=self.archived)
        return found if survey_id == "visit" else None


class Terminal:
    """Asks the handler as the gateway would."""

    def __init__(self, surveys: Surveys) -> None:
        self.surveys = surveys

    def get(self, query: str = f"key={KEY}", survey: str = "visit", **how: Any) -> dict[str, Any]:
        headers = {name.replace("_", "-"): value for name, value in how.items() if name != "method"}
        parameters = {"survey_id": survey}
        method, path = how.get("method", "GET"), f"/k/{survey}"
        event = gateway_event(method, "/k/{survey_id}", path=path, query=query, parameters=parameters, headers=headers)
        return app.lambda_handler(event, LambdaContext())

    def data(self, query: str = f"key={KEY}", **headers: str) -> Any:
        """What the page is told."""
        page = self.page(query, **headers)
        (found,) = re.findall(r'<script id="survey" type="application/json">(.*?)</script>', page)
        return json.loads(found)

    def page(self, query: str = f"key={KEY}", **headers: str) -> str:
        answer = self.get(query, **headers)
        assert answer["statusCode"] == 200, answer["body"]
        return str(answer["body"])


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    surveys = Surveys(SURVEY)
    pages = Pages(surveys, Links(lambda: ("a key of the test",), FrozenClock(NOON)))
    monkeypatch.setattr(app, "service", lambda: pages)
    return Terminal(surveys)


def test_the_page_holds_all_it_needs_in_every_language_of_the_survey(terminal: Terminal) -> None:
    data = terminal.data(accept_language="de-AT, en")
    assert (data["locale"], data["cool_down"]) == ("de", 9)
    assert data["to"] == f"../v1/surveys/visit/responses?key={KEY}"
    assert {locale: words["dir"] for locale, words in data["words"].items()} == {"en": "ltr", "de": "ltr", "ar": "rtl"}
    assert data["words"]["de"]["thanks"] == "Danke!" and data["words"]["de"]["texts"]["skip"] == "Überspringen"
    assert terminal.data(f"key={KEY}&locale=ar", accept_language="de")["locale"] == "ar"


def test_the_first_question_has_faces_and_what_needs_a_keyboard_is_not_asked(terminal: Terminal) -> None:
    first, why, easy = terminal.data()["words"]["en"]["questions"]
    assert (first["id"], first["look"]) == ("mood", "smileys")
    assert [(option["value"], option["text"], option["band"]) for option in first["options"]] == [
        (1, "Very dissatisfied", "negative"),
        (2, "Dissatisfied", "negative"),
        (3, "Neutral", "neutral"),
        (4, "Satisfied", "positive"),
        (5, "Very satisfied", "positive"),
    ]
    assert (why["look"], why["bands"]) == ("words", ["negative", "neutral"])
    assert [(option["value"], option["text"]) for option in why["options"]] == [(7, "Waiting"), (2, "Other")]
    assert (easy["look"], easy["low_text"], easy["high_text"]) == ("ratings", "Strongly disagree", "Strongly agree")


@pytest.mark.parametrize(
    ("scale", "look", "shown", "texts"),
    [
        (Scale.CSAT_3, None, "smileys", ["Dissatisfied", "Neutral", "Satisfied"]),
        (Scale.CSAT_3, Look.NUMBERS, "ratings", ["1", "2", "3"]),
        (Scale.CSAT, Look.NUMBERS, "ratings", ["1", "2", "3", "4", "5"]),
        (Scale.NPS, None, "ratings", [str(rating) for rating in range(11)]),
        (Scale.EXPECTATION, None, "words", ["Worse than expected", "As expected", "Better than expected"]),
    ],
)
def test_each_scale_has_its_buttons(
    terminal: Terminal, scale: Scale, look: Look | None, shown: str, texts: list[str]
) -> None:
    question = Question(id="asked", scale=scale, text={"en": "How was it?"}, look=look)
    terminal.surveys.survey = SURVEY.model_copy(update={"questions": (question,)})
    (asked,) = terminal.data()["words"]["en"]["questions"]
    assert (asked["look"], [option["text"] for option in asked["options"]]) == (shown, texts)


def test_the_page_carries_a_hash_and_not_the_pin(terminal: Terminal) -> None:
    page, known = terminal.page(), terminal.data()["exit"]
    assert PIN not in page.replace(known["hash"], "").replace(known["salt"], "")
    salt = bytes.fromhex(known["salt"])
    assert hashlib.pbkdf2_hmac("sha256", PIN.encode(), salt, known["rounds"]).hex() == known["hash"]


def test_without_a_pin_there_is_no_way_out(terminal: Terminal) -> None:
    terminal.surveys.survey = SURVEY.model_copy(update={"kiosk": Kiosk()})
    assert terminal.data()["exit"] is None and 'id="corner"' not in terminal.page()


def test_the_page_is_allowed_exactly_what_is_in_it(terminal: Terminal) -> None:
    answer = terminal.get()
    policy = dict(part.split(" ", 1) for part in answer["headers"]["content-security-policy"].split("; "))
    assert policy["default-src"] == policy["form-action"] == policy["frame-ancestors"] == "'none'"
    assert policy["connect-src"] == policy["worker-src"] == "'self'"
    for tag, directive in (("script", "script-src"), ("style", "style-src")):
        (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", answer["body"], re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert policy[directive] == f"'sha256-{digest}'"
    assert " style=" not in answer["body"] and " onclick" not in answer["body"]
    assert (answer["headers"]["referrer-policy"], answer["headers"]["cache-control"]) == ("no-referrer", "no-store")


def test_what_the_survey_says_stays_text(terminal: Terminal) -> None:
    page = terminal.page()
    assert "<Paper>" not in page and page.count("</script>") == 2
    assert terminal.data()["words"]["en"]["questions"][0]["text"] == "How was it </script>?"


def test_the_same_version_is_the_same_page_and_another_one_has_another_edition(terminal: Terminal) -> None:
    def edition() -> str:
        (found,) = re.findall(r'data-edition="(\w+)"', terminal.page())
        return found

    first = edition()
    assert edition() == first
    terminal.surveys.survey = SURVEY.model_copy(update={"thanks": {"en": "Thanks!"}})
    assert edition() != first


@pytest.mark.parametrize(
    ("request_", "status", "says"),
    [
        ({"query": ""}, 403, "not complete"),
        ({"query": "key=pk_other"}, 403, "not complete"),
        ({"query": "key=sk_own"}, 403, "not complete"),
        ({"survey": "elsewhere"}, 404, "nothing to answer"),
        ({"survey": "a%23b"}, 404, "nothing to answer"),
    ],
)
def test_who_may_not_open_it_gets_a_kind_page(
    terminal: Terminal, request_: Mapping[str, str], status: int, says: str
) -> None:
    answer = terminal.get(**request_)
    assert answer["statusCode"] == status and says in answer["body"]
    assert answer["headers"]["content-type"] == "text/html; charset=utf-8"


def test_closed_surveys_and_outages_are_told_kindly(terminal: Terminal) -> None:
    terminal.surveys.archived = True
    assert terminal.get()["statusCode"] == 404
    terminal.surveys.away = True
    answer = terminal.get()
    assert answer["statusCode"] == 503 and "try again in a minute" in answer["body"]


def test_head_answers_as_get_without_a_body(terminal: Terminal) -> None:
    get, head = terminal.get(), terminal.get(method="HEAD")
    assert head == {**get, "body": ""}


def test_the_worker_is_looked_for_anew_each_time_and_may_only_ask_us(terminal: Terminal) -> None:
    event = gateway_event("GET", "/k/sw.js", path="/k/sw.js", query="", parameters={}, headers={})
    answer = app.lambda_handler(event, LambdaContext())
    assert (answer["statusCode"], answer["headers"]["content-type"]) == (200, "text/javascript; charset=utf-8")
    assert answer["headers"]["cache-control"] == "no-cache"
    assert answer["headers"]["content-security-policy"] == "default-src 'none'; connect-src 'self'"
