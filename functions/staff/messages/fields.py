"""Every field of a brand's definition as the form shows it, held against the models by a test."""

from __future__ import annotations

from functions.staff.fields import Field, Kind, Section, Words
from shared.domain.brands import MessageTexts
from shared.domain.messages import Category, MessageKind

STAGES = tuple(category for category in Category if category.is_stage)
TOLD = tuple(kind for kind in MessageKind if kind.category.is_stage)
"""The kinds that a company may say in its own words."""

_STAGE_WORDS = {
    Category.SCHEDULED: Words("Planned, days ahead", "Geplant, Tage vorher"),
    Category.DAY_BEFORE: Words("The day before", "Am Tag davor"),
    Category.ON_ITS_WAY: Words("On its way", "Unterwegs"),
    Category.SOON: Words("Soon: 30 to 60 minutes ahead", "Bald: 30 bis 60 Minuten vorher"),
    Category.ARRIVING: Words("Arriving: the next stop", "Gleich da: der nächste Halt"),
    Category.DELIVERED: Words("Delivered", "Zugestellt"),
    Category.ATTEMPT_FAILED: Words("Could not be handed over", "Konnte nicht übergeben werden"),
    Category.EXCEPTION: Words("Held up", "Kommt nicht weiter"),
    Category.DELAYED: Words("Later than promised", "Später als versprochen"),
}
KIND_WORDS = {
    MessageKind.DETRACTOR_ALERT: Words("To you: an unhappy answer", "An Sie: eine unzufriedene Antwort"),
    MessageKind.COMMENT_ADDED: Words("To you: a comment was added", "An Sie: ein Kommentar kam hinzu"),
    MessageKind.ALERT_DIGEST: Words(
        "To you: more alerts than fit in an hour", "An Sie: mehr Warnungen als in eine Stunde"
    ),
    MessageKind.THANK_YOU: Words("Thanks for an answer", "Dank für eine Antwort"),
    MessageKind.DELIVERY_SCHEDULED: _STAGE_WORDS[Category.SCHEDULED],
    MessageKind.DELIVERY_DAY_BEFORE: _STAGE_WORDS[Category.DAY_BEFORE],
    MessageKind.DELIVERY_ON_ITS_WAY: _STAGE_WORDS[Category.ON_ITS_WAY],
    MessageKind.DELIVERY_SOON: _STAGE_WORDS[Category.SOON],
    MessageKind.DELIVERY_ARRIVING: _STAGE_WORDS[Category.ARRIVING],
    MessageKind.DELIVERY_DELIVERED: _STAGE_WORDS[Category.DELIVERED],
    MessageKind.DELIVERY_ATTEMPT_FAILED: _STAGE_WORDS[Category.ATTEMPT_FAILED],
    MessageKind.DELIVERY_EXCEPTION: _STAGE_WORDS[Category.EXCEPTION],
    MessageKind.DELIVERY_DELAYED: Words("It will be later than promised", "Es wird später als versprochen"),
    MessageKind.DELIVERY_APOLOGY: Words("Apology for a late delivery", "Entschuldigung für eine späte Lieferung"),
    MessageKind.SURVEY_INVITATION: Words("Invitation to a survey", "Einladung zu einer Umfrage"),
    MessageKind.SURVEY_REMINDER: Words("Reminder of it", "Erinnerung daran"),
    MessageKind.SMS_HELP: Words("Answer to an SMS that asks for help", "Antwort auf eine SMS, die um Hilfe bittet"),
}
"""What a kind of message is called on this page."""
_CATEGORY_CHOICES = (
    (Category.SURVEYS.value, Words("surveys and thanks", "Umfragen und Dank")),
    *((category.value, _STAGE_WORDS[category]) for category in STAGES),
)

LOOKS = Section(
    "looks",
    Words("The brand", "Die Marke"),
    (
        Field("name", Kind.LINE, Words("Name to customers", "Name für Kunden")),
        Field("colour", Kind.COLOUR, Words("Colour", "Farbe")),
        Field(
            "logo",
            Kind.LINE,
            Words("Logo", "Logo"),
            Words("The address of a picture, with https.", "Die Adresse eines Bildes, mit https."),
        ),
        Field(
            "default_locale",
            Kind.LINE,
            Words("Main language", "Hauptsprache"),
            Words("Of who told us none, such as en.", "Wer uns keine genannt hat, etwa de."),
        ),
        Field(
            "messages_per_day",
            Kind.NUMBER,
            Words("Messages a person gets a day at most", "Nachrichten je Person und Tag, höchstens"),
            Words(
                "What is worth knowing only now is not counted. Empty: what the installation says.",
                "Was nur jetzt wichtig ist, zählt nicht. Leer: was die Installation sagt.",
            ),
        ),
    ),
)


def _stage_fields() -> tuple[Field, ...]:
    fields = []
    for category in STAGES:
        path = f"stages.{category.value}"
        fields.append(Field(f"{path}.enabled", Kind.TICK, _STAGE_WORDS[category]))
        if category is Category.DAY_BEFORE:
            fields.append(
                Field(
                    f"{path}.at",
                    Kind.LINE,
                    Words("The day before: at", "Am Tag davor: um"),
                    Words("A local time; empty: 17:00.", "Eine Ortszeit; leer: 17:00."),
                )
            )
        if category is Category.SOON:
            fields.append(
                Field(
                    f"{path}.minutes_ahead",
                    Kind.NUMBER,
                    Words("Soon: minutes ahead", "Bald: Minuten vorher"),
                    Words("30 to 60; empty: 45.", "30 bis 60; leer: 45."),
                )
            )
    return tuple(fields)


TELLS = Section("stages", Words("What customers are told", "Was Kunden erfahren"), _stage_fields())

QUIET = (
    Field("start", Kind.LINE, Words("From", "Von"), Words("21:00, where the recipient is", "21:00, beim Empfänger")),
    Field("end", Kind.LINE, Words("Until", "Bis"), Words("08:00; messages go again", "08:00; es geht weiter")),
    Field(
        "countries",
        Kind.LINES,
        Words("Only for these countries", "Nur für diese Länder"),
        Words("Codes such as DE, one a line; empty: all.", "Kürzel wie DE, eins je Zeile; leer: alle."),
    ),
    Field(
        "categories",
        Kind.TICKS,
        Words("Which messages wait", "Welche Nachrichten warten"),
        Words("None: all.", "Keine: alle."),
        choices=_CATEGORY_CHOICES,
    ),
)

SETTINGS = (*LOOKS.fields, *TELLS.fields)
"""The fields that are in no list and in no language."""

_TEXT_FIELDS = {
    "subject": (Kind.LINE, Words("Subject", "Betreff")),
    "heading": (Kind.LINE, Words("Heading", "Überschrift")),
    "text": (Kind.TEXT, Words("Text", "Text")),
    "sms": (Kind.TEXT, Words("SMS", "SMS")),
}
assert set(_TEXT_FIELDS) == set(MessageTexts.model_fields)  # noqa: S101  else the next save would lose one


def text_fields(kind: MessageKind, locales: tuple[str, ...]) -> tuple[Field, ...]:
    """The fields of a company's own words for one kind, in each language."""
    return tuple(
        Field(
            f"texts.{kind.value}.{locale}.{name}",
            how,
            Words(f"{label.en} ({locale})", f"{label.de} ({locale})"),
        )
        for locale in locales
        for name, (how, label) in _TEXT_FIELDS.items()
    )
