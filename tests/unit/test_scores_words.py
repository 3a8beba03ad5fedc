"""What the scores page says in words is what the numbers say, and no more."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from functions.scores import words
from shared.domain.metrics.days import Interval, Span
from shared.domain.metrics.figures import Metrics
from shared.domain.metrics.journey import Counted, journey
from shared.domain.metrics.scoring import Asked, metrics
from shared.domain.published import ListedSurvey
from shared.domain.scores import ScoreDocument
from shared.domain.surveys import Brand, Option, Question, Scale, Survey

SURVEY = Survey(
    survey_id="checkout",
    name="After checkout",
    touchpoint="checkout",
    brand=Brand(name="Paper & Ink"),
    questions=(Question(id="recommend", scale=Scale.NPS, text={"en": "Would you recommend us?"}),),
)
MARCH = Span(date(2026, 3, 1), date(2026, 3, 31))
NOBODY: dict[int, int] = {}


def told(now: dict[int, int], before: dict[int, int] = NOBODY, days: Span = MARCH) -> Metrics:
    """The figures of these answers, compared with those of the days before."""
    documents = [
        ScoreDocument(day, "", {"recommend": ratings}, sum(ratings.values()), 0)
        for day, ratings in ((days.before.since, before), (days.since, now))
    ]
    return metrics(SURVEY, Asked(SURVEY.questions[0], days, compare=True), documents)


def verdict(now: dict[int, int], before: dict[int, int], days: Span = MARCH) -> tuple[str, str]:
    compared = told(now, before, days).comparison
    assert compared is not None
    return words.changed(compared, days)


def test_a_change_within_chance_is_not_called_one() -> None:
    headline, reasons = verdict({10: 12, 0: 8}, {10: 10, 0: 10})
    assert headline == "No change shown"
    assert "The 31 days before scored 0.0 from 20 answers; the difference is 20.0 points (−38.0 to 72.8)." in reasons
    assert "in 54 % of comparisons, too often to call it a change (z = 0.61, p = 0.54)" in reasons


@pytest.mark.parametrize(
    ("now", "before", "headline"),
    [({10: 90, 0: 10}, {10: 50, 0: 50}, "Higher than before"), ({10: 50, 0: 50}, {10: 90, 0: 10}, "Lower than before")],
)
def test_a_change_beyond_chance_is_called_one(now: dict[int, int], before: dict[int, int], headline: str) -> None:
    said, reasons = verdict(now, before)
    assert said == headline
    assert "less than 1 of 1000 comparisons, so this is more than chance" in reasons
    assert "p = less than 0.001" in reasons


def test_without_answers_on_one_side_nothing_is_compared() -> None:
    assert verdict({10: 1}, {}) == ("Nothing to compare", "The 31 days before have no answers.")
    assert verdict({}, {10: 1}) == ("Nothing to compare", "These days have no answers.")
    one_day = Span(date(2026, 3, 1), date(2026, 3, 1))
    assert verdict({10: 1}, {}, one_day) == ("Nothing to compare", "The day before has no answers.")


def test_the_interval_is_told_and_that_few_answers_make_it_wide() -> None:
    few = words.how_sure(told({10: 6, 0: 4}))
    assert few.startswith("We can be 95 % sure that it lies between −35 and 66.") and "few answers" in few
    assert "few answers" not in words.how_sure(told({10: 60, 0: 40}))
    assert words.how_sure(told({})) == "There are no answers in these days."


def test_a_score_that_is_none_is_a_dash_and_zero_has_no_sign() -> None:
    assert [words.points(number) for number in (None, 0.0, -0.2, -50.5, 49.6)] == ["–", "0", "0", "−50", "50"]


@pytest.mark.parametrize(
    ("since", "until", "said"),
    [
        ("2026-03-01", "2026-03-01", "1 March 2026"),
        ("2026-03-01", "2026-04-02", "1 March to 2 April 2026"),
        ("2025-12-31", "2026-01-01", "31 December 2025 to 1 January 2026"),
    ],
)
def test_days_are_told_as_people_say_them(since: str, until: str, said: str) -> None:
    assert words.span(Span(date.fromisoformat(since), date.fromisoformat(until))) == said


def test_buckets_are_named_by_the_day_or_month_they_begin() -> None:
    year = metrics(SURVEY, Asked(SURVEY.questions[0], MARCH, interval=Interval.MONTH), []).buckets[0]
    assert [words.bucket_name(year, interval) for interval in Interval] == ["1 Mar", "1 Mar", "Mar 26"]


class TestTheJourney:
    def of(self, *ratings: dict[int, int]) -> str:
        surveys = [
            Counted(
                ListedSurvey(survey_id=f"s{place}", touchpoint=f"place_{place}", journey_position=place, scales=()), own
            )
            for place, own in enumerate(ratings, 1)
        ]
        return words.weakest(journey(Scale.NPS, MARCH, surveys))

    def test_names_who_drags_the_whole_down_and_by_how_much(self) -> None:
        said = self.of({10: 90, 0: 10}, {10: 20, 0: 80})
        assert said.startswith("Place 2 drags the whole down most: it scores 140 points less than the others together")
        assert "(116 to 156), and takes 70.0 points from the whole." in said

    def test_accuses_nobody_without_proof(self) -> None:
        assert self.of({10: 5, 0: 5}, {10: 4, 0: 6}) == "No touchpoint is shown to lie below the others."
        assert self.of({10: 5}, {}) == "One touchpoint alone can not drag the others down."


def test_ratings_are_called_what_the_survey_calls_them() -> None:
    choice = Question(
        id="why",
        scale=Scale.CHOICE,
        text={"en": "Why?"},
        options=(Option(value=7, text={"en": "Price"}), Option(value=2, text={"en": "Range"})),
    )
    survey = Survey(**{**dict(SURVEY), "questions": (*SURVEY.questions, choice)})
    assert [words.rating_name(survey, choice, rating) for rating in choice.ratings] == ["Price", "Range"]
    met = Question(id="met", scale=Scale.EXPECTATION, text={"en": "?"})
    assert [words.rating_name(survey, met, rating) for rating in met.ratings] == ["Below", "Met", "Exceeded"]
    assert [words.tone(Scale.EXPECTATION, rating) for rating in met.ratings] == [2, 1, 0]


def test_every_scale_with_a_score_has_its_words() -> None:
    assert set(words.SCALES) == {scale for scale in Scale if scale.has_score}
    assert MARCH.until - MARCH.since == timedelta(days=30)
