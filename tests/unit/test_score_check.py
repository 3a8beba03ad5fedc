"""The scheduled check judges what is closed, a bounded piece a run, and forgets no day that is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

import pytest

from functions.score_check.service import FRESH_DAYS, WALKED_DAYS, ScoreCheck
from shared.domain.published import ListedSurvey
from shared.domain.recording import StoredResponse
from shared.domain.recount import Checked, Verdict
from shared.domain.responses import Response, ScoreKey
from shared.domain.score_checks import REMEMBERED, CheckProgress, SurveyDay
from shared.domain.surveys import Brand, Question, Scale, Survey
from tests.fakes.answers import TODAY, answer
from tests.fakes.clock import FrozenClock
from tests.fakes.days import InMemoryDays

TIME = timedelta(minutes=14)
CLOSED = TODAY - timedelta(days=2)
"""At noon in UTC, the last day that has been over for 24 hours."""


def survey(survey_id: str, time_zone: str = "UTC") -> Survey:
    return Survey(
        survey_id=survey_id,
        version=1,
        name="Shop",
        touchpoint="checkout",
        brand=Brand(name="Petits Pains"),
        questions=(Question(id="recommend", scale=Scale.NPS, text={"en": "Would you recommend us?"}),),
        time_zone=time_zone,
    )


class OneVersionEach:
    """Stands in for the surveys."""

    def __init__(self, *surveys: Survey) -> None:
        self._surveys = surveys

    def list_surveys(self) -> Sequence[ListedSurvey]:
        return [ListedSurvey.of(each) for each in self._surveys]

    def versions(self, survey_id: str) -> tuple[Survey, ...]:
        return tuple(each for each in self._surveys if each.survey_id == survey_id)


class KeptProgress:
    """Stands in for the progress."""

    def __init__(self) -> None:
        self.kept = CheckProgress()

    def read(self) -> CheckProgress:
        return self.kept

    def write(self, progress: CheckProgress) -> None:
        self.kept = progress


class SlowDays(InMemoryDays):
    """A store in which each response takes its time to be read."""

    def __init__(self, clock: FrozenClock, each: timedelta, *responses: Response) -> None:
        super().__init__(*responses)
        self._clock = clock
        self._each = each

    def stored_of_day(self, survey_id: str, day: date) -> Iterator[StoredResponse]:
        for stored in super().stored_of_day(survey_id, day):
            self._clock.advance(self._each)
            yield stored


class House:
    """The check with what stands around it."""

    def __init__(self, days: InMemoryDays, *surveys: Survey, clock: FrozenClock | None = None) -> None:
        self.days = days
        self.progress = KeptProgress()
        self.clock = clock or FrozenClock()
        self.check = ScoreCheck(
            surveys=OneVersionEach(*(surveys or (survey("shop"),))),
            responses=days,
            documents=days,
            progress=self.progress,
            clock=self.clock,
            pause=lambda: None,
        )

    def run(self, time: timedelta = TIME) -> list[Checked]:
        return list(self.check.run(time))

    def judged(self, time: timedelta = TIME) -> list[tuple[str, date]]:
        return [(each.documents.survey_id, each.documents.day) for each in self.run(time)]

    def spoil(self, day: date, survey_id: str = "shop") -> None:
        lane = self.days.documents[ScoreKey(survey_id, day)][0]
        lane["recommend:9"] = lane.get("recommend:9", 0) + 1


def daily(first: date, last: date, survey_id: str = "shop") -> list[Response]:
    """An answer on each day."""
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [answer(sum(survey_id.encode()) * 10_000 + n, 9, day=day, survey_id=survey_id) for n, day in enumerate(days)]


def before(days: int) -> date:
    """The day so long before the last closed one."""
    return CLOSED - timedelta(days=days)


def test_only_days_that_have_been_over_for_a_day_are_judged() -> None:
    house = House(InMemoryDays(*daily(before(3), TODAY)))
    assert sorted(house.judged()) == [("shop", before(n)) for n in (3, 2, 1, 0)]


def test_a_day_is_over_where_the_survey_lives() -> None:
    far_east = House(InMemoryDays(*daily(before(0), TODAY)), survey("shop", "Pacific/Kiritimati"))
    far_west = House(InMemoryDays(*daily(before(1), TODAY)), survey("shop", "Pacific/Pago_Pago"))
    assert max(day for _, day in far_east.judged()) == CLOSED + timedelta(days=1)
    assert max(day for _, day in far_west.judged()) == CLOSED


def test_each_day_is_judged_once_a_run_and_the_latest_ones_first() -> None:
    house = House(InMemoryDays(*daily(before(5), CLOSED)))
    judged = house.judged()
    assert len(judged) == len(set(judged)) == 6
    assert {day for _, day in judged[:FRESH_DAYS]} == {before(n) for n in range(FRESH_DAYS)}


def test_a_run_says_which_documents_are_wrong() -> None:
    house = House(InMemoryDays(*daily(before(5), CLOSED)))
    house.spoil(before(4))
    wrong = [each for each in house.run() if each.differences]
    assert [(each.verdict, each.documents.day) for each in wrong] == [(Verdict.DRIFTED, before(4))]


def test_a_wrong_day_is_judged_in_every_run_until_it_is_mended() -> None:
    house = House(InMemoryDays(*daily(before(1_000), CLOSED)))
    house.spoil(before(1_000))
    first, second = house.run(), house.run()
    assert [each.documents.day for each in (*first, *second) if each.differences] == [before(1_000)] * 2
    house.days.count()
    assert [each for each in house.run() if each.differences] == []
    assert house.progress.kept.wrong == ()


def test_a_run_judges_no_more_than_its_share_of_the_past_and_the_next_goes_on() -> None:
    house = House(InMemoryDays(*daily(before(999), CLOSED)))
    runs = [house.judged() for _ in range(3)]
    assert [len(run) for run in runs] == [WALKED_DAYS + FRESH_DAYS, WALKED_DAYS + FRESH_DAYS, 200]
    assert {day for run in runs for day in run} == {("shop", before(n)) for n in range(1_000)}
    assert house.progress.kept.walked is None


def test_when_it_has_been_through_it_begins_again() -> None:
    house = House(InMemoryDays(*daily(before(5), CLOSED)))
    assert house.judged() == house.judged()


def test_surveys_are_walked_one_after_the_other() -> None:
    answers = [*daily(before(300), CLOSED, "alpha"), *daily(before(300), CLOSED, "beta")]
    house = House(InMemoryDays(*answers), survey("beta"), survey("alpha"))
    seen = {*house.judged(), *house.judged()}
    assert seen == {(name, before(n)) for name in ("alpha", "beta") for n in range(301)}


def test_out_of_time_it_stops_and_the_next_run_goes_on_there() -> None:
    clock = FrozenClock()
    house = House(SlowDays(clock, timedelta(minutes=1), *daily(before(29), CLOSED)), clock=clock)
    first = house.judged(timedelta(minutes=10))
    assert len(first) < 11
    clock = house.clock
    seen = set(first)
    for _ in range(4):
        seen.update(house.judged(timedelta(minutes=10)))
    assert seen == {("shop", before(n)) for n in range(30)}


def test_a_day_that_takes_longer_than_a_run_is_told_and_passed_by() -> None:
    clock = FrozenClock()
    long_day = [answer(n, 9, day=before(9)) for n in range(1_000, 1_100)]
    days = SlowDays(clock, timedelta(minutes=1), *long_day, *daily(before(8), CLOSED))
    house = House(days, clock=clock)
    verdicts = {(each.documents.day, each.verdict) for _ in range(4) for each in house.run(timedelta(minutes=10))}
    assert (before(9), Verdict.UNSETTLED) in verdicts
    assert {(before(n), Verdict.EXACT) for n in range(9)} <= verdicts


def test_a_fresh_day_that_takes_too_long_leaves_half_of_the_time_to_the_walk() -> None:
    clock = FrozenClock()
    long_day = [answer(n, 9, day=CLOSED) for n in range(1_000, 1_100)]
    house = House(SlowDays(clock, timedelta(minutes=1), *daily(before(9), before(1)), *long_day), clock=clock)
    judged = house.run(timedelta(minutes=10))
    assert {each.documents.day for each in judged if each.verdict is Verdict.EXACT} >= {before(9), before(8)}


def test_a_day_that_could_not_be_judged_stays_as_wrong_as_it_was() -> None:
    day = SurveyDay(survey_id="shop", day=TODAY)
    wrong = CheckProgress().judged(day, Verdict.DRIFTED)
    assert wrong.judged(day, Verdict.UNSETTLED).wrong == (day,)
    assert wrong.judged(day, Verdict.EXACT).wrong == ()


def test_wrong_days_are_remembered_up_to_a_bound() -> None:
    progress = CheckProgress()
    for number in range(REMEMBERED + 5):
        progress = progress.judged(SurveyDay(survey_id="shop", day=before(number)), Verdict.DRIFTED)
    assert len(progress.wrong) == REMEMBERED
    assert progress.wrong[-1].day == before(REMEMBERED + 4)


@pytest.mark.parametrize("answers", [[], daily(TODAY, TODAY)], ids=["nobody answered", "only today"])
def test_nothing_closed_is_nothing_to_judge(answers: list[Response]) -> None:
    assert House(InMemoryDays(*answers)).run() == []
