"""Whatever order a parcel's reports come in, and however often: no stale message, and none twice.

The two real services stand behind each other, as on AWS: what `delivery_status` wishes for comes to `notify`, and what
is due later comes back when it is due. The oracle decides from the reports alone, by a table of its own.
"""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import pytest

from functions.delivery_status.service import DeliveryStatus
from shared.domain.deliveries import DeliveryEvent, DeliveryRegistration
from shared.domain.messages import EmailRequest, SmsRequest
from shared.domain.people import Recipient
from shared.domain.promises import Window
from shared.domain.queued import DeliveryDue, DeliveryReported, SendNotification
from shared.errors import TemporaryError
from tests.fakes.clock import NOON
from tests.fakes.deliveries import OneBrand
from tests.fakes.notify import NotifyHouse
from tests.fakes.people import InMemoryPeople
from tests.fakes.queues import RecordingLater, RecordingQueue
from tests.fakes.wishes import PERSON, SURVEY

RANK = [
    "unknown",
    "info_received",
    "in_transit",
    "appointment_set",
    "out_for_delivery",
    "arriving",
    "available_for_pickup",
    "attempt_failed",
    "delivered",
    "exception",
    "returning",
    "returned",
    "cancelled",
    "expired",
]
AFTER = {
    "delivered": {"returning", "returned"},
    "returning": {"returned"},
    "returned": set(),
    "cancelled": {"delivered"},
}
TRUE_IN = {
    "delivery_scheduled": {"unknown", "info_received", "in_transit", "appointment_set"},
    "delivery_day_before": {"unknown", "info_received", "in_transit", "appointment_set"},
    "delivery_on_its_way": {"out_for_delivery"},
    "delivery_soon": {"out_for_delivery"},
    "delivery_arriving": {"arriving"},
    "delivery_delivered": {"delivered"},
    "delivery_apology": {"delivered"},
    "delivery_attempt_failed": {"attempt_failed"},
    "delivery_exception": {"exception"},
    "survey_invitation": {"delivered"},
}


class Report(NamedTuple):
    """What a carrier says: the id, the status, and how many hours after noon it happened."""

    name: str
    status: str
    hour: float


def where_it_is(heard: Iterable[Report]) -> str:
    """The status that these reports, each once, come to."""
    here = "unknown"
    for report in sorted(set(heard), key=lambda each: (each.hour, RANK.index(each.status), each.name)):
        if report.status != "unknown" and (here not in AFTER or report.status in AFTER[here]):
            here = report.status
    return here


class House:
    """Both services, with a customer whose parcel is promised from one to three hours after noon, two days later."""

    def __init__(self, *, promised: bool = True) -> None:
        self.notify = NotifyHouse()
        self.queue, self.later = RecordingQueue(), RecordingLater()
        self.people = InMemoryPeople()
        self.status = DeliveryStatus(
            deliveries=self.notify.deliveries,
            people=self.people,
            brands=OneBrand(),
            notifications=self.queue,
            later=self.later,
            clock=self.notify.clock,
        )
        self.heard: list[Report] = []
        self.sent: list[tuple[str, str | None, str]] = []
        start = NOON + timedelta(days=2, hours=1)
        registration = DeliveryRegistration(
            carrier="dhl",
            recipient=Recipient(email=PERSON.email, phone=PERSON.phone),
            promise=Window(start=start, end=start + timedelta(hours=2)) if promised else None,
            time_zone="Europe/Berlin",
            survey_id=SURVEY.survey_id,
            registered_at=NOON,
        )
        followed = self.status.follow(DeliveryReported(delivery_id="parcel-1", registration=registration))
        person_id = followed.delivery.person_id or ""
        self.notify.people.stored[person_id] = PERSON.model_copy(update={"person_id": person_id})
        self.settle()

    def hear(self, report: Report) -> None:
        event = DeliveryEvent.model_validate(
            {
                "event_id": report.name,
                "status": report.status,
                "occurred_at": NOON + timedelta(hours=report.hour),
                "learned_at": self.notify.clock.now(),
            }
        )
        self.heard.append(report)
        self.status.follow(DeliveryReported(delivery_id="parcel-1", event=event))

    def settle(self) -> None:
        """Bring every wish to notify, until it is decided, or has to come again later."""
        wishes, self.queue.sent = self.queue.sent, []
        for wish in wishes:
            message = wish.message
            assert isinstance(message, SendNotification)
            before = [len(provider.accepted) for provider in (self.notify.email, self.notify.sms)]
            try:
                self.notify.send(message.notification)
            except TemporaryError:
                self.queue.sent.append(wish)
            for provider, known in zip((self.notify.email, self.notify.sms), before, strict=True):
                for request in provider.accepted[known:]:
                    self._attempted(request)

    def _attempted(self, request: EmailRequest | SmsRequest) -> None:
        """Remember what a provider accepted, and where the parcel was then."""
        wish = self.notify.messages.stored[request.message_id].notification
        self.sent.append((wish.kind.value, wish.occasion, where_it_is(self.heard)))

    def pass_until(self, then: datetime) -> None:
        """Let time pass; what is due on the way comes back in its time."""
        clock = self.notify.clock
        while due := [at for at, _ in self.later.due.values() if at <= then]:
            clock.advance(max(min(due) - clock.now(), timedelta(0)))
            for message in self.later.taken(clock.now()):
                assert isinstance(message, DeliveryDue)
                self.status.look_again(message)
            self.settle()
        clock.advance(max(then - clock.now(), timedelta(0)))

    def wrong(self) -> list[str]:
        """What should not have been sent."""
        found = [f"{kind} while {status}" for kind, _, status in self.sent if status not in TRUE_IN.get(kind, {status})]
        twice = Counter((kind, occasion) for kind, occasion, _ in self.sent)
        return found + [f"{kind} about {occasion} {n} times" for (kind, occasion), n in twice.items() if n > 1]


def told(reports: Sequence[Report], *, settles: Sequence[bool], every_minutes: int = 7, promised: bool = True) -> House:
    """A house that heard these reports, in this order; after some of them the wishes waited for came to notify."""
    house = House(promised=promised)
    first = min(report.hour for report in reports)
    house.pass_until(NOON + timedelta(hours=first))
    for report, now in zip(reports, settles, strict=True):
        house.pass_until(house.notify.clock.now() + timedelta(minutes=every_minutes))
        house.hear(report)
        if now:
            house.settle()
    for _ in range(4):
        house.pass_until(house.notify.clock.now() + timedelta(minutes=15))
        house.settle()
    return house


HISTORIES = [
    ("info_received", "in_transit", "out_for_delivery", "arriving", "delivered"),
    ("in_transit", "out_for_delivery", "attempt_failed", "out_for_delivery", "delivered"),
    ("out_for_delivery", "exception", "out_for_delivery", "arriving", "delivered", "returning"),
    ("in_transit", "exception", "in_transit", "out_for_delivery", "cancelled", "delivered"),
    ("info_received", "delivered", "out_for_delivery", "in_transit", "returned"),
    ("unknown", "appointment_set", "out_for_delivery", "arriving", "attempt_failed", "expired"),
]


def history(statuses: Sequence[str]) -> list[Report]:
    """One after the other, from an hour before the promised window on."""
    return [Report(f"scan-{n}", status, 48 + n * 0.5) for n, status in enumerate(statuses)]


@pytest.mark.parametrize("statuses", HISTORIES, ids="-".join)
def test_in_many_orders_nothing_stale_is_sent_and_nothing_twice(statuses: tuple[str, ...]) -> None:
    """Every 41st order; the slow test takes them all."""
    for number, order in enumerate(itertools.permutations(history(statuses))):
        if number % 41:
            continue
        for settles in ([True] * len(order), [False] * len(order), [n % 2 == 0 for n in range(len(order))]):
            house = told(order, settles=settles)
            assert house.wrong() == [], (order, house.sent)


@pytest.mark.slow
@pytest.mark.parametrize("statuses", HISTORIES, ids="-".join)
def test_in_every_order_nothing_stale_is_sent_and_nothing_twice(statuses: tuple[str, ...]) -> None:
    for order in itertools.permutations(history(statuses)):
        for settles in ([True] * len(order), [False] * len(order)):
            house = told(order, settles=settles)
            assert house.wrong() == [], (order, house.sent)


def seeded(seed: int) -> House:
    """A longer history with repetitions and delays, drawn from a seed."""
    draw = random.Random(seed)
    reports = [
        Report(f"scan-{n}", draw.choice(RANK), 47 + draw.randrange(0, 160) / 20) for n in range(draw.randint(7, 14))
    ]
    shuffled = [*reports, *draw.choices(reports, k=draw.randint(0, 8))]
    draw.shuffle(shuffled)
    settles = [draw.random() < 0.6 for _ in shuffled]
    return told(shuffled, settles=settles, every_minutes=draw.randint(1, 45), promised=draw.random() < 0.7)


def test_of_sixty_long_histories_none_says_anything_stale_or_twice() -> None:
    for seed in range(60):
        house = seeded(seed)
        assert house.wrong() == [], (seed, house.sent)


@pytest.mark.slow
def test_of_two_thousand_long_histories_none_says_anything_stale_or_twice() -> None:
    for seed in range(2000):
        house = seeded(seed)
        assert house.wrong() == [], (seed, house.sent)


def test_a_usual_history_tells_each_stage_once() -> None:
    house = told(history(HISTORIES[0]), settles=[True] * 5)
    assert [kind for kind, _, _ in house.sent] == [
        "delivery_scheduled",
        "delivery_day_before",
        "delivery_on_its_way",
        "delivery_arriving",
        "delivery_delivered",
        "survey_invitation",
    ]


@pytest.mark.parametrize("fault", ["no status", "no occasion"])
def test_a_planted_fault_is_found(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the check of the status, stale messages; without occasions, the same message again."""
    if fault == "no status":
        monkeypatch.setattr("functions.notify.delivery_news._is_true", lambda *_: True)
    else:
        monkeypatch.setattr(
            "functions.delivery_status.service.message_id",
            lambda kind, *about: f"msg_{kind.value}_{next(_NUMBERS)}",
        )
    assert any(seeded(seed).wrong() for seed in range(60))


_NUMBERS = itertools.count()
