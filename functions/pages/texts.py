"""The words around a survey's own questions, in the languages we speak; and which language somebody reads."""

from __future__ import annotations

from typing import NamedTuple

from shared.domain.languages import spoken
from shared.domain.scale_words import SCALE_WORDS, ScaleWords
from shared.domain.surveys import Survey


class Notice(NamedTuple):
    """A page that only says something."""

    title: str
    text: str


class Texts(NamedTuple):
    """Everything we say to a customer who is asked, in one language."""

    scale: ScaleWords
    comment: str
    optional: str
    send: str
    skip: str
    close: str
    thanks: str
    saving: str
    saved: str
    again: str
    refused: str
    old: str
    choose: str
    confirm: str
    no_script: str
    changed: str
    expired: Notice
    invalid: Notice
    unknown: Notice
    away: Notice


TEXTS = {
    "en": Texts(
        scale=SCALE_WORDS["en"],
        comment="What is the main reason for your rating?",
        optional="optional",
        send="Send",
        skip="Skip",
        close="Close",
        thanks="Thank you. We read every answer.",
        saving="Saving your rating…",
        saved="Your rating is saved. You can still change it, or tell us more.",
        again="There is no connection at the moment. We keep trying; please leave this page open.",
        refused="Your answer could not be saved.",
        old="Your answer was not saved, because this page has been open for long. Please open the link in your e-mail "
        "again.",
        choose="Please choose a rating first.",
        confirm="One more press gives your rating: on the rating itself, or on “Send”.",
        no_script="Answering needs JavaScript, so that programs that open links in e-mails cannot answer for you. "
        "Please switch it on, or open this page in another browser.",
        changed="You can open this link again to change your answer.",
        expired=Notice(
            "This link has expired",
            "Links to our questions are open for a limited time, and this one is over. You do not need to do anything.",
        ),
        invalid=Notice(
            "This link is not complete",
            "Part of the address is missing or has changed. Please open the link in your message again.",
        ),
        unknown=Notice("There is nothing to answer here", "The survey behind this link does not exist, or no longer."),
        away=Notice("One moment, please", "This page cannot be shown right now. Please try again in a minute."),
    ),
    "de": Texts(
        scale=SCALE_WORDS["de"],
        comment="Was ist der wichtigste Grund für Ihre Bewertung?",
        optional="freiwillig",
        send="Senden",
        skip="Überspringen",
        close="Schließen",
        thanks="Vielen Dank. Wir lesen jede Antwort.",
        saving="Ihre Bewertung wird gespeichert …",
        saved="Ihre Bewertung ist gespeichert. Sie können sie noch ändern oder uns mehr sagen.",
        again="Gerade gibt es keine Verbindung. Wir versuchen es weiter; bitte lassen Sie diese Seite offen.",
        refused="Ihre Antwort konnte nicht gespeichert werden.",
        old="Ihre Antwort wurde nicht gespeichert, weil diese Seite schon lange offen ist. Bitte öffnen Sie den Link "
        "in Ihrer E-Mail noch einmal.",
        choose="Bitte wählen Sie zuerst eine Bewertung.",
        confirm="Ein Druck noch gibt Ihre Bewertung ab: auf die Bewertung selbst oder auf „Senden“.",
        no_script="Zum Antworten braucht es JavaScript, damit Programme, die Links in E-Mails öffnen, nicht für Sie "
        "antworten können. Bitte schalten Sie es ein, oder öffnen Sie die Seite in einem anderen Browser.",
        changed="Über denselben Link können Sie Ihre Antwort später ändern.",
        expired=Notice(
            "Dieser Link ist abgelaufen",
            "Unsere Fragen sind nur eine Zeit lang offen, und diese ist vorbei. Sie müssen nichts weiter tun.",
        ),
        invalid=Notice(
            "Dieser Link ist unvollständig",
            "Ein Teil der Adresse fehlt oder hat sich geändert. Bitte öffnen Sie den Link in Ihrer Nachricht noch "
            "einmal.",
        ),
        unknown=Notice(
            "Hier gibt es nichts zu beantworten", "Die Umfrage zu diesem Link gibt es nicht oder nicht mehr."
        ),
        away=Notice(
            "Einen Moment bitte",
            "Diese Seite kann gerade nicht angezeigt werden. Bitte versuchen Sie es in einer Minute noch einmal.",
        ),
    ),
}


def locale_of(survey: Survey, preferred: tuple[str, ...]) -> str:
    """The first of these languages in which the survey asks, by region or by language alone; else its default."""
    asked_in = survey.first_scale_question.text
    for locale in preferred:
        for candidate in (locale, locale.split("-")[0]):
            if candidate in asked_in:
                return candidate
    return survey.default_locale


def texts_in(locale: str) -> Texts:
    """Our words in a survey's language."""
    return TEXTS[spoken((locale,), TEXTS)]
