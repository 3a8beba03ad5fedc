"""Delighted's trends: a part of the answers, here one value of a breakdown that the survey declares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from shared.domain.surveys import NO, OTHER, VERIFIED, YES, Survey
from shared.errors import InvalidRequestError


class Trend(NamedTuple):
    """One value of a breakdown."""

    breakdown: str
    value: str


def trend_of(survey: Survey | None, text: str | None) -> Trend | None:
    """The trend asked for, as `breakdown:value`; None if there is none.

    Raises:
        InvalidRequestError: the survey declares no such breakdown, or it has no such value.
    """
    if text is None:
        return None
    name, _, value = text.partition(":")
    declared = {breakdown.name: (*breakdown.values, OTHER) for breakdown in (survey.breakdowns if survey else ())}
    if value not in declared.get(name, ()):
        known = ", ".join(f"{breakdown}:…" for breakdown in declared) or "none, for it declares no breakdown"
        raise InvalidRequestError(
            "trend names no part of this survey's answers.", {"trend": [f"must be one of this survey's: {known}"]}
        )
    return Trend(name, value)


def flag(query: Mapping[str, str], name: str) -> bool | None:
    """A query parameter that is true or false, None if it was left out.

    Raises:
        InvalidRequestError: it is neither.
    """
    text = query.get(name)
    if text not in {None, "true", "false"}:
        raise InvalidRequestError(f"{name} is neither true nor false.", {name: ["must be true or false"]})
    return None if text is None else text == "true"


def verified_part(survey: Survey, wanted: bool) -> Trend:
    """The answers that came by signed link or secret key, or the others.

    Raises:
        InvalidRequestError: the survey is not counted by that.
    """
    if not survey.counts_by(VERIFIED):
        raise InvalidRequestError(
            "This survey's answers are not counted by whether they are verified.",
            {
                VERIFIED: [
                    f"declare the breakdown {VERIFIED} with the values {YES} and {NO} in the survey, "
                    "and the answers from then on are"
                ]
            },
        )
    return Trend(VERIFIED, YES if wanted else NO)
