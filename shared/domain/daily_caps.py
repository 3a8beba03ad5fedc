"""How many messages a person is sent on one of their days, over all categories."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from shared.domain.base import Frozen, Identifier
from shared.domain.messages import Category

WORTH_KNOWING_ONLY_NOW = frozenset(
    {Category.ON_ITS_WAY, Category.SOON, Category.ARRIVING, Category.ATTEMPT_FAILED, Category.STAFF, Category.HELP}
)
"""Neither counted nor held back: who waits at home for a van must hear of it, however much was told that day. Staff are
no customers, and have a budget of alerts instead; who asks for help is answered."""


class DailyCap(Frozen):
    """What one message takes from what its person may be sent on a day.

    Args:
        person_id: Whose day.
        day: The day where they are, as `2026-11-22`.
        limit: How many messages it may have.
    """

    person_id: Identifier
    day: str
    limit: int


def local_day(zone: str, now: datetime) -> str:
    """The day on which a zone's wall calendar stands, as `2026-11-22`."""
    return now.astimezone(ZoneInfo(zone)).date().isoformat()
