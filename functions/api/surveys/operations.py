"""`/v1/surveys`: what is asked."""

from __future__ import annotations

from http import HTTPStatus

from functions.api.calling import BODY_REFUSALS, READ_REFUSALS, called, logger
from functions.api.surveys.bodies import PutSurvey, SurveyTold
from shared.http import Answer, Operation, Request, Security, json_body, parsed


def read_survey(request: Request) -> Answer:
    """One survey's definition."""
    api, _ = called(request)
    return Answer(body=api.surveys.definition(request.path_parameters["survey_id"]))


def put_survey(request: Request) -> Answer:
    """Publish a survey's next version."""
    data = json_body(request)
    api, caller = called(request)
    told = api.surveys.publish(request.path_parameters["survey_id"], parsed(PutSurvey, data))
    logger.info("survey published", extra={"survey_id": told.survey_id, "version": told.version, "actor": caller.name})
    return Answer(body=told)


def delete_survey(request: Request) -> Answer:
    """Close a survey."""
    api, caller = called(request)
    told = api.surveys.archive(request.path_parameters["survey_id"])
    logger.info("survey archived", extra={"survey_id": told.survey_id, "actor": caller.name})
    return Answer(body=told)


OPERATIONS = (
    Operation(
        method="GET",
        path="/v1/surveys/{survey_id}",
        run=read_survey,
        summary="A survey's current definition",
        security=(Security.SECRET_KEY,),
        success=(HTTPStatus.OK, SurveyTold),
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
        refusals=(*BODY_REFUSALS, HTTPStatus.CONFLICT),
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
