"""What is sent, word for word: every kind, locale and channel against a plain file in tests/snapshots/messages.

`make snapshots` writes the files anew; the difference is then read like any other change.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from shared.domain.brands import Brand
from shared.domain.messages import Channel, MessageKind
from shared.domain.responses import Rating
from shared.domain.surveys import Option, Question, Scale
from shared.texts.examples import example
from shared.texts.rendering import LOCALES, InvitationLinks, Rendering
from tests.fakes.sms import GSM_7, segments
from tests.fakes.wishes import PERSON, SURVEY, response

SNAPSHOTS = Path(__file__).parents[1] / "snapshots" / "messages"
BRAND = Brand(name=SURVEY.brand.name, colour=SURVEY.brand.colour)
RENDERING = Rendering()
LINKS = InvitationLinks(address="https://hear.example.com/r/a-token", unsubscribe="https://hear.example.com/u/a-token")
SMS_KINDS = [kind for kind in MessageKind if not kind.to_owner]


def forms(kind: MessageKind, locale: str) -> dict[str, str]:
    rendered = {}
    if not kind.by_sms_only:
        email = example(RENDERING, kind, locale, BRAND).email()
        rendered = {"subject": email.subject + "\n", "txt": email.text, "html": email.html + "\n"}
    if kind in SMS_KINDS:
        rendered["sms"] = example(RENDERING, kind, locale, BRAND, channel=Channel.SMS).sms().body + "\n"
    return rendered


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("kind", MessageKind)
def test_each_kind_reads_as_its_snapshot(kind: MessageKind, locale: str) -> None:
    for form, text in forms(kind, locale).items():
        path = SNAPSHOTS / kind.value / f"{locale}.{form}"
        if os.environ.get("HEARBACK_WRITE_SNAPSHOTS"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.read_text(encoding="utf-8") == text, f"{path.name} of {kind} has changed; see `make snapshots`"


@pytest.mark.parametrize(
    ("scale", "shown"),
    [
        (Scale.NPS, [(str(rating), None) for rating in range(11)]),
        (Scale.CES_7, [(str(rating), None) for rating in range(1, 8)]),
        (Scale.CSAT_3, [("😞", "Dissatisfied"), ("😐", "Neither satisfied nor dissatisfied"), ("😊", "Satisfied")]),
        (Scale.EXPECTATION, [("Worse than expected", None), ("As expected", None), ("Better than expected", None)]),
    ],
)
def test_each_rating_of_a_scale_is_a_link_of_an_e_mail_and_a_picture_has_a_name(
    scale: Scale, shown: list[tuple[str, str | None]]
) -> None:
    question = Question(id="asked", scale=scale, text={"en": "How was it?"})
    survey = SURVEY.model_copy(update={"questions": (question,)})
    html = (
        Rendering()
        .question(MessageKind.SURVEY_INVITATION, "en", survey, PERSON, LINKS, about_delivery=True)
        .email()
        .html
    )
    found = re.findall(
        r'<a href="([^"]+)\?rating=(\d+)"(?: title="([^"]+)" aria-label="[^"]+")?[^>]*>([^<]+)</a>', html
    )
    assert {address for address, *_ in found} == {LINKS.address}
    assert [(text, name or None) for _, _, name, text in found] == shown
    assert [int(rating) for _, rating, _, _ in found] == list(question.ratings)
    assert "<img" not in html


def test_an_owner_reads_the_option_that_was_chosen_and_not_its_number() -> None:
    options = (Option(value=7, text={"en": "A friend"}), Option(value=2, text={"en": "A search"}))
    choice = Question(id="found_by", scale=Scale.CHOICE, text={"en": "How did you find us?"}, options=options)
    survey = SURVEY.model_copy(update={"questions": (*SURVEY.questions, choice), "alert_locale": "en"})
    given = response(3)
    given = given.model_copy(update={"ratings": {**given.ratings, "found_by": Rating(scale=Scale.CHOICE, value=2)}})
    mail = Rendering().alert(MessageKind.DETRACTOR_ALERT, survey, given).email()
    assert "How did you find us?" in mail.text
    assert "A search" in mail.text
    assert "out of 999" not in mail.text


def test_there_is_no_snapshot_of_anything_else() -> None:
    expected = {
        f"{kind.value}/{locale}.{form}" for kind in MessageKind for locale in LOCALES for form in forms(kind, locale)
    }
    assert {path.relative_to(SNAPSHOTS).as_posix() for path in SNAPSHOTS.rglob("*.*")} == expected


def test_there_is_no_template_that_nothing_renders() -> None:
    templates = Path(__file__).parents[2] / "shared" / "texts" / "templates"
    found = {path.relative_to(templates).as_posix() for path in templates.glob("*/*")}
    used = {
        f"{kind.value}/{locale}.{form}"
        for kind in MessageKind
        for locale in LOCALES
        for form in (
            *(() if kind.by_sms_only else ("subject", "txt", "html")),
            *(("sms",) if kind in SMS_KINDS else ()),
        )
    }
    assert found == used


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("kind", SMS_KINDS)
def test_an_sms_fits_one_segment_also_with_its_link(kind: MessageKind, locale: str) -> None:
    body = example(RENDERING, kind, locale, BRAND, channel=Channel.SMS).sms().body
    assert set(body) <= GSM_7
    assert segments(body) == 1
