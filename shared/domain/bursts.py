"""When a survey is hot: more answers by its public keys within a minute than a company expects.

It is judged by the moments at which the door accepted them, never by when they are counted, so that a backlog after an
outage is none, and the order of arrival does not matter.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from shared.domain.responses import Response

WINDOW = timedelta(minutes=1)
HOT_FOR = timedelta(minutes=10)
"""How long a survey stays hot after a burst was seen last."""
RENEWED_EVERY = timedelta(minutes=5)
"""A survey that is hot is marked again no sooner, however much comes."""
MAX_SURVEYS = 100


def newest_burst(accepted: Iterable[datetime], per_minute: int) -> datetime | None:
    """The last moment within a minute before which more than so many were accepted; None if there is none."""
    moments = sorted(accepted)
    bursts = (last for first, last in zip(moments, moments[per_minute:], strict=False) if last - first < WINDOW)
    return max(bursts, default=None)


class BurstWatch:
    """Sees bursts in what one process counts, which is a part of all: so there may be more, and never less.

    Args:
        per_minute: Responses to one survey within a minute that are no burst yet.
    """

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._accepted: OrderedDict[str, dict[str, datetime]] = OrderedDict()
        self._marked: dict[str, datetime] = {}

    def hot(self, responses: Iterable[Response]) -> Mapping[str, datetime]:
        """Until when surveys are to be marked as hot, after these came: those that are not marked for about as long.

        A revision, and a message that came again, are the response that they are of. Answers by link or secret key
        are no part of a burst.
        """
        touched = set()
        for response in responses:
            if not response.verified:
                seen = self._accepted.setdefault(response.survey_id, {})
                earlier = seen.get(response.response_id, response.accepted_at)
                seen[response.response_id] = min(earlier, response.accepted_at)
                touched.add(response.survey_id)
        found = {}
        for survey_id in sorted(touched):
            seen = self._accepted[survey_id]
            burst = newest_burst(seen.values(), self._per_minute)
            self._remember(survey_id, seen)
            marked = self._marked.get(survey_id)
            if burst is not None and (marked is None or burst + HOT_FOR - marked >= RENEWED_EVERY):
                found[survey_id] = burst + HOT_FOR
        return found

    def marked(self, survey_id: str, until: datetime) -> None:
        """A survey is marked until then, by this process or another."""
        self._marked[survey_id] = until

    def _remember(self, survey_id: str, seen: Mapping[str, datetime]) -> None:
        """Keep what a later answer can still make a burst with: the newest, as many as are no burst by themselves."""
        newest = sorted(seen.items(), key=lambda item: item[1])[-self._per_minute :]
        self._accepted[survey_id] = {each: at for each, at in newest if newest[-1][1] - at < WINDOW}
        self._accepted.move_to_end(survey_id)
        if len(self._accepted) > MAX_SURVEYS:
            forgotten, _ = self._accepted.popitem(last=False)
            self._marked.pop(forgotten, None)
