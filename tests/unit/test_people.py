"""An address is read the way the post reads it, and what we know of a person is what was told last."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from shared.domain.people import Person, Recipient, completed, merged


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("ada@example.com", "ada@example.com"),
        (" Ada.Lovelace+tag@Example.COM ", "Ada.Lovelace+tag@example.com"),
        ("o'neil@sub.example.co.uk", "o'neil@sub.example.co.uk"),
        ("a" * 64 + "@example.com", "a" * 64 + "@example.com"),
    ],
)
def test_an_email_address_is_kept_as_its_owner_writes_it(given: str, kept: str) -> None:
    assert Recipient(email=given).email == kept


@pytest.mark.parametrize(
    "given",
    [
        "",
        "ada",
        "ada@",
        "@example.com",
        "ada@example",
        "ada@@example.com",
        "ada..l@example.com",
        ".ada@example.com",
        "ada@-example.com",
        "ada@exa mple.com",
        "ada@example.com\nbcc: eve@example.com",
        "ada@example.com,eve@example.com",
        "Ada <ada@example.com>",
        "a" * 65 + "@example.com",
        "a@" + "b." * 126 + "com",
        "ädä@example.com",
    ],
)
def test_what_is_no_email_address_is_refused(given: str) -> None:
    with pytest.raises(ValidationError):
        Recipient(email=given)


@pytest.mark.parametrize("given", ["+4915112345678", "+49 151 123-456.78", "+49 (151) 12345678"])
def test_a_phone_number_is_kept_in_its_international_form(given: str) -> None:
    assert Recipient(phone=given).phone == "+4915112345678"


@pytest.mark.parametrize(
    "given", ["015112345678", "+0151123456", "+49", "+49151123456789012", "+49abc12345", "", 49151]
)
def test_what_is_no_international_phone_number_is_refused(given: object) -> None:
    with pytest.raises(ValidationError):
        Recipient.model_validate({"phone": given})


def test_a_recipient_can_be_reached_or_recognised() -> None:
    with pytest.raises(ValidationError, match="needs an email, a phone or an external_id"):
        Recipient(name="Ada")


def test_an_external_id_decides_before_an_email_and_an_email_before_a_phone() -> None:
    recipient = Recipient(phone="+4915112345678", email="Ada@example.com", external_id="c-1")
    assert [(claim.kind.value, claim.value) for claim in recipient.claims] == [
        ("external", "c-1"),
        ("email", "ada@example.com"),
        ("phone", "+4915112345678"),
    ]


def test_two_spellings_of_an_address_are_one_claim() -> None:
    assert Recipient(email="ADA@example.com").claims == Recipient(email="ada@EXAMPLE.com").claims


KNOWN = Person(person_id="per_1", email="old@example.com", name="Ada")


def test_what_is_told_now_wins_and_what_is_not_told_stays() -> None:
    told = Recipient(email="new@example.com", locale="de")
    assert merged(KNOWN, told) == Person(person_id="per_1", email="new@example.com", name="Ada", locale="de")


def test_what_was_told_earlier_fills_gaps_only() -> None:
    told = Recipient(email="older@example.com", phone="+4915112345678", name="Countess")
    assert completed(KNOWN, told) == Person(
        person_id="per_1", email="old@example.com", name="Ada", phone="+4915112345678"
    )
