"""What browsers load, by the function's handler: the script, the questions, and the page behind a link."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode

import pytest

from functions.pages import app
from functions.pages.service import Pages
from functions.pages.views import question_view, readable_on
from shared.domain.api_keys import ApiKey, KeyKind, key_hash
from shared.domain.links import LinkChannel, ServedPage, SurveyLink
from shared.domain.published import PublishedSurvey
from shared.domain.surveys import Brand, Look, Option, Question, Scale, Survey
from shared.errors import TemporaryError
from shared.tokens import Links, Purpose, verified
from tests.conftest import LambdaContext
from tests.fakes.clock import NOON, FrozenClock
from tests.fakes.gateway import gateway_event, path_parameters

KEY = "pk_shop"
SHOP = "https://shop.example"
WIDGET_LIMIT = 5 * 1024
SURVEY = Survey(
    survey_id="checkout",
    version=3,
    name="After checkout",
    touchpoint="checkout",
    brand=Brand(name="<Paper> & Ink", colour="#ffd400"),
    questions=(
        Question(id="recommend", scale=Scale.NPS, text={"en": "How likely?", "de": "Wie wahrscheinlich?"}),
        Question(id="why", scale=Scale.TEXT, text={"en": "Why </script>?"}, bands=("negative",)),
    ),
    thanks={"de": "Danke!"},
)
LINK = SurveyLink(
    survey_id="checkout",
    response_id="0190f3c2-7c1e-7d2b-9d3a-5b1f8a2c4e6d",
    person_id="per_1",
    subject_type="delivery",
    subject_id="D-1",
    expires_at=int(NOON.timestamp()) + 60,
)
RATED = LINK.model_copy(update={"channel": LinkChannel.EMAIL, "rated": True})


class Surveys:
    """One survey with one key for one shop; or an outage."""

    def __init__(self) -> None:
        self.away = False
        self.archived = False
        self.reads = 0

    def current(self, survey_id: str) -> PublishedSurvey | None:
        self.reads += 1
        if self.away:
            raise TemporaryError("the table is away")
        key = ApiKey(
            key_hash=key_hash(KEY),
            kind=KeyKind.PUBLISHABLE,
            name="shop",
            created_at=NOON,
            survey_id="checkout",
            origins=(SHOP,),
        )
        found = PublishedSurvey(survey=SURVEY, keys=(key,), archived=self.archived)
        return found if survey_id == "checkout" else None


class Got(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def text(self) -> str:
        return self.body.decode()


class Browser:
    """Asks the handler as the gateway would."""

    def __init__(self, surveys: Surveys, links: Links) -> None:
        self.surveys = surveys
        self.links = links

    def get(
        self, path: str, route: str, query: Mapping[str, str] | None = None, method: str = "GET", **headers: str
    ) -> Got:
        event = gateway_event(
            method,
            route,
            path=path,
            query=urlencode(query or {}),
            parameters=path_parameters(route, path) or {},
            headers={name.replace("_", "-"): value for name, value in headers.items()},
        )
        answer = app.lambda_handler(event, LambdaContext())
        raw = answer["body"]
        return Got(
            answer["statusCode"],
            answer["headers"],
            base64.b64decode(raw) if answer["isBase64Encoded"] else raw.encode(),
        )

    def script(self, method: str = "GET", **headers: str) -> Got:
        return self.get("/widget.js", "/widget.js", {}, method, **headers)

    def questions(self, survey_id: str = "checkout", method: str = "GET", **query: str) -> Got:
        route = "/v1/surveys/{survey_id}/widget"
        return self.get(f"/v1/surveys/{survey_id}/widget", route, query, method, origin=SHOP)

    def page(self, token: str | None = None, survey_id: str = "checkout", method: str = "GET", **headers: str) -> Got:
        query = {} if token is None else {"t": token}
        return self.get(f"/s/{survey_id}", "/s/{survey_id}", query, method, **headers)

    def rating(self, rating: str = "9", method: str = "GET", token: str | None = None, **headers: str) -> Got:
        token = token or self.links.sign(RATED)
        return self.get(f"/r/{token}", "/r/{token}", {"rating": rating}, method, **headers)


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Browser:
    surveys, links = Surveys(), Links(lambda: ("a key of the test",), FrozenClock(NOON))
    pages = Pages(surveys, links)
    monkeypatch.setattr(app, "service", lambda: pages)
    return Browser(surveys, links)


def test_the_widget_is_at_most_five_kilobytes_on_the_wire(browser: Browser) -> None:
    got = browser.script(accept_encoding="gzip, br")
    assert got.headers["content-encoding"] == "gzip"
    assert len(got.body) <= WIDGET_LIMIT
    assert gzip.decompress(got.body) == browser.script().body


def test_the_widget_is_plain_for_who_takes_no_gzip(browser: Browser) -> None:
    for accepted in ("", "br", "gzip;q=0", "gzip; q=0.0, br"):
        got = browser.script(accept_encoding=accepted)
        assert "content-encoding" not in got.headers and got.text.startswith("/* Hearback")


def test_a_browser_that_has_the_script_gets_an_empty_304(browser: Browser) -> None:
    first = browser.script(accept_encoding="gzip")
    for known in (first.headers["etag"], f'"other", W/{first.headers["etag"]}', "*"):
        again = browser.script(accept_encoding="gzip", if_none_match=known)
        assert (again.status, again.body) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
    assert browser.script(if_none_match='"other"').status == 200
    assert browser.script(if_none_match=first.headers["etag"]).status == 200, "the plain one is another version"


def test_head_answers_as_get_without_a_body(browser: Browser) -> None:
    for get, head in (
        (browser.script(), browser.script(method="HEAD")),
        (browser.page(browser.links.sign(LINK)), browser.page(browser.links.sign(LINK), method="HEAD")),
    ):
        assert (head.status, head.headers, head.body) == (get.status, get.headers, b"")


def test_the_questions_come_in_one_answer_with_all_that_a_page_shows(browser: Browser) -> None:
    got = browser.questions(key=KEY)
    assert got.status == 200
    assert got.json() == {
        "survey_id": "checkout",
        "version": 3,
        "locale": "en",
        "brand": {"name": "<Paper> & Ink", "colour": "#ffd400", "on_colour": "#111111"},
        "questions": [
            {
                "id": "recommend",
                "scale": "nps",
                "look": "numbers",
                "bands": [],
                "low": 0,
                "high": 10,
                "options": [
                    {"value": rating, "text": str(rating), "label": str(rating), "band": band}
                    for rating, band in enumerate(["negative"] * 7 + ["neutral"] * 2 + ["positive"] * 2)
                ],
                "text": "How likely?",
                "low_text": "Not at all likely",
                "high_text": "Extremely likely",
            },
            {
                "id": "why",
                "scale": "text",
                "look": None,
                "bands": ["negative"],
                "low": None,
                "high": None,
                "options": [],
                "text": "Why </script>?",
                "low_text": "",
                "high_text": "",
            },
        ],
        "thanks": "Thank you. We read every answer.",
        "texts": {
            "comment": "What is the main reason for your rating?",
            "send": "Send",
            "skip": "Skip",
            "close": "Close",
            "refused": "Your answer could not be saved.",
        },
        "funnel": False,
        "response_id": None,
    }


@pytest.mark.parametrize(
    ("scale", "shown"),
    [
        (Scale.CSAT, [(1, "1"), (2, "2"), (3, "3"), (4, "4"), (5, "5")]),
        (Scale.CSAT_3, [(1, "😞"), (2, "😐"), (3, "😊")]),
        (Scale.CES_7, [(rating, str(rating)) for rating in range(1, 8)]),
        (Scale.EXPECTATION, [(1, "Schlechter als erwartet"), (2, "Wie erwartet"), (3, "Besser als erwartet")]),
        (Scale.CHOICE, [(7, "Ein Freund"), (2, "A search")]),
        (Scale.TEXT, []),
    ],
)
def test_each_scale_is_shown_by_its_answers_in_the_readers_language(scale: Scale, shown: list[tuple[int, str]]) -> None:
    options = (Option(value=7, text={"en": "A friend", "de": "Ein Freund"}), Option(value=2, text={"en": "A search"}))
    question = Question(id="asked", scale=scale, text={"en": "x"}, options=options if scale is Scale.CHOICE else ())
    view = question_view(SURVEY, question, "de")
    assert [(option.value, option.text) for option in view.options] == shown
    assert (view.low is None) == (scale in {Scale.CHOICE, Scale.TEXT})


@pytest.mark.parametrize(
    ("scale", "look", "shown", "called"),
    [
        (Scale.CSAT, None, "12345", ("1", "5")),
        (Scale.CSAT, Look.STARS, "★★★★★", ("1 Stern", "5 Sterne")),
        (Scale.CSAT, Look.SMILEYS, "😠😞😐😊😀", ("Sehr unzufrieden", "Sehr zufrieden")),
        (Scale.CSAT_3, None, "😞😐😊", ("Unzufrieden", "Zufrieden")),
        (Scale.CSAT_3, Look.NUMBERS, "123", ("1", "3")),
        (Scale.CSAT_3, Look.STARS, "★★★", ("1 Stern", "3 Sterne")),
        (Scale.CES, Look.SMILEYS, "😠😞😐😊😀", ("Stimme gar nicht zu", "Stimme voll zu")),
    ],
)
def test_a_picture_has_a_name_for_who_does_not_see_it(
    scale: Scale, look: Look | None, shown: str, called: tuple[str, str]
) -> None:
    view = question_view(SURVEY, Question(id="asked", scale=scale, text={"en": "x"}, look=look), "de")
    assert "".join(option.text for option in view.options) == shown
    assert (view.options[0].label, view.options[-1].label) == called
    assert view.look == (look or scale.looks[0])
    assert (view.options[0].band, view.options[-1].band) == ("negative", "positive")


@pytest.mark.parametrize(
    ("locale", "header", "asked_in", "thanks"),
    [
        ("de", "en", "de", "Danke!"),
        ("de-AT", "", "de", "Danke!"),
        ("fr", "de;q=0.8, en;q=0.9", "en", "Thank you. We read every answer."),
        ("", "fr, de;q=0.5, en;q=0", "de", "Danke!"),
        ("", "DE_at", "de", "Danke!"),
        ("", "zh-Hant-TW, *;q=0.1", "en", "Thank you. We read every answer."),
        ("", ";;q=,,de;q=9," + "x" * 5000, "en", "Thank you. We read every answer."),
    ],
)
def test_the_page_chooses_the_language_then_the_browser_then_the_survey(
    browser: Browser, locale: str, header: str, asked_in: str, thanks: str
) -> None:
    path, route = "/v1/surveys/checkout/widget", "/v1/surveys/{survey_id}/widget"
    got = browser.get(path, route, {"key": KEY, "locale": locale}, origin=SHOP, accept_language=header).json()
    assert (got["locale"], got["thanks"]) == (asked_in, thanks)


@pytest.mark.parametrize(
    ("survey_id", "query", "status"),
    [
        ("checkout", {}, 401),
        ("checkout", {"key": "pk_other"}, 401),
        ("checkout", {"key": ""}, 401),
        ("nowhere", {"key": KEY}, 404),
        ("no#where", {"key": KEY}, 404),
        ("checkout", {"t": "forged"}, 401),
    ],
)
def test_a_refusal_can_be_read_by_the_page(
    browser: Browser, survey_id: str, query: dict[str, str], status: int
) -> None:
    got = browser.questions(survey_id, **query)
    assert (got.status, got.headers["content-type"]) == (status, "application/problem+json")
    assert got.headers["access-control-allow-origin"] == "*"
    assert got.json()["detail"]


def test_a_foreign_page_is_refused_and_may_not_read_why(browser: Browser) -> None:
    path, route = "/v1/surveys/checkout/widget", "/v1/surveys/{survey_id}/widget"
    got = browser.get(path, route, {"key": KEY}, origin="https://elsewhere.example")
    assert got.status == 403 and "access-control-allow-origin" not in got.headers
    assert browser.questions(key=KEY).headers["access-control-allow-origin"] == SHOP


def test_a_signed_link_opens_its_own_survey_and_no_other(browser: Browser) -> None:
    token = browser.links.sign(LINK)
    opened = browser.questions(t=token)
    assert (opened.status, opened.json()["response_id"]) == (200, LINK.response_id)
    other = browser.links.sign(LINK.model_copy(update={"survey_id": "other"}))
    assert browser.questions(t=other).status == 403


def test_a_preflight_lets_the_header_with_the_key_through(browser: Browser) -> None:
    got = browser.questions(method="OPTIONS")
    assert (got.status, got.body) == (204, b"")
    assert got.headers["access-control-allow-headers"] == "authorization"
    assert got.headers["access-control-allow-origin"] == SHOP


def test_the_page_is_allowed_exactly_what_is_in_it(browser: Browser) -> None:
    got = browser.page(browser.links.sign(LINK))
    policy = dict(part.split(" ", 1) for part in got.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == policy["form-action"] == policy["frame-ancestors"] == "'none'"
    for tag, directive in (("script", "script-src"), ("style", "style-src")):
        (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", got.text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert policy[directive] == f"'sha256-{digest}'"
    assert " style=" not in got.text and " onclick" not in got.text


def test_the_page_shows_a_brands_words_and_never_runs_them(browser: Browser) -> None:
    text = browser.page(browser.links.sign(LINK)).text
    assert "&lt;Paper&gt; &amp; Ink" in text and "Why &lt;/script&gt;?" in text
    assert "<Paper>" not in text and text.count("</script>") == 1


def test_the_page_keeps_its_token_to_itself(browser: Browser) -> None:
    headers = browser.page(browser.links.sign(LINK)).headers
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert headers["x-robots-tag"] == "noindex"


@pytest.mark.parametrize(
    ("change", "status", "says"),
    [
        ({"expires_at": int(NOON.timestamp())}, 410, "This link has expired"),
        ({"survey_id": "other"}, 403, "This link is not complete"),
    ],
)
def test_a_link_that_opens_nothing_gets_a_kind_page(
    browser: Browser, change: dict[str, Any], status: int, says: str
) -> None:
    got = browser.page(browser.links.sign(LINK.model_copy(update=change)))
    assert got.status == status and says in got.text and "<form" not in got.text
    assert got.headers["content-type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize("token", [None, "", "x", "x.y", "é" * 10, "a" * 5000])
def test_no_link_and_nonsense_get_a_kind_page_too(browser: Browser, token: str | None) -> None:
    got = browser.page(token, accept_language="de")
    assert got.status == 403 and "Dieser Link ist unvollständig" in got.text and '<html lang="de">' in got.text


def test_a_link_to_a_survey_that_is_gone_gets_a_kind_page(browser: Browser) -> None:
    got = browser.page(browser.links.sign(LINK.model_copy(update={"survey_id": "gone"})), "gone")
    assert got.status == 404 and "There is nothing to answer here" in got.text


def test_a_survey_that_was_archived_is_shown_no_more(browser: Browser) -> None:
    browser.surveys.archived = True
    assert browser.questions(key=KEY).status == 404
    got = browser.page(browser.links.sign(LINK))
    assert got.status == 404 and "There is nothing to answer here" in got.text


def chosen(got: Got) -> list[str]:
    return re.findall(r'value="(\d+)"[^>]* checked', got.text)


@pytest.mark.parametrize("rating", [str(each) for each in range(11)])
def test_behind_a_rating_of_an_email_that_rating_is_chosen(browser: Browser, rating: str) -> None:
    assert chosen(browser.rating(rating)) == [rating]


@pytest.mark.parametrize("rating", ["", "11", "-1", "9.0", "09", "nine", "9" * 5000, "\u0669"])
def test_what_is_no_rating_of_the_survey_is_not_chosen(browser: Browser, rating: str) -> None:
    got = browser.rating(rating)
    assert (got.status, chosen(got)) == (200, [])


def test_the_page_behind_a_rating_gets_what_proves_a_press_on_it(browser: Browser) -> None:
    for got in (browser.rating(), browser.page(browser.links.sign(RATED))):
        (nonce,) = re.findall(r'data-nonce="([^"]+)"', got.text)
        served = verified(["a key of the test"], Purpose.PAGE_PROOF, ServedPage, nonce)
        assert served == ServedPage(response_id=LINK.response_id, issued_at=int(NOON.timestamp() * 1000))
    assert 'data-nonce=""' in browser.page(browser.links.sign(LINK)).text


def test_a_form_posted_to_it_gets_the_page_again(browser: Browser) -> None:
    for method in ("GET", "HEAD", "POST"):
        assert browser.rating("3", method).status == 200
    assert chosen(browser.rating("3", "POST")) == ["3"]
    assert "form-action 'self'" in browser.rating().headers["content-security-policy"]


def test_a_rating_of_a_link_that_opens_nothing_gets_a_kind_page(browser: Browser) -> None:
    expired = browser.links.sign(RATED.model_copy(update={"expires_at": int(NOON.timestamp())}))
    gone = browser.links.sign(RATED.model_copy(update={"survey_id": "gone"}))
    for token, status in ((expired, 410), (gone, 404), ("forged.token", 403)):
        for method in ("GET", "POST"):
            got = browser.rating("9", method, token)
            assert got.status == status and "<form" not in got.text


def test_a_publishable_key_opens_the_page_for_everybody(browser: Browser) -> None:
    got = browser.get("/s/checkout", "/s/{survey_id}", {"key": KEY})
    assert got.status == 200
    assert f'data-to="../v1/surveys/checkout/responses?key={KEY}"' in got.text and 'data-response=""' in got.text
    for key in ("pk_other", "sk_secret", ""):
        assert browser.get("/s/checkout", "/s/{survey_id}", {"key": key}).status == 403


def test_in_an_outage_the_page_says_to_come_back(browser: Browser) -> None:
    browser.surveys.away = True
    got = browser.page(browser.links.sign(LINK))
    assert got.status == 503 and "try again in a minute" in got.text
    assert browser.questions(key=KEY).status == 503


def test_a_forged_link_costs_no_read(browser: Browser) -> None:
    browser.page("forged.token")
    assert browser.surveys.reads == 0


@pytest.mark.parametrize(
    ("colour", "on_it"),
    [
        ("#000000", "#ffffff"),
        ("#1f4b99", "#ffffff"),
        ("#ffffff", "#111111"),
        ("#ffd400", "#111111"),
        ("#FF5A5F", "#111111"),
    ],
)
def test_text_on_a_brands_colour_can_be_read(colour: str, on_it: str) -> None:
    assert readable_on(colour) == on_it
