"""From a queue to a `lambda_handler` by Lambda's rules: our own event source mapping.

Sources: AWS Lambda Developer Guide, "Using Lambda with Amazon SQS" (shape of the event) and "Handling errors for an SQS
event source in Lambda", section "Success and failure conditions" (services-sqs-errorhandling): a batch is a complete
success when the function returns an empty or null `batchItemFailures` list, an empty or null response; a complete
failure when it returns invalid JSON, an empty or null `itemIdentifier`, an `itemIdentifier` with a bad key name or with
a message id that is not in the batch, or when it raises. Failed messages become visible when their visibility timeout
ends.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from tests.simulation.aws import InMemoryAws
from tests.simulation.aws.clients import REGION
from tests.simulation.aws.queues import Delivery, Queue
from tests.simulation.aws.sqs import md5, system_attributes
from tests.simulation.faults import Crash

Handler: TypeAlias = Callable[[dict[str, Any], Any], Any]


@dataclass(frozen=True)
class LambdaContext:
    """What Lambda hands a handler beside the event."""

    function_name: str
    aws_request_id: str
    remaining_ms: int = 10_000
    memory_limit_in_mb: int = 256
    function_version: str = "$LATEST"

    @property
    def invoked_function_arn(self) -> str:
        """The function's ARN."""
        return f"arn:aws:lambda:{REGION}:000000000000:function:{self.function_name}"

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds left; the simulation does not let a run end by time, it crashes it."""
        return self.remaining_ms


def sqs_event(queue: Queue, deliveries: Sequence[Delivery]) -> dict[str, Any]:
    """The event for a batch, through JSON as Lambda passes it."""
    event = {"Records": [_record(queue, delivery) for delivery in deliveries]}
    parsed: dict[str, Any] = json.loads(json.dumps(event))
    return parsed


def _record(queue: Queue, delivery: Delivery) -> dict[str, Any]:
    message = delivery.message
    return {
        "messageId": message.message_id,
        "receiptHandle": delivery.receipt,
        "body": message.body,
        "attributes": system_attributes(delivery),
        "messageAttributes": {
            name: {
                "stringValue": attribute.get("StringValue"),
                "binaryValue": attribute.get("BinaryValue"),
                "stringListValues": [],
                "binaryListValues": [],
                "dataType": attribute["DataType"],
            }
            for name, attribute in message.attributes.items()
        },
        "md5OfBody": md5(message.body),
        "eventSource": "aws:sqs",
        "eventSourceARN": queue.arn,
        "awsRegion": REGION,
    }


def failed_messages(response: str, message_ids: Sequence[str]) -> frozenset[str]:
    """Which messages of a batch failed, by the text a function returned.

    Args:
        response: what the runtime sent back, normally JSON.
        message_ids: the batch.
    """
    everything = frozenset(message_ids)
    try:
        answer = json.loads(response)
    except ValueError:
        return everything
    if answer is None:
        return frozenset()
    if not isinstance(answer, dict):
        return everything
    failures = answer.get("batchItemFailures")
    if failures is None:
        return frozenset()
    if not isinstance(failures, list):
        return everything
    failed: set[str] = set()
    for failure in failures:
        identifier = failure.get("itemIdentifier") if isinstance(failure, dict) else None
        if identifier not in everything:
            return everything
        failed.add(identifier)
    return frozenset(failed)


@dataclass
class EventSource:
    """An event source mapping with `ReportBatchItemFailures`.

    Attributes:
        redelivers: whether what failed comes again, as Lambda has it.
        restart: called after a crash: the next run is a cold start.
        deaths: crashes, as text; errors: exceptions the handler let out, as text.
    """

    aws: InMemoryAws
    function: str
    queue: Queue
    handler: Handler
    batch_size: int = 10
    redelivers: bool = True
    restart: Callable[[], None] = field(default=lambda: None)
    deaths: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def poll(self) -> int:
        """Receive one batch and run the function on it.

        Returns:
            How many messages were received; 0 when the queue had none to give.
        """
        deliveries = self.queue.receive(self.batch_size)
        if not deliveries:
            return 0
        failed = self._invoke(deliveries)
        for delivery in deliveries:
            if delivery.message.message_id not in failed or not self.redelivers:
                self.queue.delete(delivery.receipt)
        return len(deliveries)

    def _invoke(self, deliveries: Sequence[Delivery]) -> frozenset[str]:
        message_ids = [delivery.message.message_id for delivery in deliveries]
        with self.aws.running(self.function) as run:
            context = LambdaContext(self.function, f"{self.function}-{run:06d}")
            try:
                response = json.dumps(self.handler(sqs_event(self.queue, deliveries), context))
            except Crash as crash:
                self.deaths.append(str(crash))
                self.restart()
                return frozenset(message_ids)
            except Exception as error:  # noqa: BLE001  # a function may raise anything
                self.errors.append(repr(error))
                return frozenset(message_ids)
        return failed_messages(response, message_ids)
