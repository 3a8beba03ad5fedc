"""What one message costs: AWS calls and capacity units, counted, and the processor time of its words."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from shared.domain.brands import Brand
from shared.domain.deliveries import Delivery, DeliveryEvent, DeliveryRegistration, DeliveryStatus
from shared.domain.messages import EmailContent, MessageKind, SmsContent
from shared.domain.people import Person, Recipient
from shared.domain.promises import Window
from shared.texts.rendering import DeliveryLinks, Rendering, Texts
from tests.simulation.shop import shop

MESSAGES = 10
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ROUNDS = 300


class MessageCount(NamedTuple):
    """What a message costs of the run that decides it.

    Args:
        calls: AWS calls of notify, that to the provider too.
        write_units: Of the messages table itself.
        index_units: Of its indexes.
        read_units: Of every table.
        receipt_calls: AWS calls of message_receipts for one receipt; 0 where there is none.
    """

    calls: float
    write_units: float
    index_units: float
    read_units: float
    receipt_calls: float


def message_count(*, by_sms: bool = False, is_stale: bool = False) -> MessageCount:
    """What notify spends on "on its way".

    Args:
        by_sms: Customers have a phone; else they get an e-mail.
        is_stale: The parcels are cancelled before the message is looked at, so that it is suppressed.
    """
    with shop(seed=1, parameters={"SmsPerSecond": "100"}) as story:
        story.aws.ses.max_send_rate = 100.0
        sources = {source.function: source for source in story.stack.sources}

        def all_of(function: str) -> int:
            return sum(iter(sources[function].poll, 0))

        def leaves(number: int) -> None:
            story.register(f"parcel-{number}", phone=f"+4915112345{number:03d}" if by_sms else None)
            story.report(f"parcel-{number}", "out_for_delivery")
            all_of("delivery_status")
            if is_stale:
                story.report(f"parcel-{number}", "cancelled")
                all_of("delivery_status")

        # A first one warms the functions, as in any hour but the first.
        leaves(0)
        assert all_of("notify") == 1
        for number in range(1, 1 + MESSAGES):
            leaves(number)
        consumed, logged = story.aws.dynamodb.consumed.copy(), len(story.aws.log)
        assert all_of("notify") == MESSAGES
        spent, sent = story.aws.dynamodb.consumed - consumed, story.aws.log[logged:]
        story.deliver_receipts()
        logged = len(story.aws.log)
        receipts = all_of("message_receipts")
        assert receipts == (0 if is_stale else 1 + MESSAGES)
        taken = sum(entry.call.function == "message_receipts" for entry in story.aws.log[logged:])
        return MessageCount(
            calls=sum(entry.call.function == "notify" for entry in sent) / MESSAGES,
            write_units=spent["MessagesTable", "write"] / MESSAGES,
            index_units=spent["MessagesTable", "index"] / MESSAGES,
            read_units=sum(units for (_, kind), units in spent.items() if kind == "read") / MESSAGES,
            receipt_calls=taken / receipts if receipts else 0,
        )


PARCEL = Delivery(
    delivery_id="parcel-1",
    registration=DeliveryRegistration(
        carrier="dhl",
        recipient=Recipient(email="ada@example.org"),
        promise=Window(start=NOON + timedelta(hours=1), end=NOON + timedelta(hours=3)),
        time_zone="Europe/Berlin",
        registered_at=NOON - timedelta(days=2),
    ),
    person_id="per_1",
    history=(DeliveryEvent(event_id="e1", status=DeliveryStatus.OUT_FOR_DELIVERY, occurred_at=NOON, learned_at=NOON),),
    version=2,
)
ADA = Person(person_id="per_1", email="ada@example.org", name="Ada Lovelace", locale="de")


def microseconds_of_rendering(form: Callable[[Texts], EmailContent | SmsContent]) -> float:
    """Processor time of the words of one "on its way", the median of rounds, with templates compiled.

    Args:
        form: Of which channel.
    """
    rendering, brand = Rendering(), Brand(name="Shop")
    links = DeliveryLinks(track="https://hear.example.com/track/token", preferences="https://hear.example.com/p/token")
    taken = []
    for _ in range(ROUNDS):
        began = time.process_time()
        form(
            rendering.delivery(
                MessageKind.DELIVERY_ON_ITS_WAY, "de", brand, delivery=PARCEL, person=ADA, now=NOON, links=links
            )
        )
        taken.append(time.process_time() - began)
    return statistics.median(taken) * 1e6
