"""Lists answers as Delighted's clients ask for them: by time, by person, by trend, page by page."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import islice
from typing import NamedTuple

from functions.api.named import published
from functions.api.needs import AnswerLists, AnswersPage, People, PeopleLists, SurveyVersions
from functions.api.paging import MAX_PAGE, MAX_PER_PAGE, Paging, instant, paging
from functions.api.survey_responses.bodies import SurveyResponse
from functions.api.trends import Trend, flag, trend_of
from shared.domain.api_keys import ApiKey
from shared.domain.base import IDENTIFIER
from shared.domain.people import Recipient
from shared.domain.responses import Response
from shared.domain.surveys import Survey
from shared.errors import InvalidRequestError

MAX_EXAMINED = MAX_PAGE * MAX_PER_PAGE
"""Answers that one request looks through; a filter that passes few of them would read a whole survey otherwise."""
ONE_DAY = timedelta(days=1)
EXPANDABLE = ("person", "notes")


class Order(StrEnum):
    """In which order answers are listed."""

    OLDEST_FIRST = "asc"
    NEWEST_FIRST = "desc"
    LEAST_RECENTLY_UPDATED_FIRST = "asc:updated_at"
    LATEST_UPDATE_FIRST = "desc:updated_at"

    @property
    def is_by_update(self) -> bool:
        """Whether the time of the last revision decides, which no index knows."""
        return self in {Order.LEAST_RECENTLY_UPDATED_FIRST, Order.LATEST_UPDATE_FIRST}

    @property
    def is_newest_first(self) -> bool:
        """Whether it goes backwards in time."""
        return self in {Order.NEWEST_FIRST, Order.LATEST_UPDATE_FIRST}


class ResponsePage(NamedTuple):
    """A page of answers.

    Args:
        responses: What stands on it.
        next: The number of the page after it, None if this is the last that can be had.
    """

    responses: list[SurveyResponse]
    next: int | None


class _Asked(NamedTuple):
    survey: Survey | None
    person_id: str | None
    since: datetime | None
    until: datetime | None
    updated_since: datetime | None
    updated_until: datetime | None
    trend: Trend | None
    verified: bool | None
    suspicious: bool | None
    order: Order
    page: Paging

    def takes(self, response: Response) -> bool:
        """Whether an answer is among those asked for."""
        return (
            (self.survey is None or response.survey_id == self.survey.survey_id)
            and _within(response.answered_at, self.since, self.until)
            and _within(response.accepted_at, self.updated_since, self.updated_until)
            and (self.trend is None or response.breakdowns.get(self.trend.breakdown) == self.trend.value)
            and self.verified in {None, response.verified}
            and self.suspicious in {None, response.suspicious}
        )

    @property
    def first_day(self) -> date | None:
        """The first local day that can hold one of them: local days lie at most a day off those of UTC."""
        return (self.since - ONE_DAY).date() if self.since and self.since.year > 1970 else None

    @property
    def last_day(self) -> date | None:
        """The last one."""
        return (self.until + ONE_DAY).date() if self.until else None


class ResponseListing:
    """The lists of answers.

    Args:
        surveys: Published surveys and their versions, cached.
        answers: Answers by survey and by person.
        people: Known people.
        lists: The same, many at once.
    """

    def __init__(self, *, surveys: SurveyVersions, answers: AnswerLists, people: People, lists: PeopleLists) -> None:
        self._surveys = surveys
        self._answers = answers
        self._people = people
        self._lists = lists

    def page(self, query: Mapping[str, str], expand: Collection[str], caller: ApiKey) -> ResponsePage:
        """A page of answers.

        Args:
            query: `survey`, `since`, `until`, `updated_since`, `updated_until`, `trend`, `verified`, `suspicious`,
                `person_id`, `person_email`, `order`, `per_page` and `page`; each may be left out.
            expand: What is to be told in full: `person`.
            caller: Whose key says which survey is meant if none is named.

        Raises:
            InvalidRequestError: one of them is wrong, or too many answers would have to be looked through.
            NotFoundError: there is no such survey.
            TemporaryError: the store did not answer.
        """
        known_expand(expand)
        asked = self._asked(query, caller)
        if asked is None:
            return ResponsePage([], None)
        found = self._sorted(asked) if asked.order.is_by_update else self._matching(asked)
        is_last = asked.page.page == MAX_PAGE
        end = asked.page.skip + asked.page.per_page + (0 if is_last else 1)
        part = list(islice(found, asked.page.skip, end))
        more = len(part) > asked.page.per_page
        told = self._told(part[: asked.page.per_page], "person" in expand)
        return ResponsePage(told, asked.page.page + 1 if more else None)

    def _asked(self, query: Mapping[str, str], caller: ApiKey) -> _Asked | None:
        """What is asked for; None if it is the answers of somebody nobody knows."""
        survey_id = query.get("survey", caller.survey_id)
        named = [name for name in ("person_id", "person_email") if name in query]
        if len(named) > 1:
            raise InvalidRequestError(
                "Ask for one person.", {"person_email": ["can not be asked for beside person_id"]}
            )
        if survey_id is None and not named:
            raise InvalidRequestError(
                "survey is missing, and this key was made for no survey.", {"survey": ["is required with this key"]}
            )
        survey = published(self._surveys, survey_id).survey if survey_id is not None else None
        person_id = self._person_id(query) if named else None
        asked = _Asked(
            survey=survey,
            person_id=person_id,
            since=instant(query, "since"),
            until=instant(query, "until"),
            updated_since=instant(query, "updated_since"),
            updated_until=instant(query, "updated_until"),
            trend=trend_of(survey, query.get("trend")),
            verified=flag(query, "verified"),
            suspicious=flag(query, "suspicious"),
            order=_order(query.get("order")),
            page=paging(query),
        )
        return None if named and person_id is None else asked

    def _person_id(self, query: Mapping[str, str]) -> str | None:
        if "person_id" in query:
            return query["person_id"] if IDENTIFIER.fullmatch(query["person_id"]) else None
        try:
            person = self._people.find(Recipient(email=query["person_email"]).claims[0])
        except ValueError:
            raise InvalidRequestError(
                "person_email is none.", {"person_email": ["must be an e-mail address, such as ada@example.com"]}
            ) from None
        return person.person_id if person else None

    def _matching(self, asked: _Asked) -> Iterator[Response]:
        """The answers asked for, looked through in the order in which they were given."""
        after: str | None = None
        examined = 0
        while True:
            page = self._read(asked, after)
            yield from filter(asked.takes, page.responses)
            examined, after = examined + len(page.responses), page.next
            if after is None:
                return
            if examined >= MAX_EXAMINED:
                raise InvalidRequestError(
                    f"More than {MAX_EXAMINED} answers would have to be looked through.",
                    {"since": ["ask for a shorter span of time, by since and until"]},
                )

    def _read(self, asked: _Asked, after: str | None) -> AnswersPage:
        days, newest_first = (asked.first_day, asked.last_day), asked.order.is_newest_first
        if asked.person_id is not None:
            return self._answers.of_person(
                asked.person_id, *days, limit=MAX_PER_PAGE, newest_first=newest_first, after=after
            )
        survey_id = asked.survey.survey_id if asked.survey else ""
        return self._answers.of_survey(survey_id, *days, limit=MAX_PER_PAGE, newest_first=newest_first, after=after)

    def _sorted(self, asked: _Asked) -> list[Response]:
        return sorted(
            self._matching(asked),
            key=lambda response: (response.accepted_at, response.response_id),
            reverse=asked.order.is_newest_first,
        )

    def _told(self, responses: list[Response], with_person: bool) -> list[SurveyResponse]:
        ids = {response.person_id for response in responses if response.person_id is not None}
        people = self._lists.named(ids) if with_person and ids else {}
        return [
            SurveyResponse.of(
                response,
                self._surveys.version(response.survey_id, response.survey_version),
                people.get(response.person_id or ""),
            )
            for response in responses
        ]


def known_expand(expand: Collection[str]) -> None:
    """Whether all that is to be told in full can be.

    Raises:
        InvalidRequestError: something can not.
    """
    if unknown := set(expand) - set(EXPANDABLE):
        raise InvalidRequestError(
            "This can not be expanded.", {"expand": [f"{sorted(unknown)[0]} is none of {', '.join(EXPANDABLE)}"]}
        )


def _order(name: str | None) -> Order:
    try:
        return Order(name or Order.OLDEST_FIRST)
    except ValueError:
        raise InvalidRequestError(
            "order is unknown.", {"order": [f"must be one of {', '.join(order.value for order in Order)}"]}
        ) from None


def _within(at: datetime, since: datetime | None, until: datetime | None) -> bool:
    """By the second in which it was, for that is what is told."""
    second = at.replace(microsecond=0)
    return (since is None or since <= second) and (until is None or second <= until)
