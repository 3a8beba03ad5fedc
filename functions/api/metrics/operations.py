"""`/v1/metrics` and `/v1/journey`: scores, with how sure they are."""

from __future__ import annotations

from http import HTTPStatus

from functions.api.calling import LIST_REFUSALS, READ_REFUSALS, called
from shared.domain.metrics.figures import Journey, Metrics
from shared.http import Answer, Operation, Request, Security


def read_metrics(request: Request) -> Answer:
    """A survey's score."""
    api, caller = called(request)
    return Answer(body=api.scoring.metrics(request.query, request.values_of("groups"), caller))


def read_journey(request: Request) -> Answer:
    """Every touchpoint's score."""
    api, _ = called(request)
    return Answer(body=api.scoring.journey(request.query))


OPERATIONS = (
    Operation(
        method="GET",
        path="/v1/metrics",
        run=read_metrics,
        summary="The score of a survey, with its number of answers and its margin of error",
        security=(Security.SECRET_KEY,),
        success=(HTTPStatus.OK, Metrics),
        parameters={
            "survey": "The survey; left out, the one the key was made for.",
            "since": "The first day: Unix seconds or a day such as 2026-03-29, snapped to the survey's local days.",
            "until": "The last day, likewise; left out, the day of the latest response. 30 days by default.",
            "question": "The question; left out, the survey's first with a score.",
            "by": "A breakdown that the survey declares: one row for each of its values.",
            "trend": "One value of a breakdown, such as `device:phone`: its score instead of the survey's.",
            "verified": "`true` for the answers by signed link or secret key alone, `false` for the others; the survey "
            "must declare the breakdown `verified`.",
            "groups": "Delighted's groups; `core`, and nothing else: answers are not counted by channel.",
            "compare": "`previous`: has the score changed since the days before, as many as these?",
            "interval": "`day`, `week` (ISO 8601) or `month`: one bucket for each, at most 400.",
        },
        refusals=READ_REFUSALS,
    ),
    Operation(
        method="GET",
        path="/v1/journey",
        run=read_journey,
        summary="The score of each touchpoint in the order of the journey, and which one drags the whole down most",
        security=(Security.SECRET_KEY,),
        success=(HTTPStatus.OK, Journey),
        parameters={
            "scale": "Touchpoints are compared on one scale: nps (the default), csat, csat_3, ces, ces_7, expectation.",
            "since": "The first day, such as 2026-03-29; each survey counts its own local days. Unix seconds: in UTC.",
            "until": "The last day, likewise; left out, today in UTC. 30 days by default.",
        },
        refusals=LIST_REFUSALS,
    ),
)
