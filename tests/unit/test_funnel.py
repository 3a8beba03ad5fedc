"""How steps come together: folded in a batch, told while they are young, and read as a funnel."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import boto3
import pytest
from pydantic import ValidationError

from shared.domain.funnel import Passed, funnel
from shared.domain.messages import MessageKind, MessageState, SmsContent, SmsRequest
from shared.domain.metrics.days import Span
from shared.domain.published import ListedSurvey
from shared.domain.sending import Message
from shared.domain.steps import (
    COUNTED_FOR,
    MARK_KEPT_FOR,
    MAX_TOLD,
    AskedBy,
    Step,
    StepsTold,
    answer_told,
    folded,
    invitation_told,
    is_still_told,
    view_told,
)
from shared.funnel import InvitationsTold, invitation
from shared.storage.funnel import MAX_ACTIONS, FunnelRepository
from tests.fakes.clock import FrozenClock
from tests.fakes.messages import InMemoryMessages
from tests.fakes.queues import RecordingQueue
from tests.fakes.surveys import InMemorySurveys
from tests.fakes.wishes import SURVEY, wish
from tests.infra.cloudformation import TEMPLATE, of_type, parse, properties
from tests.simulation.aws import InMemoryAws

DAY, NEXT = date(2026, 11, 22), date(2026, 11, 23)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAYS = Span(DAY, NEXT)


def survey(survey_id: str, touchpoint: str, position: int | None = None) -> ListedSurvey:
    return ListedSurvey(survey_id=survey_id, touchpoint=touchpoint, journey_position=position, scales=())


def test_a_batch_is_folded_to_the_steps_of_each_thing_and_of_each_step_the_first_day_stays() -> None:
    def told(day: date, **said: bool) -> StepsTold:
        view = view_told("shop", "v", AskedBy.WIDGET, day, **{"started": False, "dismissed": False, **said})
        return StepsTold(survey_id="shop", told=(view,))

    (thing,) = folded([told(DAY), told(NEXT, started=True), told(NEXT, dismissed=True)]).values()
    assert thing.steps == {Step.SHOWN: DAY, Step.STARTED: NEXT, Step.DISMISSED: NEXT}


def test_views_messages_and_answers_of_one_name_are_not_the_same_thing() -> None:
    view = view_told("shop", "x", AskedBy.LINK, DAY, started=False, dismissed=False)
    elsewhere = view_told("other", "x", AskedBy.LINK, DAY, started=False, dismissed=False)
    answered, invited = answer_told("x", AskedBy.LINK, DAY), invitation_told("x", AskedBy.EMAIL, DAY, None)
    assert len({each.id for each in (view, elsewhere, answered, invited)}) == 4


def test_a_mark_outlives_everything_that_may_still_tell_of_its_step() -> None:
    queues = of_type(parse(TEMPLATE.read_text()), "AWS::SQS::Queue")
    kept = max(properties(queue)["MessageRetentionPeriod"] for queue in queues.values())
    on_the_way = timedelta(seconds=kept + properties(queues["FunnelQueue"])["MessageRetentionPeriod"])
    assert COUNTED_FOR + on_the_way < MARK_KEPT_FOR
    assert is_still_told(NOW - COUNTED_FOR, NOW)
    assert not is_still_told(NOW - COUNTED_FOR - timedelta(seconds=1), NOW)


def test_a_message_has_room_for_all_that_a_batch_of_answers_tells() -> None:
    functions = of_type(parse(TEMPLATE.read_text()), "AWS::Serverless::Function")
    assert properties(functions["NpsCalcFunction"])["Events"]["Responses"]["Properties"]["BatchSize"] <= MAX_TOLD


@pytest.mark.parametrize(
    "changes", [{"id": "per_1"}, {"channel": "import"}, {"steps": {}}, {"steps": {"looked": "2026-11-22"}}]
)
def test_what_is_no_step_is_no_message(changes: dict[str, Any]) -> None:
    told = {"id": "0" * 32, "channel": "widget", "steps": {"shown": "2026-11-22"}, **changes}
    with pytest.raises(ValidationError):
        StepsTold.model_validate({"schema": 1, "type": "StepsTold", "survey_id": "shop", "told": [told]})


def test_touchpoints_come_in_the_order_of_the_journey_with_their_surveys_together() -> None:
    shown = {AskedBy.WIDGET: {Step.SHOWN: 10, Step.ANSWERED: 4}}
    places = funnel(
        DAYS,
        [
            Passed(survey("z", "delivery", 2), shown),
            Passed(survey("b", "checkout", 1), shown),
            Passed(survey("a", "checkout"), {AskedBy.WIDGET: {Step.SHOWN: 30, Step.DISMISSED: 7}}),
            Passed(survey("c", "chat"), shown),
        ],
    ).touchpoints
    assert [(place.touchpoint, place.surveys) for place in places] == [
        ("checkout", ("a", "b")),
        ("delivery", ("z",)),
        ("chat", ("c",)),
    ]
    (widget,) = places[0].channels
    assert (widget.shown, widget.dismissed, widget.answered, widget.response_rate) == (40, 7, 4, 10.0)


@pytest.mark.parametrize(
    ("channel", "rate"),
    [("email", 25.0), ("sms", 25.0), ("link", 50.0), ("widget", 50.0), ("kiosk", 50.0), ("api", None)],
)
def test_the_rate_is_of_the_invited_where_we_invite_and_of_the_shown_elsewhere(channel: str, rate: float) -> None:
    steps = {Step.INVITED: 8, Step.DELIVERED: 7, Step.SHOWN: 4, Step.ANSWERED: 2}
    (place,) = funnel(DAYS, [Passed(survey("a", "chat"), {AskedBy(channel): steps})]).touchpoints
    assert place.channels[0].response_rate == rate


def test_without_anybody_asked_there_is_no_rate_and_not_zero() -> None:
    (place,) = funnel(DAYS, [Passed(survey("a", "chat"), {AskedBy.WIDGET: {Step.ANSWERED: 2}})]).touchpoints
    assert place.channels[0].response_rate is None


def test_more_steps_than_a_transaction_takes_are_counted_in_several() -> None:
    aws = InMemoryAws(seed=1)
    aws.dynamodb.create_table("funnel", hash_key="pk:S", range_key="sk:S")
    with aws.installed():
        counting = FunnelRepository(boto3.client("dynamodb"), "funnel")
        views = [
            view_told("shop", str(n), AskedBy.WIDGET, DAY, started=n % 2 == 0, dismissed=False)
            for n in range(2 * MAX_ACTIONS)
        ]
        things = folded(StepsTold(survey_id="shop", told=(view,)) for view in views)
        assert counting.count(things, (), NOW).steps == 300
        assert counting.count(things, (), NOW) == counting.count(things, things, NOW) == (0, frozenset())
        ((_, channel, steps),) = counting.read("shop", DAY, DAY)
        assert (channel, steps) == (AskedBy.WIDGET, {Step.SHOWN: 200, Step.STARTED: 100})
        assert counting.read("shop", NEXT, NEXT) == ()


ASKS = SURVEY.model_copy(update={"funnel": True, "time_zone": "Europe/Berlin"})
LATE = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
SMS = SmsRequest(message_id="m", to="+4915112345678", content=SmsContent(body="?"), expires_at=NOW)
SENT = Message(
    notification=wish(MessageKind.SURVEY_INVITATION, survey_id=ASKS.survey_id),
    state=MessageState.SENT,
    request=SMS,
    attempted_at=NOW,
)


def test_an_invitation_tells_what_is_stored_of_it_each_step_on_its_own_local_day() -> None:
    for message, steps in (
        (SENT, {Step.INVITED: DAY}),
        (SENT.model_copy(update={"delivered_at": LATE}), {Step.INVITED: DAY, Step.DELIVERED: NEXT}),
    ):
        told = invitation(message, ASKS)
        assert told is not None
        assert (told.channel, told.steps) == (AskedBy.SMS, steps)


@pytest.mark.parametrize(
    "changes",
    [
        *({"state": state} for state in MessageState if state is not MessageState.SENT),
        {"notification": wish(MessageKind.THANK_YOU, survey_id=ASKS.survey_id)},
        {"request": None},
    ],
    ids=str,
)
def test_what_was_not_sent_or_is_no_invitation_or_was_erased_tells_nothing(changes: dict[str, Any]) -> None:
    assert invitation(SENT.model_copy(update=changes), ASKS) is None


def test_a_survey_without_a_funnel_is_told_nothing() -> None:
    assert invitation(SENT, ASKS.model_copy(update={"funnel": False})) is None


@pytest.mark.parametrize(("days", "messages"), [(60, 1), (61, 0)])
def test_a_receipt_that_comes_after_months_tells_nothing(days: int, messages: int) -> None:
    stored, queue = InMemoryMessages(), RecordingQueue()
    stored.stored[SENT.notification.message_id] = SENT
    later = FrozenClock(NOW + timedelta(days=days))
    InvitationsTold(stored, InMemorySurveys(ASKS), queue, later).tell(SENT.notification.message_id)
    assert len(queue.sent) == messages
