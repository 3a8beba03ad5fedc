"""`/v1/invitations`: ask one person, on one of three ways, within the one budget they have."""

from __future__ import annotations

from http import HTTPStatus

from functions.api.calling import BODY_REFUSALS, called, counters, logger
from functions.api.invitations.bodies import InvitationTold, PostInvitation
from shared.http import Answer, Operation, Request, Security, json_body, parsed
from shared.observability import MetricUnit


def post_invitation(request: Request) -> Answer:
    """Have a person asked."""
    data = json_body(request)
    api, caller = called(request)
    key = request.headers.get("idempotency-key")
    told = api.invitations.post(parsed(PostInvitation, data), caller, key, request.base_url)
    if told.invited is False:
        counters.add_metric("InvitationsRefused", MetricUnit.Count, 1)
    else:
        counters.add_metric("InvitationsAccepted", MetricUnit.Count, 1)
    logger.info(
        "invitation decided",
        extra={
            "message_id": told.invitation_id,
            "person_id": told.person,
            "channel": told.channel.value,
            "reason": told.reason.value if told.reason else None,
            "actor": caller.name,
        },
    )
    return Answer(HTTPStatus.OK if told.invited is False else HTTPStatus.CREATED, told)


OPERATIONS = (
    Operation(
        method="POST",
        path="/v1/invitations",
        run=post_invitation,
        summary=(
            "Ask a person by e-mail, by SMS, or by a link that the caller shows; who may not be asked now is told by "
            "200 with `invited: false` and the reason"
        ),
        security=(Security.SECRET_KEY,),
        success=(HTTPStatus.CREATED, InvitationTold),
        nothing_made=HTTPStatus.OK,
        request=PostInvitation,
        headers={"idempotency-key": "Any text that names this invitation; sent again, it is the same invitation."},
        refusals=(*BODY_REFUSALS, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    ),
)
