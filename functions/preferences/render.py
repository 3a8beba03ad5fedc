"""Pages as HTML: one with a button, one with choices, and those that only say something. None has a script."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from pathlib import Path
from typing import Any, NamedTuple

from markupsafe import Markup

from functions.preferences.form import SHOWN, is_refused, name_of
from functions.preferences.texts import Notice, Texts
from shared.domain.links import Unsubscribe
from shared.domain.messages import Category, Channel
from shared.domain.people import Person
from shared.domain.phones import masked_phone
from shared.domain.preferences import REFUSABLE, Refusals, Refused, addresses_of, choices_of, masked_email
from shared.pages import Page, page_headers, page_templates

__all__ = ["Page", "asking_page", "choosing_page", "done_page", "notice_page"]

_HERE = Path(__file__).parent
_PAGES = page_templates(_HERE / "templates")
_STYLE = (_HERE / "static" / "page.css").read_text(encoding="utf-8")
_MASKED = {Channel.EMAIL: masked_email, Channel.SMS: masked_phone}
_ROWS = (*(category for category in REFUSABLE if category.is_stage), Category.SURVEYS)
"""Deliveries first, in their order: that is what most people come for."""


class Box(NamedTuple):
    """A choice on the page: its name, what it is called, and whether it has a tick."""

    name: str
    label: str
    ticked: bool


def asking_page(texts: Texts, language: str, link: Unsubscribe, choose: str) -> Page:
    """Whether the reader means it.

    Args:
        texts: What is said.
        language: In which language.
        link: What they would refuse.
        choose: The token of the page where everything is chosen.
    """
    is_news = link.category.is_stage
    notice = _named(texts.sure_of_news if is_news else texts.sure, texts, link)
    button = texts.button_of_news if is_news else texts.button
    return _page("page", HTTPStatus.OK, notice, language, button=button, choose=choose, texts=texts)


def done_page(texts: Texts, language: str, link: Unsubscribe, choose: str) -> Page:
    """That it is done, and where to choose the rest; arguments as above."""
    notice = _named(texts.done_of_news if link.category.is_stage else texts.done, texts, link)
    return _page("page", HTTPStatus.OK, notice, language, button="", choose=choose, texts=texts)


def notice_page(status: HTTPStatus, notice: Notice, language: str) -> Page:
    """A page that only says something."""
    return _page("page", status, notice, language, button="", choose="", texts=None)


def choosing_page(texts: Texts, language: str, person: Person | None, refusals: Refusals, *, saved: bool) -> Page:
    """What a person may be sent: a row for each message, a column for each of their channels.

    Args:
        texts: What is said.
        language: In which language.
        person: Who; None if they are not known any more.
        refusals: What they refuse.
        saved: Whether that was saved just now.
    """
    addresses = addresses_of(person) if person else {}
    if person is None or not addresses:
        return notice_page(HTTPStatus.OK, texts.nothing_to_choose, language)
    rows = [(texts.categories[category], _row(category, addresses, refusals, texts)) for category in _ROWS]
    nothing = [
        _box(Refused(channel, None), refusals, texts.nothing[channel].format(address=_MASKED[channel](address)))
        for channel, address in addresses.items()
    ]
    return _page(
        "choose",
        HTTPStatus.OK,
        texts.choose,
        language,
        button=texts.save,
        texts=texts,
        ways=[texts.ways[channel] for channel in addresses],
        rows=rows,
        nothing=nothing,
        shown_as=SHOWN,
        shown=" ".join(map(name_of, choices_of(person))),
        saved=saved,
    )


def _row(category: Category, channels: Iterable[Channel], refusals: Refusals, texts: Texts) -> list[Box]:
    what, ways = texts.categories[category], texts.ways
    return [
        _box(Refused(channel, category), refusals, texts.by.format(what=what, way=ways[channel]))
        for channel in channels
    ]


def _box(what: Refused, refusals: Refusals, label: str) -> Box:
    return Box(name_of(what), label, ticked=is_refused(what.category, ticked=True) == (what in refusals))


def _named(notice: Notice, texts: Texts, link: Unsubscribe) -> Notice:
    return notice._replace(text=notice.text.format(what=texts.categories[link.category]))


def _page(template: str, status: HTTPStatus, notice: Notice, language: str, *, button: str, **shown: Any) -> Page:
    html = _PAGES.get_template(f"{template}.html.jinja").render(
        notice=notice,
        language=language,
        button=button,
        style=Markup(_STYLE),  # noqa: S704  ours, and allowed by hash
        **shown,
    )
    # The address holds a token: no referrer. Without a button there is nothing to submit.
    headers = page_headers(_STYLE, referrer="no-referrer", form_action="'self'" if button else "'none'")
    return Page(status, html, {**headers, "vary": "Accept-Language"})
