"""What is sent, word for word: every kind, locale and channel against a plain file in tests/snapshots/messages.

`make snapshots` writes the files anew; the difference is then read like any other change.
"""

from __future__ import annotations

import os
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.domain.brands import Brand
from shared.domain.deliveries import Delivery, DeliveryReason, DeliveryStatus
from shared.domain.links import LinkChannel, SurveyLink, Unsubscribe
from shared.domain.messages import Channel, MessageKind
from shared.domain.promises import Window
from shared.domain.responses import Rating
from shared.domain.surveys import Option, Question, Scale
from shared.texts.rendering import LOCALES, DeliveryLinks, InvitationLinks, Rendering, Texts
from shared.tokens import LinkSigner, UnsubscribeLinks
from tests.fakes.clock import NOON
from tests.fakes.sms import GSM_7, segments
from tests.fakes.wishes import PERSON, RESPONSE_ID, SURVEY, delivery, response

SNAPSHOTS = Path(__file__).parents[1] / "snapshots" / "messages"
COMMENT = "The box was open & the lamp <broken>.\nSee https://example.com/photo or mail me: ada@example.org."
BRAND = Brand(name=SURVEY.brand.name, colour=SURVEY.brand.colour)
SURVEY_LINK = SurveyLink(
    survey_id=SURVEY.survey_id,
    response_id=RESPONSE_ID,
    person_id="per_" + 32 * "0",
    subject_type="delivery",
    subject_id="parcel-1",
    expires_at=1798000000,
    channel=LinkChannel.SMS,
)
RATED_LINK = SURVEY_LINK.model_copy(update={"channel": LinkChannel.EMAIL, "rated": True})


def expected(parcel: Delivery, at: datetime) -> Delivery:
    return _with_last(parcel, estimated_at=at)


def because(parcel: Delivery, reason: DeliveryReason) -> Delivery:
    return _with_last(parcel, reason=reason)


def _with_last(parcel: Delivery, **changes: Any) -> Delivery:
    last = parcel.history[-1].model_copy(update=changes)
    return parcel.model_copy(update={"history": (*parcel.history[:-1], last)})


UNSUBSCRIBE = "https://hear.example.com/u/" + UnsubscribeLinks(lambda: ["a key of tests"]).sign(
    Unsubscribe(person_id="per_" + 32 * "0", channel=Channel.EMAIL)
)
LINKS = InvitationLinks(
    address="https://hear.example.com/r/" + LinkSigner(["a key of tests"]).sign(RATED_LINK),
    unsubscribe=UNSUBSCRIBE,
)
SHORT_LINKS = LINKS._replace(address="https://hear.example.com/i/Ab3-_xYz019")
DELIVERY_LINKS = DeliveryLinks(
    track="https://hear.example.com/track/Ab3-_xYz019Ab3-_xYz019",
    preferences="https://hear.example.com/preferences/Ab3-_xYz019Ab3-_xYz019",
)
SHORT_DELIVERY_LINKS = DELIVERY_LINKS._replace(track="https://hear.example.com/track/Ab3-_xYz019")
TOMORROW = Window(start=NOON + timedelta(hours=25), end=NOON + timedelta(hours=27))
DAYS_AHEAD = Window(start=NOON + timedelta(days=4), end=NOON + timedelta(days=4, hours=2))
PAST = Window(start=NOON - timedelta(hours=4), end=NOON - timedelta(hours=1, minutes=25))
PARCELS = {
    MessageKind.DELIVERY_SCHEDULED: delivery(DeliveryStatus.APPOINTMENT_SET, promise=DAYS_AHEAD),
    MessageKind.DELIVERY_DAY_BEFORE: delivery(DeliveryStatus.IN_TRANSIT, promise=TOMORROW),
    MessageKind.DELIVERY_ON_ITS_WAY: delivery(DeliveryStatus.OUT_FOR_DELIVERY),
    MessageKind.DELIVERY_SOON: expected(delivery(), NOON + timedelta(minutes=43)),
    MessageKind.DELIVERY_ARRIVING: delivery(DeliveryStatus.ARRIVING),
    MessageKind.DELIVERY_DELIVERED: delivery(DeliveryStatus.DELIVERED),
    MessageKind.DELIVERY_ATTEMPT_FAILED: because(delivery(DeliveryStatus.ATTEMPT_FAILED), DeliveryReason.NOT_HOME),
    MessageKind.DELIVERY_EXCEPTION: because(delivery(DeliveryStatus.EXCEPTION), DeliveryReason.WEATHER),
    MessageKind.DELIVERY_DELAYED: expected(delivery(), NOON + timedelta(hours=5)),
    MessageKind.DELIVERY_APOLOGY: delivery(DeliveryStatus.DELIVERED, promise=PAST),
}
SMS_KINDS = [kind for kind in MessageKind if not kind.to_owner]


def example(
    kind: MessageKind, locale: str, links: InvitationLinks = LINKS, about: DeliveryLinks = DELIVERY_LINKS
) -> Texts:
    rendering = Rendering()
    survey = SURVEY.model_copy(update={"alert_locale": locale})
    match kind:
        case MessageKind.DETRACTOR_ALERT:
            return rendering.alert(kind, survey, response(3))
        case MessageKind.COMMENT_ADDED:
            answer = response(3, 2, COMMENT, texts={"missing": "An instruction in my language."})
            return rendering.alert(kind, survey, answer)
        case MessageKind.ALERT_DIGEST:
            return rendering.digest(survey, 7, NOON.replace(minute=0), NOON.replace(hour=13))
        case MessageKind.THANK_YOU:
            return rendering.thank_you(locale, survey, PERSON, UNSUBSCRIBE)
        case MessageKind.SURVEY_INVITATION | MessageKind.SURVEY_REMINDER:
            return rendering.question(kind, locale, survey, PERSON, links, about_delivery=True)
        case _:
            return rendering.delivery(kind, locale, BRAND, delivery=PARCELS[kind], person=PERSON, now=NOON, links=about)


def forms(kind: MessageKind, locale: str) -> dict[str, str]:
    texts = example(kind, locale)
    email = texts.email()
    rendered = {"subject": email.subject + "\n", "txt": email.text, "html": email.html + "\n"}
    if kind in SMS_KINDS:
        rendered["sms"] = example(kind, locale, SHORT_LINKS, SHORT_DELIVERY_LINKS).sms().body + "\n"
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
        for form in ("subject", "txt", "html", *(("sms",) if kind in SMS_KINDS else ()))
    }
    assert found == used


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("kind", SMS_KINDS)
def test_an_sms_fits_one_segment_also_with_its_link(kind: MessageKind, locale: str) -> None:
    body = example(kind, locale, SHORT_LINKS, SHORT_DELIVERY_LINKS).sms().body
    assert set(body) <= GSM_7
    assert segments(body) == 1
