"""One call to a provider, told apart by what we know afterwards: taken, not taken, or nobody knows.

The clients given here must make one attempt (`shared.clients.client(..., attempts=1)`): a repeated call is a second
message, for no AWS send call takes an idempotency token.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
)

from shared.domain.messages import Reason
from shared.domain.sending import Accepted, Attempt, NoAnswer, RefusedForGood, RefusedForNow

_NEVER_REACHED = (EndpointConnectionError, ConnectTimeoutError, NoCredentialsError)
"""No connection was made, so nothing was sent. Everything else that is lost may have been read by the provider."""


def on_a_fresh_connection(client: Any) -> Any:
    """The client, made to close the connections it has kept before each call.

    A kept connection dies unseen while Lambda freezes the function between two batches; the next call on it fails
    with a reset, which can not be told from a lost answer, and the message would be ambiguous for nothing.
    """
    client.meta.events.register("before-call", lambda **_: client.close())
    return client


def attempt(call: Callable[[], Mapping[str, Any]], refusals: Callable[[Mapping[str, Any]], Reason | None]) -> Attempt:
    """Make a provider's call, once.

    Args:
        call: The call.
        refusals: The reason why a provider's error is final, None if another time may do.
    """
    try:
        return Accepted(call()["MessageId"])
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "Unknown")
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if not HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
            return NoAnswer(code)
        reason = refusals(error.response)
        return RefusedForNow(code) if reason is None else RefusedForGood(reason, code)
    except ParamValidationError:
        return RefusedForGood(Reason.REJECTED, "ParamValidationError")
    except _NEVER_REACHED as error:
        return RefusedForNow(type(error).__name__)
    except BotoCoreError as error:
        return NoAnswer(type(error).__name__)
