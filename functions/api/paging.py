"""Which part of a list is asked for, in Delighted's words."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import urlencode

from shared.domain.base import iso
from shared.errors import InvalidRequestError

PER_PAGE = 20
MAX_PER_PAGE = 100
MAX_PAGE = 100
"""Pages before this one are read again with each, so that the last ones cost most; a span of time goes further."""


class Paging(NamedTuple):
    """A page of a list.

    Args:
        per_page: Entries on a page.
        page: Its number, from 1.
    """

    per_page: int
    page: int

    @property
    def skip(self) -> int:
        """How many entries stand on the pages before."""
        return (self.page - 1) * self.per_page


def paging(query: Mapping[str, str]) -> Paging:
    """The page asked for.

    Raises:
        InvalidRequestError: `per_page` or `page` is no whole number from 1 to 100.
    """
    return Paging(_number(query, "per_page", PER_PAGE, MAX_PER_PAGE), _number(query, "page", 1, MAX_PAGE))


def instant(query: Mapping[str, str], name: str) -> datetime | None:
    """A moment in Unix seconds, None if it was left out.

    Raises:
        InvalidRequestError: it is none.
    """
    text = query.get(name)
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,10}", text):
        raise InvalidRequestError(f"{name} is no time.", {name: ["must be Unix seconds, such as 1782820800"]})
    return datetime.fromtimestamp(int(text), UTC)


def link_to_next(
    base_url: str, path: str, query: Iterable[tuple[str, str]], name: str, next_: str | int | None
) -> dict[str, str]:
    """The header that leads to the next page (RFC 8288); none on the last one.

    Args:
        base_url: Where callers reach us.
        path: The path of the list.
        query: What was asked for.
        name: The parameter that says which page is meant.
        next_: Its value for the next page, None if there is none.
    """
    if next_ is None:
        return {}
    kept = [(given, value) for given, value in query if given != name]
    return {"link": f'<{base_url}{path}?{urlencode([*kept, (name, str(next_))])}>; rel="next"'}


def cursor(at: datetime, id_: str) -> str:
    """A place in a list that is ordered by time, for the link to what comes after it."""
    # To the microsecond: rounded, an entry of the same millisecond would be missed or seen twice.
    return base64.urlsafe_b64encode(f"{at.isoformat()}#{id_}".encode()).decode().rstrip("=")


def place(text: str) -> tuple[datetime, str]:
    """The place that a cursor means.

    Raises:
        InvalidRequestError: it is none.
    """
    try:
        decoded = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True).decode()
        at, _, id_ = decoded.partition("#")
        found = datetime.fromisoformat(at), id_
        iso(found[0])
        if found[0].tzinfo is None or not id_:
            raise ValueError("no place")
    except (binascii.Error, UnicodeError, ValueError, OverflowError):
        raise InvalidRequestError(
            "before is no place in this list.", {"before": ["must be what an earlier page said"]}
        ) from None
    return found


def _number(query: Mapping[str, str], name: str, default: int, most: int) -> int:
    text = query.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"[0-9]{1,4}", text) or not 1 <= int(text) <= most:
        raise InvalidRequestError(f"{name} is out of range.", {name: [f"must be a whole number from 1 to {most}"]})
    return int(text)
