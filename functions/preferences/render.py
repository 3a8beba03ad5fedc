"""Pages as HTML: one with a button, and those that only say something. None has a script, and none is allowed."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path

from markupsafe import Markup

from functions.preferences.texts import Notice, Texts
from shared.pages import Page, page_headers, page_templates

__all__ = ["Page", "asking_page", "notice_page"]

_HERE = Path(__file__).parent
_PAGES = page_templates(_HERE / "templates")
_STYLE = (_HERE / "static" / "page.css").read_text(encoding="utf-8")


def asking_page(texts: Texts, language: str) -> Page:
    """Whether the reader means it."""
    return _page(HTTPStatus.OK, texts.sure, language, button=texts.button)


def notice_page(status: HTTPStatus, notice: Notice, language: str) -> Page:
    """A page that only says something."""
    return _page(status, notice, language, button="")


def _page(status: HTTPStatus, notice: Notice, language: str, button: str) -> Page:
    html = _PAGES.get_template("page.html.jinja").render(
        notice=notice,
        language=language,
        button=button,
        style=Markup(_STYLE),  # noqa: S704  ours, and allowed by hash
    )
    # The address holds a token: no referrer. Without a button there is nothing to submit.
    headers = page_headers(_STYLE, referrer="no-referrer", form_action="'self'" if button else "'none'")
    return Page(status, html, {**headers, "vary": "Accept-Language"})
