"""`/v1/funnel`: how far people came, by touchpoint and channel."""

from __future__ import annotations

from http import HTTPStatus

from functions.api.calling import READ_REFUSALS, called
from shared.domain.funnel import Funnel
from shared.http import Answer, Operation, Request, Security


def read_funnel(request: Request) -> Answer:
    """The funnel of one survey, or of all."""
    api, _ = called(request)
    return Answer(body=api.funnel.read(request.query))


OPERATIONS = (
    Operation(
        method="GET",
        path="/v1/funnel",
        run=read_funnel,
        summary="How far people came, by touchpoint and by the way they were asked, with the response rate",
        security=(Security.SECRET_KEY,),
        success=(HTTPStatus.OK, Funnel),
        parameters={
            "survey": "The survey; left out, every survey that is asked, by touchpoint.",
            "since": "The first day: Unix seconds or a day such as 2026-03-29, snapped to the survey's local days.",
            "until": "The last day, likewise; left out, today. 30 days by default.",
        },
        refusals=READ_REFUSALS,
    ),
)
