"""What is refused is not sent: the marks, the fence that heeds them, and the lists that tell of them, on DynamoDB."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from shared.domain.messages import Category, Channel, MessageKind, MessageState, SmsContent, SmsRequest
from shared.domain.people import Person
from shared.domain.preferences import REFUSABLE, Refusal, Refused
from shared.domain.sending import Fence
from shared.storage.erasing import ErasingPeople
from shared.storage.keys import opt_out_key
from shared.storage.messages import MessageRepository, Tables
from shared.storage.opt_outs import AddressLists, OptOutRepository, PreferenceRepository
from shared.storage.people_lists import PeopleLists
from tests.fakes.clock import NOON
from tests.fakes.messages import InMemoryMessages
from tests.fakes.wishes import PERSON, draft, wish
from tests.functional.tables import PEOPLE_INDEXES, create_table

EMAIL, PHONE = str(PERSON.email), str(PERSON.phone)
ADDRESSES = {Channel.EMAIL: EMAIL, Channel.SMS: PHONE}
CHOICES = [Refused(channel, category) for channel in Channel for category in (None, *REFUSABLE)]
TABLES = Tables("messages", "responses", "deliveries", "people")


def after(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


@pytest.fixture
def dynamodb() -> Iterator[Any]:
    with mock_aws():
        client = boto3.client("dynamodb")
        for table in TABLES:
            create_table(client, table, PEOPLE_INDEXES if table == "people" else None)
        yield client


@pytest.fixture(params=["fake", "real"])
def marks(request: pytest.FixtureRequest) -> Any:
    if request.param == "fake":
        return InMemoryMessages()
    return OptOutRepository(request.getfixturevalue("dynamodb"), "messages")


@pytest.fixture
def kept(dynamodb: Any) -> PreferenceRepository:
    return PreferenceRepository(OptOutRepository(dynamodb, "messages"), AddressLists(dynamodb, "people"))


def test_a_refusal_keeps_when_it_was_said_first_and_by_whom(marks: Any) -> None:
    marks.refuse(Channel.SMS, PHONE, None, NOON, "sms")
    marks.refuse(Channel.SMS, PHONE, None, after(5), "provider")
    marks.refuse(Channel.EMAIL, EMAIL.upper(), Category.SOON, after(1), "customer")
    assert marks.of(Channel.SMS, PHONE) == {Refused(Channel.SMS, None): Refusal(since=NOON, by="sms")}
    found = {Refused(Channel.EMAIL, Category.SOON): Refusal(since=after(1), by="customer")}
    assert marks.of(Channel.EMAIL, EMAIL) == found


def test_what_is_allowed_again_is_refused_no_more_and_only_that(marks: Any) -> None:
    for category in (None, Category.SURVEYS):
        marks.refuse(Channel.SMS, PHONE, category, NOON, "sms")
    assert marks.allow(Channel.SMS, PHONE, None, after(1))
    assert set(marks.of(Channel.SMS, PHONE)) == {Refused(Channel.SMS, Category.SURVEYS)}
    assert marks.allow(Channel.SMS, PHONE, Category.SOON, after(1))


def test_a_start_that_comes_late_or_twice_undoes_no_stop_that_came_after_it(marks: Any) -> None:
    for stops in ([3], [0, 3], [3, 0]):
        for minutes in stops:
            marks.refuse(Channel.SMS, PHONE, None, after(minutes), "sms")
        assert not marks.allow(Channel.SMS, PHONE, None, after(2))
        assert Refused(Channel.SMS, None) in marks.of(Channel.SMS, PHONE)
        assert marks.allow(Channel.SMS, PHONE, None, after(4))
        assert marks.of(Channel.SMS, PHONE) == {}


def test_a_mark_of_an_earlier_release_is_of_surveys_and_can_be_taken_back(dynamodb: Any) -> None:
    key = opt_out_key(Channel.EMAIL, EMAIL, Category.SURVEYS)
    assert key["sk"] == {"S": "SURVEYS"}
    dynamodb.put_item(TableName="messages", Item={**key, "since": {"S": "2026-01-01T00:00:00.000Z"}})
    marks = OptOutRepository(dynamodb, "messages")
    ((what, refusal),) = marks.of(Channel.EMAIL, EMAIL).items()
    assert (what, refusal.by) == (Refused(Channel.EMAIL, Category.SURVEYS), None)
    assert marks.allow(Channel.EMAIL, EMAIL, Category.SURVEYS, NOON)
    assert marks.of(Channel.EMAIL, EMAIL) == {}


KINDS = [kind for kind in MessageKind if not kind.to_owner and kind is not MessageKind.SMS_HELP]


@pytest.mark.parametrize("seed", range(4))
def test_nothing_refused_ever_passes_the_fence_and_nothing_else_is_held(dynamodb: Any, seed: int) -> None:
    """The oracle is a set in this test: what was said last of each choice."""
    rng = random.Random(seed)
    marks, messages = OptOutRepository(dynamodb, "messages"), MessageRepository(dynamodb, TABLES)
    refused: set[Refused] = set()
    outcomes = set()
    for step in range(60):
        what, at = rng.choice(CHOICES), after(step)
        if rng.random() < 0.5:
            marks.refuse(what.channel, ADDRESSES[what.channel], what.category, at, "customer")
            refused.add(what)
        elif rng.random() < 0.6:
            marks.allow(what.channel, ADDRESSES[what.channel], what.category, at)
            refused.discard(what)
        if rng.random() < 0.1:
            for each in [each for each in refused if each.category is None]:
                marks.allow(each.channel, ADDRESSES[each.channel], None, at)
                refused.remove(each)
        kind, channel = rng.choice(KINDS), rng.choice(list(Channel))
        notification = wish(kind, message_id=f"msg_{step}")
        wanted = draft(notification, about=None, category=kind.refused_as)
        if channel is Channel.SMS:
            text = SmsContent(body="b")
            sms = SmsRequest(message_id=notification.message_id, to=PHONE, content=text, expires_at=after(999))
            wanted = wanted.model_copy(update={"request": sms})
        messages.claim(notification, "a", at, at + timedelta(seconds=30))
        outcome = messages.fence(wanted, "a", at, at + timedelta(seconds=30))
        is_refused = (channel, kind.category) in refused or (channel, None) in refused
        assert outcome is (Fence.UNSUBSCRIBED if is_refused else Fence.PASSED)
        outcomes.add(outcome)
    assert outcomes == {Fence.UNSUBSCRIBED, Fence.PASSED}


@pytest.mark.parametrize("category", [Category.ARRIVING, None])
def test_a_stop_that_comes_while_a_message_is_claimed_holds_it(dynamodb: Any, category: Category | None) -> None:
    marks, messages = OptOutRepository(dynamodb, "messages"), MessageRepository(dynamodb, TABLES)
    notification = wish(MessageKind.DELIVERY_ARRIVING)
    messages.claim(notification, "a", NOON, after(1))
    marks.refuse(Channel.EMAIL, EMAIL, category, NOON, "customer")
    ready = draft(notification, about=None, category=Category.ARRIVING)
    assert messages.fence(ready, "a", NOON, after(1)) is Fence.UNSUBSCRIBED
    stored = messages.get(notification.message_id)
    assert stored is not None and stored.state is MessageState.CLAIMED


def test_help_passes_whatever_is_refused(dynamodb: Any) -> None:
    marks, messages = OptOutRepository(dynamodb, "messages"), MessageRepository(dynamodb, TABLES)
    for what in CHOICES:
        marks.refuse(what.channel, ADDRESSES[what.channel], what.category, NOON, "customer")
    asked = wish(MessageKind.SMS_HELP)
    messages.claim(asked, "a", NOON, after(1))
    text = SmsContent(body="b")
    sms = SmsRequest(message_id=asked.message_id, to=PHONE, content=text, expires_at=after(9))
    ready = draft(asked, about=None, request=sms, category=asked.kind.refused_as)
    assert messages.fence(ready, "a", NOON, after(1)) is Fence.PASSED


def listed(dynamodb: Any) -> list[tuple[str, datetime]]:
    found = PeopleLists(dynamodb, "people").unsubscribes(None, None, skip=0, limit=9)
    return [(each.email, each.at) for each in found]


@pytest.mark.parametrize("category", [Category.SURVEYS, None])
def test_who_is_not_asked_by_mail_is_listed_until_they_allow_it(
    dynamodb: Any, kept: PreferenceRepository, category: Category | None
) -> None:
    what = Refused(Channel.EMAIL, category)
    kept.save(PERSON, {what: True, Refused(Channel.SMS, Category.SURVEYS): True}, NOON, "customer")
    kept.save(PERSON, {what: True}, after(1), "own")
    assert listed(dynamodb) == [(EMAIL, NOON)]
    assert kept.of(PERSON)[what] == Refusal(since=NOON, by="customer")
    kept.save(PERSON, {what: False}, after(2), "own")
    assert listed(dynamodb) == [] and set(kept.of(PERSON)) == {Refused(Channel.SMS, Category.SURVEYS)}


def test_who_refuses_news_of_parcels_or_sms_is_not_in_that_list(dynamodb: Any, kept: PreferenceRepository) -> None:
    others = [what for what in CHOICES if what not in {(Channel.EMAIL, None), (Channel.EMAIL, Category.SURVEYS)}]
    kept.save(PERSON, dict.fromkeys(others, True), NOON, "customer")
    assert listed(dynamodb) == [] and set(kept.of(PERSON)) == set(others)


def test_of_what_was_not_said_nothing_changes(kept: PreferenceRepository) -> None:
    kept.save(PERSON, {Refused(Channel.SMS, None): True}, NOON, "sms")
    kept.save(PERSON, {Refused(Channel.EMAIL, Category.SOON): True}, after(1), "customer")
    assert set(kept.of(PERSON)) == {Refused(Channel.SMS, None), Refused(Channel.EMAIL, Category.SOON)}


def test_a_channel_that_somebody_does_not_have_is_left_aside(dynamodb: Any, kept: PreferenceRepository) -> None:
    by_mail = Person(person_id="per_2", email="bob@example.org")
    kept.save(by_mail, {Refused(Channel.SMS, None): True}, NOON, "customer")
    assert dynamodb.scan(TableName="messages")["Items"] == []


def test_of_two_who_save_at_once_the_last_wins_for_each_choice(dynamodb: Any, kept: PreferenceRepository) -> None:
    """The second saves between the first's reading and its writing: their choices differ in both directions."""
    sms, soon, late = (Refused(Channel.SMS, each) for each in (None, Category.SOON, Category.DELAYED))
    kept.save(PERSON, {soon: True}, NOON, "customer")

    class Interrupted(OptOutRepository):
        saving = False

        def refuse(self, *args: Any) -> None:
            if not Interrupted.saving:
                Interrupted.saving = True
                kept.save(PERSON, {sms: False, soon: False, late: True}, after(1), "second")
            super().refuse(*args)

    first = PreferenceRepository(Interrupted(dynamodb, "messages"), AddressLists(dynamodb, "people"))
    left = first.save(PERSON, {sms: True, soon: True, late: False}, after(2), "first")
    # What the first had to write, it wrote last; what it found as it wanted it, it said before the second.
    assert set(left) == {sms, late} and left[sms].by == "first"


def test_erasing_takes_the_list_and_leaves_the_marks(dynamodb: Any, kept: PreferenceRepository) -> None:
    kept.save(PERSON, {Refused(Channel.EMAIL, None): True}, NOON, "customer")
    ErasingPeople(dynamodb, "people").erase(PERSON.person_id, [])
    assert listed(dynamodb) == []
    assert Refused(Channel.EMAIL, None) in OptOutRepository(dynamodb, "messages").of(Channel.EMAIL, EMAIL)
    for item in dynamodb.scan(TableName="messages")["Items"]:
        assert EMAIL not in str(item) and PERSON.person_id not in str(item)
