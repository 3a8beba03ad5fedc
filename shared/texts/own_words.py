"""What a company says itself in one message, field by field; the rest is said in our words."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from markupsafe import Markup

from shared.domain.brands import MessageTexts
from shared.texts.placeholders import Said, filled

_EMPTY_LINES = re.compile(r"\r?\n[^\S\n]*\n\s*")
_LINK = Markup('<a href="{0}" class="link">{0}</a>')
_LINE_BREAK = Markup("<br>\n")


class OwnWords(NamedTuple):
    """A company's words with their values; empty where ours stand.

    Args:
        subject: Of the e-mail.
        heading: Of the e-mail.
        text: What its text part says.
        paragraphs: The same as HTML.
        sms: The whole SMS.
    """

    subject: str = ""
    heading: str = ""
    text: str = ""
    paragraphs: tuple[Markup, ...] = ()
    sms: str = ""


def own_words(
    texts: Mapping[str, MessageTexts], locales: Sequence[str], values: Callable[[str], Mapping[str, str]]
) -> OwnWords:
    """A company's words for one message, each field in the first locale in which it has some that can be said.

    Args:
        texts: What the company wrote for this kind, by locale.
        locales: In which the message may be said, the best first; the last is that of our own words.
        values: What is known of this message, told in the language of a locale.
    """

    def said(field: str) -> list[Said]:
        for locale in locales:
            written = getattr(texts[locale], field) if locale in texts else None
            if written and (said := filled(_EMPTY_LINES.sub("\n\n", written), values(locale))) is not None:
                return said
        return []

    text = said("text")
    return OwnWords(
        subject=_plain(said("subject")),
        heading=_plain(said("heading")),
        text=_plain(text),
        paragraphs=tuple(_paragraphs(text)),
        sms=_plain(said("sms")),
    )


def _plain(said: Sequence[Said]) -> str:
    return "".join(piece.text for piece in said)


def _paragraphs(said: Sequence[Said]) -> list[Markup]:
    html = Markup("").join(_LINK.format(piece.text) if piece.is_link else piece.text for piece in said)
    return [paragraph.replace("\n", _LINE_BREAK) for paragraph in html.split("\n\n") if paragraph]
