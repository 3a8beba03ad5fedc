"""Every field of a survey's definition as the form shows it: one line each, held against the models by a test.

A field that stands in the definition and not here would be lost by the next save.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import NamedTuple

from shared.domain.scores import Sentiment
from shared.domain.surveys import Look, Scale


class Words(NamedTuple):
    """The same in each language of the staff page."""

    en: str
    de: str


class Kind(Enum):
    """How a field is filled in."""

    LINE = auto()
    TEXT = auto()
    """Several lines, of which the empty ones begin a paragraph."""
    NUMBER = auto()
    COLOUR = auto()
    TICK = auto()
    CHOICE = auto()
    TICKS = auto()
    """Any of a few values, in their order."""
    LINES = auto()
    """A list, one entry a line."""
    TEXTS = auto()
    """One line for each language of the survey."""


class Field(NamedTuple):
    """One field.

    Args:
        path: Its path in the definition, or in the entry of the list it belongs to.
        kind: How it is filled in.
        label: What it is called.
        hint: What one should know to fill it in.
        choices: What there is to choose from, and how that is called.
    """

    path: str
    kind: Kind
    label: Words
    hint: Words = Words("", "")
    choices: tuple[tuple[str, Words], ...] = ()


class Section(NamedTuple):
    """Fields that belong together."""

    name: str
    title: Words
    fields: tuple[Field, ...]


_SCALES = (
    (Scale.NPS, Words("Recommendation, 0 to 10 (NPS)", "Weiterempfehlung, 0 bis 10 (NPS)")),
    (Scale.CSAT, Words("Satisfaction, 1 to 5", "Zufriedenheit, 1 bis 5")),
    (Scale.CSAT_3, Words("Satisfaction, three smileys", "Zufriedenheit, drei Smileys")),
    (Scale.CES, Words("Effort, 1 to 5: “it was easy”", "Aufwand, 1 bis 5: „es war einfach“")),
    (Scale.CES_7, Words("Effort, 1 to 7", "Aufwand, 1 bis 7")),
    (Scale.EXPECTATION, Words("Expectation: below, met, exceeded", "Erwartung: schlechter, wie erwartet, besser")),
    (Scale.CHOICE, Words("A choice of your own options", "Eine Auswahl eigener Möglichkeiten")),
    (Scale.TEXT, Words("Text", "Text")),
)

IDENTITY = Section(
    "identity",
    Words("The survey", "Die Umfrage"),
    (
        Field("name", Kind.LINE, Words("Name", "Name"), Words("Only you see it.", "Nur Sie sehen ihn.")),
        Field(
            "touchpoint",
            Kind.LINE,
            Words("Touchpoint", "Kontaktpunkt"),
            Words(
                "Where in the customer journey it is asked: checkout, delivery, support_chat.",
                "Wo auf dem Weg des Kunden gefragt wird: checkout, delivery, support_chat.",
            ),
        ),
        Field(
            "journey_position",
            Kind.NUMBER,
            Words("Place in the journey", "Platz auf dem Weg"),
            Words("1 comes first.", "1 kommt zuerst."),
        ),
        Field(
            "default_locale",
            Kind.LINE,
            Words("Main language", "Hauptsprache"),
            Words("Every question has a text in it, such as en.", "In ihr hat jede Frage einen Text, etwa de."),
        ),
    ),
)

SETTINGS = (
    Section(
        "afterwards",
        Words("After the answer", "Nach der Antwort"),
        (
            Field(
                "thanks",
                Kind.TEXTS,
                Words("Thanks", "Dank"),
                Words("Empty: our own words.", "Leer: unsere eigenen Worte."),
            ),
            Field(
                "thank_customers",
                Kind.TICK,
                Words("Thank customers we know by a message too", "Bekannten Kunden auch mit einer Nachricht danken"),
            ),
        ),
    ),
    Section(
        "brand",
        Words("Brand", "Marke"),
        (
            Field("brand.name", Kind.LINE, Words("Name to customers", "Name für Kunden")),
            Field("brand.colour", Kind.COLOUR, Words("Colour", "Farbe")),
        ),
    ),
    Section(
        "people",
        Words("Owners", "Verantwortliche"),
        (
            Field(
                "alert_to",
                Kind.LINES,
                Words("Who hears of unhappy answers", "Wer von unzufriedenen Antworten erfährt"),
                Words("E-mail addresses, one a line, at most five.", "E-Mail-Adressen, eine je Zeile, höchstens fünf."),
            ),
            Field("alert_locale", Kind.LINE, Words("In which language", "In welcher Sprache")),
        ),
    ),
    Section(
        "asking",
        Words("Whom and when", "Wen und wann"),
        (
            Field(
                "time_zone",
                Kind.LINE,
                Words("Time zone", "Zeitzone"),
                Words("Where its days begin: Europe/Berlin.", "Wo ihre Tage beginnen: Europe/Berlin."),
            ),
            Field(
                "recontact_days",
                Kind.NUMBER,
                Words("Days between two questions to one person", "Tage zwischen zwei Fragen an eine Person"),
                Words(
                    "On any channel, of any survey. Empty: what the installation says. 0: always.",
                    "Auf jedem Kanal, von jeder Umfrage. Leer: was die Installation sagt. 0: immer.",
                ),
            ),
            Field(
                "sample_percent",
                Kind.NUMBER,
                Words("Share of people asked, in percent", "Anteil der Befragten, in Prozent"),
            ),
            Field(
                "remind_after_days",
                Kind.NUMBER,
                Words("Days until one reminder", "Tage bis zu einer Erinnerung"),
                Words("Empty: none.", "Leer: keine."),
            ),
            Field(
                "funnel",
                Kind.TICK,
                Words("Count how many saw, began and closed it", "Zählen, wie viele sie sehen, beginnen und schließen"),
                Words("A view costs about as much as an answer.", "Eine Ansicht kostet etwa so viel wie eine Antwort."),
            ),
        ),
    ),
    Section(
        "kiosk",
        Words("Kiosk", "Terminal"),
        (
            Field(
                "kiosk.cool_down_seconds",
                Kind.NUMBER,
                Words("Seconds until the next person", "Sekunden bis zur nächsten Person"),
            ),
            Field(
                "kiosk.exit_pin",
                Kind.LINE,
                Words("PIN that leaves it", "PIN zum Verlassen"),
                Words("4 to 8 digits; empty: there is no way out.", "4 bis 8 Ziffern; leer: es gibt keinen Ausgang."),
            ),
        ),
    ),
)

QUESTION = (
    Field(
        "id",
        Kind.LINE,
        Words("Id", "Kennung"),
        Words(
            "Small letters, digits and _. It keeps its scale for ever.",
            "Kleine Buchstaben, Ziffern und _. Sie behält ihre Skala für immer.",
        ),
    ),
    Field("scale", Kind.CHOICE, Words("Scale", "Skala"), choices=tuple((s.value, words) for s, words in _SCALES)),
    Field("text", Kind.TEXTS, Words("Question", "Frage")),
    Field(
        "look",
        Kind.CHOICE,
        Words("Look", "Aussehen"),
        choices=(
            ("", Words("As usual for the scale", "Wie für die Skala üblich")),
            (Look.NUMBERS.value, Words("Numbers", "Zahlen")),
            (Look.STARS.value, Words("Stars", "Sterne")),
            (Look.SMILEYS.value, Words("Smileys", "Smileys")),
        ),
    ),
    Field(
        "bands",
        Kind.TICKS,
        Words("Only after an answer that is", "Nur nach einer Antwort, die so ist"),
        Words(
            "What the first question with a score was answered with. None: always.",
            "Womit die erste bewertete Frage beantwortet wurde. Keine: immer.",
        ),
        choices=(
            (Sentiment.NEGATIVE.value, Words("negative", "negativ")),
            (Sentiment.NEUTRAL.value, Words("neutral", "neutral")),
            (Sentiment.POSITIVE.value, Words("positive", "positiv")),
        ),
    ),
)

OPTION = (
    Field(
        "value",
        Kind.NUMBER,
        Words("Number", "Nummer"),
        Words("It stands for the option for ever.", "Sie steht für immer für die Möglichkeit."),
    ),
    Field("text", Kind.TEXTS, Words("Option", "Möglichkeit")),
)

BREAKDOWN = (
    Field(
        "name",
        Kind.LINE,
        Words("Property", "Eigenschaft"),
        Words("Scores are counted by it too: device, city.", "Auch nach ihr wird gezählt: device, city."),
    ),
    Field(
        "values",
        Kind.LINES,
        Words("Values", "Werte"),
        Words("One a line; all else counts as other.", "Einer je Zeile; alles andere zählt als other."),
    ),
)

SURVEY = (*IDENTITY.fields, *(field for section in SETTINGS for field in section.fields))
"""The fields that are not in a list."""

LISTS: dict[str, tuple[Field, ...]] = {
    "questions": QUESTION,
    "questions.options": OPTION,
    "breakdowns": BREAKDOWN,
}
"""The lists of a definition, by their path without numbers, and the fields of an entry."""
