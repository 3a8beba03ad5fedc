"""One survey's day in memory: its stored responses, and the score documents there should be, to be spoilt by tests.

The documents are made by the oracle, so that a recount can not agree with itself.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import date

from shared.domain.recording import StoredResponse
from shared.domain.recount import DayDocuments, Difference
from shared.domain.responses import Response, ScoreKey
from tests.fakes.recount import recount


class InMemoryDays:
    """Stands in for `ResponseLists` and for `ScoreDays`."""

    def __init__(self, *responses: Response) -> None:
        self.responses: list[Response] = list(responses)
        self.documents: dict[ScoreKey, dict[int, dict[str, int]]] = {}
        self.listed: list[Callable[[], None]] = []
        """What happens while the responses are read, look by look."""
        self.looks = 0
        self.count()

    def count(self) -> None:
        """Make every document what it should be, in its first lane."""
        self.documents = {
            ScoreKey(*document): {
                0: {
                    **{f"{q}:{rating}": n for q, counts in count.counters.items() for rating, n in counts.items()},
                    "responses": count.responses,
                    "certificate": count.certificate,
                }
            }
            for document, count in recount(self.responses).items()
        }

    def stored_of_day(self, survey_id: str, day: date) -> Iterator[StoredResponse]:
        self.looks += 1
        if self.listed:
            self.listed.pop(0)()
        for response in list(self.responses):
            if (response.survey_id, response.day) == (survey_id, day):
                yield StoredResponse(response, response.counted)

    def first_day(self, survey_id: str) -> date | None:
        return min((each.day for each in self.responses if each.survey_id == survey_id), default=None)

    def last_day(self, survey_id: str) -> date | None:
        return max((each.day for each in self.responses if each.survey_id == survey_id), default=None)

    def of_day(self, survey_id: str, day: date, breakdowns: Collection[str]) -> DayDocuments:
        wanted = {"", *breakdowns}
        return DayDocuments(
            survey_id,
            day,
            {
                key: {number: dict(lane) for number, lane in lanes.items()}
                for key, lanes in self.documents.items()
                if (key.survey_id, key.day) == (survey_id, day) and key.breakdown in wanted
            },
        )

    def span(self, survey_id: str, breakdowns: Collection[str]) -> tuple[date, date] | None:
        days = [key.day for key in self.documents if key.survey_id == survey_id]
        return (min(days), max(days)) if days else None

    def add(self, documents: DayDocuments, differences: Sequence[Difference]) -> None:
        for difference in differences:
            lane = self.documents.setdefault(difference.key, {}).setdefault(0, {})
            missing = difference.missing
            for name, number in {
                **missing.counters,
                "responses": missing.responses,
                "certificate": missing.certificate,
            }.items():
                lane[name] = lane.get(name, 0) + number
