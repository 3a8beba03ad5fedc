"""`ops rebuild`, `import`, `export` and `restore` as they are typed: what they print, and how they end."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws
from rich.console import Console

from infra.client import ApiAnswer
from infra.ops.cli import main
from infra.stack import Stack
from shared.domain.surveys import Brand, Question, Scale, Survey
from shared.storage.keys import score_key
from shared.storage.responses import ResponseRepository
from shared.storage.surveys import SurveyRepository
from tests.fakes.answers import TODAY, answer, submitted
from tests.functional.tables import RESPONSE_INDEXES, create_table

SURVEY = Survey(
    survey_id="shop",
    name="Shop",
    touchpoint="checkout",
    brand=Brand(name="Petits Pains"),
    questions=(Question(id="recommend", scale=Scale.NPS, text={"en": "Would you recommend us?"}),),
)
EXPORT = """ID,Score,Created At
1,9,2026-01-01T10:00:00Z
2,eleven,2026-01-01T10:00:00Z
3,10,2026-01-01T10:00:00Z
"""


class Api:
    """Stands in for the HTTP API; refuses tens."""

    sent: list[tuple[str, Mapping[str, Any]]] = []  # noqa: RUF012  emptied before each test

    def __init__(self, secret_key: str, connections: int) -> None:
        assert (secret_key, connections) == ("sk_mine", 2)

    def call(self, method: str, address: str, body: Mapping[str, Any]) -> ApiAnswer:
        self.sent.append((f"{method} {address}", body))
        if body["score"] == 10:
            return ApiAnswer(422, {"detail": "no", "errors": {"score": ["is too good"]}})
        return ApiAnswer(201, {})


class Ops:
    """The command, and the stack it is used on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch
        self.dynamodb: Any = boto3.client("dynamodb")
        self.use("first")
        SurveyRepository(self.dynamodb, "first-surveys").publish(SURVEY)
        answers = [answer(n, n % 11) for n in range(1, 12)]
        ResponseRepository(self.dynamodb, "first-responses").record(submitted(*answers))

    def use(self, name: str) -> None:
        """Make an empty stack of this name, and use it from now on."""
        create_table(self.dynamodb, f"{name}-surveys")
        create_table(self.dynamodb, f"{name}-responses", RESPONSE_INDEXES)
        create_table(self.dynamodb, f"{name}-people", {"listed": ("listed_as", "listed_at")})
        outputs = {f"{table.title()}TableName": f"{name}-{table}" for table in ("surveys", "responses", "people")}
        more = {"ApiUrl": "https://api.example.com", "ErasureKeyParameter": f"/{name}/erasure-key"}
        stack = Stack(name, boto3.Session(), None, {**outputs, **more})
        self._monkeypatch.setattr("infra.ops.cli.aws_stack", lambda _: stack)

    def __call__(self, *arguments: object) -> tuple[int, str]:
        """How a command ended, and what it printed."""
        printed = io.StringIO()
        code = main([str(argument) for argument in arguments], Console(file=printed, width=200))
        return code, printed.getvalue().strip()


@pytest.fixture
def ops(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ops]:
    monkeypatch.setattr("infra.ops.record_commands.PAUSE_SECONDS", 0)
    monkeypatch.setattr("infra.ops.record_commands.ApiClient", Api)
    monkeypatch.setenv("HEARBACK_SECRET_KEY", "sk_mine")
    Api.sent.clear()
    with mock_aws():
        yield Ops(monkeypatch)


def test_a_check_ends_with_0_when_all_is_well_and_with_1_when_a_score_drifted(ops: Ops) -> None:
    assert ops("rebuild", "--check") == (0, "1 days and 11 answers read; every score is what was answered.")
    ops.dynamodb.update_item(
        TableName="first-responses",
        Key=score_key("shop", "", TODAY, "", 0),
        UpdateExpression="ADD #nine :one",
        ExpressionAttributeNames={"#nine": "recommend:9"},
        ExpressionAttributeValues={":one": {"N": "1"}},
    )
    difference = f"shop {TODAY}, whole survey: recommend:9 is 2, recounted 1 (-1)"
    code, printed = ops("rebuild", "--check", "--survey", "shop")
    assert (code, printed.splitlines()[0]) == (1, difference)
    code, printed = ops("rebuild", "--repair")
    assert code == 0
    assert printed.splitlines() == [difference, "1 days and 11 answers read; 1 days differ; 1 of them mended."]
    assert ops("rebuild", "--check")[0] == 0


def test_a_check_can_be_of_some_days_only(ops: Ops) -> None:
    assert ops("rebuild", "--check", "--until", "2020-01-01")[1].startswith("0 days and 0 answers")


@pytest.mark.parametrize("command", [("rebuild", "--check"), ("export", "x.csv", "--format", "csv")])
def test_a_survey_that_is_not_there_is_said(ops: Ops, command: tuple[str, ...]) -> None:
    assert ops(*command, "--survey", "chop") == (1, "There is no survey chop.")


def test_an_export_is_restored_in_another_stack(ops: Ops, tmp_path: Path) -> None:
    file = tmp_path / "record.jsonl"
    code, printed = ops("export", file, "--format", "jsonl")
    assert (code, printed.split(" written")[0]) == (0, "11 answers to 1 surveys")
    ops.use("second")
    assert ops("restore", file) == (0, "1 surveys, 0 people, 11 answers: 11 recorded.")
    assert ops("rebuild", "--check")[0] == 0
    assert ops("restore", file) == (0, "1 surveys, 0 people, 11 answers: 11 known.")


def test_an_export_as_a_table_is_one(ops: Ops, tmp_path: Path) -> None:
    file = tmp_path / "record.csv"
    assert ops("export", file, "--format", "csv")[0] == 0
    with file.open(newline="") as text:
        assert len(list(csv.DictReader(text))) == 11


@pytest.mark.parametrize("content", ["", "no export", '{"format":"hearback-export","schema":1}\n'])
def test_what_is_no_export_is_not_restored(ops: Ops, tmp_path: Path, content: str) -> None:
    file = tmp_path / "record.jsonl"
    file.write_text(content)
    code, printed = ops("restore", file)
    assert code == 1
    assert printed.endswith(".")


def test_an_import_sends_each_row_and_keeps_the_refused_ones(ops: Ops, tmp_path: Path) -> None:
    file = tmp_path / "delighted.csv"
    file.write_text(EXPORT)
    code, printed = ops("import", "delighted", file, "--survey", "shop", "--connections", 2)
    assert (code, printed.splitlines()[0]) == (1, "3 rows, 1 imported, 2 refused.")
    assert {address for address, _ in Api.sent} == {"POST https://api.example.com/v1/survey_responses"}
    assert [body["score"] for _, body in Api.sent] == [9, 10]
    with (tmp_path / "delighted.csv.rejects.csv").open(newline="") as text:
        rejected = list(csv.DictReader(text))
    assert [(row["line"], row["reason"], row["ID"]) for row in rejected] == [
        ("3", "has no whole number as its score", "2"),
        ("4", "score is too good", "3"),
    ]


def test_bytes_that_are_not_utf_8_cost_their_row_and_are_kept_as_they_are(ops: Ops, tmp_path: Path) -> None:
    file = tmp_path / "delighted.csv"
    header, good, *_ = EXPORT.encode().splitlines()
    latin = good.replace(b"1,", b"sch\xf6n,", 1)
    file.write_bytes(b"\n".join((header, latin, good)))
    code, printed = ops("import", "delighted", file, "--survey", "shop", "--connections", 2)
    assert (code, printed.splitlines()[0]) == (1, "2 rows, 1 imported, 1 refused.")
    assert (tmp_path / "delighted.csv.rejects.csv").read_bytes().splitlines()[1] == b"2,is not UTF-8," + latin


def test_an_import_of_good_rows_ends_with_0_and_leaves_no_rejects(ops: Ops, tmp_path: Path) -> None:
    file = tmp_path / "delighted.csv"
    file.write_text("\n".join(EXPORT.splitlines()[:2]))
    assert ops("import", "delighted", file, "--survey", "shop", "--connections", 2) == (
        0,
        "1 rows, 1 imported, 0 refused.",
    )
    assert [path.name for path in tmp_path.iterdir()] == ["delighted.csv"]


def test_an_import_without_a_key_says_how_to_get_one(ops: Ops, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HEARBACK_SECRET_KEY")
    code, printed = ops("import", "delighted", tmp_path / "x.csv", "--survey", "shop")
    assert code == 1
    assert "HEARBACK_SECRET_KEY" in printed


def test_a_file_that_is_not_there_is_said(ops: Ops, tmp_path: Path) -> None:
    code, printed = ops("import", "delighted", tmp_path / "none.csv", "--survey", "shop", "--connections", 2)
    assert (code, "none.csv" in printed) == (1, True)


@pytest.mark.parametrize(
    "arguments",
    [
        ("rebuild",),
        ("rebuild", "--check", "--repair"),
        ("rebuild", "--check", "--since", "yesterday"),
        ("export", "x"),
        ("import", "delighted", "x.csv"),
        ("import", "delighted", "x.csv", "--survey", "shop", "--column", "points=Score"),
        ("import", "delighted", "x.csv", "--survey", "shop", "--time-zone", "Europe/Nowhere"),
        ("import", "delighted", "x.csv", "--survey", "shop", "--connections", "0"),
    ],
)
def test_what_was_typed_wrongly_ends_with_2(ops: Ops, arguments: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as ended:
        ops(*arguments)
    assert ended.value.code == 2
