"""A survey as a browser is shown it."""

from __future__ import annotations

from typing import NamedTuple

from functions.pages.texts import Texts, locale_of, texts_in
from shared.domain.base import Frozen
from shared.domain.scale_words import drawn, look_of
from shared.domain.scores import sentiment
from shared.domain.surveys import Band, Look, Question, Survey, in_locale


class BrandView(Frozen):
    """How the company looks: its colour, and the one of black and white that can be read on it."""

    name: str
    colour: str
    on_colour: str


class OptionView(Frozen):
    """One of the answers to choose from.

    Args:
        value: The number that is sent.
        text: What is shown for it: a number, a picture or words.
        label: What it is called, for who does not see it.
        band: What the rating says: `negative`, `neutral` or `positive`; null for the option of a choice.
    """

    value: int
    text: str
    label: str
    band: Band | None


class QuestionView(Frozen):
    """One question.

    Args:
        id: Under which it is answered.
        scale: How it is answered.
        look: How its ratings are drawn; null where they are words, and where the answer is text.
        bands: Ask it only if the survey's first rating lies in one of these; always if there are none.
        low: The lowest rating; null where the answer is a choice or text.
        high: The highest rating, likewise.
        options: The answers to choose from, in their order; none where the answer is text.
        text: What is asked.
        low_text: What the lowest rating means.
        high_text: What the highest rating means.
    """

    id: str
    scale: str
    look: Look | None
    bands: tuple[Band, ...]
    low: int | None
    high: int | None
    options: tuple[OptionView, ...]
    text: str
    low_text: str
    high_text: str


class WidgetTexts(Frozen):
    """The widget's own words."""

    comment: str
    send: str
    skip: str
    close: str
    refused: str


class WidgetView(Frozen):
    """All that the widget needs, in one answer.

    Args:
        survey_id: The survey.
        version: Its version.
        locale: The language of all that follows.
        brand: How the company looks.
        questions: What is asked, in this order.
        thanks: What is said after an answer.
        texts: The widget's own words.
        funnel: Whether the survey counts views, so that the page is to report them.
        response_id: The one response that a signed link may give; null with a key, where each answer has its own.
    """

    survey_id: str
    version: int
    locale: str
    brand: BrandView
    questions: tuple[QuestionView, ...]
    thanks: str
    texts: WidgetTexts
    funnel: bool = False
    response_id: str | None = None


class SurveyPage(NamedTuple):
    """All that the page behind a link needs.

    Args:
        survey: What is asked.
        locale: The language it is asked in.
        texts: Our own words in it.
        credential: What opens the way in for the answer, as a query: `t=…` of a signed link, or `key=…`.
        response_id: The response that a signed link gives; None where the page makes an id of its own.
        nonce: What the page gives back with the answer, to prove a press; None where a link needs no proof.
        chosen: The rating that stands chosen when the page opens, for whoever came by a rating in an e-mail.
        is_preview: Whether it is a draft, which the staff page may frame.
    """

    survey: Survey
    locale: str
    texts: Texts
    credential: str
    response_id: str | None = None
    nonce: str | None = None
    chosen: int | None = None
    is_preview: bool = False

    @property
    def brand(self) -> BrandView:
        """How the company looks."""
        return brand_view(self.survey)

    @property
    def questions(self) -> tuple[QuestionView, ...]:
        """The questions in the reader's language."""
        return tuple(question_view(self.survey, question, self.locale) for question in self.survey.questions)

    @property
    def thanks(self) -> str:
        """What is said after an answer."""
        return thanks_of(self.survey, self.locale)


def widget_view(survey: Survey, preferred: tuple[str, ...], response_id: str | None = None) -> WidgetView:
    """A survey in the first of these languages in which it asks."""
    locale = locale_of(survey, preferred)
    texts = texts_in(locale)
    return WidgetView(
        survey_id=survey.survey_id,
        version=survey.version,
        locale=locale,
        brand=brand_view(survey),
        questions=tuple(question_view(survey, question, locale) for question in survey.questions),
        thanks=thanks_of(survey, locale),
        texts=WidgetTexts(
            comment=texts.comment, send=texts.send, skip=texts.skip, close=texts.close, refused=texts.refused
        ),
        funnel=survey.funnel,
        response_id=response_id,
    )


def question_view(survey: Survey, question: Question, locale: str) -> QuestionView:
    """One question in one language."""
    low, high = (question.scale.bounds if question.scale.has_score else None) or (None, None)
    low_text, high_text = texts_in(locale).scale.ends.get(question.scale, ("", ""))
    return QuestionView(
        id=question.id,
        scale=question.scale.value,
        look=look_of(question),
        bands=question.bands,
        low=low,
        high=high,
        options=_options(survey, question, locale),
        text=in_locale(question.text, locale, survey.default_locale),
        low_text=low_text,
        high_text=high_text,
    )


def _options(survey: Survey, question: Question, locale: str) -> tuple[OptionView, ...]:
    """A choice's own options, else the ratings of the scale."""
    if question.options:
        own = [(option.value, in_locale(option.text, locale, survey.default_locale)) for option in question.options]
        return tuple(OptionView(value=value, text=text, label=text, band=None) for value, text in own)
    shown = drawn(question, texts_in(locale).scale)
    return tuple(
        OptionView(value=value, text=text, label=label, band=sentiment(question.scale, value).value)
        for value, (text, label) in zip(question.ratings, shown, strict=True)
    )


def brand_view(survey: Survey) -> BrandView:
    """How the survey's company looks."""
    colour = survey.brand.colour
    return BrandView(name=survey.brand.name, colour=colour, on_colour=readable_on(colour))


def thanks_of(survey: Survey, locale: str) -> str:
    """The survey's own thanks, where it has some in the reader's language; else ours."""
    own = survey.thanks.get(locale) or survey.thanks.get(locale.split("-", maxsplit=1)[0])
    return own or texts_in(locale).thanks


def readable_on(colour: str) -> str:
    """White or near-black, whichever has the higher contrast on a colour (WCAG 2.2, relative luminance).

    Args:
        colour: As `#rrggbb`.
    """
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    # Contrast is (lighter + 0.05) / (darker + 0.05); white has luminance 1, #111111 has 0.0056.
    return "#ffffff" if 1.05 / (luminance + 0.05) >= (luminance + 0.05) / 0.0556 else "#111111"
