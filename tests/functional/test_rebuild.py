"""Stored scores are judged against stored answers, and mended, in a table as DynamoDB keeps it (moto)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from infra.ops.rebuild import Findings, SurveyDay, rebuild, survey_days
from infra.ops.record_commands import sentences
from shared.domain.recount import Verdict
from shared.domain.responses import Response
from shared.domain.surveys import Brand, Breakdown, Question, Scale, Survey
from shared.errors import ConflictError
from shared.storage.keys import score_key
from shared.storage.response_lists import ResponseLists
from shared.storage.responses import LANES, ResponseRepository
from shared.storage.score_days import ScoreDays
from shared.storage.scores import ScoreRepository
from shared.storage.surveys import SurveyRepository
from tests.fakes.answers import TODAY, answer, submitted
from tests.fakes.recount import recount
from tests.functional.tables import RESPONSE_INDEXES, TABLE, create_table

COUNTRIES = ("DE", "AT", "other")
ANSWERS = [answer(n, n % 11, breakdowns={"country": COUNTRIES[n % 3]}) for n in range(1, 40)]


class Record:
    """The responses table, and what reads and writes it."""

    def __init__(self) -> None:
        self.dynamodb: Any = boto3.client("dynamodb")
        create_table(self.dynamodb, indexes=RESPONSE_INDEXES)
        self.repository = ResponseRepository(self.dynamodb, TABLE)
        self.responses = ResponseLists(self.dynamodb, TABLE)
        self.documents = ScoreDays(self.dynamodb, TABLE)
        self.repository.record(submitted(*ANSWERS))

    def add(self, numbers: dict[str, int], breakdown: str = "", value: str = "", lane: int = 0) -> None:
        """Plant a fault: add to a document beside every rule."""
        self.dynamodb.update_item(
            TableName=TABLE,
            Key=score_key("shop", breakdown, TODAY, value, lane),
            UpdateExpression="ADD " + ",".join(f"#{i} :{i}" for i in range(len(numbers))),
            ExpressionAttributeNames={f"#{i}": name for i, name in enumerate(numbers)},
            ExpressionAttributeValues={f":{i}": {"N": str(number)} for i, number in enumerate(numbers.values())},
        )

    def rebuild(self, *, repair: bool = False, days: list[SurveyDay] | None = None) -> Findings:
        asked = days or [SurveyDay("shop", TODAY, frozenset({"country"}))]
        return rebuild(asked, self.responses, self.documents, repair=repair, pause=lambda: None)

    def lines(self) -> list[str]:
        return [line for checked in self.rebuild().drifted for line in sentences(checked)]

    def counts(self, breakdown: str = "") -> dict[str, Any]:
        """What the API tells, by breakdown value."""
        read = ScoreRepository(self.dynamodb, TABLE).read("shop", TODAY, TODAY, breakdown)
        return {each.value: (each.counters, each.responses, each.certificate) for each in read}


@pytest.fixture
def record() -> Iterator[Record]:
    with mock_aws():
        yield Record()


def expected(responses: list[Response], breakdown: str = "") -> dict[str, Any]:
    """What the oracle counts, by breakdown value."""
    return {doc.value: tuple(count) for doc, count in recount(responses).items() if doc.breakdown == breakdown}


def test_what_was_recorded_is_exact_and_every_answer_is_read(record: Record) -> None:
    findings = record.rebuild()
    assert findings.are_clean
    assert (findings.days, findings.responses, findings.drifted) == (1, len(ANSWERS), [])


def test_edits_and_other_lanes_leave_it_exact(record: Record) -> None:
    record.repository.record(submitted(answer(3, 0, 2, breakdowns={"country": "AT"}), answer(4, None, 2)))
    moved = {"recommend:9": 2, "responses": 2, "certificate": 77}
    record.add(moved, lane=5)
    record.add({name: -number for name, number in moved.items()})
    assert record.rebuild().are_clean


FAULTS: dict[str, dict[str, Any]] = {
    "one counter": {"numbers": {"recommend:9": 1}},
    "one counter below zero": {"numbers": {"recommend:9": -40}},
    "one lane": {"numbers": {"recommend:0": 2, "responses": 2}, "lane": 6},
    "one breakdown value": {"numbers": {"recommend:3": 1, "responses": 1}, "breakdown": "country", "value": "AT"},
    "a value nobody gave": {"numbers": {"recommend:3": 1}, "breakdown": "country", "value": "CH"},
    "a certificate only": {"numbers": {"certificate": 12_345}},
    "a certificate the other way": {"numbers": {"certificate": -12_345}, "lane": 3},
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_planted_fault_is_found_mended_and_gone(record: Record, fault: dict[str, Any]) -> None:
    record.add(**fault)
    assert not record.rebuild().are_clean
    findings = record.rebuild(repair=True)
    assert findings.are_clean
    assert (len(findings.drifted), findings.mended) == (1, 1)
    assert record.rebuild().drifted == []
    for breakdown in ("", "country"):
        assert record.counts(breakdown) == expected(ANSWERS, breakdown)


def test_lost_documents_are_found_and_made_again(record: Record) -> None:
    for value in COUNTRIES:
        record.dynamodb.delete_item(TableName=TABLE, Key=score_key("shop", "country", TODAY, value, 0))
    assert record.rebuild(repair=True).are_clean
    assert record.counts("country") == expected(ANSWERS, "country")


def test_an_answer_that_was_lost_from_the_table_is_taken_out_of_the_scores(record: Record) -> None:
    lost = ANSWERS[0]
    record.dynamodb.delete_item(
        TableName=TABLE, Key={"pk": {"S": f"RESPONSE#{lost.response_id}"}, "sk": {"S": "RESPONSE"}}
    )
    assert record.rebuild(repair=True).are_clean
    assert record.counts() == expected(ANSWERS[1:])


def test_each_difference_is_said_by_count_and_by_certificate(record: Record) -> None:
    record.add({"recommend:9": 2, "responses": 1})
    record.add({"certificate": 1}, "country", "DE")
    first, second, third = record.lines()
    assert first == f"shop {TODAY}, whole survey: recommend:9 is 5, recounted 3 (-2)"
    assert second == f"shop {TODAY}, whole survey: answers are 40, recounted 39 (-1)"
    assert third.startswith(f"shop {TODAY}, country=DE: certificate is ")
    assert third.endswith("the counts agree, the answers are not the same ones")


def test_a_difference_is_added_once_though_two_are_mending(record: Record) -> None:
    """The second has judged before the first mended; a counter alone moves neither count nor certificate."""
    record.add({"recommend:9": 1})
    (checked,) = record.rebuild().drifted
    record.documents.add(checked.documents, checked.differences)
    with pytest.raises(ConflictError):
        record.documents.add(checked.documents, checked.differences)
    assert record.rebuild().are_clean


@pytest.mark.parametrize("lane", range(LANES))
def test_nothing_is_added_to_a_document_that_has_changed_in_any_lane(record: Record, lane: int) -> None:
    record.add({"recommend:9": 1})
    (checked,) = record.rebuild().drifted
    record.add({"responses": 1, "certificate": 7}, lane=lane)
    before = record.counts()
    with pytest.raises(ConflictError):
        record.documents.add(checked.documents, checked.differences)
    assert record.counts() == before


def test_more_documents_than_one_transaction_takes_are_mended(record: Record) -> None:
    values = [f"v{n}" for n in range(30)]
    for value in values:
        record.add({"recommend:1": 1}, "country", value)
    findings = record.rebuild(repair=True)
    assert findings.are_clean
    assert len(findings.drifted[0].differences) == len(values)


def test_what_is_written_while_it_mends_is_not_lost(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    late = answer(500, 4, breakdowns={"country": "DE"})
    record.add({"recommend:9": 1})
    add = record.documents.add
    tries: list[int] = []

    def after_another(*arguments: Any) -> None:
        if not tries:
            record.repository.record(submitted(late))
        tries.append(1)
        add(*arguments)

    monkeypatch.setattr(record.documents, "add", after_another)
    assert record.rebuild(repair=True).are_clean
    assert len(tries) == 2
    assert record.counts() == expected([*ANSWERS, late])


def survey(*breakdowns: str) -> Survey:
    return Survey(
        survey_id="shop",
        name="Shop",
        touchpoint="checkout",
        brand=Brand(name="Petits Pains"),
        questions=(Question(id="recommend", scale=Scale.NPS, text={"en": "Would you recommend us?"}),),
        breakdowns=tuple(Breakdown(name=name, values=("DE", "AT")) for name in breakdowns),
    )


def test_the_days_reach_from_the_first_to_the_last_that_has_answers_or_scores(record: Record) -> None:
    before, after = TODAY - timedelta(days=3), TODAY + timedelta(days=2)
    record.repository.record(submitted(answer(900, 5, day=before)))
    lost = score_key("shop", "country", after, "DE", 0)
    record.dynamodb.put_item(TableName=TABLE, Item={**lost, "recommend:1": {"N": "1"}})
    versions = [(survey("country"), survey())]

    def days(since: date | None, until: date | None) -> list[SurveyDay]:
        return list(survey_days(versions, record.responses, record.documents, since, until))

    every = days(None, None)
    assert [each.day for each in every] == [before + timedelta(days=n) for n in range(6)]
    assert every[0].breakdowns == {"country"}
    assert [each.day for each in days(TODAY, TODAY)] == [TODAY]
    findings = record.rebuild(days=every)
    assert [checked.documents.day for checked in findings.drifted] == [after]
    assert findings.drifted[0].verdict is Verdict.DRIFTED


def test_every_version_of_a_survey_is_known(record: Record) -> None:
    create_table(record.dynamodb, "surveys")
    surveys = SurveyRepository(record.dynamodb, "surveys")
    surveys.publish(survey("country"))
    surveys.publish(survey())
    assert [(each.version, len(each.breakdowns)) for each in surveys.versions("shop")] == [(1, 1), (2, 0)]
    assert surveys.versions("sho") == ()
