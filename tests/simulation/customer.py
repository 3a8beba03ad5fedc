"""A customer who will ask to be erased: all the ways in which a shop comes to hold something of her."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from tests.simulation.faults import Crash
from tests.simulation.residue import (
    COMMENT,
    EMAIL,
    EXTERNAL_ID,
    NAME,
    OLD_EMAIL,
    PHONE,
    SIGNED,
    TRACKING_NUMBER,
    keys_of_hers,
)
from tests.simulation.shop import ACCEPTED, PUBLISHABLE, SECRET, Shop


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

    def asks_to_be_erased(self) -> None:
        """The shop does as she asks."""
        self.knows_herself()
        reply = self._story.send("DELETE", f"/v1/people/{self.person_id}", None, SECRET)
        assert reply is not None
        assert reply.status == ACCEPTED, reply

    def becomes_known(self) -> None:
        """Wait until the shop knows that all these identifiers are hers; what it does not know it can not erase."""
        people = self._story.aws.dynamodb.table("PeopleTable")
        self._story.wait(5)
        while not keys_of_hers("CLAIM") <= {item["pk"]["S"] for item in people.items()}:
            self._story.wait(60)
            with suppress(Crash, BotoCoreError, ClientError):  # ops is told so, and runs it again
                self._story.redriven += self._story.redrive()

    def knows_herself(self) -> None:
        """Look up who she is to the shop."""
        people = self._story.aws.dynamodb.table("PeopleTable").items()
        (self.person_id,) = {item["person_id"]["S"] for item in people if item["pk"]["S"] in keys_of_hers("CLAIM")}

    @property
    def is_known(self) -> bool:
        """Whether the shop has taken in all that identifies her; in a storm a parcel may wait for long."""
        people = {item["pk"]["S"] for item in self._story.aws.dynamodb.table("PeopleTable").items()}
        return keys_of_hers("CLAIM") <= people

    def receipt(self) -> dict[str, Any]:
        """Her receipt as it is stored, empty if there is none."""
        key = {"pk": {"S": f"ERASURE#{self.person_id}"}, "sk": {"S": "ERASURE"}}
        item = self._story.aws.dynamodb.table("PeopleTable").get(key)
        return json.loads(item["content"]["S"]) if item else {}


def _response_id(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"
