"""Responses and scores in memory; held to the same contract as the real repositories.

Written the simple way, one submission after the other and each score a recount, so that it can not share a fault with
what it stands in for.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime

from shared.domain.queued import ResponseSubmitted
from shared.domain.recording import ABSENT, Erasure, Outcome, Recorded, ScoreChange, Stored
from shared.domain.responses import Response
from shared.domain.scores import ScoreDocument
from tests.fakes.recount import recount


class InMemoryResponses:
    """Stands in for `ResponseRepository`."""

    def __init__(self) -> None:
        self.stored: dict[str, Response] = {}
        self.erased: set[str] = set()
        self.away: set[str] = set()
        """Ids of responses that can not be recorded now."""
        self.refused: set[str] = set()
        """Ids of responses that can never be recorded."""
        self.read_first: list[str] = []
        self.changes: dict[str, list[ScoreChange]] = {}
        self.trails_read: list[str] = []

    def get(self, response_id: str) -> Response | None:
        return self.stored.get(response_id)

    def record(
        self, submitted: Sequence[ResponseSubmitted], read_first: Collection[str] = ()
    ) -> Mapping[str, Recorded]:
        self.read_first = sorted(read_first)
        outcomes: dict[str, Recorded] = {}
        for submission in submitted:
            response_id = submission.response.response_id
            known = self.stored.get(response_id)
            outcome = self._record(submission)
            stored = self.stored.get(response_id)
            before = None
            if outcome is Outcome.RECORDED:
                before = Stored(known, known.counted) if known else ABSENT
                if known and stored and known.counted != stored.counted:
                    self.changes.setdefault(response_id, []).append(
                        ScoreChange(stored.revision, stored.accepted_at, None, known.counted, stored.counted)
                    )
            earlier = outcomes.get(response_id)
            if earlier is not None and earlier.outcome is Outcome.RECORDED:
                outcome, before = earlier.outcome, earlier.before
            outcomes[response_id] = Recorded(stored, outcome, stored.counted if stored else None, before)
        return outcomes

    def erase(self, response_id: str, at: datetime) -> Erasure:
        if response_id in self.erased:
            return Erasure.REPEATED
        self.erased.add(response_id)
        return Erasure.ERASED if self.stored.pop(response_id, None) else Erasure.UNKNOWN

    def of(self, response_id: str) -> Sequence[ScoreChange]:
        """What changed of a response, as the audit trail tells it."""
        self.trails_read.append(response_id)
        return tuple(self.changes.get(response_id, ()))

    def _record(self, submission: ResponseSubmitted) -> Outcome:
        response, expected = submission.response, submission.expected_revision
        known = self.stored.get(response.response_id)
        if response.response_id in self.away:
            return Outcome.POSTPONED
        if response.response_id in self.refused:
            return Outcome.INVALID
        if response.response_id in self.erased:
            return Outcome.ERASED
        if known == response:
            return Outcome.KNOWN
        if expected is not None and expected != (known.revision if known else 0):
            return Outcome.CONDITION_FAILED
        if known is not None and known.revision >= response.revision:
            return Outcome.OUTDATED if known.revision > response.revision else Outcome.KNOWN
        self.stored[response.response_id] = response
        return Outcome.RECORDED


class RecountedScores:
    """Stands in for `ScoreRepository`."""

    def __init__(self, responses: InMemoryResponses) -> None:
        self._responses = responses

    def read(self, survey_id: str, since: date, until: date, breakdown: str = "") -> tuple[ScoreDocument, ...]:
        return tuple(
            ScoreDocument(document.day, document.value, *count)
            for document, count in sorted(recount(self._responses.stored.values()).items(), key=lambda each: each[0])
            if (document.survey_id, document.breakdown) == (survey_id, breakdown) and since <= document.day <= until
        )

    def latest_day(self, survey_id: str) -> date | None:
        days = [each.day for each in recount(self._responses.stored.values()) if each.survey_id == survey_id]
        return max(days, default=None)
