"""`ops redrive` and `ops queue export` against SQS (moto)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from infra.ops.export import export
from infra.ops.redrive import Outcome, concerns_erased, redrive


class NothingErased:
    def response(self, response_id: str) -> bool:
        return False

    def person(self, person_id: str) -> bool:
        return False


class SomeErased(NothingErased):
    def response(self, response_id: str) -> bool:
        return response_id == "erased-response"

    def person(self, person_id: str) -> bool:
        return person_id == "per_erased"


class Queues:
    def __init__(self) -> None:
        self.sqs: Any = boto3.client("sqs")
        self.source = self.sqs.create_queue(QueueName="letters")["QueueUrl"]
        self.target = self.sqs.create_queue(QueueName="work")["QueueUrl"]

    def put(self, *bodies: dict[str, Any]) -> None:
        for body in bodies:
            self.sqs.send_message(QueueUrl=self.source, MessageBody=json.dumps(body))

    def count(self, url: str) -> int:
        answer = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
        return int(answer["Attributes"]["ApproximateNumberOfMessages"])

    def redrive(self, **options: Any) -> Outcome:
        arguments = {"matches": lambda _: True, "pause": lambda: None, "erased": NothingErased(), **options}
        return redrive(self.sqs, self.source, self.target, **arguments)


@pytest.fixture
def queues(monkeypatch: pytest.MonkeyPatch) -> Iterator[Queues]:
    monkeypatch.setattr("infra.ops.redrive.WAIT_SECONDS", 0)
    with mock_aws():
        yield Queues()


def test_every_letter_goes_back_and_none_stays(queues: Queues) -> None:
    queues.put(*({"n": n} for n in range(25)))
    outcome = queues.redrive()
    assert (outcome.seen, outcome.sent) == (25, 25)
    assert queues.count(queues.source) == 0
    assert queues.count(queues.target) == 25


def test_a_dry_run_moves_nothing_and_leaves_every_letter_visible(queues: Queues) -> None:
    queues.put({"n": 1}, {"n": 2})
    outcome = queues.redrive(dry_run=True)
    assert outcome.sent == 2
    assert queues.count(queues.source) == 2
    assert queues.count(queues.target) == 0


def test_a_filter_leaves_what_it_does_not_want_visible_where_it_was(queues: Queues) -> None:
    queues.put({"survey_id": "a"}, {"survey_id": "b"}, {"survey_id": "b"})
    outcome = queues.redrive(matches=lambda body: '"b"' in body)
    assert (outcome.sent, outcome.left) == (2, 1)
    assert queues.count(queues.source) == 1


def test_poison_that_comes_back_at_once_gets_one_attempt(queues: Queues, monkeypatch: pytest.MonkeyPatch) -> None:
    queues.put({"poison": 1}, {"poison": 2})
    send, attempts = queues.sqs.send_message, []

    def fail_again(QueueUrl: str, MessageBody: str) -> Any:  # noqa: N803  the API's names
        assert QueueUrl == queues.target
        attempts.append(MessageBody)
        assert len(attempts) <= 2, "a redrive that never ends"
        return send(QueueUrl=queues.source, MessageBody=MessageBody)  # A dead letter keeps its id.

    monkeypatch.setattr(queues.sqs, "send_message", fail_again)
    outcome = queues.redrive()
    assert (outcome.seen, outcome.sent, outcome.returned) == (2, 2, 2)
    assert queues.count(queues.source) == 2


def test_what_was_erased_does_not_come_back(queues: Queues) -> None:
    queues.put(
        {"response": {"response_id": "erased-response"}},
        {"notification": {"person_id": "per_erased"}},
        {"response": {"response_id": "kept", "person_id": "per_kept"}},
    )
    outcome = queues.redrive(erased=SomeErased())
    assert (outcome.sent, outcome.erased) == (1, 2)
    assert queues.count(queues.source) == 0
    assert queues.count(queues.target) == 1


def test_a_dry_run_says_what_would_be_dropped_and_drops_nothing(queues: Queues) -> None:
    queues.put({"person_id": "per_erased"})
    assert queues.redrive(erased=SomeErased(), dry_run=True).erased == 1
    assert queues.count(queues.source) == 1


def test_a_crash_between_send_and_delete_loses_nothing(queues: Queues, monkeypatch: pytest.MonkeyPatch) -> None:
    queues.put({"n": 1})

    def crash(**_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(queues.sqs, "delete_message", crash)
    with pytest.raises(KeyboardInterrupt):
        queues.redrive()
    assert queues.count(queues.target) == 1


def test_a_refused_send_keeps_the_letter(queues: Queues, monkeypatch: pytest.MonkeyPatch) -> None:
    queues.put({"n": 1})

    def refuse(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "ServiceUnavailable"}}, "SendMessage")

    monkeypatch.setattr(queues.sqs, "send_message", refuse)
    with pytest.raises(ClientError):
        queues.redrive()
    hidden = queues.sqs.get_queue_attributes(QueueUrl=queues.source, AttributeNames=["All"])["Attributes"]
    assert int(hidden["ApproximateNumberOfMessagesNotVisible"]) == 1


def test_the_rate_is_kept_by_a_pause_before_each_send(queues: Queues) -> None:
    queues.put({"n": 1}, {"n": 2})
    pauses = []
    queues.redrive(pause=lambda: pauses.append(1))
    assert len(pauses) == 2


@pytest.mark.parametrize("body", ["", "no json", "[]", "7", '{"response_id": 7}', '{"person_id": null}'])
def test_a_letter_that_cannot_be_read_is_not_taken_for_erased(body: str) -> None:
    assert not concerns_erased(body, SomeErased())


def test_an_export_writes_every_message_and_takes_none(queues: Queues, tmp_path: Path) -> None:
    queues.put({"comment": "schön"}, {"n": 2})
    file = tmp_path / "letters.jsonl"
    assert export(queues.sqs, queues.source, file) == 2
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert {line["body"] for line in lines} == {json.dumps({"comment": "schön"}), json.dumps({"n": 2})}
    assert queues.count(queues.source) == 2


def test_an_export_is_readable_by_its_owner_only(queues: Queues, tmp_path: Path) -> None:
    file = tmp_path / "letters.jsonl"
    export(queues.sqs, queues.source, file)
    assert file.stat().st_mode & 0o077 == 0


def test_the_work_of_erasing_somebody_goes_on(queues: Queues) -> None:
    queues.put({"type": "ErasePerson", "person_id": "per_erased", "sweep": 2})
    outcome = queues.redrive(erased=SomeErased())
    assert (outcome.sent, outcome.erased, queues.count(queues.target)) == (1, 0, 1)
