"""The function behind the two delivery routes, built from its environment, with its table and its queue around it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from functions.delivery_events import app, bootstrap
from shared.domain.api_keys import ApiKey, KeyKind, key_hash
from shared.domain.queued import DeliveryReported
from shared.domain.surveys import Brand, Question, Scale, Survey
from shared.storage.api_keys import ApiKeyRepository
from shared.storage.surveys import SurveyRepository
from tests.fakes.clock import NOON
from tests.functional.tables import create_table

RECORDED = Path(__file__).parents[1] / "events" / "http_deliveries.json"
SURVEY = Survey(
    survey_id="delivery",
    name="Delivery",
    touchpoint="delivery",
    brand=Brand(name="Shop"),
    questions=(Question(id="recommend", scale=Scale.NPS, text={"en": "Would you recommend us?"}),),
)


class House:
    """What stands around the function."""

    def __init__(self) -> None:
        self.sqs, dynamodb = boto3.client("sqs"), boto3.client("dynamodb")
        create_table(dynamodb, "surveys")
        SurveyRepository(dynamodb, "surveys").publish(SURVEY)
        key = ApiKey(key_hash=key_hash("sk_test"), kind=KeyKind.SECRET, name="shop", created_at=NOON)
        ApiKeyRepository(dynamodb, "surveys").add(key)
        self.queue = self.sqs.create_queue(QueueName="deliveries")["QueueUrl"]


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    with mock_aws():
        house = House()
        monkeypatch.setenv("SURVEYS_TABLE_NAME", "surveys")
        monkeypatch.setenv("DELIVERIES_QUEUE_URL", house.queue)
        monkeypatch.setenv("WEBHOOK_SECRETS_PARAMETER", "/webhook-secrets")
        for built in (bootstrap.settings, bootstrap.service):
            built.cache_clear()
        yield house
    for built in (bootstrap.settings, bootstrap.service):
        built.cache_clear()


def test_what_is_accepted_lies_on_the_queue(house: House, lambda_context: Any) -> None:
    response = app.lambda_handler(json.loads(RECORDED.read_text()), lambda_context)
    assert (response["statusCode"], json.loads(response["body"])) == (202, {"delivery_id": "order-1"})
    received = house.sqs.receive_message(QueueUrl=house.queue, MessageSystemAttributeNames=["All"])["Messages"]
    assert [message["Attributes"]["MessageGroupId"] for message in received] == ["order-1"]
    reported = DeliveryReported.model_validate_json(received[0]["Body"])
    assert reported.registration is not None and reported.registration.recipient is not None
    assert reported.registration.recipient.email == "ada@example.com"


def test_a_queue_that_does_not_answer_is_answered_with_try_again(house: House, lambda_context: Any) -> None:
    house.sqs.delete_queue(QueueUrl=house.queue)
    response = app.lambda_handler(json.loads(RECORDED.read_text()), lambda_context)
    assert (response["statusCode"], response["headers"]["retry-after"]) == (503, "5")


def test_one_request_after_another_reads_key_and_survey_once(house: House, lambda_context: Any) -> None:
    app.lambda_handler(json.loads(RECORDED.read_text()), lambda_context)
    boto3.client("dynamodb").delete_table(TableName="surveys")
    response = app.lambda_handler(json.loads(RECORDED.read_text()), lambda_context)
    assert response["statusCode"] == 202
