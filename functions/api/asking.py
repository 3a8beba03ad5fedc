"""Keeps the wish to ask a person, and has it come when it is due; whether it is followed is decided by what sends."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID, uuid5

from shared.clock import Clock, Ids
from shared.domain.api_keys import ApiKey
from shared.domain.asking import INVITATION_EXPIRES_AFTER, REQUEST_IS_KEPT_WITHIN, SurveyRequest, invitation_id
from shared.domain.messages import LinkChannel, MessageKind, Notification
from shared.domain.queued import SendNotification

REQUEST_NAMESPACE = UUID("3b8f9d5e-7c5e-4d52-9a52-0f0f6a1d7e55")
"""Under which an Idempotency-Key becomes the id of a request."""
SOONEST = timedelta(seconds=1)
"""How long a wish waits at least, so that the request it follows is kept by then."""


class Requests(Protocol):
    """Where the wish to ask a person is kept."""

    def add(self, request: SurveyRequest) -> SurveyRequest:
        """Keep a request; the one that is kept under its id already, if there is one."""
        ...


class Later(Protocol):
    """The notifications queue, at a later time."""

    def send(self, message: SendNotification, name: str, group: str, delay: timedelta, now: datetime) -> None:
        """Have a message come after a delay."""
        ...


class Asking:
    """Has people asked.

    Args:
        requests: Where the wish is kept.
        later: Has it come when it is due.
        clock: Whether a request was kept in time.
        ids: Ids for requests.
    """

    def __init__(self, requests: Requests, later: Later, clock: Clock, ids: Ids) -> None:
        self._requests = requests
        self._later = later
        self._clock = clock
        self._ids = ids

    def ask(self, request: SurveyRequest) -> SurveyRequest:
        """Have a person asked when the request is due; the same request again is one.

        The wish is made before the request that it follows: a wish without one does nothing, the reverse would wait for
        ever. Whoever stalled in between for so long that the wish may have come and gone makes it again.

        Raises:
            ConflictError: another request has this id.
            NotFoundError: the person was erased.
            TemporaryError: it may not have been kept.
        """
        invitation = Notification(
            message_id=invitation_id(request.request_id),
            kind=MessageKind.SURVEY_INVITATION,
            person_id=request.person_id,
            survey_id=request.survey_id,
            request_id=request.request_id,
            channel=LinkChannel(request.channel.value),
            requested_at=request.requested_at,
            expires_at=request.scheduled_at + INVITATION_EXPIRES_AFTER,
        )
        self._have_come(invitation, request, request.requested_at)
        kept = self._requests.add(request)
        if (now := self._clock.now()) - request.requested_at >= REQUEST_IS_KEPT_WITHIN:
            self._have_come(invitation, request, now)
        return kept

    def _have_come(self, invitation: Notification, request: SurveyRequest, now: datetime) -> None:
        delay = max(request.scheduled_at - now, SOONEST)
        self._later.send(
            SendNotification(notification=invitation), invitation.message_id, request.person_id, delay, now
        )

    def request_id(self, caller: ApiKey, idempotency_key: str | None) -> str:
        """The id of a request: from the Idempotency-Key, which is the caller's own, or at random."""
        if not idempotency_key:
            return f"ask_{self._ids.new()}"
        return f"ask_{uuid5(REQUEST_NAMESPACE, chr(31).join((caller.name, idempotency_key)))}"
