"""E-mails carry their style at each element, as `mail.css` says it, and what depends on the reader in their head."""

from __future__ import annotations

import re

import pytest

from infra import mails
from shared.domain.messages import MessageKind
from shared.texts.examples import example
from shared.texts.rendering import LOCALES, Rendering
from tests.unit.test_message_snapshots import BRAND

SHEET = mails.SHEET.read_text(encoding="utf-8")


def test_the_templates_are_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    assert mails.main(["--check"]) == 0, capsys.readouterr().out


def test_a_template_that_is_out_of_date_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    changed = SHEET.replace("padding: 24px", "padding: 23px")
    path = mails.TEXTS / "mail.css"
    monkeypatch.setattr(mails, "SHEET", type("Sheet", (), {"read_text": lambda *_, **__: changed, "name": path.name}))
    assert mails.main(["--check"]) == 1
    assert "templates/layout.html is out of date" in capsys.readouterr().out


def test_a_style_follows_the_sheet_and_what_depends_on_the_reader_stays_in_the_head() -> None:
    kept = "@media (max-width: 9px) { .a { margin: 1px; } }"
    sheet = f".a {{ color: brand-colour; }} .b {{ color: on-brand-colour; margin: 0; }} {kept}"
    template = '<style></style><p class="a" style="old">{{ x }}</p><p class="a b">{% if y %}<td>{% endif %}'
    assert mails.inlined(template, sheet) == (
        f"<style>{kept}</style>"
        '<p class="a" style="color:{{ colour }};">{{ x }}</p>'
        '<p class="a b" style="color:{{ colour|readable_on }};margin:0;">{% if y %}<td>{% endif %}'
    )
    assert mails.inlined(mails.inlined(template, sheet), sheet) == mails.inlined(template, sheet)


def test_a_class_without_a_rule_and_a_sheet_without_a_reader_are_faults() -> None:
    with pytest.raises(ValueError, match="no rule for the class lost"):
        mails.inlined('<p class="lost">', SHEET)
    with pytest.raises(ValueError, match="no rule for phones"):
        mails.inlined("<style></style>", ".a { margin: 0; }")


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("kind", [kind for kind in MessageKind if not kind.by_sms_only])
def test_every_element_with_a_class_has_its_style_and_every_mail_its_rules_for_phones_and_the_dark(
    kind: MessageKind, locale: str
) -> None:
    html = example(Rendering(), kind, locale, BRAND).email().html
    head, _, body = html.partition("</head>")
    assert "@media (max-width: 480px)" in head
    assert "@media (prefers-color-scheme: dark)" in head
    assert not re.findall(r'class="[^"]+"(?! style=")', body)
    assert not re.findall(r'(?<!" )style="', body)
    assert "brand-colour" not in html
    assert f"background:{BRAND.colour}" in body
