"""What would come to light when a customer is told something comes to light when a brand is published.

Every kind of message is rendered in every language it may be said in, for both channels, once with all that may be
known and once with as little as possible. What does not render, says nothing or is too long for an SMS is refused, with
the field it stands in; nothing of it is stored.
"""

from __future__ import annotations

from collections.abc import Iterator

from jinja2 import TemplateError

from shared.domain.brands import LARGEST_BRAND, Brand, BrandDefinition, MessageTexts
from shared.domain.messages import Channel, MessageKind
from shared.domain.sms_segments import sms_size
from shared.errors import InvalidRequestError
from shared.texts.examples import example
from shared.texts.placeholders import allowed_in, faults_in
from shared.texts.rendering import LOCALES, Rendering

MOST_SEGMENTS = 4
"""SMS that a company's own text may take; each is paid for."""


class Publishing:
    """Checks brands before they are published.

    Args:
        rendering: Renders messages, as it does when they are sent.
    """

    def __init__(self, rendering: Rendering) -> None:
        self._rendering = rendering

    def check(self, brand_id: str, definition: BrandDefinition) -> None:
        """See that each message of a brand can be said.

        Raises:
            InvalidRequestError: one can not; `errors` names the fields.
        """
        brand = Brand.of(brand_id, 1, definition)
        errors: dict[str, list[str]] = {}
        if len(brand.model_dump_json().encode()) > LARGEST_BRAND:
            errors["texts"] = [f"the brand takes more than {LARGEST_BRAND // 1024} KB"]
        for path, fault in _faults_of_syntax(brand):
            errors.setdefault(path, []).append(fault)
        if not errors:
            for path, fault in self._faults_of_rendering(brand):
                errors.setdefault(path, []).append(fault)
        if errors:
            path, faults = next(iter(errors.items()))
            raise InvalidRequestError(f"{path}: {faults[0]}", errors)

    def _faults_of_rendering(self, brand: Brand) -> Iterator[tuple[str, str]]:
        for kind in MessageKind:
            written = brand.texts.get(kind, {})
            for locale in dict.fromkeys((*LOCALES, brand.default_locale, *written)):
                own = written.get(locale, MessageTexts())
                for field, fault in self._faults_of_message(kind, locale, brand, own).items():
                    yield f"texts.{kind.value}.{locale}{field}", fault

    def _faults_of_message(self, kind: MessageKind, locale: str, brand: Brand, own: MessageTexts) -> dict[str, str]:
        """What is wrong with one message, by the field; full and minimal data may both show it."""
        faults = {}
        for full in (True, False):
            subject = body = ""
            try:
                if not kind.by_sms_only:
                    subject = example(self._rendering, kind, locale, brand, full=full).email().subject
                if not kind.to_owner:
                    texts = example(self._rendering, kind, locale, brand, channel=Channel.SMS, full=full)
                    body = texts.sms().body
            except (TemplateError, ValueError, LookupError) as error:
                faults[""] = f"can not be rendered: {error}"
                continue
            if own.subject and not subject.strip():
                faults[".subject"] = "says nothing"
            if own.sms and not body.strip():
                faults[".sms"] = "says nothing"
            elif own.sms and (size := sms_size(body)).segments > MOST_SEGMENTS:
                faults[".sms"] = (
                    f"takes {size.segments} SMS with usual values ({size.alphabet.value}); at most {MOST_SEGMENTS}"
                )
        return faults


def _faults_of_syntax(brand: Brand) -> Iterator[tuple[str, str]]:
    for kind, by_locale in brand.texts.items():
        if not allowed_in(kind):
            yield f"texts.{kind.value}", "is no news of a delivery; a survey says its own words itself"
            continue
        for locale, texts in by_locale.items():
            for field, text in texts:
                for fault in faults_in(text, kind) if text else ():
                    yield f"texts.{kind.value}.{locale}.{field}", fault
