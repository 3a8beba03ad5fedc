"""The contract of people: held by the fake that unit tests use and by the real repository alike."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any, Protocol

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from shared.domain.base import iso
from shared.domain.people import Claim, ClaimKind, Person, Recipient
from shared.errors import TemporaryError
from shared.storage.keys import claim_key, person_key, person_tombstone_key
from shared.storage.people import RESOLVE_ATTEMPTS, PersonRepository
from tests.fakes.clock import NOON, CountingIds
from tests.fakes.erasure import FakeErasureKey
from tests.fakes.people import InMemoryPeople
from tests.functional.tables import TABLE, create_table


class People(Protocol):
    def get(self, person_id: str) -> Person | None: ...

    def resolve(self, recipient: Recipient, now: Any) -> Person: ...


@pytest.fixture
def dynamodb() -> Iterator[Any]:
    with mock_aws():
        client = boto3.client("dynamodb")
        create_table(client)
        yield client


@pytest.fixture(params=["fake", "real"])
def people(request: pytest.FixtureRequest) -> People:
    if request.param == "fake":
        return InMemoryPeople()
    return PersonRepository(request.getfixturevalue("dynamodb"), TABLE, CountingIds().new, KEY)


LATER = NOON + timedelta(hours=1)
KEY = FakeErasureKey()


def test_a_recipient_nobody_knows_becomes_a_person(people: People) -> None:
    person = people.resolve(Recipient(email="ada@example.com", name="Ada"), NOON)
    assert person.person_id.startswith("per_")
    assert people.get(person.person_id) == person
    assert people.get("per_unknown") is None


def test_the_same_recipient_is_the_same_person(people: People) -> None:
    recipient = Recipient(email="ada@example.com", phone="+4915112345678")
    assert people.resolve(recipient, NOON) == people.resolve(recipient, LATER)


@pytest.mark.parametrize("again", [{"email": "ADA@example.com"}, {"phone": "+49 151 12345678"}, {"external_id": "c-1"}])
def test_any_one_identifier_is_enough_to_recognise_a_person(people: People, again: dict[str, str]) -> None:
    first = people.resolve(Recipient(email="ada@example.com", phone="+4915112345678", external_id="c-1"), NOON)
    assert people.resolve(Recipient.model_validate(again), LATER).person_id == first.person_id


def test_a_new_identifier_of_a_known_person_becomes_theirs(people: People) -> None:
    first = people.resolve(Recipient(email="ada@example.com"), NOON)
    people.resolve(Recipient(email="ada@example.com", phone="+4915112345678"), LATER)
    by_phone = people.resolve(Recipient(phone="+4915112345678"), LATER)
    assert by_phone == Person(person_id=first.person_id, email="ada@example.com", phone="+4915112345678")


def test_an_address_given_up_still_leads_to_its_person(people: People) -> None:
    first = people.resolve(Recipient(external_id="c-1", email="old@example.com"), NOON)
    people.resolve(Recipient(external_id="c-1", email="new@example.com"), LATER)
    assert people.resolve(Recipient(external_id="c-1"), LATER).email == "new@example.com"
    assert people.resolve(Recipient(email="old@example.com"), NOON).person_id == first.person_id


def test_identifiers_of_two_people_never_merge_them(people: People) -> None:
    by_id = people.resolve(Recipient(external_id="c-1"), NOON)
    by_email = people.resolve(Recipient(email="family@example.com"), NOON)
    both = people.resolve(Recipient(external_id="c-1", email="family@example.com"), LATER)
    assert (both.person_id, both.email) == (by_id.person_id, "family@example.com")
    assert people.resolve(Recipient(email="family@example.com"), LATER).person_id == by_email.person_id


def test_what_comes_late_and_is_older_fills_gaps_only(people: People) -> None:
    people.resolve(Recipient(external_id="c-1", email="new@example.com"), LATER)
    person = people.resolve(Recipient(external_id="c-1", email="old@example.com", name="Ada"), NOON)
    assert (person.email, person.name) == ("new@example.com", "Ada")


def test_hearing_the_same_again_writes_nothing(dynamodb: Any) -> None:
    people = PersonRepository(dynamodb, TABLE, CountingIds().new, KEY)
    people.resolve(Recipient(email="ada@example.com"), NOON)
    before = dynamodb.scan(TableName=TABLE)["Items"]
    people.resolve(Recipient(email="ada@example.com"), LATER)
    assert dynamodb.scan(TableName=TABLE)["Items"] == before


def test_a_person_names_every_claim_on_them_so_that_erasing_finds_all(dynamodb: Any) -> None:
    people = PersonRepository(dynamodb, TABLE, CountingIds().new, KEY)
    person = people.resolve(Recipient(external_id="c-1", email="old@example.com"), NOON)
    people.resolve(Recipient(external_id="c-1", email="new@example.com"), LATER)
    items = dynamodb.scan(TableName=TABLE)["Items"]
    claims = {item["pk"]["S"] for item in items if item["sk"]["S"] == "CLAIM"}
    stored = next(item for item in items if item["pk"]["S"] == f"PERSON#{person.person_id}")
    assert len(claims) == 3
    assert set(stored["claims"]["SS"]) == claims


def test_an_identifier_of_an_erased_person_is_free_again(dynamodb: Any) -> None:
    people = PersonRepository(dynamodb, TABLE, CountingIds().new, KEY)
    erased = people.resolve(Recipient(email="ada@example.com"), NOON)
    dynamodb.put_item(TableName=TABLE, Item=person_tombstone_key(erased.person_id))
    dynamodb.delete_item(TableName=TABLE, Key=person_key(erased.person_id))
    again = people.resolve(Recipient(email="ada@example.com"), LATER)
    assert again.person_id != erased.person_id
    assert people.resolve(Recipient(email="ada@example.com"), LATER) == again


def test_nothing_is_added_to_a_person_who_is_being_erased(dynamodb: Any) -> None:
    people = PersonRepository(dynamodb, TABLE, CountingIds().new, KEY)
    person = people.resolve(Recipient(email="ada@example.com"), NOON)
    tombstone = {**person_tombstone_key(person.person_id), "erased_at": {"S": iso(NOON)}}
    dynamodb.put_item(TableName=TABLE, Item=tombstone)
    with pytest.raises(TemporaryError):
        people.resolve(Recipient(email="ada@example.com", phone="+4915112345678"), LATER)
    phone = claim_key(Claim(kind=ClaimKind.PHONE, value="+4915112345678"))
    assert "Item" not in dynamodb.get_item(TableName=TABLE, Key=phone)


class MeddlingClient:
    """A client that lets somebody else write between the reads and the write of the first few transactions."""

    def __init__(self, client: Any, meddle: Callable[[], object], times: int = 1) -> None:
        self._client, self._meddle, self._times = client, meddle, times

    def get_item(self, **kwargs: Any) -> Any:
        return self._client.get_item(**kwargs)

    def transact_write_items(self, **kwargs: Any) -> Any:
        if self._times:
            self._times -= 1
            self._meddle()
        return self._client.transact_write_items(**kwargs)


def test_two_recipients_who_claim_one_address_at_once_are_one_person(dynamodb: Any) -> None:
    ids = CountingIds()
    other = PersonRepository(dynamodb, TABLE, ids.new, KEY)
    first: list[Person] = []

    def meddle() -> None:
        first.append(other.resolve(Recipient(email="ada@example.com", external_id="c-1"), NOON))

    people = PersonRepository(MeddlingClient(dynamodb, meddle), TABLE, ids.new, KEY)
    second = people.resolve(Recipient(email="ada@example.com", phone="+4915112345678"), LATER)
    assert second == first[0].model_copy(update={"phone": "+4915112345678"})
    owners = {item["person_id"]["S"] for item in dynamodb.scan(TableName=TABLE)["Items"] if item["sk"]["S"] == "CLAIM"}
    assert owners == {first[0].person_id}


def test_two_who_change_one_person_at_once_lose_neither_change(dynamodb: Any) -> None:
    other = PersonRepository(dynamodb, TABLE, CountingIds().new, KEY)
    other.resolve(Recipient(external_id="c-1"), NOON)
    client = MeddlingClient(dynamodb, lambda: other.resolve(Recipient(external_id="c-1", name="Ada"), NOON))
    people = PersonRepository(client, TABLE, CountingIds().new, KEY)
    person = people.resolve(Recipient(external_id="c-1", email="ada@example.com"), LATER)
    assert (person.name, person.email) == ("Ada", "ada@example.com")
    assert other.get(person.person_id) == person


class RacingClient:
    """Nobody writes before all have read; each call runs whole, as on DynamoDB and not on moto."""

    def __init__(self, client: Any, racers: int) -> None:
        self._client, self._lock = client, threading.Lock()
        self._all_have_read = threading.Barrier(racers)
        self._first_writes = iter(range(racers))

    def get_item(self, **kwargs: Any) -> Any:
        with self._lock:
            return self._client.get_item(**kwargs)

    def transact_write_items(self, **kwargs: Any) -> Any:
        if next(self._first_writes, None) is not None:
            self._all_have_read.wait(timeout=60)
        with self._lock:
            return self._client.transact_write_items(**kwargs)


def test_many_at_once_end_with_one_person(dynamodb: Any) -> None:
    ids, client = CountingIds(), RacingClient(dynamodb, RESOLVE_ATTEMPTS)

    def resolve(number: int) -> Person:
        people = PersonRepository(client, TABLE, ids.new, KEY)
        return people.resolve(Recipient(email="ada@example.com", external_id=f"c-{number}"), NOON)

    with ThreadPoolExecutor(RESOLVE_ATTEMPTS) as pool:
        resolved = list(pool.map(resolve, range(RESOLVE_ATTEMPTS)))
    assert len({person.person_id for person in resolved}) == 1
    people = [item for item in dynamodb.scan(TableName=TABLE)["Items"] if item["sk"]["S"] == "PERSON"]
    assert len(people) == 1


def test_a_race_that_is_always_lost_comes_again_later(dynamodb: Any) -> None:
    other = PersonRepository(dynamodb, TABLE, CountingIds().new, KEY)
    other.resolve(Recipient(external_id="c-1"), NOON)
    names = iter(f"Ada {number}" for number in range(100))
    client = MeddlingClient(
        dynamodb,
        lambda: other.resolve(Recipient(external_id="c-1", name=next(names)), NOON),
        times=RESOLVE_ATTEMPTS,
    )
    with pytest.raises(TemporaryError, match="others kept changing"):
        PersonRepository(client, TABLE, CountingIds().new, KEY).resolve(
            Recipient(external_id="c-1", email="ada@example.com"), LATER
        )


def test_an_outage_is_temporary(dynamodb: Any) -> None:
    class Down:
        def get_item(self, **kwargs: Any) -> Any:
            raise ClientError({"Error": {"Code": "ProvisionedThroughputExceededException"}}, "GetItem")

        transact_write_items = get_item

    people = PersonRepository(Down(), TABLE, CountingIds().new, KEY)
    with pytest.raises(TemporaryError):
        people.get("per_1")
    with pytest.raises(TemporaryError):
        people.resolve(Recipient(email="ada@example.com"), NOON)
