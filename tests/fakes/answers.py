"""Answers for tests: what every one has in common, so that a test names only what it is about."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from shared.domain.queued import ResponseSubmitted
from shared.domain.responses import Rating, Response, Source
from shared.domain.surveys import Scale
from tests.fakes.clock import NOON

QUESTION = "recommend"
TODAY = NOON.date()


def response_id(number: int) -> str:
    """The id of the nth response of a test."""
    return str(UUID(int=number))


def answer(
    number: int = 1,
    rating: int | None = 9,
    revision: int = 1,
    *,
    survey_id: str = "shop",
    day: date = TODAY,
    breakdowns: Mapping[str, str] | None = None,
    at: datetime = NOON,
    **others: Any,
) -> Response:
    """An NPS answer; `rating=None` for one that is only a comment."""
    return Response(
        response_id=response_id(number),
        revision=revision,
        survey_id=survey_id,
        survey_version=1,
        ratings={} if rating is None else {QUESTION: Rating(scale=Scale.NPS, value=rating)},
        breakdowns=breakdowns or {},
        source=others.pop("source", Source.WIDGET),
        answered_at=at,
        accepted_at=at,
        day=day,
        **others,
    )


def submitted(*responses: Response, expected_revision: int | None = None) -> list[ResponseSubmitted]:
    """The messages that bring these answers."""
    return [ResponseSubmitted(response=response, expected_revision=expected_revision) for response in responses]
