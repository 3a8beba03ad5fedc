"""Delighted's trends: a part of the answers, here one value of a breakdown that the survey declares."""

from __future__ import annotations

from typing import NamedTuple

from shared.domain.surveys import OTHER, Survey
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
