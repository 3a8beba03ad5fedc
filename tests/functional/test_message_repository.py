"""The contract of messages: held by the fake that unit tests use and by the real repositories alike."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from shared.domain.asking import Ask, ShortLink, SurveyRequest, invitation_id
from shared.domain.daily_caps import DailyCap
from shared.domain.messages import Category, Channel, MessageKind, MessageState, Reason, SmsContent, SmsRequest
from shared.domain.sending import (
    AlertBudget,
    Draft,
    Fence,
    Message,
    Receipt,
    ReceiptKind,
    RenderedFrom,
    SubjectType,
)
from shared.domain.sms_limits import taking_of
from shared.errors import NotFoundError, TemporaryError
from shared.storage.keys import (
    daily_messages_key,
    delivery_key,
    message_key,
    person_tombstone_key,
    response_key,
    short_link_key,
    sms_prefix_key,
    sms_spend_key,
)
from shared.storage.messages import WRITE_ATTEMPTS, MessageRepository, Tables
from shared.storage.opt_outs import OptOutRepository
from shared.storage.receipts import ReceiptRepository
from shared.storage.short_links import ShortLinks
from shared.storage.survey_requests import SurveyRequestRepository
from tests.fakes.clock import NOON
from tests.fakes.messages import InMemoryMessages, InMemoryReceipts
from tests.fakes.wishes import OWNER, PERSON, RESPONSE_ID, draft, wish
from tests.functional.tables import create_table

LEASE = NOON + timedelta(seconds=30)
LATER = NOON + timedelta(minutes=1)
TABLES = Tables("messages", "responses", "deliveries", "people")
ABOUT_PARCEL = RenderedFrom(SubjectType.DELIVERY, "parcel-1", 4)
BUDGET = AlertBudget(survey_id="checkout", owner=OWNER, hour_start=NOON, limit=1)


class FakeWorld:
    def __init__(self) -> None:
        self._versions: dict[tuple[SubjectType, str], int] = {}
        self.messages = InMemoryMessages(lambda subject, name: self._versions.get((subject, name)))
        self.receipts = InMemoryReceipts(self.messages)
        self.opt_out, self.opt_outs = self.messages.refuse, self.messages

    def store(self, subject: SubjectType, name: str, version: int | None) -> None:
        self._versions.pop((subject, name), None)
        if version is not None:
            self._versions[subject, name] = version

    def erase(self, person_id: str) -> None:
        self.messages.erased_people.add(person_id)


class RealWorld:
    def __init__(self, dynamodb: Any) -> None:
        self.dynamodb = dynamodb
        for table in TABLES:
            create_table(dynamodb, table)
        self.messages = MessageRepository(dynamodb, TABLES)
        self.receipts = ReceiptRepository(dynamodb, TABLES.messages)
        self.opt_outs = OptOutRepository(dynamodb, TABLES.messages)
        self.opt_out = self.opt_outs.refuse

    def store(self, subject: SubjectType, name: str, version: int | None) -> None:
        item: dict[str, Any] = {"erased": {"BOOL": True}}
        if version is not None:
            field = "revision" if subject is SubjectType.RESPONSE else "version"
            item = {field: {"N": str(version)}}
        table, key = ("responses", response_key) if subject is SubjectType.RESPONSE else ("deliveries", delivery_key)
        self.dynamodb.put_item(TableName=table, Item={**key(name), **item})

    def erase(self, person_id: str) -> None:
        self.dynamodb.put_item(TableName="people", Item={**person_tombstone_key(person_id)})


@pytest.fixture
def dynamodb() -> Iterator[Any]:
    with mock_aws():
        yield boto3.client("dynamodb")


@pytest.fixture(params=["fake", "real"])
def world(request: pytest.FixtureRequest) -> Any:
    made = FakeWorld() if request.param == "fake" else RealWorld(request.getfixturevalue("dynamodb"))
    made.store(SubjectType.RESPONSE, RESPONSE_ID, 1)
    made.store(SubjectType.DELIVERY, "parcel-1", 4)
    return made


def claimed(world: Any, worker: str = "a") -> str:
    message = world.messages.claim(wish(), worker, NOON, LEASE)
    assert (message.state, message.token) == (MessageState.CLAIMED, worker)
    return str(message.notification.message_id)


def attempting(world: Any, worker: str = "a") -> str:
    name = claimed(world, worker)
    assert world.messages.fence(draft(), worker, NOON, LEASE) is Fence.PASSED
    return name


def test_a_claim_keeps_the_first_wish_and_holds_until_its_lease_ends(world: Any) -> None:
    name = claimed(world)
    other = wish(expires_at=NOON + timedelta(days=9))
    held = world.messages.claim(other, "b", LEASE - timedelta(milliseconds=1), LATER)
    assert (held.token, held.notification) == ("a", wish())
    stolen = world.messages.claim(other, "b", LEASE, LATER)
    assert (stolen.token, stolen.state, stolen.lease_until) == ("b", MessageState.CLAIMED, LATER)
    assert world.messages.get(name) == stolen
    assert world.messages.get("msg_unknown") is None


def test_the_fence_lets_the_claimer_pass_once(world: Any) -> None:
    name = claimed(world)
    assert world.messages.fence(draft(), "b", NOON, LEASE) is Fence.TAKEN
    assert world.messages.fence(draft(said=2), "a", NOON, LATER) is Fence.PASSED
    assert world.messages.fence(draft(), "a", NOON, LATER) is Fence.TAKEN
    message = world.messages.get(name)
    assert (message.state, message.lease_until) == (MessageState.ATTEMPTING, LATER)
    assert (message.request, message.said) == (draft().request, 2)


def test_a_lease_that_was_taken_over_does_not_pass_the_fence(world: Any) -> None:
    claimed(world)
    world.messages.claim(wish(), "b", LEASE, LATER)
    assert world.messages.fence(draft(), "a", LEASE, LATER) is Fence.TAKEN
    assert world.messages.fence(draft(), "b", LEASE, LATER) is Fence.PASSED


@pytest.mark.parametrize("now_stored", [None, 2])
def test_an_answer_that_changed_or_went_does_not_pass_the_fence(world: Any, now_stored: int | None) -> None:
    claimed(world)
    world.store(SubjectType.RESPONSE, RESPONSE_ID, now_stored)
    assert world.messages.fence(draft(), "a", NOON, LEASE) is Fence.CHANGED
    if now_stored:
        anew = draft(about=RenderedFrom(SubjectType.RESPONSE, RESPONSE_ID, now_stored))
        assert world.messages.fence(anew, "a", NOON, LEASE) is Fence.PASSED


def test_a_parcel_that_moved_does_not_pass_the_fence(world: Any) -> None:
    claimed(world)
    world.store(SubjectType.DELIVERY, "parcel-1", 5)
    assert world.messages.fence(draft(about=ABOUT_PARCEL), "a", NOON, LEASE) is Fence.CHANGED
    world.store(SubjectType.DELIVERY, "parcel-1", 4)
    assert world.messages.fence(draft(about=ABOUT_PARCEL), "a", NOON, LEASE) is Fence.PASSED


def test_an_erased_person_does_not_pass_the_fence(world: Any) -> None:
    claimed(world)
    world.erase("per_1")
    assert world.messages.fence(draft(person_id="per_1"), "a", NOON, LEASE) is Fence.ERASED
    assert world.messages.fence(draft(person_id="per_2"), "a", NOON, LEASE) is Fence.PASSED


@pytest.mark.parametrize("reason", [Reason.BOUNCED, Reason.COMPLAINED])
def test_a_suppressed_address_does_not_pass_the_fence(world: Any, reason: Reason) -> None:
    claimed(world)
    world.receipts.suppress(Channel.EMAIL, OWNER.upper(), reason, NOON)
    assert world.messages.fence(draft(), "a", NOON, LEASE) == reason.value
    assert world.messages.get(wish().message_id).state is MessageState.CLAIMED


def test_who_unsubscribed_is_not_asked_and_still_hears_of_their_parcel(world: Any) -> None:
    world.store(SubjectType.RESPONSE, RESPONSE_ID, 1)
    for _ in range(2):
        world.opt_out(Channel.EMAIL, str(PERSON.email).upper(), Category.SURVEYS, NOON, "customer")
    outcomes = {}
    for kind in (MessageKind.THANK_YOU, MessageKind.SURVEY_INVITATION, MessageKind.DELIVERY_ARRIVING):
        notification = wish(kind)
        world.messages.claim(notification, "a", NOON, LEASE)
        wanted = draft(notification, category=kind.refused_as)
        outcomes[kind] = world.messages.fence(wanted, "a", NOON, LEASE)
    assert outcomes == {
        MessageKind.THANK_YOU: Fence.UNSUBSCRIBED,
        MessageKind.SURVEY_INVITATION: Fence.UNSUBSCRIBED,
        MessageKind.DELIVERY_ARRIVING: Fence.PASSED,
    }


def test_who_unsubscribed_and_bounced_is_told_as_bounced(world: Any) -> None:
    claimed(world)
    world.opt_out(Channel.EMAIL, OWNER, Category.SURVEYS, NOON, "customer")
    world.receipts.suppress(Channel.EMAIL, OWNER, Reason.BOUNCED, NOON)
    assert world.messages.fence(draft(category=Category.SURVEYS), "a", NOON, LEASE) is Fence.BOUNCED


def test_an_address_is_suppressed_on_its_channel_only(world: Any) -> None:
    claimed(world)
    world.receipts.suppress(Channel.SMS, OWNER, Reason.BOUNCED, NOON)
    assert world.messages.fence(draft(), "a", NOON, LEASE) is Fence.PASSED


def test_a_complaint_outweighs_a_bounce_and_stays(world: Any) -> None:
    suppress = world.receipts.suppress
    changed = [
        suppress(Channel.EMAIL, OWNER, reason, NOON)
        for reason in (Reason.BOUNCED, Reason.BOUNCED, Reason.COMPLAINED, Reason.COMPLAINED, Reason.BOUNCED)
    ]
    assert changed == [True, False, True, False, False]
    claimed(world)
    assert world.messages.fence(draft(), "a", NOON, LEASE) is Fence.COMPLAINED


def test_alerts_beyond_the_budget_of_an_owners_hour_do_not_pass_the_fence(world: Any) -> None:
    claimed(world)
    assert world.messages.fence(draft(), "a", NOON, LEASE, BUDGET) is Fence.PASSED
    assert world.messages.get(wish().message_id).budgeted_hour == "2026-11-22T12"
    second = wish(message_id="msg_second")
    world.messages.claim(second, "b", NOON, LEASE)
    assert world.messages.fence(draft(second), "b", NOON, LEASE, BUDGET) is Fence.OVER_BUDGET
    assert world.messages.get("msg_second").state is MessageState.CLAIMED
    for other in ({"owner": "else@example.com"}, {"hour_start": NOON + timedelta(hours=1)}, {"survey_id": "other"}):
        wished = wish(message_id="msg_" + "".join(other))
        world.messages.claim(wished, "c", NOON, LEASE)
        assert world.messages.fence(draft(wished), "c", NOON, LEASE, BUDGET.model_copy(update=other)) is Fence.PASSED


def asks(name: str, person_id: str = "per_1", days: int = 30, reminds_of: str | None = None) -> Draft:
    """The draft of a message that asks somebody, claimed by worker `a`."""
    ask = Ask(person_id=person_id, survey_id="checkout", by=name, reminds_of=reminds_of, window=timedelta(days=days))
    return draft(wish(MessageKind.SURVEY_INVITATION, message_id=name), about=None, person_id=person_id, ask=ask)


def asked(world: Any, name: str, at: datetime = NOON, **about: Any) -> Fence:
    """What became of asking somebody at a time."""
    world.messages.claim(wish(MessageKind.SURVEY_INVITATION, message_id=name), "a", at, at + timedelta(minutes=1))
    outcome: Fence = world.messages.fence(asks(name, **about), "a", at, at + timedelta(minutes=1))
    return outcome


def test_a_person_is_asked_again_when_the_window_is_over_and_not_a_moment_before(world: Any) -> None:
    assert asked(world, "msg_1") is Fence.PASSED
    window = timedelta(days=30)
    early = NOON + window - timedelta(milliseconds=1)
    assert asked(world, "msg_2", early) is Fence.RECENTLY_ASKED
    assert world.messages.get("msg_2").state is MessageState.CLAIMED
    assert asked(world, "msg_3", early, person_id="per_2") is Fence.PASSED
    assert asked(world, "msg_4", NOON + window) is Fence.PASSED


def test_a_survey_with_a_window_of_its_own_asks_by_that_and_takes_it_from_the_others(world: Any) -> None:
    day = timedelta(days=1)
    assert asked(world, "msg_1") is Fence.PASSED
    assert asked(world, "msg_2", NOON + 8 * day, days=7) is Fence.PASSED
    assert asked(world, "msg_3", NOON + 31 * day) is Fence.RECENTLY_ASKED
    assert asked(world, "msg_4", NOON + 31 * day, days=0) is Fence.PASSED
    assert asked(world, "msg_5", NOON + 39 * day, days=7) is Fence.PASSED


def test_who_took_the_budget_keeps_it_when_the_provider_refuses_for_now(world: Any) -> None:
    assert asked(world, "msg_1") is Fence.PASSED
    assert world.messages.release("msg_1", "a")
    assert asked(world, "msg_1", NOON + timedelta(minutes=5)) is Fence.PASSED
    assert asked(world, "msg_2", NOON + timedelta(days=30)) is Fence.RECENTLY_ASKED


def test_what_does_not_pass_the_fence_takes_no_budget(world: Any) -> None:
    world.opt_out(Channel.EMAIL, str(PERSON.email), Category.SURVEYS, NOON, "customer")
    name = "msg_1"
    world.messages.claim(wish(MessageKind.SURVEY_INVITATION, message_id=name), "a", NOON, LEASE)
    unwelcome = asks(name).model_copy(update={"category": Category.SURVEYS})
    assert world.messages.fence(unwelcome, "a", NOON, LEASE) is Fence.UNSUBSCRIBED
    assert asked(world, "msg_2") is Fence.PASSED


def test_who_failed_for_good_counts_as_asked(world: Any) -> None:
    assert asked(world, "msg_1") is Fence.PASSED
    assert world.messages.settle("msg_1", "a", MessageState.FAILED, NOON, reason=Reason.REJECTED)
    assert asked(world, "msg_2", LATER) is Fence.RECENTLY_ASKED


def test_a_reminder_passes_within_the_window_of_what_it_reminds_of_only(world: Any) -> None:
    assert asked(world, "msg_1") is Fence.PASSED
    assert asked(world, "msg_r2", LATER, reminds_of="msg_2") is Fence.RECENTLY_ASKED
    week = NOON + timedelta(days=7)
    assert asked(world, "msg_r1", week, reminds_of="msg_1") is Fence.PASSED
    assert asked(world, "msg_3", NOON + timedelta(days=30)) is Fence.RECENTLY_ASKED
    assert asked(world, "msg_4", week + timedelta(days=30)) is Fence.PASSED


def test_a_reminder_of_what_was_answered_does_not_pass_the_fence(world: Any) -> None:
    name = "msg_r1"
    world.messages.claim(wish(MessageKind.SURVEY_REMINDER, message_id=name), "a", NOON, LEASE)
    reminder = asks(name).model_copy(update={"unanswered": RESPONSE_ID})
    assert world.messages.fence(reminder, "a", NOON, LEASE) is Fence.ANSWERED
    world.messages.claim(wish(MessageKind.SURVEY_REMINDER, message_id=name), "a", NOON, LEASE)
    of_another = asks(name).model_copy(update={"unanswered": "0190f3c2-7c1e-7d2b-9d3a-00000000000f"})
    assert world.messages.fence(of_another, "a", NOON, LEASE) is Fence.PASSED


def test_a_capped_alert_is_counted_once_for_the_digest(world: Any) -> None:
    name = claimed(world)
    assert world.messages.capped(BUDGET) == 0
    assert world.messages.close_capped(name, "a", BUDGET, NOON)
    assert not world.messages.close_capped(name, "a", BUDGET, NOON)
    assert world.messages.capped(BUDGET) == 1
    message = world.messages.get(name)
    assert (message.state, message.reason) == (MessageState.SUPPRESSED, Reason.CAPPED)


def test_an_attempt_is_settled_by_its_worker_only(world: Any) -> None:
    name = attempting(world)
    assert not world.messages.settle(name, "b", MessageState.SENT, NOON, provider_id="x")
    assert world.messages.settle(name, "a", MessageState.SENT, NOON, provider_id="ses-1")
    assert not world.messages.settle(name, "a", MessageState.FAILED, NOON, reason=Reason.REJECTED)
    message = world.messages.get(name)
    assert (message.state, message.provider_id, message.reason) == (MessageState.SENT, "ses-1", None)


def test_a_slow_worker_still_settles_what_was_given_up_as_ambiguous(world: Any) -> None:
    name = attempting(world)
    assert world.messages.settle(name, "a", MessageState.AMBIGUOUS, LATER)
    assert not world.messages.settle(name, "a", MessageState.AMBIGUOUS, LATER)
    assert world.messages.settle(name, "a", MessageState.SENT, LATER, provider_id="ses-1")
    assert world.messages.get(name).state is MessageState.SENT


def test_what_was_refused_for_now_is_new_again_and_keeps_its_budget(world: Any) -> None:
    name = claimed(world)
    assert not world.messages.release(name, "a")
    assert world.messages.fence(draft(), "a", NOON, LEASE, BUDGET) is Fence.PASSED
    assert not world.messages.release(name, "b")
    assert world.messages.release(name, "a")
    released = world.messages.get(name)
    assert (released.state, released.token, released.lease_until) == (MessageState.NEW, None, None)
    again = world.messages.claim(wish(), "b", NOON, LEASE)
    assert (again.token, again.budgeted_hour) == ("b", "2026-11-22T12")


def test_only_a_claimed_message_is_closed(world: Any) -> None:
    name = claimed(world)
    assert not world.messages.close(name, "b", MessageState.EXPIRED, Reason.TOO_LATE, NOON)
    assert world.messages.close(name, "a", MessageState.EXPIRED, Reason.TOO_LATE, NOON)
    assert world.messages.claim(wish(), "b", LATER, LATER).state is MessageState.EXPIRED
    assert world.messages.fence(draft(), "a", NOON, LEASE) is Fence.TAKEN


def test_an_sms_comes_back_as_it_was_frozen(world: Any) -> None:
    name = claimed(world)
    sms = SmsRequest(message_id=name, to="+4915112345678", content=SmsContent(body="Grüße"), expires_at=LATER)
    assert world.messages.fence(draft(request=sms), "a", NOON, LEASE) is Fence.PASSED
    assert world.messages.get(name).request == sms


def receipt(kind: ReceiptKind, **changes: Any) -> Receipt:
    values = {"message_id": wish().message_id, "channel": Channel.EMAIL, "kind": kind, "provider_id": "ses-1"}
    return Receipt(**{**values, "at": LATER, **changes})


@pytest.mark.parametrize("before", ["claimed", "attempting", "ambiguous"])
def test_a_receipt_settles_what_nobody_knew(world: Any, before: str) -> None:
    name = claimed(world) if before == "claimed" else attempting(world)
    if before == "ambiguous":
        world.messages.settle(name, "a", MessageState.AMBIGUOUS, NOON)
    assert world.receipts.settle(receipt(ReceiptKind.ACCEPTED))
    assert not world.receipts.settle(receipt(ReceiptKind.DELIVERED))
    message = world.messages.get(name)
    assert (message.state, message.provider_id) == (MessageState.SENT, "ses-1")
    assert world.messages.fence(draft(), "a", NOON, LEASE) is Fence.TAKEN


def test_what_the_provider_took_and_then_rejected_has_failed(world: Any) -> None:
    name = attempting(world)
    world.messages.settle(name, "a", MessageState.SENT, NOON, provider_id="ses-1")
    assert world.receipts.settle(receipt(ReceiptKind.REJECTED))
    message = world.messages.get(name)
    assert (message.state, message.reason) == (MessageState.FAILED, Reason.REJECTED)
    assert not world.receipts.settle(receipt(ReceiptKind.ACCEPTED))


def test_the_first_of_each_receipt_stays_and_none_erases_another(world: Any) -> None:
    name = attempting(world)
    for seconds, kind in enumerate(
        (ReceiptKind.COMPLAINED, ReceiptKind.DELIVERED, ReceiptKind.BOUNCED_FOR_GOOD, ReceiptKind.DELIVERED)
    ):
        world.receipts.mark(receipt(kind, at=LATER + timedelta(seconds=seconds)))
    world.receipts.mark(receipt(ReceiptKind.ACCEPTED))
    message = world.receipts.get(name)
    marks = (message.complained_at, message.delivered_at, message.bounced_at)
    assert marks == (LATER, LATER + timedelta(seconds=1), LATER + timedelta(seconds=2))


def test_a_receipt_of_an_unknown_message_leaves_no_trace(world: Any) -> None:
    unknown = receipt(ReceiptKind.DELIVERED, message_id="msg_of_another_stack")
    assert not world.receipts.settle(unknown)
    world.receipts.mark(unknown)
    assert world.receipts.get("msg_of_another_stack") is None


# What only the real store can do


@pytest.fixture
def real(dynamodb: Any) -> RealWorld:
    world = RealWorld(dynamodb)
    world.store(SubjectType.RESPONSE, RESPONSE_ID, 1)
    return world


def test_a_claim_whose_answer_was_lost_is_still_ours(real: RealWorld) -> None:
    """The client tries again and finds its own claim: that is no other worker's."""
    claimed(real)
    claimed(real)


def test_a_request_that_was_taken_back_does_not_pass_the_fence(real: RealWorld) -> None:
    requests = SurveyRequestRepository(real.dynamodb, "people")
    kept = SurveyRequest(
        request_id="ask_1",
        person_id="per_1",
        survey_id="checkout",
        channel=Channel.EMAIL,
        scheduled_at=NOON,
        requested_at=NOON,
    )
    requests.add(kept)
    assert requests.get("per_1", "ask_1") == kept
    real.messages.claim(wish(MessageKind.SURVEY_INVITATION, message_id="msg_1"), "a", NOON, LEASE)
    invitation = asks("msg_1").model_copy(update={"request_id": "ask_1", "properties": {"city": "Berlin"}})
    requests.delete_pending("per_1")
    assert real.messages.fence(invitation, "a", NOON, LEASE) is Fence.CANCELLED
    requests.add(kept)
    assert real.messages.fence(invitation, "a", NOON, LEASE) is Fence.PASSED
    stored = real.messages.get("msg_1")
    assert stored is not None
    assert (stored.attempted_at, stored.properties) == (NOON, {"city": "Berlin"})
    assert requests.of_person("per_1").last_sent_at == NOON


def test_a_request_that_was_followed_is_not_kept_again(real: RealWorld) -> None:
    requests = SurveyRequestRepository(real.dynamodb, "people", "messages")
    wanted = SurveyRequest(
        request_id="ask_1",
        person_id="per_1",
        survey_id="checkout",
        channel=Channel.EMAIL,
        scheduled_at=NOON,
        requested_at=NOON,
    )
    assert requests.add(wanted) == requests.add(wanted) == wanted
    name = invitation_id("ask_1")
    real.messages.claim(wish(MessageKind.SURVEY_INVITATION, message_id=name), "a", NOON, LEASE)
    requests.followed("per_1", "ask_1")
    assert requests.add(wanted) == wanted
    assert requests.of_person("per_1").pending == ()


def test_a_back_office_that_asked_elsewhere_takes_the_budget_unless_we_asked_since(real: RealWorld) -> None:
    requests = SurveyRequestRepository(real.dynamodb, "people")
    requests.tell("per_1", {}, NOON - timedelta(days=10))
    assert asked(real, "msg_1") is Fence.RECENTLY_ASKED
    assert asked(real, "msg_1", days=10) is Fence.PASSED
    requests.tell("per_1", {}, NOON - timedelta(days=5))
    assert requests.of_person("per_1").last_sent_at == NOON


def test_a_short_link_is_kept_with_the_attempt_and_leads_to_its_page(real: RealWorld) -> None:
    links = ShortLinks(real.dynamodb, "messages")
    link = ShortLink(code="Ab3-_xYz019", path="/s/checkout?t=token", person_id="per_1", expires_at=LATER)
    real.messages.claim(wish(MessageKind.SURVEY_INVITATION, message_id="msg_1"), "a", NOON, LEASE)
    assert real.messages.fence(asks("msg_1").model_copy(update={"short_link": link}), "b", NOON, LEASE) is Fence.TAKEN
    with pytest.raises(NotFoundError):
        links.path(link.code)
    assert real.messages.fence(asks("msg_1").model_copy(update={"short_link": link}), "a", NOON, LEASE) is Fence.PASSED
    assert links.path(link.code) == "/s/checkout?t=token"
    item = real.dynamodb.get_item(TableName="messages", Key=short_link_key(link.code))["Item"]
    assert int(item["ttl"]["N"]) == int(LATER.timestamp())


def test_a_message_goes_400_days_after_it_was_wished_for(real: RealWorld) -> None:
    name = claimed(real)
    item = real.dynamodb.get_item(TableName="messages", Key=message_key(name))["Item"]
    assert int(item["ttl"]["N"]) == int((wish().requested_at + timedelta(days=400)).timestamp())


def test_no_address_stands_in_a_key_or_in_an_attributes_name(real: RealWorld) -> None:
    claimed(real)
    real.messages.fence(draft(), "a", NOON, LEASE, BUDGET)
    real.receipts.suppress(Channel.EMAIL, OWNER, Reason.BOUNCED, NOON)
    for item in real.dynamodb.scan(TableName="messages")["Items"]:
        assert OWNER not in str([item["pk"], item["sk"], *item])


class Conflicting:
    """A store whose transactions are cancelled by somebody else's."""

    def __init__(self, *codes: str) -> None:
        self._codes = codes

    def transact_write_items(self, **kwargs: Any) -> Any:
        response: Any = {
            "Error": {"Code": "TransactionCanceledException", "Message": ""},
            "CancellationReasons": [{"Code": code} for code in self._codes],
        }
        raise ClientError(response, "TransactWriteItems")

    def get_item(self, **kwargs: Any) -> Any:
        raise AssertionError("nothing to read")

    update_item = get_item


@pytest.mark.parametrize(
    "codes", [("TransactionConflict", "None", "None"), ("ConditionalCheckFailed", "ThrottlingError", "None"), ()]
)
def test_a_conflict_says_nothing_about_the_message(codes: tuple[str, ...]) -> None:
    repository = MessageRepository(Conflicting(*codes), TABLES)
    with pytest.raises(TemporaryError):
        repository.fence(draft(), "a", NOON, LEASE)
    with pytest.raises(TemporaryError):
        repository.close_capped("msg_1", "a", BUDGET, NOON)


def ambiguous(world: Any) -> Message:
    name = attempting(world)
    assert world.messages.settle(name, "a", MessageState.AMBIGUOUS, LATER)
    message: Message = world.messages.get(name)
    return message


def test_an_ambiguous_message_goes_once_more_and_not_twice(world: Any) -> None:
    first = ambiguous(world)
    assert world.messages.again(first)
    message = world.messages.get(first.notification.message_id)
    assert (message.state, message.resent, message.token, message.lease_until) == (MessageState.NEW, True, None, None)
    assert not world.messages.again(first)
    assert claimed(world, "b")
    assert world.messages.fence(draft(), "b", LATER, LATER + timedelta(seconds=30)) is Fence.PASSED
    assert not world.messages.settle(first.notification.message_id, "a", MessageState.SENT, LATER)
    assert world.messages.settle(first.notification.message_id, "b", MessageState.AMBIGUOUS, LATER)
    second = world.messages.get(first.notification.message_id)
    assert (second.state, second.resent, second.attempted_at) == (MessageState.AMBIGUOUS, True, LATER)
    assert not world.messages.again(second)


def test_a_message_that_its_receipt_settled_does_not_go_again(world: Any) -> None:
    first = ambiguous(world)
    assert world.receipts.settle(receipt(ReceiptKind.ACCEPTED))
    assert not world.messages.again(first)
    assert world.messages.get(first.notification.message_id).state is MessageState.SENT


def test_the_receipt_of_the_first_attempt_settles_a_message_that_was_to_go_again(world: Any) -> None:
    first = ambiguous(world)
    assert world.messages.again(first)
    claimed(world, "b")
    assert world.receipts.settle(receipt(ReceiptKind.ACCEPTED))
    assert world.messages.fence(draft(), "b", LATER, LATER) is Fence.TAKEN
    assert world.messages.get(first.notification.message_id).state is MessageState.SENT


def test_a_message_that_was_not_sent_again_and_had_arrived_has_no_reason_left(world: Any) -> None:
    first = ambiguous(world)
    assert world.messages.again(first)
    name = claimed(world, "b")
    assert world.messages.close(name, "b", MessageState.AMBIGUOUS, Reason.TOO_LATE, LATER)
    assert world.messages.get(name).reason is Reason.TOO_LATE
    assert world.receipts.settle(receipt(ReceiptKind.ACCEPTED))
    message = world.messages.get(name)
    assert (message.state, message.reason) == (MessageState.SENT, None)


# When and how much


def of_a_day(number: int, limit: int = 2, day: str = "2026-11-22") -> Draft:
    notification = wish(MessageKind.DELIVERY_DELIVERED, message_id=f"msg_{number}")
    cap = DailyCap(person_id=PERSON.person_id, day=day, limit=limit)
    return draft(notification, about=None, person_id=PERSON.person_id, cap=cap)


def sms(number: int, to: str = "+4915112345678", *, price: int = 90, now: datetime = NOON, **limits: int) -> Draft:
    request = SmsRequest(message_id=f"msg_{number}", to=to, content=SmsContent(body="x"), expires_at=LATER)
    taking = taking_of(to, price, now, **{"spend_limit": 1000, "prefix_limit": 100, **limits})
    return draft(wish(MessageKind.DELIVERY_DELIVERED), about=None, sms=taking).model_copy(update={"request": request})


def fenced(world: Any, drafted: Draft) -> Fence:
    """Claim and fence, as a worker does each time a message comes by."""
    name = drafted.request.message_id
    message = world.messages.claim(wish(MessageKind.DELIVERY_DELIVERED, message_id=name), "a", NOON, LEASE)
    fence: Fence = world.messages.fence(drafted.after(message), "a", NOON, LEASE)
    return fence


def test_a_message_that_is_put_off_is_new_and_says_until_when(world: Any) -> None:
    name = claimed(world)
    assert not world.messages.defer(name, "b", LATER, Reason.QUIET_HOURS)
    assert world.messages.defer(name, "a", LATER, Reason.QUIET_HOURS)
    assert not world.messages.defer(name, "a", LATER, Reason.QUIET_HOURS)
    message = world.messages.get(name)
    assert (message.state, message.token, message.lease_until) == (MessageState.NEW, None, None)
    assert (message.deferred_until, message.deferred_because) == (LATER, Reason.QUIET_HOURS)
    assert world.messages.fence(draft(), "a", NOON, LEASE) is Fence.TAKEN
    assert attempting(world, "b") == name
    assert not world.messages.defer(name, "b", LATER, Reason.QUIET_HOURS)
    assert world.messages.get(name).deferred_until == LATER


def test_a_day_of_a_person_has_so_many_messages(world: Any) -> None:
    outcomes = [fenced(world, of_a_day(number)) for number in range(3)]
    assert outcomes == [Fence.PASSED, Fence.PASSED, Fence.TOO_MANY]
    assert world.messages.get("msg_2").state is MessageState.CLAIMED
    assert fenced(world, of_a_day(3, day="2026-11-23")) is Fence.PASSED
    assert fenced(world, of_a_day(4, limit=3)) is Fence.PASSED


def test_a_message_is_counted_once_on_a_day_however_often_it_is_tried(world: Any) -> None:
    for _ in range(3):
        assert fenced(world, of_a_day(1)) is Fence.PASSED
        assert world.messages.release("msg_1", "a")
    assert [fenced(world, of_a_day(number)) for number in (2, 3, 1)] == [Fence.PASSED, Fence.TOO_MANY, Fence.PASSED]


def test_a_day_costs_no_more_than_it_may(world: Any) -> None:
    outcomes = [fenced(world, sms(number, price=300)) for number in range(4)]
    assert outcomes == [Fence.PASSED, Fence.PASSED, Fence.PASSED, Fence.SPEND_LIMIT]
    assert fenced(world, sms(5, price=100)) is Fence.PASSED
    assert fenced(world, sms(6, price=1)) is Fence.SPEND_LIMIT
    assert fenced(world, sms(7, price=300, now=NOON + timedelta(days=1))) is Fence.PASSED


def test_what_costs_more_than_a_day_may_is_never_sent(world: Any) -> None:
    assert fenced(world, sms(1, price=1001)) is Fence.SPEND_LIMIT
    assert fenced(world, sms(2, price=1, spend_limit=0)) is Fence.SPEND_LIMIT


def test_an_sms_takes_its_price_once_and_what_it_became_dearer(world: Any) -> None:
    for price in (500, 500, 400, 900):
        assert fenced(world, sms(1, price=price, prefix_limit=1)) is Fence.PASSED
        assert world.messages.release("msg_1", "a")
    assert world.messages.get("msg_1").sms_taken.price == 900
    assert fenced(world, sms(2, price=101, to="+4917012345678")) is Fence.SPEND_LIMIT
    assert fenced(world, sms(3, price=100, to="+4917012345678")) is Fence.PASSED
    assert fenced(world, sms(4, price=0, prefix_limit=1)) is Fence.PREFIX_LIMIT


def test_an_sms_that_is_tried_on_another_day_takes_from_that_one(world: Any) -> None:
    tomorrow = NOON + timedelta(days=1)
    assert fenced(world, sms(1, price=600)) is Fence.PASSED
    assert world.messages.release("msg_1", "a")
    assert fenced(world, sms(1, price=600, now=tomorrow)) is Fence.PASSED
    assert fenced(world, sms(2, price=401, now=tomorrow)) is Fence.SPEND_LIMIT


def test_numbers_alike_get_so_many_sms_in_an_hour(world: Any) -> None:
    numbers = ["+4915112340000", "+4915112349999", "+4915112345555", "+4915112350000"]
    outcomes = [fenced(world, sms(n, to, prefix_limit=2)) for n, to in enumerate(numbers)]
    assert outcomes == [Fence.PASSED, Fence.PASSED, Fence.PREFIX_LIMIT, Fence.PASSED]
    assert fenced(world, sms(9, numbers[0], prefix_limit=2, now=NOON + timedelta(hours=1))) is Fence.PASSED


def test_who_is_refused_by_one_limit_takes_from_no_other(world: Any) -> None:
    both = sms(1, price=600).model_copy(update={"cap": of_a_day(1).cap, "person_id": PERSON.person_id})
    assert fenced(world, sms(0, price=600)) is Fence.PASSED
    assert fenced(world, both) is Fence.SPEND_LIMIT
    assert [fenced(world, of_a_day(number)) for number in (2, 3)] == [Fence.PASSED, Fence.PASSED]
    assert fenced(world, sms(4, price=400)) is Fence.PASSED


def test_an_sms_that_goes_once_more_is_paid_for_once_more(world: Any) -> None:
    assert fenced(world, sms(1, price=600)) is Fence.PASSED
    world.messages.settle("msg_1", "a", MessageState.AMBIGUOUS, NOON)
    assert world.messages.again(world.messages.get("msg_1"))
    assert fenced(world, sms(1, price=600)) is Fence.SPEND_LIMIT


class AlwaysInTheWay:
    """A store in which another write is at the same items for so many times."""

    def __init__(self, dynamodb: Any, times: int) -> None:
        self._dynamodb, self.times = dynamodb, times

    def __getattr__(self, name: str) -> Any:
        return getattr(self._dynamodb, name)

    def transact_write_items(self, **request: Any) -> Any:
        if not self.times:
            return self._dynamodb.transact_write_items(**request)
        self.times -= 1
        reasons = [{"Code": "TransactionConflict"}, *({"Code": "None"} for _ in request["TransactItems"][1:])]
        error = {"Error": {"Code": "TransactionCanceledException", "Message": ""}, "CancellationReasons": reasons}
        raise ClientError(error, "TransactWriteItems")  # type: ignore[arg-type]


@pytest.mark.parametrize(("times", "passes"), [(WRITE_ATTEMPTS - 1, True), (WRITE_ATTEMPTS, False)])
def test_a_fence_that_meets_another_write_is_tried_again_a_few_times(dynamodb: Any, times: int, passes: bool) -> None:
    real = RealWorld(dynamodb)
    real.messages = MessageRepository(AlwaysInTheWay(dynamodb, times), TABLES)
    if passes:
        assert fenced(real, sms(1)) is Fence.PASSED
    else:
        with pytest.raises(TemporaryError):
            fenced(real, sms(1))


def test_counters_are_forgotten_when_they_can_not_matter_any_more(dynamodb: Any) -> None:
    real = RealWorld(dynamodb)
    assert fenced(real, sms(1).model_copy(update={"cap": of_a_day(1).cap})) is Fence.PASSED
    kept = {
        key["pk"]["S"].partition("#")[0]: dynamodb.get_item(TableName=table, Key=key)["Item"]["ttl"]["N"]
        for table, key in (
            ("people", daily_messages_key(PERSON.person_id, "2026-11-22")),
            ("messages", sms_spend_key("2026-11-22")),
            ("messages", sms_prefix_key("+491511234", "2026-11-22T12")),
        )
    }
    days = {name: (datetime.fromtimestamp(int(ttl), UTC) - NOON).days for name, ttl in kept.items()}
    assert days == {"PERSON": 2, "SMS_SPEND": 40, "SMS_PREFIX": 2}
