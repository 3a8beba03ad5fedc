"""What notify does with each wish: sent once, or a state and a reason."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import pytest

from functions.notify.service import LEASE, digest_of
from shared.domain.asking import SurveyRequest
from shared.domain.brands import BrandDefinition, MessageTexts
from shared.domain.deliveries import Delivery, DeliveryStatus
from shared.domain.messages import (
    Category,
    Channel,
    EmailRequest,
    MessageKind,
    MessageState,
    Notification,
    Reason,
    SmsRequest,
    message_id,
)
from shared.domain.people import Person
from shared.domain.preferences import CUSTOMER
from shared.domain.promises import Window
from shared.domain.queued import SendNotification
from shared.domain.responses import Subject
from shared.domain.sending import (
    AlertBudget,
    Draft,
    Fence,
    NoAnswer,
    PutOff,
    RefusedForGood,
    RefusedForNow,
    Silence,
)
from shared.domain.surveys import Brand, Breakdown
from shared.errors import TemporaryError
from tests.fakes.clock import NOON
from tests.fakes.notify import NotifyHouse
from tests.fakes.wishes import OWNER, PERSON, RESPONSE_ID, SURVEY, delivery, response, wish

ALERT = wish(MessageKind.DETRACTOR_ALERT)
COMMENT = wish(MessageKind.COMMENT_ADDED)
THANKS = wish(MessageKind.THANK_YOU)
ON_ITS_WAY = wish(MessageKind.DELIVERY_ON_ITS_WAY)
ARRIVING = wish(MessageKind.DELIVERY_ARRIVING)
INVITATION = wish(MessageKind.SURVEY_INVITATION)
SUPPRESSED = MessageState.SUPPRESSED


@pytest.fixture
def house() -> NotifyHouse:
    house = NotifyHouse()
    house.answer(response())
    house.parcel(delivery())
    return house


def outcome(house: NotifyHouse, notification: Notification) -> tuple[MessageState, Reason | None]:
    sending = house.send(notification)
    stored = house.stored(notification)
    assert (sending.state, sending.reason) == (stored.state, stored.reason)
    return stored.state, stored.reason


def email(house: NotifyHouse) -> EmailRequest:
    (request,) = house.accepted
    assert isinstance(request, EmailRequest)
    return request


# Alerts


def test_an_alert_goes_to_the_owner_once(house: NotifyHouse) -> None:
    assert outcome(house, ALERT) == (MessageState.SENT, None)
    assert house.stored(ALERT).provider_id == "provider-1"
    again = house.send(ALERT)
    assert (again.state, again.now) == (MessageState.SENT, False)
    assert email(house).to == OWNER
    assert "3 out of 10" in email(house).content.text


def test_a_mail_is_from_the_brand_cut_to_what_a_header_holds(house: NotifyHouse) -> None:
    house.surveys.versions["checkout"] = [SURVEY.model_copy(update={"brand": Brand(name=200 * "ü")})]
    house.send(ALERT)
    assert email(house).from_name == 59 * "ü" + "…"


def test_an_alert_about_an_answer_that_became_better_is_superseded(house: NotifyHouse) -> None:
    house.answer(response(9, revision=2))
    assert outcome(house, ALERT) == (SUPPRESSED, Reason.SUPERSEDED)
    assert house.accepted == []


def test_an_alert_about_an_erased_answer_no_longer_exists(house: NotifyHouse) -> None:
    del house.responses.stored[RESPONSE_ID]
    assert outcome(house, ALERT) == (SUPPRESSED, Reason.NO_LONGER_EXISTS)


def before_the_fence(house: NotifyHouse, monkeypatch: pytest.MonkeyPatch, *happenings: Callable[[], Any]) -> None:
    """Have things happen between rendering and fence, one at each rendering."""
    plan, pending = house.planner.plan, list(happenings)

    def planned(notification: Notification, now: datetime) -> Draft | Silence | PutOff:
        drafted = plan(notification, now)
        if pending:
            pending.pop(0)()
        return drafted

    monkeypatch.setattr(house.planner, "plan", planned)


def test_an_alert_says_what_is_stored_when_it_leaves(house: NotifyHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    before_the_fence(house, monkeypatch, lambda: house.answer(response(2, 2, "Broken lamp")))
    assert outcome(house, ALERT) == (MessageState.SENT, None)
    assert "Broken lamp" in email(house).content.text
    assert "2 out of 10" in email(house).content.text


def test_an_answer_that_becomes_better_before_the_fence_has_no_alert(
    house: NotifyHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    before_the_fence(house, monkeypatch, lambda: house.answer(response(10, 2)))
    assert outcome(house, ALERT) == (SUPPRESSED, Reason.SUPERSEDED)


def test_an_answer_that_keeps_changing_is_told_later(house: NotifyHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    changes = [lambda n=n: house.answer(response(3, n)) for n in range(2, 9)]
    before_the_fence(house, monkeypatch, *changes)
    with pytest.raises(TemporaryError):
        house.send(ALERT)
    assert house.accepted == []


# Comments


def test_a_comment_that_the_alert_will_quote_is_included(house: NotifyHouse) -> None:
    house.answer(response(3, 2, "Broken lamp"))
    assert outcome(house, COMMENT) == (SUPPRESSED, Reason.INCLUDED)
    assert outcome(house, ALERT) == (MessageState.SENT, None)
    assert "Broken lamp" in email(house).content.text


def test_a_comment_that_the_alert_quoted_is_included(house: NotifyHouse) -> None:
    house.answer(response(3, 2, "Broken lamp"))
    house.send(ALERT)
    assert outcome(house, COMMENT) == (SUPPRESSED, Reason.INCLUDED)


def test_a_comment_after_the_alert_is_one_more_mail(house: NotifyHouse) -> None:
    house.send(ALERT)
    house.answer(response(3, 2, "Broken lamp"))
    assert outcome(house, COMMENT) == (MessageState.SENT, None)
    assert len(house.accepted) == 2
    assert "Broken lamp" in house.email.accepted[1].content.text  # type: ignore[union-attr]


def test_a_late_answer_to_a_question_for_text_is_one_more_mail(house: NotifyHouse) -> None:
    house.send(ALERT)
    house.answer(response(3, 2, texts={"missing": "Broken lamp"}))
    assert outcome(house, COMMENT) == (MessageState.SENT, None)
    assert "Broken lamp" in house.email.accepted[1].content.text  # type: ignore[union-attr]


def test_a_comment_after_an_alert_that_quoted_something_else_is_one_more_mail(house: NotifyHouse) -> None:
    house.answer(response(3, 2, texts={"missing": "Broken lamp"}))
    house.send(ALERT)
    house.answer(response(3, 3, "And late", texts={"missing": "Broken lamp"}))
    assert outcome(house, COMMENT) == (MessageState.SENT, None)
    assert "And late" in house.email.accepted[1].content.text  # type: ignore[union-attr]


def test_a_comment_on_an_answer_that_became_better_is_superseded(house: NotifyHouse) -> None:
    house.send(ALERT)
    house.answer(response(8, 2, "All good now"))
    assert outcome(house, COMMENT) == (SUPPRESSED, Reason.SUPERSEDED)


# The budget of alerts


def alerts(count: int) -> list[Notification]:
    return [wish(message_id=f"msg_{n}") for n in range(count)]


def test_alerts_beyond_an_hours_budget_are_capped_and_told_in_one_digest() -> None:
    house = NotifyHouse(alerts_per_hour=2)
    house.answer(response())
    states = [outcome(house, alert) for alert in alerts(5)]
    assert states == 2 * [(MessageState.SENT, None)] + 3 * [(SUPPRESSED, Reason.CAPPED)]
    ((name, (due, message)),) = house.schedules.due.items()
    assert due == datetime(2026, 11, 22, 13, 1, tzinfo=NOON.tzinfo)
    assert isinstance(message, SendNotification)
    digest = message.notification
    assert (name, digest.kind) == (digest.message_id, MessageKind.ALERT_DIGEST)
    house.clock.advance(due - NOON)
    assert outcome(house, digest) == (MessageState.SENT, None)
    assert house.email.accepted[2].content.text.startswith("More alerts")  # type: ignore[union-attr]
    assert "3 more customers were not satisfied" in house.email.accepted[2].content.text  # type: ignore[union-attr]


def test_a_capped_alert_stays_capped_and_is_counted_once() -> None:
    house = NotifyHouse(alerts_per_hour=1)
    house.answer(response())
    first, second = alerts(2)
    house.send(first)
    assert outcome(house, second) == outcome(house, second) == (SUPPRESSED, Reason.CAPPED)
    assert list(house.messages.not_sent.values()) == [1]


def test_the_next_hour_has_a_budget_of_its_own() -> None:
    house = NotifyHouse(alerts_per_hour=1)
    house.answer(response())
    first, second = alerts(2)
    house.send(first)
    house.clock.advance(timedelta(hours=1))
    assert outcome(house, second) == (MessageState.SENT, None)


def test_without_its_digest_scheduled_no_alert_is_capped() -> None:
    house = NotifyHouse(alerts_per_hour=1)
    house.answer(response())
    first, second = alerts(2)
    house.send(first)
    house.schedules.away = True
    with pytest.raises(TemporaryError):
        house.send(second)
    assert (house.stored(second).state, house.messages.not_sent) == (MessageState.CLAIMED, {})


def test_a_comment_on_a_capped_alert_is_capped_too() -> None:
    house = NotifyHouse(alerts_per_hour=1)
    house.answer(response())
    house.send(alerts(1)[0])
    house.send(ALERT)
    house.answer(response(3, 2, "Broken lamp"))
    assert outcome(house, COMMENT) == (SUPPRESSED, Reason.CAPPED)


def test_a_superseded_alert_takes_nothing_from_the_budget() -> None:
    house = NotifyHouse(alerts_per_hour=1)
    house.answer(response(9))
    first, second = alerts(2)
    house.send(first)
    house.answer(response(3, 2))
    assert outcome(house, second) == (MessageState.SENT, None)


def test_an_alert_that_is_tried_again_takes_from_the_budget_once() -> None:
    house = NotifyHouse(alerts_per_hour=1)
    house.answer(response())
    house.email.will_answer([RefusedForNow("TooManyRequestsException")])
    with pytest.raises(TemporaryError):
        house.send(ALERT)
    assert outcome(house, ALERT) == (MessageState.SENT, None)


def test_a_digest_with_nothing_to_tell_is_not_sent(house: NotifyHouse) -> None:
    budget = AlertBudget(survey_id=SURVEY.survey_id, owner=OWNER, hour_start=NOON, limit=1)
    assert outcome(house, digest_of(budget)) == (SUPPRESSED, Reason.SUPERSEDED)


# Customers


def test_news_of_a_parcel_is_an_sms_that_expires_with_it(house: NotifyHouse) -> None:
    assert outcome(house, ON_ITS_WAY) == (MessageState.SENT, None)
    (request,) = house.accepted
    assert isinstance(request, SmsRequest)
    assert (request.to, request.expires_at) == (PERSON.phone, ON_ITS_WAY.expires_at)
    assert request.content.body.endswith(
        "Your parcel is on its way, today between 14:00 and 16:00. https://hear.example.com/i/ck-parcel-1"
    )


@pytest.mark.parametrize(
    ("changes", "sends_sms", "reached"),
    [
        ({}, True, "sms"),
        ({}, False, "email"),
        ({"phone": None}, True, "email"),
        ({"phone": "+12025550123"}, True, "email"),
        ({"phone": "+12025550123", "email": None}, True, Reason.COUNTRY_NOT_ALLOWED),
        ({"phone": "+12025550123", "email": None}, False, Reason.NO_ADDRESS),
        ({"phone": None, "email": None}, True, Reason.NO_ADDRESS),
        ({"email": None}, True, "sms"),
    ],
)
def test_a_parcels_news_takes_the_first_channel_there_is(
    changes: dict[str, Any], sends_sms: bool, reached: str | Reason
) -> None:
    house = NotifyHouse(sends_sms=sends_sms)
    house.parcel(delivery())
    house.people.stored[PERSON.person_id] = Person.model_validate({**PERSON.model_dump(), **changes})
    state, reason = outcome(house, ON_ITS_WAY)
    if isinstance(reached, Reason):
        assert (state, reason, house.accepted) == (SUPPRESSED, reached, [])
    else:
        assert [request.channel for request in house.accepted] == [reached]


def test_news_of_a_parcel_looks_like_its_brand_and_says_it_in_the_brands_words() -> None:
    house = NotifyHouse(sends_sms=False)
    words = MessageTexts(subject="Light is coming {window}")
    texts = {MessageKind.DELIVERY_ON_ITS_WAY: {"en": words}}
    house.brands.publish("lamps", BrandDefinition(name="Lamps & Light", colour="#aa3300", texts=texts))
    house.parcel(delivery(brand_id="lamps"))
    house.send(ON_ITS_WAY)
    (news,) = house.accepted
    assert isinstance(news, EmailRequest)
    assert (news.from_name, news.content.subject) == (
        "Lamps & Light",
        "Light is coming today between 14:00 and 16:00",
    )
    assert "#aa3300" in news.content.html
    assert "Your parcel from Lamps &amp; Light is on its way" in news.content.html


def test_thanks_and_invitations_prefer_e_mail(house: NotifyHouse) -> None:
    house.send(THANKS)
    house.parcel(delivery(DeliveryStatus.DELIVERED))
    house.send(INVITATION)
    assert [request.channel for request in house.accepted] == ["email", "email"]


def test_a_parcel_that_moved_on_is_not_told_where_it_was(house: NotifyHouse) -> None:
    assert outcome(house, ARRIVING) == (SUPPRESSED, Reason.STALE)
    house.parcel(delivery(DeliveryStatus.DELIVERED))
    assert outcome(house, ON_ITS_WAY) == (SUPPRESSED, Reason.STALE)
    assert house.accepted == []


def test_a_parcel_delivered_before_the_fence_is_not_announced(
    house: NotifyHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    before_the_fence(house, monkeypatch, lambda: house.parcel(delivery(DeliveryStatus.DELIVERED, version=3)))
    assert outcome(house, ON_ITS_WAY) == (SUPPRESSED, Reason.STALE)
    assert house.accepted == []


def test_a_window_that_changed_before_the_fence_is_told_anew(
    house: NotifyHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    before_the_fence(house, monkeypatch, lambda: house.parcel(delivery(version=3, promise=None)))
    house.send(ON_ITS_WAY)
    (request,) = house.accepted
    assert isinstance(request, SmsRequest)
    assert request.content.body.endswith("Your parcel is on its way. https://hear.example.com/i/ck-parcel-1")


def test_a_company_that_published_no_brand_carries_the_senders_name() -> None:
    house = NotifyHouse()
    house.parcel(delivery())
    house.send(ON_ITS_WAY)
    (request,) = house.accepted
    assert isinstance(request, SmsRequest)
    assert request.content.body.startswith("example.com: ")


def test_an_invitation_has_a_link_to_one_answer_of_one_person(house: NotifyHouse) -> None:
    house.parcel(delivery(DeliveryStatus.DELIVERED))
    house.send(INVITATION)
    (link,) = house.links.signed
    assert (link.channel, link.rated) == ("email", True)
    assert (link.survey_id, link.person_id, link.subject_type, link.subject_id) == (
        "checkout",
        PERSON.person_id,
        "delivery",
        "parcel-1",
    )
    assert link.expires_at == int((NOON + timedelta(days=30)).timestamp())
    (address,) = {line for line in email(house).content.text.splitlines() if "/r/" in line}
    for rating in range(11):
        assert f'href="{address}?rating={rating}"' in email(house).content.html
    assert link.response_id == str(uuid5(NAMESPACE_URL, INVITATION.message_id))


@pytest.mark.parametrize("notification", [INVITATION, THANKS, ON_ITS_WAY])
def test_each_mail_to_a_customer_says_where_to_refuse_its_category_and_where_to_choose(
    notification: Notification,
) -> None:
    house = NotifyHouse(sends_sms=False)
    house.parcel(delivery(DeliveryStatus.DELIVERED if notification is INVITATION else DeliveryStatus.OUT_FOR_DELIVERY))
    house.answer(response(9))
    house.send(notification)
    address = f"https://hear.example.com/u/per_1-email-{notification.kind.category}"
    content, asks = email(house).content, notification.kind.category is Category.SURVEYS
    assert email(house).unsubscribe == address
    assert (address in content.text, address in content.html) == (asks, asks)
    assert "https://hear.example.com/preferences/of-per_1" in content.text
    assert 'href="https://hear.example.com/preferences/of-per_1"' in content.html


def test_staff_refuse_nothing(house: NotifyHouse) -> None:
    house.answer(response(3))
    house.messages.refuse(Channel.EMAIL, OWNER, None, NOON, CUSTOMER)
    assert outcome(house, ALERT)[0] is MessageState.SENT
    assert email(house).unsubscribe is None and "/preferences/" not in email(house).content.text


def test_an_unknown_person_is_told_nothing(house: NotifyHouse) -> None:
    house.people.stored.clear()
    for notification in (THANKS, ON_ITS_WAY):
        assert outcome(house, notification) == (SUPPRESSED, Reason.NO_LONGER_EXISTS)


def test_a_person_erased_before_the_fence_is_told_nothing(house: NotifyHouse) -> None:
    house.messages.erased_people.add(PERSON.person_id)
    assert outcome(house, THANKS) == (SUPPRESSED, Reason.NO_LONGER_EXISTS)
    house.answer(response(person_id=PERSON.person_id))
    assert outcome(house, ALERT) == (SUPPRESSED, Reason.NO_LONGER_EXISTS)


def test_who_unsubscribed_is_not_thanked_and_hears_of_their_parcel(house: NotifyHouse) -> None:
    house.messages.refuse(Channel.EMAIL, PERSON.email or "", Category.SURVEYS, NOON, CUSTOMER)
    assert outcome(house, THANKS) == (SUPPRESSED, Reason.UNSUBSCRIBED)
    house.people.stored[PERSON.person_id] = PERSON.model_copy(update={"phone": None})
    assert outcome(house, ON_ITS_WAY)[0] is MessageState.SENT


@pytest.mark.parametrize("reason", [Reason.BOUNCED, Reason.COMPLAINED])
def test_a_suppressed_address_is_not_sent_to(house: NotifyHouse, reason: Reason) -> None:
    house.messages.suppress(Channel.EMAIL, PERSON.email or "", reason, NOON)
    assert outcome(house, THANKS) == (SUPPRESSED, reason)
    assert house.accepted == []


# Time


def test_a_message_past_its_time_expires(house: NotifyHouse) -> None:
    late = wish(MessageKind.DELIVERY_ON_ITS_WAY, expires_at=NOON)
    assert outcome(house, late) == (MessageState.EXPIRED, Reason.TOO_LATE)


def test_a_message_expires_at_the_fence_too(house: NotifyHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    soon = wish(MessageKind.DELIVERY_ON_ITS_WAY, expires_at=NOON + timedelta(seconds=10))
    plan = house.planner.plan

    def slow(notification: Notification, now: datetime) -> Draft | Silence | PutOff:
        house.wait(6)
        return plan(notification, now)

    monkeypatch.setattr(house.planner, "plan", slow)
    assert outcome(house, soon) == (MessageState.EXPIRED, Reason.TOO_LATE)
    assert house.accepted == []


# How an attempt ends


def test_a_message_refused_for_now_comes_again(house: NotifyHouse) -> None:
    house.email.will_answer([RefusedForNow("TooManyRequestsException")])
    with pytest.raises(TemporaryError, match="TooManyRequests"):
        house.send(ALERT)
    assert house.stored(ALERT).state is MessageState.NEW
    assert outcome(house, ALERT) == (MessageState.SENT, None)


def test_a_message_refused_for_good_has_failed(house: NotifyHouse) -> None:
    house.email.will_answer([RefusedForGood(Reason.REJECTED, "MessageRejected")])
    assert outcome(house, ALERT) == (MessageState.FAILED, Reason.REJECTED)
    assert house.send(ALERT).now is False


def test_a_message_without_an_answer_is_ambiguous_and_never_tried_again(house: NotifyHouse) -> None:
    house.email.will_answer([NoAnswer("ReadTimeoutError")])
    sending = house.send(ALERT)
    assert (sending.state, sending.now) == (MessageState.AMBIGUOUS, True)
    house.wait(3600)
    again = house.send(ALERT)
    assert (again.state, again.now, house.accepted) == (MessageState.AMBIGUOUS, False, [])


# Workers


def test_a_message_another_worker_has_comes_again_later(house: NotifyHouse) -> None:
    house.messages.claim(ALERT, "other", NOON, NOON + LEASE)
    with pytest.raises(TemporaryError):
        house.send(ALERT)
    assert house.accepted == []
    house.clock.advance(LEASE)
    assert outcome(house, ALERT) == (MessageState.SENT, None)


def attempted_by_another(house: NotifyHouse) -> None:
    house.messages.claim(ALERT, "other", NOON, NOON + LEASE)
    draft = house.planner.plan(ALERT, NOON)
    assert isinstance(draft, Draft)
    assert house.messages.fence(draft, "other", NOON, NOON + LEASE) is Fence.PASSED


def test_an_attempt_under_way_is_waited_for(house: NotifyHouse) -> None:
    attempted_by_another(house)
    with pytest.raises(TemporaryError):
        house.send(ALERT)
    assert house.stored(ALERT).state is MessageState.ATTEMPTING


def test_an_attempt_whose_worker_is_gone_is_ambiguous_and_not_repeated(house: NotifyHouse) -> None:
    attempted_by_another(house)
    house.clock.advance(LEASE)
    sending = house.send(ALERT)
    assert (sending.state, sending.now) == (MessageState.AMBIGUOUS, True)
    assert house.accepted == []
    assert house.send(ALERT).now is False


def test_a_claim_taken_over_while_rendering_is_not_sent(house: NotifyHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    def stolen() -> None:
        house.clock.advance(LEASE)
        house.messages.claim(ALERT, "thief", house.clock.now(), house.clock.now() + LEASE)

    before_the_fence(house, monkeypatch, stolen)
    with pytest.raises(TemporaryError):
        house.send(ALERT)
    assert house.accepted == []
    assert house.stored(ALERT).token == "thief"


def test_a_fence_whose_answer_was_lost_is_passed_again(house: NotifyHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may have been passed, but nothing was sent, and only this worker knows: else it would end as ambiguous."""
    fence = house.messages.fence

    def lost(*args: Any, **kwargs: Any) -> Fence:
        fence(*args, **kwargs)
        raise TemporaryError("the store took it, and the answer was lost")

    monkeypatch.setattr(house.messages, "fence", lost)
    with pytest.raises(TemporaryError):
        house.send(ALERT)
    monkeypatch.undo()
    assert outcome(house, ALERT) == (MessageState.SENT, None)
    assert len(house.accepted) == 1


# Asking


def request(**changes: Any) -> SurveyRequest:
    given = {"request_id": "ask_1", "person_id": PERSON.person_id, "survey_id": "checkout", "channel": Channel.EMAIL}
    return SurveyRequest(**{**given, "scheduled_at": NOON, "requested_at": NOON, **changes})


def invited(house: NotifyHouse, **changes: Any) -> Notification:
    """A wish that follows a request."""
    kept = request(**changes)
    house.requests.stored[kept.person_id, kept.request_id] = kept
    return Notification(
        message_id=f"msg_{kept.request_id}",
        kind=MessageKind.SURVEY_INVITATION,
        person_id=kept.person_id,
        survey_id=kept.survey_id,
        request_id=kept.request_id,
        requested_at=house.clock.now(),
        expires_at=house.clock.now() + timedelta(days=7),
    )


def asks_in(house: NotifyHouse, **changes: Any) -> None:
    house.surveys.versions["checkout"] = [SURVEY.model_copy(update=changes)]


def test_a_requested_invitation_says_nothing_of_a_parcel_and_its_request_is_followed(house: NotifyHouse) -> None:
    wanted = invited(house, properties={"note": "vip"}, subject=Subject(type="chat", id="c-7"))
    assert outcome(house, wanted) == (MessageState.SENT, None)
    assert "parcel" not in email(house).content.text
    assert house.requests.stored == {}
    (link,) = house.links.signed
    assert (link.subject_type, link.subject_id, link.channel.value) == ("chat", "c-7", "email")
    assert house.stored(wanted).properties == {"note": "vip"}


def test_a_link_tells_declared_values_of_the_occasion_and_nothing_else(house: NotifyHouse) -> None:
    asks_in(house, breakdowns=(Breakdown(name="city", values=("Berlin",)), Breakdown(name="tier", values=("gold",))))
    house.send(invited(house, properties={"city": "Berlin", "tier": "Ada's own", "note": "vip"}))
    assert house.links.signed[0].breakdowns == {"city": "Berlin"}


def test_a_person_is_asked_once_whoever_wishes_it_how_often(house: NotifyHouse) -> None:
    house.parcel(delivery(DeliveryStatus.DELIVERED))
    wishes = [invited(house, request_id=f"ask_{n}") for n in range(3)]
    assert outcome(house, INVITATION) == (MessageState.SENT, None)
    assert [outcome(house, wanted) for wanted in wishes] == 3 * [(SUPPRESSED, Reason.RECENTLY_ASKED)]
    assert house.requests.stored == {}
    house.clock.advance(timedelta(days=30))
    assert outcome(house, invited(house, request_id="ask_later")) == (MessageState.SENT, None)


def test_a_request_by_sms_brings_a_short_link(house: NotifyHouse) -> None:
    wanted = invited(house, channel=Channel.SMS)
    assert outcome(house, wanted) == (MessageState.SENT, None)
    (sms,) = house.sms.accepted
    assert isinstance(sms, SmsRequest)
    ((code, path),) = house.messages.short_links.items()
    assert f"https://hear.example.com/i/{code}" in sms.content.body
    assert path == "/s/checkout?t=token-1"
    assert (house.links.signed[0].channel, house.links.signed[0].rated) == ("sms", False)


def test_a_request_in_another_language_is_followed_in_it(house: NotifyHouse) -> None:
    house.send(invited(house, locale="de"))
    assert email(house).content.text.startswith("Guten Tag")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"channel": Channel.SMS}, Reason.NO_ADDRESS), ({"survey_id": "nothing"}, Reason.NO_LONGER_EXISTS)],
)
def test_a_request_that_can_not_be_followed_says_why(
    house: NotifyHouse, changes: dict[str, Any], reason: Reason
) -> None:
    house.people.stored[PERSON.person_id] = PERSON.model_copy(update={"phone": None})
    assert outcome(house, invited(house, **changes)) == (SUPPRESSED, reason)
    assert house.requests.stored == {}


def test_a_request_that_is_not_kept_yet_is_waited_for(house: NotifyHouse) -> None:
    wanted = invited(house)
    kept = house.requests.stored.pop((PERSON.person_id, "ask_1"))
    with pytest.raises(TemporaryError):
        house.send(wanted)
    house.requests.stored[PERSON.person_id, "ask_1"] = kept
    assert outcome(house, wanted) == (MessageState.SENT, None)


def test_a_request_that_was_taken_back_leaves_no_trace(house: NotifyHouse) -> None:
    wanted = invited(house)
    house.requests.stored.clear()
    house.wait(600)
    sending = house.send(wanted)
    assert (sending.reason, sending.now) == (Reason.CANCELLED, False)
    assert house.messages.stored == {}


def test_a_request_that_comes_back_after_it_was_followed_is_forgotten_again(house: NotifyHouse) -> None:
    wanted = invited(house)
    house.send(wanted)
    invited(house)
    assert house.send(wanted).now is False
    assert (len(house.accepted), house.requests.stored) == (1, {})


def test_who_is_not_of_the_share_that_a_survey_asks_is_not_asked_on_any_channel(house: NotifyHouse) -> None:
    asks_in(house, sample_percent=1)
    house.parcel(delivery(DeliveryStatus.DELIVERED))
    wishes = [INVITATION, invited(house), invited(house, request_id="ask_2", channel=Channel.SMS)]
    assert [outcome(house, wanted) for wanted in wishes] == 3 * [(SUPPRESSED, Reason.NOT_SAMPLED)]
    assert house.messages.asked == {}


# Reminders


def reminder(house: NotifyHouse) -> tuple[datetime, Notification]:
    """The one that is scheduled, and when it is due."""
    ((due, message),) = house.schedules.due.values()
    assert isinstance(message, SendNotification)
    return due, message.notification


def test_who_does_not_answer_is_reminded_once_by_a_link_to_the_same_answer(house: NotifyHouse) -> None:
    asks_in(house, remind_after_days=5)
    wanted = invited(house, subject=Subject(type="chat", id="c-7"), properties={"note": "vip"})
    for _ in range(2):
        house.send(wanted)
    due, again = reminder(house)
    assert due == NOON + timedelta(days=5)
    house.clock.advance(timedelta(days=5))
    assert [outcome(house, again) for _ in range(2)] == 2 * [(MessageState.SENT, None)]
    assert (len(house.accepted), len(house.schedules.due)) == (2, 1)
    first, second = house.links.signed
    assert (first.response_id, second.subject_id) == (second.response_id, "c-7")
    assert house.stored(again).properties == {"note": "vip"}


def test_who_answered_is_not_reminded(house: NotifyHouse) -> None:
    asks_in(house, remind_after_days=5)
    house.send(invited(house))
    _, again = reminder(house)
    house.answer(response().model_copy(update={"response_id": house.links.signed[0].response_id}))
    assert outcome(house, again) == (SUPPRESSED, Reason.ALREADY_ANSWERED)


def test_who_answers_before_the_fence_is_not_reminded(house: NotifyHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    asks_in(house, remind_after_days=5)
    house.send(invited(house))
    _, again = reminder(house)
    answer = response().model_copy(update={"response_id": house.links.signed[0].response_id})
    before_the_fence(house, monkeypatch, lambda: house.answer(answer))
    assert outcome(house, again) == (SUPPRESSED, Reason.ALREADY_ANSWERED)


def test_who_was_asked_something_else_since_is_not_reminded(house: NotifyHouse) -> None:
    asks_in(house, remind_after_days=5)
    house.send(invited(house))
    _, again = reminder(house)
    asks_in(house, recontact_days=0)
    house.send(invited(house, request_id="ask_2"))
    asks_in(house)
    assert outcome(house, again) == (SUPPRESSED, Reason.RECENTLY_ASKED)


def test_an_invitation_that_was_not_sent_is_not_reminded_of(house: NotifyHouse) -> None:
    asks_in(house, remind_after_days=5)
    house.messages.refuse(Channel.EMAIL, PERSON.email or "", Category.SURVEYS, NOON, CUSTOMER)
    assert outcome(house, invited(house)) == (SUPPRESSED, Reason.UNSUBSCRIBED)
    assert house.schedules.due == {}


def test_a_worker_that_dies_before_it_schedules_a_reminder_leaves_that_to_the_next(house: NotifyHouse) -> None:
    asks_in(house, remind_after_days=5)
    wanted = invited(house)
    house.schedules.away = True
    with pytest.raises(TemporaryError):
        house.send(wanted)
    house.schedules.away = False
    house.clock.advance(timedelta(days=6))
    assert house.send(wanted).now is False
    due, _ = reminder(house)
    assert due == house.clock.now() + timedelta(minutes=1)


# Stages of a delivery.


def on_the_road(arrives_in: float, **changes: Any) -> Delivery:
    """A parcel out for delivery, whose van says how many minutes it is away."""
    estimated_at = NOON + timedelta(minutes=arrives_in)
    return delivery(**changes).with_estimate(estimated_at, NOON - timedelta(minutes=1))


def test_soon_waits_while_the_van_is_further_away_than_it_was(house: NotifyHouse) -> None:
    soon = wish(MessageKind.DELIVERY_SOON, occasion="2026-11-22")
    house.parcel(on_the_road(120))
    with pytest.raises(TemporaryError, match="not that near"):
        house.send(soon)
    house.wait(75 * 60)
    assert house.send(soon).state is MessageState.SENT
    assert len(house.accepted) == 1


def test_soon_is_not_told_when_the_van_is_at_the_door(house: NotifyHouse) -> None:
    house.parcel(on_the_road(9))
    sending = house.send(wish(MessageKind.DELIVERY_SOON, occasion="2026-11-22"))
    assert (sending.state, sending.reason) == (MessageState.SUPPRESSED, Reason.STALE)


@pytest.mark.parametrize("occasion", ["2026-11-21", "another"])
def test_a_message_about_another_occasion_is_stale(house: NotifyHouse, occasion: str) -> None:
    house.parcel(delivery())
    sending = house.send(wish(MessageKind.DELIVERY_ON_ITS_WAY, occasion=occasion))
    assert (sending.state, sending.reason) == (MessageState.SUPPRESSED, Reason.STALE)


def test_a_window_that_is_over_is_not_told_any_more(house: NotifyHouse) -> None:
    over = Window(start=NOON - timedelta(hours=3), end=NOON - timedelta(hours=1))
    house.parcel(delivery(promise=over))
    house.send(wish(MessageKind.DELIVERY_ON_ITS_WAY))
    (sent,) = house.accepted
    assert isinstance(sent, SmsRequest)
    assert "between" not in sent.content.body


def late() -> Delivery:
    """A parcel that was promised until an hour ago and came five minutes ago."""
    over = Window(start=NOON - timedelta(hours=3), end=NOON - timedelta(hours=1))
    return delivery(DeliveryStatus.DELIVERED, promise=over)


def test_nobody_is_asked_about_a_broken_promise_before_the_apology(house: NotifyHouse) -> None:
    house.parcel(late())
    invitation = wish(MessageKind.SURVEY_INVITATION)
    with pytest.raises(TemporaryError, match="the apology goes first"):
        house.send(invitation)
    apology = wish(MessageKind.DELIVERY_APOLOGY).model_copy(
        update={"message_id": message_id(MessageKind.DELIVERY_APOLOGY, "parcel-1")}
    )
    assert house.send(apology).state is MessageState.SENT
    house.wait(LEASE.total_seconds())
    assert house.send(invitation).state is MessageState.SENT


def test_an_apology_says_how_late_it_was(house: NotifyHouse) -> None:
    house.parcel(late())
    house.send(wish(MessageKind.DELIVERY_APOLOGY))
    (sent,) = house.accepted
    assert "55 minutes" in (sent.content.body if isinstance(sent, SmsRequest) else sent.content.text)
