"""A report is taken in once, and what the customer is told follows from what is stored."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from functions.delivery_status.service import SAVE_ATTEMPTS, DeliveryStatus
from shared.domain.deliveries import Delivery, DeliveryEvent, DeliveryRegistration
from shared.domain.messages import MessageKind, message_id
from shared.domain.people import Recipient
from shared.domain.promises import LedgerChange, Outcome, Window
from shared.domain.queued import DeliveryDue, DeliveryReported, SendNotification
from shared.errors import TemporaryError
from tests.fakes.clock import NOON, FrozenClock
from tests.fakes.deliveries import InMemoryDeliveries, OneBrand
from tests.fakes.people import InMemoryPeople
from tests.fakes.queues import RecordingLater, RecordingQueue


class House:
    """The service with everything around it in memory."""

    def __init__(self) -> None:
        self.deliveries = InMemoryDeliveries()
        self.people = InMemoryPeople()
        self.notifications = RecordingQueue()
        self.later = RecordingLater()
        self.clock = FrozenClock()
        self.service = self.serving(self.deliveries)

    def serving(self, deliveries: InMemoryDeliveries) -> DeliveryStatus:
        return DeliveryStatus(
            deliveries=deliveries,
            people=self.people,
            brands=OneBrand(),
            notifications=self.notifications,
            later=self.later,
            clock=self.clock,
        )

    def told(self) -> list[SendNotification]:
        return [sent.message for sent in self.notifications.sent if isinstance(sent.message, SendNotification)]

    def kinds(self) -> list[MessageKind]:
        return [told.notification.kind for told in self.told()]

    def stored(self) -> Delivery:
        delivery = self.deliveries.get("order-1")
        assert delivery is not None
        return delivery


@pytest.fixture
def house() -> House:
    return House()


def registration(email: str = "ada@example.com", minutes: int = 0) -> DeliveryReported:
    return DeliveryReported(
        delivery_id="order-1",
        registration=DeliveryRegistration(
            carrier="dhl",
            recipient=Recipient(external_id="c-1", email=email),
            survey_id="delivery",
            registered_at=NOON + timedelta(minutes=minutes),
        ),
    )


def happened(status: str, minutes: int = 0) -> DeliveryReported:
    event = DeliveryEvent.model_validate(
        {
            "event_id": f"{status}-{minutes}",
            "status": status,
            "occurred_at": NOON + timedelta(minutes=minutes),
            "learned_at": NOON,
        }
    )
    return DeliveryReported(delivery_id="order-1", event=event)


def test_a_parcel_out_for_delivery_is_told_to_its_customer(house: House) -> None:
    house.service.follow(registration())
    house.service.follow(happened("out_for_delivery"))
    (told,) = house.told()
    assert told.notification.message_id == message_id(MessageKind.DELIVERY_ON_ITS_WAY, "order-1", "2026-11-22")
    assert told.notification.person_id == house.stored().person_id
    assert told.notification.expires_at == NOON + timedelta(hours=12)
    assert house.notifications.sent[0].group == "order-1"


def test_delivered_is_told_with_an_invitation_to_the_survey(house: House) -> None:
    house.service.follow(registration())
    house.service.follow(happened("delivered"))
    assert house.kinds() == ["delivery_delivered", "survey_invitation"]
    assert {told.notification.survey_id for told in house.told()} == {"delivery"}


def test_a_report_that_comes_again_changes_nothing_and_wishes_for_the_same_messages(house: House) -> None:
    """The wish may have been lost with a crash after the write, so it is repeated under the same id."""
    for report in (registration(), happened("out_for_delivery")) * 3:
        house.service.follow(report)
    assert house.deliveries.writes == 2
    assert len({told.notification.message_id for told in house.told()}) == 1
    assert len(house.told()) == 5


def test_a_wish_lost_after_the_write_is_made_up_for_by_the_redelivery(house: House) -> None:
    house.service.follow(registration())
    house.notifications.fails = True
    with pytest.raises(TemporaryError):
        house.service.follow(happened("out_for_delivery"))
    assert (house.stored().status, house.told()) == ("out_for_delivery", [])
    house.notifications.fails = False
    followed = house.service.follow(happened("out_for_delivery"))
    assert (followed.changed, house.kinds()) == (False, ["delivery_on_its_way"])


def test_nothing_stale_is_wished_for_after_delivered(house: House) -> None:
    house.service.follow(registration())
    house.service.follow(happened("delivered", 60))
    house.notifications.sent.clear()
    house.service.follow(happened("out_for_delivery", 0))
    house.service.follow(happened("arriving", 90))
    assert set(house.kinds()) == {"delivery_delivered", "survey_invitation"}


def test_events_may_come_before_the_registration(house: House) -> None:
    house.service.follow(happened("info_received"))
    house.service.follow(happened("out_for_delivery", 1))
    assert house.told() == []
    house.service.follow(registration(minutes=5))
    assert house.kinds() == ["delivery_on_its_way"]


def test_an_old_registration_that_comes_again_does_not_bring_back_an_old_address(house: House) -> None:
    house.service.follow(registration("old@example.com"))
    house.service.follow(registration("new@example.com", minutes=5))
    house.service.follow(registration("old@example.com"))
    person = house.people.get(house.stored().person_id or "")
    assert person is not None and person.email == "new@example.com"
    known = house.stored().registration
    assert known is not None and known.recipient is not None
    assert known.recipient.email == "new@example.com"


def test_of_a_registration_that_waited_while_its_person_was_erased_the_person_is_dropped(house: House) -> None:
    house.people.erased_at = NOON + timedelta(minutes=1)
    signed = happened("out_for_delivery").event
    assert signed is not None
    for number in (1, 2):
        event = signed.model_copy(update={"event_id": f"e-{number}", "raw_status": "signed by A. Lovelace"})
        house.service.follow(registration().model_copy(update={"event": event}))
    kept = house.stored().registration
    assert kept is not None and (kept.recipient, kept.survey_id) == (None, "delivery")
    assert [event.raw_status for event in house.stored().history] == [None, None]
    assert (house.stored().person_id, house.told()) == (None, [])
    house.service.follow(registration(minutes=2))
    assert house.kinds() == ["delivery_on_its_way"]


def test_nobody_is_told_of_a_parcel_whose_recipient_was_erased(house: House) -> None:
    house.service.follow(registration())
    erased = house.stored().without_person()
    house.deliveries.save(erased, house.stored().version)
    house.service.follow(happened("out_for_delivery"))
    assert house.stored().status == "out_for_delivery"
    assert house.told() == []


class RacingDeliveries(InMemoryDeliveries):
    """Somebody else writes the same delivery just before each of the first few saves."""

    def __init__(self, races: int) -> None:
        super().__init__()
        self._races = races

    def save(self, delivery: Delivery, expected_version: int, moved: Sequence[LedgerChange] = ()) -> bool:
        if self._races:
            self._races -= 1
            other = self.get(delivery.delivery_id) or Delivery(delivery_id=delivery.delivery_id)
            event = happened("in_transit", -10 - self._races).event
            assert event is not None
            super().save(other.with_event(event), other.version)
        return super().save(delivery, expected_version, moved)


def test_a_lost_race_is_run_again_and_loses_neither_report(house: House) -> None:
    deliveries = RacingDeliveries(races=SAVE_ATTEMPTS - 1)
    service = house.serving(deliveries)
    assert service.follow(happened("out_for_delivery")).changed
    stored = deliveries.get("order-1")
    assert stored is not None
    assert (stored.status, len(stored.history)) == ("out_for_delivery", SAVE_ATTEMPTS)


def test_a_race_that_is_always_lost_comes_again_later(house: House) -> None:
    service = house.serving(RacingDeliveries(races=SAVE_ATTEMPTS))
    with pytest.raises(TemporaryError, match="others kept writing"):
        service.follow(happened("out_for_delivery"))
    assert house.told() == []


# Timers.


def promised(hours: float, minutes: int = 0) -> DeliveryReported:
    report = registration(minutes=minutes)
    assert report.registration is not None
    start = NOON + timedelta(hours=hours)
    window = Window(start=start, end=start + timedelta(hours=2))
    return report.model_copy(update={"registration": report.registration.model_copy(update={"promise": window})})


def rings(house: House) -> list[MessageKind]:
    """What the timers that are due by now have told."""
    house.notifications.sent.clear()
    for due in house.later.taken(house.clock.now()):
        assert isinstance(due, DeliveryDue)
        house.service.look_again(due)
    return house.kinds()


def test_what_is_due_later_has_us_look_again_when_it_is(house: House) -> None:
    house.service.follow(promised(72))
    assert house.kinds() == ["delivery_scheduled"]
    house.clock.advance(timedelta(hours=53, seconds=1))
    assert rings(house) == ["delivery_scheduled", "delivery_day_before"]


def test_a_timer_that_rings_twice_or_too_early_wishes_for_nothing_new(house: House) -> None:
    house.service.follow(promised(72))
    for _ in range(3):
        house.service.look_again(DeliveryDue(delivery_id="order-1"))
    assert len({told.notification.message_id for told in house.told()}) == 1
    house.clock.advance(timedelta(hours=53))
    for _ in range(3):
        house.service.look_again(DeliveryDue(delivery_id="order-1"))
    assert len({told.notification.message_id for told in house.told()}) == 2
    assert house.deliveries.writes == 1


def test_a_timer_of_a_parcel_nobody_knows_does_nothing(house: House) -> None:
    assert house.service.look_again(DeliveryDue(delivery_id="order-1")) is None


def test_a_timer_of_what_has_changed_tells_nothing(house: House) -> None:
    house.service.follow(promised(72))
    house.service.follow(happened("delivered", 5))
    house.clock.advance(timedelta(hours=53, seconds=1))
    assert set(rings(house)) == {"delivery_delivered", "survey_invitation"}


def test_the_timer_is_made_before_the_write_that_needs_it(house: House) -> None:
    house.later.fails = True
    with pytest.raises(TemporaryError):
        house.service.follow(promised(72))
    assert house.deliveries.get("order-1") is None
    house.later.fails = False
    house.service.follow(promised(72))
    assert len(house.later.due) == 1


def test_a_new_estimate_needs_only_one_more_timer(house: House) -> None:
    house.service.follow(registration())
    house.service.follow(happened("out_for_delivery"))
    first = house.service.estimate("order-1", NOON + timedelta(hours=3), NOON)
    assert (first.changed, [at for at, _ in house.later.due.values()]) == (
        True,
        [NOON + timedelta(hours=2, minutes=15, seconds=1)],
    )
    again = house.service.estimate("order-1", NOON + timedelta(hours=3, minutes=2), NOON + timedelta(minutes=1))
    assert (again.changed, len(house.later.due)) == (False, 1)
    house.service.estimate("order-1", NOON + timedelta(hours=4), NOON + timedelta(minutes=2))
    house.clock.advance(timedelta(hours=2, minutes=16))
    assert rings(house) == ["delivery_on_its_way"]
    house.clock.advance(timedelta(hours=1))
    assert rings(house) == ["delivery_on_its_way", "delivery_soon"]


# The ledger.


def test_what_became_of_a_promise_is_counted_once_and_moved_by_a_correction(house: House) -> None:
    house.service.follow(promised(-1))
    for _ in range(2):
        house.service.follow(happened("delivered", 30))
    assert dict(house.deliveries.ledger) == {("2026-W47", "dhl", "", Outcome.KEPT): 1}
    wrong = happened("in_transit", 31).event
    assert wrong is not None
    right = wrong.model_copy(update={"corrects": "delivered-30"})
    house.service.follow(DeliveryReported(delivery_id="order-1", event=right))
    assert dict(house.deliveries.ledger) == {("2026-W47", "dhl", "", Outcome.KEPT): 0}
    house.service.follow(happened("delivered", 90))
    assert {key[3]: times for key, times in house.deliveries.ledger.items() if times} == {Outcome.LATE: 1}


def test_what_contradicts_is_told_once_and_has_nobody_told(house: House) -> None:
    house.service.follow(registration())
    house.service.follow(happened("delivered", 10))
    house.notifications.sent.clear()
    followed = house.service.follow(happened("out_for_delivery", 20))
    assert [event.status for event in followed.contradicted] == ["out_for_delivery"]
    assert house.service.follow(happened("out_for_delivery", 20)).contradicted == ()
    assert set(house.kinds()) == {"delivery_delivered", "survey_invitation"}


def test_several_events_of_one_report_are_one_write(house: House) -> None:
    events = [happened(status, n).event for n, status in enumerate(("in_transit", "out_for_delivery", "delivered"))]
    report = DeliveryReported(delivery_id="order-1", events=tuple(event for event in events if event))
    assert house.service.follow(report).delivery.status == "delivered"
    assert house.deliveries.writes == 1
    assert house.service.follow(report).changed is False
