"""`ops queue export QUEUE FILE`: what lies on a queue, as JSON Lines, without taking it off."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from infra.ops.redrive import letters, show_again


def export(sqs: Any, queue_url: str, file: Path, progress: Callable[[int], None] = lambda _: None) -> int:
    """Write every message of a queue to a file that only its owner may read; messages name people.

    The messages stay on the queue: each is hidden while it is read and shown again at the end. One that a worker holds
    at the moment is not seen.

    Returns:
        How many messages were written.
    """
    handles: list[str] = []
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as lines:
            for letter in letters(sqs, queue_url):
                handles.append(letter["ReceiptHandle"])
                attributes = letter.get("Attributes", {})
                line = {
                    "message_id": letter["MessageId"],
                    "sent_at_ms": int(attributes.get("SentTimestamp", 0)),
                    "receives": int(attributes.get("ApproximateReceiveCount", 0)),
                    "group": attributes.get("MessageGroupId"),
                    "body": letter["Body"],
                }
                lines.write(json.dumps(line, ensure_ascii=False) + "\n")
                progress(len(handles))
    finally:
        show_again(sqs, queue_url, handles)
    return len(handles)
