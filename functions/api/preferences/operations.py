"""`/v1/people/{person}/preferences`: what a person refuses to be sent, and who said so."""

from __future__ import annotations

from http import HTTPStatus

from functions.api.calling import BODY_REFUSALS, READ_REFUSALS, called, counters, logger
from functions.api.preferences.bodies import PreferencesTold, PutPreferences
from shared.http import Answer, Operation, Request, Security, json_body, parsed
from shared.observability import MetricUnit


def read_preferences(request: Request) -> Answer:
    """What a person refuses."""
    api, _ = called(request)
    return Answer(body=api.preferences.read(api.people.person_id(request.path_parameters["person"])))


def write_preferences(request: Request) -> Answer:
    """Have a person refuse exactly this."""
    data = json_body(request)
    api, caller = called(request)
    given = parsed(PutPreferences, data)
    person_id = api.people.person_id(request.path_parameters["person"])
    told = api.preferences.write(person_id, given, caller)
    counters.add_metric("PreferencesSaved", MetricUnit.Count, 1)
    logger.info("preferences saved", extra={"person_id": person_id, "by": caller.name})
    return Answer(body=told)


OPERATIONS = (
    Operation(
        method="GET",
        path="/v1/people/{person}/preferences",
        run=read_preferences,
        summary="What a person refuses to be sent, by channel and category, since when and by whom it was said",
        security=(Security.SECRET_KEY,),
        success=(HTTPStatus.OK, PreferencesTold),
        refusals=READ_REFUSALS,
    ),
    Operation(
        method="PUT",
        path="/v1/people/{person}/preferences",
        run=write_preferences,
        summary="Have a person refuse exactly this, as they told the back office; what they refused already keeps its "
        "date",
        security=(Security.SECRET_KEY,),
        success=(HTTPStatus.OK, PreferencesTold),
        request=PutPreferences,
        refusals=(*BODY_REFUSALS, HTTPStatus.NOT_FOUND),
    ),
)
