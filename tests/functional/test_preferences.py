"""The link at the foot of a mail: opening it writes nothing, a press or a mail program's button is heard for good."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from shared.domain.api_keys import KeyKind
from shared.domain.links import Unsubscribe
from shared.domain.messages import Category, Channel
from shared.storage.keys import opt_out_key
from shared.tokens import UnsubscribeLinks
from tests.functional.http_stack import LINK_KEY, HttpStack, http_stack, key

ONE_CLICK = "List-Unsubscribe=One-Click"
FORM = {"content-type": "application/x-www-form-urlencoded"}
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
