"""What one SMS takes from the two limits that end SMS pumping: what a day may cost, and how many numbers may be alike.

Pumping is fraud on forms that send SMS: messages go to blocks of adjacent numbers, whose operator shares the fees with
the fraudster. Numbering plans hand out blocks of a thousand to ten thousand numbers, so numbers count as alike that
differ in their last four digits only. Customers of a shop are spread over a country's numbers: a block seldom has two
of them in an hour.
"""

from __future__ import annotations

from datetime import datetime

from shared.domain.base import Frozen
from shared.domain.people import PhoneNumber
from shared.domain.sms_prices import Micros

DIGITS_OF_A_BLOCK = 4


class SmsTaken(Frozen):
    """What a message took at an earlier attempt, which its provider refused for now.

    Args:
        day: From which day of UTC, as `2026-11-22`.
        hour: In which hour of UTC its number was counted, as `2026-11-22T16`.
        price: What it took.
    """

    day: str
    hour: str
    price: Micros


class SmsTaking(Frozen):
    """What one SMS takes, if it fits; a message takes once, however often it is tried.

    Args:
        day: From which day of UTC.
        hour: In which hour of UTC.
        prefix: How its number begins.
        price: What all its parts cost.
        spend_limit: What a day's messages may cost together.
        prefix_limit: How many messages of an hour may go to numbers that begin so.
        taken: What it took before.
    """

    day: str
    hour: str
    prefix: str
    price: Micros
    spend_limit: Micros
    prefix_limit: int
    taken: SmsTaken | None = None

    @property
    def to_spend(self) -> Micros:
        """What is still to be taken from the day: nothing that was taken from it before."""
        return max(self.price - self._taken_today, 0)

    @property
    def is_counted(self) -> bool:
        """Whether its number was counted in this hour already."""
        return self.taken is not None and self.taken.hour == self.hour

    @property
    def to_keep(self) -> SmsTaken:
        """What the message will have taken."""
        return SmsTaken(day=self.day, hour=self.hour, price=max(self.price, self._taken_today))

    @property
    def _taken_today(self) -> Micros:
        return self.taken.price if self.taken is not None and self.taken.day == self.day else 0


def taking_of(
    number: PhoneNumber, price: Micros, now: datetime, *, spend_limit: Micros, prefix_limit: int
) -> SmsTaking:
    """What an SMS to a number takes now, if it is its first attempt."""
    return SmsTaking(
        day=f"{now:%Y-%m-%d}",
        hour=f"{now:%Y-%m-%dT%H}",
        prefix=number[:-DIGITS_OF_A_BLOCK],
        price=price,
        spend_limit=spend_limit,
        prefix_limit=prefix_limit,
    )
