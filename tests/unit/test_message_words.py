"""Times in words, dead links, readable colours, and which country a number is of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shared.domain.deliveries import DeliveryReason
from shared.domain.messages import MessageKind
from shared.domain.phones import country_of, plain_text
from shared.domain.promises import Window
from shared.texts.rendering import LOCALES, Rendering, supported_locale
from shared.texts.words import (
    dead,
    duration_in_words,
    expected_in_words,
    moment_in_words,
    one_line,
    readable_on,
    reason_in_words,
    window_in_words,
)
from tests.fakes.clock import NOON
from tests.fakes.sms import GSM_7, segments
from tests.fakes.wishes import SURVEY, response

BERLIN = "Europe/Berlin"


def window(start: datetime, hours: float) -> Window:
    return Window(start=start, end=start + timedelta(hours=hours))


@pytest.mark.parametrize(
    ("start", "hours", "english", "german"),
    [
        (
            datetime(2026, 11, 22, 13, tzinfo=UTC),
            2,
            "today between 14:00 and 16:00",
            "heute zwischen 14:00 und 16:00 Uhr",
        ),
        (
            datetime(2026, 11, 23, 8, tzinfo=UTC),
            4,
            "tomorrow between 09:00 and 13:00",
            "morgen zwischen 09:00 und 13:00 Uhr",
        ),
        (
            datetime(2026, 11, 27, 8, tzinfo=UTC),
            1,
            "on Friday, 27 November between 09:00 and 10:00",
            "am Freitag, 27. November zwischen 09:00 und 10:00 Uhr",
        ),
        (
            datetime(2026, 11, 22, 21, tzinfo=UTC),
            2,
            "today between 22:00 and 00:00",
            "heute zwischen 22:00 und 00:00 Uhr",
        ),
        (
            datetime(2026, 11, 22, 21, tzinfo=UTC),
            4,
            "between 22:00 (today) and 02:00 (tomorrow)",
            "zwischen 22:00 Uhr (heute) und 02:00 Uhr (morgen)",
        ),
    ],
)
def test_a_window_is_told_in_the_zone_of_the_delivery(start: datetime, hours: float, english: str, german: str) -> None:
    assert window_in_words(window(start, hours), BERLIN, NOON, "en") == english
    assert window_in_words(window(start, hours), BERLIN, NOON, "de") == german


def test_today_is_a_day_of_the_zone_not_of_utc() -> None:
    late = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
    assert moment_in_words(late, BERLIN, NOON, "en") == "tomorrow at 00:30"
    assert moment_in_words(late, BERLIN, late, "en") == "today at 00:30"
    assert moment_in_words(late, "America/New_York", NOON, "de") == "heute um 18:30 Uhr"


def test_a_window_on_the_day_the_clocks_change_is_told_as_they_show() -> None:
    start = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)  # 01:30 in Berlin; at 02:00 the clocks go to 03:00
    assert window_in_words(window(start, 1), BERLIN, start, "en") == "today between 01:30 and 03:30"


@pytest.mark.parametrize(
    "address",
    [
        "http://evil.example",
        "HTTPS://evil.example/x?y=z",
        "www.evil.example",
        "evil.example",
        "me@evil.example",
        "a.b.co",
    ],
)
def test_what_a_stranger_wrote_has_no_address_in_it(address: str) -> None:
    killed = dead(f"see {address} now")
    assert killed.replace("\u200b", "") == f"see {address} now"
    assert "://" not in killed
    assert all(f"{a}.{b}" not in killed for a, b in zip(address.split("."), address.split(".")[1:], strict=False))
    assert "@evil" not in killed


def test_ordinary_text_stays_as_it_is() -> None:
    text = "It took 3.5 hours. Why? The price: 10/20 :-)\nThanks."
    assert dead(text) == text


def test_text_can_not_pose_as_another_by_its_direction() -> None:
    assert dead("good\u202eevil\u2066!") == "goodevil!"


def test_a_comment_is_escaped_and_dead_in_every_form() -> None:
    comment = "<script>alert(1)</script> {{ 7 * 7 }} http://evil.example"
    email = Rendering().alert(MessageKind.DETRACTOR_ALERT, SURVEY, response(0, comment=comment)).email()
    assert "&lt;script&gt;" in email.html
    assert "<script>" not in email.html
    assert "{{ 7 * 7 }}" in email.html
    for text in (email.html, email.text):
        assert "http://evil" not in text
        assert "evil.example" not in text


def test_a_subject_is_one_line_of_bounded_length() -> None:
    survey = SURVEY.model_copy(update={"name": "two\nlines " + 300 * "x"})
    subject = Rendering().alert(MessageKind.DETRACTOR_ALERT, survey, response(0)).email().subject
    assert "\n" not in subject
    assert len(subject) == 120
    assert one_line("short  and\tsweet") == "short and sweet"


@pytest.mark.parametrize(("colour", "ink"), [("#000000", "#ffffff"), ("#ffff00", "#000000"), ("#1f4b99", "#ffffff")])
def test_text_on_the_brands_colour_can_be_read(colour: str, ink: str) -> None:
    assert readable_on(colour) == ink


def test_the_first_language_we_have_is_taken() -> None:
    assert supported_locale("fr", None, "de-AT", "en") == "de"
    assert supported_locale("fr") == "en"


@pytest.mark.parametrize(
    ("number", "country"),
    [
        ("+4915112345678", "DE"),
        ("+436641234567", "AT"),
        ("+41791234567", "CH"),
        ("+12025550123", "US"),
        ("+99999999", None),
    ],
)
def test_a_number_has_the_country_it_is_of(number: str, country: str | None) -> None:
    assert country_of(number) == country


def test_typographic_characters_do_not_cost_a_second_sms() -> None:
    typographic = "„Straße“ – it’s here…\u00a0Grüße\u200b"
    assert plain_text(typographic) == '"Straße" - it\'s here... Grüße'
    assert set(plain_text(typographic)) <= GSM_7


def test_segments_are_counted_without_splitting_a_pair() -> None:
    assert [segments("a" * n) for n in (160, 161, 306, 307)] == [1, 2, 2, 3]
    assert segments(152 * "a" + "€" + 152 * "a") == 3
    assert segments(66 * "ж" + "😀" + 66 * "ж") == 3


@pytest.mark.parametrize(
    ("minutes", "locale", "words"),
    [
        (0, "en", "at about 13:00"),
        (0, "de", "gegen 13:00 Uhr"),
        (43, "en", "at about 13:45"),
        (42, "en", "at about 13:40"),
        (24 * 60, "en", "tomorrow at about 13:00"),
        (24 * 60, "de", "morgen gegen 13:00 Uhr"),
        (4 * 24 * 60, "en", "on Thursday, 26 November at about 13:00"),
        (11 * 60 - 2, "en", "tomorrow at about 00:00"),
    ],
)
def test_an_estimate_is_told_to_five_minutes_and_its_day_unless_it_is_today(
    minutes: int, locale: str, words: str
) -> None:
    assert expected_in_words(NOON + timedelta(minutes=minutes), "Europe/Berlin", NOON, locale) == words


@pytest.mark.parametrize(
    ("duration", "en", "de"),
    [
        (timedelta(hours=1, minutes=20), "1 hour 20 minutes", "1 Stunde 20 Minuten"),
        (timedelta(minutes=1, seconds=59), "1 minute", "1 Minute"),
        (timedelta(days=2, hours=1, minutes=5), "2 days 1 hour", "2 Tage 1 Stunde"),
        (timedelta(hours=3), "3 hours", "3 Stunden"),
        (timedelta(seconds=59), "", ""),
        (timedelta(minutes=-5), "", ""),
    ],
)
def test_a_duration_is_told_in_its_two_largest_units_and_none_is_not_told(
    duration: timedelta, en: str, de: str
) -> None:
    assert duration_in_words(duration, "en") == en
    assert duration_in_words(duration, "de") == de


@pytest.mark.parametrize("locale", LOCALES)
def test_each_reason_has_words_but_other_which_says_nothing(locale: str) -> None:
    told = {reason: reason_in_words(reason, locale) for reason in DeliveryReason}
    assert told.pop(DeliveryReason.OTHER) == "" == reason_in_words(None, locale)
    assert len(set(told.values())) == len(told)
    assert all(told.values())
