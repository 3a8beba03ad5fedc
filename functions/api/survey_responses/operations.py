"""`/v1/survey_responses`: what was answered."""

from __future__ import annotations

from http import HTTPStatus

from functions.api.calling import BODY_REFUSALS, READ_REFUSALS, called, counters, logger
from functions.api.survey_responses.bodies import CreateSurveyResponse, SurveyResponse
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
    return Answer(body=api.survey_responses.response(request.path_parameters["response_id"]))


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
        path="/v1/survey_responses/{response_id}",
        run=read_response,
        summary="One answer",
        security=(Security.SECRET_KEY,),
        success=(HTTPStatus.OK, SurveyResponse),
        refusals=READ_REFUSALS,
    ),
)
