"""The audit trail tells each change of a recorded answer's score once; a history leaves what it comes to, no more."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import boto3
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moto import mock_aws

from shared.domain.people import Recipient
from shared.domain.recording import Erasure, Outcome, ScoreChange
from shared.domain.responses import Counted, Response
from shared.storage.audit_trail import AuditTrail
from shared.storage.responses import ResponseRepository
from tests.fakes.answers import QUESTION, TODAY, answer, response_id, submitted
from tests.fakes.clock import NOON
from tests.functional.tables import TABLE, create_table
from tests.functional.watched import Watched, assert_exact, cancelled


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    with mock_aws():
        yield boto3.client("dynamodb")


@pytest.fixture
def table(client: Any) -> Iterator[Watched]:
    create_table(client)
    yield Watched(client)
    client.delete_table(TableName=TABLE)


@pytest.fixture
def responses(table: Watched) -> ResponseRepository:
    return ResponseRepository(table, TABLE)


def record(repository: ResponseRepository, *answers: Response) -> None:
    repository.record(submitted(*answers))


def edit(repository: ResponseRepository, changed: Response, actor: str) -> Outcome:
    message = submitted(changed, expected_revision=changed.revision - 1)[0].model_copy(update={"actor": actor})
    return repository.record([message])[changed.response_id].outcome


def counted(rating: int) -> Counted:
    return Counted(survey_id="shop", day=TODAY, ratings={QUESTION: rating})


def test_a_first_answer_is_no_change(table: Watched, responses: ResponseRepository) -> None:
    record(responses, answer(rating=3))
    assert AuditTrail(table, TABLE).of(response_id(1)) == ()


def test_each_change_says_when_by_whom_from_what_to_what(table: Watched, responses: ResponseRepository) -> None:
    record(responses, answer(rating=3))
    record(responses, answer(rating=7, revision=5, at=NOON + timedelta(minutes=1)))
    edited = answer(rating=9, revision=6, at=NOON + timedelta(hours=1))
    assert edit(responses, edited, "back-office") is Outcome.RECORDED
    assert edit(responses, edited, "back-office") is Outcome.KNOWN
    assert AuditTrail(table, TABLE).of(response_id(1)) == (
        ScoreChange(5, NOON + timedelta(minutes=1), None, counted(3), counted(7)),
        ScoreChange(6, NOON + timedelta(hours=1), "back-office", counted(7), counted(9)),
    )


def test_a_comment_changes_no_score_and_what_becomes_a_score_does(
    table: Watched, responses: ResponseRepository
) -> None:
    record(responses, answer(rating=None, comment="Hm"))
    record(responses, answer(rating=None, comment="Hmm", revision=2))
    record(responses, answer(rating=8, comment="Hmm", revision=3))
    record(responses, answer(rating=8, comment="Oh", revision=4))
    assert [(each.revision, each.before, each.after) for each in AuditTrail(table, TABLE).of(response_id(1))] == [
        (3, None, counted(8))
    ]


def test_an_edit_that_lost_leaves_no_trace(table: Watched, responses: ResponseRepository) -> None:
    record(responses, answer(rating=3))
    assert edit(responses, answer(rating=9, revision=2), "first") is Outcome.RECORDED
    assert edit(responses, answer(rating=0, revision=2), "second") is Outcome.CONDITION_FAILED
    assert [each.actor for each in AuditTrail(table, TABLE).of(response_id(1))] == ["first"]


# any history: the model below is told the same, and imports nothing of what it judges

ADA, BEA = Recipient(email="ada@example.com"), Recipient(phone="+4915112345678", external_id="b")


class Submit(NamedTuple):
    answers: list[Response]


class Edit(NamedTuple):
    number: int
    rating: int


class Erase(NamedTuple):
    number: int


Step = Submit | Edit | Erase


class Model:
    """One answer after the other, in the simplest way."""

    def __init__(self) -> None:
        self.stored: dict[str, Response] = {}
        self.erased: set[str] = set()
        self.trail: dict[str, list[tuple[int, str | None, Any, Any]]] = {}

    def submit(self, answers: list[Response]) -> None:
        best: dict[str, Response] = {}
        for each in answers:
            if each.response_id not in best or each.revision > best[each.response_id].revision:
                best[each.response_id] = each
        for each in best.values():
            known = self.stored.get(each.response_id)
            if each.response_id not in self.erased and (known is None or each.revision > known.revision):
                self.put(each, None)

    def put(self, response: Response, actor: str | None) -> None:
        known = self.stored.get(response.response_id)
        if known is not None and counts_as(known) != counts_as(response):
            entry = (response.revision, actor, counts_as(known), counts_as(response))
            self.trail.setdefault(response.response_id, []).append(entry)
        self.stored[response.response_id] = response

    def erase(self, number: int) -> None:
        self.erased.add(response_id(number))
        self.stored.pop(response_id(number), None)
        self.trail.pop(response_id(number), None)

    def pointers(self) -> set[tuple[str, str]]:
        found = set()
        for response in self.stored.values():
            claimed = response.claimed_person
            for kind, value in (("email", "email"), ("phone", "phone"), ("external", "external_id")):
                if claimed is not None and getattr(claimed, value):
                    proof = hashlib.sha256(getattr(claimed, value).encode()).hexdigest()
                    found.add((f"CLAIMED#{kind}#{proof}", response.response_id))
        return found


def counts_as(response: Response) -> Any:
    if response.test or not response.ratings:
        return None
    given_ratings = {question: rating.value for question, rating in response.ratings.items()}
    return response.survey_id, response.day, given_ratings, dict(response.breakdowns)


def told(changes: tuple[ScoreChange, ...]) -> list[tuple[int, str | None, Any, Any]]:
    return [(change.revision, change.actor, plain(change.before), plain(change.after)) for change in changes]


def plain(side: Counted | None) -> Any:
    return side and (side.survey_id, side.day, dict(side.ratings), dict(side.breakdowns))


ANSWERS = st.builds(
    answer,
    number=st.integers(1, 3),
    rating=st.none() | st.integers(0, 10),
    revision=st.integers(1, 6),
    survey_id=st.sampled_from(["shop", "delivery"]),
    day=st.sampled_from([TODAY, TODAY + timedelta(days=1)]),
    breakdowns=st.sampled_from([{}, {"country": "de"}, {"country": "fr", "device": "phone"}]),
    claimed_person=st.sampled_from([None, ADA, BEA]),
    test=st.booleans(),
)
STEPS = st.one_of(
    st.builds(Submit, st.lists(ANSWERS, min_size=1, max_size=5)),
    st.builds(Submit, st.lists(ANSWERS, min_size=1, max_size=5)),
    st.builds(Edit, st.integers(1, 3), st.integers(0, 10)),
    st.builds(Erase, st.integers(1, 3)),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, min_size=1, max_size=8), conflicts=st.lists(st.booleans(), max_size=12))
def test_after_any_history_scores_trail_and_pointers_are_what_it_comes_to(
    steps: list[Step], conflicts: list[bool], client: Any
) -> None:
    create_table(client)
    try:
        table, model = Watched(client), Model()
        repository, trail = ResponseRepository(table, TABLE), AuditTrail(client, TABLE)
        cancel = iter(conflicts)

        def busy(name: str, arguments: Any) -> None:
            if name == "transact_write_items" and next(cancel, False):
                raise cancelled(arguments, -1, "TransactionConflict")

        table.before = busy
        for step in steps:
            follow(step, repository, model, NOON)
            assert_exact(table)
            assert {each.response_id: each for each in table.responses()} == model.stored
            assert set(table.tombstones()) == model.erased
            assert table.pointers() == model.pointers()
            for number in (1, 2, 3):
                assert told(trail.of(response_id(number))) == model.trail.get(response_id(number), [])
    finally:
        client.delete_table(TableName=TABLE)


def follow(step: Step, repository: ResponseRepository, model: Model, at: datetime) -> None:
    match step:
        case Submit(answers):
            record(repository, *answers)
            model.submit(answers)
        case Edit(number, rating):
            known = model.stored.get(response_id(number))
            if known is not None:
                ratings = answer(rating=rating).ratings
                changed = known.model_copy(update={"ratings": ratings, "revision": known.revision + 1})
                assert edit(repository, changed, f"clerk-{rating}") is Outcome.RECORDED
                model.put(changed, f"clerk-{rating}")
        case Erase(number):
            repeated = response_id(number) in model.erased
            assert (repository.erase(response_id(number), at) is Erasure.REPEATED) is repeated
            model.erase(number)
