"""`/v1/people`: who is known, and who is to be asked."""

from __future__ import annotations

from http import HTTPStatus

from functions.api.calling import BODY_REFUSALS, LIST_REFUSALS, READ_REFUSALS, called, counters, logger
from functions.api.paging import link_to_next
from functions.api.people.bodies import ErasureTold, Ok, PersonPosted, PersonTold, PostPerson
from shared.http import Answer, Operation, Request, Security, json_body, parsed
from shared.observability import MetricUnit


def post_person(request: Request) -> Answer:
    """Know a person, and have them asked."""
    data = json_body(request)
    api, caller = called(request)
    told = api.people.post(parsed(PostPerson, data), caller, request.headers.get("idempotency-key"))
    if told.survey_request is not None:
        counters.add_metric("SurveyRequestsAccepted", MetricUnit.Count, 1)
    logger.info("person known", extra={"person_id": told.id, "request_id": told.survey_request, "actor": caller.name})
    return Answer(HTTPStatus.CREATED, told)


def list_people(request: Request) -> Answer:
    """A page of people."""
    api, _ = called(request)
    page = api.people.list_people(request.query)
    return Answer(
        body=[person.model_dump(mode="json") for person in page.people],
        headers=link_to_next(request.base_url, request.path, request.query_pairs, "after", page.next),
    )


def delete_pending_requests(request: Request) -> Answer:
    """Forget the wish to ask a person."""
    api, caller = called(request)
    deleted = api.people.delete_pending(request.path_parameters["person"])
    logger.info("pending requests deleted", extra={"requests": deleted, "actor": caller.name})
    return Answer(body=Ok())


def delete_person(request: Request) -> Answer:
    """Have a person erased."""
    api, caller = called(request)
    person_id = api.people.delete(request.path_parameters["person"])
    counters.add_metric("ErasuresAccepted", MetricUnit.Count, 1)
    logger.info("person is erased", extra={"person_id": person_id, "actor": caller.name})
    return Answer(HTTPStatus.ACCEPTED, Ok())


def read_erasure(request: Request) -> Answer:
    """What became of a person's erasure."""
    api, _ = called(request)
    return Answer(body=api.people.erasure(request.path_parameters["person"]))


OPERATIONS = (
    Operation(
        method="POST",
        path="/v1/people",
        run=post_person,
        summary="Know a person, new or not, and keep the wish to ask them; `send: false` only makes them known",
        security=(Security.SECRET_KEY,),
        success=(HTTPStatus.CREATED, PersonPosted),
        request=PostPerson,
        headers={"idempotency-key": "Any text that names this request; sent again, it is the same request."},
        refusals=(*BODY_REFUSALS, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    ),
    Operation(
        method="GET",
        path="/v1/people",
        run=list_people,
        summary="Who is known, in the order in which they became so; the next page is where the `Link` header leads",
        security=(Security.SECRET_KEY,),
        success=(HTTPStatus.OK, PersonTold),
        success_is_list=True,
        parameters={
            "per_page": "People on a page: 1 to 100, 20 by default.",
            "since": "Known since this moment or later, in Unix seconds.",
            "until": "Known since this moment or earlier.",
            "email": "Only who has this address.",
            "phone_number": "Only who has this number.",
            "after": "Where an earlier page's `Link` said that the list goes on.",
        },
        refusals=LIST_REFUSALS,
    ),
    Operation(
        method="DELETE",
        path="/v1/people/{person}/survey_requests/pending",
        run=delete_pending_requests,
        summary="Forget the wish to ask a person, named by e-mail address, id, `phone_number:…` or `external_id:…`",
        security=(Security.SECRET_KEY,),
        success=(HTTPStatus.OK, Ok),
        refusals=READ_REFUSALS,
    ),
    Operation(
        method="DELETE",
        path="/v1/people/{person}",
        run=delete_person,
        summary="Erase a person, named by id, `email:…`, `phone_number:…` or `external_id:…`, and all that holds them",
        security=(Security.SECRET_KEY,),
        success=(HTTPStatus.ACCEPTED, Ok),
        refusals=READ_REFUSALS,
    ),
    Operation(
        method="GET",
        path="/v1/people/{person}/erasure",
        run=read_erasure,
        summary="What became of a person's erasure: the receipt, once it is finished",
        security=(Security.SECRET_KEY,),
        success=(HTTPStatus.OK, ErasureTold),
        refusals=READ_REFUSALS,
    ),
)
