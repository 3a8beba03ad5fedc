"""What a customer would have found is found when a brand is published."""

from __future__ import annotations

from typing import Any

import pytest
from jinja2 import Environment

from shared.domain.brands import LARGEST_BRAND, BrandDefinition, MessageTexts
from shared.domain.messages import Channel, MessageKind
from shared.errors import InvalidRequestError
from shared.texts.examples import example
from shared.texts.placeholders import PLACEHOLDERS, allowed_in, pieces
from shared.texts.publishing import Publishing
from shared.texts.rendering import LOCALES, Rendering
from tests.unit.test_message_snapshots import BRAND

RENDERING = Rendering()
SOON = MessageKind.DELIVERY_SOON


def faults(definition: BrandDefinition, rendering: Rendering = RENDERING) -> dict[str, list[str]]:
    try:
        Publishing(rendering).check("lamps", definition)
    except InvalidRequestError as error:
        assert error.detail.startswith(next(iter(error.errors)))
        return dict(error.errors)
    return {}


def definition(kind: MessageKind, locale: str, **texts: str) -> BrandDefinition:
    return BrandDefinition(name="Lamps", texts={kind: {locale: MessageTexts(**texts)}})


def test_a_brand_with_a_name_is_enough() -> None:
    assert faults(BrandDefinition(name="Lamps")) == {}


@pytest.mark.parametrize("kind", [kind for kind in MessageKind if allowed_in(kind)])
def test_every_placeholder_of_a_kind_may_stand_in_each_field(kind: MessageKind) -> None:
    text = " ".join(f"{{{name}}}" for name in allowed_in(kind))
    for locale in ("de", "en-GB", "fr"):
        assert faults(definition(kind, locale, subject=text, heading=text, text=text, sms=text)) == {}


@pytest.mark.parametrize("kind", [kind for kind in MessageKind if allowed_in(kind)])
def test_the_full_example_of_a_kind_knows_each_of_its_placeholders_and_the_least_one_only_the_brand(
    kind: MessageKind,
) -> None:
    """Else the check at publish would render none of a company's own words where it stands."""
    for name in allowed_in(kind):
        brand = BRAND.model_copy(update={"texts": {kind: {"en": MessageTexts(sms=f"<{{{name}}}>")}}})
        full = example(RENDERING, kind, "en", brand, channel=Channel.SMS).sms().body
        least = example(RENDERING, kind, "en", brand, channel=Channel.SMS, full=False).sms().body
        assert full.startswith("<"), name
        assert least.startswith("<") == (name in {"brand", "occurred"}), name


@pytest.mark.parametrize(
    ("kind", "locale", "texts", "path", "fault"),
    [
        (SOON, "de", {"sms": "{windo}"}, "texts.delivery_soon.de.sms", "{windo} is no placeholder"),
        (SOON, "de", {"sms": "{reason}"}, "texts.delivery_soon.de.sms", "{reason} is no placeholder"),
        (SOON, "de-AT", {"subject": "{window"}, "texts.delivery_soon.de-AT.subject", "the brace"),
        (SOON, "fr", {"text": "a } b"}, "texts.delivery_soon.fr.text", "the brace"),
        (SOON, "en", {"heading": "{window.start}"}, "texts.delivery_soon.en.heading", "the brace"),
        (SOON, "en", {"sms": "a" * 613}, "texts.delivery_soon.en.sms", "takes 5 SMS with usual values (gsm_7)"),
        (SOON, "en", {"sms": "ж" * 269}, "texts.delivery_soon.en.sms", "takes 5 SMS with usual values (ucs_2)"),
        # Only with an address in it, and only in a language of which we have no templates.
        (SOON, "fr", {"sms": "a" * 580 + " {track}"}, "texts.delivery_soon.fr.sms", "takes 5 SMS"),
        (SOON, "en", {"sms": "\u200b"}, "texts.delivery_soon.en.sms", "says nothing"),
        (MessageKind.THANK_YOU, "en", {"sms": "Ta"}, "texts.thank_you", "is no news of a delivery"),
        (MessageKind.ALERT_DIGEST, "en", {"subject": "Oh"}, "texts.alert_digest", "is no news of a delivery"),
    ],
)
def test_what_can_not_be_said_is_refused_with_its_path(
    kind: MessageKind, locale: str, texts: dict[str, str], path: str, fault: str
) -> None:
    found = faults(definition(kind, locale, **texts))
    assert list(found) == [path]
    assert found[path][0].startswith(fault)


def test_all_faults_are_told_at_once() -> None:
    texts = {SOON: {"de": MessageTexts(sms="{a}{b}", text="}"), "en": MessageTexts(sms="{c}")}}
    assert {path: len(found) for path, found in faults(BrandDefinition(name="Lamps", texts=texts)).items()} == {
        "texts.delivery_soon.de.text": 1,
        "texts.delivery_soon.de.sms": 2,
        "texts.delivery_soon.en.sms": 1,
    }


def test_four_sms_are_taken() -> None:
    assert faults(definition(SOON, "en", sms="a" * 612)) == {}


def test_a_brand_that_no_item_would_hold_is_refused() -> None:
    texts = {
        kind: {locale: MessageTexts(text="x" * 2000) for locale in ("de", "en", "fr", *map("a{}".format, "bcdefghijk"))}
        for kind in MessageKind
        if allowed_in(kind)
    }
    assert faults(BrandDefinition(name="Lamps", texts=texts)) == {
        "texts": [f"the brand takes more than {LARGEST_BRAND // 1024} KB"]
    }


@pytest.mark.parametrize("planted", ["{{ windwo }}", "{{ window.start.hour }}", "{{ ''.__class__.__mro__ }}"])
def test_a_template_of_ours_that_would_not_render_is_found_at_publish(
    planted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted in one template of one kind, language and form: a missing variable, and what the sandbox refuses."""
    original = Environment.get_template

    def planted_template(self: Environment, name: str, *rest: Any) -> Any:
        return self.from_string(planted) if name == "delivery_soon/de.txt" else original(self, name, *rest)

    monkeypatch.setattr(Environment, "get_template", planted_template)
    found = faults(BrandDefinition(name="Lamps"), Rendering())
    assert list(found) == ["texts.delivery_soon.de"]
    assert found["texts.delivery_soon.de"][0].startswith("can not be rendered")


def test_every_kind_is_rendered_in_every_language_form_and_extent(monkeypatch: pytest.MonkeyPatch) -> None:
    rendered: list[str] = []
    original = Environment.get_template

    def noted(self: Environment, name: str, *rest: Any) -> Any:
        rendered.append(name)
        return original(self, name, *rest)

    monkeypatch.setattr(Environment, "get_template", noted)
    assert faults(BrandDefinition(name="Lamps"), Rendering()) == {}
    for kind in MessageKind:
        for locale in LOCALES:
            by_mail = () if kind.by_sms_only else ("subject", "txt", "html")
            for form in (*by_mail, *(() if kind.to_owner else ("sms",))):
                assert rendered.count(f"{kind.value}/{locale}.{form}") >= 2, (kind, locale, form)


def test_each_placeholder_has_its_meaning_in_words() -> None:
    assert all(PLACEHOLDERS.values())
    assert [piece.text for piece in pieces("a{window}b") if piece.is_placeholder] == ["window"]
