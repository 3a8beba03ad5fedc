"""Queues: how a message is put on one, and how a batch of them is answered.

A consumer answers with the ids of the messages that must come again (a partial batch response); the rest are deleted.
A temporary failure is pushed out, 30 s doubling to 15 min, so that an outage does not use up the receives that a
message has before it goes to the dead-letter queue.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Protocol, TypedDict, TypeVar

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import ValidationError

from shared.domain.response_submitted import Queued
from shared.errors import PoisonMessageError, TemporaryError

MAX_DELAY = timedelta(minutes=15)
"""The longest delay of an SQS message (SQS developer guide, "Delay queues")."""
FIRST_BACK_OFF = timedelta(seconds=30)
LONGEST_BACK_OFF = timedelta(minutes=15)

Q = TypeVar("Q", bound=Queued)


class SqsClient(Protocol):
    """The two calls we make to SQS."""

    def send_message(self, **kwargs: Any) -> Mapping[str, Any]:
        """SendMessage."""
        ...

    def change_message_visibility(self, **kwargs: Any) -> Any:
        """ChangeMessageVisibility."""
        ...


class Queue:
    """A queue to put messages on."""

    def __init__(self, sqs: SqsClient, url: str) -> None:
        self._sqs = sqs
        self._url = url

    def send(self, message: Queued, group: str, delay: timedelta = timedelta(0)) -> None:
        """Put a message on the queue; when this returns, it is kept.

        Args:
            message: What to send.
            group: Whose message it is (SQS fair queues): a busy group does not delay a quiet one.
            delay: How long it stays invisible, at most 15 minutes.

        Raises:
            TemporaryError: the queue did not take it, or did not say so.
        """
        if delay > MAX_DELAY:
            raise ValueError(f"a queue holds a message back for at most {MAX_DELAY}")
        try:
            self._sqs.send_message(
                QueueUrl=self._url,
                MessageBody=message.model_dump_json(exclude_defaults=False, exclude_none=True),
                MessageGroupId=group,
                DelaySeconds=int(delay.total_seconds()),
            )
        except (ClientError, BotoCoreError) as error:
            raise TemporaryError("the queue did not take the message") from error


class Received(NamedTuple):
    """A message as Lambda hands it over.

    Args:
        message_id: What its queue calls it.
        receipt_handle: By which this receive of it is named.
        body: What it says.
        receive_count: How often it was handed over, this time included.
        sent_at: When it was put on the queue; it stays so however often it comes.
    """

    message_id: str
    receipt_handle: str
    body: str
    receive_count: int
    sent_at: datetime | None = None


class BatchItemFailure(TypedDict):
    """One message that must come again."""

    itemIdentifier: str


class BatchResponse(TypedDict):
    """A partial batch response, as the event source mapping reads it (ReportBatchItemFailures)."""

    batchItemFailures: list[BatchItemFailure]


def received(event: Mapping[str, Any]) -> list[Received]:
    """The messages of an SQS event."""
    return [
        Received(
            record["messageId"],
            record["receiptHandle"],
            record["body"],
            int(record["attributes"]["ApproximateReceiveCount"]),
            _moment(record["attributes"].get("SentTimestamp")),
        )
        for record in event["Records"]
    ]


def _moment(milliseconds: str | None) -> datetime | None:
    return datetime.fromtimestamp(int(milliseconds) / 1000, UTC) if milliseconds else None


def batch_response(failed: Iterable[Received]) -> BatchResponse:
    """The answer that has these messages come again, and the others deleted."""
    return {"batchItemFailures": [{"itemIdentifier": message.message_id} for message in failed]}


def parsed(message: Received, model: type[Q]) -> Q:
    """The message's body as its model.

    Raises:
        PoisonMessageError: it is none; no repetition will make it one.
    """
    try:
        return model.model_validate_json(message.body)
    except ValidationError as error:
        raise PoisonMessageError(f"not a {model.__name__}: {error.error_count()} faults") from error


def type_of(message: Received) -> str:
    """The `type` that a message's body names, where a queue takes several.

    Raises:
        PoisonMessageError: it names none.
    """
    try:
        named = json.loads(message.body)["type"]
    except (ValueError, TypeError, KeyError) as error:
        raise PoisonMessageError("not a message of ours") from error
    return str(named)


def back_off(receive_count: int) -> timedelta:
    """How long a message waits before it comes again: 30 s, doubling with each receive, to 15 min."""
    doublings = min(max(receive_count - 1, 0), 10)
    return min(timedelta(seconds=FIRST_BACK_OFF.total_seconds() * (1 << doublings)), LONGEST_BACK_OFF)


class BackOff:
    """Decides when what failed comes again."""

    def __init__(self, sqs: SqsClient, url: str, log: Callable[[str], None]) -> None:
        self._sqs = sqs
        self._url = url
        self._log = log

    def postpone(self, messages: Iterable[Received]) -> None:
        """Have these messages come again after their back-off; for a temporary failure."""
        for message in messages:
            self._set_visibility(message, back_off(message.receive_count))

    def hurry(self, messages: Iterable[Received]) -> None:
        """Have these messages come again at once, so that poison is soon in the dead-letter queue."""
        for message in messages:
            self._set_visibility(message, timedelta(0))

    def _set_visibility(self, message: Received, wait: timedelta) -> None:
        """Losing this call is harmless: the message then comes again when its visibility timeout ends."""
        try:
            self._sqs.change_message_visibility(
                QueueUrl=self._url,
                ReceiptHandle=message.receipt_handle,
                VisibilityTimeout=int(wait.total_seconds()),
            )
        except (ClientError, BotoCoreError):
            self._log("could not set when a message comes again; it does when its visibility timeout ends")


class Log(Protocol):
    """The part of a logger that tells of failures."""

    def error(self, msg: str, *, extra: Mapping[str, object]) -> None:
        """What needs a person."""
        ...

    def warning(self, msg: str, *, extra: Mapping[str, object]) -> None:
        """What mends itself."""
        ...

    def exception(self, msg: str, *, extra: Mapping[str, object]) -> None:
        """A fault of ours, with its trace."""
        ...


def one_by_one(
    event: Mapping[str, Any],
    take: Callable[[Received], None],
    back_off: Callable[[], BackOff],
    log: Log,
    unreadable: Callable[[], None],
) -> BatchResponse:
    """Take the messages of a batch each by itself, so that a bad one holds up no other.

    Args:
        event: The SQS event.
        take: Takes in one message. PoisonMessageError sends it to the dead-letter queue soon; any other error has it
            come again after its back-off.
        back_off: Gives what decides when a message comes again; asked only when one failed.
        log: Told of each failure, by the id of the message on its queue.
        unreadable: Counts a message that is poison.

    Returns:
        The partial batch response: those that failed come again, the others are deleted.
    """
    poison: list[Received] = []
    postponed: list[Received] = []
    for message in received(event):
        about = {"queue_message_id": message.message_id}
        try:
            take(message)
        except PoisonMessageError as error:
            log.error("message can not be read", extra={**about, "fault": str(error)})
            unreadable()
            poison.append(message)
        except TemporaryError as error:
            log.warning("message postponed", extra={**about, "fault": str(error)})
            postponed.append(message)
        except Exception:  # a fault of ours in one message must not hold up the rest of its batch
            log.exception("message failed", extra=about)
            postponed.append(message)
    return come_again(back_off, poison, postponed)


def come_again(
    back_off: Callable[[], BackOff], poison: Sequence[Received], postponed: Sequence[Received]
) -> BatchResponse:
    """Answer a batch of which some failed: poison comes again at once, what failed for now after its back-off."""
    if poison or postponed:
        back_off().hurry(poison)
        back_off().postpone(postponed)
    return batch_response([*poison, *postponed])
