"""What is stored of a person, table by table: how it is found, and what is left of it.

Each method may be repeated. An index may not know yet what was written a moment before; the second sweep finds that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Protocol

from shared.domain.base import iso
from shared.domain.messages import MessageState, Reason
from shared.domain.responses import Response
from shared.errors import TemporaryError
from shared.storage.deliveries import DeliveryRepository
from shared.storage.keys import (
    MESSAGE,
    SHORT_LINK,
    claim_partition_key,
    claimed_partition_of,
    message_key,
    person_key,
    short_link_key,
)
from shared.storage.message_items import INDEX_KEYS, state_change
from shared.storage.table import Queryable, condition_held, every_item, to_item, translated
from shared.storage.tracked import DeliveriesTable, TrackedParcels

SAVE_ATTEMPTS = 5
"""How often a delivery is erased anew because its carrier reported in between."""


class Changeable(Queryable, Protocol):
    """The calls we make to DynamoDB."""

    def update_item(self, **kwargs: Any) -> Mapping[str, Any]:
        """UpdateItem."""
        ...

    def delete_item(self, **kwargs: Any) -> Any:
        """DeleteItem."""
        ...


class Responses(Protocol):
    """The responses table."""

    def get(self, response_id: str) -> Response | None:
        """A response."""
        ...

    def erase(self, response_id: str, at: datetime) -> object:
        """Take a response out of the scores, and leave its tombstone."""
        ...


class ErasingResponses:
    """The answers of a person, and those whose sender claimed to be them.

    Args:
        dynamodb: A DynamoDB client.
        table_name: The responses table.
        responses: The same table.
    """

    def __init__(self, dynamodb: Queryable, table_name: str, responses: Responses) -> None:
        self._dynamodb = dynamodb
        self._table_name = table_name
        self._responses = responses

    def of_person(self, person_id: str) -> Iterator[str]:
        """The ids of a person's answers.

        Raises:
            TemporaryError: the store did not answer; so for every method here.
        """
        return found_by(self._dynamodb, self._table_name, "by_person", "person_id", person_id)

    def of_identifier(self, identifier: str, until: datetime) -> Iterator[str]:
        """The ids of answers that claim an identifier; what was given later is of who came back under it.

        Args:
            identifier: The partition key of its claim.
            until: The moment of the erasure.
        """
        for item in every_item(
            self._dynamodb,
            TableName=self._table_name,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues=to_item({":pk": claimed_partition_of(identifier)}),
            ProjectionExpression="sk",
            ConsistentRead=True,
        ):
            response_id = item["sk"]["S"].partition("#")[2]
            response = self._responses.get(response_id)
            if response is not None and response.answered_at <= until:
                yield response_id

    def erase(self, response_id: str, now: datetime) -> None:
        """Erase an answer: out of the scores, with its audit trail and its pointers; only its tombstone stays."""
        self._responses.erase(response_id, now)


class ErasingMessages:
    """The messages to a person, and those to owners that quote their answers.

    What is left says that there was a message, of which kind, and how it ended; not whom it went to, nor what it said.

    Args:
        dynamodb: A DynamoDB client.
        table_name: The messages table.
    """

    def __init__(self, dynamodb: Changeable, table_name: str) -> None:
        self._dynamodb = dynamodb
        self._table_name = table_name

    def of_person(self, person_id: str) -> Iterator[str]:
        """The ids of the messages to a person."""
        return self._found("by_person", "person_id", person_id, MESSAGE)

    def short_links_of(self, person_id: str) -> Iterator[str]:
        """The codes of the short links of a person."""
        return self._found("by_person", "person_id", person_id, SHORT_LINK)

    def of_response(self, response_id: str) -> Iterator[str]:
        """The ids of the messages about an answer."""
        return self._found("by_response", "response_id", response_id, MESSAGE)

    def erase_short_link(self, code: str) -> None:
        """Have a short link lead nowhere any more."""
        with translated():
            self._dynamodb.delete_item(TableName=self._table_name, Key=short_link_key(code))

    def erase(self, message_id: str, now: datetime) -> None:
        """Erase a message; one that was not attempted yet is suppressed, so that nobody attempts it any more.

        One that is just being attempted keeps its state: its worker, or a receipt, will say what became of it.
        """
        gone = ("request", "properties", "subject", *INDEX_KEYS)
        changes = {
            "state": MessageState.SUPPRESSED.value,
            "reason": Reason.NO_LONGER_EXISTS.value,
            "settled_at": iso(now),
        }
        unattempted = (MessageState.NEW, MessageState.CLAIMED)
        if self._change(state_change(self._table_name, message_id, unattempted, changes, gone)):
            return
        self._change(
            {
                "TableName": self._table_name,
                "Key": message_key(message_id),
                "UpdateExpression": "REMOVE " + ", ".join(f"#{name}" for name in gone),
                "ConditionExpression": "attribute_exists(pk)",
                "ExpressionAttributeNames": {f"#{name}": name for name in gone},
            }
        )

    def _change(self, update: Mapping[str, Any]) -> bool:
        return condition_held(self._dynamodb.update_item, **update)

    def _found(self, index: str, attribute: str, value: str, prefix: str) -> Iterator[str]:
        return found_by(self._dynamodb, self._table_name, index, attribute, value, prefix)


class Routes(Protocol):
    """Vans' routes."""

    def forget(self, delivery_id: str) -> object:
        """Forget where a delivery goes, and which van has it."""
        ...


class ErasingDeliveries:
    """The parcels to a person: what is left says where a parcel was when, and what was promised.

    Args:
        dynamodb: A DynamoDB client.
        table_name: The deliveries table.
        deliveries: The same table.
        routes: The routes in it.
    """

    def __init__(
        self, dynamodb: DeliveriesTable, table_name: str, deliveries: DeliveryRepository, routes: Routes
    ) -> None:
        self._dynamodb = dynamodb
        self._table_name = table_name
        self._deliveries = deliveries
        self._routes = routes
        self._parcels = TrackedParcels(dynamodb, table_name)

    def of_person(self, person_id: str) -> Iterator[str]:
        """The ids of the parcels to a person."""
        return found_by(self._dynamodb, self._table_name, "by_person", "person_id", person_id)

    def erase(self, delivery_id: str, person_id: str) -> None:
        """Erase who a parcel is for, where it goes and what names it has, unless it is somebody else's by now.

        A worker that died in between has left the parcel without a person and with the rest: that goes then. A plan
        that waited meanwhile may have told again where it goes, so that goes also when its person is erased already.

        Raises:
            TemporaryError: the store did not answer, or others kept changing it.
        """
        for _ in range(SAVE_ATTEMPTS):
            delivery = self._deliveries.get(delivery_id)
            if delivery is None or delivery.person_id not in {person_id, None}:
                return
            self._routes.forget(delivery_id)
            if delivery.person_id is not None:
                nameless = delivery.without_person()
                if not self._deliveries.save(nameless, delivery.version):
                    continue
                delivery = nameless
            if self._parcels.point(delivery):
                return
        raise TemporaryError("others kept writing this delivery")


class ErasingPeople:
    """A person, and the identifiers that are theirs.

    Args:
        dynamodb: A DynamoDB client.
        table_name: The people table.
    """

    def __init__(self, dynamodb: Changeable, table_name: str) -> None:
        self._dynamodb = dynamodb
        self._table_name = table_name

    def erase(self, person_id: str, identifiers: Iterable[str]) -> None:
        """Erase all that stands under a person's id but the tombstone, and their claims.

        Args:
            person_id: Who.
            identifiers: The partition keys of the claims they ever made; what somebody else claims by now stays.
        """
        for identifier in identifiers:
            self._delete(
                Key=claim_partition_key(identifier),
                ConditionExpression="person_id = :person_id",
                ExpressionAttributeValues=to_item({":person_id": person_id}),
            )
        for item in every_item(
            self._dynamodb,
            TableName=self._table_name,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": person_key(person_id)["pk"]},
            ProjectionExpression="pk, sk",
            ConsistentRead=True,
        ):
            if item["sk"]["S"] != "TOMBSTONE":
                self._delete(Key={"pk": item["pk"], "sk": item["sk"]})

    def _delete(self, **request: Any) -> None:
        condition_held(self._dynamodb.delete_item, TableName=self._table_name, **request)


def found_by(
    dynamodb: Queryable, table_name: str, index: str, attribute: str, value: str, prefix: str = ""
) -> Iterator[str]:
    """The ids in the keys of what an index finds, of those that begin so."""
    for item in every_item(
        dynamodb,
        TableName=table_name,
        IndexName=index,
        KeyConditionExpression=f"{attribute} = :value",
        ExpressionAttributeValues=to_item({":value": value}),
        ProjectionExpression="pk",
    ):
        if item["pk"]["S"].startswith(prefix):
            yield item["pk"]["S"].partition("#")[2]
