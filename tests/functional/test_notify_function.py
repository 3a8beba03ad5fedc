"""The functions behind the notifications and the receipts queue, with tables, queues and providers around them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from functions.message_receipts import app as receipts_app
from functions.message_receipts import bootstrap as receipts_bootstrap
from functions.notify import app, bootstrap
from functions.notify.service import Sending
from shared.channels.smtp import SmtpSender
from shared.domain.deliveries import DeliveryStatus
from shared.domain.messages import Category, Channel, MessageKind, MessageState, Notification, Reason
from shared.domain.people import Recipient
from shared.domain.preferences import Refusal, Refused
from shared.domain.queued import ResponseSubmitted, SendNotification
from shared.domain.sending import Message
from shared.storage.deliveries import DeliveryRepository
from shared.storage.keys import message_key
from shared.storage.messages import MessageRepository, Tables
from shared.storage.opt_outs import OptOutRepository
from shared.storage.people import PersonRepository
from shared.storage.responses import ResponseRepository
from shared.storage.surveys import SurveyRepository
from shared.tokens import LinkSigner
from tests.fakes.clock import CountingIds
from tests.fakes.erasure import FakeErasureKey
from tests.fakes.wishes import OWNER, PERSON, SURVEY, delivery, response, wish
from tests.functional.tables import create_table

TABLES = ("messages", "surveys", "responses", "deliveries", "people")
SENDER = "shop@example.com"
EVENTS = Path(__file__).parents[1] / "events" / "receipts"


class House:
    """What stands around the functions."""

    def __init__(self) -> None:
        self.dynamodb = boto3.client("dynamodb")
        self.sqs = boto3.client("sqs")
        self.now = datetime.now(UTC).replace(microsecond=0)
        for name in TABLES:
            create_table(self.dynamodb, name)
        boto3.client("sesv2").create_email_identity(EmailIdentity=SENDER)
        self.queues = {
            name: self.sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("wishes", "receipts", "funnel")
        }
        boto3.client("scheduler").create_schedule_group(Name="schedules")
        boto3.client("ssm").put_parameter(Name="/link-keys", Value='["a key"]', Type="SecureString")
        self.survey = SurveyRepository(self.dynamodb, "surveys").publish(SURVEY)
        self.mails: list[dict[str, Any]] = []
        self.refused: dict[str, ClientError] = {}

    def environment(self) -> dict[str, str]:
        return {
            **{f"{name.upper()}_TABLE_NAME": name for name in TABLES},
            "NOTIFICATIONS_QUEUE_URL": self.queues["wishes"],
            "FUNNEL_QUEUE_URL": self.queues["funnel"],
            "RECEIPTS_QUEUE_URL": self.queues["receipts"],
            "NOTIFICATIONS_QUEUE_ARN": "arn:aws:sqs:eu-central-1:123456789012:wishes",
            "SCHEDULE_GROUP_NAME": "schedules",
            "SCHEDULER_ROLE_ARN": "arn:aws:iam::123456789012:role/scheduler",
            "LINK_KEYS_PARAMETER": "/link-keys",
            "PUBLIC_BASE_URL": "https://hear.example.com/",
            "SENDER_EMAIL": SENDER,
            "EMAIL_CONFIGURATION_SET": "receipts",
            "TODAY_EMAIL_CONFIGURATION_SET": "today",
            "URGENT_EMAIL_CONFIGURATION_SET": "urgent",
            "SMTP_URL": "",
            "SMS_PER_SECOND": "100",
            "RESEND_AMBIGUOUS": "",
            "SMS_ORIGINATION_IDENTITY": "",
            "SMS_CONFIGURATION_SET": "",
            "ALLOWED_COUNTRIES": "DE,AT",
            "ALERTS_PER_HOUR": "1",
            "RECONTACT_DAYS": "30",
            "DEFAULT_TIME_ZONE": "UTC",
            "MESSAGES_PER_PERSON_PER_DAY": "5",
            "SMS_SPEND_LIMIT_PER_DAY": "20",
            "SMS_PER_PREFIX_PER_HOUR": "20",
            "SMS_PRICES_USD": "",
            "HELP_CONTACT": "+49 30 1234567",
        }

    def wish(self, kind: MessageKind = MessageKind.DETRACTOR_ALERT, **changes: Any) -> Notification:
        times = {"requested_at": self.now, "expires_at": self.now + timedelta(hours=2)}
        return wish(kind, **{**times, **changes})

    def answer(self, **changes: Any) -> None:
        submitted = ResponseSubmitted(response=response(**changes))
        ResponseRepository(self.dynamodb, "responses").record([submitted])

    def message(self, notification: Notification) -> Message:
        tables = Tables("messages", "responses", "deliveries", "people")
        message = MessageRepository(self.dynamodb, tables).get(notification.message_id)
        assert message is not None
        return message

    def outcome(self, notification: Notification) -> tuple[MessageState, Reason | None]:
        message = self.message(notification)
        return message.state, message.reason


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    cached = [
        getattr(module, name)
        for module in (bootstrap, receipts_bootstrap)
        for name in ("settings", "dynamodb", "service", "replies", "back_off")
        if hasattr(module, name)
    ]
    with mock_aws():
        house = House()
        for name, value in house.environment().items():
            monkeypatch.setenv(name, value)
        for built in cached:
            built.cache_clear()
        ses = bootstrap.service()._email._ses  # type: ignore[attr-defined]
        send = ses.send_email

        def kept(**kwargs: Any) -> Any:
            (to,) = kwargs["Destination"]["ToAddresses"]
            if to in house.refused:
                raise house.refused[to]
            house.mails.append(kwargs)
            return send(**kwargs)

        monkeypatch.setattr(ses, "send_email", kept)
        monkeypatch.setattr(ses, "get_account", lambda: {"SendQuota": {"MaxSendRate": 500.0}})
        yield house
    for built in cached:
        built.cache_clear()


def batch(*bodies: str) -> dict[str, Any]:
    attributes = {"ApproximateReceiveCount": "1"}
    return {
        "Records": [
            {"messageId": f"id-{n}", "receiptHandle": f"handle-{n}", "body": body, "attributes": attributes}
            for n, body in enumerate(bodies)
        ]
    }


def notified(context: Any, *notifications: Notification) -> list[str]:
    bodies = [SendNotification(notification=each).model_dump_json(exclude_none=True) for each in notifications]
    answer = app.lambda_handler(batch(*bodies), context)
    return [item["itemIdentifier"] for item in answer["batchItemFailures"]]


def reported(context: Any, message_id: str, kind: str, **more: Any) -> Any:
    mail = {"messageId": "ses-1", "timestamp": "2026-11-22T12:00:00Z", "tags": {"message_id": [message_id]}}
    return receipts_app.lambda_handler(batch(json.dumps({"eventType": kind, "mail": mail, **more})), context)


def test_a_detractors_answer_becomes_one_mail_to_the_owner(house: House, lambda_context: Any) -> None:
    house.answer(comment="The lamp is broken")
    alert = house.wish()
    for _ in range(2):
        assert notified(lambda_context, alert) == []
    (mail,) = house.mails
    assert mail["Destination"] == {"ToAddresses": [OWNER]}
    assert mail["EmailTags"] == [{"Name": "message_id", "Value": alert.message_id}]
    assert "The lamp is broken" in mail["Content"]["Simple"]["Body"]["Text"]["Data"]
    assert house.outcome(alert) == (MessageState.SENT, None)


def test_an_answer_that_changed_since_is_superseded(house: House, lambda_context: Any) -> None:
    house.answer(rating=3)
    house.answer(rating=10, revision=2)
    alert = house.wish()
    assert notified(lambda_context, alert) == []
    assert house.outcome(alert) == (MessageState.SUPPRESSED, Reason.SUPERSEDED)
    assert house.mails == []


def test_alerts_beyond_the_budget_wait_for_a_digest(house: House, lambda_context: Any) -> None:
    house.answer()
    first, second = house.wish(), house.wish(message_id="msg_second")
    assert notified(lambda_context, first, second) == []
    assert house.outcome(second) == (MessageState.SUPPRESSED, Reason.CAPPED)
    scheduler = boto3.client("scheduler")
    (summary,) = scheduler.list_schedules(GroupName="schedules")["Schedules"]
    schedule = scheduler.get_schedule(GroupName="schedules", Name=summary["Name"])
    digest = SendNotification.model_validate_json(schedule["Target"]["Input"]).notification
    assert (digest.kind, digest.message_id) == (MessageKind.ALERT_DIGEST, summary["Name"])
    assert schedule["ScheduleExpression"].startswith("at(")
    assert notified(lambda_context, digest) == []
    assert "1 more customer was" in house.mails[1]["Content"]["Simple"]["Body"]["Text"]["Data"]


def test_an_invitation_carries_a_link_that_its_page_verifies(house: House, lambda_context: Any) -> None:
    recipient = Recipient(email="ada@example.org", locale="de")
    person = PersonRepository(house.dynamodb, "people", CountingIds().new, FakeErasureKey()).resolve(
        recipient, house.now
    )
    parcel = delivery(DeliveryStatus.DELIVERED, version=1)
    DeliveryRepository(house.dynamodb, "deliveries").save(parcel, 0)
    invitation = house.wish(MessageKind.SURVEY_INVITATION, person_id=person.person_id)
    assert notified(lambda_context, invitation) == []
    text = house.mails[0]["Content"]["Simple"]["Body"]["Text"]["Data"]
    (link,) = [line for line in text.splitlines() if line.startswith("https://hear.example.com/r/")]
    verified = LinkSigner(["a key"]).verify(link.partition("/r/")[2], house.now)
    assert (verified.person_id, verified.subject_id, verified.rated) == (person.person_id, "parcel-1", True)
    assert "Wie wahrscheinlich" in text


def test_poison_fails_alone(house: House, lambda_context: Any) -> None:
    house.answer()
    good = SendNotification(notification=house.wish()).model_dump_json(exclude_none=True)
    answer = app.lambda_handler(batch('{"schema": 1}', good), lambda_context)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "id-0"}]}
    assert len(house.mails) == 1


@pytest.mark.usefixtures("house")
def test_the_clients_that_send_make_one_attempt() -> None:
    """What more would do is in test_lost_answers.py."""
    service = bootstrap.service()
    for client in (service._email._ses, service._sms._sms):  # type: ignore[attr-defined]
        assert client.meta.config.retries["total_max_attempts"] == 1


def refusal(code: str, status: int) -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "SendEmail")


def test_of_five_of_which_the_provider_rejects_one_for_good_and_one_for_now_the_others_are_sent(
    house: House, lambda_context: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    house.answer()
    owners = [f"owner-{n}@example.com" for n in range(5)]
    alerts = [house.wish(owner=owner, message_id=f"msg_{n}") for n, owner in enumerate(owners)]
    house.refused = {
        owners[1]: refusal("MessageRejected", 400),
        owners[3]: refusal("TooManyRequestsException", 429),
    }
    assert notified(lambda_context, *alerts) == ["id-3"]
    assert [house.outcome(alert) for alert in alerts] == [
        (MessageState.SENT, None),
        (MessageState.FAILED, Reason.REJECTED),
        (MessageState.SENT, None),
        (MessageState.NEW, None),
        (MessageState.SENT, None),
    ]
    assert '"MessagesFailed":[1.0]' in capsys.readouterr().out.replace(" ", "")
    house.refused = {}
    assert notified(lambda_context, *alerts) == []
    assert [mail["Destination"]["ToAddresses"] for mail in house.mails] == [[owners[n]] for n in (0, 2, 4, 3)]
    assert house.outcome(alerts[1]) == (MessageState.FAILED, Reason.REJECTED), "and is not tried again"


def test_settings_name_categories_or_the_function_does_not_start(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    for text, meant in (("", []), ("arriving, soon", [Category.ARRIVING, Category.SOON])):
        monkeypatch.setenv("RESEND_AMBIGUOUS", text)
        assert bootstrap.Settings.from_environment().resent == meant
    monkeypatch.setenv("RESEND_AMBIGUOUS", "arriving,parcels")
    bootstrap.settings.cache_clear()
    bootstrap.service.cache_clear()
    with pytest.raises(ValueError, match="parcels"):
        bootstrap.service()


def test_with_a_server_of_the_developers_mail_goes_there_and_is_asked_of_no_account(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SMTP_URL", "smtp://127.0.0.1:1025")
    bootstrap.settings.cache_clear()
    bootstrap.service.cache_clear()
    service = bootstrap.service()
    assert isinstance(service._email, SmtpSender)
    assert service._pace._ses is None  # type: ignore[attr-defined]


def attempting(house: House, notification: Notification, lease_until: datetime) -> None:
    """Leave the message as a worker does that died in the middle of its call."""
    MessageRepository(house.dynamodb, Tables("messages", "responses", "deliveries", "people")).claim(
        notification, "dead", house.now, lease_until
    )
    house.dynamodb.update_item(
        TableName="messages",
        Key=message_key(notification.message_id),
        UpdateExpression="SET #state = :state",
        ExpressionAttributeNames={"#state": "state"},
        ExpressionAttributeValues={":state": {"S": "attempting"}},
    )


def test_an_attempt_whose_worker_died_is_ambiguous_until_its_receipt(
    house: House, lambda_context: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    house.answer()
    alert = house.wish()
    attempting(house, alert, house.now - timedelta(seconds=1))
    assert notified(lambda_context, alert) == []
    assert house.outcome(alert) == (MessageState.AMBIGUOUS, None)
    assert '"MessagesAmbiguous":[1.0]' in capsys.readouterr().out.replace(" ", "")
    assert reported(lambda_context, alert.message_id, "Send", send={}) == {"batchItemFailures": []}
    assert house.outcome(alert) == (MessageState.SENT, None)
    assert '"MessagesSettled":[1.0]' in capsys.readouterr().out.replace(" ", "")
    assert house.mails == []


def test_an_attempt_under_way_comes_again_later(house: House, lambda_context: Any) -> None:
    house.answer()
    alert = house.wish()
    attempting(house, alert, house.now + timedelta(minutes=1))
    assert notified(lambda_context, alert) == ["id-0"]
    assert (house.message(alert).state, house.mails) == (MessageState.ATTEMPTING, [])


def test_an_address_that_bounced_gets_nothing_more(house: House, lambda_context: Any) -> None:
    house.answer()
    first = house.wish()
    notified(lambda_context, first)
    bounce = {"bounceType": "Permanent", "timestamp": "2026-11-22T12:00:05Z"}
    assert reported(lambda_context, first.message_id, "Bounce", bounce=bounce) == {"batchItemFailures": []}
    assert house.message(first).bounced_at == datetime(2026, 11, 22, 12, 0, 5, tzinfo=UTC)
    second = house.wish(message_id="msg_second")
    assert notified(lambda_context, second) == []
    assert house.outcome(second) == (MessageState.SUPPRESSED, Reason.BOUNCED)
    assert len(house.mails) == 1


def test_receipts_that_are_poison_or_anothers_harm_nothing(
    house: House, lambda_context: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert reported(lambda_context, "msg_unknown", "Delivery") == {"batchItemFailures": []}
    assert '"ReceiptsUnknown":[1.0]' in capsys.readouterr().out.replace(" ", "")
    answer = receipts_app.lambda_handler(batch("no JSON"), lambda_context)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "id-0"}]}


def test_the_log_names_ids_and_nobody(
    house: House, lambda_context: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.answer(comment="call me, I am Ada")
    alert = house.wish()
    notified(lambda_context, alert)
    reported(lambda_context, alert.message_id, "Complaint", complaint={"timestamp": "2026-11-22T12:00:05Z"})
    broken = house.wish(message_id="msg_broken")
    attempting(house, broken, house.now + timedelta(minutes=1))
    house.dynamodb.update_item(
        TableName="messages",
        Key=message_key("msg_broken"),
        UpdateExpression="SET content = :content",
        ExpressionAttributeValues={":content": {"S": '{"owner": "owner@example.com", "kind": "x"}'}},
    )
    assert notified(lambda_context, broken) == ["id-0"]
    logged = caplog.text + str([vars(record) for record in caplog.records])
    assert alert.message_id in logged and "message failed" in logged
    for secret in (OWNER, "Ada"):
        assert secret not in logged


def replied(context: Any, name: str, sent_at: datetime) -> Any:
    """An SMS that somebody sent to our number, as its queue hands it over."""
    event = batch((EVENTS / f"sms_reply_{name}.json").read_text())
    event["Records"][0]["attributes"] = {
        "ApproximateReceiveCount": "1",
        "SentTimestamp": str(int(sent_at.timestamp() * 1000)),
    }
    return receipts_app.lambda_handler(event, context)


def test_stop_and_start_by_sms_are_heard_in_the_order_in_which_they_were_sent(
    house: House, lambda_context: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    marks = OptOutRepository(house.dynamodb, "messages")
    refused = Refused(Channel.SMS, None)
    later = house.now + timedelta(minutes=1)
    assert replied(lambda_context, "stop", later) == {"batchItemFailures": []}
    assert marks.of(Channel.SMS, str(PERSON.phone)) == {refused: Refusal(since=later, by="sms")}
    assert '"SmsStops":[1.0]' in capsys.readouterr().out.replace(" ", "")
    replied(lambda_context, "start", house.now)
    assert refused in marks.of(Channel.SMS, str(PERSON.phone))
    replied(lambda_context, "start", later + timedelta(minutes=1))
    assert marks.of(Channel.SMS, str(PERSON.phone)) == {}


def test_help_by_sms_is_wished_for_once_and_the_log_says_nobodys_number(
    house: House, lambda_context: Any, caplog: pytest.LogCaptureFixture
) -> None:
    replied(lambda_context, "help", house.now)
    replied(lambda_context, "words", house.now)
    (queued,) = house.sqs.receive_message(QueueUrl=house.queues["wishes"])["Messages"]
    wished = SendNotification.model_validate_json(queued["Body"]).notification
    assert (wished.kind, wished.phone) == (MessageKind.SMS_HELP, PERSON.phone)
    logged = caplog.text + str([vars(record) for record in caplog.records])
    assert "answer taken" in logged and "answer is no keyword" in logged
    assert "15112345678" not in logged and "see you tomorrow" not in logged


class Decided:
    """A service that has decided."""

    def __init__(self, sending: Sending) -> None:
        self._sending = sending

    def send(self, notification: Notification) -> Sending:
        return self._sending


@pytest.mark.parametrize(
    ("sending", "counted"),
    [
        (Sending(MessageState.NEW, Reason.QUIET_HOURS), {"MessagesDeferred"}),
        (Sending(MessageState.SENT, no_sms_because=Reason.SPEND_LIMIT), {"MessagesSent", "SmsLimitsReached"}),
        (Sending(MessageState.SUPPRESSED, Reason.PREFIX_LIMIT), {"MessagesSuppressed", "SmsLimitsReached"}),
        (Sending(MessageState.SUPPRESSED, Reason.PREFIX_LIMIT, now=False), set()),
        (Sending(MessageState.SUPPRESSED, Reason.TOO_MANY), {"MessagesSuppressed"}),
    ],
)
def test_what_was_put_off_and_which_limits_were_reached_is_counted(
    sending: Sending,
    counted: set[str],
    house: House,
    lambda_context: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(bootstrap, "service", lambda: Decided(sending))
    assert notified(lambda_context, house.wish()) == []
    names = {"MessagesDeferred", "MessagesSent", "MessagesSuppressed", "SmsLimitsReached"}
    printed = capsys.readouterr().out
    assert {name for name in names if f'"{name}":' in printed} == counted
