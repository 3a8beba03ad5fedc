"""Trigger: everything under `/v1/` that no other function answers, each path also with `.json` at its end."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from functions.api.bodies import (
    CreateSurveyResponse,
    DeliveryTold,
    MessageTold,
    PutSurvey,
    SurveyResponse,
    SurveyTold,
)
from functions.api.bootstrap import service
from shared.domain.metrics.figures import Journey, Metrics
from shared.errors import RequestError, TemporaryError
from shared.http import Answer, Operation, Request, Security, json_body, key_of, parsed, serve
from shared.observability import NAMESPACE, Logger, MetricUnit
from shared.observability import Metrics as Counters

logger = Logger(service="api")
counters = Counters(namespace=NAMESPACE, service="api")


def read_metrics(request: Request) -> Answer:
    """A survey's score."""
    api = service()
    return Answer(body=api.metrics(request.query, api.caller(key_of(request))))


def read_journey(request: Request) -> Answer:
    """Every touchpoint's score."""
    api = service()
    api.caller(key_of(request))
    return Answer(body=api.journey(request.query))


def create_response(request: Request) -> Answer:
    """Take an answer that was given elsewhere; the body is read before anything else, as in every function."""
    data = json_body(request)
    api = service()
    caller = api.caller(key_of(request))
    given = parsed(CreateSurveyResponse, data)
    created = api.create_response(given, caller, request.headers.get("idempotency-key"))
    counters.add_metric("ResponsesAccepted", MetricUnit.Count, 1)
    logger.info(
        "response accepted", extra={"survey_id": created.survey, "response_id": created.id, "actor": caller.name}
    )
    return Answer(HTTPStatus.CREATED, created)


def read_response(request: Request) -> Answer:
    """One answer."""
    service().caller(key_of(request))
    return Answer(body=service().response(request.path_parameters["response_id"]))


def read_delivery(request: Request) -> Answer:
    """One parcel."""
    service().caller(key_of(request))
    return Answer(body=service().delivery(request.path_parameters["delivery_id"]))


def read_message(request: Request) -> Answer:
    """One message."""
    service().caller(key_of(request))
    return Answer(body=service().message(request.path_parameters["message_id"]))


def read_survey(request: Request) -> Answer:
    """One survey's definition."""
    service().caller(key_of(request))
    return Answer(body=service().definition(request.path_parameters["survey_id"]))


def put_survey(request: Request) -> Answer:
    """Publish a survey's next version."""
    data = json_body(request)
    api = service()
    caller = api.caller(key_of(request))
    told = api.publish(request.path_parameters["survey_id"], parsed(PutSurvey, data))
    logger.info("survey published", extra={"survey_id": told.survey_id, "version": told.version, "actor": caller.name})
    return Answer(body=told)


def delete_survey(request: Request) -> Answer:
    """Close a survey."""
    api = service()
    caller = api.caller(key_of(request))
    told = api.archive(request.path_parameters["survey_id"])
    logger.info("survey archived", extra={"survey_id": told.survey_id, "actor": caller.name})
    return Answer(body=told)


def refused(request: Request, error: RequestError | TemporaryError) -> Mapping[str, str]:
    """Count and log a refusal."""
    counters.add_metric("RequestsRefused", MetricUnit.Count, 1)
    if isinstance(error, TemporaryError):
        logger.warning("request not answered", extra={"fault": str(error)})
    else:
        logger.info("request refused", extra={"refusal": type(error).__name__})
    return {}


_READ_REFUSALS = (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE)

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
            "compare": "`previous`: has the score changed since the days before, as many as these?",
            "interval": "`day`, `week` (ISO 8601) or `month`: one bucket for each, at most 400.",
        },
        refusals=(*_READ_REFUSALS, HTTPStatus.UNPROCESSABLE_ENTITY),
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
        refusals=(HTTPStatus.FORBIDDEN, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.UNPROCESSABLE_ENTITY),
    ),
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
        refusals=(
            *_READ_REFUSALS,
            HTTPStatus.BAD_REQUEST,
            HTTPStatus.CONFLICT,
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            HTTPStatus.UNPROCESSABLE_ENTITY,
        ),
    ),
    Operation(
        method="GET",
        path="/v1/survey_responses/{response_id}",
        run=read_response,
        summary="One answer",
        security=(Security.SECRET_KEY,),
        success=(HTTPStatus.OK, SurveyResponse),
        refusals=_READ_REFUSALS,
    ),
    Operation(
        method="GET",
        path="/v1/deliveries/{delivery_id}",
        run=read_delivery,
        summary="Where a parcel is, with its history",
        security=(Security.SECRET_KEY,),
        success=(HTTPStatus.OK, DeliveryTold),
        refusals=_READ_REFUSALS,
    ),
    Operation(
        method="GET",
        path="/v1/messages/{message_id}",
        run=read_message,
        summary="What became of a message, and why",
        security=(Security.SECRET_KEY,),
        success=(HTTPStatus.OK, MessageTold),
        refusals=_READ_REFUSALS,
    ),
    Operation(
        method="GET",
        path="/v1/surveys/{survey_id}",
        run=read_survey,
        summary="A survey's current definition",
        security=(Security.SECRET_KEY,),
        success=(HTTPStatus.OK, SurveyTold),
        refusals=_READ_REFUSALS,
    ),
    Operation(
        method="PUT",
        path="/v1/surveys/{survey_id}",
        run=put_survey,
        summary="Publish a survey's next version, asked everywhere within a minute; the same again is the same version",
        security=(Security.SECRET_KEY,),
        success=(HTTPStatus.OK, SurveyTold),
        request=PutSurvey,
        refusals=(
            HTTPStatus.FORBIDDEN,
            HTTPStatus.SERVICE_UNAVAILABLE,
            HTTPStatus.BAD_REQUEST,
            HTTPStatus.CONFLICT,
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            HTTPStatus.UNPROCESSABLE_ENTITY,
        ),
    ),
    Operation(
        method="DELETE",
        path="/v1/surveys/{survey_id}",
        run=delete_survey,
        summary="Archive a survey: closed to answers within a minute, while what it knows stays",
        security=(Security.SECRET_KEY,),
        success=(HTTPStatus.OK, SurveyTold),
        refusals=_READ_REFUSALS,
    ),
)


@counters.log_metrics
def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one request."""
    return serve(event, OPERATIONS, refused)
