"""What the pages say, in the languages we speak."""

from __future__ import annotations

from typing import NamedTuple


class Notice(NamedTuple):
    """A headline, and what is said under it."""

    title: str
    text: str


class Texts(NamedTuple):
    """Every text in one language."""

    sure: Notice
    button: str
    done: Notice
    invalid: Notice
    away: Notice


TEXTS = {
    "en": Texts(
        sure=Notice(
            "No more questions?",
            "We will not ask you for your opinion any more, nor thank you for one. What you need to know about your "
            "parcels still comes.",
        ),
        button="Ask me no more",
        done=Notice(
            "Done",
            "We will not ask you any more. A message that is on its way may still arrive.",
        ),
        invalid=Notice(
            "This link is not complete",
            "Part of the address is missing or has changed. Please open the link in your message again, or write to "
            "whoever sent it.",
        ),
        away=Notice("One moment, please", "Your wish could not be kept right now. Please try again in a minute."),
    ),
    "de": Texts(
        sure=Notice(
            "Keine Fragen mehr?",
            "Wir fragen Sie nicht mehr nach Ihrer Meinung und bedanken uns auch nicht mehr dafür. Was Sie über Ihre "
            "Sendungen wissen müssen, kommt weiterhin.",
        ),
        button="Nicht mehr fragen",
        done=Notice(
            "Erledigt",
            "Wir fragen Sie nicht mehr. Eine Nachricht, die schon unterwegs ist, kann noch ankommen.",
        ),
        invalid=Notice(
            "Dieser Link ist unvollständig",
            "Ein Teil der Adresse fehlt oder hat sich geändert. Bitte öffnen Sie den Link in Ihrer Nachricht noch "
            "einmal, oder schreiben Sie dem Absender.",
        ),
        away=Notice(
            "Einen Moment bitte",
            "Ihr Wunsch konnte gerade nicht festgehalten werden. Bitte versuchen Sie es in einer Minute noch einmal.",
        ),
    ),
}
