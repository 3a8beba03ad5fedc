"""A survey as a terminal shows it: complete in one page, in every language it asks in, for it must work offline."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from typing import Literal

from functions.pages.kiosk_texts import KioskTexts, direction, kiosk_texts_in
from functions.pages.texts import locale_of
from functions.pages.views import BrandView, brand_view, question_view, thanks_of
from shared.domain.base import Frozen
from shared.domain.scores import sentiment
from shared.domain.surveys import Look, Question, Scale, Survey

PIN_ROUNDS = 100_000
"""Rounds of PBKDF2: a twentieth of a second for whoever types the PIN; who copies the page tries all in minutes."""

FACES = {Scale.CSAT, Scale.CSAT_3}
"""Scales that a terminal asks with smileys, unless the question's look is numbers."""


class KioskOption(Frozen):
    """One large button: the number that is sent, what stands on it, and for the first question what it says."""

    value: int
    text: str
    band: str | None


class KioskQuestion(Frozen):
    """One question of few words, answered by one press.

    Args:
        id: Under which it is answered.
        look: Smileys, ratings that stand side by side, or words.
        text: What is asked.
        low_text: What the lowest rating means, where the buttons do not say so.
        high_text: What the highest rating means, likewise.
        options: The buttons.
        bands: Asked only after a first answer that lies in one of these; none is always.
    """

    id: str
    look: Literal["smileys", "ratings", "words"]
    text: str
    low_text: str
    high_text: str
    options: tuple[KioskOption, ...]
    bands: tuple[str, ...] = ()


class KioskWords(Frozen):
    """Everything that is said in one language."""

    dir: str
    thanks: str
    questions: tuple[KioskQuestion, ...]
    texts: Mapping[str, str]


class ExitPin(Frozen):
    """What a PIN can be compared with: PBKDF2 of it, SHA-256, in hexadecimal digits."""

    salt: str
    rounds: int
    hash: str


class KioskView(Frozen):
    """All that the page needs, with or without a network.

    Args:
        survey: The survey's id.
        to: Where answers go, from the page's own address.
        locale: The language it starts in.
        brand: How the company looks.
        cool_down: Seconds for which thanks stay and no press counts.
        exit: How the PIN is known; None where there is no way out.
        words: What is said, by language.
        test: A preview: nothing is kept for later, and nothing counts.
    """

    survey: str
    to: str
    locale: str
    brand: BrandView
    cool_down: int
    exit: ExitPin | None
    words: Mapping[str, KioskWords]
    test: bool = False


def kiosk_view(survey: Survey, credential: str, preferred: tuple[str, ...], *, test: bool = False) -> KioskView:
    """A survey for a terminal.

    Args:
        survey: The version to ask.
        credential: The query that answers are sent with, such as `key=pk_…`.
        preferred: Languages, the best liked first.
        test: Whether it is only looked at.
    """
    return KioskView(
        survey=survey.survey_id,
        to=f"../v1/surveys/{survey.survey_id}/responses?{credential}",
        locale=locale_of(survey, preferred),
        brand=brand_view(survey),
        cool_down=survey.kiosk.cool_down_seconds,
        exit=_exit(survey),
        words={locale: _words(survey, locale) for locale in survey.first_scale_question.text},
        test=test,
    )


def _words(survey: Survey, locale: str) -> KioskWords:
    first = survey.first_scale_question
    pressed = [question for question in survey.questions if question.ratings and question is not first]
    texts = kiosk_texts_in(locale)
    return KioskWords(
        dir=direction(locale),
        thanks=thanks_of(survey, locale),
        questions=tuple(_question(survey, question, locale, texts) for question in (first, *pressed)),
        texts={name: text for name, text in texts._asdict().items() if isinstance(text, str)},
    )


def _question(survey: Survey, question: Question, locale: str, texts: KioskTexts) -> KioskQuestion:
    view = question_view(survey, question, locale)
    look: Literal["smileys", "ratings", "words"]
    if question.scale in {Scale.CHOICE, Scale.EXPECTATION}:
        look, shown = "words", tuple(option.text for option in view.options)
    elif question.scale in FACES and question.look is not Look.NUMBERS:
        look, shown = "smileys", texts.faces[len(question.ratings)]
    else:
        look, shown = "ratings", tuple(str(rating) for rating in question.ratings)
    return KioskQuestion(
        id=question.id,
        look=look,
        text=view.text,
        low_text=view.low_text if look == "ratings" else "",
        high_text=view.high_text if look == "ratings" else "",
        options=tuple(
            KioskOption(value=value, text=text, band=_band(question, value))
            for value, text in zip(question.ratings, shown, strict=True)
        ),
        bands=question.bands,
    )


def _band(question: Question, value: int) -> str | None:
    return sentiment(question.scale, value).value if question.scale.has_score else None


def _exit(survey: Survey) -> ExitPin | None:
    pin = survey.kiosk.exit_pin
    return None if pin is None else _hashed(pin, f"{survey.survey_id}:{survey.version}")


@lru_cache(maxsize=64)
def _hashed(pin: str, salted_by: str) -> ExitPin:
    """The salt follows from the survey, so that the same version is the same page, which terminals compare."""
    salt = hashlib.sha256(salted_by.encode()).digest()[:16]
    return ExitPin(
        salt=salt.hex(), rounds=PIN_ROUNDS, hash=hashlib.pbkdf2_hmac("sha256", pin.encode(), salt, PIN_ROUNDS).hex()
    )
