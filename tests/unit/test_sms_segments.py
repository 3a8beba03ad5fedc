"""How many SMS a text takes, against an independent implementation (smsutil, MIT)."""

from __future__ import annotations

import random

import pytest
import smsutil

from shared.domain.phones import plain_text
from shared.domain.sms_segments import Alphabet, sms_report, sms_size

LATIN = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZäöüßÄÖÜéèàñ@£$ 0123456789.,:;!?\n"
EXTENSION = "^{}\\[~]|€"
WIDE = "жшяπ中文日’“–…çőŁ"
ASTRAL = "😀🚚📦🏠"


def random_text(seed: int) -> str:
    """A text of up to six segments whose pairs lie where they may; each alphabet gets its share of lengths."""
    rng = random.Random(seed)
    letters = [LATIN] * rng.choice([1, 9, 40])
    letters += [EXTENSION] * rng.choice([0, 1, 4])
    if seed % 2:
        letters += [WIDE] * rng.choice([1, 9]) + [ASTRAL] * rng.choice([0, 1, 4])
    return "".join(rng.choice(rng.choice(letters)) for _ in range(rng.randrange(1, 900 if seed % 2 == 0 else 400)))


def test_thousands_of_texts_take_as_many_sms_as_another_implementation_says() -> None:
    wrong = {}
    alphabets = dict.fromkeys(Alphabet, 0)
    for seed in range(4_000):
        text = random_text(seed)
        size, expected = sms_size(text), smsutil.split(text)
        alphabets[size.alphabet] += 1
        told = (size.segments, size.alphabet is Alphabet.GSM_7)
        if told != (len(expected.parts), expected.encoding == "gsm0338"):
            wrong[seed] = told
    assert wrong == {}
    assert min(alphabets.values()) > 1_000


@pytest.mark.parametrize(
    ("text", "segments", "alphabet", "units"),
    [
        ("", 1, Alphabet.GSM_7, 0),
        ("a" * 160, 1, Alphabet.GSM_7, 160),
        ("a" * 161, 2, Alphabet.GSM_7, 161),
        ("a" * 306, 2, Alphabet.GSM_7, 306),
        ("a" * 158 + "€", 1, Alphabet.GSM_7, 160),
        ("a" * 159 + "€", 2, Alphabet.GSM_7, 161),
        # 306 septets, which a division by 153 would call two: the pair may not be split.
        ("a" * 152 + "€" + "a" * 152, 3, Alphabet.GSM_7, 306),
        ("ж" * 70, 1, Alphabet.UCS_2, 70),
        ("ж" * 71, 2, Alphabet.UCS_2, 71),
        ("ж" * 66 + "😀" + "ж" * 66, 3, Alphabet.UCS_2, 134),
        ("a" * 159 + "’", 3, Alphabet.UCS_2, 160),
        ("\f", 1, Alphabet.GSM_7, 2),
    ],
)
def test_the_limits_of_one_and_of_several(text: str, segments: int, alphabet: Alphabet, units: int) -> None:
    assert sms_size(text) == (segments, alphabet, units)


def test_typography_is_replaced_and_said() -> None:
    report = sms_report("„Gleich da“ – wir klingeln…")
    assert report.body == '"Gleich da" - wir klingeln...'
    assert report.replaced == (("„", '"'), ("“", '"'), ("–", "-"), ("…", "..."))
    assert (report.foreign, report.extra_segments) == ((), 0)
    assert report.size == sms_size(report.body)


def test_a_character_that_stays_foreign_is_named_with_what_it_costs() -> None:
    report = sms_report("a" * 100 + "🚚 Łódź")
    assert report.foreign == ("🚚", "Ł", "ó", "ź")
    assert report.size.alphabet is Alphabet.UCS_2
    assert (report.size.segments, report.size_without.segments, report.extra_segments) == (2, 1, 1)


def test_letters_whose_accent_is_a_character_of_its_own_are_no_reason_for_ucs_2() -> None:
    apart = "Ihre Bestellung ist in Ko\u0308ln"
    assert plain_text(apart) == "Ihre Bestellung ist in Köln"
    assert sms_report(apart).size.alphabet is Alphabet.GSM_7
