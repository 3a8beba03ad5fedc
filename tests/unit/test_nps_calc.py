"""What follows from an answer is decided by what is stored, and wished for again until it is on the queue."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

import pytest

from functions.nps_calc.service import NpsCalc
from shared.domain.bursts import BurstWatch
from shared.domain.messages import MessageKind, Notification, message_id
from shared.domain.queued import SendNotification
from shared.domain.recording import Outcome
from shared.domain.responses import Response, Source
from shared.domain.steps import StepsTold
from shared.domain.surveys import Brand, Question, Scale, Survey
from shared.errors import TemporaryError
from tests.fakes.answers import answer, response_id, submitted
from tests.fakes.clock import NOON, FrozenClock
from tests.fakes.events import RecordingBus
from tests.fakes.queues import RecordingQueue
from tests.fakes.responses import InMemoryResponses
from tests.fakes.surveys import InMemorySurveys

GRACE = timedelta(seconds=90)
OWNERS = ("ada@example.com", "grace@example.com")
SURVEY = Survey(
    survey_id="shop",
    name="After checkout",
    touchpoint="checkout",
    brand=Brand(name="Petits Pains"),
    questions=(Question(id="recommend", scale=Scale.NPS, text={"en": "Would you recommend us?"}),),
    alert_to=OWNERS,
)


class House:
    """The service with everything around it in memory."""

    untold: Collection[str] = ()

    def __init__(self, survey: Survey = SURVEY) -> None:
        self.responses = InMemoryResponses()
        self.surveys = InMemorySurveys(survey)
        self.queue, self.funnel = RecordingQueue(), RecordingQueue()
        self.clock = FrozenClock()
        self.bus = RecordingBus()
        self.service = NpsCalc(
            responses=self.responses,
            surveys=self.surveys,
            trail=self.responses,
            notifications=self.queue,
            bus=self.bus,
            funnel=self.funnel,
            heat=self.surveys,
            bursts=BurstWatch(per_minute=5),
            clock=self.clock,
            grace=GRACE,
        )

    def take_in(self, *answers: Response) -> dict[str, Outcome]:
        recorded = self.service.record(submitted(*answers))
        times = Counter(each.response_id for each in answers)
        for each in recorded.values():
            self.service.follow_up(each)
        self.untold = self.service.tell(
            {number: self.service.events(each, is_alone=times[number] == 1) for number, each in recorded.items()}
        )
        return {each: done.outcome for each, done in recorded.items()}

    @property
    def wishes(self) -> list[Notification]:
        return [sent.message.notification for sent in self.queue.sent if isinstance(sent.message, SendNotification)]

    @property
    def kinds(self) -> list[MessageKind]:
        return [wish.kind for wish in self.wishes]


def test_a_detractor_alerts_each_owner_once_after_the_grace() -> None:
    house = House()
    house.take_in(answer(rating=3, comment="Cold"))
    assert [(wish.kind, wish.owner, wish.response_id) for wish in house.wishes] == [
        (MessageKind.DETRACTOR_ALERT, owner, response_id(1)) for owner in OWNERS
    ]
    assert {(sent.group, sent.delay) for sent in house.queue.sent} == {("shop", GRACE)}
    assert {wish.expires_at for wish in house.wishes} == {NOON + timedelta(hours=48)}


def test_a_repeated_wish_is_the_same_message() -> None:
    house = House()
    for _ in range(2):
        house.take_in(answer(rating=3))
    ids = [wish.message_id for wish in house.wishes]
    assert ids[:2] == ids[2:] == [message_id(MessageKind.DETRACTOR_ALERT, response_id(1), each) for each in OWNERS]


@pytest.mark.parametrize("rating", [7, 8, 9, 10])
def test_who_is_no_detractor_alerts_nobody(rating: int) -> None:
    house = House()
    house.take_in(answer(rating=rating, comment="Fine"))
    assert house.wishes == []


def test_a_later_comment_of_a_detractor_is_wished_for_beside_the_alert() -> None:
    house = House()
    house.take_in(answer(rating=3, revision=2, comment="Cold"))
    assert house.kinds == [MessageKind.DETRACTOR_ALERT, MessageKind.COMMENT_ADDED] * 2
    assert {sent.delay for sent in house.queue.sent} == {GRACE}


def test_what_a_detractor_writes_later_to_a_question_for_text_is_wished_for_too() -> None:
    house = House()
    house.take_in(answer(rating=3, revision=2, texts={"why": "Cold"}))
    assert house.kinds == [MessageKind.DETRACTOR_ALERT, MessageKind.COMMENT_ADDED] * 2


def test_what_follows_is_computed_from_what_is_stored_not_from_what_came() -> None:
    """The worker that stored the detractor died; the message that comes now is older and says promoter."""
    house = House()
    house.responses.record(submitted(answer(rating=2, revision=3)))
    assert house.take_in(answer(rating=9)) == {response_id(1): Outcome.OUTDATED}
    assert house.kinds == [MessageKind.DETRACTOR_ALERT] * 2


@pytest.mark.parametrize(
    "changes",
    [
        {"test": True},
        {"source": Source.IMPORT},
        {"at": NOON - timedelta(hours=48, seconds=1)},
    ],
)
def test_tests_imports_and_old_answers_have_no_consequences(changes: dict[str, Any]) -> None:
    house = House()
    house.take_in(answer(rating=3, verified=True, person_id="per_1", **changes))
    assert house.responses.get(response_id(1)) is not None
    assert house.wishes == []


def test_an_answer_of_yesterday_is_still_news() -> None:
    house = House()
    house.take_in(answer(rating=3, at=NOON - timedelta(hours=47)))
    assert house.kinds == [MessageKind.DETRACTOR_ALERT] * 2


def test_a_person_known_by_a_signed_link_is_thanked_at_once() -> None:
    house = House()
    house.take_in(answer(rating=9, source=Source.LINK, verified=True, person_id="per_1"))
    assert house.kinds == [MessageKind.THANK_YOU]
    assert (house.wishes[0].person_id, house.wishes[0].owner) == ("per_1", None)
    assert house.queue.sent[0].delay == timedelta(0)


@pytest.mark.parametrize(
    ("changes", "survey"),
    [
        ({"verified": False, "person_id": "per_1"}, SURVEY),
        ({"verified": True}, SURVEY),
        ({"verified": True, "person_id": "per_1"}, SURVEY.model_copy(update={"thank_customers": False})),
    ],
)
def test_nobody_is_thanked_on_a_claim_or_against_the_survey(changes: dict[str, Any], survey: Survey) -> None:
    house = House(survey)
    house.take_in(answer(rating=9, **changes))
    assert house.wishes == []


@pytest.mark.parametrize("state", ["erased", "refused", "away"])
def test_what_is_not_stored_has_no_consequences(state: str) -> None:
    house = House()
    getattr(house.responses, state).add(response_id(1))
    house.take_in(answer(rating=3))
    assert house.wishes == []


def test_a_failed_condition_has_no_consequences() -> None:
    house = House()
    house.responses.record(submitted(answer(rating=3)))
    (recorded,) = house.service.record(submitted(answer(rating=9, revision=9), expected_revision=8)).values()
    assert recorded.outcome is Outcome.CONDITION_FAILED
    assert house.service.follow_up(recorded) == 0


def test_an_answer_to_a_survey_that_is_gone_is_counted_and_alerts_nobody() -> None:
    house = House()
    assert house.take_in(answer(rating=3, survey_id="gone")) == {response_id(1): Outcome.RECORDED}
    assert house.wishes == []


@pytest.mark.parametrize("away", ["queue", "surveys"])
def test_a_wish_that_could_not_be_kept_is_made_again_with_the_redelivery(away: str) -> None:
    house = House()
    house.queue.fails, house.surveys.away = away == "queue", away == "surveys"
    with pytest.raises(TemporaryError):
        house.take_in(answer(rating=3))
    house.queue.fails = house.surveys.away = False
    assert house.take_in(answer(rating=3)) == {response_id(1): Outcome.KNOWN}
    assert house.kinds == [MessageKind.DETRACTOR_ALERT] * 2


def test_what_the_api_recorded_itself_or_came_before_is_read_first() -> None:
    house = House()
    batch = submitted(answer(1), answer(2, source=Source.API), answer(3, source=Source.IMPORT), answer(4))
    house.service.record(batch, redelivered={response_id(4)})
    assert house.responses.read_first == [response_id(n) for n in (2, 3, 4)]


class TestAFlood:
    """More than five answers a minute are one here."""

    def flood(self, at: datetime = NOON, first: int = 1, **what: Any) -> list[Response]:
        return [answer(number, at=at, **what) for number in range(first, first + 6)]

    def test_marks_the_survey_as_hot_for_ten_minutes_once(self) -> None:
        house = House()
        assert house.service.watch(self.flood()) == ["shop"]
        assert house.surveys.hot == {"shop": NOON + timedelta(minutes=10)}
        reads = house.surveys.reads
        for _ in range(10):
            assert house.service.watch(self.flood()) == []
        assert house.surveys.reads == reads

    def test_that_another_process_marked_is_not_told_again(self) -> None:
        house = House()
        house.surveys.hot["shop"] = NOON + timedelta(minutes=10)
        assert house.service.watch(self.flood()) == []

    def test_that_goes_on_is_marked_again_after_five_minutes(self) -> None:
        house = House()
        later = NOON + timedelta(minutes=5)
        house.service.watch(self.flood())
        house.clock.advance(timedelta(minutes=5))
        assert house.service.watch(self.flood(at=later, first=10)) == ["shop"]
        assert house.surveys.hot == {"shop": later + timedelta(minutes=10)}

    def test_that_waited_in_the_queue_through_an_outage_is_none_any_more(self) -> None:
        house = House()
        house.clock.advance(timedelta(minutes=10))
        assert house.service.watch(self.flood()) == []
        assert house.surveys.hot == {}

    def test_whose_mark_was_not_written_is_marked_by_what_comes_next(self) -> None:
        house = House()
        house.surveys.away = True
        with pytest.raises(TemporaryError):
            house.service.watch(self.flood())
        house.surveys.away = False
        assert house.service.watch(self.flood()[:1]) == ["shop"]


def counting_views() -> House:
    return House(SURVEY.model_copy(update={"funnel": True}))


def told_to_the_funnel(house: House, *answers: Response) -> int:
    """How many answers the funnel is told of for this batch."""
    recorded = house.service.record(submitted(*answers))
    times = Counter(each.response_id for each in answers)
    told = {number: house.service.answered(each, is_alone=times[number] == 1) for number, each in recorded.items()}
    before = len(house.funnel.sent)
    assert not house.service.tell_funnel({number: each for number, each in told.items() if each is not None})
    messages = [sent.message for sent in house.funnel.sent[before:]]
    assert len(messages) <= 1
    return sum(len(message.told) for message in messages if isinstance(message, StepsTold))


def test_the_funnel_is_told_of_a_batch_of_answers_in_one_message() -> None:
    house = counting_views()
    assert told_to_the_funnel(house, *(answer(number) for number in range(1, 85))) == 84


def test_the_funnel_is_told_again_of_an_answer_that_comes_again_and_not_of_a_revision() -> None:
    house = counting_views()
    assert told_to_the_funnel(house, answer()) == 1
    assert told_to_the_funnel(house, answer()) == 1
    assert told_to_the_funnel(house, answer(revision=2)) == 0
    assert told_to_the_funnel(house, answer(revision=2)) == 1
    # Of two messages one may repeat what a run stored that died before it told.
    assert told_to_the_funnel(house, answer(revision=2), answer(revision=3)) == 1


def test_a_test_that_becomes_an_answer_is_told_then() -> None:
    house = counting_views()
    assert told_to_the_funnel(house, answer(test=True)) == 0
    assert told_to_the_funnel(house, answer(revision=2)) == 1


def test_the_funnel_is_not_told_of_imports_of_old_answers_and_of_surveys_that_count_none() -> None:
    house = counting_views()
    assert told_to_the_funnel(house, answer(source=Source.IMPORT)) == 0
    assert told_to_the_funnel(house, answer(2, at=NOON - timedelta(days=61))) == 0
    assert told_to_the_funnel(House(), answer(3)) == 0


def test_what_the_funnel_was_not_told_has_to_come_again() -> None:
    house = counting_views()
    house.funnel.fails = True
    recorded = house.service.record(submitted(answer(1), answer(2)))
    told = {number: house.service.answered(each, is_alone=True) for number, each in recorded.items()}
    assert set(house.service.tell_funnel({n: each for n, each in told.items() if each})) == set(recorded)
