"""`/v1/survey_responses`: what was answered."""

from __future__ import annotations

from http import HTTPStatus

from functions.api.calling import BODY_REFUSALS, READ_REFUSALS, called, counters, logger
from functions.api.paging import link_to_next
from functions.api.people.bodies import Ok
from functions.api.survey_responses.bodies import AuditEntry, CreateSurveyResponse, SurveyResponse
from functions.api.survey_responses.editing import PutSurveyResponse, changeable
from shared.http import Answer, Operation, Request, Security, json_body, parsed
from shared.observability import MetricUnit


def create_response(request: Request) -> Answer:
    """Take an answer that was given elsewhere; the body is read before anything else, as in every function."""
    data = json_body(request)
    api, caller = called(request)
    given = parsed(CreateSurveyResponse, data)
    created = api.survey_responses.create(given, caller, request.headers.get("idempotency-key"))
    counters.add_metric("ResponsesAccepted", MetricUnit.Count, 1)
    logger.info(
        "response accepted", extra={"survey_id": created.survey, "response_id": created.id, "actor": caller.name}
    )
    return Answer(HTTPStatus.CREATED, created)


def read_response(request: Request) -> Answer:
    """One answer."""
    api, _ = called(request)
    expand = request.values_of("expand")
    return Answer(body=api.survey_responses.response(request.path_parameters["response_id"], expand))


def list_responses(request: Request) -> Answer:
    """A page of answers."""
    api, caller = called(request)
    page = api.response_listing.page(request.query, request.values_of("expand"), caller)
    return Answer(
        body=[response.model_dump(mode="json") for response in page.responses],
        headers=link_to_next(request.base_url, request.path, request.query_pairs, "page", page.next),
    )


def update_response(request: Request) -> Answer:
    """Change an answer; what can not be changed may come back, as Delighted's clients send it."""
    data = json_body(request)
    api, caller = called(request)
    given = parsed(PutSurveyResponse, changeable(data))
    updated = api.survey_responses.update(request.path_parameters["response_id"], given, caller)
    counters.add_metric("ResponsesEdited", MetricUnit.Count, 1)
    logger.info(
        "response edited", extra={"response_id": updated.id, "revision": updated.revision, "actor": caller.name}
    )
    return Answer(body=updated)


def delete_response(request: Request) -> Answer:
    """Erase an answer."""
    api, caller = called(request)
    erased = api.survey_responses.erase(request.path_parameters["response_id"])
    counters.add_metric("ResponsesErased", MetricUnit.Count, 1)
    logger.info("response erased", extra={"response_id": erased, "actor": caller.name})
    return Answer(body=Ok())


def read_audit(request: Request) -> Answer:
    """Who changed an answer's score."""
    api, _ = called(request)
    entries = api.survey_responses.audit(request.path_parameters["response_id"])
    return Answer(body=[entry.model_dump(mode="json") for entry in entries])


OPERATIONS = (
    Operation(
        method="POST",
        path="/v1/survey_responses",
        run=create_response,
        summary="Add an answer that was given elsewhere; it can be read, and is counted, when this returns",
        security=(Security.SECRET_KEY,),
        success=(HTTPStatus.CREATED, SurveyResponse),
        request=CreateSurveyResponse,
        headers={
            "idempotency-key": "A UUID or any other text that names this answer; sent again, it is the same answer.",
        },
        refusals=(*BODY_REFUSALS, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    ),
    Operation(
        method="GET",
        path="/v1/survey_responses",
        run=list_responses,
        summary="A survey's answers, or a person's; the oldest first unless asked otherwise, and a moment behind",
        security=(Security.SECRET_KEY,),
        success=(HTTPStatus.OK, SurveyResponse),
        success_is_list=True,
        parameters={
            "survey": "The survey; left out, the one the key was made for.",
            "person_id": "Only this person's.",
            "person_email": "Only those of who has this address.",
            "since": "Given at this moment or later, in Unix seconds.",
            "until": "Given at this moment or earlier.",
            "updated_since": "Last changed at this moment or later.",
            "updated_until": "Last changed at this moment or earlier.",
            "trend": "Only those that count as one value of a breakdown, such as `device:phone`.",
            "verified": "`true` for those by signed link or secret key alone, `false` for the others.",
            "suspicious": "`true` for those alone that came in a flood, `false` for the others.",
            "order": "`asc` (the default), `desc`, `asc:updated_at` or `desc:updated_at`.",
            "per_page": "Answers on a page: 1 to 100, 20 by default.",
            "page": "The page: 1 to 100; what lies beyond is reached by `since` and `until`.",
            "expand": "`person`: tell who answered in the place of their id. May be written `expand[]`.",
        },
        refusals=READ_REFUSALS,
    ),
    Operation(
        method="GET",
        path="/v1/survey_responses/{response_id}",
        run=read_response,
        summary="One answer",
        security=(Security.SECRET_KEY,),
        success=(HTTPStatus.OK, SurveyResponse),
        parameters={"expand": "`person`: tell who answered in the place of their id. May be written `expand[]`."},
        refusals=READ_REFUSALS,
    ),
    Operation(
        method="PUT",
        path="/v1/survey_responses/{response_id}",
        run=update_response,
        summary="Change an answer and its score; what was told may be sent back whole, what can not change is ignored",
        security=(Security.SECRET_KEY,),
        success=(HTTPStatus.OK, SurveyResponse),
        request=PutSurveyResponse,
        refusals=(*BODY_REFUSALS, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    ),
    Operation(
        method="DELETE",
        path="/v1/survey_responses/{response_id}",
        run=delete_response,
        summary="Erase an answer: it counts no more, and its id can not be used again",
        security=(Security.SECRET_KEY,),
        success=(HTTPStatus.OK, Ok),
        refusals=READ_REFUSALS,
    ),
    Operation(
        method="GET",
        path="/v1/survey_responses/{response_id}/audit",
        run=read_audit,
        summary="Who changed the score of an answer after it was recorded, when, from what to what",
        security=(Security.SECRET_KEY,),
        success=(HTTPStatus.OK, AuditEntry),
        success_is_list=True,
        refusals=READ_REFUSALS,
    ),
)
