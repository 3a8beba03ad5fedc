"""`ops erasure`: the key is made once; a person is erased, and their receipt shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from io import StringIO

import boto3
import pytest
from moto import mock_aws
from rich.console import Console

from infra.ops import cli
from infra.stack import Stack
from shared.domain.erasure import Found
from shared.domain.people import Recipient
from shared.domain.queued import ErasePerson
from shared.storage.erasure_key import ErasureKey
from shared.storage.erasure_notes import ErasureNotes
from shared.storage.people import PersonRepository
from tests.fakes.clock import NOON, CountingIds
from tests.functional.tables import TABLE, create_table

PARAMETER = "/hearback/test/erasure-key"


@pytest.fixture
def ops(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., tuple[int, str]]]:
    with mock_aws():
        session = boto3.Session()
        create_table(session.client("dynamodb"))
        queue = session.client("sqs").create_queue(QueueName="erasures")["QueueUrl"]
        outputs = {"PeopleTableName": TABLE, "ErasuresQueueUrl": queue, "ErasureKeyParameter": PARAMETER}
        monkeypatch.setattr(cli, "aws_stack", lambda name: Stack(name, session, None, outputs))

        def run(*arguments: str) -> tuple[int, str]:
            said = StringIO()
            code = cli.main(["erasure", *arguments], Console(file=said, width=200))
            return code, said.getvalue()

        yield run


def known() -> str:
    key = ErasureKey(boto3.client("ssm"), PARAMETER)
    people = PersonRepository(boto3.client("dynamodb"), TABLE, CountingIds().new, key)
    return people.resolve(Recipient(email="ada@example.com"), NOON).person_id


def test_the_key_is_made_once_and_never_replaced(ops: Callable[..., tuple[int, str]]) -> None:
    assert "is made" in ops("prepare")[1]
    first = boto3.client("ssm").get_parameter(Name=PARAMETER, WithDecryption=True)["Parameter"]
    code, said = ops("prepare")
    assert (code, first["Type"]) == (0, "SecureString")
    assert "there already" in said
    assert boto3.client("ssm").get_parameter(Name=PARAMETER, WithDecryption=True)["Parameter"] == first


def test_a_person_is_erased_and_the_receipt_is_shown(ops: Callable[..., tuple[int, str]]) -> None:
    ops("prepare")
    person_id = known()
    code, said = ops("begin", person_id, "--yes")
    assert (code, "16 minutes" in said) == (0, True)
    sqs = boto3.client("sqs")
    (message,) = sqs.receive_message(QueueUrl=sqs.get_queue_url(QueueName="erasures")["QueueUrl"])["Messages"]
    assert ErasePerson.model_validate_json(message["Body"]) == ErasePerson(person_id=person_id)
    notes = ErasureNotes(boto3.client("dynamodb"), TABLE)
    erasure = notes.get(person_id)
    assert erasure is not None
    notes.note(person_id, Found.RESPONSE, "r-1")
    notes.finish(erasure, erasure.requested_at + timedelta(minutes=16))
    code, said = ops("show", person_id)
    assert code == 0
    assert "identifiers: 1" in said and "responses: 1" in said


def test_nobody_is_erased_by_a_slip(ops: Callable[..., tuple[int, str]], monkeypatch: pytest.MonkeyPatch) -> None:
    ops("prepare")
    person_id = known()
    monkeypatch.setattr("builtins.input", lambda *_: "y")
    code, said = ops("begin", person_id)
    assert (code, "Nothing was erased" in said) == (1, True)
    assert ops("show", person_id)[0] == 1


def test_who_is_not_known_can_not_be_erased(ops: Callable[..., tuple[int, str]]) -> None:
    ops("prepare")
    code, said = ops("begin", "per_unknown", "--yes")
    assert (code, "no such person" in said) == (1, True)
