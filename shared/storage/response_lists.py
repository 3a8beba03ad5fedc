"""Lists of stored responses: of a survey, of a person, of an identifier that somebody claimed.

A survey's and a person's come from an index, which lags behind what is committed: usually by less than a second, and
DynamoDB promises no bound. Both are sorted by the local day on which an answer was given, then by the instant.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from datetime import date
from itertools import islice
from typing import Any, NamedTuple

from shared.domain.people import Claim
from shared.domain.recording import StoredResponse
from shared.domain.responses import Response
from shared.errors import InvalidRequestError, TemporaryError
from shared.storage.keys import claimed_partition, response_key
from shared.storage.response_items import answered, response_id_of, stored_in
from shared.storage.table import Item, Queryable, every_item, to_item

BY_SURVEY = "by_survey"
"""The index by `survey_id` and `answered`."""
BY_PERSON = "by_person"
"""The index by `person_id` and `answered`; it has only responses of people we know."""

_EARLIEST, _LATEST = date.min.isoformat(), date.max.isoformat()
_CURSOR = re.compile(r"(?P<answered>\d{4}-\d\d-\d\d#[0-9T:.Z-]{27})#(?P<response_id>[0-9a-f-]{36})")


class ResponsePage(NamedTuple):
    """A part of a list.

    Args:
        responses: At most as many as were asked for.
        next: Where the list goes on, an opaque word for `after`; None if this is its end.
    """

    responses: tuple[Response, ...]
    next: str | None


class _Range(NamedTuple):
    """A stretch of one partition of an index."""

    index_name: str
    key: str
    value: str
    low: str
    high: str


class ResponseLists:
    """Lists in the responses table.

    Args:
        dynamodb: A DynamoDB client.
        table_name: The table's name.
    """

    def __init__(self, dynamodb: Queryable, table_name: str) -> None:
        self._dynamodb = dynamodb
        self._table_name = table_name

    def of_survey(
        self,
        survey_id: str,
        since: date | None = None,
        until: date | None = None,
        *,
        limit: int,
        newest_first: bool = False,
        after: str | None = None,
    ) -> ResponsePage:
        """A survey's responses, tests among them, by the time at which they were given.

        Args:
            survey_id: The survey.
            since: The first of the survey's local days; None for the first there is.
            until: The last one, included; None for the last there is.
            limit: The most that are wanted.
            newest_first: Backwards.
            after: Where an earlier page said that the list goes on.

        Raises:
            InvalidRequestError: `after` is no place in this list.
            TemporaryError: the store did not answer, or we can not read what it holds.
        """
        return self._page(_days(BY_SURVEY, "survey_id", survey_id, since, until), limit, newest_first, after)

    def of_person(
        self,
        person_id: str,
        since: date | None = None,
        until: date | None = None,
        *,
        limit: int,
        newest_first: bool = False,
        after: str | None = None,
    ) -> ResponsePage:
        """A person's responses, by the time at which they were given; arguments and errors as for a survey."""
        return self._page(_days(BY_PERSON, "person_id", person_id, since, until), limit, newest_first, after)

    def of_claim(self, claim: Claim) -> Iterator[str]:
        """Ids of the responses whose unverified sender claimed an identifier, all that are committed.

        Raises:
            TemporaryError: the store did not answer.
        """
        pages = every_item(
            self._dynamodb,
            TableName=self._table_name,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues=to_item({":pk": claimed_partition(claim)}),
            ConsistentRead=True,
        )
        for item in pages:
            yield item["sk"]["S"].partition("#")[2]

    def stored_of_day(self, survey_id: str, day: date) -> Iterator[StoredResponse]:
        """The responses of a survey's local day with what they count as, read as they are asked for.

        Raises:
            TemporaryError: the store did not answer, or we can not read what it holds.
        """
        return self._walk(_days(BY_SURVEY, "survey_id", survey_id, day, day))

    def first_day(self, survey_id: str) -> date | None:
        """The first local day of which a survey has a response; None if it has none.

        Raises:
            TemporaryError: the store did not answer.
        """
        return self._end(survey_id, newest_first=False)

    def last_day(self, survey_id: str) -> date | None:
        """The last local day of which a survey has a response; None if it has none.

        Raises:
            TemporaryError: the store did not answer.
        """
        return self._end(survey_id, newest_first=True)

    def _end(self, survey_id: str, *, newest_first: bool) -> date | None:
        walk = self._walk(_days(BY_SURVEY, "survey_id", survey_id, None, None), newest_first=newest_first, at_most=1)
        return next((each.response.day for each in walk), None)

    def _page(self, wanted: _Range, limit: int, newest_first: bool, after: str | None) -> ResponsePage:
        """One more than asked for is read, so that a list's last page does not promise another."""
        walk = self._walk(wanted, newest_first=newest_first, after=after, at_most=limit + 1)
        found = [each.response for each in islice(walk, limit + 1)]
        more = len(found) > limit
        return ResponsePage(tuple(found[:limit]), _cursor(found[limit - 1]) if more else None)

    def _walk(
        self, wanted: _Range, *, newest_first: bool = False, after: str | None = None, at_most: int | None = None
    ) -> Iterator[StoredResponse]:
        start = {} if after is None else {"ExclusiveStartKey": _start(wanted, after)}
        items = every_item(
            self._dynamodb,
            TableName=self._table_name,
            IndexName=wanted.index_name,
            KeyConditionExpression="#key = :key AND answered BETWEEN :low AND :high",
            ExpressionAttributeNames={"#key": wanted.key},
            ExpressionAttributeValues=to_item({":key": wanted.value, ":low": wanted.low, ":high": wanted.high}),
            ScanIndexForward=not newest_first,
            **({} if at_most is None else {"Limit": at_most}),
            **start,
        )
        for item in items:
            stored = stored_in(item)
            if stored.response is None:
                raise TemporaryError(
                    f"response {response_id_of(item)} was stored by a version of Hearback that we can not read"
                )
            yield StoredResponse(stored.response, stored.counted)


def _days(index_name: str, key: str, value: str, since: date | None, until: date | None) -> _Range:
    """In `answered`, `#` follows the day, and `$` is the character after it: beyond all of the last day."""
    low = since.isoformat() if since else _EARLIEST
    high = until.isoformat() if until else _LATEST
    return _Range(index_name, key, value, low, f"{high}$")


def _cursor(response: Response) -> str:
    place = f"{answered(response)}#{response.response_id}"
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def _start(wanted: _Range, after: str) -> Item:
    """The place a cursor names.

    Raises:
        InvalidRequestError: it names none, or one outside this list, which DynamoDB would refuse too.
    """
    try:
        place = _CURSOR.fullmatch(base64.b64decode(after + "=" * (-len(after) % 4), b"-_", validate=True).decode())
    except (binascii.Error, UnicodeError, ValueError):
        place = None
    if place is None or not wanted.low <= place["answered"] <= wanted.high:
        raise InvalidRequestError("after is no place in this list.", {"after": ["must be what an earlier page said"]})
    start: dict[str, Any] = {**response_key(place["response_id"])}
    return start | to_item({wanted.key: wanted.value, "answered": place["answered"]})
