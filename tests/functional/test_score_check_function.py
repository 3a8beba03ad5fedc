"""The function behind the daily schedule, with the tables around it (moto)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from functions.score_check import app, bootstrap
from shared.clock import SystemClock
from shared.domain.surveys import Brand, Breakdown, Question, Scale, Survey
from shared.errors import TemporaryError
from shared.storage.keys import response_key, score_key
from shared.storage.responses import ResponseRepository
from shared.storage.surveys import SurveyRepository
from tests.fakes.answers import TODAY, answer, response_id, submitted
from tests.fakes.clock import NOON
from tests.functional.tables import RESPONSE_INDEXES, create_table
from tests.simulation.event_source import LambdaContext

SURVEY = Survey(
    survey_id="shop",
    name="Shop",
    touchpoint="checkout",
    brand=Brand(name="Petits Pains"),
    questions=(Question(id="recommend", scale=Scale.NPS, text={"en": "Would you recommend us?"}),),
    breakdowns=(Breakdown(name="country", values=("DE", "AT")),),
)
CONTEXT = LambdaContext("score_check", "run-1", remaining_ms=900_000)
ANSWERS = [answer(n, n % 11, breakdowns={"country": ("DE", "AT")[n % 2]}) for n in range(1, 30)]


@pytest.fixture
def dynamodb(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Three days after some answers were given."""
    monkeypatch.setenv("SURVEYS_TABLE_NAME", "surveys")
    monkeypatch.setenv("RESPONSES_TABLE_NAME", "responses")
    monkeypatch.setattr(SystemClock, "now", lambda _: NOON + timedelta(days=3))
    monkeypatch.setattr(bootstrap, "PAUSE_SECONDS", 0)
    with mock_aws():
        client = boto3.client("dynamodb")
        create_table(client, "surveys")
        create_table(client, "responses", RESPONSE_INDEXES)
        SurveyRepository(client, "surveys").publish(SURVEY)
        ResponseRepository(client, "responses").record(submitted(*ANSWERS))
        bootstrap.service.cache_clear()
        app.metrics.clear_metrics()  # Powertools keeps one set of metrics for all functions of a process.
        yield client
        bootstrap.service.cache_clear()


def counted(capsys: pytest.CaptureFixture[str]) -> dict[str, float]:
    """The metrics that were written, each as the sum of its values."""
    found: dict[str, float] = {}
    for line in capsys.readouterr().out.splitlines():
        data = json.loads(line) if line.startswith("{") else {}
        for each in data.get("_aws", {}).get("CloudWatchMetrics", [{}])[0].get("Metrics", []):
            found[each["Name"]] = found.get(each["Name"], 0) + sum(data[each["Name"]])
    return found


def test_when_all_is_well_it_says_so(dynamodb: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.lambda_handler({}, CONTEXT) == {"days": 1, "wrong_documents": 0}
    assert counted(capsys) == {"ScoreDriftFound": 0, "ScoreDaysChecked": 1}


def test_a_lost_answer_is_told_each_day_until_it_is_mended(dynamodb: Any, capsys: pytest.CaptureFixture[str]) -> None:
    lost = dynamodb.delete_item(
        TableName="responses", Key=response_key(response_id(7)), ReturnValues="ALL_OLD"
    )["Attributes"]  # fmt: skip
    for _ in range(2):
        assert app.lambda_handler({}, CONTEXT) == {"days": 1, "wrong_documents": 2}
        assert counted(capsys)["ScoreDriftFound"] == 2
    dynamodb.put_item(TableName="responses", Item=lost)
    assert app.lambda_handler({}, CONTEXT)["wrong_documents"] == 0


def test_the_log_names_what_is_wrong(dynamodb: Any, caplog: pytest.LogCaptureFixture) -> None:
    dynamodb.update_item(
        TableName="responses",
        Key=score_key("shop", "country", TODAY, "DE", 0),
        UpdateExpression="ADD #nine :one",
        ExpressionAttributeNames={"#nine": "recommend:9"},
        ExpressionAttributeValues={":one": {"N": "1"}},
    )
    app.lambda_handler({}, CONTEXT)
    (told,) = [vars(record) for record in caplog.records if record.levelname == "ERROR"]
    assert (told["survey_id"], told["day"]) == ("shop", TODAY.isoformat())
    assert told["differences"] == [
        {"breakdown": "country", "missing": {"counters": {"recommend:9": -1}, "responses": 0, "certificate": 0}}
    ]


def test_a_run_that_did_not_come_to_its_end_does_not_say_that_all_is_well(
    dynamodb: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    dynamodb.delete_table(TableName="surveys")
    with pytest.raises(TemporaryError):
        app.lambda_handler({}, CONTEXT)
    assert "ScoreDaysChecked" not in counted(capsys)
