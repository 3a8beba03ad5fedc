"""What a consumer gets who adds a rule to the bus, through the template as it is deployed."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from tests.local.stack import Deployed, eventually

pytestmark = [pytest.mark.local, pytest.mark.slow]


@pytest.fixture
def queue(stack: Deployed) -> Iterator[str]:
    """A queue of somebody else's, that a rule sends every event of ours to."""
    name = f"listener-{uuid.uuid4().hex[:8]}"
    sqs, events = stack.client("sqs"), stack.client("events")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    rule = {"Name": name, "EventBusName": stack.outputs["EventBusName"]}
    events.put_rule(**rule, EventPattern=json.dumps({"source": ["hearback"], "detail": {"test": [{"exists": False}]}}))
    events.put_targets(Rule=name, EventBusName=rule["EventBusName"], Targets=[{"Id": "listener", "Arn": arn}])
    yield url
    events.remove_targets(Rule=name, EventBusName=rule["EventBusName"], Ids=["listener"])
    events.delete_rule(**rule)
    sqs.delete_queue(QueueUrl=url)


def post(stack: Deployed, response_id: str, rating: int, revision: int) -> None:
    headers = {"authorization": f"Bearer {stack.facts['publishable_key']}", "content-type": "application/json"}
    body = {"response_id": response_id, "rating": rating, "revision": revision}
    sent = stack.request("POST", "/v1/surveys/checkout/responses", json.dumps(body).encode(), headers)
    assert sent.status == 202, sent.body


def test_a_rule_gets_each_step_of_a_score(stack: Deployed, queue: str) -> None:
    response_id = str(uuid.uuid4())
    found: dict[str, Any] = {}

    def steps(number: int) -> bool:
        answer = stack.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
        for message in answer.get("Messages", ()):
            event = json.loads(message["Body"])
            if event["detail"]["response_id"] == response_id:
                assert event["detail-type"] == "ScoreMoved"
                found[event["detail"]["id"]] = event["detail"]
        return len(found) == number

    post(stack, response_id, 9, 1)
    eventually(lambda: steps(1))
    post(stack, response_id, 3, 2)
    eventually(lambda: steps(2))
    moved = [
        (each["revision"], each["before"] and each["before"]["ratings"], each["after"]["ratings"])
        for each in found.values()
    ]
    assert moved == [(None, None, {"recommend": 9}), (2, {"recommend": 9}, {"recommend": 3})]
