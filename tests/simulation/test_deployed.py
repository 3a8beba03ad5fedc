"""The template, its roles and the code belong together: every call a function makes is one its role allows."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest

from shared.domain.api_keys import ApiKey, KeyKind, key_hash
from shared.domain.surveys import Survey
from shared.storage.api_keys import ApiKeyRepository
from shared.storage.surveys import SurveyRepository
from tests.infra.policies import Grant, Need, needs
from tests.simulation.aws import InMemoryAws
from tests.simulation.deployed import DeployedStack, deployed

SECRET, PUBLISHABLE = "sk_simulated", "pk_simulated"
OWNER = "owner@shop.example"
RESPONSE_ID = "0190f3c2-7c1e-7d2b-9d3a-5b1f8a2c4e6d"


@pytest.fixture
def stack() -> Iterator[DeployedStack]:
    aws = InMemoryAws(seed=7)
    with deployed(aws) as running:
        dynamodb = boto3.client("dynamodb", region_name="eu-central-1")
        SurveyRepository(dynamodb, "SurveysTable").publish(
            Survey.model_validate(
                {
                    "survey_id": "delivery",
                    "name": "Delivery",
                    "touchpoint": "delivery",
                    "brand": {"name": "Shop"},
                    "questions": [{"id": "recommend", "scale": "nps", "text": {"en": "Would you recommend us?"}}],
                    "alert_to": [OWNER],
                }
            )
        )
        keys = ApiKeyRepository(dynamodb, "SurveysTable")
        for name, kind, key in (("server", KeyKind.SECRET, SECRET), ("page", KeyKind.PUBLISHABLE, PUBLISHABLE)):
            keys.add(
                ApiKey(key_hash=key_hash(key), kind=kind, name=name, created_at=aws.clock.now(), survey_id="delivery")
            )
        yield running


def test_an_answer_goes_through_the_template_and_becomes_a_score(stack: DeployedStack) -> None:
    reply = stack.http(
        "POST",
        "/v1/surveys/delivery/responses",
        {"response_id": RESPONSE_ID, "rating": 3, "comment": "The parcel was wet"},
        key=PUBLISHABLE,
    )
    assert (reply.status, reply.json) == (202, {"response_id": RESPONSE_ID, "revision": 1})
    stack.worker.run_until_quiet()
    metrics = stack.http("GET", "/v1/metrics", key=SECRET).json
    assert (metrics["response_count"], metrics["detractor_count"], metrics["nps"]) == (1, 1, -100)
    assert stack.refused_calls() == []


def test_what_is_committed_is_read_strongly(stack: DeployedStack) -> None:
    """A store that is asked for less may tell of an answer seconds after it was counted; no emulator is so late."""
    given = {"response_id": RESPONSE_ID, "score": 9}
    assert stack.http("POST", "/v1/survey_responses", given, key=SECRET).status == 201
    began = len(stack.aws.log)
    for path in ("/v1/metrics", f"/v1/survey_responses/{RESPONSE_ID}"):
        assert stack.http("GET", path, key=SECRET).status == 200
    calls = [entry.call for entry in stack.aws.log[began:]]
    reads = [call.params for call in calls if call.params["TableName"] == "ResponsesTable"]
    assert len(reads) >= 2
    assert all(read["ConsistentRead"] for read in reads)


def test_poison_ends_in_its_queues_dead_letter_queue_within_a_minute(stack: DeployedStack) -> None:
    poison = "this is no message of ours"
    for source in stack.sources:
        source.queue.send(poison)
    began = stack.aws.clock.seconds()
    stack.worker.run_until_quiet()
    buried = [queue.dead_letter_queue for queue in (source.queue for source in stack.sources)]
    assert [[(message.body, message.receive_count) for message in queue.messages] for queue in buried if queue] == [
        [(poison, 12)]
    ] * 6
    assert stack.aws.clock.seconds() - began < 60


def test_an_explicit_route_comes_before_the_greedy_one(stack: DeployedStack) -> None:
    assert stack.http("POST", "/v1/surveys/delivery/responses", {}, key=PUBLISHABLE).status == 422
    assert stack.http("GET", "/nowhere").status == 404
    assert (stack.aws.runs_of("survey_ingest"), stack.aws.runs_of("api")) == (1, 0)


def test_a_function_sees_its_own_settings_only(stack: DeployedStack) -> None:
    assert stack.environment("survey_ingest")["RESPONSES_QUEUE_URL"] == stack.aws.sqs.queue("ResponsesQueue").url
    assert stack.environment("notify")["ALLOWED_COUNTRIES"] == "DE,AT,CH"
    assert "MESSAGES_TABLE_NAME" not in stack.environment("survey_ingest")


def test_a_call_that_its_role_does_not_allow_is_told(stack: DeployedStack) -> None:
    with stack.aws.running("survey_ingest"):
        queue = stack.aws.sqs.queue("DeliveriesQueue")
        boto3.client("sqs", region_name="eu-central-1").send_message(QueueUrl=queue.url, MessageBody="{}")
    assert stack.refused_calls() == [f"survey_ingest may not sqs:SendMessage on {queue.arn}"]


def test_a_transaction_needs_the_right_to_each_of_its_parts() -> None:
    parts = [{"Put": {"TableName": "A"}}, {"ConditionCheck": {"TableName": "B"}}, {"Update": {"TableName": "A"}}]
    table = "arn:aws:dynamodb:eu-central-1:000000000000:table"
    assert list(needs("dynamodb", "TransactWriteItems", {"TransactItems": parts})) == [
        Need("dynamodb:PutItem", f"{table}/A"),
        Need("dynamodb:ConditionCheckItem", f"{table}/B"),
        Need("dynamodb:UpdateItem", f"{table}/A"),
    ]


@pytest.mark.parametrize(
    ("grant", "covered"),
    [
        (Grant("dynamodb:Query", "arn:table/A"), True),
        (Grant("dynamodb:query", "arn:table/*"), True),
        (Grant("dynamodb:GetItem", "arn:table/A"), False),
        (Grant("dynamodb:Query", "arn:table/B"), False),
        (Grant("dynamodb:Query", "arn:table/A/index/*"), False),
    ],
)
def test_a_right_covers_its_action_on_its_resource(grant: Grant, covered: bool) -> None:
    assert grant.covers(Need("dynamodb:Query", "arn:table/A")) is covered
