"""Pages as HTML. Everything a page needs is in it, and its Content-Security-Policy allows exactly that, by hash."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from functions.pages.texts import Notice
from functions.pages.views import SurveyPage

_HERE = Path(__file__).parent
_PAGES = Environment(
    loader=FileSystemLoader(_HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_STYLE = (_HERE / "static" / "page.css").read_text(encoding="utf-8")
_SCRIPT = (_HERE / "static" / "survey.js").read_text(encoding="utf-8")
NOTICE_COLOUR = "#1f4b99"
"""The colour of pages that know no survey, so no brand."""


class Page(NamedTuple):
    """A page ready to be answered with."""

    status: HTTPStatus
    html: str
    headers: Mapping[str, str]


def survey_page(page: SurveyPage) -> Page:
    """The questions, as a form that its script sends. Without JavaScript it says why nothing can be sent."""
    style = _styled(page.brand.colour, page.brand.on_colour)
    html = _PAGES.get_template("survey.html.jinja").render(page=page, style=Markup(style), script=Markup(_SCRIPT))  # noqa: S704  ours, and allowed by hash
    return Page(HTTPStatus.OK, html, _headers([style], [_SCRIPT]))


def notice_page(status: HTTPStatus, notice: Notice, locale: str) -> Page:
    """A page that only says something."""
    style = _styled(NOTICE_COLOUR, "#ffffff")
    html = _PAGES.get_template("notice.html.jinja").render(notice=notice, locale=locale, style=Markup(style))  # noqa: S704  ours, and allowed by hash
    return Page(status, html, _headers([style], []))


def _styled(colour: str, on_colour: str) -> str:
    """The style sheet with a brand's colours; both are `#rrggbb`, by the survey's own pattern."""
    return f":root{{--brand:{colour};--on-brand:{on_colour}}}\n{_STYLE}"


def _headers(styles: Iterable[str], scripts: Iterable[str]) -> dict[str, str]:
    """Headers of a page whose address holds a token: nothing foreign, no frame, no referrer, no cache, no search."""
    policy = {
        "default-src": "'none'",
        "script-src": _hashes(scripts),
        "style-src": _hashes(styles),
        "connect-src": "'self'",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    return {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": "; ".join(f"{directive} {sources}" for directive, sources in policy.items()),
        "cache-control": "no-store",
        "referrer-policy": "no-referrer",
        "x-robots-tag": "noindex",
        "vary": "Accept-Language",
    }


def _hashes(texts: Iterable[str]) -> str:
    digests = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii") for text in texts]
    return " ".join(f"'sha256-{digest}'" for digest in digests) or "'none'"
