"""What somebody wants who answers an SMS with one word."""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum


class Keyword(StrEnum):
    """What a word asks for."""

    STOP = "stop"  # no more SMS
    START = "start"  # SMS again, after a STOP
    HELP = "help"  # who we are, and where to reach us


_WORDS = {
    # "Required opt-out list keywords" of the End User Messaging SMS user guide
    **dict.fromkeys(("ARRET", "CANCEL", "END", "OPTOUT", "QUIT", "REMOVE", "STOP", "TD", "UNSUBSCRIBE"), Keyword.STOP),
    **dict.fromkeys(("STOPALL", "STOPP", "ENDE", "ABMELDEN"), Keyword.STOP),
    **dict.fromkeys(("START", "UNSTOP", "SUBSCRIBE"), Keyword.START),
    **dict.fromkeys(("HELP", "INFO", "HILFE"), Keyword.HELP),
}
_AT_THE_BEGINNING = {
    word: _WORDS[word] for word in ("STOP", "STOPP", "UNSUBSCRIBE", "OPTOUT", "ABMELDEN", "HELP", "HILFE")
}
"""Also taken when more follows, as AWS takes STOP and HELP: nobody who begins so wants anything else.

The others are words of everyday sentences ("end of the week is fine"), and START must be meant.
"""
_NO_LETTER = re.compile(r"[\W_]+")
LONGEST_READ = 1600
"""Characters of the longest SMS that End User Messaging takes."""


def keyword_of(body: str) -> Keyword | None:
    """What an answer asks for, whatever its case, spaces, accents and punctuation; None if it is no keyword."""
    decomposed = unicodedata.normalize("NFKD", body[:LONGEST_READ])
    letters = "".join(char for char in decomposed if not unicodedata.combining(char)).upper()
    words = _NO_LETTER.sub(" ", letters.replace("OPT-OUT", "OPTOUT")).split()
    if not words:
        return None
    return _WORDS.get("".join(words)) or _AT_THE_BEGINNING.get(words[0])
