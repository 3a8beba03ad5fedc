"""SQS: the operations on standard queues.

Sources: SQS API reference (limits of each action) and Developer Guide, "Amazon SQS message quotas" (1 MiB a message or
batch since August 2025; allowed characters).
"""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from tests.simulation.aws.clock import VirtualClock
from tests.simulation.aws.queues import CALM, Attributes, Delivery, Queue, Weather
from tests.simulation.aws.wire import ServiceError

Request: TypeAlias = Mapping[str, Any]
MAX_BYTES = 1024 * 1024
MAX_ENTRIES = 10
MAX_ATTRIBUTES = 10
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ENTRY_ID = re.compile(r"[A-Za-z0-9_-]{1,80}")


class Sqs:
    """The service: its queues by name."""

    def __init__(self, clock: VirtualClock, rng: random.Random, account: str, region: str) -> None:
        self._clock = clock
        self._rng = rng
        self._account = account
        self._region = region
        self._queues: dict[str, Queue] = {}
        self.operations: dict[str, Callable[[Request], dict[str, Any]]] = {
            "SendMessage": self._send_message,
            "SendMessageBatch": self._send_message_batch,
            "ReceiveMessage": self._receive_message,
            "DeleteMessage": self._delete_message,
            "DeleteMessageBatch": self._delete_message_batch,
            "ChangeMessageVisibility": self._change_visibility,
            "ChangeMessageVisibilityBatch": self._change_visibility_batch,
            "GetQueueAttributes": self._get_queue_attributes,
            "GetQueueUrl": self._get_queue_url,
        }

    def create_queue(
        self,
        name: str,
        *,
        visibility: float = 30,
        delay: float = 0,
        retention: float = 4 * 86_400,
        dead_letter_queue: Queue | None = None,
        max_receive_count: int | None = None,
        weather: Weather = CALM,
    ) -> Queue:
        """A new, empty queue; durations in seconds."""
        queue = Queue(
            name=name,
            arn=f"arn:aws:sqs:{self._region}:{self._account}:{name}",
            url=f"https://sqs.{self._region}.amazonaws.com/{self._account}/{name}",
            clock=self._clock,
            rng=self._rng,
            visibility=visibility,
            delay=delay,
            retention=retention,
            max_receive_count=max_receive_count,
            dead_letter_queue=dead_letter_queue,
            weather=weather,
        )
        self._queues[name] = queue
        return queue

    def queue(self, name: str) -> Queue:
        """The queue of a name, URL or ARN.

        Raises:
            ServiceError: there is none.
        """
        queue = self._queues.get(re.split("[/:]", name)[-1])
        if queue is None:
            raise ServiceError(
                "QueueDoesNotExist",
                "The specified queue does not exist.",
                query_code="AWS.SimpleQueueService.NonExistentQueue",
            )
        return queue

    @property
    def queues(self) -> tuple[Queue, ...]:
        """Every queue."""
        return tuple(self._queues.values())

    # sending

    def _send_message(self, request: Request) -> dict[str, Any]:
        queue = self.queue(request["QueueUrl"])
        _refuse_bad_message(request)
        if _size(request) > MAX_BYTES:
            raise _invalid(
                f"One or more parameters are invalid. Reason: Message must be shorter than {MAX_BYTES} bytes."
            )
        return self._send(queue, request)

    def _send_message_batch(self, request: Request) -> dict[str, Any]:
        queue = self.queue(request["QueueUrl"])
        entries = _checked_entries(request)
        if sum(map(_size, entries)) > MAX_BYTES:
            raise ServiceError(
                "BatchRequestTooLong",
                f"Batch requests cannot be longer than {MAX_BYTES} bytes.",
                query_code="AWS.SimpleQueueService.BatchRequestTooLong",
            )

        def send(entry: Request) -> dict[str, Any]:
            _refuse_bad_message(entry)
            return self._send(queue, entry)

        return _each(entries, send)

    def _send(self, queue: Queue, request: Request) -> dict[str, Any]:
        delay = request.get("DelaySeconds")
        if delay is not None and not 0 <= delay <= 900:
            raise _invalid(
                f"Value {delay} for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900."
            )
        attributes: Attributes = dict(request.get("MessageAttributes") or {})
        message = queue.send(request["MessageBody"], attributes, request.get("MessageGroupId"), delay)
        answer = {"MessageId": message.message_id, "MD5OfMessageBody": md5(message.body)}
        if attributes:
            answer["MD5OfMessageAttributes"] = md5_of_attributes(attributes)
        return answer

    # receiving

    def _receive_message(self, request: Request) -> dict[str, Any]:
        queue = self.queue(request["QueueUrl"])
        limit = request.get("MaxNumberOfMessages", 1)
        if not 1 <= limit <= MAX_ENTRIES:
            raise _invalid(
                f"Value {limit} for parameter MaxNumberOfMessages is invalid. "
                "Reason: Must be between 1 and 10, if provided."
            )
        visibility = request.get("VisibilityTimeout")
        if visibility is not None:
            _refuse_bad_visibility(visibility)
        deliveries = queue.receive(limit, visibility)
        return {"Messages": [_received(delivery, request) for delivery in deliveries]} if deliveries else {}

    def _delete_message(self, request: Request) -> dict[str, Any]:
        queue = self.queue(request["QueueUrl"])
        receipt = request["ReceiptHandle"]
        if not queue.knows(receipt):
            raise ServiceError(
                "ReceiptHandleIsInvalid", f'The input receipt handle "{receipt}" is not a valid receipt handle.'
            )
        queue.delete(receipt)
        return {}

    def _delete_message_batch(self, request: Request) -> dict[str, Any]:
        url = request["QueueUrl"]
        self.queue(url)
        return _each(_checked_entries(request), lambda entry: self._delete_message({**entry, "QueueUrl": url}))

    def _change_visibility(self, request: Request) -> dict[str, Any]:
        queue = self.queue(request["QueueUrl"])
        receipt, seconds = request["ReceiptHandle"], request["VisibilityTimeout"]
        _refuse_bad_visibility(seconds)
        if not queue.knows(receipt):
            raise ServiceError(
                "ReceiptHandleIsInvalid", f'The input receipt handle "{receipt}" is not a valid receipt handle.'
            )
        message = queue.find(receipt)
        if message is None or message.visible_at <= self._clock.seconds():
            raise ServiceError(
                "MessageNotInflight",
                f"Value {receipt} for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not "
                "available for visibility timeout change.",
                query_code="AWS.SimpleQueueService.MessageNotInflight",
            )
        message.visible_at = self._clock.seconds() + seconds
        return {}

    def _change_visibility_batch(self, request: Request) -> dict[str, Any]:
        url = request["QueueUrl"]
        self.queue(url)
        return _each(_checked_entries(request), lambda entry: self._change_visibility({**entry, "QueueUrl": url}))

    # about queues

    def _get_queue_url(self, request: Request) -> dict[str, Any]:
        return {"QueueUrl": self.queue(request["QueueName"]).url}

    def _get_queue_attributes(self, request: Request) -> dict[str, Any]:
        queue = self.queue(request["QueueUrl"])
        visible, in_flight, delayed = queue.counts()
        every = {
            "QueueArn": queue.arn,
            "ApproximateNumberOfMessages": str(visible),
            "ApproximateNumberOfMessagesNotVisible": str(in_flight),
            "ApproximateNumberOfMessagesDelayed": str(delayed),
            "VisibilityTimeout": f"{queue.visibility:g}",
            "DelaySeconds": f"{queue.delay:g}",
            "MessageRetentionPeriod": f"{queue.retention:.0f}",
            "MaximumMessageSize": str(MAX_BYTES),
        }
        if queue.dead_letter_queue is not None:
            every["RedrivePolicy"] = json.dumps(
                {"deadLetterTargetArn": queue.dead_letter_queue.arn, "maxReceiveCount": queue.max_receive_count}
            )
        wanted = request.get("AttributeNames") or []
        found = {name: value for name, value in every.items() if name in wanted or "All" in wanted}
        return {"Attributes": found} if found else {}


def system_attributes(delivery: Delivery) -> dict[str, str]:
    """What SQS itself says about a delivery; times in Unix milliseconds."""
    message = delivery.message
    assert message.first_received_at is not None
    found = {
        "ApproximateReceiveCount": str(delivery.receive_count),
        "SentTimestamp": str(round(message.sent_at * 1000)),
        "SenderId": "AIDASIMULATION",
        "ApproximateFirstReceiveTimestamp": str(round(message.first_received_at * 1000)),
    }
    if message.group_id is not None:
        found["MessageGroupId"] = message.group_id
    if message.source_arn is not None:
        found["DeadLetterQueueSourceArn"] = message.source_arn
    return found


def md5(text: str) -> str:
    """The digest SQS sends beside a body."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def md5_of_attributes(attributes: Attributes) -> str:
    """The digest SQS sends beside message attributes (Developer Guide, "Calculating the MD5 message digest")."""
    encoded = b""
    for name in sorted(attributes):
        attribute = attributes[name]
        kind = attribute["DataType"]
        for part in (name, kind):
            encoded += len(part.encode()).to_bytes(4, "big") + part.encode()
        text = str(attribute.get("StringValue", attribute.get("BinaryValue", "")))
        encoded += (
            (b"\x02" if kind.startswith("Binary") else b"\x01") + len(text.encode()).to_bytes(4, "big") + text.encode()
        )
    return hashlib.md5(encoded, usedforsecurity=False).hexdigest()


def _received(delivery: Delivery, request: Request) -> dict[str, Any]:
    message = delivery.message
    found: dict[str, Any] = {
        "MessageId": message.message_id,
        "ReceiptHandle": delivery.receipt,
        "MD5OfBody": md5(message.body),
        "Body": message.body,
    }
    wanted = {*request.get("AttributeNames", ()), *request.get("MessageSystemAttributeNames", ())}
    system = {name: v for name, v in system_attributes(delivery).items() if name in wanted or "All" in wanted}
    if system:
        found["Attributes"] = system
    names = set(request.get("MessageAttributeNames", ()))
    own = {name: v for name, v in message.attributes.items() if names & {name, "All", ".*"}}
    if own:
        found["MessageAttributes"] = own
        found["MD5OfMessageAttributes"] = md5_of_attributes(own)
    return found


def _each(entries: list[Request], action: Callable[[Request], dict[str, Any]]) -> dict[str, Any]:
    successful, failed = [], []
    for entry in entries:
        try:
            successful.append({"Id": entry["Id"], **action(entry)})
        except ServiceError as error:
            code = error.query_code or error.code
            failed.append({"Id": entry["Id"], "SenderFault": True, "Code": code, "Message": error.message})
    return {"Successful": successful, "Failed": failed} if failed else {"Successful": successful}


def _checked_entries(request: Request) -> list[Request]:
    prefix = "AWS.SimpleQueueService."
    entries: list[Request] = request.get("Entries") or []
    if not entries:
        raise ServiceError(
            "EmptyBatchRequest",
            "There should be at least one entry in the request.",
            query_code=f"{prefix}EmptyBatchRequest",
        )
    if len(entries) > MAX_ENTRIES:
        raise ServiceError(
            "TooManyEntriesInBatchRequest",
            f"Maximum number of entries per request are 10. You have sent {len(entries)}.",
            query_code=f"{prefix}TooManyEntriesInBatchRequest",
        )
    ids = [entry["Id"] for entry in entries]
    if any(not _ENTRY_ID.fullmatch(entry_id) for entry_id in ids):
        raise ServiceError(
            "InvalidBatchEntryId",
            "A batch entry id can only contain alphanumeric characters, hyphens and underscores.",
            query_code=f"{prefix}InvalidBatchEntryId",
        )
    if len(set(ids)) != len(ids):
        raise ServiceError(
            "BatchEntryIdsNotDistinct",
            "Two or more batch entries have the same Id.",
            query_code=f"{prefix}BatchEntryIdsNotDistinct",
        )
    return entries


def _refuse_bad_message(request: Request) -> None:
    body = request["MessageBody"]
    if not body:
        raise ServiceError("MissingParameter", "The request must contain the parameter MessageBody.")
    if _FORBIDDEN.search(body):
        raise ServiceError(
            "InvalidMessageContents",
            "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF.",
        )
    attributes = request.get("MessageAttributes") or {}
    if len(attributes) > MAX_ATTRIBUTES:
        raise _invalid(
            f"Number of message attributes [{len(attributes)}] exceeds the allowed maximum [{MAX_ATTRIBUTES}]."
        )
    for name, attribute in attributes.items():
        if attribute.get("DataType", "").partition(".")[0] not in ("String", "Number", "Binary"):
            raise _invalid(f"The message attribute '{name}' has an invalid message attribute type.")
        if not (attribute.get("StringValue") or attribute.get("BinaryValue")):
            raise _invalid(f"The message attribute '{name}' must contain a non-empty message attribute value.")


def _size(request: Request) -> int:
    attributes = request.get("MessageAttributes") or {}
    return len(request["MessageBody"].encode()) + sum(
        len(part.encode()) for name, attribute in attributes.items() for part in (name, *map(str, attribute.values()))
    )


def _refuse_bad_visibility(seconds: int) -> None:
    if not 0 <= seconds <= 43_200:
        raise _invalid(
            f"Value {seconds} for parameter VisibilityTimeout is invalid. "
            "Reason: Must be between 0 and 43200, if provided."
        )


def _invalid(message: str) -> ServiceError:
    return ServiceError("InvalidParameterValue", message)
