"""A brand: how the company looks to its customers, what it tells them about deliveries, when, and in which words.

One document holds all of it, so that it is checked and published as a whole. What a company edits are texts with
placeholders from a closed list, switches and times: nothing in it is a program. A version of it never changes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import time
from typing import Annotated, Self

from pydantic import AfterValidator, Field, StringConstraints, field_validator, model_validator

from shared.domain.base import Frozen, Line
from shared.domain.messages import Category, MessageKind
from shared.domain.surveys import Locale

DEFAULT_BRAND = "default"
"""The brand of whatever names none; a stack that published none has one that we made up."""
BRAND_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
BrandId = Annotated[str, StringConstraints(pattern=rf"^{BRAND_ID.pattern}$")]
LARGEST_BRAND = 200 * 1024
"""Bytes of a brand with all its texts; an item of the table holds 400 KB."""
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
"""An ISO 3166-1 code."""
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
"""What a company wrote: plain text with placeholders such as `{window}`; an empty line begins a paragraph."""


def _to_the_minute(value: time) -> time:
    if value.second or value.microsecond or value.tzinfo is not None:
        raise ValueError("must be a local time to the minute, such as 21:00")
    return value


LocalTime = Annotated[time, AfterValidator(_to_the_minute)]


class QuietHours(Frozen):
    """When certain messages wait: from a local time up to, but not including, another; past midnight if need be.

    Args:
        start: When they begin, where the recipient is.
        end: When messages may go again; equal to the start it is never quiet.
        categories: Which messages wait; an empty list is all.
        countries: Whose recipients they are for; an empty list is everybody's. The first entry of a brand that names a
            recipient's country and the category decides, else the first that names no country.
    """

    start: LocalTime
    end: LocalTime
    categories: tuple[Category, ...] = ()
    countries: tuple[Country, ...] = ()


class Stage(Frozen):
    """Whether, and when, customers hear of one stage of a delivery.

    Args:
        enabled: Whether they do.
        at: For the day before: at which local time.
        minutes_ahead: For "soon": how long before the estimated arrival.
    """

    enabled: bool = True
    at: LocalTime | None = None
    minutes_ahead: Annotated[int, Field(ge=30, le=60, strict=True)] | None = None


DAY_BEFORE_AT = time(17, 0)
SOON_MINUTES_AHEAD = 45
USUAL_QUIET_HOURS = (
    QuietHours(start=time(21), end=time(8), categories=(Category.SURVEYS, Category.SCHEDULED, Category.DAY_BEFORE)),
    QuietHours(start=time(22), end=time(6), categories=(Category.DELIVERED, Category.EXCEPTION, Category.DELAYED)),
)
"""Where a brand says nothing else. What is worth knowing only now (on its way, soon, arriving) waits for nothing."""


class MessageTexts(Frozen):
    """A company's own words for one kind of message in one language; what is left out is said in ours.

    Args:
        subject: Of the e-mail.
        heading: Stands large at its top.
        text: Its paragraphs.
        sms: The whole SMS.
    """

    subject: Line | None = None
    heading: Line | None = None
    text: Text | None = None
    sms: Text | None = None


class BrandDefinition(Frozen):
    """What a company says of one of its brands; published, it becomes a version.

    Args:
        name: How customers know it; stands in the sender's name of e-mails and at the beginning of SMS.
        colour: As `#rrggbb`.
        logo: The address of a picture, for e-mails and pages.
        default_locale: The language of recipients who told us none.
        stages: What customers hear of deliveries; a stage that is left out is told.
        quiet_hours: When what waits; the first entry that fits decides.
        messages_per_day: How many messages a person is sent on one of their days, over all categories but those that
            are worth knowing only now; left out, as many as the stack says.
        texts: The company's own words, by kind and language.
    """

    name: Line
    colour: Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$")] = "#1f4b99"
    logo: Annotated[str, StringConstraints(pattern=r"^https://[^\s\"'<>]{1,500}$")] | None = None
    default_locale: Locale = "en"
    stages: Mapping[Category, Stage] = Field(default_factory=dict)
    quiet_hours: Annotated[tuple[QuietHours, ...], Field(max_length=50)] = USUAL_QUIET_HOURS
    messages_per_day: Annotated[int, Field(ge=1, le=100, strict=True)] | None = None
    texts: Mapping[MessageKind, Mapping[Locale, MessageTexts]] = Field(default_factory=dict)

    @field_validator("stages")
    @classmethod
    def _stages_of_deliveries(cls, stages: Mapping[Category, Stage]) -> Mapping[Category, Stage]:
        for category, stage in stages.items():
            if not category.is_stage:
                raise ValueError(f"{category.value} is no stage of a delivery")
            if stage.at is not None and category is not Category.DAY_BEFORE:
                raise ValueError(f"{category.value} has no time of day: it is told when it happens")
            if stage.minutes_ahead is not None and category is not Category.SOON:
                raise ValueError(f"{category.value} is not told ahead of an arrival")
        return stages

    def stage(self, category: Category) -> Stage:
        """How one stage is told."""
        return self.stages.get(category, Stage())


class Brand(BrandDefinition):
    """One version of a brand.

    Args:
        brand_id: Which brand.
        version: Which version; 0 is the one that we make up where a company published none.
    """

    brand_id: BrandId = DEFAULT_BRAND
    version: Annotated[int, Field(ge=0)] = 0

    @model_validator(mode="after")
    def _of_a_company(self) -> Self:
        if self.version == 0 and self.brand_id != DEFAULT_BRAND:
            raise ValueError("only the default brand can do without being published")
        return self

    @classmethod
    def of(cls, brand_id: str, version: int, definition: BrandDefinition) -> Self:
        """A definition as a version of a brand."""
        content = {name: getattr(definition, name) for name in BrandDefinition.model_fields}
        return cls(brand_id=brand_id, version=version, **content)
