"""What a customer refuses, and the words by which they say so: pure rules."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.preferences.form import name_of, wanted
from functions.preferences.texts import TEXTS
from shared.domain.keywords import Keyword, keyword_of
from shared.domain.messages import Category, Channel, MessageKind
from shared.domain.people import Person
from shared.domain.phones import masked_phone
from shared.domain.preferences import REFUSABLE, Refused, addresses_of, choices_of, masked_email
from shared.domain.replies import help_for
from shared.errors import InvalidRequestError
from tests.fakes.clock import NOON

STOPS = [
    *("ARRET", "CANCEL", "END", "OPT-OUT", "OPTOUT", "QUIT", "REMOVE", "STOP", "TD", "UNSUBSCRIBE"),  # of AWS
    *("STOPP", "ENDE", "ABMELDEN"),
]
SHOWN = " ".join(f"{channel}:{what}" for channel in ("email", "sms") for what in ("all", *REFUSABLE))


@pytest.mark.parametrize(
    ("body", "keyword"),
    [
        *((word, Keyword.STOP) for word in STOPS),
        *((word, Keyword.START) for word in ("START", "UNSTOP", "SUBSCRIBE")),
        *((word, Keyword.HELP) for word in ("HELP", "INFO", "HILFE")),
        ("ARRÊT", Keyword.STOP),
        ("\uff33\uff34\uff2f\uff30", Keyword.STOP),
        ("opt out", Keyword.STOP),
        ("Stop all", Keyword.STOP),
        ("Stop sending me this!", Keyword.STOP),
        ("STOPP bitte", Keyword.STOP),
        ("Help me please", Keyword.HELP),
    ],
)
def test_a_keyword_is_known_in_any_case_with_spaces_and_punctuation(body: str, keyword: Keyword) -> None:
    for said in (body, body.lower(), body.title(), f"  {body}.\n", f"\u201c{body}!\u201d ", f"{body} 👍"):
        assert keyword_of(said) is keyword


@pytest.mark.parametrize(
    "body",
    [
        *("", " ", "👍", "...", "\x00", "yes", "OK", "Thanks!", "stopover", "nonstop", "helpful", "restart"),
        *("End of the week is fine", "Ende der Woche bin ich da", "Please remove the parcel", "cancel my order"),
        *("start at 9 is fine", "info@example.com is my address", "I need help", "TD Bank", "quit smoking"),
    ],
)
def test_what_people_write_otherwise_is_no_keyword(body: str) -> None:
    assert keyword_of(body) is None


@given(st.text(max_size=200))
def test_no_text_breaks_it_and_start_is_never_guessed(body: str) -> None:
    if keyword_of(body) is Keyword.START:
        assert "".join(filter(str.isalnum, body)).upper() in {"START", "UNSTOP", "SUBSCRIBE"}


def test_everything_that_is_sent_unasked_to_a_customer_can_be_refused_and_nothing_else() -> None:
    assert {kind for kind in MessageKind if kind.refused_as is None} == {
        MessageKind.DETRACTOR_ALERT,
        MessageKind.COMMENT_ADDED,
        MessageKind.ALERT_DIGEST,
        MessageKind.SMS_HELP,
    }
    assert {kind.refused_as for kind in MessageKind} - {None} == set(REFUSABLE)


@pytest.mark.parametrize("language", TEXTS)
def test_each_category_has_words_of_its_own(language: str) -> None:
    words = TEXTS[language].categories
    assert set(words) == set(REFUSABLE) and len(set(words.values())) == len(REFUSABLE)


@pytest.mark.parametrize(
    ("address", "masked"),
    [("ada@example.org", "a…@example.org"), ("a@b.de", "a…@b.de"), ("ada.lovelace@shop.example", "a…@shop.example")],
)
def test_of_an_address_no_more_is_shown_than_its_owner_needs(address: str, masked: str) -> None:
    assert masked_email(address) == masked


@pytest.mark.parametrize(
    ("number", "masked"),
    [("+4915112345678", "+49 … 678"), ("+12125550101", "+1 … 101"), ("+99912345678", "… 678")],
)
def test_of_a_number_only_its_country_and_its_end_are_shown(number: str, masked: str) -> None:
    assert masked_phone(number) == masked


def test_only_what_a_person_has_can_be_refused() -> None:
    phone_only = Person(person_id="per_1", phone="+4915112345678")
    assert set(addresses_of(phone_only)) == {Channel.SMS}
    assert {what.channel for what in choices_of(phone_only)} == {Channel.SMS}
    assert len(choices_of(phone_only)) == 1 + len(REFUSABLE)


@given(st.sets(st.sampled_from([Refused(channel, each) for channel in Channel for each in (None, *REFUSABLE)])))
def test_a_form_says_of_each_choice_that_was_shown_what_its_tick_says(refused: set[Refused]) -> None:
    """The oracle is HTML's: a box without a tick is not sent."""
    boxes = [Refused(channel, each) for channel in Channel for each in (None, *REFUSABLE)]
    sent = {name_of(box): "on" for box in boxes if (box in refused) == (box.category is None)}
    read = wanted({"shown": SHOWN, **sent})
    assert {what for what, is_refused in read.items() if is_refused} == refused
    assert set(read) == set(boxes)


def test_of_what_was_not_shown_a_form_says_nothing() -> None:
    assert wanted({"shown": "sms:soon", "email:surveys": "on"}) == {Refused(Channel.SMS, Category.SOON): True}


@pytest.mark.parametrize("shown", ["", "email", "email:staff", "sms:help", "fax:all", "email:surveys;sms:all"])
def test_a_form_of_somebody_else_is_refused(shown: str) -> None:
    with pytest.raises(InvalidRequestError):
        wanted({"shown": shown})


def test_help_is_one_message_per_number_and_hour() -> None:
    first = help_for("+4915112345678", None, NOON)
    assert first.message_id == help_for("+4915112345678", "per_1", NOON.replace(minute=59)).message_id
    assert first.message_id != help_for("+4915112345678", None, NOON.replace(hour=13)).message_id
    assert first.message_id != help_for("+4915112345679", None, NOON).message_id
    assert help_for("+4915112345678", "per_1", NOON).phone is None
