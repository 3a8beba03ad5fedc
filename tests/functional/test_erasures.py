"""An erasure begins with tombstones, goes on from its notes, and ends with a receipt that names nobody."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from shared.domain.erasure import Found
from shared.domain.people import Claim, ClaimKind, Recipient
from shared.domain.queued import ErasePerson
from shared.errors import ErasedError, NotFoundError, TemporaryError
from shared.storage.erasure_notes import ErasureNotes
from shared.storage.erasures import PUTS_AT_ONCE, ErasedPeople, Erasures
from shared.storage.keys import person_key
from shared.storage.people import PersonRepository
from tests.fakes.clock import NOON, CountingIds
from tests.fakes.erasure import FakeErasureKey
from tests.fakes.queues import RecordingQueue
from tests.functional.tables import TABLE, create_table

ADA = Recipient(external_id="c-1", email="ada@example.com", phone="+4915112345678")
BEFORE, LATER = NOON - timedelta(hours=1), NOON + timedelta(hours=1)
KEY = FakeErasureKey()


class House:
    """The people table with all that stands around it."""

    def __init__(self) -> None:
        self.dynamodb = boto3.client("dynamodb")
        create_table(self.dynamodb)
        self.queue = RecordingQueue()
        self.people = PersonRepository(self.dynamodb, TABLE, CountingIds().new, KEY)
        self.erasures = Erasures(self.dynamodb, TABLE, KEY, self.queue)
        self.notes = ErasureNotes(self.dynamodb, TABLE)
        self.erased = ErasedPeople(self.dynamodb, TABLE, KEY)

    def forget(self, person_id: str) -> None:
        """What the worker does to the person itself."""
        self.dynamodb.delete_item(TableName=TABLE, Key=person_key(person_id))

    def stored(self) -> set[str]:
        return {item["pk"]["S"] + " " + item["sk"]["S"] for item in self.dynamodb.scan(TableName=TABLE)["Items"]}


@pytest.fixture
def house() -> Iterator[House]:
    with mock_aws():
        yield House()


def test_from_its_beginning_a_person_and_all_their_identifiers_are_erased(house: House) -> None:
    person = house.people.resolve(ADA, BEFORE)
    house.people.resolve(Recipient(external_id="c-1", email="new@example.com"), BEFORE)
    erasure = house.erasures.begin(person.person_id, NOON)
    given_up, current = (Claim(kind=ClaimKind.EMAIL, value=f"{name}@example.com") for name in ("ada", "new"))
    erased = house.erased.of([person.person_id], [*ADA.claims, current])
    assert erased.people == {person.person_id}
    assert set(erased.identifiers) == {*ADA.claims, given_up, current}
    assert erased.covers(None, ADA.claims, NOON)
    assert not erased.covers(None, ADA.claims, LATER)
    assert (erasure.finished_at, house.erasures.get(person.person_id)) == (None, erasure)
    assert [sent.message for sent in house.queue.sent] == [ErasePerson(person_id=person.person_id, sweep=1)]


def test_asked_twice_goes_on_with_the_first(house: House) -> None:
    person = house.people.resolve(ADA, BEFORE)
    house.queue.fails = True
    with pytest.raises(TemporaryError):
        house.erasures.begin(person.person_id, NOON)
    house.queue.fails = False
    again = house.erasures.begin(person.person_id, LATER)
    assert again.requested_at == NOON + timedelta(milliseconds=1)
    assert len(house.queue.sent) == 1
    house.notes.finish(again, LATER)
    assert house.erasures.begin(person.person_id, LATER).finished_at == LATER
    assert len(house.queue.sent) == 1


def test_nobody_is_erased_who_is_not_there(house: House) -> None:
    with pytest.raises(NotFoundError):
        house.erasures.begin("per_unknown", NOON)
    assert house.stored() == set()
    assert house.queue.sent == []


def test_an_address_told_while_it_begins_is_erased_too(house: House) -> None:
    person = house.people.resolve(ADA, BEFORE)

    class Meddling:
        """Tells of another address just before the tombstones are written, once."""

        meddled = False

        def __getattr__(self, name: str) -> Any:
            return getattr(house.dynamodb, name)

        def transact_write_items(self, **kwargs: Any) -> Any:
            if not self.meddled:
                self.meddled = True
                house.people.resolve(Recipient(external_id="c-1", email="new@example.com"), BEFORE)
            return house.dynamodb.transact_write_items(**kwargs)

    Erasures(Meddling(), TABLE, KEY, house.queue).begin(person.person_id, NOON)
    new = Claim(kind=ClaimKind.EMAIL, value="new@example.com")
    assert set(house.erased.of([], [new]).identifiers) == {new}


def test_any_number_of_identifiers_is_erased(house: House) -> None:
    person = house.people.resolve(ADA, BEFORE)
    addresses = [f"ada{number}@example.com" for number in range(PUTS_AT_ONCE // 2 + 5)]
    for address in addresses:
        house.people.resolve(Recipient(external_id="c-1", email=address), BEFORE)
    house.erasures.begin(person.person_id, NOON)
    claims = [Claim(kind=ClaimKind.EMAIL, value=address) for address in addresses]
    assert set(house.erased.of([], claims).identifiers) == set(claims)


def test_a_conflict_loses_none_of_many_identifiers(house: House) -> None:
    person = house.people.resolve(ADA, BEFORE)
    addresses = [f"ada{number}@example.com" for number in range(PUTS_AT_ONCE // 2 + 5)]
    for address in addresses:
        house.people.resolve(Recipient(external_id="c-1", email=address), BEFORE)

    class Contended:
        """Refuses the first transaction, as DynamoDB does when another one holds one of its items."""

        refused = False

        def __getattr__(self, name: str) -> Any:
            return getattr(house.dynamodb, name)

        def transact_write_items(self, **kwargs: Any) -> Any:
            if not self.refused:
                self.refused = True
                raise ClientError({"Error": {"Code": "TransactionCanceledException"}}, "TransactWriteItems")
            return house.dynamodb.transact_write_items(**kwargs)

    Erasures(Contended(), TABLE, KEY, house.queue).begin(person.person_id, NOON)
    claims = {*ADA.claims, *(Claim(kind=ClaimKind.EMAIL, value=address) for address in addresses)}
    assert set(house.erased.of([], claims).identifiers) == claims
    notes = [name for name in house.stored() if Found.IDENTIFIER.value in name]
    assert len(notes) == len(claims)


@pytest.mark.parametrize("told", [ADA, Recipient(email="ada@example.com"), Recipient(phone="+4915112345678")])
def test_what_waited_since_before_brings_nobody_back(house: House, told: Recipient) -> None:
    person = house.people.resolve(ADA, BEFORE)
    house.erasures.begin(person.person_id, NOON)
    house.forget(person.person_id)
    before = house.stored()
    with pytest.raises(ErasedError):
        house.people.resolve(told, NOON)
    assert house.stored() == before


def test_a_person_who_is_just_being_erased_is_told_nothing_more(house: House) -> None:
    person = house.people.resolve(ADA, BEFORE)
    house.erasures.begin(person.person_id, NOON)
    with pytest.raises(ErasedError):
        house.people.resolve(ADA, BEFORE)
    with pytest.raises(TemporaryError):
        house.people.resolve(ADA, LATER)


def test_what_waited_since_before_gives_nobody_else_the_address(house: House) -> None:
    person = house.people.resolve(Recipient(email="ada@example.com"), BEFORE)
    bob = house.people.resolve(Recipient(external_id="bob"), BEFORE)
    house.erasures.begin(person.person_id, NOON)
    house.forget(person.person_id)
    with pytest.raises(ErasedError):
        house.people.resolve(Recipient(external_id="bob", email="ada@example.com"), BEFORE)
    assert house.people.get(bob.person_id) == bob


@pytest.mark.parametrize("told", [{}, {"name": "Ada"}], ids=["nothing new", "a name"])
def test_what_waited_since_before_is_not_said_of_who_came_back(house: House, told: dict[str, str]) -> None:
    first = house.people.resolve(ADA, BEFORE)
    house.erasures.begin(first.person_id, NOON)
    house.forget(first.person_id)
    second = house.people.resolve(ADA, LATER)
    with pytest.raises(ErasedError):
        house.people.resolve(Recipient(email="ada@example.com", **told), BEFORE)
    assert house.people.get(second.person_id) == second


def test_who_comes_back_is_a_new_person_and_can_be_erased_again(house: House) -> None:
    first = house.people.resolve(ADA, BEFORE)
    house.erasures.begin(first.person_id, NOON)
    house.forget(first.person_id)
    second = house.people.resolve(ADA, LATER)
    assert second.person_id != first.person_id
    house.erasures.begin(second.person_id, LATER + timedelta(hours=1))
    house.forget(second.person_id)
    with pytest.raises(ErasedError):
        house.people.resolve(ADA, LATER)


def test_the_receipt_counts_each_thing_found_once_and_names_none(house: House) -> None:
    person = house.people.resolve(ADA, BEFORE)
    erasure = house.erasures.begin(person.person_id, NOON)
    for response_id in ("r-1", "r-2", "r-1"):
        house.notes.note(person.person_id, Found.RESPONSE, response_id)
    assert list(house.notes.left(person.person_id, Found.RESPONSE, sweep=1)) == ["r-1", "r-2"]
    receipt = house.notes.finish(erasure, LATER)
    assert receipt.counts == {Found.IDENTIFIER: 3, Found.RESPONSE: 2}
    assert (receipt.finished_at, house.erasures.get(person.person_id)) == (LATER, receipt)
    assert not [key for key in house.stored() if "FOUND" in key]


def test_what_is_done_in_a_sweep_is_left_to_the_next_sweep_only(house: House) -> None:
    person = house.people.resolve(ADA, BEFORE)
    house.erasures.begin(person.person_id, NOON)
    for response_id in ("r-1", "r-2"):
        house.notes.note(person.person_id, Found.RESPONSE, response_id)
    house.notes.done(person.person_id, Found.RESPONSE, "r-1", sweep=1)
    house.notes.note(person.person_id, Found.RESPONSE, "r-1")
    assert list(house.notes.left(person.person_id, Found.RESPONSE, sweep=1)) == ["r-2"]
    assert list(house.notes.left(person.person_id, Found.RESPONSE, sweep=2)) == ["r-1", "r-2"]


def test_who_is_late_with_done_leaves_no_note_behind(house: House) -> None:
    person = house.people.resolve(ADA, BEFORE)
    erasure = house.erasures.begin(person.person_id, NOON)
    house.notes.note(person.person_id, Found.RESPONSE, "r-1")
    house.notes.finish(erasure, LATER)
    house.notes.done(person.person_id, Found.RESPONSE, "r-1", sweep=2)
    assert not [key for key in house.stored() if "FOUND" in key]


def test_a_finished_erasure_keeps_its_receipt(house: House) -> None:
    person = house.people.resolve(ADA, BEFORE)
    erasure = house.erasures.begin(person.person_id, NOON)
    receipt = house.notes.finish(erasure, NOON)
    assert house.notes.finish(erasure, LATER) == receipt
    assert house.erasures.get(person.person_id) == receipt
