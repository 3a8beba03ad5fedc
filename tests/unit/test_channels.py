"""What is given to providers, and what their answers mean."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ParamValidationError,
    ReadTimeoutError,
)
from botocore.stub import ANY, Stubber
from hypothesis import given
from hypothesis import strategies as st

from shared.channels.email import EmailSender
from shared.channels.sms import SmsSender
from shared.domain.links import Unsubscribe
from shared.domain.messages import (
    Category,
    Channel,
    EmailContent,
    EmailRequest,
    MessageKind,
    Reason,
    SmsContent,
    SmsRequest,
)
from shared.domain.sending import Accepted, Attempt, NoAnswer, RefusedForGood, RefusedForNow
from shared.domain.urgency import Urgency
from shared.tokens import UnsubscribeLinks
from tests.fakes.clock import NOON

EMAIL = EmailRequest(
    message_id="msg_1",
    to="ada@example.org",
    from_name="Grüne Lampe",
    content=EmailContent(subject="Hallo", text="text", html="<p>html</p>"),
    expires_at=NOON + timedelta(days=2),
)
SETS = {Urgency.URGENT: "15-minutes", Urgency.TODAY: "3-hours", Urgency.STANDARD: "14-hours"}
TRIED_FOR = {"15-minutes": 15, "3-hours": 180, "14-hours": 840}
"""In minutes, by the set's name: written out, so that the product's own numbers are not held against themselves."""
SMS = SmsRequest(
    message_id="msg_1",
    to="+4915112345678",
    content=SmsContent(body="Hallo"),
    expires_at=NOON + timedelta(minutes=30),
)


class Provider:
    """Keeps the call, and answers or fails."""

    def __init__(self, error: Exception | None = None) -> None:
        self.calls: list[dict[str, Any]] = []
        self._error = error

    def send_email(self, **kwargs: Any) -> Mapping[str, Any]:
        self.calls.append(kwargs)
        if self._error:
            raise self._error
        return {"MessageId": "provider-1"}

    send_text_message = send_email


def test_an_e_mail_has_one_recipient_and_a_tag_that_comes_back() -> None:
    """The stub refuses what the service's own model of the call does not allow."""
    ses = boto3.client("sesv2")
    with Stubber(ses) as stub:
        stub.add_response(
            "send_email",
            {"MessageId": "provider-1"},
            {
                "FromEmailAddress": "=?utf-8?q?Gr=C3=BCne_Lampe?= <shop@example.com>",
                "Destination": {"ToAddresses": ["ada@example.org"]},
                "Content": {
                    "Simple": {
                        "Subject": {"Data": "Hallo", "Charset": "UTF-8"},
                        "Body": {
                            "Text": {"Data": "text", "Charset": "UTF-8"},
                            "Html": {"Data": "<p>html</p>", "Charset": "UTF-8"},
                        },
                    }
                },
                "EmailTags": [{"Name": "message_id", "Value": "msg_1"}],
                "ConfigurationSetName": "14-hours",
            },
        )
        assert EmailSender(ses, "shop@example.com", SETS).send(EMAIL, NOON) == Accepted("provider-1")


def test_an_e_mail_that_its_recipient_can_do_without_has_a_button_to_unsubscribe() -> None:
    """RFC 8058: two headers, the address in angle brackets."""
    provider = Provider()
    address = "https://hear.example.com/u/token"
    mail = EMAIL.model_copy(update={"unsubscribe": address})
    EmailSender(provider, "shop@example.com", SETS).send(mail, NOON)
    assert provider.calls[0]["Content"]["Simple"]["Headers"] == [
        {"Name": "List-Unsubscribe", "Value": "<https://hear.example.com/u/token>"},
        {"Name": "List-Unsubscribe-Post", "Value": "List-Unsubscribe=One-Click"},
    ]


@pytest.mark.parametrize("kind", [kind for kind in MessageKind if kind.refused_as is not None])
def test_each_mail_to_a_customer_has_the_headers_of_rfc_8058(kind: MessageKind) -> None:
    """One List-Unsubscribe-Post of just this value, and one https URI that names person, channel and category."""
    provider, keys = Provider(), UnsubscribeLinks(lambda: ["key"])
    mentioned = Unsubscribe(person_id="per_1", channel=Channel.EMAIL, category=kind.refused_as or Category.STAFF)
    address = f"https://hear.example.com/u/{keys.sign(mentioned)}"
    mail = EMAIL.model_copy(update={"unsubscribe": address})
    EmailSender(provider, "shop@example.com", SETS).send(mail, NOON)
    headers = [(each["Name"], each["Value"]) for each in provider.calls[0]["Content"]["Simple"]["Headers"]]
    assert [value for name, value in headers if name.lower() == "list-unsubscribe-post"] == [
        "List-Unsubscribe=One-Click"
    ]
    (listed,) = (value for name, value in headers if name.lower() == "list-unsubscribe")
    uris = re.findall(r"<([^<>]*)>", listed)
    assert listed == f"<{uris[0]}>" and [uri.partition(":")[0] for uri in uris] == ["https"]
    assert keys.verify(uris[0].rpartition("/")[2]) == mentioned
    # SES: name and value together (API reference of MessageHeader); and no character that would need folding.
    assert len("List-Unsubscribe" + listed) <= 996 and listed.isascii() and not re.search(r"\s", listed)


def test_an_sms_is_transactional_and_dies_when_it_is_no_longer_true() -> None:
    sms = boto3.client("pinpoint-sms-voice-v2")
    with Stubber(sms) as stub:
        stub.add_response(
            "send_text_message",
            {"MessageId": "provider-1"},
            {
                "DestinationPhoneNumber": "+4915112345678",
                "OriginationIdentity": "SHOP",
                "MessageBody": "Hallo",
                "MessageType": "TRANSACTIONAL",
                "TimeToLive": 1800,
                "Context": {"message_id": "msg_1"},
                "ConfigurationSetName": "receipts",
            },
        )
        assert SmsSender(sms, "SHOP", "receipts").send(SMS, NOON) == Accepted("provider-1")


def test_what_an_sms_may_cost_at_most_is_said_to_who_sends_it() -> None:
    sms = boto3.client("pinpoint-sms-voice-v2")
    with Stubber(sms) as stub:
        priced = SMS.model_copy(update={"max_price": "0.30000"})
        sent = {"DestinationPhoneNumber": ANY, "OriginationIdentity": ANY, "MessageBody": ANY, "MessageType": ANY}
        expected = {**sent, "TimeToLive": ANY, "Context": ANY, "MaxPrice": "0.30000"}
        stub.add_response("send_text_message", {"MessageId": "provider-1"}, expected)
        assert SmsSender(sms, "SHOP", "").send(priced, NOON) == Accepted("provider-1")


@given(st.integers(5_000, 40 * 86_400_000), st.integers(0, 10**9))
def test_a_carrier_gives_an_sms_up_before_it_expires_and_never_after_its_default_of_three_days(
    left_ms: int, clock_ms: int
) -> None:
    """For each moment that the fence lets pass, which are those with at least five seconds left."""
    provider, now = Provider(), NOON + timedelta(milliseconds=clock_ms)
    request = SMS.model_copy(update={"expires_at": now + timedelta(milliseconds=left_ms)})
    SmsSender(provider, "SHOP", "").send(request, now)
    lives = provider.calls[0]["TimeToLive"]
    assert isinstance(lives, int)
    assert 5 <= lives <= 259_200
    assert lives * 1000 <= left_ms


@given(st.integers(5, 40 * 86_400))
def test_ses_gives_an_e_mail_up_before_it_expires_unless_that_is_within_its_shortest_time(left: int) -> None:
    provider = Provider()
    request = EMAIL.model_copy(update={"expires_at": NOON + timedelta(seconds=left)})
    EmailSender(provider, "shop@example.com", SETS).send(request, NOON)
    tried = 60 * TRIED_FOR[provider.calls[0]["ConfigurationSetName"]]
    assert tried <= max(left, 15 * 60)
    longer = [60 * minutes for minutes in TRIED_FOR.values() if 60 * minutes > tried]
    assert all(each > left for each in longer), "and it is not given up for nothing"


def test_an_e_mail_frozen_before_its_time_was_kept_is_tried_for_as_long_as_then() -> None:
    provider = Provider()
    EmailSender(provider, "shop@example.com", SETS).send(EMAIL.model_copy(update={"expires_at": None}), NOON)
    assert provider.calls[0]["ConfigurationSetName"] == "14-hours"


@pytest.mark.parametrize(
    ("left", "seconds"),
    [
        (timedelta(seconds=-1), 5),
        (timedelta(seconds=5.9), 5),
        (timedelta(minutes=30), 1800),
        (timedelta(days=3), 259_200),
        (timedelta(days=30), 259_200),
    ],
)
def test_an_sms_never_lives_longer_than_its_message_is_true(left: timedelta, seconds: int) -> None:
    provider = Provider()
    SmsSender(provider, "SHOP", "").send(SMS, SMS.expires_at - left)
    assert provider.calls[0]["TimeToLive"] == seconds
    assert "ConfigurationSetName" not in provider.calls[0]


def refused(code: str, status: int = 400, reason: str = "") -> ClientError:
    response: Any = {"Error": {"Code": code, "Message": "for ada@example.org"}, "Reason": reason}
    response["ResponseMetadata"] = {"HTTPStatusCode": status}
    return ClientError(response, "Send")


URL = "https://example.com"
COMMON: list[tuple[Exception, Attempt]] = [
    (refused("TooManyRequestsException", 429), RefusedForNow("TooManyRequestsException")),
    (refused("ThrottlingException"), RefusedForNow("ThrottlingException")),
    (refused("AccessDeniedException", 403), RefusedForNow("AccessDeniedException")),
    (refused("InternalServerException", 500), NoAnswer("InternalServerException")),
    (refused("ServiceUnavailable", 503), NoAnswer("ServiceUnavailable")),
    (refused("Unreadable", 0), NoAnswer("Unreadable")),
    (ReadTimeoutError(endpoint_url=URL), NoAnswer("ReadTimeoutError")),
    (ConnectionClosedError(endpoint_url=URL), NoAnswer("ConnectionClosedError")),
    (EndpointConnectionError(endpoint_url=URL), RefusedForNow("EndpointConnectionError")),
    (ConnectTimeoutError(endpoint_url=URL), RefusedForNow("ConnectTimeoutError")),
    (ParamValidationError(report="x"), RefusedForGood(Reason.REJECTED, "ParamValidationError")),
]


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        *COMMON,
        (refused("MessageRejected"), RefusedForGood(Reason.REJECTED, "MessageRejected")),
        (refused("BadRequestException"), RefusedForGood(Reason.REJECTED, "BadRequestException")),
        (refused("SendingPausedException"), RefusedForNow("SendingPausedException")),
        (refused("LimitExceededException"), RefusedForNow("LimitExceededException")),
        (refused("MailFromDomainNotVerifiedException"), RefusedForNow("MailFromDomainNotVerifiedException")),
        (refused("NotFoundException", 404), RefusedForNow("NotFoundException")),
    ],
)
def test_what_ses_answers_is_known_for_what_it_is(error: Exception, meaning: Attempt) -> None:
    assert EmailSender(Provider(error), "shop@example.com", SETS).send(EMAIL, NOON) == meaning


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        *COMMON,
        (refused("ValidationException"), RefusedForGood(Reason.REJECTED, "ValidationException")),
        (
            refused("ValidationException", reason="PRICE_OVER_THRESHOLD"),
            RefusedForGood(Reason.SPEND_LIMIT, "ValidationException"),
        ),
        (
            refused("ValidationException", reason="DESTINATION_COUNTRY_BLOCKED"),
            RefusedForGood(Reason.COUNTRY_NOT_ALLOWED, "ValidationException"),
        ),
        (
            refused("ConflictException", reason="DESTINATION_PHONE_NUMBER_OPTED_OUT"),
            RefusedForGood(Reason.UNSUBSCRIBED, "ConflictException"),
        ),
        (refused("ConflictException", reason="RESOURCE_NOT_ACTIVE"), RefusedForNow("ConflictException")),
        (refused("ServiceQuotaExceededException", 402), RefusedForNow("ServiceQuotaExceededException")),
        (refused("ResourceNotFoundException", 404), RefusedForNow("ResourceNotFoundException")),
    ],
)
def test_what_sms_answers_is_known_for_what_it_is(error: Exception, meaning: Attempt) -> None:
    assert SmsSender(Provider(error), "SHOP", "").send(SMS, NOON) == meaning
