"""A customer who will ask to be erased: all the ways in which a shop comes to hold something of her."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from shared.domain.erasure import Erasure
from shared.errors import TemporaryError
from shared.queues import Queue
from shared.storage.erasure_key import ErasureKey
from shared.storage.erasures import Erasures
from tests.simulation.aws import InMemoryAws
from tests.simulation.faults import Crash
from tests.simulation.shop import MAX_SENDS, PUBLISHABLE, SECRET, Shop

EMAIL, OLD_EMAIL = "ada@customer.example", "ada.byron@old.example"
PHONE, EXTERNAL_ID, NAME = "+4915155512345", "customer-4711", "Ada Lovelace"
TRACKING_NUMBER, SIGNED = "00340434161094042557", "handed to A. LOVELACE"
COMMENT = "The parcel lay in the rain since Monday"
IDENTIFIERS = {"email": (EMAIL, OLD_EMAIL), "phone": (PHONE,), "external": (EXTERNAL_ID,)}
OF_HERS = (EMAIL, OLD_EMAIL, PHONE, PHONE[3:], EXTERNAL_ID, "Lovelace", TRACKING_NUMBER, COMMENT)
"""What must be nowhere afterwards, however it is written."""


class Customer:
    """Ada, in a shop.

    Attributes:
        person_id: Who she is there, once the shop knows her.
    """

    def __init__(self, story: Shop) -> None:
        self._story = story
        self.person_id = ""

    def buys(self, delivery_id: str, email: str = EMAIL) -> None:
        """Her parcel is handed over."""
        now = self._story.aws.clock.now()
        recipient = {"external_id": EXTERNAL_ID, "email": email, "phone": PHONE, "name": NAME}
        body = {
            "delivery_id": delivery_id,
            "carrier": "dhl",
            "tracking_number": TRACKING_NUMBER,
            "recipient": recipient,
            "promise": {"start": (now + timedelta(hours=1)).isoformat(), "end": (now + timedelta(hours=3)).isoformat()},
            "survey_id": "delivery",
        }
        self._story.send("POST", "/v1/deliveries", body, SECRET)

    def is_told(self, delivery_id: str, status: str) -> None:
        """The carrier reports on her parcel, in its own words."""
        body = {"status": status, "raw_status": SIGNED, "occurred_at": self._story.aws.clock.now().isoformat()}
        self._story.send("POST", f"/v1/deliveries/{delivery_id}/events", body, SECRET)

    def answers(self, number: int, rating: int) -> None:
        """Her answer comes by the shop's server, which knows her."""
        body = {"response_id": _response_id(number), "score": rating, "comment": COMMENT, "person": {"email": EMAIL}}
        self._story.send("POST", "/v1/survey_responses", body, SECRET)

    def is_to_be_asked(self) -> None:
        """The shop wishes to ask her next month."""
        body = {"email": EMAIL, "delay": 30 * 86_400, "properties": {"parcel": TRACKING_NUMBER}}
        self._story.send("POST", "/v1/people", body, SECRET)

    def claims(self, number: int, rating: int, revision: int = 1) -> None:
        """She answers on a page, and says who she is; nobody verifies it."""
        body = {"response_id": _response_id(number), "rating": rating, "revision": revision, "comment": COMMENT}
        person = {"email": OLD_EMAIL, "name": NAME}
        self._story.send("POST", "/v1/surveys/delivery/responses", {**body, "person": person}, PUBLISHABLE)

    def asks_to_be_erased(self) -> Erasure:
        """The shop does as she asks."""
        self.knows_herself()
        for _ in range(MAX_SENDS):
            try:
                with self._story.aws.running("the shop's server"):
                    return self._erasures().begin(self.person_id, self._story.aws.clock.now())
            except (Crash, TemporaryError):
                self._story.aws.clock.advance(1)
        raise AssertionError("the erasure did not begin")

    def becomes_known(self) -> None:
        """Wait until the shop knows that all these identifiers are hers; what it does not know it can not erase."""
        people = self._story.aws.dynamodb.table("PeopleTable")
        self._story.wait(5)
        while not _claims("CLAIM") <= {item["pk"]["S"] for item in people.items()}:
            self._story.wait(60)
            with suppress(Crash, BotoCoreError, ClientError):  # ops is told so, and runs it again
                self._story.redriven += self._story.redrive()

    def knows_herself(self) -> None:
        """Look up who she is to the shop."""
        people = self._story.aws.dynamodb.table("PeopleTable").items()
        (self.person_id,) = {item["person_id"]["S"] for item in people if item["pk"]["S"] in _claims("CLAIM")}

    @property
    def is_known(self) -> bool:
        """Whether the shop has taken in all that identifies her; in a storm a parcel may wait for long."""
        people = {item["pk"]["S"] for item in self._story.aws.dynamodb.table("PeopleTable").items()}
        return _claims("CLAIM") <= people

    def receipt(self) -> dict[str, Any]:
        """Her receipt as it is stored, empty if there is none."""
        key = {"pk": {"S": f"ERASURE#{self.person_id}"}, "sk": {"S": "ERASURE"}}
        item = self._story.aws.dynamodb.table("PeopleTable").get(key)
        return json.loads(item["content"]["S"]) if item else {}

    def _erasures(self) -> Erasures:
        worker, api = (self._story.stack.environment(function) for function in ("erasure", "api"))
        key = ErasureKey(boto3.client("ssm"), api["ERASURE_KEY_PARAMETER"])
        queue = Queue(boto3.client("sqs"), worker["ERASURES_QUEUE_URL"])
        return Erasures(boto3.client("dynamodb"), worker["PEOPLE_TABLE_NAME"], key, queue)


def _response_id(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def _claims(kind: str) -> set[str]:
    return {
        f"{kind}#{name}#{hashlib.sha256(value.encode()).hexdigest()}"
        for name, values in IDENTIFIERS.items()
        for value in values
    }


def residue(aws: InMemoryAws, person_id: str) -> Iterator[str]:
    """Where something of hers still is: in any item of any table, or in any message of any queue."""
    hashes = {key.rpartition("#")[2] for key in _claims("")}
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
