"""`/v1/unsubscribes` and `/v1/bounces`: who is not written to."""

from __future__ import annotations

from http import HTTPStatus

from functions.api.calling import BODY_REFUSALS, LIST_REFUSALS, called, counters, logger
from functions.api.people.bodies import Ok
from functions.api.unsubscribes.bodies import Bounced, PostUnsubscribe, Unsubscribed
from shared.http import Answer, Operation, Request, Security, json_body, parsed
from shared.observability import MetricUnit


def post_unsubscribe(request: Request) -> Answer:
    """Have an address asked no more."""
    data = json_body(request)
    api, caller = called(request)
    api.unsubscribes.post(parsed(PostUnsubscribe, data), caller)
    counters.add_metric("AddressesUnsubscribed", MetricUnit.Count, 1)
    logger.info("address unsubscribed", extra={"actor": caller.name})
    return Answer(body=Ok())


def list_unsubscribes(request: Request) -> Answer:
    """A page of those who do not want to be asked."""
    api, _ = called(request)
    return Answer(body=[each.model_dump(mode="json") for each in api.unsubscribes.list_unsubscribes(request.query)])


def list_bounces(request: Request) -> Answer:
    """A page of those whose e-mail bounced."""
    api, _ = called(request)
    return Answer(body=[each.model_dump(mode="json") for each in api.unsubscribes.list_bounces(request.query)])


_PAGES = {
    "per_page": "Entries on a page: 1 to 100, 20 by default.",
    "page": "The page: 1 to 100.",
    "since": "From this moment on, in Unix seconds.",
    "until": "Up to this moment.",
}

OPERATIONS = (
    Operation(
        method="POST",
        path="/v1/unsubscribes",
        run=post_unsubscribe,
        summary="Have an address asked and thanked no more; news of a parcel still go there",
        security=(Security.SECRET_KEY,),
        success=(HTTPStatus.OK, Ok),
        request=PostUnsubscribe,
        refusals=BODY_REFUSALS,
    ),
    Operation(
        method="GET",
        path="/v1/unsubscribes",
        run=list_unsubscribes,
        summary="Who does not want to be asked, in the order in which they said so",
        security=(Security.SECRET_KEY,),
        success=(HTTPStatus.OK, Unsubscribed),
        success_is_list=True,
        parameters=_PAGES,
        refusals=LIST_REFUSALS,
    ),
    Operation(
        method="GET",
        path="/v1/bounces",
        run=list_bounces,
        summary="Whose e-mail bounced for good, in the order in which it did",
        security=(Security.SECRET_KEY,),
        success=(HTTPStatus.OK, Bounced),
        success_is_list=True,
        parameters=_PAGES,
        refusals=LIST_REFUSALS,
    ),
)
