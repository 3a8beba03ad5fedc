"""The live page as HTML, made on the server: all words, a strip with the van on it, and a small script.

Everything a page needs is in it, and its Content-Security-Policy allows exactly that, by hash.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple

from markupsafe import Markup

from functions.tracking.texts import TEXTS, Notice, Texts
from shared.domain.routes import COUNTED_UP_TO, LiveView, Replanned, VanView
from shared.pages import Page, hashes, page_headers, page_templates
from shared.texts.words import moment_in_words, window_in_words

__all__ = ["Page", "live_page", "live_part", "notice_page"]

_HERE = Path(__file__).parent
_PAGES = page_templates(_HERE / "templates")
_STYLE = (_HERE / "static" / "track.css").read_text(encoding="utf-8")
_SCRIPT = (_HERE / "static" / "track.js").read_text(encoding="utf-8")
UNDER_WAY_EVERY = 25
"""Seconds between two looks while the parcel is in the van."""
WAITING_EVERY = 300
"""Seconds between two looks while nothing is expected to happen soon."""
UNSCRIPTED_EVERY = 30
LEFT, TENTH = 20, 28
"""Where the strip begins, and how long a tenth of it is, in units of the picture."""


class Told(NamedTuple):
    """A step of the parcel's way in words."""

    step: str
    moment: str


class Strip(NamedTuple):
    """The picture of the van: where it is drawn, and the dots that stand for customers in front."""

    van: int
    dots: tuple[int, ...]
    is_long: bool


class Words(NamedTuple):
    """All that stands on the page."""

    title: str
    reason: str
    said: tuple[str, ...]
    strip: Strip | None
    expected: str
    window: str
    steps: tuple[Told, ...]
    updated: str
    every: int
    is_under_way: bool


def live_page(view: LiveView, now: datetime, language: str) -> Page:
    """The whole page."""
    words = _words(view, now, language)
    html = _PAGES.get_template("page.html.jinja").render(
        words=words,
        texts=TEXTS[language],
        language=language,
        unscripted_every=UNSCRIPTED_EVERY,
        style=Markup(_STYLE),  # noqa: S704  ours, and allowed by hash
        script=Markup(_SCRIPT),  # noqa: S704  ours, and allowed by hash
    )
    return Page(HTTPStatus.OK, html, _headers(scripted=True))


def live_part(view: LiveView, now: datetime, language: str) -> Page:
    """The part of it that changes."""
    words = _words(view, now, language)
    html = _PAGES.get_template("live.html.jinja").render(words=words, texts=TEXTS[language])
    return Page(HTTPStatus.OK, html, _headers(scripted=False))


def notice_page(status: HTTPStatus, notice: Notice, language: str) -> Page:
    """A page that only says something."""
    html = _PAGES.get_template("notice.html.jinja").render(notice=notice, language=language, style=Markup(_STYLE))  # noqa: S704  ours, and allowed by hash
    return Page(status, html, _headers(scripted=False))


def _words(view: LiveView, now: datetime, language: str) -> Words:
    texts = TEXTS[language]
    said = tuple(_said(view, now, language))
    steps = tuple(
        Told(texts.step[step.status], moment_in_words(step.at, view.zone, now, language)) for step in view.history
    )
    return Words(
        title=texts.headline[view.status],
        reason=texts.reason[view.reason] if view.reason else "",
        said=said,
        strip=_strip(view.van) if view.van else None,
        expected=moment_in_words(view.estimated_at, view.zone, now, language) if view.estimated_at else "",
        window=window_in_words(view.window, view.zone, now, language) if view.window else "",
        steps=steps,
        updated=texts.updated.format(moment=moment_in_words(now, view.zone, now, language)),
        every=UNDER_WAY_EVERY if view.is_under_way else 0 if view.has_ended else WAITING_EVERY,
        is_under_way=view.is_under_way,
    )


def _said(view: LiveView, now: datetime, language: str) -> Iterator[str]:
    """The sentences under the headline; a screen reader is told when they change."""
    texts = TEXTS[language]
    if view.van is not None:
        yield _ahead(view.van, texts)
        if view.van.distance is not None:
            yield texts.distance[view.van.distance]
        if view.van.replanned is not None:
            yield _replanned(view.van.replanned, view.zone, now, language)
    elif view.out_of_sight:
        yield texts.out_of_sight
    elif view.history:
        moment = moment_in_words(view.history[0].at, view.zone, now, language)
        yield texts.since.format(step=texts.step[view.status], moment=moment)


def _ahead(van: VanView, texts: Texts) -> str:
    if van.ahead is None:
        return texts.many_ahead.format(most=COUNTED_UP_TO)
    return {0: texts.next, 1: texts.one_ahead}.get(van.ahead, texts.ahead.format(ahead=van.ahead))


def _replanned(replanned: Replanned, zone: str, now: datetime, language: str) -> str:
    texts = TEXTS[language]
    because = texts.because[replanned.because] if replanned.because else ""
    return texts.replanned.format(moment=moment_in_words(replanned.at, zone, now, language), because=because)


def _strip(van: VanView) -> Strip:
    """The van, then a dot for each customer in front, then the door."""
    return Strip(
        van=LEFT + TENTH * van.tenths,
        dots=tuple(LEFT + TENTH * tenth for tenth in range(van.tenths + 1, 10)),
        is_long=van.ahead is None,
    )


def _headers(*, scripted: bool) -> dict[str, str]:
    """Headers of a page whose address holds a token: so no referrer either."""
    headers = page_headers(
        _STYLE,
        referrer="no-referrer",
        script_src=hashes([_SCRIPT] if scripted else []),
        connect_src="'self'" if scripted else "'none'",
        form_action="'none'",
    )
    return {**headers, "vary": "Accept-Language"}
