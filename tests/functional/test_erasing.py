"""What is left of a person in each table when their erasure has gone through."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from shared.domain.asking import ShortLink
from shared.domain.deliveries import DeliveryStatus
from shared.domain.messages import Channel, MessageKind, MessageState, Reason
from shared.domain.people import Recipient
from shared.domain.responses import Subject
from shared.domain.sending import Draft, Fence, Message, Receipt, ReceiptKind
from shared.storage.deliveries import DeliveryRepository
from shared.storage.erasing import ErasingDeliveries, ErasingMessages, ErasingPeople
from shared.storage.keys import claim_key, person_tombstone_key
from shared.storage.messages import MessageRepository, Tables
from shared.storage.people import PersonRepository
from shared.storage.receipts import ReceiptRepository
from shared.storage.routes import RouteRepository
from tests.fakes.clock import NOON, CountingIds
from tests.fakes.erasure import FakeErasureKey
from tests.fakes.wishes import OWNER, PERSON, RESPONSE_ID, delivery, draft, wish
from tests.functional.tables import DELIVERY_INDEXES, MESSAGE_INDEXES, create_table

TABLES = Tables("messages", "responses", "deliveries", "people")
LEASE, LATER = NOON + timedelta(seconds=30), NOON + timedelta(minutes=1)
THANKS = wish(MessageKind.THANK_YOU)
ALERT = wish(MessageKind.DETRACTOR_ALERT)
ADDRESS = str(PERSON.email)


class House:
    """The tables of a stack."""

    def __init__(self) -> None:
        self.dynamodb = boto3.client("dynamodb")
        create_table(self.dynamodb, "messages", MESSAGE_INDEXES)
        create_table(self.dynamodb, "deliveries", DELIVERY_INDEXES)
        for name in ("responses", "people"):
            create_table(self.dynamodb, name)
        self.messages = MessageRepository(self.dynamodb, TABLES)
        self.erasing = ErasingMessages(self.dynamodb, "messages")
        self.routes = RouteRepository(self.dynamodb, "deliveries")

    def raw(self, table: str) -> str:
        return json.dumps(self.dynamodb.scan(TableName=table)["Items"])

    def claim(self) -> None:
        assert self.messages.claim(THANKS, "worker", NOON, LEASE).token == "worker"

    def fence(self) -> Fence:
        to_ada = Draft(request=draft(THANKS).request, person_id=PERSON.person_id)
        return self.messages.fence(to_ada, "worker", NOON, LEASE)

    def message(self) -> Message:
        found = self.messages.get(THANKS.message_id)
        assert found is not None
        return found

    def erase(self) -> None:
        """The tombstone first, as always."""
        self.dynamodb.put_item(TableName="people", Item={**person_tombstone_key(PERSON.person_id)})
        for message_id in [*self.erasing.of_person(PERSON.person_id), *self.erasing.of_response(RESPONSE_ID)]:
            self.erasing.erase(message_id, LATER)


@pytest.fixture
def house() -> Iterator[House]:
    with mock_aws():
        yield House()


def test_a_message_that_was_sent_keeps_how_it_ended_and_forgets_to_whom(house: House) -> None:
    house.claim()
    assert house.fence() is Fence.PASSED
    house.messages.settle(THANKS.message_id, "worker", MessageState.SENT, NOON, provider_id="ses-1")
    assert ADDRESS in house.raw("messages")
    house.erase()
    assert ADDRESS not in house.raw("messages")
    assert (house.message().state, house.message().request) == (MessageState.SENT, None)


def test_a_claimed_message_is_suppressed_and_its_worker_does_not_send_it(house: House) -> None:
    house.claim()
    house.erase()
    assert (house.message().state, house.message().reason) == (MessageState.SUPPRESSED, Reason.NO_LONGER_EXISTS)
    assert house.fence() is Fence.TAKEN


def test_a_message_claimed_after_its_erasure_does_not_pass_the_fence(house: House) -> None:
    house.erase()
    house.claim()
    assert house.fence() is Fence.ERASED


def test_of_a_message_being_attempted_its_worker_still_says_what_became_of_it(house: House) -> None:
    house.claim()
    house.fence()
    house.erase()
    assert (house.message().state, house.message().request) == (MessageState.ATTEMPTING, None)
    assert ADDRESS not in house.raw("messages")
    house.messages.settle(THANKS.message_id, "worker", MessageState.SENT, LATER, provider_id="ses-1")
    assert house.message().state is MessageState.SENT


def test_one_that_the_provider_refused_for_now_is_not_tried_again(house: House) -> None:
    house.claim()
    house.fence()
    house.erase()
    house.messages.release(THANKS.message_id, "worker")
    house.claim()
    assert house.fence() is Fence.ERASED
    assert ADDRESS not in house.raw("messages")


@pytest.mark.parametrize("kind", [ReceiptKind.BOUNCED_FOR_GOOD, ReceiptKind.COMPLAINED, ReceiptKind.DELIVERED])
def test_a_receipt_that_comes_after_the_erasure_brings_nothing_back(house: House, kind: ReceiptKind) -> None:
    house.claim()
    house.fence()
    house.erase()
    receipts = ReceiptRepository(house.dynamodb, "messages")
    receipt = Receipt(message_id=THANKS.message_id, channel=Channel.EMAIL, kind=kind, provider_id="ses-1", at=LATER)
    assert receipts.settle(receipt)
    receipts.mark(receipt)
    assert (house.message().state, house.message().request) == (MessageState.SENT, None)


def test_an_owners_alert_that_quotes_the_answer_is_found_by_the_answer(house: House) -> None:
    house.messages.claim(ALERT, "worker", NOON, LEASE)
    house.dynamodb.put_item(
        TableName="responses",
        Item={"pk": {"S": f"RESPONSE#{RESPONSE_ID}"}, "sk": {"S": "RESPONSE"}, "revision": {"N": "1"}},
    )
    quoting = draft(ALERT)
    text = quoting.request.content.model_copy(update={"text": "It leaks, says Ada."})
    request = quoting.request.model_copy(update={"content": text})
    assert house.messages.fence(quoting.model_copy(update={"request": request}), "worker", NOON, LEASE) is Fence.PASSED
    assert list(house.erasing.of_person(PERSON.person_id)) == []
    assert "It leaks" in house.raw("messages")
    house.erase()
    assert "It leaks" not in house.raw("messages")
    assert OWNER in house.raw("messages")


def test_erasing_what_is_not_there_makes_nothing(house: House) -> None:
    house.erasing.erase("msg_unknown", NOON)
    assert house.raw("messages") == "[]"


def test_a_parcel_keeps_where_it_was_and_what_was_promised(house: House) -> None:
    deliveries = DeliveryRepository(house.dynamodb, "deliveries")
    parcel = delivery(recipient=Recipient(email=ADDRESS, name="Ada Lovelace"))
    signed = parcel.history[0].model_copy(update={"raw_status": "signed for by LOVELACE"})
    deliveries.save(parcel.model_copy(update={"history": (signed,)}), 0)
    erasing = ErasingDeliveries(house.dynamodb, "deliveries", deliveries, house.routes)
    assert list(erasing.of_person(PERSON.person_id)) == [parcel.delivery_id]
    erasing.erase(parcel.delivery_id, PERSON.person_id)
    left = deliveries.get(parcel.delivery_id)
    assert left is not None and left.registration is not None and parcel.registration is not None
    assert (left.status, left.registration.promise) == (DeliveryStatus.OUT_FOR_DELIVERY, parcel.registration.promise)
    raw = house.raw("deliveries").lower()
    assert not [text for text in (ADDRESS, "lovelace", PERSON.person_id, "00340434161094015902") if text in raw]
    assert list(erasing.of_person(PERSON.person_id)) == []


def test_a_parcel_that_is_somebody_elses_by_now_stays(house: House) -> None:
    deliveries = DeliveryRepository(house.dynamodb, "deliveries")
    deliveries.save(delivery(), 0)
    ErasingDeliveries(house.dynamodb, "deliveries", deliveries, house.routes).erase("parcel-1", "per_other")
    assert deliveries.get("parcel-1") == delivery()


def test_a_carrier_that_reports_meanwhile_loses_nothing(house: House) -> None:
    deliveries = DeliveryRepository(house.dynamodb, "deliveries")
    deliveries.save(delivery(), 1)
    deliveries.save(delivery(version=1), 0)

    class Meddling(DeliveryRepository):
        meddled = False

        def get(self, delivery_id: str) -> Any:
            found = super().get(delivery_id)
            if not self.meddled and found is not None:
                self.meddled = True
                event = found.history[0].model_copy(
                    update={"event_id": "event-2", "status": DeliveryStatus.DELIVERED, "occurred_at": NOON}
                )
                deliveries.save(found.with_event(event), found.version)
            return found

    erasing = ErasingDeliveries(house.dynamodb, "deliveries", Meddling(house.dynamodb, "deliveries"), house.routes)
    erasing.erase("parcel-1", PERSON.person_id)
    left = deliveries.get("parcel-1")
    assert left is not None
    assert (left.status, left.person_id) == (DeliveryStatus.DELIVERED, None)


def test_a_person_goes_with_all_that_stands_under_their_id_but_the_tombstone(house: House) -> None:
    people = PersonRepository(house.dynamodb, "people", CountingIds().new, FakeErasureKey())
    ada = Recipient(external_id="c-1", email=ADDRESS)
    person = people.resolve(ada, NOON)
    for key in (
        person_tombstone_key(person.person_id),
        {"pk": {"S": f"PERSON#{person.person_id}"}, "sk": {"S": "REQUEST"}},
    ):
        house.dynamodb.put_item(TableName="people", Item={**key})
    identifiers = [claim_key(claim)["pk"]["S"] for claim in ada.claims]
    for _ in range(2):
        ErasingPeople(house.dynamodb, "people").erase(person.person_id, identifiers)
        (left,) = house.dynamodb.scan(TableName="people")["Items"]
        assert left == person_tombstone_key(person.person_id)


def test_an_identifier_that_somebody_else_claimed_since_stays_theirs(house: House) -> None:
    people = PersonRepository(house.dynamodb, "people", CountingIds().new, FakeErasureKey())
    bob = people.resolve(Recipient(email=ADDRESS), NOON)
    claims = [claim_key(claim)["pk"]["S"] for claim in Recipient(email=ADDRESS).claims]
    ErasingPeople(house.dynamodb, "people").erase("per_earlier", claims)
    assert people.resolve(Recipient(email=ADDRESS), NOON) == bob


def test_a_short_link_of_the_erased_leads_nowhere_and_what_was_known_of_the_occasion_goes(house: House) -> None:
    link = ShortLink(code="Ab3-_xYz019", path="/s/checkout?t=x", person_id=PERSON.person_id, expires_at=LATER)
    house.claim()
    invitation = Draft(
        request=draft(THANKS).request,
        person_id=PERSON.person_id,
        properties={"note": "her own"},
        subject=Subject(type="chat", id="chat-of-hers"),
        short_link=link,
    )
    assert house.messages.fence(invitation, "worker", NOON, LEASE) is Fence.PASSED
    assert [*house.erasing.of_person(PERSON.person_id)] == [THANKS.message_id]
    assert [*house.erasing.short_links_of(PERSON.person_id)] == [link.code]
    house.erasing.erase_short_link(link.code)
    house.erase()
    left = house.raw("messages")
    assert [word for word in (link.code, "her own", "chat-of-hers") if word in left] == []
