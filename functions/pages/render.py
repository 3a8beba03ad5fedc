"""Pages as HTML. Everything a page needs is in it, and its Content-Security-Policy allows exactly that, by hash."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from pathlib import Path

from markupsafe import Markup

from functions.pages.texts import Notice
from functions.pages.views import SurveyPage
from shared.pages import Page, hashes, page_headers, page_templates

__all__ = ["Page", "notice_page", "survey_page"]

_HERE = Path(__file__).parent
_PAGES = page_templates(_HERE / "templates")
_STYLE = (_HERE / "static" / "page.css").read_text(encoding="utf-8")
_SCRIPT = (_HERE / "static" / "survey.js").read_text(encoding="utf-8")
NOTICE_COLOUR = "#1f4b99"
"""The colour of pages that know no survey, so no brand."""


def survey_page(page: SurveyPage) -> Page:
    """The questions, as a form that its script sends. Without JavaScript it says why nothing can be sent."""
    style = _styled(page.brand.colour, page.brand.on_colour)
    html = _PAGES.get_template("survey.html.jinja").render(page=page, style=Markup(style), script=Markup(_SCRIPT))  # noqa: S704  ours, and allowed by hash
    return Page(HTTPStatus.OK, html, _headers(style, [_SCRIPT], form_action="'self'" if page.nonce else "'none'"))


def notice_page(status: HTTPStatus, notice: Notice, locale: str) -> Page:
    """A page that only says something."""
    style = _styled(NOTICE_COLOUR, "#ffffff")
    html = _PAGES.get_template("notice.html.jinja").render(notice=notice, locale=locale, style=Markup(style))  # noqa: S704  ours, and allowed by hash
    return Page(status, html, _headers(style, []))


def _styled(colour: str, on_colour: str) -> str:
    """The style sheet with a brand's colours; both are `#rrggbb`, by the survey's own pattern."""
    return f":root{{--brand:{colour};--on-brand:{on_colour}}}\n{_STYLE}"


def _headers(style: str, scripts: Iterable[str], form_action: str = "'none'") -> dict[str, str]:
    """Headers of a page whose address holds a token: so no referrer either."""
    headers = page_headers(
        style,
        referrer="no-referrer",
        script_src=hashes(scripts),
        connect_src="'self'",
        form_action=form_action,
    )
    return {**headers, "vary": "Accept-Language"}
