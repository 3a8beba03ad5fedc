"""Whether anything of an erased customer is left, judged by all that identifies her; nothing here is the product's."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator

from tests.simulation.aws import InMemoryAws

EMAIL, OLD_EMAIL = "ada@customer.example", "ada.byron@old.example"
PHONE, EXTERNAL_ID, NAME = "+4915155512345", "customer-4711", "Ada Lovelace"
TRACKING_NUMBER, SIGNED = "00340434161094042557", "handed to A. LOVELACE"
COMMENT = "The parcel lay in the rain since Monday"
IDENTIFIERS = {"email": (EMAIL, OLD_EMAIL), "phone": (PHONE,), "external": (EXTERNAL_ID,)}
OF_HERS = (EMAIL, OLD_EMAIL, PHONE, PHONE[3:], EXTERNAL_ID, "Lovelace", TRACKING_NUMBER, COMMENT)
"""What must be nowhere afterwards, however it is written."""


def keys_of_hers(kind: str) -> set[str]:
    """The partition keys under which she is found by what identifies her."""
    return {
        f"{kind}#{name}#{hashlib.sha256(value.encode()).hexdigest()}"
        for name, values in IDENTIFIERS.items()
        for value in values
    }


def residue(aws: InMemoryAws, person_id: str) -> Iterator[str]:
    """Where something of hers still is: in any item of any table, or in any message of any queue."""
    hashes = {key.rpartition("#")[2] for key in keys_of_hers("")} | {
        hashlib.sha256(TRACKING_NUMBER.encode()).hexdigest()
    }
    for name, texts in _everything(aws):
        for text in texts:
            found = [word for word in (*OF_HERS, *hashes) if word.lower() in text.lower()]
            if person_id in text and name not in ("PeopleTable", "MessagesTable"):
                found.append(person_id)
            yield from (f"{word} in {name}: {text}" for word in found)


def _everything(aws: InMemoryAws) -> Iterator[tuple[str, list[str]]]:
    for table in aws.dynamodb.tables:
        yield table.name, [json.dumps(item, ensure_ascii=False) for item in table.items()]
        for index in table.indexes:
            yield f"{table.name}/{index}", [json.dumps(item, ensure_ascii=False) for item in table.collection(index)]
    for queue in aws.sqs.queues:
        yield queue.name, [message.body for message in queue.messages]
