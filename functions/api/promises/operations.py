"""`/v1/promises`: the promise ledger."""

from __future__ import annotations

from http import HTTPStatus

from functions.api.calling import READ_REFUSALS, called
from shared.domain.metrics.promises import PromisesTold
from shared.http import Answer, Operation, Request, Security


def read_promises(request: Request) -> Answer:
    """How many promises were kept."""
    api, _ = called(request)
    return Answer(body=api.promises.read(request.query))


OPERATIONS = (
    Operation(
        method="GET",
        path="/v1/promises",
        run=read_promises,
        summary=(
            "How many of the windows that customers were told were kept, early, late or broken, by carrier, region or "
            "week, and what that does to a survey's score"
        ),
        security=(Security.SECRET_KEY,),
        success=(HTTPStatus.OK, PromisesTold),
        parameters={
            "since": "A day of the first week, such as 2026-03-29, or Unix seconds; a promise belongs to the ISO week "
            "in which its window ends, where the parcel goes.",
            "until": "A day of the last week, likewise; left out, today. 12 weeks by default, 53 at most.",
            "by": "`carrier`, `region` or `week`: a row for each.",
            "carrier": "Only this carrier's.",
            "region": "Only those to this region.",
            "survey": "A survey about deliveries: its score where promises were kept, and where they were not.",
        },
        refusals=READ_REFUSALS,
    ),
)
