"""Tells what became of promises, and what that did to the score."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple, Protocol

from functions.api.named import published
from functions.api.needs import AnswerLists, Surveys
from shared.clock import Clock
from shared.domain.deliveries import Delivery
from shared.domain.metrics.days import Interval, day_of
from shared.domain.metrics.promises import (
    By,
    Ended,
    PromisesAndScore,
    PromisesTold,
    Rated,
    beside_score,
    kept_of,
    rows_of,
)
from shared.domain.responses import Response
from shared.domain.stages import outcome_of_all
from shared.domain.surveys import Survey
from shared.errors import InvalidRequestError

DEFAULT_WEEKS = 12
MAX_WEEKS = 53
MAX_ANSWERS = 10_000
"""Answers that one request looks up the deliveries of; a longer range is refused, and never cut short in silence."""
AT_ONCE = 100
"""Answers, and deliveries, read together."""
ONE_WEEK = timedelta(days=7)


class Ledger(Protocol):
    """Where promises are counted, and deliveries are read."""

    def ledger(self, since: str, until: str) -> Iterable[Ended]:
        """What became of the promises of a range of ISO weeks, both included."""
        ...

    def of_ids(self, delivery_ids: Sequence[str]) -> Mapping[str, Delivery]:
        """Those of these deliveries that there are."""
        ...


class _Weeks(NamedTuple):
    """A range of ISO weeks, by its first Monday and its last Sunday."""

    monday: date
    sunday: date

    @property
    def since(self) -> str:
        return Interval.WEEK.name_of(self.monday)

    @property
    def until(self) -> str:
        return Interval.WEEK.name_of(self.sunday)


class PromiseReading:
    """The promise ledger that servers ask for.

    Args:
        deliveries: Where promises are counted.
        surveys: Published surveys, cached.
        answers: Lists of answers.
        clock: What today is.
    """

    def __init__(self, *, deliveries: Ledger, surveys: Surveys, answers: AnswerLists, clock: Clock) -> None:
        self._deliveries = deliveries
        self._surveys = surveys
        self._answers = answers
        self._clock = clock

    def read(self, query: Mapping[str, str]) -> PromisesTold:
        """The ledger over a range of weeks: one Query; with a survey, its answers and their deliveries besides.

        Args:
            query: `since`, `until`, `by`, `carrier`, `region` and `survey`; each may be left out.

        Raises:
            InvalidRequestError: one of them is wrong, or the range has more answers than one request looks through.
            NotFoundError: there is no such survey.
            TemporaryError: a store did not answer.
        """
        weeks, by = self._weeks(query), _by(query.get("by"))
        survey = published(self._surveys, query["survey"]).survey if "survey" in query else None
        ended = [
            each
            for each in self._deliveries.ledger(weeks.since, weeks.until)
            if query.get("carrier", each.carrier) == each.carrier and query.get("region", each.region) == each.region
        ]
        return PromisesTold(
            since=weeks.since,
            until=weeks.until,
            rows=rows_of(ended, by) if by else (),
            score=self._beside_score(survey, weeks, query) if survey else None,
            **kept_of(ended).model_dump(),
        )

    def _weeks(self, query: Mapping[str, str]) -> _Weeks:
        until = day_of(query["until"], "until", datetime.date) if "until" in query else self._clock.now().date()
        sunday = Interval.WEEK.last_day(until)
        if "since" in query:
            since = day_of(query["since"], "since", datetime.date)
        else:
            since = sunday - DEFAULT_WEEKS * ONE_WEEK + timedelta(days=1)
        monday = since - timedelta(days=since.weekday())
        if monday > sunday:
            raise InvalidRequestError("since lies after until.", {"since": ["must not lie after until"]})
        if sunday - monday > MAX_WEEKS * ONE_WEEK:
            raise InvalidRequestError(
                f"More than {MAX_WEEKS} weeks.", {"since": [f"must lie within {MAX_WEEKS} weeks of until"]}
            )
        return _Weeks(monday, sunday)

    def _beside_score(self, survey: Survey, weeks: _Weeks, query: Mapping[str, str]) -> PromisesAndScore:
        question = survey.first_scale_question
        rated = []
        for answers in self._about_deliveries(survey.survey_id, question.id, weeks):
            ids = [response.subject.id for response in answers if response.subject is not None]
            deliveries = self._deliveries.of_ids(list(dict.fromkeys(ids)))
            for response in answers:
                delivery = deliveries.get(response.subject.id) if response.subject else None
                if delivery is not None and _is_of(delivery, query):
                    rated.append(Rated(response.ratings[question.id].value, outcome_of_all(delivery)))
        return beside_score(survey.survey_id, question.id, question.scale, rated)

    def _about_deliveries(self, survey_id: str, question_id: str, weeks: _Weeks) -> Iterator[list[Response]]:
        """The counted answers of these weeks that are about a delivery and rate the question, some at a time."""
        looked_at, after = 0, None
        while True:
            page = self._answers.of_survey(survey_id, weeks.monday, weeks.sunday, limit=AT_ONCE, after=after)
            looked_at += len(page.responses)
            yield [
                response
                for response in page.responses
                if not response.test
                and question_id in response.ratings
                and response.subject is not None
                and response.subject.type == "delivery"
            ]
            after = page.next
            if after is None:
                return
            if looked_at >= MAX_ANSWERS:
                raise InvalidRequestError(
                    f"These weeks have more than {MAX_ANSWERS} answers.",
                    {"since": [f"ask for fewer weeks: one request looks through {MAX_ANSWERS} answers"]},
                )


def _by(named: str | None) -> By | None:
    if named is None:
        return None
    try:
        return By(named)
    except ValueError:
        known = ", ".join(By)
        raise InvalidRequestError("by is none of ours.", {"by": [f"must be one of {known}"]}) from None


def _is_of(delivery: Delivery, query: Mapping[str, str]) -> bool:
    """Whether a delivery is of the carrier and region that were asked for, if any were."""
    known = delivery.registration
    carrier, region = (known.carrier, known.region or "") if known else ("", "")
    return query.get("carrier", carrier) == carrier and query.get("region", region) == region
