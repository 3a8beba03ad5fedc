"""`/v1/people/{person}/timeline`: what a person was asked and told, what they answered, and why not."""

from __future__ import annotations

from http import HTTPStatus

from functions.api.calling import READ_REFUSALS, called
from functions.api.paging import link_to_next
from functions.api.timeline.bodies import TimelineTold
from shared.http import Answer, Operation, Request, Security


def read_timeline(request: Request) -> Answer:
    """A page of a person's timeline."""
    api, _ = called(request)
    person_id = api.people.person_id(request.path_parameters["person"])
    page = api.timeline.page(person_id, request.query)
    return Answer(
        body=page.told,
        headers=link_to_next(request.base_url, request.path, request.query_pairs, "before", page.next),
    )


OPERATIONS = (
    Operation(
        method="GET",
        path="/v1/people/{person}/timeline",
        run=read_timeline,
        summary=(
            "What a person answered, was sent and was not sent, with the reason, is still to be asked, and their "
            "parcels, the newest first; the next page is where the `Link` header leads"
        ),
        security=(Security.SECRET_KEY,),
        success=(HTTPStatus.OK, TimelineTold),
        parameters={
            "per_page": "Entries on a page: 1 to 100, 20 by default.",
            "before": "Where an earlier page's `Link` said that the timeline goes on.",
        },
        refusals=READ_REFUSALS,
    ),
)
