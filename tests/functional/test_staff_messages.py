"""The staff page of messages: tried by the renderer itself, published whole, and nothing typed is lost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import time
from html import unescape
from typing import Any
from urllib.parse import urlencode

import pytest

from functions.staff.app import OPERATIONS
from functions.staff.messages.fields import KIND_WORDS, SETTINGS, TOLD
from functions.staff.messages.form import of, read
from shared.domain.brands import BrandDefinition, MessageTexts, QuietHours, Stage
from shared.domain.messages import Category, MessageKind
from shared.errors import TemporaryError
from shared.storage.api_keys import ApiKeyRepository
from shared.storage.brands import BrandRepository
from shared.texts.examples import example
from shared.texts.rendering import Rendering
from tests.functional.http_stack import FORM, SESSION_COOKIE, HttpStack, http_stack
from tests.functional.test_staff_page import form_in, get, press, text_of

XSS = "<img src=x onerror=alert(1)>\"'"
EDIT = "/staff/messages/lamps/edit"
SOON = MessageKind.DELIVERY_SOON


@pytest.fixture(scope="module")
def warm_stack() -> Iterator[HttpStack]:
    with http_stack() as stack:
        yield stack


@pytest.fixture
def stack(warm_stack: HttpStack) -> HttpStack:
    warm_stack.begin_again()
    return warm_stack


def brands(stack: HttpStack) -> BrandRepository:
    return BrandRepository(stack.dynamodb, "surveys")


def form(stack: HttpStack, **typed: str) -> dict[str, str]:
    return {**form_in(get(stack, EDIT)), **typed}


def test_a_company_that_published_none_sees_the_brand_that_its_messages_have(stack: HttpStack) -> None:
    page = text_of(get(stack, "/staff/messages"))
    assert "example.com" in page
    assert "Never published" in page
    mail = get(stack, "/staff/messages/default/preview/delivery_soon/email")["body"]
    assert "Your parcel from example.com will be with you at about 13:45." in mail


def test_a_new_brand_is_begun_by_its_id_and_kept_when_it_is_published(stack: HttpStack) -> None:
    begun = get(stack, "/staff/messages", brand_id="lamps")
    assert (begun["statusCode"], begun["headers"]["location"]) == (303, EDIT)
    assert brands(stack).current("lamps") is None
    pressed = press(stack, EDIT, "publish", form(stack, name="Lamps & Light", colour="#aa3300"))
    assert (pressed["statusCode"], pressed["headers"]["location"]) == (303, "/staff/messages/lamps?said=published")
    kept = brands(stack).current("lamps")
    assert kept is not None and (kept.version, kept.name, kept.colour) == (1, "Lamps & Light", "#aa3300")
    assert "Published." in text_of(get(stack, "/staff/messages/lamps", said="published"))


FULL = BrandDefinition(
    name="Lamps & Light",
    colour="#aa3300",
    logo="https://lamps.example/logo.png",
    default_locale="de",
    messages_per_day=4,
    stages={
        Category.SCHEDULED: Stage(enabled=False),
        Category.DAY_BEFORE: Stage(at=time(18, 30)),
        Category.SOON: Stage(minutes_ahead=30),
    },
    quiet_hours=(
        QuietHours(start=time(21), end=time(8), categories=(Category.DELAYED,), countries=("DE", "AT")),
        QuietHours(start=time(22), end=time(6)),
    ),
    texts={
        SOON: {
            "de": MessageTexts(subject="Gleich da", sms="Wir klingeln {expected}."),
            "fr": MessageTexts(sms="Colis"),
        },
        MessageKind.DELIVERY_APOLOGY: {"de": MessageTexts(text="Oje.\n\n{late_by} zu spät.", heading="Pardon")},
    },
)


def test_a_form_that_is_sent_back_untouched_publishes_the_same_again(stack: HttpStack) -> None:
    for definition in (FULL, BrandDefinition(name="Lamps")):
        version = brands(stack).publish("lamps", definition).version
        assert press(stack, EDIT, "publish", form(stack))["statusCode"] == 303
        assert brands(stack).current("lamps") == brands(stack).version("lamps", version)


def test_every_field_of_a_brand_and_of_its_parts_stands_in_the_form() -> None:
    """A field of the models that the form had not would be lost by the next save."""
    data = of(FULL).data
    assert set(data) == set(BrandDefinition.model_fields)
    shown = {field.path.split(".")[0] for field in SETTINGS} | {"quiet_hours", "texts"}
    assert shown == set(BrandDefinition.model_fields)
    assert {field.path.split(".")[-1] for field in SETTINGS if field.path.startswith("stages.")} == set(
        Stage.model_fields
    )
    assert set(KIND_WORDS) == set(MessageKind)
    assert {kind.category for kind in TOLD} == {category for category in Category if category.is_stage}


def test_what_can_not_be_said_is_shown_where_it_was_typed_and_nothing_typed_is_lost(stack: HttpStack) -> None:
    brands(stack).publish("lamps", FULL)
    typed = form(
        stack,
        **{
            "texts.delivery_soon.de.sms": "{windo}",
            "texts.delivery_soon.de.text": XSS,
            "colour": "red",
            "quiet_hours.0.start": "25:00",
            "stages.soon.minutes_ahead": "five",
        },
    )
    answer = press(stack, EDIT, "publish", typed)
    assert answer["statusCode"] == 422
    # The model complains first; what it takes is rendered then.
    for name in ("colour", "quiet_hours.0.start", "stages.soon.minutes_ahead"):
        assert f'id="{name}-error1"' in answer["body"], name
    again = form_in(answer)
    assert {name: again[name] for name in typed if name != "colour"} == {
        name: text for name, text in typed.items() if name != "colour"
    }
    assert "<img src=x" not in answer["body"]
    typed |= {"colour": "#112233", "quiet_hours.0.start": "21:00", "stages.soon.minutes_ahead": "30"}
    answer = press(stack, EDIT, "publish", typed)
    assert answer["statusCode"] == 422
    assert 'id="texts.delivery_soon.de.sms-error1"' in answer["body"]
    assert "{windo} is no placeholder of this message" in unescape(answer["body"])
    assert form_in(answer) == typed
    current = brands(stack).current("lamps")
    assert current is not None and current.version == 1


def test_trying_shows_own_words_as_customers_would_get_them_and_publishes_nothing(stack: HttpStack) -> None:
    brands(stack).publish("lamps", FULL)
    answer = press(stack, EDIT, "try", form(stack, **{"texts.delivery_soon.fr.sms": "Bientôt {expected} – ł"}))
    assert answer["statusCode"] == 200
    page = text_of(answer)
    assert "Nothing is published yet" in page
    assert "Bientôt 13:45 - ł" in page
    assert "1 SMS, 17 of UCS-2 characters" in page
    assert "– → -" in page
    assert "ô ł: not in the alphabet of SMS" in page
    assert form_in(answer)["texts.delivery_soon.fr.sms"] == "Bientôt {expected} – ł"
    current = brands(stack).current("lamps")
    assert current is not None and current.version == 1


def test_who_was_overtaken_sees_both_and_loses_nothing(stack: HttpStack) -> None:
    brands(stack).publish("lamps", FULL)
    mine = form(stack, name="Mine")
    brands(stack).publish("lamps", FULL.model_copy(update={"name": "Theirs"}))
    answer = press(stack, EDIT, "publish", mine)
    assert answer["statusCode"] == 409
    page = text_of(answer)
    assert "Mine Theirs" in page
    again = form_in(answer)
    assert (again["name"], again["seen_version"]) == ("Mine", "2")
    assert press(stack, EDIT, "publish", again)["statusCode"] == 303
    current = brands(stack).current("lamps")
    assert current is not None and (current.name, current.version) == ("Mine", 3)


def test_quiet_hours_are_added_and_removed_and_languages_shown(stack: HttpStack) -> None:
    brands(stack).publish("lamps", FULL)
    added = form_in(press(stack, EDIT, "add:quiet_hours", form(stack)))
    assert added["quiet_hours.2.start"] == "21:00"
    removed = form_in(press(stack, EDIT, "remove:quiet_hours.0", added))
    assert removed["quiet_hours.0.start"] == "22:00"
    assert "quiet_hours.2.start" not in removed
    shown = form_in(press(stack, EDIT, "languages", {**removed, "locales": "de, fr, it"}))
    assert "texts.delivery_soon.it.sms" in shown
    for nonsense in ("remove:quiet_hours.9", "add:surveys", "remove:", "add"):
        assert form_in(press(stack, EDIT, nonsense, removed)) == removed


def test_an_ended_session_or_an_outage_loses_nothing_typed(stack: HttpStack, monkeypatch: pytest.MonkeyPatch) -> None:
    typed = form(stack, name="Typed")
    ended = press(stack, EDIT, "publish", typed, cookie="")
    assert (ended["statusCode"], form_in(ended)["name"]) == (403, "Typed")
    assert "Never" not in ended["body"] or "Lamps" not in ended["body"]

    def away(*_: object) -> None:
        raise TemporaryError("away")

    with monkeypatch.context() as outage:
        outage.setattr(BrandRepository, "publish", away)
        outage.setattr(BrandRepository, "current", away)
        answer = press(stack, EDIT, "publish", typed)
    assert (answer["statusCode"], form_in(answer)["name"]) == (503, "Typed")


def test_a_form_that_another_page_sends_is_not_taken(stack: HttpStack) -> None:
    answer = press(stack, EDIT, "publish", form(stack, name="Theirs"), **{"sec-fetch-site": "cross-site"})
    assert answer["statusCode"] == 403
    assert brands(stack).current("lamps") is None


@pytest.mark.parametrize("kind", MessageKind)
def test_every_kind_is_previewed_by_the_renderer_that_makes_it(stack: HttpStack, kind: MessageKind) -> None:
    brand = brands(stack).publish("lamps", FULL)
    page = get(stack, f"/staff/messages/lamps/preview/{kind.value}", locale="de")
    assert page["statusCode"] == 200
    framed = get(stack, f"/staff/messages/lamps/preview/{kind.value}/email", locale="de")
    if kind.by_sms_only:
        assert (framed["statusCode"], page["body"].count("<iframe")) == (404, 0)
        return
    mail = example(Rendering(), kind, "de", brand).email()
    assert framed["statusCode"] == 200
    assert mail.subject in unescape(page["body"])
    assert framed["body"].count("<h1") == 1
    assert ("SMS" in text_of(page)) == (not kind.to_owner)
    assert page["body"].count("<iframe") == page["body"].count(" sandbox src=") == 2


def test_the_frame_may_do_nothing_and_is_shown_only_here(stack: HttpStack) -> None:
    headers = get(stack, "/staff/messages/default/preview/thank_you/email")["headers"]
    policy = dict(part.strip().partition(" ")[::2] for part in headers["content-security-policy"].split(";"))
    assert policy["sandbox"] == ""
    assert policy["default-src"] == policy["form-action"] == "'none'"
    assert policy["frame-ancestors"] == "'self'"
    assert "script-src" not in policy


def test_a_message_is_also_shown_with_as_little_as_may_be_known(stack: HttpStack) -> None:
    brands(stack).publish("lamps", FULL)
    path = f"/staff/messages/lamps/preview/{SOON.value}"
    assert "Wir klingeln gegen 13:45 Uhr." in text_of(get(stack, path, locale="de"))
    assert "Ihre Sendung kommt in 30 bis 60 Minuten." in text_of(get(stack, path, locale="de", known="least"))


def test_the_list_says_what_is_not_told_and_each_subject_and_sms(stack: HttpStack) -> None:
    brands(stack).publish("lamps", FULL)
    page = text_of(get(stack, "/staff/messages/lamps"))
    assert page.count("not told") == 1
    assert "Gleich da" in page
    assert "Wir klingeln gegen 13:45 Uhr. · 1 SMS, 29 of GSM-7 characters" in page
    # Of each country that SMS may go to and that has a price; ops chose Austria's.
    assert page.count("at most: DE 0.15 $, AT 0.09 $") == len([kind for kind in MessageKind if not kind.to_owner])


@pytest.mark.parametrize("path", ["No", "No/edit", "lamps/preview/birthday", "lamps/preview/birthday/email", "a%23b"])
def test_what_is_not_there_is_not_found(stack: HttpStack, path: str) -> None:
    answer = get(stack, f"/staff/messages/{path}")
    assert answer["statusCode"] == 404
    assert "There is no such brand or message." in text_of(answer)


def test_what_is_typed_is_read_as_it_is_shown() -> None:
    sent: dict[str, Any] = {"name": " Lamps ", "texts.delivery_soon.en.text": "a\r\n\r\nb", "default_locale": "en"}
    assert read(sent).data["texts"] == {"delivery_soon": {"en": {"text": "a\n\nb"}}}
    assert read(sent).data["stages"]["soon"] == {"enabled": False}


def test_each_declared_status_is_answered_and_no_other(stack: HttpStack, monkeypatch: pytest.MonkeyPatch) -> None:
    cookie = {"cookie": f"{SESSION_COOKIE}={stack.session()}"}
    page, sent = {**FORM, **cookie}, urlencode({"name": "Lamps", "do": "publish"})
    writes: list[dict[str, Any]] = [
        {"headers": page, "body": urlencode({"do": "add:quiet_hours"})},
        {"headers": page, "body": sent},
        {"headers": page, "body": urlencode({"name": "Others", "do": "publish"})},
        {"headers": page, "body": "do=publish"},
        {"headers": page, "body": b"name=\xff", "as_base64": True},
        {"headers": page, "body": "x" * (512 * 1024 + 1)},
        {"headers": {**page, "content-type": "application/json"}, "body": "{}"},
        {"headers": FORM, "body": sent},
    ]

    def away(*_: object) -> None:
        raise TemporaryError("away")

    for operation in (each for each in OPERATIONS if each.path.startswith("/staff/messages")):
        method = operation.method
        path = operation.path.replace("{brand_id}", "lamps").replace("{kind}", SOON.value)
        requests = writes if method == "POST" else [{"headers": cookie}, {}]
        answers = [stack.call(method, path, **request) for request in requests]
        if "{brand_id}" in operation.path:
            answers.append(stack.call(method, path.replace("lamps", "No"), **requests[0]))
        if path == "/staff/messages":
            answers.append(stack.call(method, path, headers=cookie, query={"brand_id": "lamps"}))
        with monkeypatch.context() as outage:
            outage.setattr(ApiKeyRepository, "find", away)
            answers.append(stack.call(method, path, **requests[0]))
        assert {answer["statusCode"] for answer in answers} == {int(status) for status in operation.statuses}, path
        for answer in answers:
            assert answer["statusCode"] == 303 or answer["headers"]["content-type"].startswith("text/html")
            assert answer["headers"]["cache-control"] == "no-store"
