"""E-mail and SMS: sent, kept for people to look at, and answered by receipts as on AWS."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
import uuid
from email.message import EmailMessage
from urllib.parse import urlencode

import pytest
from botocore.exceptions import ClientError

from tests.local.stack import Deployed, eventually

pytestmark = pytest.mark.local

SENDER = "Paper & Ink <hello@hearback.example>"


def send_email(contract: Deployed, to: str, mark: str, **more) -> str:
    content = {
        "Simple": {
            "Subject": {"Data": f"Größe <b>{mark}</b>"},
            "Body": {"Text": {"Data": "text part"}, "Html": {"Data": "<p>html part</p>"}},
            "Headers": [{"Name": "List-Unsubscribe", "Value": "<https://hearback.example/u/1>"}],
        }
    }
    sent = contract.client("sesv2").send_email(
        FromEmailAddress=SENDER,
        Destination={"ToAddresses": [to]},
        Content=content,
        ConfigurationSetName=contract.outputs["ConfigurationSetName"],
        EmailTags=[{"Name": "message_id", "Value": mark}],
        **more,
    )
    return sent["MessageId"]


def receipts(contract: Deployed, mark: str, count: int) -> list[dict]:
    """The receipts that mention something, in the order in which they came."""
    sqs, url = contract.client("sqs"), contract.outputs["InboxUrl"]
    found: list[dict] = []

    def look() -> bool:
        got = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1, VisibilityTimeout=2)
        for message in got.get("Messages", []):
            if mark in message["Body"]:
                found.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return len(found) >= count

    eventually(look)
    return found


def kept(contract: Deployed, message_id: str) -> dict:
    (message,) = [message for message in contract.messages() if message["id"] == message_id]
    return message


@pytest.mark.parametrize(
    ("to", "events"),
    [
        ("somebody@customer.example", ["Send", "Delivery"]),
        ("success@simulator.amazonses.com", ["Send", "Delivery"]),
        ("bounce+label@simulator.amazonses.com", ["Send", "Bounce"]),
        ("complaint@simulator.amazonses.com", ["Send", "Delivery", "Complaint"]),
    ],
)
def test_an_email_is_answered_by_its_receipts(contract: Deployed, to, events):
    mark = uuid.uuid4().hex
    message_id = send_email(contract, to, mark)
    came = receipts(contract, mark, len(events))
    assert sorted(event["eventType"] for event in came) == sorted(events)
    for event in came:
        assert event["mail"]["messageId"] == message_id
        assert event["mail"]["tags"]["message_id"] == [mark]
        assert event["mail"]["destination"] == [to]
        assert event["eventType"].lower() in event
    bounces = [event["bounce"] for event in came if event["eventType"] == "Bounce"]
    assert all(bounce["bounceType"] == "Permanent" for bounce in bounces)


def test_an_email_is_kept_with_all_its_parts(contract: Deployed):
    mark = uuid.uuid4().hex
    message = kept(contract, send_email(contract, "somebody@customer.example", mark))
    assert message["channel"] == "email"
    assert message["to"] == ["somebody@customer.example"]
    assert message["from"] == SENDER
    assert message["subject"] == f"Größe <b>{mark}</b>"
    assert (message["text"], message["html"]) == ("text part", "<p>html part</p>")
    assert message["headers"] == {"List-Unsubscribe": "<https://hearback.example/u/1>"}
    assert message["tags"] == {"message_id": mark}


def test_a_raw_email_is_read_as_its_reader_would(contract: Deployed):
    mime = EmailMessage()
    mime["From"], mime["To"], mime["Subject"] = SENDER, "Jörg <joerg@customer.example>", "Schöne Grüße"
    mime["List-Unsubscribe"] = "<https://hearback.example/u/1>"
    mime.set_content("Text: ä")
    mime.add_alternative("<p>ä</p>", subtype="html")
    sent = contract.client("sesv2").send_email(Content={"Raw": {"Data": mime.as_bytes()}})
    message = kept(contract, sent["MessageId"])
    assert message["subject"] == "Schöne Grüße"
    assert (message["text"].strip(), message["html"].strip()) == ("Text: ä", "<p>ä</p>")
    assert message["to"] == ["Jörg <joerg@customer.example>"]
    assert message["headers"]["List-Unsubscribe"] == "<https://hearback.example/u/1>"


def test_an_unknown_sender_is_refused_and_nothing_is_kept(contract: Deployed):
    before = contract.messages()
    with pytest.raises(ClientError) as refused:
        contract.client("sesv2").send_email(
            FromEmailAddress="stranger@elsewhere.example",
            Destination={"ToAddresses": ["somebody@customer.example"]},
            Content={"Simple": {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "t"}}}},
        )
    assert refused.value.response["Error"]["Code"] == "MessageRejected"
    assert contract.messages() == before


def test_an_unknown_configuration_set_is_refused(contract: Deployed):
    with pytest.raises(ClientError) as refused:
        contract.client("sesv2").send_email(
            FromEmailAddress=SENDER,
            Destination={"ToAddresses": ["somebody@customer.example"]},
            Content={"Simple": {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "t"}}}},
            ConfigurationSetName="no-such-set",
        )
    assert refused.value.response["Error"]["Code"] == "NotFoundException"


@pytest.mark.parametrize(
    ("number", "event"), [("+4915112345678", "TEXT_DELIVERED"), ("+43676800442032", "TEXT_INVALID")]
)
def test_an_sms_is_kept_and_answered_by_its_receipt(contract: Deployed, number, event):
    mark = uuid.uuid4().hex
    sent = contract.client("pinpoint-sms-voice-v2").send_text_message(
        DestinationPhoneNumber=number,
        OriginationIdentity="HEARBACK",
        MessageBody="Ihr Paket kommt heute ✓",
        MessageType="TRANSACTIONAL",
        Context={"message_id": mark},
    )
    message = kept(contract, sent["MessageId"])
    assert (message["channel"], message["to"], message["text"]) == ("sms", [number], "Ihr Paket kommt heute ✓")
    assert message["tags"] == {"message_id": mark}
    (receipt,) = receipts(contract, mark, 1)
    assert (receipt["eventType"], receipt["isFinal"]) == (event, True)
    assert (receipt["messageId"], receipt["context"]) == (sent["MessageId"], {"message_id": mark})
    assert receipt["destinationPhoneNumber"] == number


def test_a_dry_run_sends_no_sms(contract: Deployed):
    before = contract.messages()
    contract.client("pinpoint-sms-voice-v2").send_text_message(
        DestinationPhoneNumber="+4915112345678", MessageBody="x", DryRun=True
    )
    assert contract.messages() == before


def test_a_number_that_is_none_is_refused(contract: Deployed):
    with pytest.raises(ClientError) as refused:
        contract.client("pinpoint-sms-voice-v2").send_text_message(DestinationPhoneNumber="0151", MessageBody="x")
    assert refused.value.response["Error"]["Code"] == "ValidationException"


def test_the_mail_page_shows_messages_and_escapes_everything(contract: Deployed):
    send_email(contract, "somebody@customer.example", "<script>alert(1)</script>")
    contract.client("pinpoint-sms-voice-v2").send_text_message(
        DestinationPhoneNumber="+4915112345678", MessageBody="<img src=x onerror=alert(2)>"
    )
    page = contract.request("GET", "/mail").body.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert(1)" not in page
    assert "<img src=x" not in page
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page
    assert "allow-scripts" not in page


def answer_sms(contract: Deployed, to: str, text: str, origin: str | None = None) -> int:
    """The form of the mail page, sent by a browser."""
    body = urlencode({"to": to, "text": text}).encode()
    headers = {"content-type": "application/x-www-form-urlencoded", "origin": origin or contract.place.base}
    request = urllib.request.Request(f"{contract.place.base}/_hearback/sms-answer", body, headers)  # noqa: S310
    try:
        with urllib.request.urlopen(request) as answer:  # noqa: S310
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def test_an_sms_is_answered_from_the_mail_page_as_by_the_phone_that_got_it(contract: Deployed):
    mark = uuid.uuid4().hex
    sent = contract.client("pinpoint-sms-voice-v2").send_text_message(
        DestinationPhoneNumber="+4915112345678", OriginationIdentity="SHOP", MessageBody="Your parcel comes today"
    )
    assert answer_sms(contract, sent["MessageId"], f"STOP {mark}") == 200
    (event,) = receipts(contract, mark, 1)
    assert event["originationNumber"] == "+4915112345678"
    assert event["messageBody"] == f"STOP {mark}"
    assert event["previousPublishedMessageId"] == sent["MessageId"]
    assert kept(contract, sent["MessageId"])["answers"] == [f"STOP {mark}"]
    assert answer_sms(contract, "nothing", "STOP") == 404
    assert answer_sms(contract, sent["MessageId"], "STOP", origin="https://evil.example") == 403
    assert kept(contract, sent["MessageId"])["answers"] == [f"STOP {mark}"]
