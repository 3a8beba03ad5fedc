"""`/v1/messages`: what was sent and was not sent, and why."""

from __future__ import annotations

from http import HTTPStatus

from functions.api.calling import READ_REFUSALS, called
from functions.api.messages.bodies import MessageTold
from functions.api.paging import link_to_next
from shared.http import Answer, Operation, Request, Security


def read_message(request: Request) -> Answer:
    """One message."""
    api, _ = called(request)
    return Answer(body=api.messages.message(request.path_parameters["message_id"]))


def list_messages(request: Request) -> Answer:
    """A page of messages."""
    api, _ = called(request)
    person = request.query.get("person")
    person_id = api.people.person_id(person) if person is not None else None
    page = api.message_listing.page(request.query, person_id)
    return Answer(
        body=[message.model_dump(mode="json") for message in page.messages],
        headers=link_to_next(request.base_url, request.path, request.query_pairs, "before", page.next),
    )


OPERATIONS = (
    Operation(
        method="GET",
        path="/v1/messages",
        run=list_messages,
        summary=(
            "Every message that was sent and that was not sent, with the reason, the newest wish first; the next page "
            "is where the `Link` header leads"
        ),
        security=(Security.SECRET_KEY,),
        success=(HTTPStatus.OK, MessageTold),
        success_is_list=True,
        parameters={
            "person": "Only those to this person: an id, an e-mail address, or `phone_number:…` or `external_id:…`.",
            "delivery": "Only those about this parcel.",
            "kind": "Only those that say this, such as `delivery_arriving`.",
            "state": "Only those in this state, such as `ambiguous`.",
            "reason": "Only those that were not sent for this reason, such as `quiet_hours`.",
            "channel": "Only those by this channel: `email`, `sms` or `link`.",
            "since": "The first second in which they were wished for, in Unix seconds.",
            "until": "The last one.",
            "per_page": "Messages on a page: 1 to 100, 20 by default.",
            "before": "Where an earlier page's `Link` said that the list goes on.",
        },
        refusals=READ_REFUSALS,
    ),
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
