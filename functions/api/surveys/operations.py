"""`/v1/surveys`: what is asked."""

from __future__ import annotations

from http import HTTPStatus

from functions.api.calling import BODY_REFUSALS, LIST_REFUSALS, READ_REFUSALS, called, logger
from functions.api.surveys.bodies import PutSurvey, SurveysTold, SurveyTold
from functions.api.surveys.service import entity_tag
from shared.domain.published import Standing
from shared.domain.surveys import Survey
from shared.http import Answer, Operation, Request, Security, json_body, parsed


def list_surveys(request: Request) -> Answer:
    """Every survey."""
    api, _ = called(request)
    return Answer(body=api.surveys.listed())


def read_survey(request: Request) -> Answer:
    """One survey's definition."""
    api, _ = called(request)
    return _tagged(api.surveys.definition(request.path_parameters["survey_id"]))


def read_version(request: Request) -> Answer:
    """One version of a survey."""
    api, _ = called(request)
    return Answer(body=api.surveys.version(request.path_parameters["survey_id"], request.path_parameters["version"]))


def put_survey(request: Request) -> Answer:
    """Publish a survey's next version."""
    data = json_body(request)
    api, caller = called(request)
    definition = parsed(PutSurvey, data)
    told = api.surveys.publish(request.path_parameters["survey_id"], definition, request.headers.get("if-match"))
    logger.info("survey published", extra={"survey_id": told.survey_id, "version": told.version, "actor": caller.name})
    return _tagged(told)


def delete_survey(request: Request) -> Answer:
    """Close a survey."""
    api, caller = called(request)
    told = api.surveys.archive(request.path_parameters["survey_id"])
    logger.info("survey archived", extra={"survey_id": told.survey_id, "actor": caller.name})
    return _tagged(told)


def _tagged(told: SurveyTold) -> Answer:
    return Answer(body=told, headers={"etag": entity_tag(Standing(told.version, told.archived))})


OPERATIONS = (
    Operation(
        method="GET",
        path="/v1/surveys",
        run=list_surveys,
        summary="Every survey, archived ones too",
        security=(Security.SECRET_KEY,),
        success=(HTTPStatus.OK, SurveysTold),
        refusals=LIST_REFUSALS,
    ),
    Operation(
        method="GET",
        path="/v1/surveys/{survey_id}",
        run=read_survey,
        summary="A survey's current definition; its `ETag` goes into the `If-Match` of a change",
        security=(Security.SECRET_KEY,),
        success=(HTTPStatus.OK, SurveyTold),
        refusals=READ_REFUSALS,
    ),
    Operation(
        method="GET",
        path="/v1/surveys/{survey_id}/versions/{version}",
        run=read_version,
        summary="One version of a survey, as it was published: what an answer of that version was asked",
        security=(Security.SECRET_KEY,),
        success=(HTTPStatus.OK, Survey),
        refusals=READ_REFUSALS,
    ),
    Operation(
        method="PUT",
        path="/v1/surveys/{survey_id}",
        run=put_survey,
        summary="Publish a survey's next version, asked everywhere within a minute; the same again is the same version",
        security=(Security.SECRET_KEY,),
        success=(HTTPStatus.OK, SurveyTold),
        request=PutSurvey,
        headers={"if-match": "The `ETag` of what was read: if something else stands by now, nothing is published."},
        refusals=(*BODY_REFUSALS, HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED),
    ),
    Operation(
        method="DELETE",
        path="/v1/surveys/{survey_id}",
        run=delete_survey,
        summary="Archive a survey: closed to answers within a minute, while what it knows stays",
        security=(Security.SECRET_KEY,),
        success=(HTTPStatus.OK, SurveyTold),
        refusals=READ_REFUSALS,
    ),
)
