"""Queues, schedules, senders and parameters: the rules that the product leans on."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.simulation.aws import InMemoryAws
from tests.simulation.aws.queues import Weather
from tests.simulation.event_source import EventSource
from tests.simulation.worker import NotQuietError, Worker


def code_of(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def with_attribute(kind: str, text: str) -> dict[str, Any]:
    return {"MessageBody": "x", "MessageAttributes": {"a": {"DataType": kind, "StringValue": text}}}


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"MessageBody": "x" * (1024 * 1024 + 1)}, "InvalidParameterValue"),
        ({"MessageBody": "a\u0000b"}, "InvalidMessageContents"),
        ({"MessageBody": "x", "DelaySeconds": 901}, "InvalidParameterValue"),
        (with_attribute("Odd", "x"), "InvalidParameterValue"),
        (with_attribute("String", ""), "InvalidParameterValue"),
    ],
    ids=["too long", "character not allowed", "delay too long", "attribute of unknown type", "empty attribute"],
)
def test_a_message_that_sqs_refuses_is_refused(aws: InMemoryAws, sqs: Any, request_: Any, code: str) -> None:
    queue = aws.sqs.create_queue("q")
    with pytest.raises(ClientError) as refused:
        sqs.send_message(QueueUrl=queue.url, **request_)
    assert code_of(refused) == code
    assert queue.messages == []


def test_a_batch_sends_what_is_right_and_names_what_is_wrong(aws: InMemoryAws, sqs: Any) -> None:
    queue = aws.sqs.create_queue("q")
    answer = sqs.send_message_batch(
        QueueUrl=queue.url, Entries=[{"Id": "1", "MessageBody": "x"}, {"Id": "2", "MessageBody": "\u0001"}]
    )
    assert [entry["Id"] for entry in answer["Successful"]] == ["1"]
    assert [(entry["Id"], entry["Code"]) for entry in answer["Failed"]] == [("2", "InvalidMessageContents")]


@pytest.mark.parametrize(
    ("ids", "code"),
    [
        ([], "AWS.SimpleQueueService.EmptyBatchRequest"),
        (list("abcdefghijk"), "AWS.SimpleQueueService.TooManyEntriesInBatchRequest"),
        (["a", "a"], "AWS.SimpleQueueService.BatchEntryIdsNotDistinct"),
        (["a b"], "AWS.SimpleQueueService.InvalidBatchEntryId"),
    ],
)
def test_a_batch_of_the_wrong_form_is_refused(aws: InMemoryAws, sqs: Any, ids: list[str], code: str) -> None:
    queue = aws.sqs.create_queue("q")
    with pytest.raises(ClientError) as refused:
        sqs.send_message_batch(QueueUrl=queue.url, Entries=[{"Id": one, "MessageBody": "x"} for one in ids])
    assert code_of(refused) == code


def test_an_unknown_queue_is_an_error_by_the_name_of_the_old_protocol(sqs: Any) -> None:
    with pytest.raises(sqs.exceptions.QueueDoesNotExist) as refused:
        sqs.send_message(QueueUrl="https://sqs.eu-central-1.amazonaws.com/000000000000/nowhere", MessageBody="x")
    assert code_of(refused) == "AWS.SimpleQueueService.NonExistentQueue"


def test_a_receipt_of_an_earlier_receive_deletes_nothing(aws: InMemoryAws, sqs: Any) -> None:
    queue = aws.sqs.create_queue("q", visibility=10)
    queue.send("x")
    early = sqs.receive_message(QueueUrl=queue.url)["Messages"][0]["ReceiptHandle"]
    aws.clock.advance(10)
    late = sqs.receive_message(QueueUrl=queue.url)["Messages"][0]["ReceiptHandle"]
    sqs.delete_message(QueueUrl=queue.url, ReceiptHandle=early)
    assert len(queue.messages) == 1
    sqs.delete_message(QueueUrl=queue.url, ReceiptHandle=late)
    assert queue.messages == []


def test_a_delayed_message_is_not_received_early_and_visibility_can_be_pushed_out(aws: InMemoryAws, sqs: Any) -> None:
    queue = aws.sqs.create_queue("q", visibility=10)
    sqs.send_message(QueueUrl=queue.url, MessageBody="x", DelaySeconds=90)
    assert queue.counts() == (0, 0, 1)
    aws.clock.advance(90)
    receipt = sqs.receive_message(QueueUrl=queue.url)["Messages"][0]["ReceiptHandle"]
    sqs.change_message_visibility(QueueUrl=queue.url, ReceiptHandle=receipt, VisibilityTimeout=600)
    aws.clock.advance(599)
    assert queue.counts() == (0, 1, 0)
    aws.clock.advance(1)
    assert queue.counts() == (1, 0, 0)
    with pytest.raises(ClientError) as refused:
        sqs.change_message_visibility(QueueUrl=queue.url, ReceiptHandle=receipt, VisibilityTimeout=600)
    assert code_of(refused) == "AWS.SimpleQueueService.MessageNotInflight"


def test_a_message_keeps_its_age_when_it_moves_to_the_dead_letter_queue(aws: InMemoryAws) -> None:
    dead = aws.sqs.create_queue("dead", retention=100)
    queue = aws.sqs.create_queue("q", visibility=40, dead_letter_queue=dead, max_receive_count=1)
    queue.send("x")
    assert len(queue.receive(10)) == 1
    aws.clock.advance(40)
    assert queue.receive(10) == []
    assert len(dead.messages) == 1
    aws.clock.advance(60)
    assert dead.counts() == (0, 0, 0), "100 seconds after it was sent, not after it was moved"


def test_bad_weather_delivers_twice_and_out_of_order(aws: InMemoryAws) -> None:
    queue = aws.sqs.create_queue("q", weather=Weather(duplicate=0.5, disorder=True))
    for number in range(20):
        queue.send(str(number))
    first = [delivery.message.body for delivery in queue.receive(20)]
    again = [delivery.message.body for delivery in queue.receive(20)]
    assert first != sorted(first, key=int)
    assert again and set(again) < set(first)


# schedules


def schedule(client: Any, queue_arn: str, name: str = "later", at: str = "2026-03-02T10:00:00", **more: Any) -> None:
    client.create_schedule(
        Name=name,
        ScheduleExpression=f"at({at})",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": queue_arn, "RoleArn": "arn:aws:iam::000000000000:role/scheduler", "Input": '{"due": true}'},
        **more,
    )


def test_a_schedule_puts_its_message_on_the_queue_at_its_time(aws: InMemoryAws) -> None:
    queue = aws.sqs.create_queue("q")
    client = aws.session().client("scheduler")
    schedule(client, queue.arn, ActionAfterCompletion="DELETE")
    schedule(client, queue.arn, "berlin", at="2026-03-02T10:30:00", ScheduleExpressionTimezone="Europe/Berlin")
    seen: list[tuple[str, str]] = []

    def handler(event: Any, context: Any) -> None:
        seen.extend((aws.clock.now().strftime("%H:%M"), record["body"]) for record in event["Records"])

    Worker(aws, [EventSource(aws, "function", queue, handler)]).run_until_quiet()
    assert seen == [("09:30", '{"due": true}'), ("10:00", '{"due": true}')]


def test_a_name_is_taken_until_the_schedule_is_deleted(aws: InMemoryAws) -> None:
    queue = aws.sqs.create_queue("q")
    client = aws.session().client("scheduler")
    schedule(client, queue.arn)
    with pytest.raises(client.exceptions.ConflictException):
        schedule(client, queue.arn)
    client.delete_schedule(Name="later")
    schedule(client, queue.arn)
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.delete_schedule(Name="never")


def test_a_schedule_may_fire_twice(aws: InMemoryAws) -> None:
    queue = aws.sqs.create_queue("q")
    aws.scheduler.double_firing = 1.0
    schedule(aws.session().client("scheduler"), queue.arn)
    aws.clock.advance(3600)
    assert aws.scheduler.fire_due() == 2
    assert len(queue.messages) == 2
    assert aws.scheduler.fire_due() == 0


# senders and parameters


def email(to: list[str], **more: Any) -> dict[str, Any]:
    text = {"Data": "x"}
    return {
        "FromEmailAddress": "shop@example.com",
        "Destination": {"ToAddresses": to},
        "Content": {"Simple": {"Subject": text, "Body": {"Text": text}}},
        **more,
    }


def test_an_accepted_email_is_kept_with_its_tags(aws: InMemoryAws) -> None:
    client = aws.session().client("sesv2")
    answer = client.send_email(**email(["a@example.com"], EmailTags=[{"Name": "message_id", "Value": "m-1"}]))
    assert [(one.message_id, one.to, one.tags) for one in aws.ses.accepted] == [
        (answer["MessageId"], ("a@example.com",), {"message_id": "m-1"})
    ]
    for bad in (email([]), email(["a@example.com"], EmailTags=[{"Name": "id", "Value": "not allowed"}])):
        with pytest.raises(client.exceptions.BadRequestException):
            client.send_email(**bad)
    assert len(aws.ses.accepted) == 1


def test_an_accepted_sms_is_kept_with_its_context(aws: InMemoryAws) -> None:
    client = aws.session().client("pinpoint-sms-voice-v2")
    client.send_text_message(DestinationPhoneNumber="+4915112345678", MessageBody="x", Context={"message_id": "m-1"})
    assert [(one.to, one.tags) for one in aws.sms.accepted] == [(("+4915112345678",), {"message_id": "m-1"})]
    with pytest.raises(client.exceptions.ValidationException):
        client.send_text_message(DestinationPhoneNumber="0151", MessageBody="x")


def test_sns_takes_a_message_and_answers_in_xml(aws: InMemoryAws) -> None:
    client = aws.session().client("sns")
    answer = client.publish(TopicArn="arn:aws:sns:eu-central-1:000000000000:topic", Message="a & b")
    assert answer["MessageId"] == "sns-000001"
    assert aws.sns.accepted[0].request["Message"] == "a & b"


def test_parameters_and_secrets_are_read_by_name(aws: InMemoryAws) -> None:
    ssm = aws.session().client("ssm")
    aws.ssm.put("/hearback/token", "secret")
    assert ssm.get_parameter(Name="/hearback/token", WithDecryption=True)["Parameter"]["Value"] == "secret"
    assert ssm.get_parameter(Name="/hearback/token")["Parameter"]["Value"] != "secret"
    assert ssm.get_parameters(Names=["/hearback/token", "/none"])["InvalidParameters"] == ["/none"]
    with pytest.raises(ssm.exceptions.ParameterNotFound):
        ssm.get_parameter(Name="/none")
    with pytest.raises(ssm.exceptions.ParameterAlreadyExists):
        ssm.put_parameter(Name="/hearback/token", Value="other", Type="SecureString")
    aws.secrets.secrets["key"] = "value"
    secrets = aws.session().client("secretsmanager")
    assert secrets.get_secret_value(SecretId="key")["SecretString"] == "value"


def test_a_system_that_never_rests_is_reported(aws: InMemoryAws) -> None:
    queue = aws.sqs.create_queue("q", visibility=1)
    queue.send("x")

    def fails(event: Any, context: Any) -> None:
        raise RuntimeError

    with pytest.raises(NotQuietError, match="not at rest after 50 steps"):
        Worker(aws, [EventSource(aws, "function", queue, fails)]).run_until_quiet(max_steps=50)


# events


def event(number: int = 1, **others: Any) -> dict[str, Any]:
    return {"EventBusName": "bus", "Source": "us", "DetailType": "It", "Detail": f'{{"n": {number}}}', **others}


def test_a_bus_keeps_what_it_took_and_says_of_each_entry_whether_it_did(aws: InMemoryAws) -> None:
    aws.events.buses.add("bus")
    client = aws.session().client("events")
    answer = client.put_events(Entries=[event(1), event(2, Detail="no json"), event(3, Detail="[]"), event(4)])
    assert answer["FailedEntryCount"] == 2
    assert ["EventId" in entry for entry in answer["Entries"]] == [True, False, False, True]
    assert [taken.detail["n"] for taken in aws.events.taken] == [1, 4]


def test_a_bus_takes_ten_events_a_call_and_256_kilobytes(aws: InMemoryAws) -> None:
    aws.events.buses.add("bus")
    client = aws.session().client("events")
    large = '{"x": "' + "x" * 60_000 + '"}'
    for entries in ([event(n) for n in range(11)], [event(Detail=large) for _ in range(5)]):
        with pytest.raises(ClientError) as refused:
            client.put_events(Entries=entries)
        assert code_of(refused) == "ValidationException"
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.put_events(Entries=[event(EventBusName="another")])
    assert aws.events.taken == []


def test_a_bus_may_not_take_entries_of_a_call_that_succeeds(aws: InMemoryAws) -> None:
    aws.events.buses.add("bus")
    aws.events.refusing = 0.5
    answer = aws.session().client("events").put_events(Entries=[event(n) for n in range(10)])
    assert 0 < answer["FailedEntryCount"] == 10 - len(aws.events.taken) < 10
