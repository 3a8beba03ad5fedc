"""What is told of answers adds up to the scores, whoever died in between and in whatever order messages come again."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.events import DomainEvent, ResponseRecorded, ScoreMoved
from shared.domain.queued import ResponseSubmitted
from shared.domain.recording import Outcome
from shared.domain.responses import Counted, Response
from shared.errors import TemporaryError
from tests.fakes.answers import answer, response_id, submitted
from tests.unit.test_nps_calc import House


def moved(house: House) -> list[tuple[int | None, int | None, int | None]]:
    """Revision and NPS rating before and after of each step that was told."""
    return [(each.revision, _rating(each.before), _rating(each.after)) for each in house.bus.of(ScoreMoved)]


def _rating(counted: Counted | None) -> int | None:
    return counted.ratings["recommend"] if counted else None


def recorded(house: House) -> list[int]:
    """The revisions that were told."""
    return [each.revision for each in house.bus.of(ResponseRecorded)]


def sums(house: House) -> Counter[tuple[str, int]]:
    """What a consumer has that takes `before` out and adds `after`, once for each id."""
    total: Counter[tuple[str, int]] = Counter()
    for each in house.bus.of(ScoreMoved):
        for side, sign in ((each.before, -1), (each.after, 1)):
            if side is not None:
                total[side.survey_id, side.ratings["recommend"]] += sign
    return Counter({key: n for key, n in total.items() if n})


def stored(house: House) -> Counter[tuple[str, int]]:
    counted = (each.counted for each in house.responses.stored.values())
    return Counter((each.survey_id, each.ratings["recommend"]) for each in counted if each)


def test_a_new_answer_is_told_and_counted_for_the_first_time() -> None:
    house = House()
    house.take_in(answer(rating=9))
    assert (recorded(house), moved(house)) == ([1], [(None, None, 9)])


def test_a_changed_answer_says_what_it_took_out_and_what_it_added() -> None:
    house = House()
    house.take_in(answer(rating=9))
    house.take_in(answer(rating=3, revision=2))
    assert (recorded(house), moved(house)) == ([1, 2], [(None, None, 9), (2, 9, 3)])


def test_a_comment_alone_moves_no_score() -> None:
    house = House()
    house.take_in(answer(rating=9))
    house.take_in(answer(rating=9, revision=2, comment="Kind"))
    assert (recorded(house), len(moved(house))) == ([1, 2], 1)
    assert house.bus.of(ResponseRecorded)[1].has_comment


@pytest.mark.parametrize("changes", [{"test": True}, {"rating": None, "comment": "Only words"}])
def test_what_is_counted_nowhere_is_told_and_moves_no_score(changes: dict[str, Any]) -> None:
    house = House()
    house.take_in(answer(**changes))
    assert (recorded(house), moved(house)) == ([1], [])


def test_a_repetition_tells_the_same_again_byte_for_byte() -> None:
    house = House()
    for _ in range(2):
        house.take_in(answer(rating=9))
        house.take_in(answer(rating=3, revision=2))
    texts: dict[str, set[str]] = {}
    for event in house.bus.told:
        texts.setdefault(event.id, set()).add(event.detail())
    assert [len(each) for each in texts.values()] == [1] * 4


def test_the_steps_of_a_run_that_died_are_told_by_the_repetition_though_the_answer_changed_since() -> None:
    house = House()
    house.responses.record(submitted(answer(rating=9)))  # And died.
    house.responses.record(submitted(answer(rating=5, revision=2)))  # So did this one.
    house.take_in(answer(rating=3, revision=3))
    assert moved(house) == [(3, 5, 3)]
    assert house.take_in(answer(rating=9)) == {response_id(1): Outcome.OUTDATED}
    assert sorted(moved(house), key=str) == [(2, 9, 5), (3, 5, 3), (None, None, 9)]


def test_an_older_revision_that_comes_again_with_a_newer_one_is_not_forgotten() -> None:
    """They are folded into one, and the older one's run died after its commit."""
    house = House()
    house.responses.record(submitted(answer(rating=9)))
    house.take_in(answer(rating=9), answer(rating=3, revision=2))
    assert sorted(moved(house), key=str) == [(2, 9, 3), (None, None, 9)]


def test_an_edit_that_the_api_recorded_itself_is_told_though_another_followed_before_its_message_came() -> None:
    house = House()
    house.take_in(answer(rating=9))
    edits = [submitted(answer(rating=r, revision=n), expected_revision=n - 1) for n, r in ((2, 5), (3, 3))]
    for edit in edits:
        house.responses.record(edit)
    for edit, outcome in zip(edits, (Outcome.CONDITION_FAILED, Outcome.KNOWN), strict=True):
        assert outcomes(house, edit) == {outcome}
    assert sorted(moved(house), key=str) == [(2, 9, 5), (3, 5, 3), (None, None, 9)]


def outcomes(house: House, batch: list[ResponseSubmitted]) -> set[Outcome]:
    done = house.service.record(batch)
    house.service.tell({number: house.service.events(each, is_alone=True) for number, each in done.items()})
    return {each.outcome for each in done.values()}


def test_the_trail_is_read_only_when_the_stored_answer_does_not_say_it_all() -> None:
    house = House()
    house.take_in(answer(1), answer(2, revision=1_780_000_000_000), answer(3))
    house.take_in(answer(1), answer(3, rating=3, revision=2))
    assert house.responses.trails_read == []
    house.take_in(answer(2, revision=1_780_000_000_000))
    assert house.responses.trails_read == [response_id(2)]


@pytest.mark.parametrize("state", ["erased", "refused", "away"])
def test_what_is_not_stored_is_not_told(state: str) -> None:
    house = House()
    getattr(house.responses, state).add(response_id(1))
    house.take_in(answer(rating=3))
    assert house.bus.told == []


def test_only_the_answer_whose_event_was_not_taken_comes_again() -> None:
    house = House()
    house.bus.refused = {ResponseRecorded.of(answer(2)).id}
    house.take_in(answer(1), answer(2), answer(3))
    assert set(house.untold) == {response_id(2)}
    house.bus.refused = set()
    house.take_in(answer(2))
    assert set(house.untold) == set()
    assert sums(house) == stored(house)


ANSWERS = st.builds(
    lambda number, revision: answer(number, rating=(number * 3 + revision * 5) % 11, revision=revision),
    st.integers(1, 2),
    st.integers(1, 4),
)


@given(st.lists(st.tuples(st.lists(ANSWERS, min_size=1, max_size=4), st.sampled_from(["told", "died", "refused"]))))
def test_whoever_dies_the_sum_of_all_events_is_a_recount_of_all_responses(
    runs: list[tuple[list[Response], str]],
) -> None:
    house = House()
    unfinished: list[Response] = []
    for batch, end in runs:
        unfinished += batch
        if end == "died":
            house.service.record(submitted(*batch))
            continue
        house.take_in(*batch)
        if end == "refused":
            house.bus.told = house.bus.told[:-1]
        else:
            unfinished = unfinished[: -len(batch)]
    for each in unfinished:
        house.take_in(each)
    assert sums(house) == stored(house)
    last = {event.response_id: event.revision for event in sorted(house.bus.of(ResponseRecorded), key=_revision)}
    assert last == {each.response_id: each.revision for each in house.responses.stored.values()}


def _revision(event: DomainEvent) -> int:
    assert isinstance(event, ResponseRecorded)
    return event.revision


def test_a_trail_that_can_not_be_read_has_the_answer_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House()
    house.take_in(answer(rating=9, revision=2))

    def away(_: str) -> Any:
        raise TemporaryError("the store is away")

    monkeypatch.setattr(house.responses, "of", away)
    with pytest.raises(TemporaryError):
        house.take_in(answer(rating=9, revision=2))
