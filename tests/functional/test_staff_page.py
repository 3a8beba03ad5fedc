"""The staff page: who may write surveys, and that nothing typed is lost, published twice, or counted before it is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest

from functions.staff.app import OPERATIONS
from shared.domain.drafts import DRAFT_VERSION, previewed
from shared.domain.messages import MessageKind
from shared.domain.people import Person
from shared.errors import TemporaryError
from shared.storage.api_keys import ApiKeyRepository
from shared.storage.drafts import DraftRepository
from shared.storage.surveys import SurveyRepository
from shared.texts.rendering import InvitationLinks, Rendering
from tests.functional.http_stack import FORM, SESSION_COOKIE, SHOP, SURVEY, HttpStack, http_stack

XSS = "<img src=x onerror=alert(1)>\"'"
NEW = "/staff/surveys/new"


@pytest.fixture(scope="module")
def _shared() -> Iterator[HttpStack]:
    with http_stack() as stack:
        yield stack


@pytest.fixture
def stack(_shared: HttpStack) -> HttpStack:
    """The same stack for all, each survey as it was published first."""
    for listed in drafts(_shared).list_drafts():
        draft = drafts(_shared).get(listed.survey_id)
        assert draft is not None
        drafts(_shared).discard(listed.survey_id, draft.revision)
    surveys(_shared).publish(SURVEY)
    _shared.queued("responses")
    return _shared


def surveys(stack: HttpStack) -> SurveyRepository:
    return SurveyRepository(stack.dynamodb, "surveys")


def drafts(stack: HttpStack) -> DraftRepository:
    return DraftRepository(stack.dynamodb, "surveys")


class Fields(HTMLParser):
    """What a browser would send of a page's form, untouched."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: dict[str, str] = {}
        self._select = self._area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        name = told.get("name") or ""
        if tag == "input" and (told.get("type") != "checkbox" or "checked" in told):
            self.sent[name] = told.get("value") or ""
        elif tag == "select":
            self._select = name
        elif tag == "option" and "selected" in told:
            self.sent[self._select] = told.get("value") or ""
        elif tag == "textarea":
            self._area = name
            self.sent[name] = ""

    def handle_endtag(self, tag: str) -> None:
        self._area = "" if tag == "textarea" else self._area

    def handle_data(self, data: str) -> None:
        if self._area:
            self.sent[self._area] += data


def form_in(answer: dict[str, Any]) -> dict[str, str]:
    parser = Fields()
    parser.feed(answer["body"])
    return parser.sent


def get(stack: HttpStack, path: str, session: str | None = None, **query: str) -> dict[str, Any]:
    cookie = {"cookie": f"{SESSION_COOKIE}={session or stack.session()}"}
    return stack.call("GET", path, headers=cookie, query=query)


def press(stack: HttpStack, path: str, do: str, fields: dict[str, str], **headers: str) -> dict[str, Any]:
    cookie = {"cookie": f"{SESSION_COOKIE}={stack.session()}"}
    return stack.call("POST", path, headers={**FORM, **cookie, **headers}, body=urlencode({**fields, "do": do}))


def opened(stack: HttpStack, survey_id: str = "delivery") -> dict[str, str]:
    return form_in(get(stack, f"/staff/surveys/{survey_id}"))


def text_of(answer: dict[str, Any]) -> str:
    html = re.sub(r"<(style|script)\b.*?</\1>", " ", answer["body"], flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def frame_token(stack: HttpStack, survey_id: str) -> str:
    page = get(stack, f"/staff/surveys/{survey_id}/preview", channel="link")
    source = re.findall(r'<iframe[^>]* src="([^"]+)"', page["body"])[0]
    return dict(parse_qsl(unescape(source).partition("?")[2]))["t"]


class TestANewSurvey:
    def test_is_written_kept_as_a_draft_and_asks_nobody_before_it_is_published(self, stack: HttpStack) -> None:
        fields = form_in(get(stack, NEW)) | {
            "survey_id": "chat",
            "name": "After a chat",
            "touchpoint": "support_chat",
            "brand.name": "Example Shop",
            "questions.0.id": "helped",
            "questions.0.scale": "csat_3",
            "questions.0.text.en": "Did we help?",
        }
        answer = press(stack, NEW, "save", fields)
        assert (answer["statusCode"], answer["headers"]["location"]) == (303, "/staff/surveys/chat?said=saved")
        assert surveys(stack).current("chat") is None
        assert "draft, not published yet" in text_of(get(stack, "/staff/surveys"))
        assert "Publish the survey first" in text_of(get(stack, "/staff/surveys/chat/use"))

        answer = press(stack, "/staff/surveys/chat", "publish", opened(stack, "chat"))
        assert answer["headers"]["location"] == "/staff/surveys/chat?said=published"
        published = surveys(stack).current("chat")
        assert published is not None and published.survey.version == 1
        assert published.survey.questions[0].text == {"en": "Did we help?"}
        assert drafts(stack).get("chat") is None

    @pytest.mark.parametrize(("survey_id", "status"), [("", 422), ("a b", 422), ("new", 422), ("delivery", 409)])
    def test_needs_an_id_that_nobody_has(self, stack: HttpStack, survey_id: str, status: int) -> None:
        answer = press(stack, NEW, "save", opened(stack) | {"survey_id": survey_id, "name": XSS})
        assert answer["statusCode"] == status
        assert re.search(r'id="survey_id"[^>]*aria-invalid="true"', answer["body"])
        assert form_in(answer)["survey_id"] == survey_id and form_in(answer)["name"] == XSS
        assert drafts(stack).list_drafts() == []


class TestADraft:
    def test_is_what_the_page_begins_with_next_time(self, stack: HttpStack) -> None:
        assert press(stack, "/staff/surveys/delivery", "save", opened(stack) | {"name": "Other"})["statusCode"] == 303
        assert opened(stack)["name"] == "Other"
        draft = drafts(stack).get("delivery")
        current = surveys(stack).current("delivery")
        assert draft is not None and current is not None
        assert (draft.saved_by, draft.based_on) == ("secret-own", current.survey.version)
        assert current.survey == SURVEY.model_copy(update={"version": current.survey.version})
        assert "Draft of secret-own" in text_of(get(stack, "/staff/surveys/delivery"))

    def test_is_discarded_by_a_button(self, stack: HttpStack) -> None:
        press(stack, "/staff/surveys/delivery", "save", opened(stack) | {"name": "Other"})
        answer = press(stack, "/staff/surveys/delivery", "discard", opened(stack))
        assert answer["headers"]["location"] == "/staff/surveys/delivery?said=discarded"
        assert opened(stack)["name"] == SURVEY.name

    def test_with_a_fault_comes_back_with_all_that_was_typed(self, stack: HttpStack) -> None:
        wrong = {"name": XSS * 9, "journey_position": "third", "questions.1.text.en": "", "alert_to": "me"}
        fields = opened(stack) | wrong
        for do in ("save", "preview", "publish"):
            answer = press(stack, "/staff/surveys/delivery", do, fields)
            assert answer["statusCode"] == 422
            assert form_in(answer) == fields
            assert re.search(
                r'id="journey_position"[^>]*aria-describedby="[^"]*error1"[^>]*aria-invalid', answer["body"]
            )
            assert '<a href="#alert_to">' in answer["body"]
            assert XSS not in answer["body"].replace(XSS.replace("<", "&lt;"), "")
        assert drafts(stack).get("delivery") is None

    def test_that_somebody_else_saved_meanwhile_is_not_overwritten_unseen(self, stack: HttpStack) -> None:
        mine, theirs = opened(stack) | {"name": "Mine"}, opened(stack) | {"name": "Theirs"}
        assert press(stack, "/staff/surveys/delivery", "save", theirs)["statusCode"] == 303
        answer = press(stack, "/staff/surveys/delivery", "save", mine)
        assert answer["statusCode"] == 409
        assert "name Mine Theirs" in text_of(answer)
        again = form_in(answer)
        assert again["name"] == "Mine"
        assert press(stack, "/staff/surveys/delivery", "save", again)["statusCode"] == 303
        assert opened(stack)["name"] == "Mine"

    def test_is_saved_again_after_an_answer_was_lost(self, stack: HttpStack, monkeypatch: pytest.MonkeyPatch) -> None:
        draft_fields = opened(stack) | {"name": "Mine"}
        with monkeypatch.context() as patch:
            patch.setattr(DraftRepository, "save", away)
            answer = press(stack, "/staff/surveys/delivery", "save", draft_fields)
        assert answer["statusCode"] == 503
        assert form_in(answer) == draft_fields
        assert press(stack, "/staff/surveys/delivery", "save", form_in(answer))["statusCode"] == 303


def away(*_: object, **__: object) -> None:
    raise TemporaryError("nothing answers")


class TestPublishing:
    def test_over_a_version_that_was_not_seen_shows_both_and_publishes_nothing(self, stack: HttpStack) -> None:
        mine = opened(stack) | {"questions.0.text.en": "Mine?"}
        surveys(stack).publish(SURVEY.model_copy(update={"name": "Theirs"}))
        answer = press(stack, "/staff/surveys/delivery", "publish", mine)
        assert answer["statusCode"] == 409
        said = text_of(answer)
        assert "questions.0.text.en Mine? Would you recommend us?" in said and "name Delivery Theirs" in said
        assert form_in(answer)["questions.0.text.en"] == "Mine?"
        current = surveys(stack).current("delivery")
        assert current is not None and current.survey.name == "Theirs"
        # What was shown now may be gone over; a version newer than that, again not.
        second = surveys(stack).publish(SURVEY.model_copy(update={"name": "Theirs again"}))
        assert press(stack, "/staff/surveys/delivery", "publish", form_in(answer))["statusCode"] == 409
        seen = form_in(press(stack, "/staff/surveys/delivery", "publish", form_in(answer)))
        assert press(stack, "/staff/surveys/delivery", "publish", seen)["statusCode"] == 303
        current = surveys(stack).current("delivery")
        assert current is not None
        assert (current.survey.version, current.survey.name) == (second.version + 1, "Delivery")

    def test_leaves_a_question_its_scale(self, stack: HttpStack) -> None:
        fields = opened(stack) | {"questions.1.scale": "ces", "name": "Kept"}
        answer = press(stack, "/staff/surveys/delivery", "publish", fields)
        assert answer["statusCode"] == 409
        assert re.search(r'id="questions.1.scale"[^>]*aria-invalid="true"', answer["body"])
        assert "must stay csat" in text_of(answer)
        assert form_in(answer) == fields

    def test_keeps_a_draft_that_somebody_else_saved_since(self, stack: HttpStack) -> None:
        mine = opened(stack) | {"name": "Mine"}
        press(stack, "/staff/surveys/delivery", "save", opened(stack) | {"name": "Theirs"})
        assert press(stack, "/staff/surveys/delivery", "publish", mine)["statusCode"] == 303
        draft = drafts(stack).get("delivery")
        assert draft is not None and draft.definition.name == "Theirs"


class TestASession:
    def test_that_has_ended_loses_nothing_typed_and_reads_nothing(
        self, stack: HttpStack, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        fields = opened(stack) | {"name": "An hour of work"}
        monkeypatch.setattr(SurveyRepository, "current", away)
        monkeypatch.setattr(DraftRepository, "get", away)
        answer = press(stack, "/staff/surveys/delivery", "save", fields, cookie="")
        assert answer["statusCode"] == 403
        assert form_in(answer) == fields
        assert 'href="/scores?to=%2Fstaff%2Fsurveys%2Fdelivery" target="_blank"' in answer["body"]

    def test_is_opened_where_the_scores_are_and_leads_back(self, stack: HttpStack) -> None:
        login = stack.call("GET", "/staff/surveys/delivery/use")
        assert login["statusCode"] == 403
        (to,) = re.findall(r'<form method="post" action="/scores\?to=([^"]+)"', login["body"])
        assert to == "%2Fstaff%2Fsurveys%2Fdelivery%2Fuse"
        body = urlencode({"key": "sk_own"})
        answer = stack.call("POST", "/scores", headers=FORM, query={"to": "/staff/surveys/delivery/use"}, body=body)
        assert answer["headers"]["location"] == "/staff/surveys/delivery/use"

    @pytest.mark.parametrize(
        "to", ["//evil.example", "https://evil.example/staff/surveys", "/staff/surveys/../../x", "/staff/surveys\r\nx"]
    )
    def test_leads_to_no_address_of_somebody_else(self, stack: HttpStack, to: str) -> None:
        answer = stack.call("POST", "/scores", headers=FORM, query={"to": to}, body=urlencode({"key": "sk_own"}))
        assert answer["headers"]["location"].startswith("/scores?to=")

    @pytest.mark.parametrize("origin", ["null", "https://evil.example", ""])
    def test_takes_forms_from_our_own_page_only(self, stack: HttpStack, origin: str) -> None:
        before = stack.everything_kept()
        for path, do in ((NEW, "save"), ("/staff/surveys/delivery", "publish"), ("/staff/surveys/delivery", "discard")):
            answer = press(stack, path, do, opened(stack) | {"name": "Forged", "survey_id": "forged"}, origin=origin)
            assert answer["statusCode"] == 403
        assert stack.everything_kept() == before


class TestAPreview:
    def test_shows_the_draft_by_the_widgets_own_address_while_customers_see_the_version(self, stack: HttpStack) -> None:
        press(stack, "/staff/surveys/delivery", "save", opened(stack) | {"questions.0.text.en": "Drafted?"})
        token = frame_token(stack, "delivery")
        seen = json.loads(stack.call("GET", "/v1/surveys/delivery/widget", query={"t": token})["body"])
        assert (seen["questions"][0]["text"], seen["version"], seen["funnel"]) == ("Drafted?", DRAFT_VERSION, False)
        public = {"authorization": "Bearer pk_own"}
        asked = json.loads(stack.call("GET", "/v1/surveys/delivery/widget", headers=public)["body"])
        assert asked["questions"][0]["text"] == "Would you recommend us?"

    @pytest.mark.parametrize("path", ["/s/delivery", "/k/delivery"])
    def test_frames_the_pages_of_a_draft_and_of_nothing_else(self, stack: HttpStack, path: str) -> None:
        press(stack, "/staff/surveys/delivery", "save", opened(stack) | {"questions.0.text.en": "Drafted?"})
        draft = stack.call("GET", path, query={"t": frame_token(stack, "delivery"), "locale": "en"})
        asked = stack.call("GET", path, query={"key": "pk_own"})
        assert "Drafted?" in draft["body"] and "Drafted?" not in asked["body"]
        assert "frame-ancestors 'self'" in draft["headers"]["content-security-policy"]
        assert "frame-ancestors 'none'" in asked["headers"]["content-security-policy"]

    def test_of_the_invitation_is_the_mail_that_would_be_sent(self, stack: HttpStack) -> None:
        press(stack, "/staff/surveys/delivery", "save", opened(stack) | {"questions.0.text.en": "Drafted?"})
        mail = get(stack, "/staff/surveys/delivery/preview/email", locale="en")
        draft = drafts(stack).get("delivery")
        assert draft is not None
        ratings = re.findall(r'href="(/r/[^"?]+)\?rating=(\d+)"', mail["body"])
        assert [rating for _, rating in ratings] == [str(rating) for rating in range(11)]
        links = InvitationLinks(address=ratings[0][0], unsubscribe="#")
        survey, ada = previewed("delivery", draft.definition), Person(person_id="per_1", name="Ada")
        kind = MessageKind.SURVEY_INVITATION
        sent = Rendering().question(kind, "en", survey, ada, links, about_delivery=True).email()
        assert mail["body"] == sent.html and "Drafted?" in sent.html
        assert sent.subject in text_of(get(stack, "/staff/surveys/delivery/preview", channel="email"))
        page = stack.call("GET", ratings[0][0], query={"rating": "9"})
        assert re.search(r'value="9" data-band="positive" checked', page["body"]) and "Drafted?" in page["body"]
        assert "frame-ancestors 'self'" in page["headers"]["content-security-policy"]

    def test_takes_answers_as_tests_whatever_they_say(self, stack: HttpStack) -> None:
        fields = opened(stack) | {"questions.0.id": "tried", "questions.0.scale": "ces_7"}
        press(stack, "/staff/surveys/delivery", "save", fields)
        query = {"t": frame_token(stack, "delivery")}
        body = {"response_id": "0190f3c2-7c1e-7d2b-9d3a-5b1f8a2c4e6d", "answers": {"tried": 6}, "test": False}
        answer = stack.call("POST", "/v1/surveys/delivery/responses", query=query, body=body)
        assert answer["statusCode"] == 202
        (message,) = stack.queued("responses")
        told = message["response"]
        assert (told["test"], told["survey_version"], told["verified"]) == (True, DRAFT_VERSION, False)
        body["answers"] = {"tried": 8}
        assert stack.call("POST", "/v1/surveys/delivery/responses", query=query, body=body)["statusCode"] == 422

    def test_opens_its_own_survey_only_and_nothing_of_the_staff(self, stack: HttpStack) -> None:
        token = frame_token(stack, "delivery")
        assert stack.call("GET", "/v1/surveys/checkout/widget", query={"t": token})["statusCode"] == 403
        assert get(stack, "/staff/surveys", session=token)["statusCode"] == 403
        for query in ({"t": stack.session()}, {"t": token[:-2]}):
            assert stack.call("GET", "/v1/surveys/delivery/widget", query=query)["statusCode"] == 401
            assert stack.call("GET", "/k/delivery", query=query)["statusCode"] == 403
            assert stack.call("POST", "/v1/surveys/delivery/responses", query=query, body={})["statusCode"] == 401


def test_the_line_for_a_page_names_each_key_and_holds_none(stack: HttpStack) -> None:
    answer = get(stack, "/staff/surveys/delivery/use")
    line = '<script async src="https://hear.example.com/widget.js" data-survey="delivery" data-key="PASTE-THE-KEY">'
    assert line in text_of(answer) + unescape(answer["body"])
    assert f"With the key publishable-own, for pages of {SHOP}" in text_of(answer)
    assert "publishable-revoked" not in answer["body"] and "pk_own" not in answer["body"]


def test_the_page_speaks_german_to_who_reads_german(stack: HttpStack) -> None:
    cookie = {"cookie": f"{SESSION_COOKIE}={stack.session()}", "accept-language": "de-AT,en;q=0.5"}
    answer = stack.call("GET", "/staff/surveys/delivery", headers=cookie)
    assert '<html lang="de">' in answer["body"]
    assert "Entwurf speichern" in text_of(answer) and "Save draft" not in answer["body"]


def test_a_page_may_run_and_load_only_what_it_names(stack: HttpStack) -> None:
    allowed = {
        "/staff/surveys": ("'none'", "'none'"),
        "/staff/surveys/delivery": ("'none'", "'none'"),
        "/staff/surveys/delivery/preview": ("'none'", "'self'"),
        "/staff/surveys/delivery/use": ("'sha256-", "'none'"),
    }
    for path, (scripts, frames) in allowed.items():
        answer = get(stack, path)
        policy = dict(part.split(" ", 1) for part in answer["headers"]["content-security-policy"].split("; "))
        assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
        assert policy["script-src"].startswith(scripts) and policy["frame-src"] == frames
        assert "unsafe" not in str(policy) and policy["form-action"] == "'self'"
        assert not re.search(r"\sstyle=|\son[a-z]+=", answer["body"])
    frame = get(stack, "/staff/surveys/delivery/preview/widget")["headers"]["content-security-policy"]
    assert "frame-ancestors 'self'" in frame and "unsafe" not in frame


def test_each_declared_status_is_answered_and_no_other(stack: HttpStack, monkeypatch: pytest.MonkeyPatch) -> None:
    cookie = {"cookie": f"{SESSION_COOKIE}={stack.session()}"}
    form = {**FORM, **cookie}
    good = urlencode(opened(stack) | {"survey_id": "another", "do": "add:questions"})
    save = urlencode(opened(stack) | {"survey_id": "another", "do": "save"})
    write: list[dict[str, Any]] = [
        {"headers": form, "body": good},
        {"headers": form, "body": save},
        {"headers": form, "body": save},
        {"headers": FORM, "body": save},
        {"headers": form, "body": "do=save"},
        {"headers": form, "body": b"name=\xff", "as_base64": True},
        {"headers": form, "body": "x" * (256 * 1024 + 1)},
        {"headers": form, "body": "&".join(f"questions.{at}.id=x" for at in range(5_001))},
        {"headers": {**form, "content-type": "application/json"}, "body": "{}"},
    ]
    for operation in OPERATIONS:
        if operation.path.startswith("/staff/messages"):
            continue  # tests/functional/test_staff_messages.py
        method, path = operation.method, operation.path.replace("{survey_id}", "delivery")
        reads: list[dict[str, Any]] = [{"headers": cookie}, {}]
        answers = [stack.call(method, path, **request) for request in (write if method == "POST" else reads)]
        if "{survey_id}" in operation.path and method == "GET":
            answers.append(stack.call(method, operation.path.replace("{survey_id}", "nothing"), headers=cookie))
        with monkeypatch.context() as patch:
            patch.setattr(ApiKeyRepository, "find", away)
            answers.append(stack.call(method, path, **(write if method == "POST" else reads)[0]))
        assert {answer["statusCode"] for answer in answers} == {int(status) for status in operation.statuses}, path
        for answer in answers:
            assert answer["statusCode"] == 303 or answer["headers"]["content-type"].startswith("text/html")
            assert answer["headers"]["cache-control"] == "no-store"
    head = stack.call("HEAD", "/staff/surveys", headers=cookie)
    assert head == {**get(stack, "/staff/surveys"), "body": ""}
