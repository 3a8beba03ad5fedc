"""The pages of messages as HTML; what a customer gets is shown by the renderer that makes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import urlencode

from functions.staff.form import Difference, Typed
from functions.staff.messages.fields import KIND_WORDS, TOLD
from functions.staff.messages.form import form_of
from functions.staff.messages.service import OpenedBrand
from functions.staff.render import login_address, staff_page
from functions.staff.words import Speech
from shared.domain.brands import Brand
from shared.domain.messages import Channel, EmailContent, MessageKind
from shared.domain.sms_prices import MICROS
from shared.domain.sms_segments import SmsReport, sms_report
from shared.errors import NotFoundError
from shared.pages import Page, page_headers
from shared.texts.examples import example
from shared.texts.placeholders import PLACEHOLDERS, allowed_in
from shared.texts.rendering import LOCALES, Rendering

__all__ = [
    "HOME",
    "Example",
    "Page",
    "brand_page",
    "brands_page",
    "mail_of",
    "mail_page",
    "message_page",
    "messages_page",
    "tried_messages",
]

HOME = "/staff/messages"
_MAILS = Rendering()
_ORDER = (
    *TOLD,
    *(kind for kind in MessageKind if kind not in TOLD and not kind.to_owner),
    *(kind for kind in MessageKind if kind.to_owner),
)
"""What a company may say itself comes first, and what it gets itself last."""


class Example(NamedTuple):
    """What examples on this page are made with.

    Args:
        base_url: Where our pages are, for the links in them.
        sms_prices: What one SMS costs at most, by country.
    """

    base_url: str
    sms_prices: Mapping[str, int]


class Shown(NamedTuple):
    """One message of the list.

    Args:
        kind: Its kind.
        name: What that is called.
        is_on: Whether customers are told it.
        subject: Of the e-mail.
        report: What becomes of its SMS; None if there is none.
        cost: What that costs at most, by country.
    """

    kind: MessageKind
    name: str
    is_on: bool
    subject: str
    report: SmsReport | None
    cost: str


def brands_page(brands: Sequence[OpenedBrand], writer: str, said: Speech) -> Page:
    """Every brand."""
    return staff_page("brands.html.jinja", HTTPStatus.OK, said, writer, brands=brands)


def messages_page(
    opened: OpenedBrand,
    query: Mapping[str, str],
    example_of: Example,
    writer: str,
    said: Speech,
    told: str,
) -> Page:
    """Every kind of message of a brand, in one language."""
    locales = locales_of(opened)
    locale = chosen if (chosen := query.get("locale", "")) in locales else locales[0]
    return staff_page(
        "messages.html.jinja",
        HTTPStatus.OK,
        said,
        writer,
        opened=opened,
        locales=locales,
        locale=locale,
        messages=[_shown(opened.brand, kind, locale, example_of, said) for kind in _ORDER],
        told=told,
    )


def message_page(
    opened: OpenedBrand, kind: MessageKind, query: Mapping[str, str], example_of: Example, writer: str, said: Speech
) -> Page:
    """One message as its recipient gets it: the e-mail on a desk and on a phone, its text part, and the SMS."""
    locales, least = locales_of(opened), query.get("known") == "least"
    locale = chosen if (chosen := query.get("locale", "")) in locales else locales[0]
    report = _report(opened.brand, kind, locale, example_of.base_url, full=not least)
    chosen_query = urlencode({"locale": locale, "known": "least" if least else "all"})
    return staff_page(
        "message.html.jinja",
        HTTPStatus.OK,
        said,
        writer,
        opened=opened,
        kind=kind,
        name=said.of(KIND_WORDS[kind]),
        locales=locales,
        locale=locale,
        least=least,
        email=None if kind.by_sms_only else mail_of(opened, kind, query, example_of),
        report=report,
        cost=_cost(report, example_of),
        source=f"{HOME}/{opened.brand_id}/preview/{kind.value}/email?{chosen_query}",
        frame_src="'self'",
    )


def mail_page(mail: EmailContent) -> Page:
    """An e-mail as it is mailed, for a frame in which nothing of it runs, submits or knows who looks at it."""
    headers = page_headers(
        "",
        referrer="no-referrer",
        # Programs for mail know no other style than what stands in the mail.
        style_src="'unsafe-inline'",
        img_src="https: data:",
        form_action="'none'",
        frame_ancestors="'self'",
        sandbox="",
    )
    return Page(HTTPStatus.OK, mail.html, headers)


def mail_of(opened: OpenedBrand, kind: MessageKind, query: Mapping[str, str], example_of: Example) -> EmailContent:
    """The e-mail of a kind, from example data.

    Raises:
        NotFoundError: it is never sent by e-mail.
    """
    if kind.by_sms_only:
        raise NotFoundError("This is never sent by e-mail.")
    locales = locales_of(opened)
    locale = chosen if (chosen := query.get("locale", "")) in locales else locales[0]
    full = query.get("known") != "least"
    return example(_MAILS, kind, locale, opened.brand, full=full, base_url=example_of.base_url).email()


def brand_page(
    status: HTTPStatus,
    opened: OpenedBrand,
    typed: Typed,
    seen: int,
    said: Speech,
    *,
    writer: str = "",
    alert: str = "",
    told: str = "",
    errors: Mapping[str, Sequence[str]] | None = None,
    differences: Sequence[Difference] | None = None,
    tried: Sequence[tuple[str, str, Shown]] = (),
) -> Page:
    """The form of a brand.

    Args:
        status: How the request is answered.
        opened: The brand as it is.
        typed: What stands in the form.
        seen: The version that its writer has seen.
        said: The language of the page.
        writer: The name of the key; empty where nobody's is known.
        alert: Why it was not taken.
        told: What was done.
        errors: What is wrong, by path.
        differences: How it differs from what somebody else has published meanwhile.
        tried: Messages as what was typed would say them: kind, language, message.
    """
    placeholders: dict[str, list[tuple[str, str]]] = {
        f"texts.{kind.value}": [(name, PLACEHOLDERS[name]) for name in allowed_in(kind)] for kind in TOLD
    }
    return staff_page(
        "brand.html.jinja",
        status,
        said,
        writer,
        opened=opened,
        form=form_of(typed, said, errors),
        seen=seen,
        alert=alert,
        told=told,
        differences=differences,
        tried=tried,
        placeholders=placeholders,
        login=login_address(f"{HOME}/{opened.brand_id}/edit"),
        ended=status is HTTPStatus.FORBIDDEN,
    )


def tried_messages(brand: Brand, example_of: Example, said: Speech) -> list[tuple[str, str, Shown]]:
    """Each message for which a brand has words of its own, in each language that it has them in."""
    return [
        (said.of(KIND_WORDS[kind]), locale, _shown(brand, kind, locale, example_of, said))
        for kind in TOLD
        for locale in brand.texts.get(kind, {})
    ]


def locales_of(opened: OpenedBrand) -> list[str]:
    """The languages in which a brand's messages may be said: its own, those it has words in, and ours."""
    written: list[Any] = [locale for texts in opened.definition.texts.values() for locale in texts]
    return list(dict.fromkeys((opened.definition.default_locale, *written, *LOCALES)))


def _shown(brand: Brand, kind: MessageKind, locale: str, example_of: Example, said: Speech) -> Shown:
    base_url = example_of.base_url
    report = _report(brand, kind, locale, base_url, full=True)
    return Shown(
        kind=kind,
        name=said.of(KIND_WORDS[kind]),
        is_on=brand.stage(kind.category).enabled,
        subject="" if kind.by_sms_only else example(_MAILS, kind, locale, brand, base_url=base_url).email().subject,
        report=report,
        cost=_cost(report, example_of),
    )


def _report(brand: Brand, kind: MessageKind, locale: str, base_url: str, *, full: bool) -> SmsReport | None:
    if kind.to_owner:
        return None
    texts = example(_MAILS, kind, locale, brand, channel=Channel.SMS, full=full, base_url=base_url)
    return sms_report(texts.sms_as_written())


def _cost(report: SmsReport | None, example_of: Example) -> str:
    """The price of all its parts, in each country that SMS may go to: `DE 0.30 $, AT 0.30 $`."""
    if report is None:
        return ""
    prices = example_of.sms_prices.items()
    return ", ".join(f"{country} {report.size.segments * price / MICROS:.2f} $" for country, price in prices)
