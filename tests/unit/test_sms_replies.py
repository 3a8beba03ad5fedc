"""What people answer by SMS: STOP, START and HELP, in any order and however often."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from itertools import permutations
from pathlib import Path

import pytest

from functions.message_receipts.events import told_by
from functions.message_receipts.replies import SmsReplies
from shared.domain.keywords import Keyword
from shared.domain.messages import Category, Channel, MessageKind
from shared.domain.people import Claim, Person
from shared.domain.preferences import Refused
from shared.domain.queued import SendNotification
from shared.domain.replies import SmsReply
from shared.errors import PoisonMessageError
from tests.fakes.clock import NOON
from tests.fakes.messages import InMemoryMessages
from tests.fakes.queues import RecordingQueue
from tests.fakes.wishes import PERSON

EVENTS = Path(__file__).parents[1] / "events" / "receipts"
PHONE = str(PERSON.phone)
EVERYTHING = Refused(Channel.SMS, None)


def after(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def read(name: str) -> SmsReply:
    told = told_by((EVENTS / f"sms_reply_{name}.json").read_text())
    assert isinstance(told, SmsReply)
    return told


class OnlyPhones:
    def __init__(self, *people: Person) -> None:
        self.people = people

    def find(self, claim: Claim) -> Person | None:
        return next((person for person in self.people if person.phone == claim.value), None)


class House:
    def __init__(self, *people: Person) -> None:
        self.marks = InMemoryMessages()
        self.queue = RecordingQueue()
        self.service = SmsReplies(self.marks, OnlyPhones(*people), self.queue)

    def take(self, name: str, at: datetime = NOON) -> Keyword | None:
        return self.service.take(read(name), at)

    @property
    def refused(self) -> set[Refused]:
        return set(self.marks.of(Channel.SMS, PHONE))

    @property
    def wishes(self) -> list[SendNotification]:
        return [sent.message for sent in self.queue.sent if isinstance(sent.message, SendNotification)]


@pytest.mark.parametrize("name", ["stop", "stopp"])
def test_stop_refuses_all_that_comes_by_sms_also_of_a_number_that_is_nobodys(name: str) -> None:
    for house in (House(), House(PERSON)):
        assert house.take(name) is Keyword.STOP
        assert house.refused == {EVERYTHING} and house.wishes == []


def test_start_takes_a_stop_back_and_leaves_what_was_chosen() -> None:
    house = House()
    house.marks.refuse(Channel.SMS, PHONE, Category.SURVEYS, NOON, "customer")
    house.take("stop", after(1))
    assert house.take("start", after(2)) is Keyword.START
    assert house.refused == {Refused(Channel.SMS, Category.SURVEYS)}


def test_who_said_stop_last_is_sent_nothing_whatever_the_order_in_which_it_comes() -> None:
    for order in permutations([("stop", 0), ("start", 1), ("stop", 2), ("start", 1)]):
        house = House()
        for name, minutes in order:
            house.take(name, after(minutes))
        assert house.refused == {EVERYTHING}


def test_help_is_wished_for_to_the_person_whose_number_it_is() -> None:
    house = House(PERSON)
    assert house.take("help") is Keyword.HELP
    (wished,) = house.wishes
    assert (wished.notification.kind, wished.notification.person_id) == (MessageKind.SMS_HELP, PERSON.person_id)
    assert wished.notification.phone is None and PHONE not in wished.model_dump_json()


def test_help_is_wished_for_to_the_number_if_it_is_nobodys_and_is_one_message_in_an_hour() -> None:
    house = House()
    for minutes in (0, 1, 59):
        house.take("help", after(minutes))
    assert {wished.notification.phone for wished in house.wishes} == {PHONE}
    assert len({wished.notification.message_id for wished in house.wishes}) == 1


def test_what_people_write_otherwise_changes_nothing() -> None:
    house = House(PERSON)
    assert house.take("words") is None
    assert (house.refused, house.wishes) == (set(), [])


def test_a_machines_short_code_is_nobody_to_answer() -> None:
    assert told_by((EVENTS / "sms_reply_short_code.json").read_text()) is None


@pytest.mark.parametrize("gone", ["originationNumber", "messageBody", "inboundMessageId"])
def test_what_is_no_whole_answer_is_poison(gone: str) -> None:
    event = json.loads((EVENTS / "sms_reply_stop.json").read_text())
    del event[gone]
    with pytest.raises(PoisonMessageError):
        told_by(json.dumps(event))
