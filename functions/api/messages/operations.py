"""`/v1/messages`: what became of a message."""

from __future__ import annotations

from http import HTTPStatus

from functions.api.calling import READ_REFUSALS, called
from functions.api.messages.bodies import MessageTold
from shared.http import Answer, Operation, Request, Security


def read_message(request: Request) -> Answer:
    """One message."""
    api, _ = called(request)
    return Answer(body=api.messages.message(request.path_parameters["message_id"]))


OPERATIONS = (
    Operation(
        method="GET",
        path="/v1/messages/{message_id}",
        run=read_message,
        summary="What became of a message, and why",
        security=(Security.SECRET_KEY,),
        success=(HTTPStatus.OK, MessageTold),
        refusals=READ_REFUSALS,
    ),
)
