"""The staff page's own words, in each language it speaks."""

from __future__ import annotations

from typing import NamedTuple

from functions.staff.fields import Words
from shared.domain.languages import accepted_languages, spoken

WORDS = {
    "title": Words("Surveys", "Umfragen"),
    "scores": Words("Scores", "Ergebnisse"),
    "log_out": Words("Log out", "Abmelden"),
    "log_in": Words("Log in", "Anmelden"),
    "key": Words("Secret key", "Geheimer Schlüssel"),
    "open": Words("Open the surveys", "Umfragen öffnen"),
    "session_soft": Words(
        "The key opens a session of 12 hours in this browser; the key itself is not kept.",
        "Der Schlüssel öffnet diesen Browser für 12 Stunden; er selbst wird nicht behalten.",
    ),
    "ended": Words(
        "Your session has ended. Open it again with the key.",
        "Ihre Sitzung ist beendet. Öffnen Sie sie mit dem Schlüssel neu.",
    ),
    "ended_typed": Words(
        "Your session has ended, and nothing was saved; all that you typed is still here.",
        "Ihre Sitzung ist beendet, und nichts wurde gespeichert; alles Getippte steht noch hier.",
    ),
    "ended_how": Words(
        "Log in in a new tab, then come back and press the button again.",
        "Melden Sie sich in einem neuen Tab an, kommen Sie zurück und drücken Sie den Knopf noch einmal.",
    ),
    "new": Words("New survey", "Neue Umfrage"),
    "none": Words("There is no survey yet.", "Es gibt noch keine Umfrage."),
    "survey": Words("Survey", "Umfrage"),
    "state": Words("State", "Stand"),
    "published": Words("published", "veröffentlicht"),
    "closed": Words("closed", "geschlossen"),
    "draft_only": Words("draft, not published yet", "Entwurf, noch nicht veröffentlicht"),
    "with_draft": Words("with a draft", "mit Entwurf"),
    "edit": Words("Edit", "Bearbeiten"),
    "preview": Words("Preview", "Vorschau"),
    "use": Words("Use", "Einbauen"),
    "id": Words("Id", "Kennung"),
    "id_hint": Words(
        "In addresses and snippets, for ever: letters, digits, _ and -.",
        "In Adressen und im Schnipsel, für immer: Buchstaben, Ziffern, _ und -.",
    ),
    "languages": Words("Languages", "Sprachen"),
    "languages_hint": Words(
        "Such as en, de-AT. A language that is left out loses its texts.",
        "Etwa de, en. Eine Sprache, die fehlt, verliert ihre Texte.",
    ),
    "languages_show": Words("Show these languages", "Diese Sprachen zeigen"),
    "questions": Words("Questions", "Fragen"),
    "question": Words("Question", "Frage"),
    "option": Words("Option", "Möglichkeit"),
    "breakdowns": Words("Breakdowns", "Aufschlüsselungen"),
    "breakdown": Words("Breakdown", "Aufschlüsselung"),
    "add_questions": Words("Add a question", "Frage hinzufügen"),
    "add_breakdowns": Words("Add a breakdown", "Aufschlüsselung hinzufügen"),
    "add_options": Words("Add an option", "Möglichkeit hinzufügen"),
    "remove": Words("Remove", "Entfernen"),
    "up": Words("Up", "Nach oben"),
    "down": Words("Down", "Nach unten"),
    "save": Words("Save draft", "Entwurf speichern"),
    "save_preview": Words("Save and preview", "Speichern und ansehen"),
    "publish": Words("Publish", "Veröffentlichen"),
    "discard": Words("Discard the draft", "Entwurf verwerfen"),
    "said_saved": Words(
        "The draft is saved. Nobody is asked by it yet.",
        "Der Entwurf ist gespeichert. Noch wird niemand danach gefragt.",
    ),
    "said_published": Words(
        "Published. It is asked everywhere within a minute.",
        "Veröffentlicht. Binnen einer Minute wird überall so gefragt.",
    ),
    "said_discarded": Words("The draft is discarded.", "Der Entwurf ist verworfen."),
    "wrong": Words(
        "Nothing was saved yet: some fields need a look.",
        "Noch ist nichts gespeichert: Einige Felder brauchen einen Blick.",
    ),
    "away": Words(
        "It may not have been kept. All that you typed is still here: try again in a few seconds.",
        "Vielleicht wurde es nicht behalten. Alles Getippte steht noch hier: Versuchen Sie es gleich noch einmal.",
    ),
    "away_page": Words(
        "The surveys can not be read now. Try again in a few seconds.",
        "Die Umfragen sind gerade nicht lesbar. Versuchen Sie es gleich noch einmal.",
    ),
    "conflict_published": Words(
        "Somebody else published meanwhile. Your text is still here; nothing of it was published.",
        "Inzwischen hat jemand anderes veröffentlicht. Ihr Text steht noch hier; nichts davon ist veröffentlicht.",
    ),
    "conflict_draft": Words(
        "Somebody else changed this draft meanwhile. Your text is still here; it was not saved.",
        "Inzwischen hat jemand anderes diesen Entwurf geändert. Ihr Text steht noch hier; gespeichert ist er nicht.",
    ),
    "conflict_how": Words(
        "Take over what you want to keep, then press again: yours goes over theirs.",
        "Übernehmen Sie, was bleiben soll, und drücken Sie dann noch einmal: Ihres ersetzt das andere.",
    ),
    "same": Words("Both say the same.", "Beide sagen dasselbe."),
    "field": Words("Field", "Feld"),
    "yours": Words("Yours", "Ihres"),
    "theirs": Words("Theirs", "Das andere"),
    "empty": Words("nothing", "nichts"),
    "is_new": Words("Not published yet.", "Noch nicht veröffentlicht."),
    "is_version": Words("Version {version} is published.", "Version {version} ist veröffentlicht."),
    "is_closed": Words(
        "The survey is closed; publishing opens it again.",
        "Die Umfrage ist geschlossen; Veröffentlichen öffnet sie wieder.",
    ),
    "is_draft": Words("Draft of {by}, {at}.", "Entwurf von {by}, {at}."),
    "channel": Words("Channel", "Kanal"),
    "language": Words("Language", "Sprache"),
    "show": Words("Show", "Zeigen"),
    "channel_widget": Words("Widget on a page", "Widget auf einer Seite"),
    "channel_link": Words("Link page", "Seite hinter einem Link"),
    "channel_kiosk": Words("Kiosk", "Terminal"),
    "channel_email": Words("E-mail invitation", "Einladung per E-Mail"),
    "preview_is": Words(
        "This is what customers get, made by the same code. Answers given here are marked as tests and never counted.",
        "Das bekommen Kunden, vom selben Programm gemacht. Antworten von hier gelten als Test und zählen nie.",
    ),
    "preview_of_draft": Words("It shows the saved draft.", "Sie zeigt den gespeicherten Entwurf."),
    "preview_of_version": Words("It shows the published version.", "Sie zeigt die veröffentlichte Version."),
    "subject": Words("Subject", "Betreff"),
    "your_page": Words("Your page", "Ihre Seite"),
    "your_text": Words("The rest of your page stands here.", "Hier steht der Rest Ihrer Seite."),
    "in_page": Words("In a page", "Auf einer Seite"),
    "in_page_how": Words(
        "Paste this line anywhere into the page, with the key in place of {key}.",
        "Fügen Sie diese Zeile irgendwo in die Seite ein, mit dem Schlüssel statt {key}.",
    ),
    "copy": Words("Copy", "Kopieren"),
    "copied": Words("Copied", "Kopiert"),
    "not_copied": Words("Select the text and copy it yourself", "Bitte markieren und selbst kopieren"),
    "with_key": Words(
        "With the key {name}, for pages of {origins}", "Mit dem Schlüssel {name}, für Seiten von {origins}"
    ),
    "no_page": Words("no page yet", "noch keiner Seite"),
    "keys_how": Words(
        "Keys are stored as hashes, so this page can not show them. You saw each once, when it was made; another one "
        "is made with:",
        "Schlüssel sind nur als Prüfsumme gespeichert; diese Seite kann sie nicht zeigen. Sie sahen jeden einmal, als "
        "er entstand; einen neuen macht:",
    ),
    "addresses": Words("As a page of its own", "Als eigene Seite"),
    "not_usable": Words(
        "Publish the survey first: until then nobody can be asked.",
        "Veröffentlichen Sie die Umfrage zuerst: Bis dahin kann niemand gefragt werden.",
    ),
    "back": Words("All surveys", "Alle Umfragen"),
    "no_survey": Words("There is no such survey.", "Diese Umfrage gibt es nicht."),
    "messages": Words("Messages", "Nachrichten"),
    "messages_are": Words(
        "What customers are told of their deliveries: how it looks, when it is told, and in which words.",
        "Was Kunden von ihren Lieferungen erfahren: wie es aussieht, wann und in welchen Worten.",
    ),
    "messages_how": Words(
        "Each is shown with made-up data, by what makes it for customers.",
        "Jede ist mit erfundenen Daten gezeigt, von dem, was sie auch für Kunden macht.",
    ),
    "brand": Words("Brand", "Marke"),
    "brand_new": Words("Another brand", "Eine weitere Marke"),
    "brand_begin": Words("Write it", "Schreiben"),
    "brand_id_hint": Words(
        "The brand_id of its deliveries: small letters, digits and -.",
        "Die brand_id ihrer Lieferungen: kleine Buchstaben, Ziffern und -.",
    ),
    "brand_made_up": Words("Never published: it looks as shown here.", "Nie veröffentlicht: Sie sieht aus wie hier."),
    "said_brand": Words(
        "Published. Messages follow it within a minute.", "Veröffentlicht. Binnen einer Minute gilt es für Nachrichten."
    ),
    "switched_off": Words("not told", "wird nicht mitgeteilt"),
    "preview_of_message": Words(
        "With made-up data, by what makes it for customers.", "Mit erfundenen Daten, von dem, was sie für Kunden macht."
    ),
    "known": Words("Known of the delivery", "Bekannt von der Lieferung"),
    "known_all": Words("all that may be", "alles, was sein kann"),
    "known_least": Words("as little as possible", "so wenig wie möglich"),
    "email": Words("E-mail", "E-Mail"),
    "on_desk": Words("On a desk", "Am Schreibtisch"),
    "on_phone": Words("On a phone", "Auf dem Telefon"),
    "text_part": Words("The part that is text", "Der Textteil"),
    "sms_size": Words(
        "{segments} SMS, {units} of {alphabet}",
        "{segments} SMS, {units} von {alphabet}",
    ),
    "sms_cost": Words("at most: {cost}", "höchstens: {cost}"),
    "alphabet_gsm_7": Words("GSM-7 characters (160 in one SMS)", "GSM-7-Zeichen (160 in einer SMS)"),
    "alphabet_ucs_2": Words("UCS-2 characters (70 in one SMS)", "UCS-2-Zeichen (70 in einer SMS)"),
    "sms_replaced": Words("Written otherwise for SMS:", "Für SMS anders geschrieben:"),
    "sms_foreign": Words(
        "{characters}: not in the alphabet of SMS, so an SMS holds 70 characters rather than 160. Without, it would "
        "take {without}.",
        "{characters}: nicht im Alphabet von SMS, darum fasst eine SMS 70 statt 160 Zeichen. Ohne wären es {without}.",
    ),
    "try": Words("Try", "Ausprobieren"),
    "tried_well": Words(
        "Every message can be said so. Nothing is published yet.",
        "Jede Nachricht lässt sich so sagen. Noch ist nichts veröffentlicht.",
    ),
    "conflict_brand": Words(
        "Somebody else published meanwhile. Your text is still here; nothing of it was published.",
        "Inzwischen hat jemand anderes veröffentlicht. Ihr Text steht noch hier; nichts davon ist veröffentlicht.",
    ),
    "quiet_hours": Words("Quiet hours", "Ruhezeiten"),
    "quiet_hours_hint": Words(
        "Then messages wait until they end. The first that fits the recipient and the message decides.",
        "In ihnen warten Nachrichten auf ihr Ende. Die erste, die zu Empfänger und Nachricht passt, entscheidet.",
    ),
    "add_quiet_hours": Words("Add quiet hours", "Ruhezeit hinzufügen"),
    "own_words": Words("In your own words", "In eigenen Worten"),
    "own_words_hint": Words(
        "What is left empty is said in our words. An empty line begins a paragraph; names in braces stand for what is "
        "known of the delivery, and where one is not known, our words are said.",
        "Was leer bleibt, sagen unsere Worte. Eine leere Zeile beginnt einen Absatz; Namen in Klammern stehen für das, "
        "was von der Lieferung bekannt ist, und wo eines fehlt, gelten unsere Worte.",
    ),
    "placeholders": Words("What may stand in braces", "Was in Klammern stehen kann"),
    "no_message": Words("There is no such brand or message.", "Diese Marke oder Nachricht gibt es nicht."),
    "is_taken": Words("is taken by another survey", "gehört schon einer anderen Umfrage"),
    "is_no_id": Words(
        "must have 1 to 64 letters, digits, _ and -, and begin with a letter or digit; new is none",
        "braucht 1 bis 64 Buchstaben, Ziffern, _ und - und beginnt mit Buchstabe oder Ziffer; new geht nicht",
    ),
}


class Speech(NamedTuple):
    """One language of the staff page."""

    locale: str

    def of(self, words: Words) -> str:
        """The words in this language."""
        return str(getattr(words, self.locale))

    def __call__(self, name: str, /, **values: object) -> str:
        """Words of ours by their name."""
        return self.of(WORDS[name]).format(**values)


def speech(accept_language: str) -> Speech:
    """The first language of an Accept-Language header that we speak, else English."""
    return Speech(spoken(accepted_languages(accept_language), Words._fields))
