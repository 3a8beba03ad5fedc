"""What became of a message, as its provider tells it: in any order, however often."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import permutations
from pathlib import Path

import pytest

from functions.message_receipts.events import told_by
from functions.message_receipts.service import MessageReceipts, Taken
from shared.domain.messages import Channel, EmailRequest, MessageKind, MessageState, Reason, SmsContent, SmsRequest
from shared.domain.sending import Fence, Message, Receipt, ReceiptKind
from shared.errors import PoisonMessageError
from tests.fakes.clock import NOON
from tests.fakes.messages import InMemoryBounces, InMemoryMessages, InMemoryReceipts
from tests.fakes.wishes import draft, wish

EVENTS = Path(__file__).parents[1] / "events" / "receipts"
WISH = wish(message_id="msg_1", owner="ada@example.org")
SMS = SmsRequest(message_id="msg_1", to="+4915112345678", content=SmsContent(body="b"), expires_at=NOON)


def event(name: str) -> str:
    return (EVENTS / f"{name}.json").read_text()


def read(name: str) -> Receipt:
    receipt = told_by(event(name))
    assert isinstance(receipt, Receipt)
    return receipt


@pytest.mark.parametrize(
    ("name", "channel", "kind"),
    [
        ("ses_send", Channel.EMAIL, ReceiptKind.ACCEPTED),
        ("ses_delivery", Channel.EMAIL, ReceiptKind.DELIVERED),
        ("ses_delivery_delay", Channel.EMAIL, ReceiptKind.ACCEPTED),
        ("ses_bounce_permanent", Channel.EMAIL, ReceiptKind.BOUNCED_FOR_GOOD),
        ("ses_bounce_transient", Channel.EMAIL, ReceiptKind.BOUNCED),
        ("ses_complaint", Channel.EMAIL, ReceiptKind.COMPLAINED),
        ("ses_reject", Channel.EMAIL, ReceiptKind.REJECTED),
        ("ses_rendering_failure", Channel.EMAIL, ReceiptKind.REJECTED),
        ("sms_queued", Channel.SMS, ReceiptKind.ACCEPTED),
        ("sms_successful", Channel.SMS, ReceiptKind.DELIVERED),
        ("sms_delivered", Channel.SMS, ReceiptKind.DELIVERED),
        ("sms_invalid", Channel.SMS, ReceiptKind.BOUNCED_FOR_GOOD),
        ("sms_unreachable", Channel.SMS, ReceiptKind.BOUNCED),
        ("sms_ttl_expired", Channel.SMS, ReceiptKind.BOUNCED),
        ("sms_unknown", Channel.SMS, ReceiptKind.ACCEPTED),
    ],
)
def test_an_event_is_read_for_what_it_says(name: str, channel: Channel, kind: ReceiptKind) -> None:
    receipt = read(name)
    assert (receipt.message_id, receipt.channel, receipt.kind) == ("msg_1", channel, kind)


def test_the_time_is_the_happenings_not_the_mails() -> None:
    assert read("ses_delivery").at == datetime(2026, 11, 22, 12, 0, 3, 456000, tzinfo=UTC)
    assert read("ses_bounce_permanent").at == datetime(2026, 11, 22, 12, 0, 5, tzinfo=UTC)
    assert read("ses_send").at == NOON
    assert read("sms_delivered").at == datetime.fromtimestamp(1795348803.456, UTC)


@pytest.mark.parametrize("name", ["ses_open", "ses_of_another_sender", "sms_of_another_sender"])
def test_an_event_that_is_not_about_a_messages_fate_is_none_of_ours(name: str) -> None:
    assert told_by(event(name)) is None


@pytest.mark.parametrize(
    "body",
    [
        "",
        "Successfully validated SNS topic for Amazon SES event publishing.",
        "null",
        "[]",
        "{}",
        '{"eventType": "Delivery"}',
        '{"eventType": "Delivery", "mail": {"messageId": "x", "timestamp": "yesterday"}}',
        '{"eventType": "TEXT_DELIVERED", "messageId": "x", "eventTimestamp": 1e400}',
        '{"eventType": "TEXT_DELIVERED", "messageId": "x", "eventTimestamp": 99999999999999999, '
        '"context": {"message_id": "m"}}',
    ],
)
def test_what_is_no_event_is_poison(body: str) -> None:
    with pytest.raises(PoisonMessageError):
        told_by(body)


class House:
    def __init__(
        self, state: MessageState = MessageState.SENT, request: EmailRequest | SmsRequest | None = None
    ) -> None:
        self.messages = InMemoryMessages()
        message = Message(
            notification=WISH, state=state, token="a", request=request or draft(WISH).request, provider_id="ses-1"
        )
        self.messages.stored["msg_1"] = message
        self.bounces = InMemoryBounces()
        self.service = MessageReceipts(InMemoryReceipts(self.messages), self.bounces)

    def take(self, name: str) -> Taken:
        return self.service.take(read(name))

    @property
    def message(self) -> Message:
        return self.messages.stored["msg_1"]


@pytest.mark.parametrize("state", [MessageState.AMBIGUOUS, MessageState.ATTEMPTING])
def test_any_receipt_proves_that_a_message_was_sent(state: MessageState) -> None:
    for name in ("ses_send", "ses_delivery", "ses_bounce_transient", "ses_complaint"):
        house = House(state)
        assert house.take(name).settled_from is state
        assert house.message.state is MessageState.SENT
        assert house.take(name).settled_from is None


def test_a_receipt_before_the_worker_wrote_its_result_leaves_it_nothing_to_write() -> None:
    house = House(MessageState.ATTEMPTING)
    house.take("ses_send")
    assert not house.messages.settle("msg_1", "a", MessageState.AMBIGUOUS, NOON)
    assert house.message.state is MessageState.SENT


def test_each_order_of_receipts_comes_to_the_same() -> None:
    names = ("ses_send", "ses_delivery", "ses_bounce_permanent", "ses_complaint")
    ends = set()
    for order in permutations(names):
        house = House(MessageState.AMBIGUOUS)
        for name in (*order, *order):
            house.take(name)
        message = house.message
        ends.add((message.state, message.delivered_at, message.bounced_at, message.complained_at))
        assert list(house.messages.suppressed.values()) == [Reason.COMPLAINED]
    ((state, *marks),) = ends
    assert (state, None in marks) == (MessageState.SENT, False)


@pytest.mark.parametrize(
    ("name", "reason"),
    [("ses_bounce_permanent", Reason.BOUNCED), ("ses_complaint", Reason.COMPLAINED), ("ses_bounce_transient", None)],
)
def test_an_address_that_is_none_or_complained_is_suppressed(name: str, reason: Reason | None) -> None:
    house = House()
    assert house.take(name).suppressed is reason
    expected = {(Channel.EMAIL, "ada@example.org"): reason} if reason else {}
    assert house.messages.suppressed == expected
    assert house.take(name).suppressed is None
    second = wish(message_id="msg_2", owner="Ada@example.org")
    house.messages.claim(second, "b", NOON, NOON)
    fence = house.messages.fence(draft(second), "b", NOON, NOON)
    assert fence == (reason.value if reason else Fence.PASSED)


@pytest.mark.parametrize("order", [("ses_delivery", "ses_bounce_permanent"), ("ses_bounce_permanent", "ses_delivery")])
def test_a_bounce_after_or_before_the_delivery_keeps_both_and_suppresses(order: tuple[str, str]) -> None:
    house = House()
    for name in (*order, *order):
        house.take(name)
    assert None not in (house.message.delivered_at, house.message.bounced_at)
    assert (house.message.state, list(house.messages.suppressed.values())) == (MessageState.SENT, [Reason.BOUNCED])


@pytest.mark.parametrize("name", ["ses_delivery", "ses_complaint", "ses_bounce_permanent"])
def test_a_receipt_that_overtakes_the_sends_own_answer_is_kept_beside_it(name: str) -> None:
    """The worker that got the answer finds the message settled, and what the receipt said stays."""
    house = House(MessageState.ATTEMPTING)
    house.take(name)
    assert not house.messages.settle("msg_1", "a", MessageState.SENT, NOON, provider_id="ses-1")
    told = house.message.delivered_at or house.message.complained_at or house.message.bounced_at
    assert (house.message.state, told is not None) == (MessageState.SENT, True)


def test_a_message_whose_receipt_never_comes_stays_as_its_worker_left_it() -> None:
    for state in (MessageState.SENT, MessageState.AMBIGUOUS):
        house = House(state)
        house.service.take(read("sms_delivered").model_copy(update={"message_id": "msg_2"}))
        assert (house.message.state, house.message.delivered_at) == (state, None)


def test_a_number_that_is_none_is_suppressed_for_sms() -> None:
    house = House(request=SMS)
    house.take("sms_invalid")
    assert house.messages.suppressed == {(Channel.SMS, "+4915112345678"): Reason.BOUNCED}


@pytest.mark.parametrize(
    ("name", "is_listed"), [("ses_bounce_permanent", True), ("ses_bounce_transient", False), ("ses_complaint", False)]
)
def test_a_person_whose_mail_bounced_for_good_is_listed(name: str, is_listed: bool) -> None:
    house = House()
    asked = wish(MessageKind.THANK_YOU, message_id="msg_1")
    house.messages.stored["msg_1"] = house.message.model_copy(update={"notification": asked})
    for _ in range(2):
        house.take(name)
    assert list(house.bounces.entered) == ([("per_1", "ada@example.org")] if is_listed else [])


def test_an_owner_whose_mail_bounced_is_no_customer_and_is_not_listed() -> None:
    house = House()
    house.take("ses_bounce_permanent")
    assert house.bounces.entered == {}


def test_what_the_provider_took_and_rejected_has_failed() -> None:
    house = House()
    house.take("ses_reject")
    assert (house.message.state, house.message.reason) == (MessageState.FAILED, Reason.REJECTED)


def test_a_told_by_an_unknown_message_changes_nothing() -> None:
    house = House()
    house.messages.stored.clear()
    assert house.take("ses_complaint") == Taken(known=False)
    assert (house.messages.stored, house.messages.suppressed) == ({}, {})
