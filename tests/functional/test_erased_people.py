"""Who was erased, as it is asked before anything that names a person is stored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from shared.domain.base import iso
from shared.domain.people import Claim, ClaimKind, Recipient
from shared.errors import TemporaryError
from shared.storage.erasure_key import ErasureKey
from shared.storage.erasures import ErasedPeople, tombstone_of
from shared.storage.keys import claim_key, person_tombstone_key
from shared.storage.table import READ_ATTEMPTS
from tests.fakes.clock import NOON
from tests.fakes.erasure import FakeErasureKey
from tests.functional.tables import TABLE, create_table

ADA = Claim(kind=ClaimKind.EMAIL, value="ada@example.com")
BOB = Claim(kind=ClaimKind.PHONE, value="+4915112345678")
KEY = FakeErasureKey()


@pytest.fixture
def dynamodb() -> Iterator[Any]:
    with mock_aws():
        client = boto3.client("dynamodb")
        create_table(client)
        yield client


@pytest.fixture
def erased(dynamodb: Any) -> ErasedPeople:
    return ErasedPeople(dynamodb, TABLE, KEY)


def erase(dynamodb: Any, *keys: Mapping[str, Any]) -> None:
    for key in keys:
        dynamodb.put_item(TableName=TABLE, Item={**key, "erased_at": {"S": iso(NOON)}})


def tombstone(claim: Claim) -> Mapping[str, Any]:
    return tombstone_of(claim_key(claim)["pk"]["S"], KEY)


def test_a_person_stays_erased_whenever_it_is_said(dynamodb: Any, erased: ErasedPeople) -> None:
    erase(dynamodb, person_tombstone_key("per_1"))
    found = erased.of(["per_1", "per_2"], [])
    for said_at in (NOON - timedelta(days=900), NOON + timedelta(days=900)):
        assert found.covers("per_1", [], said_at)
        assert not found.covers("per_2", [], said_at)
        assert not found.covers(None, [ADA], said_at)


def test_an_identifier_refuses_what_was_said_until_then_and_nothing_later(dynamodb: Any, erased: ErasedPeople) -> None:
    erase(dynamodb, tombstone(ADA))
    found = erased.of([], [ADA, BOB])
    assert found.covers(None, [BOB, ADA], NOON)
    assert not found.covers(None, [ADA], NOON + timedelta(milliseconds=1))
    assert not found.covers("per_3", [BOB], NOON)


def test_any_number_of_people_is_looked_up(dynamodb: Any, erased: ErasedPeople) -> None:
    erase(dynamodb, person_tombstone_key("per_0"), person_tombstone_key("per_249"))
    assert erased.of([f"per_{number}" for number in range(250)], []).people == {"per_0", "per_249"}


def test_who_asks_of_nobody_costs_nothing() -> None:
    class NoCalls:
        def batch_get_item(self, **kwargs: Any) -> Any:
            raise AssertionError("asked of nobody")

    key = FakeErasureKey()
    assert not ErasedPeople(NoCalls(), TABLE, key).of([], []).covers(None, [], NOON)
    assert key.asked == 0


def test_a_tombstone_does_not_show_whose_it_is() -> None:
    claimed = claim_key(ADA)["pk"]["S"]
    pk = tombstone(ADA)["pk"]["S"]
    assert claimed.rpartition("#")[2] not in pk
    assert ADA.value not in pk


def test_an_identifier_looks_the_same_however_its_holder_wrote_it() -> None:
    loud, quiet = (Recipient(email=email).claims[0] for email in ("Ada@EXAMPLE.com", "ada@example.com"))
    assert tombstone(loud) == tombstone(quiet)


def test_what_the_store_leaves_out_is_asked_for_again(dynamodb: Any) -> None:
    erase(dynamodb, person_tombstone_key("per_1"))

    class Stingy:
        """Answers from the second time on."""

        def __init__(self, refusals: int) -> None:
            self.refusals = refusals

        def batch_get_item(self, **kwargs: Any) -> Any:
            self.refusals -= 1
            if self.refusals >= 0:
                return {"Responses": {}, "UnprocessedKeys": kwargs["RequestItems"]}
            return dynamodb.batch_get_item(**kwargs)

    assert ErasedPeople(Stingy(2), TABLE, KEY).of(["per_1"], []).people == {"per_1"}
    with pytest.raises(TemporaryError):
        ErasedPeople(Stingy(READ_ATTEMPTS), TABLE, KEY).of(["per_1"], [])


def test_an_outage_does_not_pass_for_nobody_was_erased() -> None:
    class Down:
        def batch_get_item(self, **kwargs: Any) -> Any:
            raise ClientError({"Error": {"Code": "ProvisionedThroughputExceededException"}}, "BatchGetItem")

    with pytest.raises(TemporaryError):
        ErasedPeople(Down(), TABLE, KEY).of(["per_1"], [])


def test_without_the_erasure_key_it_is_not_known_who_was_erased(dynamodb: Any) -> None:
    erased = ErasedPeople(dynamodb, TABLE, ErasureKey(boto3.client("ssm"), "/hearback/test/erasure-key"))
    assert erased.of(["per_1"], []).people == frozenset()
    with pytest.raises(TemporaryError, match="ops erasure prepare"):
        erased.of([], [ADA])


def test_the_erasure_key_is_read_once() -> None:
    with mock_aws():
        ssm = boto3.client("ssm")
        ssm.put_parameter(Name="/erasure-key", Value="first", Type="SecureString")
        key = ErasureKey(ssm, "/erasure-key")
        hashed = key.hashed("a")
        ssm.put_parameter(Name="/erasure-key", Value="second", Type="SecureString", Overwrite=True)
        assert key.hashed("a") == hashed
        assert ErasureKey(ssm, "/erasure-key").hashed("a") != hashed
