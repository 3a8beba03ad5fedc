"""The pages as HTML. Style and the one script are in the page and allowed by their hashes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from markupsafe import Markup

from functions.staff.form import Difference, Typed
from functions.staff.form import of as typed_of
from functions.staff.service import Listed, Opened, Seen
from functions.staff.view import form_of
from functions.staff.words import Speech
from shared.domain.drafts import previewed
from shared.domain.messages import EmailContent, MessageKind
from shared.domain.people import Person
from shared.pages import Page, hashes, page_headers, page_templates
from shared.texts.rendering import InvitationLinks, Rendering, supported_locale

__all__ = [
    "Page",
    "edit_page",
    "email_page",
    "list_page",
    "login_page",
    "notice_page",
    "preview_page",
    "use_page",
    "widget_page",
]

_HERE = Path(__file__).parent
_PAGES = page_templates(_HERE / "templates")
_STYLE = (_HERE / "static" / "staff.css").read_text(encoding="utf-8")
_SCRIPT = (_HERE / "static" / "staff.js").read_text(encoding="utf-8")
_MAILS = Rendering()
SOMEBODY = Person(person_id="per_preview", name="Ada")
"""Whom the preview of a mail greets."""
_FRAME_STYLE = "body{margin:0;padding:24px;background:#f6f7f9;color:#16191d;font:16px/1.5 system-ui,sans-serif}"
CHANNELS = ("widget", "link", "kiosk", "email")
KEY_PLACE = "PASTE-THE-KEY"


def login_page(said: Speech, path: str, *, ended: bool) -> Page:
    """The form that takes the secret key; 403, for whoever sees it may not see more yet.

    Args:
        said: The language of the page.
        path: Where to go on afterwards.
        ended: Whether there was a session.
    """
    return staff_page("login.html.jinja", HTTPStatus.FORBIDDEN, said, "", to=login_address(path), ended=ended)


def notice_page(status: HTTPStatus, text: str, said: Speech) -> Page:
    """A page that only says something."""
    return staff_page("notice.html.jinja", status, said, "", text=text)


def list_page(surveys: Sequence[Listed], writer: str, said: Speech) -> Page:
    """Every survey."""
    return staff_page("list.html.jinja", HTTPStatus.OK, said, writer, surveys=surveys)


def edit_page(
    status: HTTPStatus,
    survey_id: str | None,
    typed: Typed,
    seen: Seen,
    said: Speech,
    *,
    writer: str = "",
    opened: Opened | None = None,
    alert: str = "",
    told: str = "",
    errors: Mapping[str, Sequence[str]] | None = None,
    differences: Sequence[Difference] | None = None,
    focus: str = "",
    new_id: str = "",
) -> Page:
    """The form.

    Args:
        status: How the request is answered.
        survey_id: The survey; None for a new one.
        typed: What stands in the form.
        seen: What its writer has seen, which goes along with it.
        said: The language of the page.
        writer: The name of the key; empty where nobody's is known, or nothing more is to be read.
        opened: The survey as it is; None where nothing more is to be read.
        alert: Why it was not taken.
        told: What was done.
        errors: What is wrong, by path.
        differences: How it differs from what somebody else has made of it meanwhile.
        focus: The path of what it is about now.
        new_id: The id that a new survey is to have.
    """
    shown = form_of(typed, said, new_id if survey_id is None else survey_id, errors)
    return staff_page(
        "edit.html.jinja",
        status,
        said,
        writer,
        form=shown,
        is_new=survey_id is None,
        seen=seen,
        opened=opened,
        alert=alert,
        told=told,
        differences=differences,
        focus=focus,
        login=login_address(f"/staff/surveys/{survey_id}" if survey_id else "/staff/surveys"),
        ended=status is HTTPStatus.FORBIDDEN,
    )


def preview_page(opened: Opened, token: str, query: Mapping[str, str], writer: str, said: Speech) -> Page:
    """The draft in a frame, as its channel's own page shows it."""
    definition = opened.definition
    assert definition is not None  # noqa: S101  there is no survey without one
    locales = typed_of(definition).locales
    locale = chosen if (chosen := query.get("locale", "")) in locales else locales[0]
    channel = chosen if (chosen := query.get("channel", "")) in CHANNELS else CHANNELS[0]
    signed = urlencode({"t": token, "locale": locale})
    framed = f"/staff/surveys/{opened.survey_id}/preview"
    sources = {
        "widget": f"{framed}/widget?{urlencode({'locale': locale})}",
        "link": f"/s/{opened.survey_id}?{signed}",
        "kiosk": f"/k/{opened.survey_id}?{signed}",
        "email": f"{framed}/email?{urlencode({'locale': locale})}",
    }
    return staff_page(
        "preview.html.jinja",
        HTTPStatus.OK,
        said,
        writer,
        opened=opened,
        channels=CHANNELS,
        channel=channel,
        locales=locales,
        locale=locale,
        source=sources[channel],
        subject=invitation(opened, locale, "").subject if channel == "email" else "",
        frame_src="'self'",
    )


def widget_page(survey_id: str, token: str, locale: str, said: Speech) -> Page:
    """A page that has nothing but the widget, brought by the same script as anywhere else."""
    html = _PAGES.get_template("widget.html.jinja").render(
        said=said,
        survey_id=survey_id,
        token=token,
        locale=locale,
        style=Markup(_FRAME_STYLE),  # noqa: S704  ours, allowed by hash
    )
    headers = page_headers(
        _FRAME_STYLE,
        referrer="same-origin",
        script_src="'self'",
        connect_src="'self'",
        frame_ancestors="'self'",
    )
    return Page(HTTPStatus.OK, html, headers)


def email_page(opened: Opened, token: str, locale: str) -> Page:
    """The invitation as it is mailed; its ratings lead to the page behind them."""
    headers = page_headers(
        "",
        referrer="no-referrer",
        # Programs for mail know no other style than what stands at each element.
        style_src="'unsafe-inline'",
        form_action="'none'",
        frame_ancestors="'self'",
    )
    return Page(HTTPStatus.OK, invitation(opened, locale, token).html, headers)


def invitation(opened: Opened, locale: str, token: str) -> EmailContent:
    """The mail that notify would send of a draft, to somebody made up."""
    definition = opened.definition
    assert definition is not None  # noqa: S101  there is no survey without one
    links = InvitationLinks(address=f"/r/{token}", unsubscribe="#")
    texts = _MAILS.question(
        MessageKind.SURVEY_INVITATION,
        supported_locale(locale, definition.default_locale),
        previewed(opened.survey_id, definition),
        SOMEBODY,
        links,
        about_delivery=definition.touchpoint == "delivery",
    )
    return texts.email()


def use_page(opened: Opened, base_url: str, writer: str, said: Speech) -> Page:
    """The line for a page, for each key there is, and the addresses."""
    keys = opened.published.keys if opened.published else ()
    lines = [(key.name, ", ".join(key.origins), _snippet(base_url, opened.survey_id)) for key in keys]
    return staff_page(
        "use.html.jinja",
        HTTPStatus.OK,
        said,
        writer,
        opened=opened,
        lines=lines or [("", "", _snippet(base_url, opened.survey_id))],
        key_place=KEY_PLACE,
        addresses=[
            (said(f"channel_{channel}"), f"{base_url}/{path}/{opened.survey_id}?key={KEY_PLACE}")
            for channel, path in (("link", "s"), ("kiosk", "k"))
        ],
        scripts=[_SCRIPT],
    )


def _snippet(base_url: str, survey_id: str) -> str:
    return f'<script async src="{base_url}/widget.js" data-survey="{survey_id}" data-key="{KEY_PLACE}"></script>'


def login_address(path: str) -> str:
    """Where a session is opened, to go on at a path."""
    return f"/scores?{urlencode({'to': path})}"


def staff_page(
    template: str,
    status: HTTPStatus,
    said: Speech,
    writer: str,
    *,
    scripts: Iterable[str] = (),
    frame_src: str = "'none'",
    **content: Any,
) -> Page:
    """A page from its template.

    Args:
        template: Its file.
        status: How the request is answered.
        said: The language of the page.
        writer: The name of the key; empty where nobody's is known.
        scripts: The scripts that stand in it.
        frame_src: Whose pages it may show in a frame.
        content: What else the template shows.
    """
    scripts = list(scripts)
    html = _PAGES.get_template(template).render(
        said=said,
        writer=writer,
        style=Markup(_STYLE),  # noqa: S704  ours, allowed by hash
        script=Markup("\n".join(scripts)),  # noqa: S704  the same
        **content,
    )
    headers = page_headers(
        _STYLE,
        # Not no-referrer: with that, a browser sends `Origin: null` with our own forms.
        referrer="same-origin",
        script_src=hashes(scripts),
        frame_src=frame_src,
        form_action="'self'",
    )
    return Page(status, html, {**headers, "vary": "accept-language"})
