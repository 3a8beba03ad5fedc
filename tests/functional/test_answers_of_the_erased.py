"""Answers of erased people are not stored, however late they come, and nobody else's answer waits for that."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from shared.domain.erasure import Erased
from shared.domain.people import Claim, ClaimKind, Recipient
from shared.domain.recording import Outcome
from shared.domain.responses import Response
from shared.errors import TemporaryError
from shared.storage.responses import ResponseRepository
from tests.fakes.answers import answer, response_id, submitted
from tests.fakes.clock import NOON
from tests.functional.tables import TABLE, create_table
from tests.functional.watched import Watched, assert_exact

ADA = Recipient(email="Ada@example.com", phone="+4915112345678")
EMAIL = Claim(kind=ClaimKind.EMAIL, value="ada@example.com")
PHONE = Claim(kind=ClaimKind.PHONE, value="+4915112345678")


class ErasedPeople:
    """Knows one erased person, and one erased identifier since noon."""

    def __init__(self) -> None:
        self.asked: list[tuple[set[str], set[Claim]]] = []
        self.away = False

    def of(self, person_ids: Collection[str], claims: Collection[Claim]) -> Erased:
        self.asked.append((set(person_ids), set(claims)))
        if self.away:
            raise TemporaryError("away")
        return Erased(frozenset({"per_gone"} & set(person_ids)), {claim: NOON for claim in claims if claim == EMAIL})


@pytest.fixture
def table() -> Iterator[Watched]:
    with mock_aws():
        client = boto3.client("dynamodb")
        create_table(client)
        yield Watched(client)


@pytest.fixture
def erased() -> ErasedPeople:
    return ErasedPeople()


@pytest.fixture
def responses(table: Watched, erased: ErasedPeople) -> ResponseRepository:
    return ResponseRepository(table, TABLE, erased)


def outcomes(repository: ResponseRepository, *answers: Response) -> list[Outcome]:
    recorded: Any = repository.record(submitted(*answers))
    return [recorded[each.response_id].outcome for each in answers]


def test_an_erased_persons_answer_is_dropped_and_the_others_are_recorded(
    table: Watched, responses: ResponseRepository
) -> None:
    batch = (answer(1, person_id="per_gone"), answer(2, person_id="per_here"), answer(3))
    assert outcomes(responses, *batch) == [Outcome.ERASED, Outcome.RECORDED, Outcome.RECORDED]
    assert sorted(each.response_id for each in table.responses()) == [response_id(2), response_id(3)]
    assert_exact(table)


@pytest.mark.parametrize(("seconds", "outcome"), [(-1, Outcome.ERASED), (0, Outcome.ERASED), (1, Outcome.RECORDED)])
def test_who_comes_back_under_an_erased_address_is_a_new_person(
    seconds: int, outcome: Outcome, responses: ResponseRepository
) -> None:
    at = NOON + timedelta(seconds=seconds)
    assert outcomes(responses, answer(1, claimed_person=ADA, at=at)) == [outcome]


def test_nobody_is_asked_about_answers_that_name_nobody(responses: ResponseRepository, erased: ErasedPeople) -> None:
    outcomes(responses, answer(1), answer(2))
    assert erased.asked == []
    outcomes(responses, answer(3), answer(4, person_id="per_here"), answer(5, claimed_person=ADA))
    assert erased.asked == [({"per_here"}, {EMAIL, PHONE})]


def test_while_it_is_not_known_who_was_erased_only_who_is_named_waits(
    table: Watched, responses: ResponseRepository, erased: ErasedPeople
) -> None:
    erased.away = True
    batch = (answer(1, person_id="per_here"), answer(2), answer(3, claimed_person=ADA))
    assert outcomes(responses, *batch) == [Outcome.POSTPONED, Outcome.RECORDED, Outcome.POSTPONED]
    assert [each.response_id for each in table.responses()] == [response_id(2)]


def test_a_later_revision_that_names_nobody_is_recorded(responses: ResponseRepository) -> None:
    named, taken_back = answer(1, person_id="per_gone"), answer(1, rating=3, revision=2)
    recorded = responses.record(submitted(named, taken_back))[response_id(1)]
    assert (recorded.outcome, recorded.stored) == (Outcome.RECORDED, taken_back)
