"""Queues, topics and schedules hand messages on as AWS does."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from tests.local.stack import Deployed, eventually

pytestmark = pytest.mark.local


def send(contract: Deployed, **message) -> str:
    message_id = uuid.uuid4().hex
    contract.client("sqs").send_message(
        QueueUrl=contract.outputs["QueueUrl"],
        MessageBody=json.dumps({"id": message_id, **message}),
        MessageGroupId="survey-1",
        MessageAttributes={"kind": {"DataType": "String", "StringValue": "test"}},
    )
    return message_id


def seen(contract: Deployed, message_id: str) -> list[dict]:
    """The records in which a message came to the function, in the order of their receive counts."""
    found = contract.client("dynamodb").query(
        TableName=contract.outputs["TableName"],
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": f"seen#{message_id}"}},
    )
    return [json.loads(item["record"]["S"]) for item in found["Items"]]


def left(contract: Deployed, queue: str) -> int:
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    got = contract.client("sqs").get_queue_attributes(QueueUrl=contract.outputs[queue], AttributeNames=names)
    return sum(int(got["Attributes"][name]) for name in names)


def dead(contract: Deployed, message_id: str) -> bool:
    sqs, url = contract.client("sqs"), contract.outputs["DeadLettersUrl"]
    got = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0).get("Messages", [])
    return any(json.loads(message["Body"])["id"] == message_id for message in got)


def from_inbox(contract: Deployed, about: str, seconds: float = 20) -> list[dict]:
    """The messages in the inbox whose body mentions something."""
    sqs, url = contract.client("sqs"), contract.outputs["InboxUrl"]

    def look() -> list[dict]:
        got = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=1, WaitTimeSeconds=1)
        return [message for message in got.get("Messages", []) if about in message["Body"]]

    return eventually(look, seconds)


def test_a_message_reaches_its_function_in_the_shape_of_aws(contract: Deployed):
    message_id = send(contract)
    (record,) = eventually(lambda: seen(contract, message_id))
    assert json.loads(record["body"]) == {"id": message_id}
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert record["attributes"]["MessageGroupId"] == "survey-1"
    assert int(record["attributes"]["SentTimestamp"]) > 1_700_000_000_000
    assert record["messageAttributes"]["kind"]["stringValue"] == "test"
    assert {record[name] for name in ("eventSource", "awsRegion")} == {"aws:sqs", "eu-central-1"}
    assert record["messageId"] and record["receiptHandle"] and record["md5OfBody"]
    eventually(lambda: left(contract, "QueueUrl") == 0)


def test_only_the_failed_messages_of_a_batch_come_again_and_then_are_dead_letters(contract: Deployed):
    good, bad = send(contract), send(contract, do="fail")
    eventually(lambda: dead(contract, bad))
    assert len(seen(contract, bad)) == 3  # maxReceiveCount
    assert len(seen(contract, good)) == 1


@pytest.mark.parametrize(
    "answer",
    [
        {"batchItemFailures": [{"itemIdentifier": "no message of this batch"}]},
        {"batchItemFailures": "no list"},
        "no JSON object",
    ],
    ids=["unknown id", "no list", "string"],
)
def test_an_answer_that_lambda_cannot_read_fails_the_whole_batch(contract: Deployed, answer):
    message_id = send(contract, do="answer", answer=answer)
    eventually(lambda: len(seen(contract, message_id)) >= 2)


@pytest.mark.parametrize("answer", [{}, {"batchItemFailures": None}], ids=["empty", "null"])
def test_an_empty_answer_is_success(contract: Deployed, answer):
    message_id = send(contract, do="answer", answer=answer)
    eventually(lambda: seen(contract, message_id))
    later = send(contract)
    eventually(lambda: seen(contract, later))
    eventually(lambda: left(contract, "QueueUrl") == 0)
    assert len(seen(contract, message_id)) == 1


def test_a_function_that_raises_gets_its_batch_again(contract: Deployed):
    message_id = send(contract, do="raise")
    eventually(lambda: len(seen(contract, message_id)) >= 2)


def test_visibility_can_be_pushed_out(contract: Deployed):
    sqs, url, mark = contract.client("sqs"), contract.outputs["InboxUrl"], uuid.uuid4().hex
    sqs.send_message(QueueUrl=url, MessageBody=mark)
    (message,) = from_inbox(contract, mark)
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=600)
    with pytest.raises(AssertionError):
        from_inbox(contract, mark, seconds=3)
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def test_a_topic_hands_its_messages_on_raw(contract: Deployed):
    mark = uuid.uuid4().hex
    contract.client("sns").publish(TopicArn=contract.outputs["TopicArn"], Message=json.dumps({"mark": mark}))
    (message,) = from_inbox(contract, mark)
    assert json.loads(message["Body"]) == {"mark": mark}


def test_a_one_off_schedule_fires_once_into_its_queue_and_its_name_is_taken_until_then(contract: Deployed):
    scheduler, mark = contract.client("scheduler"), uuid.uuid4().hex
    due = datetime.now(UTC) + timedelta(seconds=2)
    schedule = {
        "Name": mark,
        "GroupName": contract.outputs["ScheduleGroupName"],
        "ScheduleExpression": f"at({due:%Y-%m-%dT%H:%M:%S})",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "ActionAfterCompletion": "DELETE",
        "Target": {
            "Arn": contract.outputs["InboxArn"],
            "RoleArn": contract.outputs["SchedulerRoleArn"],
            "Input": json.dumps({"mark": mark}),
        },
    }
    scheduler.create_schedule(**schedule)
    with pytest.raises(ClientError) as refused:
        scheduler.create_schedule(**schedule)
    assert refused.value.response["Error"]["Code"] == "ConflictException"
    (message,) = from_inbox(contract, mark, seconds=6)
    assert json.loads(message["Body"]) == {"mark": mark}
    contract.client("sqs").delete_message(QueueUrl=contract.outputs["InboxUrl"], ReceiptHandle=message["ReceiptHandle"])
    with pytest.raises(AssertionError):
        from_inbox(contract, mark, seconds=3)
