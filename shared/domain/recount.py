"""Is a score what was answered? A day's stored responses are counted again and held against its score documents.

A response and its effect on the scores are one transaction, so the two differ only through a fault of ours, a restored
backup or a hand in the table. Both are read while others write, and the list of responses comes from an index that may
lag; so a day is judged only if its documents stood still meanwhile, and a difference only when it is seen twice.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple, Protocol

from shared.domain.recording import StoredResponse
from shared.domain.responses import CERTIFICATE_MODULUS, Change, ScoreDelta, ScoreKey, score_deltas
from shared.domain.surveys import Survey

MAX_LOOKS = 6
"""How often a day is looked at that others keep changing, or whose difference keeps changing, before it is left."""

NOTHING = ScoreDelta({}, 0, 0)

Lanes = Mapping[int, Mapping[str, int]]
"""The numbers in each lane of one document, as they are stored; only their sum means anything."""


class DayDocuments(NamedTuple):
    """All score documents of one survey's day, lane by lane."""

    survey_id: str
    day: date
    lanes: Mapping[ScoreKey, Lanes]

    def content(self, key: ScoreKey) -> ScoreDelta:
        """What one document says: the sum of its lanes."""
        total: dict[str, int] = {}
        for lane in self.lanes.get(key, {}).values():
            for name, number in lane.items():
                total[name] = total.get(name, 0) + number
        responses, certificate = total.pop("responses", 0), total.pop("certificate", 0)
        return ScoreDelta({name: n for name, n in total.items() if n}, responses, certificate % CERTIFICATE_MODULUS)


class Difference(NamedTuple):
    """One document that does not say what was answered."""

    key: ScoreKey
    stored: ScoreDelta
    recounted: ScoreDelta

    @property
    def missing(self) -> ScoreDelta:
        """What would have to be added to the document to mend it; below zero where it says too much."""
        names = sorted({*self.stored.counters, *self.recounted.counters})
        counters = {name: self.recounted.counters.get(name, 0) - self.stored.counters.get(name, 0) for name in names}
        shift = (self.recounted.certificate - self.stored.certificate) % CERTIFICATE_MODULUS
        return ScoreDelta(
            {name: number for name, number in counters.items() if number},
            self.recounted.responses - self.stored.responses,
            # The shorter way round, for certificates are summed without the modulus, in at most 38 digits.
            shift if shift < CERTIFICATE_MODULUS // 2 else shift - CERTIFICATE_MODULUS,
        )


class Verdict(StrEnum):
    """What a look at a day came to."""

    EXACT = "exact"
    DRIFTED = "drifted"
    UNSETTLED = "unsettled"  # it changed whenever we looked; nothing can be said


class Checked(NamedTuple):
    """A survey's day, judged.

    Args:
        verdict: What it came to.
        documents: The documents as they were judged.
        differences: Those that are wrong, in the order of their keys; empty unless drifted.
        responses: How many responses were read for the last look.
    """

    verdict: Verdict
    documents: DayDocuments
    differences: tuple[Difference, ...]
    responses: int


class Responses(Protocol):
    """Where responses are kept."""

    def stored_of_day(self, survey_id: str, day: date) -> Iterator[StoredResponse]:
        """Every stored response of a survey's day, one after the other; the list may lag a little."""
        ...

    def first_day(self, survey_id: str) -> date | None:
        """The first day that has a response; None if there is none."""
        ...

    def last_day(self, survey_id: str) -> date | None:
        """The last day that has a response; None if there is none."""
        ...


class Documents(Protocol):
    """Where score documents are kept."""

    def of_day(self, survey_id: str, day: date, breakdowns: Collection[str]) -> DayDocuments:
        """The documents of a day as they are committed: the whole survey's and those of these breakdowns."""
        ...

    def span(self, survey_id: str, breakdowns: Collection[str]) -> tuple[date, date] | None:
        """The first and the last day that has a document; None if there is none."""
        ...


class Recorded(NamedTuple):
    """A survey as far as there is something to judge.

    Args:
        survey_id: The survey.
        breakdowns: Every breakdown that any of its versions declares.
        first: The first day with a response or a document; what was counted and then lost has only documents.
        last: The last one.
    """

    survey_id: str
    breakdowns: frozenset[str]
    first: date
    last: date

    def days(self, since: date = date.min, until: date = date.max) -> Iterator[date]:
        """Its days, within these two, which are included."""
        first, last = max(self.first, since), min(self.last, until)
        return (first + timedelta(days=number) for number in range((last - first).days + 1))


def recorded(versions: Sequence[Survey], responses: Responses, documents: Documents) -> Recorded | None:
    """What there is to judge of a survey, given all its versions; None if nobody ever answered.

    Raises:
        TemporaryError: the store did not answer.
    """
    survey_id = versions[-1].survey_id
    breakdowns = frozenset(breakdown.name for version in versions for breakdown in version.breakdowns)
    ends = [day for day in (responses.first_day(survey_id), responses.last_day(survey_id)) if day is not None]
    ends += documents.span(survey_id, breakdowns) or ()
    return Recorded(survey_id, breakdowns, min(ends), max(ends)) if ends else None


def recount(responses: Iterable[StoredResponse]) -> dict[ScoreKey, ScoreDelta]:
    """Every document there should be. Needs memory for the documents, not for the responses."""
    counted = score_deltas(Change(each.response.response_id, None, each.counted) for each in responses)
    return {
        key: ScoreDelta(delta.counters, delta.responses, delta.certificate % CERTIFICATE_MODULUS)
        for key, delta in counted.items()
    }


def differences(documents: DayDocuments, recounted: Mapping[ScoreKey, ScoreDelta]) -> tuple[Difference, ...]:
    """The documents that are not what they should be: by count, or, if every count agrees, by certificate."""
    both = ((key, documents.content(key)) for key in sorted({*documents.lanes, *recounted}))
    return tuple(
        Difference(key, stored, recounted.get(key, NOTHING))
        for key, stored in both
        if stored != recounted.get(key, NOTHING)
    )


def check_day(
    responses: Responses,
    documents: Documents,
    survey_id: str,
    day: date,
    breakdowns: Collection[str],
    *,
    pause: Callable[[], None],
    seen: Callable[[], None] = lambda: None,
) -> Checked:
    """Judge one survey's day.

    Args:
        responses: The stored responses.
        documents: The stored score documents.
        survey_id: The survey.
        day: The day where the survey lives.
        breakdowns: Every breakdown that any version of the survey declares; a document of one that is only in the
            responses is a difference as well.
        pause: Called between two looks; longer than the index usually lags.
        seen: Called for each response that was read.

    Raises:
        TemporaryError: the store did not answer.
    """
    suspected: tuple[Difference, ...] = ()
    for look in range(MAX_LOOKS):
        if look:
            pause()
        read = _Tally(seen)
        before = documents.of_day(survey_id, day, breakdowns)
        recounted = recount(read.each(responses.stored_of_day(survey_id, day)))
        beyond = {key.breakdown for key in recounted if key.breakdown} - set(breakdowns)
        if beyond:
            # A breakdown that no version declares: its documents were not read, so they can not be judged yet.
            breakdowns = {*breakdowns, *beyond}
            continue
        if documents.of_day(survey_id, day, breakdowns) != before:
            suspected = ()
            continue
        found = differences(before, recounted)
        if not found:
            return Checked(Verdict.EXACT, before, (), read.responses)
        if found == suspected:
            return Checked(Verdict.DRIFTED, before, found, read.responses)
        suspected = found
    return Checked(Verdict.UNSETTLED, before, (), read.responses)


class _Tally:
    """Counts what passes by."""

    def __init__(self, seen: Callable[[], None]) -> None:
        self.responses = 0
        self._seen = seen

    def each(self, responses: Iterable[StoredResponse]) -> Iterator[StoredResponse]:
        for response in responses:
            self.responses += 1
            self._seen()
            yield response
