"""A company's own words: placeholders and nothing else, whose language they are in, and what stands in for them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.brands import Brand, MessageTexts
from shared.domain.deliveries import DeliveryReason, DeliveryStatus
from shared.domain.messages import MessageKind
from shared.domain.people import Person
from shared.texts.placeholders import PLACEHOLDERS, allowed_in, faults_in, filled
from shared.texts.rendering import DeliveryLinks, Rendering, Texts, spoken_locales
from tests.fakes.clock import NOON
from tests.fakes.wishes import PERSON, delivery

SOON = MessageKind.DELIVERY_SOON
LINKS = DeliveryLinks(track="https://hear.example.com/track/abc?a=1&b=2", preferences="")
RENDERING = Rendering()


def told(
    texts: dict[str, MessageTexts],
    locale: str | None,
    *,
    default_locale: str = "en",
    kind: MessageKind = SOON,
    person: Person = PERSON,
    **registration: Any,
) -> Texts:
    brand = Brand(name="Lamps & Light", default_locale=default_locale, texts={kind: texts})
    parcel = delivery(**registration)
    return RENDERING.delivery(kind, locale, brand, delivery=parcel, person=person, now=NOON, links=LINKS)


def own(sms: str) -> MessageTexts:
    return MessageTexts(sms=sms)


@pytest.mark.parametrize(
    ("locale", "default_locale", "spoken"),
    [
        ("de-AT", "en", ["de-AT", "de"]),
        ("de", "fr", ["de"]),
        (None, "de-CH", ["de-CH", "de"]),
        ("fr", "de", ["fr", "de"]),
        ("fr-CA", "it", ["fr-CA", "fr", "it", "en"]),
        ("en-GB", "de", ["en-GB", "en"]),
    ],
)
def test_a_message_is_said_in_the_recipients_language_then_the_brands_then_english(
    locale: str | None, default_locale: str, spoken: list[str]
) -> None:
    assert spoken_locales(locale, Brand(name="Lamps", default_locale=default_locale)) == spoken


def test_the_nearest_locale_speaks_field_by_field() -> None:
    texts = {
        "de-AT": MessageTexts(sms="Servus"),
        "de": MessageTexts(sms="Hallo", subject="Gleich da"),
        "en": MessageTexts(heading="Here we come"),
    }
    austrian, german = told(texts, "de-AT"), told(texts, "de-DE")
    assert (austrian.sms().body, austrian.email().subject) == ("Servus", "Gleich da")
    assert german.sms().body == "Hallo"
    # Ours in the recipient's language come before the company's in another.
    assert "Sie sind bald an der Reihe" in austrian.email().html
    assert "Here we come" not in austrian.email().html


def test_a_language_of_which_we_have_no_templates_has_the_companys_words_in_a_layout_of_the_brands() -> None:
    texts = {"fr": MessageTexts(text="Votre colis arrive le {window}.", sms="Colis : {window}")}
    french = told(texts, "fr-FR", default_locale="de")
    assert french.sms().body == "Colis : 2026-11-22 14:00-16:00"
    html = french.email().html
    assert "Votre colis arrive le 2026-11-22 14:00-16:00." in html
    assert "Sendungsnummer" in html
    assert "Guten Tag" not in html
    assert french.email().subject.startswith("Ihre Sendung")


def test_a_field_that_names_what_is_not_known_is_said_in_our_words() -> None:
    texts = {"en": MessageTexts(sms="Between: {window}", subject="Soon!")}
    assert told(texts, "en").sms().body == "Between: today between 14:00 and 16:00"
    without = told(texts, "en", promise=None)
    assert without.sms().body.startswith("Lamps & Light: Your parcel will be with you")
    assert without.email().subject == "Soon!"


def test_a_reason_is_not_told_in_a_language_of_which_we_have_no_words() -> None:
    parcel = delivery(DeliveryStatus.EXCEPTION)
    event = parcel.history[0].model_copy(update={"reason": DeliveryReason.WEATHER})
    parcel = parcel.model_copy(update={"history": (event,)})
    kind = MessageKind.DELIVERY_EXCEPTION
    brand = Brand(name="Lamps", texts={kind: {"fr": own("Colis {reason}"), "en": own("Held up {reason}")}})
    texts = RENDERING.delivery(kind, "fr", brand, delivery=parcel, person=PERSON, now=NOON, links=LINKS)
    assert texts.sms().body == "Held up because of the weather"


def test_own_paragraphs_stand_in_place_of_greeting_and_text_in_both_parts() -> None:
    texts = {"en": MessageTexts(text="Dear {name},\n\n\nalmost there:\n{track}\r\n\r\nYours, <b>Lamps</b> {{1}}")}
    email = told(texts, "en").email()
    assert email.text.startswith(
        "Dear Ada Lovelace,\n\nalmost there:\nhttps://hear.example.com/track/abc?a=1&b=2\n\nYours, <b>Lamps</b> {1}\n"
    )
    assert "Hello" not in email.text + email.html
    address = "https://hear.example.com/track/abc?a=1&amp;b=2"
    assert f'almost there:<br>\n<a href="{address}" class="link">{address}</a></p>' in email.html
    assert "Yours, &lt;b&gt;Lamps&lt;/b&gt; {1}" in email.html
    assert "<b>" not in email.html


@pytest.mark.parametrize(
    "attack",
    ["{{7*7}}", "{{ self }}", "{% for i in range(9) %}x{% endfor %}", "{{{{ config }}}}", "<script>alert(1)</script>"],
)
def test_neither_a_companys_text_nor_a_recipients_name_is_a_program(attack: str) -> None:
    person = PERSON.model_copy(update={"name": attack})
    email = told({"en": MessageTexts(text="Hello {name}")}, "en", person=person).email()
    assert email.text.startswith(f"Hello {attack}\n")
    assert "<script>" not in email.html
    assert "49" not in email.text


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{windo}", "{windo} is no placeholder of this message"),
        ("{late_by}", "{late_by} is no placeholder of this message"),
        ("{window", "the brace at '{window'"),
        ("window}", "the brace at '}'"),
        ("{window.start}", "the brace at '{window.start}'"),
        ("{window!r}", "the brace at '{window!r}'"),
        ("{window:>10}", "the brace at '{window:>10}'"),
        ("{}", "the brace at '{}'"),
        ("{0}", "the brace at '{0}'"),
        ("{ window }", "the brace at '{ window }'"),
        ("{{window}", "the brace at '}'"),
        ("{name.__class__.__mro__}", "the brace at '{name.__class__.__mr'"),
        ("{__class__}", "{__class__} is no placeholder"),
    ],
)
def test_what_is_no_placeholder_of_the_kind_is_a_fault_in_a_sentence(text: str, fault: str) -> None:
    [found] = faults_in(text, SOON)
    assert found.startswith(fault)


def test_each_placeholder_is_of_some_kind_and_staff_messages_have_none() -> None:
    assert {name for kind in MessageKind for name in allowed_in(kind)} == set(PLACEHOLDERS)
    assert {kind for kind in MessageKind if allowed_in(kind)} == {
        kind for kind in MessageKind if kind.value.startswith("delivery_")
    }


@given(st.lists(st.one_of(st.text(st.characters(exclude_characters="{}")), st.sampled_from(["{", "}"]))))
def test_escaped_braces_come_back_as_they_were(said: list[str]) -> None:
    written = "".join(said).replace("{", "{{").replace("}", "}}")
    pieces = filled(written, {})
    assert pieces is not None
    assert "".join(piece.text for piece in pieces) == "".join(said)


@given(st.text("{}window_.!:[]()0 ", max_size=30))
def test_any_text_is_either_refused_or_filled_with_values_and_nothing_else(text: str) -> None:
    if faults_in(text, SOON):
        return
    pieces = filled(text, {"window": "W"})
    if pieces is not None:
        rest = text.replace("{{", "<").replace("}}", ">").replace("{window}", "W").replace("<", "{").replace(">", "}")
        assert "".join(piece.text for piece in pieces) == rest
