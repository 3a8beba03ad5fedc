"""Pages as HTML. Everything a page needs is in it, and its Content-Security-Policy allows exactly that, by hash."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from http import HTTPStatus
from pathlib import Path

from markupsafe import Markup

from functions.pages.kiosk import KioskView
from functions.pages.texts import Notice
from functions.pages.views import SurveyPage
from shared.pages import Page, hashes, page_headers, page_templates

__all__ = ["KIOSK_WORKER", "Page", "kiosk_page", "notice_page", "survey_page"]

_HERE = Path(__file__).parent
_PAGES = page_templates(_HERE / "templates")
_STYLE = (_HERE / "static" / "page.css").read_text(encoding="utf-8")
_SCRIPT = (_HERE / "static" / "survey.js").read_text(encoding="utf-8")
_KIOSK_STYLE = (_HERE / "static" / "kiosk.css").read_text(encoding="utf-8")
_KIOSK_SCRIPT = (_HERE / "static" / "kiosk.js").read_text(encoding="utf-8")
KIOSK_WORKER = (_HERE / "static" / "kiosk_worker.js").read_text(encoding="utf-8")
"""What brings a kiosk's page when there is no network."""
NOTICE_COLOUR = "#1f4b99"
"""The colour of pages that know no survey, so no brand."""


def survey_page(page: SurveyPage) -> Page:
    """The questions, as a form that its script sends. Without JavaScript it says why nothing can be sent."""
    style = _styled(page.brand.colour, page.brand.on_colour)
    html = _PAGES.get_template("survey.html.jinja").render(page=page, style=Markup(style), script=Markup(_SCRIPT))  # noqa: S704  ours, and allowed by hash
    form_action = "'self'" if page.nonce else "'none'"
    return Page(HTTPStatus.OK, html, _headers(style, [_SCRIPT], form_action=form_action, **framing(page.is_preview)))


def framing(is_preview: bool) -> dict[str, str]:
    """Who may frame a page: nobody, but our own staff page that of a draft."""
    return {"frame_ancestors": "'self'"} if is_preview else {}


def kiosk_page(view: KioskView) -> Page:
    """A survey for a terminal: everything it needs is in it. Its edition tells it from what it was before."""
    style = _coloured(view.brand.colour, view.brand.on_colour, _KIOSK_STYLE)
    # Within a script element only `<` could end it; JSON has another way to write that.
    data = view.model_dump_json().replace("<", "\\u003c")
    html = _PAGES.get_template("kiosk.html.jinja").render(
        view=view,
        words=view.words[view.locale],
        edition=hashlib.sha256(f"{data}{style}{_KIOSK_SCRIPT}".encode()).hexdigest()[:16],
        data=Markup(data),  # noqa: S704  ours, without `<`
        style=Markup(style),  # noqa: S704  ours, and allowed by hash
        script=Markup(_KIOSK_SCRIPT),  # noqa: S704  ours, and allowed by hash
    )
    return Page(HTTPStatus.OK, html, _headers(style, [_KIOSK_SCRIPT], worker_src="'self'", **framing(view.test)))


def notice_page(status: HTTPStatus, notice: Notice, locale: str) -> Page:
    """A page that only says something."""
    style = _styled(NOTICE_COLOUR, "#ffffff")
    html = _PAGES.get_template("notice.html.jinja").render(notice=notice, locale=locale, style=Markup(style))  # noqa: S704  ours, and allowed by hash
    return Page(status, html, _headers(style, []))


def _styled(colour: str, on_colour: str) -> str:
    """The style sheet with a brand's colours; both are `#rrggbb`, by the survey's own pattern."""
    return _coloured(colour, on_colour, _STYLE)


def _coloured(colour: str, on_colour: str, style: str) -> str:
    return f":root{{--brand:{colour};--on-brand:{on_colour}}}\n{style}"


def _headers(style: str, scripts: Iterable[str], **directives: str) -> dict[str, str]:
    """Headers of a page whose address holds a token: so no referrer either."""
    headers = page_headers(
        style,
        referrer="no-referrer",
        script_src=hashes(scripts),
        connect_src="'self'",
        **{"form_action": "'none'", **directives},
    )
    return {**headers, "vary": "Accept-Language"}
