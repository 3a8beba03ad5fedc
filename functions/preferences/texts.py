"""What the pages say, in the languages we speak."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from shared.domain.messages import Category, Channel


class Notice(NamedTuple):
    """A headline, and what is said under it."""

    title: str
    text: str


class Texts(NamedTuple):
    """Every text in one language.

    Args:
        sure: Whether the reader means it, of questions and thanks.
        sure_of_news: The same of one stage of a delivery, `{what}` in its own words.
        to_choose: The link to where everything is chosen.
        choose: The page where everything is chosen.
        nothing_to_choose: The same for who has no address with us.
        hint: How the choices work together.
        column: Above the messages.
        ways: Above the ticks, one for each channel.
        by: The label of one choice: which message, by which channel.
        nothing: The label of refusing a whole channel, with the address in it.
        all_or_nothing: Above those.
        categories: What a customer is told, in their words.
    """

    sure: Notice
    button: str
    done: Notice
    sure_of_news: Notice
    button_of_news: str
    done_of_news: Notice
    to_choose: str
    choose: Notice
    nothing_to_choose: Notice
    hint: str
    column: str
    ways: Mapping[Channel, str]
    by: str
    nothing: Mapping[Channel, str]
    all_or_nothing: str
    save: str
    saved: str
    invalid: Notice
    foreign: Notice
    away: Notice
    categories: Mapping[Category, str]


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
        sure_of_news=Notice(
            "No more of these e-mails?",
            "We will not write to you any more when it is about this: {what}. Everything else still comes.",
        ),
        button_of_news="Send me no more of these",
        done_of_news=Notice(
            "Done",
            "We will not write to you any more about this: {what}. A message that is on its way may still arrive.",
        ),
        to_choose="Choose everything that we may send you",
        choose=Notice(
            "What may we send you?",
            "Leave a tick where you want to hear from us. You can change it here at any time.",
        ),
        nothing_to_choose=Notice(
            "There is nothing to choose",
            "We have no address of yours any more, so we send you nothing.",
        ),
        hint="You get each message once. What you do not want by SMS comes by e-mail, if it has a tick there. What you "
        "do not want by e-mail does not come by SMS instead.",
        column="Your delivery",
        ways={Channel.EMAIL: "E-mail", Channel.SMS: "SMS"},
        by="{what}, by {way}",
        nothing={
            Channel.EMAIL: "Nothing at all by e-mail to {address}",
            Channel.SMS: "Nothing at all by SMS to {address}",
        },
        all_or_nothing="Or nothing at all",
        save="Save",
        saved="Saved. This is what holds from now on; a message that is on its way may still arrive.",
        invalid=Notice(
            "This link is not complete",
            "Part of the address is missing or has changed. Please open the link in your message again, or write to "
            "whoever sent it.",
        ),
        foreign=Notice(
            "That was not saved",
            "What was sent did not come from this page. Please open the link in your message again.",
        ),
        away=Notice("One moment, please", "Your wish could not be kept right now. Please try again in a minute."),
        categories={
            Category.SCHEDULED: "The day of your delivery is set",
            Category.DAY_BEFORE: "It comes tomorrow",
            Category.ON_ITS_WAY: "It is on its way to you today",
            Category.SOON: "It comes in 30 to 60 minutes",
            Category.ARRIVING: "You are the next stop",
            Category.DELIVERED: "It has been delivered",
            Category.ATTEMPT_FAILED: "We could not deliver it",
            Category.EXCEPTION: "Something went wrong on the way",
            Category.DELAYED: "It comes later than we promised",
            Category.SURVEYS: "Questions about how it went, and thanks for your answer",
        },
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
        sure_of_news=Notice(
            "Keine solchen E-Mails mehr?",
            "Darüber schreiben wir Ihnen nicht mehr: {what}. Alles andere kommt weiterhin.",
        ),
        button_of_news="Nicht mehr schicken",
        done_of_news=Notice(
            "Erledigt",
            "Darüber schreiben wir Ihnen nicht mehr: {what}. Eine Nachricht, die schon unterwegs ist, kann noch "
            "ankommen.",
        ),
        to_choose="Auswählen, was wir Ihnen schicken dürfen",
        choose=Notice(
            "Was dürfen wir Ihnen schicken?",
            "Lassen Sie den Haken dort, wo Sie von uns hören möchten. Ändern können Sie das hier jederzeit.",
        ),
        nothing_to_choose=Notice(
            "Hier gibt es nichts auszuwählen",
            "Wir haben keine Adresse mehr von Ihnen und schicken Ihnen deshalb nichts.",
        ),
        hint="Jede Nachricht bekommen Sie einmal. Was Sie nicht per SMS möchten, kommt per E-Mail, wenn dort ein Haken "
        "ist. Was Sie nicht per E-Mail möchten, kommt nicht stattdessen per SMS.",
        column="Ihre Lieferung",
        ways={Channel.EMAIL: "E-Mail", Channel.SMS: "SMS"},
        by="{what}, per {way}",
        nothing={
            Channel.EMAIL: "Gar nichts per E-Mail an {address}",
            Channel.SMS: "Gar nichts per SMS an {address}",
        },
        all_or_nothing="Oder gar nichts",
        save="Speichern",
        saved="Gespeichert. Das gilt ab jetzt; eine Nachricht, die schon unterwegs ist, kann noch ankommen.",
        invalid=Notice(
            "Dieser Link ist unvollständig",
            "Ein Teil der Adresse fehlt oder hat sich geändert. Bitte öffnen Sie den Link in Ihrer Nachricht noch "
            "einmal, oder schreiben Sie dem Absender.",
        ),
        foreign=Notice(
            "Das wurde nicht gespeichert",
            "Was geschickt wurde, kam nicht von dieser Seite. Bitte öffnen Sie den Link in Ihrer Nachricht noch "
            "einmal.",
        ),
        away=Notice(
            "Einen Moment bitte",
            "Ihr Wunsch konnte gerade nicht festgehalten werden. Bitte versuchen Sie es in einer Minute noch einmal.",
        ),
        categories={
            Category.SCHEDULED: "Der Tag Ihrer Lieferung steht fest",
            Category.DAY_BEFORE: "Die Lieferung kommt morgen",
            Category.ON_ITS_WAY: "Die Lieferung ist heute unterwegs",
            Category.SOON: "Die Lieferung kommt in 30 bis 60 Minuten",
            Category.ARRIVING: "Sie sind der nächste Halt",
            Category.DELIVERED: "Die Lieferung wurde zugestellt",
            Category.ATTEMPT_FAILED: "Die Zustellung hat nicht geklappt",
            Category.EXCEPTION: "Unterwegs ist etwas schiefgegangen",
            Category.DELAYED: "Die Lieferung kommt später als versprochen",
            Category.SURVEYS: "Fragen, wie es gelaufen ist, und Dank für Ihre Antwort",
        },
    ),
}
