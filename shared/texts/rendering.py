"""Renders messages: `templates/<kind>/<locale>.<subject|txt|html|sms>`.

Only HTML is escaped; what a customer wrote goes through `dead` in every form. A name that a template uses and nobody
gave is an error, and a test renders each template there is.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from jinja2.sandbox import ImmutableSandboxedEnvironment

from shared.domain.brands import Brand as CompanyBrand
from shared.domain.deliveries import Delivery
from shared.domain.messages import EmailContent, MessageKind, SmsContent
from shared.domain.people import Person
from shared.domain.phones import plain_text
from shared.domain.promises import Window
from shared.domain.responses import Response
from shared.domain.scale_words import SCALE_WORDS, drawn, look_of
from shared.domain.scores import Sentiment, sentiment
from shared.domain.stages import late_by
from shared.domain.surveys import Brand, Question, Scale, Survey, in_locale
from shared.texts.own_words import OwnWords, own_words
from shared.texts.words import (
    NO_LANGUAGE,
    dead,
    duration_in_words,
    expected_in_words,
    moment_in_words,
    one_line,
    readable_on,
    reason_in_words,
    window_in_words,
)

LOCALES = ("en", "de")
DEFAULT_LOCALE = LOCALES[0]
TEMPLATES = Path(__file__).parent / "templates"
LONGEST_SUBJECT = 120
LONGEST_NAME = 60


def supported_locale(*preferred: str | None) -> str:
    """The first of these whose language we have templates in, else English."""
    languages = (locale.split("-")[0] for locale in preferred if locale)
    return next((language for language in languages if language in LOCALES), DEFAULT_LOCALE)


def spoken_locales(preferred: str | None, brand: CompanyBrand) -> list[str]:
    """In which locales a message of a brand may be said, the best first: `de-AT`, `de`, the brand's own, English.

    The first language of which we have templates is the last: whose words they are matters less than that they are
    understood, so ours in the recipient's language come before the company's in another.
    """
    chain = []
    for locale in (preferred, brand.default_locale, DEFAULT_LOCALE):
        chain += [locale, locale.partition("-")[0]] if locale else []
    known = next(place for place, locale in enumerate(chain) if locale in LOCALES)
    return list(dict.fromkeys(chain[: known + 1]))


class RatingShown(NamedTuple):
    """A rating with the question it answers."""

    question: str
    rating: int
    scale: Scale

    @property
    def highest(self) -> int:
        """The best rating there is."""
        return self.scale.bounds[1] if self.scale.bounds else 0


class RatingLink(NamedTuple):
    """A rating that can be pressed in an e-mail.

    Args:
        text: What is shown for it: a number, a picture or words.
        label: What it is called, for who does not see it.
        address: The page that opens with it chosen.
    """

    text: str
    label: str
    address: str


class InvitationLinks(NamedTuple):
    """The addresses in an invitation.

    Args:
        address: The page of the one answer: in an e-mail the one behind its ratings, which takes `?rating=`.
        unsubscribe: Where to say that one does not want to be asked.
        preferences: Where to choose what one is sent.
    """

    address: str
    unsubscribe: str
    preferences: str = ""


class DeliveryLinks(NamedTuple):
    """The addresses in news of a delivery; empty where there is none.

    Args:
        track: The live page of the parcel.
        preferences: Where to choose what one is told.
    """

    track: str
    preferences: str


NO_WORDS_OF_ITS_OWN = OwnWords()


class Texts:
    """One message's texts; each is rendered when asked for, for only one channel's are needed."""

    def __init__(
        self, environment: Environment, folder: str, values: dict[str, Any], own: OwnWords = NO_WORDS_OF_ITS_OWN
    ) -> None:
        self._environment = environment
        self._folder = folder
        self._values = {**values, "own": own}
        self._own = own

    def email(self) -> EmailContent:
        """Subject, text and HTML."""
        subject = one_line(self._own.subject or self._text("subject"), LONGEST_SUBJECT)
        html = self._text("html", subject=subject)
        return EmailContent(subject=subject, text=self._text("txt").strip() + "\n", html=html)

    def sms(self) -> SmsContent:
        """One line in the alphabet of SMS, as far as the names in it allow."""
        return SmsContent(body=plain_text(self.sms_as_written()))

    def sms_as_written(self) -> str:
        """The same with the characters that were written, before any is replaced for the sake of the alphabet."""
        return one_line(self._own.sms or self._text("sms"), longest=1000)

    def _text(self, form: str, **more: Any) -> str:
        template = self._environment.get_template(f"{self._folder}.{form}")
        return template.render(**self._values, **more)


class Rendering:
    """The texts of each kind of message."""

    def __init__(self) -> None:
        self._environment = ImmutableSandboxedEnvironment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=select_autoescape(["html"]),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.filters.update(dead=dead, one_line=one_line, readable_on=readable_on)

    def alert(self, kind: MessageKind, survey: Survey, response: Response) -> Texts:
        """A detractor's answer, or the comment they added, to an owner."""
        locale = supported_locale(survey.alert_locale)
        ratings = {
            question.id: RatingShown(
                in_locale(question.text, locale), response.ratings[question.id].value, question.scale
            )
            for question in survey.questions
            if question.id in response.ratings and question.scale.has_score
        }
        negative = [shown for shown in ratings.values() if sentiment(shown.scale, shown.rating) is Sentiment.NEGATIVE]
        return self._texts(
            kind,
            locale,
            survey.brand,
            survey=survey,
            response=response,
            headline=negative[0],
            ratings=list(ratings.values()),
            texts=[
                (in_locale(question.text, locale), said)
                for question in survey.questions
                if (said := _in_words(question, response, locale))
            ],
            answered=moment_in_words(response.answered_at, survey.time_zone, response.accepted_at, locale),
        )

    def digest(self, survey: Survey, capped: int, hour_start: datetime, hour_end: datetime) -> Texts:
        """How many alerts an owner did not get in an hour."""
        locale = supported_locale(survey.alert_locale)
        hour = window_in_words(Window(start=hour_start, end=hour_end), survey.time_zone, hour_end, locale)
        return self._texts(MessageKind.ALERT_DIGEST, locale, survey.brand, survey=survey, capped=capped, hour=hour)

    def thank_you(self, locale: str, survey: Survey, person: Person, unsubscribe: str, preferences: str = "") -> Texts:
        """Thanks for an answer, in the survey's own words where it has some in the language."""
        return self._texts(
            MessageKind.THANK_YOU,
            locale,
            survey.brand,
            name=person.name or "",
            thanks=survey.thanks.get(locale, ""),
            unsubscribe=unsubscribe,
            preferences=preferences,
        )

    def sms_help(self, locale: str, brand: CompanyBrand, contact: str) -> Texts:
        """The answer to an SMS that asks for help: who we are, where to reach us, and how to hear no more."""
        return self._texts(MessageKind.SMS_HELP, locale, brand, contact=contact)

    def delivery(
        self,
        kind: MessageKind,
        locale: str | None,
        brand: CompanyBrand,
        *,
        delivery: Delivery,
        person: Person,
        now: datetime,
        links: DeliveryLinks,
        occasion: str | None = None,
    ) -> Texts:
        """News of a parcel, in the company's own words where it has some.

        Args:
            kind: What is told.
            locale: The recipient's, whether we have templates in its language or not.
            brand: Whose parcel it is.
            delivery: The parcel.
            person: The recipient.
            now: From when days are told.
            links: Where more can be seen and less be wished for.
            occasion: The promise it is about, where that is not the one that holds now.
        """
        locales = spoken_locales(locale, brand)
        shown = _look(locales[-1], brand, name=person.name or "")

        @cache
        def known(locale: str) -> dict[str, str]:
            language = locale.partition("-")[0]
            news = _news(delivery, occasion if kind is MessageKind.DELIVERY_DELAYED else None, now, language)
            return {"name": shown["name"], "brand": shown["brand"], **news, **links._asdict()}

        own = own_words(brand.texts.get(kind, {}), locales, known)
        return Texts(self._environment, f"{kind.value}/{locales[-1]}", {**shown, **known(locales[-1])}, own)

    def question(
        self,
        kind: MessageKind,
        locale: str,
        survey: Survey,
        person: Person,
        links: InvitationLinks,
        *,
        about_delivery: bool,
    ) -> Texts:
        """The request to answer a survey, or the reminder of it; in an e-mail each rating is a link."""
        question, words = survey.first_scale_question, SCALE_WORDS[locale]
        low, high = words.ends.get(question.scale, ("", ""))
        return self._texts(
            kind,
            locale,
            survey.brand,
            name=person.name or "",
            about_delivery=about_delivery,
            question=in_locale(question.text, locale, survey.default_locale),
            ratings=[
                RatingLink(text, label, f"{links.address}?rating={rating}")
                for rating, (text, label) in zip(question.ratings, drawn(question, words), strict=True)
            ],
            in_words=look_of(question) is None,
            low=low,
            high=high,
            links=links,
        )

    def _texts(self, kind: MessageKind, locale: str, brand: Brand | CompanyBrand, **values: Any) -> Texts:
        return Texts(self._environment, f"{kind.value}/{locale}", _look(locale, brand, **values))


def _look(locale: str, brand: Brand | CompanyBrand, **values: Any) -> dict[str, Any]:
    """What every message shows: the brand, and whom it is for if somebody is named."""
    shown = {
        "locale": locale,
        "brand": one_line(brand.name, LONGEST_NAME),
        "colour": brand.colour,
        "logo": brand.logo if isinstance(brand, CompanyBrand) else None,
        **values,
    }
    if "name" in shown:
        shown["name"] = dead(one_line(shown["name"], LONGEST_NAME))
    return shown


def _news(delivery: Delivery, replaced: str | None, now: datetime, language: str) -> dict[str, str]:
    """What is known of a parcel, in words; empty what is not known.

    Args:
        delivery: The parcel.
        replaced: The promise that a later one may have replaced.
        now: From when days are told.
        language: Of the words; of one that we have none of, figures.
    """
    registration, event = delivery.registration, delivery.current
    if registration is None:
        raise ValueError("a parcel that nobody registered has nobody to be told of it")
    words = language if language in LOCALES else NO_LANGUAGE
    zone, late = registration.zone, late_by(delivery)
    promise, estimated_at = registration.promise, delivery.estimated_at
    expected = expected_in_words(estimated_at, zone, now, words) if estimated_at else ""
    earlier = delivery.promise_named(replaced)
    if earlier is not None and promise is not None and earlier.window != promise:
        expected, promise = window_in_words(promise, zone, now, words), earlier.window
    elif promise is not None and promise.end <= now:
        promise = None  # It is over, so nobody is to wait for it.
    return {
        "window": window_in_words(promise, zone, now, words) if promise else "",
        "expected": expected,
        "occurred": moment_in_words(event.occurred_at, zone, now, words) if event else "",
        "reason": reason_in_words(event.reason if event else None, words),
        "late_by": duration_in_words(late, words) if late else "",
        "tracking_number": registration.tracking_number or "",
    }


def _in_words(question: Question, response: Response, locale: str) -> str | None:
    """An answer that is no rating: the text that was written, or the option that was chosen."""
    chosen = response.ratings.get(question.id)
    for option in question.options:
        if chosen is not None and option.value == chosen.value:
            return in_locale(option.text, locale)
    return response.texts.get(question.id)
