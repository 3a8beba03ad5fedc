"""Every error of ours, sorted by what the caller should do next.

HearbackError
├── RequestError            change the request; each class is one HTTP status
│   ├── MalformedRequestError        400  not JSON, not UTF-8, too deep, duplicate keys
│   ├── UnauthorizedError            401  no key, or not a live one
│   │   └── ExpiredLinkError              a link that was good once
│   ├── ForbiddenError               403  the key is good, this is not allowed with it
│   ├── NotFoundError                404
│   ├── MethodNotAllowedError        405  the path is right, the method is not
│   ├── ConflictError                409  something else is stored under this id
│   │   └── ErasedError                   it is about somebody who was erased: drop it
│   ├── PreconditionFailedError      412  it is not what the caller believes it to be
│   ├── TooLargeError                413
│   ├── UnsupportedMediaTypeError    415
│   ├── InvalidRequestError          422  well-formed, but a field is wrong
│   └── TooManyRequestsError         429  too fast: the same again, when it says
├── TemporaryError          the same again, later: a queue redelivers, an HTTP client gets 503
│   └── UnpublishedError             some events are not on the bus; it says which
└── PoisonMessageError      never again: the message can not become right, it belongs in the dead-letter queue

Two places translate them: `shared/http.py` into a status, `shared/queues.py` into a partial batch response.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import ClassVar


class HearbackError(Exception):
    """The root; never raised itself."""


class RequestError(HearbackError):
    """The caller must change the request.

    Args:
        detail: One sentence for the developer who reads the answer.
        errors: What is wrong, by the path of the field (`answers.recommend`), for 422 answers.
    """

    status: ClassVar[HTTPStatus]

    def __init__(self, detail: str, errors: Mapping[str, Sequence[str]] | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = {path: list(messages) for path, messages in (errors or {}).items()}


class MalformedRequestError(RequestError):
    """The body can not be read: not UTF-8, not JSON, nested too deep, a key twice."""

    status = HTTPStatus.BAD_REQUEST


class UnauthorizedError(RequestError):
    """No key, or one that is not live."""

    status = HTTPStatus.UNAUTHORIZED


class ExpiredLinkError(UnauthorizedError):
    """A signed link whose time is over: whoever holds it did nothing wrong, and is told so."""


class ForbiddenError(RequestError):
    """The key is live but may not do this: a foreign origin, or the key of another survey."""

    status = HTTPStatus.FORBIDDEN


class NotFoundError(RequestError):
    """There is nothing under this id."""

    status = HTTPStatus.NOT_FOUND


class MethodNotAllowedError(RequestError):
    """There is something here, but not for this method.

    Args:
        allowed: The methods there are.
    """

    status = HTTPStatus.METHOD_NOT_ALLOWED

    def __init__(self, allowed: Sequence[str]) -> None:
        super().__init__(f"Here it is {' or '.join(allowed)}.")
        self.allowed = tuple(allowed)


class ConflictError(RequestError):
    """The caller's condition does not hold: something else is stored under this id."""

    status = HTTPStatus.CONFLICT


class ErasedError(ConflictError):
    """What is to be stored was said of somebody before they were erased; it is to be dropped, not repeated."""


class PreconditionFailedError(RequestError):
    """The caller's `If-Match` names another state than the one that stands; read it again."""

    status = HTTPStatus.PRECONDITION_FAILED


class TooLargeError(RequestError):
    """The body is larger than this route takes."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class UnsupportedMediaTypeError(RequestError):
    """The body is of a media type this route does not read."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE


class InvalidRequestError(RequestError):
    """A field is missing or wrong; `errors` says which."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY


class TooManyRequestsError(RequestError):
    """Too much came from one sender, or for one survey; the same request is right again later.

    Args:
        detail: One sentence for the developer who reads the answer.
        retry_after: In how many seconds.
    """

    status = HTTPStatus.TOO_MANY_REQUESTS

    def __init__(self, detail: str, retry_after: int) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class TemporaryError(HearbackError):
    """An outage, a throttle or a lost race: the same request is right again later."""


class UnpublishedError(TemporaryError):
    """Events that the bus did not take; those that it took keep their ids, so that all may be told again.

    Args:
        detail: One sentence for the log.
        event_ids: The events that are not on the bus, as far as we know.
    """

    def __init__(self, detail: str, event_ids: frozenset[str]) -> None:
        super().__init__(detail)
        self.event_ids = event_ids


class PoisonMessageError(HearbackError):
    """A message that no repetition can make right; it goes to the dead-letter queue at once."""
