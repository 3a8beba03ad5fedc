"""The links at the foot of a mail: opening one writes nothing, a press or a mail program's button is heard for good."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from shared.domain.api_keys import KeyKind
from shared.domain.links import Unsubscribe
from shared.domain.messages import Category, Channel
from shared.domain.preferences import REFUSABLE
from shared.storage.keys import opt_out_key
from shared.tokens import Purpose, UnsubscribeLinks, _serializer
from tests.functional.http_stack import LINK_KEY, HttpStack, http_stack, key

ONE_CLICK = "List-Unsubscribe=One-Click"
FORM = {"content-type": "application/x-www-form-urlencoded"}
OWN = {**FORM, "origin": "https://hear.example.com", "host": "hear.example.com"}
SECRET = {"authorization": f"Bearer {key(KeyKind.SECRET, 'own')}"}


@pytest.fixture(scope="module")
def opened() -> Iterator[HttpStack]:
    with http_stack() as stack:
        yield stack


@pytest.fixture
def stack(opened: HttpStack) -> Iterator[HttpStack]:
    yield opened
    opened.empty()


def unsubscribed(stack: HttpStack) -> list[str]:
    entries: list[dict[str, Any]] = json.loads(stack.call("GET", "/v1/unsubscribes", headers=SECRET)["body"])
    return [entry["email"] for entry in entries]


def is_marked(
    stack: HttpStack,
    address: str,
    channel: Channel = Channel.EMAIL,
    category: Category | None = Category.SURVEYS,
) -> bool:
    return "Item" in stack.dynamodb.get_item(TableName="messages", Key=opt_out_key(channel, address, category))


def test_opening_it_writes_nothing_however_it_is_opened(stack: HttpStack) -> None:
    path = f"/u/{stack.unsubscribe(stack.know('ada'))}"
    before = stack.everything_kept()
    page = stack.call("GET", path)
    assert (page["statusCode"], stack.call("HEAD", path)) == (200, {**page, "body": ""})
    for body in ("", "List-Unsubscribe=", "One-Click=1", "x" * 20_000):
        answer = stack.call("POST", path, headers=FORM, body=body)
        assert (answer["statusCode"], answer["body"]) == (200, page["body"])
    assert stack.everything_kept() == before


def test_its_button_is_heard_at_once_and_listed_and_again_changes_nothing(stack: HttpStack) -> None:
    path = f"/u/{stack.unsubscribe(stack.know('ada'))}"
    assert not is_marked(stack, "ada@example.com")
    assert "We will not ask you any more" in stack.call("POST", path, headers=FORM, body=ONE_CLICK)["body"]
    assert is_marked(stack, "ada@example.com") and unsubscribed(stack) == ["ada@example.com"]
    kept = stack.everything_kept()
    assert stack.call("POST", path, headers=FORM, body=ONE_CLICK)["statusCode"] == 200
    assert stack.everything_kept() == kept


def test_a_mail_program_may_send_either_kind_of_form(stack: HttpStack) -> None:
    """RFC 8058, 3.2: `multipart/form-data` should be sent, and the other kind may be."""
    parts = '--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--\r\n'
    path = f"/u/{stack.unsubscribe(stack.know('ada'))}"
    kind = {"content-type": "multipart/form-data; boundary=b"}
    assert stack.call("POST", path, headers=kind, body=parts.encode(), as_base64=True)["statusCode"] == 200
    assert is_marked(stack, "ada@example.com")


def test_it_is_about_the_address_that_the_person_has_now(stack: HttpStack) -> None:
    body = {"email": "ada@example.com", "phone_number": "+4915112345678", "send": False}
    person = json.loads(stack.call("POST", "/v1/people", headers=SECRET, body=body)["body"])["id"]
    token = stack.unsubscribe(person)
    stack.call("POST", "/v1/people", headers=SECRET, body={**body, "email_update": "ada@example.org"})
    now = json.loads(stack.call("GET", "/v1/people", headers=SECRET)["body"])[0]["email"]
    stack.call("POST", f"/u/{token}", headers=FORM, body=ONE_CLICK)
    assert unsubscribed(stack) == [now]


def test_an_sms_link_marks_the_number(stack: HttpStack) -> None:
    body = {"email": "ada@example.com", "phone_number": "+4915112345678", "send": False}
    person = json.loads(stack.call("POST", "/v1/people", headers=SECRET, body=body)["body"])["id"]
    token = UnsubscribeLinks(lambda: [LINK_KEY]).sign(Unsubscribe(person_id=person, channel=Channel.SMS))
    assert stack.call("POST", f"/u/{token}", headers=FORM, body=ONE_CLICK)["statusCode"] == 200
    assert is_marked(stack, "+4915112345678", Channel.SMS)
    assert not is_marked(stack, "ada@example.com") and unsubscribed(stack) == []


def test_of_somebody_who_is_not_known_any_more_it_says_the_same_and_keeps_nothing(stack: HttpStack) -> None:
    before = stack.everything_kept()
    answer = stack.call("POST", f"/u/{stack.unsubscribe('per_gone')}", headers=FORM, body=ONE_CLICK)
    assert answer["statusCode"] == 200 and "We will not ask you any more" in answer["body"]
    assert stack.everything_kept() == before


@pytest.mark.parametrize("token", ["x", "a.b", "é", "x" * 3000])
def test_a_wrong_link_gets_a_kind_page(stack: HttpStack, token: str) -> None:
    for method, body in (("GET", None), ("POST", ONE_CLICK)):
        answer = stack.call(method, f"/u/{token}", headers={**FORM, "accept-language": "de"}, body=body)
        assert answer["statusCode"] == 403 and "Dieser Link ist unvollständig" in answer["body"]


def test_it_says_to_come_back_when_it_could_not_be_kept(stack: HttpStack, monkeypatch: pytest.MonkeyPatch) -> None:
    from functions.preferences.bootstrap import service
    from shared.errors import TemporaryError

    token = stack.unsubscribe(stack.know("ada"))

    def away(*_: object) -> None:
        raise TemporaryError("the store is away")

    monkeypatch.setattr(service()._kept, "save", away)
    answer = stack.call("POST", f"/u/{token}", headers=FORM, body=ONE_CLICK)
    assert answer["statusCode"] == 503 and "try again in a minute" in answer["body"]


def test_its_page_runs_nothing_loads_nothing_and_keeps_its_address_to_itself(stack: HttpStack) -> None:
    page = stack.call("GET", f"/u/{stack.unsubscribe('per_1')}")
    policy = page["headers"]["content-security-policy"]
    assert "default-src 'none'" in policy and "form-action 'self'" in policy and "script" not in policy
    assert page["headers"]["referrer-policy"] == "no-referrer" and "<script" not in page["body"]


ADA = {"email": "ada@example.com", "phone_number": "+4915112345678", "send": False}


def known(stack: HttpStack, **changes: Any) -> str:
    posted = stack.call("POST", "/v1/people", headers=SECRET, body={**ADA, **changes})
    return str(json.loads(posted["body"])["id"])


def boxes(html: str) -> dict[str, bool]:
    """Each choice on a page, and whether it has a tick."""
    found = re.findall(r'<input type="checkbox" name="([^"]+)"[^>]*?( checked)?>', html)
    return {name: bool(ticked) for name, ticked in found}


def sent(ticks: dict[str, bool]) -> str:
    """The form as a browser sends it: a box without a tick is not in it."""
    return urlencode({"shown": " ".join(ticks), **{name: "on" for name, ticked in ticks.items() if ticked}})


class TestOneClick:
    """RFC 8058 for a mail about a stage of a delivery."""

    def test_refuses_that_stage_by_mail_and_nothing_else(self, stack: HttpStack) -> None:
        path = f"/u/{stack.unsubscribe(known(stack), Category.SOON)}"
        assert "It comes in 30 to 60 minutes" in stack.call("GET", path)["body"]
        answer = stack.call("POST", path, headers=FORM, body=ONE_CLICK)
        assert answer["statusCode"] == 200 and "It comes in 30 to 60 minutes" in answer["body"]
        refused = stack.call("GET", "/v1/people/email:ada@example.com/preferences", headers=SECRET)
        (told,) = json.loads(refused["body"])["refused"]
        assert (told["channel"], told["category"], told["by"]) == ("email", "soon", "customer")
        assert unsubscribed(stack) == []

    @pytest.mark.parametrize("category", REFUSABLE)
    def test_needs_no_cookie_and_no_origin_and_is_answered_by_no_redirect_and_no_cookie(
        self, stack: HttpStack, category: Category
    ) -> None:
        path = f"/u/{stack.unsubscribe(known(stack), category)}"
        parts = '--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--\r\n'
        for kind, body in ((FORM, ONE_CLICK), ({"content-type": "multipart/form-data; boundary=b"}, parts)):
            answer = stack.call("POST", path, headers=kind, body=body)
            assert answer["statusCode"] == 200 and "cookies" not in answer
            assert not {"location", "set-cookie", "refresh"} & {name.lower() for name in answer["headers"]}
        assert is_marked(stack, "ada@example.com", category=category)

    def test_a_link_of_an_earlier_release_is_about_surveys(self, stack: HttpStack) -> None:
        person = known(stack)
        token = _serializer([LINK_KEY], Purpose.UNSUBSCRIBE).dumps({"person_id": person, "channel": "email"})
        assert stack.call("POST", f"/u/{token}", headers=FORM, body=ONE_CLICK)["statusCode"] == 200
        assert is_marked(stack, "ada@example.com", category=Category.SURVEYS)
        assert stack.unsubscribe(person) == token

    def test_leads_on_to_where_everything_is_chosen(self, stack: HttpStack) -> None:
        token = stack.unsubscribe(known(stack), Category.SOON)
        for method, body in (("GET", None), ("POST", ONE_CLICK)):
            page = stack.call(method, f"/u/{token}", headers=FORM, body=body)["body"]
            (leads_to,) = re.findall(r'href="\.\./(preferences/[^"]+)"', page)
            assert stack.call("GET", f"/{leads_to}")["statusCode"] == 200


class TestThePreferencePage:
    def test_shows_each_message_and_each_way_and_writes_nothing(self, stack: HttpStack) -> None:
        path = f"/preferences/{stack.preferences(known(stack))}"
        before = stack.everything_kept()
        page = stack.call("GET", path)
        assert (page["statusCode"], stack.call("HEAD", path)) == (200, {**page, "body": ""})
        expected = {f"{way}:{what}": True for way in ("email", "sms") for what in REFUSABLE}
        assert boxes(page["body"]) == {**expected, "email:all": False, "sms:all": False}
        assert stack.everything_kept() == before

    def test_names_neither_the_person_nor_their_addresses(self, stack: HttpStack) -> None:
        path = f"/preferences/{stack.preferences(known(stack, name='Ada Lovelace'))}"
        for language in ("en", "de"):
            page = stack.call("GET", path, headers={"accept-language": language})["body"]
            assert "a\u2026@example.com" in page and "+49 \u2026 678" in page
            for secret in ("ada@", "15112345", "Ada", "Lovelace", "per_"):
                assert secret not in page.partition("<main>")[2]

    def test_keeps_what_was_chosen_shows_it_and_the_same_again_changes_nothing(self, stack: HttpStack) -> None:
        path = f"/preferences/{stack.preferences(known(stack))}"
        ticks = boxes(stack.call("GET", path)["body"])
        wanted = {**ticks, "sms:soon": False, "email:surveys": False, "sms:all": True}
        answer = stack.call("POST", path, headers=OWN, body=sent(wanted))
        assert answer["statusCode"] == 200 and 'role="status"' in answer["body"]
        assert boxes(answer["body"]) == boxes(stack.call("GET", path)["body"]) == wanted
        assert 'role="status"' not in stack.call("GET", path)["body"]
        assert unsubscribed(stack) == ["ada@example.com"]
        kept = stack.everything_kept()
        assert stack.call("POST", path, headers=OWN, body=sent(wanted))["body"] == answer["body"]
        assert stack.everything_kept() == kept
        stack.call("POST", path, headers=OWN, body=sent(ticks))
        assert boxes(stack.call("GET", path)["body"]) == ticks and unsubscribed(stack) == []

    def test_of_who_has_one_address_it_has_one_column(self, stack: HttpStack) -> None:
        page = stack.call("GET", f"/preferences/{stack.preferences(stack.know('bob'))}")["body"]
        assert {name.partition(":")[0] for name in boxes(page)} == {"email"} and "SMS" not in page.partition(
            "</table>"
        )[0]

    @pytest.mark.parametrize(
        "headers", [FORM, {**FORM, "origin": "https://evil.example"}, {**OWN, "sec-fetch-site": "cross-site"}]
    )
    def test_takes_no_form_of_another_page(self, stack: HttpStack, headers: dict[str, str]) -> None:
        path = f"/preferences/{stack.preferences(known(stack))}"
        before = stack.everything_kept()
        answer = stack.call("POST", path, headers=headers, body="shown=sms:all&sms:all=on")
        assert answer["statusCode"] == 403 and "That was not saved" in answer["body"]
        assert stack.everything_kept() == before

    @pytest.mark.parametrize(
        ("status", "kind", "body"),
        [
            (422, "application/x-www-form-urlencoded", ""),
            (422, "application/x-www-form-urlencoded", "shown=email:staff"),
            (400, "application/x-www-form-urlencoded", b"shown=\xff"),
            (413, "application/x-www-form-urlencoded", "shown=" + "x" * 20_000),
            (415, "application/json", {"shown": "sms:all"}),
        ],
    )
    def test_keeps_nothing_of_what_is_not_its_form(self, stack: HttpStack, status: int, kind: str, body: Any) -> None:
        path = f"/preferences/{stack.preferences(known(stack))}"
        before = stack.everything_kept()
        headers = {**OWN, "content-type": kind}
        answer = stack.call("POST", path, headers=headers, body=body, as_base64=isinstance(body, bytes))
        assert (answer["statusCode"], "<h1>That was not saved" in answer["body"]) == (status, True)
        assert stack.everything_kept() == before

    def test_of_somebody_who_is_not_known_any_more_says_that_nothing_is_sent(self, stack: HttpStack) -> None:
        path, before = f"/preferences/{stack.preferences('per_gone')}", stack.everything_kept()
        for method, body in (("GET", None), ("POST", "shown=sms:all&sms:all=on")):
            answer = stack.call(method, path, headers=OWN, body=body)
            assert answer["statusCode"] == 200 and "There is nothing to choose" in answer["body"]
        assert stack.everything_kept() == before

    @pytest.mark.parametrize("kind", ["x", "a.b", "unsubscribe", "tampered"])
    def test_a_link_for_something_else_opens_nothing(self, stack: HttpStack, kind: str) -> None:
        person = known(stack)
        made = {"unsubscribe": stack.unsubscribe(person), "tampered": stack.preferences(person).swapcase()}
        token = made.get(kind, kind)
        for method, body in (("GET", None), ("POST", "shown=sms:all&sms:all=on")):
            answer = stack.call(method, f"/preferences/{token}", headers=OWN, body=body)
            assert answer["statusCode"] == 403 and "This link is not complete" in answer["body"]

    def test_says_to_come_back_when_the_store_is_away(self, stack: HttpStack, monkeypatch: pytest.MonkeyPatch) -> None:
        from functions.preferences.bootstrap import service
        from shared.errors import TemporaryError

        path = f"/preferences/{stack.preferences(known(stack))}"

        def away(*_: object) -> None:
            raise TemporaryError("the store is away")

        for name in ("of", "save"):
            monkeypatch.setattr(service()._kept, name, away)
        for method, body in (("GET", None), ("POST", "shown=sms:all&sms:all=on")):
            answer = stack.call(method, path, headers=OWN, body=body)
            assert answer["statusCode"] == 503 and "try again in a minute" in answer["body"]

    def test_runs_nothing_loads_nothing_and_is_in_no_search(self, stack: HttpStack) -> None:
        page = stack.call("GET", f"/preferences/{stack.preferences(known(stack))}")
        policy = page["headers"]["content-security-policy"]
        assert "default-src 'none'" in policy and "form-action 'self'" in policy and "script" not in policy
        assert page["headers"]["referrer-policy"] == "no-referrer" and "<script" not in page["body"]
        assert page["headers"]["x-robots-tag"] == "noindex" and page["headers"]["cache-control"] == "no-store"


class TestABackOffice:
    PATH = "/v1/people/email:ada@example.com/preferences"

    def ask(self, stack: HttpStack, method: str, body: Any = None, status: int = 200) -> Any:
        answer = stack.call(method, self.PATH, headers=SECRET, body=body)
        assert answer["statusCode"] == status, answer["body"]
        return json.loads(answer["body"])

    def test_reads_and_writes_what_a_person_refuses_with_who_said_so_and_when(self, stack: HttpStack) -> None:
        person = known(stack)
        assert self.ask(stack, "GET") == {"person_id": person, "channels": ["email", "sms"], "refused": []}
        refused = [{"channel": "email", "category": "surveys"}, {"channel": "sms", "category": "all"}]
        told = self.ask(stack, "PUT", {"refused": refused})
        assert self.ask(stack, "GET") == told
        assert [{"channel": each["channel"], "category": each["category"]} for each in told["refused"]] == refused
        assert {each["by"] for each in told["refused"]} == {"secret-own"}
        assert all(abs(each["since"] - time.time()) < 60 for each in told["refused"])
        assert unsubscribed(stack) == ["ada@example.com"]
        kept = stack.everything_kept()
        assert self.ask(stack, "PUT", {"refused": refused}) == told and stack.everything_kept() == kept
        assert self.ask(stack, "PUT", {"refused": refused[1:]})["refused"] == told["refused"][1:]
        assert unsubscribed(stack) == []

    def test_sees_what_the_person_chose_and_does_not_take_it_for_its_own(self, stack: HttpStack) -> None:
        stack.call("POST", f"/u/{stack.unsubscribe(known(stack))}", headers=FORM, body=ONE_CLICK)
        told = self.ask(stack, "PUT", {"refused": [{"channel": "email", "category": "surveys"}]})
        assert [each["by"] for each in told["refused"]] == ["customer"]

    @pytest.mark.parametrize(
        ("body", "path"),
        [
            ({}, "refused"),
            ({"refused": [{"channel": "fax", "category": "all"}]}, "refused.0.channel"),
            ({"refused": [{"channel": "sms", "category": "staff"}]}, "refused.0.category"),
            ({"refused": [{"channel": "sms", "category": "help"}]}, "refused.0.category"),
            ({"refused": [{"channel": "sms", "category": None}]}, "refused.0.category"),
            ({"refused": [{"channel": "sms", "category": "all", "by": "me"}]}, "refused.0.by"),
            ({"refused": [{"channel": "sms", "category": "all"}] * 101}, "refused"),
        ],
    )
    def test_is_told_what_is_wrong(self, stack: HttpStack, body: Any, path: str) -> None:
        known(stack)
        assert list(self.ask(stack, "PUT", body, 422)["errors"]) == [path]

    def test_can_not_refuse_a_way_that_the_person_does_not_have(self, stack: HttpStack) -> None:
        stack.know("ada")
        told = self.ask(stack, "PUT", {"refused": [{"channel": "sms", "category": "all"}]}, 422)
        assert told["errors"] == {"refused.0.channel": ["this person has no address for sms"]}

    def test_of_nobody_reads_and_writes_nothing(self, stack: HttpStack) -> None:
        self.ask(stack, "GET", status=404)
        self.ask(stack, "PUT", {"refused": []}, 404)
