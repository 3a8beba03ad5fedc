"""What was exported comes back in an empty stack: the same answers, people and scores, and nothing that was erased."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from infra.ops.archive import ArchiveError, History, Restored, archived, harmless, restore, tabled, write_private
from infra.ops.erasure import StoredErasures
from infra.ops.people import StoredPeople, every_person
from infra.ops.rebuild import rebuild, survey_days
from infra.ops.record_commands import every_response
from shared.domain.people import Claim, ClaimKind, Recipient
from shared.domain.queued import ResponseSubmitted
from shared.domain.recording import Outcome, Recorded
from shared.domain.responses import Rating, Response, Source, Subject
from shared.domain.surveys import Brand, Breakdown, Question, Scale, Survey
from shared.errors import TemporaryError
from shared.storage.erasures import ErasedPeople, tombstone_of
from shared.storage.keys import claim_key, person_tombstone_key
from shared.storage.people import PersonReader, PersonRepository
from shared.storage.people_lists import PeopleLists
from shared.storage.response_lists import ResponseLists
from shared.storage.responses import ResponseRepository
from shared.storage.score_days import ScoreDays
from shared.storage.scores import ScoreRepository
from shared.storage.surveys import SurveyRepository
from tests.fakes.answers import TODAY, answer, submitted
from tests.fakes.clock import NOON, CountingIds
from tests.functional.tables import RESPONSE_INDEXES, create_table

PEOPLE_INDEXES = {"listed": ("listed_as", "listed_at")}


class ErasureKey:
    """Stands in for the secret that identifiers of the erased are hashed with."""

    def hashed(self, value: str) -> str:
        return f"hash-of-{value}"


def survey(name: str = "Shop", *breakdowns: str) -> Survey:
    return Survey(
        survey_id="shop",
        name=name,
        touchpoint="checkout",
        brand=Brand(name="Petits Pains"),
        questions=(
            Question(id="recommend", scale=Scale.NPS, text={"en": "Would you recommend us?"}),
            Question(id="why", scale=Scale.TEXT, text={"en": "Why?"}),
        ),
        breakdowns=tuple(Breakdown(name=each, values=("DE", "AT")) for each in breakdowns),
        time_zone="Europe/Berlin",
    )


class House:
    """One stack's tables, and what `ops` builds on them."""

    def __init__(self, name: str) -> None:
        self.dynamodb: Any = boto3.client("dynamodb")
        self.tables = {kind: f"{name}-{kind}" for kind in ("surveys", "responses", "people")}
        create_table(self.dynamodb, self.tables["surveys"])
        create_table(self.dynamodb, self.tables["responses"], RESPONSE_INDEXES)
        create_table(self.dynamodb, self.tables["people"], PEOPLE_INDEXES)
        self.surveys = SurveyRepository(self.dynamodb, self.tables["surveys"])
        self.responses = ResponseRepository(
            self.dynamodb,
            self.tables["responses"],
            ErasedPeople(self.dynamodb, self.tables["people"], ErasureKey()),
        )
        self.lists = ResponseLists(self.dynamodb, self.tables["responses"])
        self.people_lists = PeopleLists(self.dynamodb, self.tables["people"])
        erasures = StoredErasures(self.dynamodb, self.tables["responses"], self.tables["people"])
        self.people = StoredPeople(self.dynamodb, self.tables["people"], ErasureKey(), erasures.person)

    def meet(self, recipient: Recipient, now: datetime = NOON) -> str:
        ids = CountingIds()
        repository = PersonRepository(self.dynamodb, self.tables["people"], ids.new, ErasureKey())
        return repository.resolve(recipient, now).person_id

    def owner(self, email: str) -> str | None:
        found = PersonReader(self.dynamodb, self.tables["people"]).find(Claim(kind=ClaimKind.EMAIL, value=email))
        return found.person_id if found else None

    def histories(self) -> list[History]:
        return [
            History(self.surveys.versions(each.survey_id), each.archived) for each in self.surveys.list_surveys()
        ]  # fmt: skip

    def every_response(self, survey_id: str) -> Iterator[Response]:
        return every_response(self.lists, survey_id)

    def export(self) -> list[str]:
        return list(archived(self.histories(), every_person(self.people_lists), self.every_response, NOON))

    def restore(self, lines: Iterable[str]) -> Restored:
        return restore(lines, self.surveys, self.people, self.responses.record)

    def scores(self, breakdown: str = "") -> Any:
        repository = ScoreRepository(self.dynamodb, self.tables["responses"])
        return repository.read("shop", TODAY - timedelta(days=30), TODAY, breakdown)

    def is_proved(self) -> bool:
        """Whether `ops rebuild --check` finds every score to be what was answered."""
        documents = ScoreDays(self.dynamodb, self.tables["responses"])
        days = survey_days([each.versions for each in self.histories()], self.lists, documents, None, None)
        return rebuild(days, self.lists, documents, repair=False, pause=lambda: None).are_clean


ANSWERS = [
    answer(n, n % 11, day=TODAY - timedelta(days=n % 4), breakdowns={"country": ("DE", "AT", "other")[n % 3]})
    for n in range(1, 25)
]


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """A stack with two versions of a survey, people, and answers of every kind; restored in several batches."""
    monkeypatch.setattr("infra.ops.archive.BATCH", 10)
    monkeypatch.setattr("infra.ops.record_commands.PAGE", 9)
    with mock_aws():
        made = House("first")
        made.surveys.publish(survey("Shop", "country"))
        made.surveys.publish(survey("Our shop", "country"))
        ada = made.meet(Recipient(email="ada@example.com", name="Ada", phone="+4915112345678"))
        made.responses.record(submitted(*ANSWERS))
        made.responses.record(
            submitted(
                answer(5, 1, 7, day=TODAY - timedelta(days=1), comment="Changed my mind", person_id=ada),
                answer(500, None, comment="Only words", texts={"why": "=SUM(A1)"}),
                answer(501, 9, test=True),
                answer(
                    502,
                    3,
                    claimed_person=Recipient(email="somebody@example.com"),
                    subject=Subject(type="order", id="o-1"),
                    properties={"plan": "gold"},
                    source=Source.IMPORT,
                    verified=True,
                    locale="de",
                ),
            )
        )
        yield made


def test_an_empty_stack_becomes_the_same_by_an_export(house: House) -> None:
    other = House("other")
    restored = other.restore(house.export())
    assert (restored.surveys, restored.people, restored.responses) == (1, 1, len(ANSWERS) + 3)
    assert restored.outcomes == {Outcome.RECORDED: len(ANSWERS) + 3}
    assert list(other.every_response("shop")) == list(house.every_response("shop"))
    assert [*every_person(other.people_lists)] == [*every_person(house.people_lists)]
    assert other.histories() == house.histories()
    for breakdown in ("", "country"):
        assert other.scores(breakdown) == house.scores(breakdown) != ()
    assert other.is_proved()


def test_an_export_of_the_restored_is_the_export(house: House) -> None:
    lines, other = house.export(), House("other")
    other.restore(lines)
    assert other.export() == lines


def test_an_export_restored_twice_counts_once(house: House) -> None:
    lines, other = house.export(), House("other")
    other.restore(lines)
    before = other.scores()
    assert other.restore(lines).outcomes == {Outcome.KNOWN: len(ANSWERS) + 3}
    assert other.scores() == before


def test_what_was_answered_since_stays(house: House) -> None:
    lines = house.export()
    later = answer(5, 10, 8, day=TODAY - timedelta(days=1))
    house.responses.record(submitted(later))
    assert house.restore(lines).outcomes[Outcome.OUTDATED] == 1
    assert house.responses.get(later.response_id) == later


def test_what_was_erased_since_does_not_come_back(house: House) -> None:
    lines = house.export()
    (ada,) = every_person(house.people_lists)
    house.responses.erase(ANSWERS[0].response_id, NOON)
    house.responses.erase(ANSWERS[4].response_id, NOON)
    tombstone = {**person_tombstone_key(ada.person.person_id), "erased_at": {"S": "2026-11-22T12:00:00.000Z"}}
    house.dynamodb.put_item(TableName=house.tables["people"], Item=tombstone)
    assert house.restore(lines).outcomes[Outcome.ERASED] == 2
    assert house.responses.get(ANSWERS[0].response_id) is None
    elsewhere = House("other")
    elsewhere.dynamodb.put_item(TableName=elsewhere.tables["people"], Item=tombstone)
    assert elsewhere.restore(lines).outcomes[Outcome.ERASED] == 1
    assert elsewhere.responses.get(ANSWERS[4].response_id) is None
    assert [*every_person(elsewhere.people_lists)] == []


def test_who_was_erased_here_under_another_id_does_not_come_back(house: House) -> None:
    """The other stack knew Ada by the same address, and forgot her after what the export says of her."""
    other = House("other")
    claim = Claim(kind=ClaimKind.EMAIL, value="ada@example.com")
    tombstone = tombstone_of(claim_key(claim)["pk"]["S"], ErasureKey())
    erased_at = {"erased_at": {"S": "2026-11-23T12:00:00.000Z"}}
    other.dynamodb.put_item(TableName=other.tables["people"], Item={**tombstone, **erased_at})
    assert other.restore(house.export()).outcomes[Outcome.ERASED] == 1
    assert other.responses.get(ANSWERS[4].response_id) is None
    assert [*every_person(other.people_lists)] == []


def test_a_survey_that_was_closed_and_opened_again_keeps_its_numbers(house: House) -> None:
    house.surveys.archive("shop")
    house.surveys.publish(survey("Our shop", "country"))
    house.surveys.archive("shop")
    other = House("other")
    other.restore(house.export())
    assert other.histories() == house.histories()
    assert [version.version for version in other.histories()[0].versions] == [1, 2, 3]


def test_another_survey_of_the_same_id_is_not_overwritten(house: House) -> None:
    other = House("other")
    other.surveys.publish(survey("Another shop"))
    with pytest.raises(ArchiveError, match="another version 1"):
        other.restore(house.export())


def test_an_identifier_of_somebody_else_is_not_taken(house: House) -> None:
    other = House("other")
    ids = CountingIds()
    ids.new()
    repository = PersonRepository(other.dynamodb, other.tables["people"], ids.new, ErasureKey())
    repository.resolve(Recipient(email="ada@example.com"), NOON)
    with pytest.raises(ArchiveError, match="is known here as"):
        other.restore(house.export())


def test_an_address_of_somebody_else_in_a_profile_stays_theirs(house: House) -> None:
    ids = CountingIds()
    repository = PersonRepository(house.dynamodb, house.tables["people"], lambda: f"x{ids.new()}", ErasureKey())
    first = repository.resolve(Recipient(external_id="X", email="a@example.com"), NOON)
    second = repository.resolve(Recipient(email="b@example.com"), NOON + timedelta(seconds=1))
    told = repository.resolve(Recipient(external_id="X", email="b@example.com"), NOON + timedelta(seconds=2))
    assert (told.person_id, told.email) == (first.person_id, "b@example.com")
    other, lines = House("other"), house.export()
    other.restore(lines)
    assert other.owner("b@example.com") == second.person_id
    assert other.owner("a@example.com") == first.person_id
    assert other.export() == lines


def test_erasing_after_a_restore_covers_former_addresses(house: House) -> None:
    """More of them than one transaction holds."""
    addresses = [f"x{n}@example.com" for n in range(60)]
    for n, address in enumerate(addresses):
        house.meet(Recipient(phone="+4915112345678", email=address), NOON + timedelta(seconds=n))
    (ada,) = every_person(house.people_lists)
    other = House("other")
    other.restore(house.export())
    assert {other.owner(address) for address in addresses} == {ada.person.person_id}
    (again,) = every_person(other.people_lists)
    assert again == ada
    assert len(again.claims) == 62


def test_an_export_of_before_claims_were_written_comes_back_by_the_profiles(house: House) -> None:
    lines = [json.loads(line) for line in house.export()]
    old = [json.dumps({name: each for name, each in line.items() if name != "claims"}) for line in lines]
    other = House("other")
    other.restore(old)
    assert [*every_person(other.people_lists)] == [*every_person(house.people_lists)]


def test_an_address_of_the_profile_that_was_erased_here_does_not_come_back(house: House) -> None:
    """It is no claim of hers: whoever it belonged to was erased after the export."""
    lines = house.export()
    person = json.loads(lines[2])
    person["person"]["email"] = "b@example.com"
    other = House("other")
    tombstone = tombstone_of(claim_key(Claim(kind=ClaimKind.EMAIL, value="b@example.com"))["pk"]["S"], ErasureKey())
    erased_at = {"erased_at": {"S": "2026-11-23T12:00:00.000Z"}}
    other.dynamodb.put_item(TableName=other.tables["people"], Item={**tombstone, **erased_at})
    other.restore([*lines[:2], json.dumps(person), *lines[3:]])
    assert [*every_person(other.people_lists)] == []


def test_a_survey_that_was_opened_again_since_stays_open(house: House) -> None:
    house.surveys.archive("shop")
    lines = house.export()
    house.surveys.publish(survey("Our shop", "country"))
    house.restore(lines)
    (history,) = house.histories()
    assert not history.archived
    assert history.versions[-1].version == 3


@pytest.mark.parametrize("cut", [-1, -2, -10])
def test_a_file_that_was_cut_off_is_known_for_one(house: House, cut: int) -> None:
    with pytest.raises(ArchiveError, match="cut off"):
        House("other").restore(house.export()[:cut])


def test_a_file_with_a_line_missing_is_known_for_one(house: House) -> None:
    lines = house.export()
    with pytest.raises(ArchiveError, match="cut off"):
        House("other").restore([*lines[:6], *lines[7:]])


@pytest.mark.parametrize(
    "lines",
    [
        ["no json"],
        ["[]"],
        ['{"format": "something else"}'],
        ['{"format": "hearback-export", "schema": 2}'],
        ['{"format": "hearback-export", "schema": 1}', '{"response": {"response_id": "1"}}'],
        ['{"format": "hearback-export", "schema": 1}', '{"survey": {}}'],
        ['{"format": "hearback-export", "schema": 1}', '{"person": {"person_id": "per_1"}}'],
        [],
    ],
)
def test_what_is_no_export_is_refused_without_quoting_it(house: House, lines: list[str]) -> None:
    with pytest.raises(ArchiveError) as refused:
        house.restore(lines)
    assert "no json" not in str(refused.value)


def test_a_store_that_is_away_ends_it_and_the_same_again_goes_on(house: House) -> None:
    lines, other = house.export(), House("other")

    def away(submissions: Sequence[ResponseSubmitted]) -> Mapping[str, Recorded]:
        return {each.response.response_id: Recorded(None, Outcome.POSTPONED) for each in submissions}

    with pytest.raises(TemporaryError):
        restore(lines, other.surveys, other.people, away)
    assert other.restore(lines).outcomes == {Outcome.RECORDED: len(ANSWERS) + 3}


def test_a_table_for_a_spreadsheet_has_a_row_for_each_answer(house: House) -> None:
    table = list(csv.DictReader(io.StringIO("".join(tabled(house.histories(), house.every_response)), newline="")))
    assert len(table) == len(ANSWERS) + 3
    by_id = {row["response_id"]: row for row in table}
    full = by_id[answer(502).response_id]
    assert full["answers.recommend"] == "3"
    assert (full["subject_type"], full["subject_id"], full["source"]) == ("order", "o-1", "import")
    assert json.loads(full["properties"]) == {"plan": "gold"}
    assert by_id[answer(500).response_id]["answers.why"] == "'=SUM(A1)"
    assert by_id[ANSWERS[0].response_id]["breakdowns.country"] == "AT"


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\n=1+1"])
def test_no_cell_is_a_formula(cell: str) -> None:
    assert harmless(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "fine", "a=b", "1", "'quoted"])
def test_other_cells_stay_as_they_are(cell: str) -> None:
    assert harmless(cell) == cell


def test_an_export_is_readable_by_its_owner_only_even_over_another_file(tmp_path: Path) -> None:
    file = tmp_path / "answers.jsonl"
    file.write_text("old, and longer than what comes")
    file.chmod(0o644)
    write_private(file, ["{}\n"])
    assert file.read_text() == "{}\n"
    assert file.stat().st_mode & 0o077 == 0


def test_ratings_of_every_scale_survive(house: House) -> None:
    scales = {scale: scale.bounds for scale in Scale if scale.bounds}
    many = [
        answer(700 + n).model_copy(update={"ratings": {"recommend": Rating(scale=scale, value=bounds[1])}})
        for n, (scale, bounds) in enumerate(scales.items())
    ]
    house.responses.record(submitted(*many))
    other = House("other")
    other.restore(house.export())
    assert [other.responses.get(each.response_id) for each in many] == many
