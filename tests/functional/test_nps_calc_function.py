"""The function behind the responses queue, with tables and queues around it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from functions.nps_calc import app, bootstrap
from shared.domain.messages import MessageKind, message_id
from shared.domain.queued import SendNotification
from shared.domain.recording import Recorded
from shared.domain.surveys import Brand, Question, Scale, Survey
from shared.errors import TemporaryError
from shared.storage.keys import person_tombstone_key
from shared.storage.responses import ResponseRepository
from shared.storage.scores import ScoreRepository
from shared.storage.surveys import SurveyRepository
from tests.fakes.clock import NOON, FrozenClock
from tests.functional.tables import create_table

EVENT = Path(__file__).parents[1] / "events" / "sqs_responses.json"
DETRACTOR, POISON, PROMOTER = (
    "059f36b4-87a3-44ab-83d2-661975830a7d",
    "2e1424d4-f796-459a-8184-9c92662be6da",
    "c80e8021-a70a-42c7-a470-796e1186f753",
)
DETRACTORS_ANSWER = "0190f3c2-7c1e-7d2b-9d3a-5b1f8a2c4e6d"
DAY = date(2026, 11, 22)
OWNER = "owner@example.com"
SURVEY = Survey(
    survey_id="checkout",
    name="After checkout",
    touchpoint="checkout",
    brand=Brand(name="Petits Pains"),
    questions=(Question(id="recommend", scale=Scale.NPS, text={"en": "Would you recommend us?"}),),
    alert_to=(OWNER,),
)


class House:
    """What stands around the function."""

    def __init__(self) -> None:
        self.dynamodb = boto3.client("dynamodb")
        self.sqs = boto3.client("sqs")
        for name in ("surveys", "responses", "people"):
            create_table(self.dynamodb, name)
        self.responses_queue = self.sqs.create_queue(QueueName="responses")["QueueUrl"]
        self.notifications_queue = self.sqs.create_queue(QueueName="notifications")["QueueUrl"]
        boto3.client("events").create_event_bus(Name="bus")
        self.responses = ResponseRepository(self.dynamodb, "responses")
        self.scores = ScoreRepository(self.dynamodb, "responses")
        self.waits: dict[str, int] = {}
        SurveyRepository(self.dynamodb, "surveys").publish(SURVEY)

    def change_message_visibility(self, **kwargs: Any) -> None:
        self.waits[kwargs["ReceiptHandle"].rpartition("-")[2]] = kwargs["VisibilityTimeout"]

    def counted(self, breakdown: str = "") -> dict[int, int]:
        documents = self.scores.read("checkout", DAY, DAY, breakdown)
        return dict(documents[0].counters["recommend"]) if documents else {}

    def wishes(self) -> list[SendNotification]:
        received = self.sqs.receive_message(QueueUrl=self.notifications_queue, MaxNumberOfMessages=10)
        return [SendNotification.model_validate_json(message["Body"]) for message in received.get("Messages", ())]


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    cached = (bootstrap.settings, bootstrap.service, bootstrap.back_off)
    with mock_aws():
        house = House()
        monkeypatch.setenv("SURVEYS_TABLE_NAME", "surveys")
        monkeypatch.setenv("RESPONSES_TABLE_NAME", "responses")
        monkeypatch.setenv("PEOPLE_TABLE_NAME", "people")
        monkeypatch.setenv("ERASURE_KEY_PARAMETER", "/test/erasure-key")
        monkeypatch.setenv("RESPONSES_QUEUE_URL", house.responses_queue)
        monkeypatch.setenv("NOTIFICATIONS_QUEUE_URL", house.notifications_queue)
        monkeypatch.setenv("FUNNEL_QUEUE_URL", "no survey here counts its views")
        monkeypatch.setenv("EVENT_BUS_NAME", "bus")
        monkeypatch.setenv("ALERT_GRACE_SECONDS", "0")
        monkeypatch.setenv("BURST_ANSWERS_PER_MINUTE", "600")
        monkeypatch.setattr(bootstrap, "SystemClock", FrozenClock)
        for built in cached:
            built.cache_clear()
        monkeypatch.setattr(bootstrap.back_off(), "_sqs", house)
        yield house
    for built in cached:
        built.cache_clear()


def batch(receive_count: int = 1) -> Any:
    event = json.loads(EVENT.read_text())
    for message in event["Records"]:
        message["attributes"]["ApproximateReceiveCount"] = str(receive_count)
    return event


def failed(answer: Any) -> list[str]:
    return [item["itemIdentifier"] for item in answer["batchItemFailures"]]


def test_answers_are_counted_and_the_detractor_alerts_the_owner(house: House, lambda_context: Any) -> None:
    app.lambda_handler(batch(), lambda_context)
    assert house.counted() == house.counted("country") == {3: 1, 9: 1}
    (wish,) = house.wishes()
    assert wish.notification.message_id == message_id(MessageKind.DETRACTOR_ALERT, DETRACTORS_ANSWER, OWNER)


def test_an_answer_of_an_erased_person_is_dropped_and_counted_nowhere(house: House, lambda_context: Any) -> None:
    event = batch()
    body = json.loads(event["Records"][2]["body"])
    body["response"]["person_id"] = "per_ada"
    event["Records"][2]["body"] = json.dumps(body)
    house.dynamodb.put_item(TableName="people", Item={**person_tombstone_key("per_ada"), "erased_at": {"S": "-"}})
    assert failed(app.lambda_handler(event, lambda_context)) == [POISON]
    assert house.counted() == {3: 1}


def test_while_nobody_knows_who_was_erased_only_answers_that_name_somebody_wait(
    house: House, lambda_context: Any
) -> None:
    """The erasure key is not there."""
    event = batch()
    body = json.loads(event["Records"][2]["body"])
    body["response"]["claimed_person"] = {"email": "ada@example.com"}
    event["Records"][2]["body"] = json.dumps(body)
    assert set(failed(app.lambda_handler(event, lambda_context))) == {POISON, PROMOTER}
    assert house.counted() == {3: 1}
    boto3.client("ssm").put_parameter(Name="/test/erasure-key", Value="a secret", Type="SecureString")
    assert failed(app.lambda_handler(event, lambda_context)) == [POISON]
    assert house.counted() == {3: 1, 9: 1}


def test_a_flood_marks_its_survey_as_hot_and_is_counted_all_the_same(
    house: House, lambda_context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BURST_ANSWERS_PER_MINUTE", "1")
    for built in (bootstrap.settings, bootstrap.service):
        built.cache_clear()
    event = batch()
    for record in (event["Records"][0], event["Records"][2]):
        body = json.loads(record["body"])
        body["response"]["accepted_at"] = NOON.isoformat()
        record["body"] = json.dumps(body)
    app.lambda_handler(event, lambda_context)
    assert house.counted() == {3: 1, 9: 1}
    published = SurveyRepository(house.dynamodb, "surveys").current("checkout")
    assert published is not None
    assert published.hot_until == NOON + timedelta(minutes=10)


def test_that_a_survey_can_not_be_marked_as_hot_holds_up_no_answer(
    house: House, lambda_context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> list[str]:
        raise TemporaryError("the store is away")

    monkeypatch.setattr(bootstrap.service(), "watch", fails)
    assert failed(app.lambda_handler(batch(), lambda_context)) == [POISON]
    assert house.counted() == {3: 1, 9: 1}


def test_poison_fails_alone_and_at_once(house: House, lambda_context: Any) -> None:
    assert failed(app.lambda_handler(batch(), lambda_context)) == [POISON]
    assert house.waits == {"poison": 0}
    assert house.counted() == {3: 1, 9: 1}


def test_what_the_store_refuses_fails_alone_and_at_once(house: House, lambda_context: Any) -> None:
    event = batch()
    body = json.loads(event["Records"][2]["body"])
    body["response"]["texts"] = {"why": "x" * 450_000}
    event["Records"][2]["body"] = json.dumps(body)
    assert set(failed(app.lambda_handler(event, lambda_context))) == {POISON, PROMOTER}
    assert house.waits == {"poison": 0, "promoter": 0}
    assert house.counted() == {3: 1}


def test_a_batch_that_comes_again_counts_nothing_and_wishes_the_same(house: House, lambda_context: Any) -> None:
    for receive_count in (1, 2, 3):
        app.lambda_handler(batch(receive_count), lambda_context)
    assert house.counted() == {3: 1, 9: 1}
    assert len({wish.notification.message_id for wish in house.wishes()}) == 1


def test_an_outage_has_everything_come_again_after_its_back_off(
    house: House, lambda_context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.dynamodb.delete_table(TableName="responses")
    assert set(failed(app.lambda_handler(batch(receive_count=3), lambda_context))) == {DETRACTOR, POISON, PROMOTER}
    assert house.waits == {"detractor": 120, "promoter": 120, "poison": 0}


@pytest.mark.parametrize("fault", [TemporaryError("the queue is away"), RuntimeError("a fault of ours")])
def test_a_follow_up_that_fails_has_only_its_own_answer_come_again(
    house: House, lambda_context: Any, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    follow_up: Callable[[Recorded], int] = bootstrap.service().follow_up

    def failing(recorded: Recorded) -> int:
        if recorded.stored is not None and recorded.stored.is_detractor:
            raise fault
        return follow_up(recorded)

    monkeypatch.setattr(bootstrap.service(), "follow_up", failing)
    assert set(failed(app.lambda_handler(batch(), lambda_context))) == {DETRACTOR, POISON}
    assert house.waits == {"detractor": 30, "poison": 0}
    assert house.counted() == {3: 1, 9: 1}


def test_an_event_that_was_not_taken_has_only_its_own_answer_come_again(
    house: House, lambda_context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell = bootstrap.service().tell
    monkeypatch.setattr(bootstrap.service(), "tell", lambda events: {*tell(events), DETRACTORS_ANSWER})
    assert set(failed(app.lambda_handler(batch(), lambda_context))) == {DETRACTOR, POISON}
    assert house.waits == {"detractor": 30, "poison": 0}
    assert house.counted() == {3: 1, 9: 1}


@pytest.mark.parametrize(("rating", "counted"), [(4, True), (3, False)])
def test_an_answer_that_contradicts_the_stored_one_is_counted_in_a_metric_and_nowhere_else(
    house: House, lambda_context: Any, capsys: pytest.CaptureFixture[str], rating: int, counted: bool
) -> None:
    event = batch()
    again = json.loads(event["Records"][0]["body"])
    again["response"]["ratings"]["recommend"]["value"] = rating
    app.lambda_handler(event, lambda_context)
    capsys.readouterr()
    event["Records"][0]["body"] = json.dumps(again)
    app.lambda_handler(event, lambda_context)
    assert ("ResponsesContradicted" in capsys.readouterr().out) is counted
    assert house.counted() == {3: 1, 9: 1}


def test_a_batch_of_nothing_but_poison_touches_no_table(house: House, lambda_context: Any) -> None:
    event = {"Records": [batch()["Records"][1]]}
    assert failed(app.lambda_handler(event, lambda_context)) == [POISON]
    assert house.dynamodb.scan(TableName="responses")["Items"] == []


def test_the_log_repeats_no_comment(
    house: House, lambda_context: Any, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    app.lambda_handler(batch(), lambda_context)
    logged = caplog.text + str([vars(each) for each in caplog.records]) + capsys.readouterr().out
    assert DETRACTORS_ANSWER in logged
    assert "Brot" not in logged
