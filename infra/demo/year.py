"""A year of NPS answers with published monthly counts, and what must come out of them.

Only counts were published: by month how many promoters, passives and detractors, and by rating over the year. Answers
with both sums are made from them, the same ones on each machine and in each run: a hash deals the year's ratings out to
the months, and each answer's id is made from its month and number. So a second run sends the same answers again, and
changes nothing.
"""

from __future__ import annotations

import calendar
import hashlib
import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from uuid import UUID, uuid5

COUNTS = Path(__file__).parent / "data" / "nps_2020.json"
NAMESPACE = UUID("6f1c9a52-3a0e-5d0b-9f57-3c1f1d2b8a20")
GROUPS = {"promoters": (9, 10), "passives": (7, 8), "detractors": (0, 1, 2, 3, 4, 5, 6)}


class Month(NamedTuple):
    """A month's published counts."""

    first_day: date
    promoters: int
    passives: int
    detractors: int

    @property
    def last_day(self) -> date:
        """Its last day."""
        return self.first_day.replace(day=calendar.monthrange(self.first_day.year, self.first_day.month)[1])

    @property
    def answers(self) -> int:
        """How many answers it has."""
        return self.promoters + self.passives + self.detractors


class Year(NamedTuple):
    """All published counts."""

    months: tuple[Month, ...]
    ratings: Mapping[int, int]


class Answer(NamedTuple):
    """One answer that was made from the counts."""

    response_id: str
    rating: int
    created_at: datetime


class Expected(NamedTuple):
    """What a span of the year must score; in points."""

    answers: int
    promoters: int
    passives: int
    detractors: int
    nps: float
    margin_of_error: float


def published(file: Path = COUNTS) -> Year:
    """The published counts."""
    data = json.loads(file.read_text(encoding="utf-8"))
    months = tuple(
        Month(date.fromisoformat(f"{month['month']}-01"), *(month[group] for group in GROUPS))
        for month in data["months"]
    )
    return Year(months, {int(rating): count for rating, count in data["ratings"].items()})


def answers(year: Year) -> Iterator[Answer]:
    """Answers that have the published counts, spread over each month.

    Raises:
        ValueError: the sums by month and by rating contradict each other.
    """
    dealt = {group: _shuffled(_ratings(year, ratings), group) for group, ratings in GROUPS.items()}
    for group, ratings in dealt.items():
        if len(ratings) != sum(getattr(month, group) for month in year.months):
            raise ValueError(f"by month and by rating there are not equally many {group}")
    for month in year.months:
        ratings = [dealt[group].pop() for group in GROUPS for _ in range(getattr(month, group))]
        start = datetime.combine(month.first_day, datetime.min.time(), UTC)
        length = timedelta(days=month.last_day.day)
        for number, rating in enumerate(_shuffled(ratings, f"{month.first_day}")):
            yield Answer(
                str(uuid5(NAMESPACE, f"{month.first_day}/{number}")),
                rating,
                start + length * ((number + 0.5) / len(ratings)),
            )


def expected(months: Sequence[Month]) -> Expected:
    """What these months must score, by a computation of our own that shares nothing with the product.

    Each answer is worth +100, 0 or -100; three quarters of a promoter, one and a half passives and three quarters of a
    detractor are added (Rocks 2016, arXiv:1601.07235), and the margin is 1.96 standard errors of the mean worth.
    """
    counts = Counter({group: sum(getattr(month, group) for month in months) for group in GROUPS})
    n = counts.total()
    adjusted = {100: counts["promoters"] + 0.75, 0: counts["passives"] + 1.5, -100: counts["detractors"] + 0.75}
    mean = sum(worth * count for worth, count in adjusted.items()) / (n + 3)
    variance = sum((worth - mean) ** 2 * count for worth, count in adjusted.items()) / (n + 3)
    return Expected(
        n,
        counts["promoters"],
        counts["passives"],
        counts["detractors"],
        100 * (counts["promoters"] - counts["detractors"]) / n,
        1.959963984540054 * math.sqrt(variance / (n + 3)),
    )


def _ratings(year: Year, of_group: Sequence[int]) -> list[int]:
    return [rating for rating in of_group for _ in range(year.ratings[rating])]


def _shuffled(ratings: Sequence[int], name: str) -> list[int]:
    """The same disorder in every version of Python, which `random` does not promise."""
    ranks = [hashlib.sha256(f"{name}/{number}".encode()).digest() for number in range(len(ratings))]
    return [rating for _, rating in sorted(zip(ranks, ratings, strict=True))]
