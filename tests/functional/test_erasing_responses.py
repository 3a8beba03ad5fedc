"""Erasing one response: it leaves the scores exactly as it was counted, and nothing of it but a tombstone stays."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ReadTimeoutError
from moto import mock_aws

from shared.domain.people import Claim, ClaimKind, Recipient
from shared.domain.recording import Erasure, Outcome
from shared.domain.responses import Response
from shared.errors import TemporaryError
from shared.storage.audit_trail import AuditTrail
from shared.storage.response_lists import ResponseLists
from shared.storage.responses import MAX_ATTEMPTS, ResponseRepository
from tests.fakes.answers import TODAY, answer, response_id, submitted
from tests.fakes.clock import NOON
from tests.functional.tables import RESPONSE_INDEXES, TABLE, create_table
from tests.functional.watched import Watched, assert_exact, cancelled

ADA = Recipient(email="Ada@Example.com", phone="+4915112345678", name="Ada")
BEA = Recipient(email="bea@example.com", external_id="42")
TOMBSTONE = {
    "pk": {"S": f"RESPONSE#{response_id(1)}"},
    "sk": {"S": "RESPONSE"},
    "erased": {"BOOL": True},
    "erased_at": {"S": "2026-11-22T12:00:00.000Z"},
}


@pytest.fixture
def table() -> Iterator[Watched]:
    with mock_aws():
        client = boto3.client("dynamodb")
        create_table(client, indexes=RESPONSE_INDEXES)
        yield Watched(client)


@pytest.fixture
def responses(table: Watched) -> ResponseRepository:
    return ResponseRepository(table, TABLE)


def record(repository: ResponseRepository, *answers: Response) -> set[Outcome]:
    return {each.outcome for each in repository.record(submitted(*answers)).values()}


def pointer(kind: str, identifier: str, number: int = 1) -> tuple[str, str]:
    return f"CLAIMED#{kind}#{hashlib.sha256(identifier.encode()).hexdigest()}", response_id(number)


def test_only_a_tombstone_is_left_and_the_scores_are_those_of_the_others(
    table: Watched, responses: ResponseRepository
) -> None:
    said = answer(1, rating=3, person_id="p-1", claimed_person=ADA, comment="Ada here", breakdowns={"country": "de"})
    record(responses, said, answer(2, rating=9))
    record(responses, said.model_copy(update={"revision": 2, "ratings": answer(rating=4).ratings}))
    assert responses.erase(response_id(1), NOON) is Erasure.ERASED
    assert [item for item in table.items() if response_id(1) in str(item)] == [TOMBSTONE]
    assert [each.response_id for each in table.responses()] == [response_id(2)]
    lists = ResponseLists(table, TABLE)
    assert len(lists.of_survey("shop", limit=9).responses) == 1
    assert lists.of_person("p-1", limit=9).responses == ()
    assert_exact(table)


def test_it_is_taken_out_as_it_was_counted_even_if_it_would_count_otherwise_today(
    table: Watched, responses: ResponseRepository
) -> None:
    record(responses, answer(1, rating=9), answer(2, rating=9))
    table.client.update_item(
        TableName=TABLE,
        Key={key: TOMBSTONE[key] for key in ("pk", "sk")},
        UpdateExpression="SET answered = :moved",
        ExpressionAttributeValues={":moved": {"S": "2027-01-01#2027-01-01T12:00:00.000000Z"}},
    )
    counted = table.client.get_item(TableName=TABLE, Key={key: TOMBSTONE[key] for key in ("pk", "sk")})["Item"]
    counted["counted"] = {"S": counted["counted"]["S"].replace("{", '{"day":"2026-11-22",', 1)}
    table.client.put_item(TableName=TABLE, Item=counted)
    responses.erase(response_id(1), NOON)
    assert_exact(table)


def test_again_it_changes_nothing_and_says_so(table: Watched, responses: ResponseRepository) -> None:
    record(responses, answer(1), answer(2))
    responses.erase(response_id(1), NOON)
    before = table.items()
    assert responses.erase(response_id(1), NOON + timedelta(days=1)) is Erasure.REPEATED
    assert table.items() == before


def test_what_is_still_on_its_way_finds_the_tombstone(table: Watched, responses: ResponseRepository) -> None:
    assert responses.erase(response_id(1), NOON) is Erasure.UNKNOWN
    assert record(responses, answer(1), answer(1, revision=7)) == {Outcome.ERASED}
    assert table.items() == [TOMBSTONE]


def test_a_test_and_a_bare_comment_are_erased_by_one_write(table: Watched, responses: ResponseRepository) -> None:
    record(responses, answer(1, test=True), answer(2, rating=None, comment="Hm"))
    table.calls.clear()
    assert {responses.erase(response_id(n), NOON) for n in (1, 2)} == {Erasure.ERASED}
    assert table.names == {"get_item": 2, "put_item": 2, "query": 2}
    assert table.responses() == []


def test_a_busy_score_document_sends_the_subtraction_to_another_lane(
    table: Watched, responses: ResponseRepository
) -> None:
    record(responses, answer(1), answer(2))

    def busy(name: str, arguments: Any) -> None:
        if name == "transact_write_items" and arguments["TransactItems"][-1]["Update"]["Key"]["sk"]["S"].endswith("#0"):
            raise cancelled(arguments, -1, "TransactionConflict")

    table.before = busy
    assert responses.erase(response_id(1), NOON) is Erasure.ERASED
    assert_exact(table)


def test_a_revision_that_comes_in_between_is_erased_too(table: Watched, responses: ResponseRepository) -> None:
    record(responses, answer(1, rating=0), answer(2))
    other = ResponseRepository(table.client, TABLE)
    overtaking = iter(
        [answer(1, rating=5, revision=2, claimed_person=ADA), answer(1, rating=9, revision=3, claimed_person=BEA)]
    )

    def overtake(name: str, arguments: Any) -> None:
        if name == "transact_write_items" and (faster := next(overtaking, None)):
            other.record(submitted(faster))

    table.before = overtake
    assert responses.erase(response_id(1), NOON) is Erasure.ERASED
    assert table.pointers() == set()
    assert AuditTrail(table, TABLE).of(response_id(1)) == ()
    assert_exact(table)


def test_what_never_stops_changing_comes_again_later(table: Watched, responses: ResponseRepository) -> None:
    record(responses, answer(1))
    table.calls.clear()

    def busy(name: str, arguments: Any) -> None:
        if name == "transact_write_items":
            raise cancelled(arguments, 0, "TransactionConflict")

    table.before = busy
    with pytest.raises(TemporaryError):
        responses.erase(response_id(1), NOON)
    assert table.names["transact_write_items"] == MAX_ATTEMPTS


@pytest.mark.parametrize("fault", ["ProvisionedThroughputExceeded", "ThrottlingError", "None"])
def test_a_busy_store_is_not_hammered(fault: str, table: Watched, responses: ResponseRepository) -> None:
    record(responses, answer(1))
    table.calls.clear()

    def throttle(name: str, arguments: Any) -> None:
        if name == "transact_write_items":
            raise cancelled(arguments, 0, fault)

    table.before = throttle
    with pytest.raises(TemporaryError):
        responses.erase(response_id(1), NOON)
    assert table.names["transact_write_items"] == 1


def test_what_a_newer_hearback_stored_is_not_taken_for_erased(table: Watched, responses: ResponseRepository) -> None:
    strange = {"pk": TOMBSTONE["pk"], "sk": TOMBSTONE["sk"], "revision": {"N": "1"}, "content": {"S": "{}"}}
    table.client.put_item(TableName=TABLE, Item=strange)
    with pytest.raises(TemporaryError):
        responses.erase(response_id(1), NOON)
    assert table.items() == [strange]


class Killed(BaseException):
    """The worker ended here, as when its machine goes away."""


CALLS = ("get_item", "transact_write_items", "query", "delete_item")


@pytest.mark.parametrize("fault", [Killed(), ReadTimeoutError(endpoint_url="https://dynamodb")], ids=["killed", "lost"])
@pytest.mark.parametrize("happened", [False, True])
@pytest.mark.parametrize("call", range(len(CALLS)))
def test_whoever_dies_at_any_call_leaves_exact_scores_and_the_next_one_finishes(
    call: int, happened: bool, fault: BaseException, table: Watched, responses: ResponseRepository
) -> None:
    record(responses, answer(1, rating=0, claimed_person=ADA), answer(2))
    record(responses, answer(1, rating=9, revision=2, claimed_person=ADA))
    table.calls.clear()

    def kill(name: str, arguments: Any) -> None:
        if len(table.calls) == call + 1:
            assert name == CALLS[call]
            raise fault

    table.before, table.after = (table.before, kill) if happened else (kill, table.after)
    with pytest.raises((Killed, TemporaryError)):
        responses.erase(response_id(1), NOON)
    assert_exact(table)
    table.before = table.after = lambda name, arguments: None
    assert responses.erase(response_id(1), NOON) in {Erasure.ERASED, Erasure.REPEATED}
    assert [item for item in table.items() if response_id(1) in str(item)] == [TOMBSTONE]
    assert_exact(table)


# identifiers that nobody has verified


def test_an_identifier_points_to_the_responses_that_claim_it_and_is_not_readable(
    table: Watched, responses: ResponseRepository
) -> None:
    record(responses, answer(1, claimed_person=ADA), answer(2, claimed_person=ADA), answer(3, claimed_person=BEA))
    lists = ResponseLists(table, TABLE)
    email = Claim(kind=ClaimKind.EMAIL, value="ada@example.com")
    assert sorted(lists.of_claim(email)) == [response_id(1), response_id(2)]
    assert [*lists.of_claim(Claim(kind=ClaimKind.EXTERNAL, value="42"))] == [response_id(3)]
    assert [*lists.of_claim(Claim(kind=ClaimKind.PHONE, value="+4915100000000"))] == []
    assert not any("example.com" in str(item) for item in table.items() if "content" not in item)


def test_a_revision_moves_the_pointers_with_the_claim(table: Watched, responses: ResponseRepository) -> None:
    record(responses, answer(1, claimed_person=ADA))
    assert table.pointers() == {pointer("email", "ada@example.com"), pointer("phone", "+4915112345678")}
    moved = Recipient(email="ada@example.com", external_id="7")
    record(responses, answer(1, revision=2, claimed_person=moved))
    assert table.pointers() == {pointer("email", "ada@example.com"), pointer("external", "7")}
    record(responses, answer(1, revision=3))
    assert table.pointers() == set()


def test_a_claim_that_stays_costs_a_revision_nothing(table: Watched, responses: ResponseRepository) -> None:
    record(responses, answer(1, claimed_person=ADA))
    table.calls.clear()
    record(responses, answer(1, revision=2, claimed_person=ADA, comment="Hm"))
    assert table.names == {"batch_get_item": 1, "put_item": 1}


def test_pointers_are_packed_within_the_limits(table: Watched, responses: ResponseRepository) -> None:
    everybody = [
        answer(n, claimed_person=Recipient(email=f"n{n}@example.com", phone=f"+49151{n:08}"), day=TODAY)
        for n in range(84)
    ]
    assert record(responses, *everybody) == {Outcome.RECORDED}
    assert len(table.pointers()) == 168
    assert max(len(arguments["TransactItems"]) for _, arguments in table.calls) <= 100
    assert table.names == {"transact_write_items": 3}
    assert_exact(table)
