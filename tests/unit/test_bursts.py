"""When a survey is hot: judged by when answers were accepted, whatever the order in which they are counted."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.bursts import HOT_FOR, RENEWED_EVERY, BurstWatch, newest_burst
from shared.domain.responses import Response, Source
from tests.fakes.answers import answer
from tests.fakes.clock import NOON

SECOND = timedelta(seconds=1)


def flood(
    many: int, start: datetime = NOON, every: timedelta = SECOND, first: int = 1, **what: object
) -> list[Response]:
    """So many answers, one after the other."""
    return [answer(first + number, at=start + number * every, **what) for number in range(many)]  # type: ignore[arg-type]


@given(
    st.lists(st.integers(0, 300), max_size=40).flatmap(
        lambda seconds: st.tuples(st.just(seconds), st.permutations(seconds))
    ),
    st.integers(1, 12),
)
def test_a_burst_is_more_than_so_many_within_a_minute_in_any_order(
    given_: tuple[list[int], list[int]], per_minute: int
) -> None:
    seconds, shuffled = given_
    ends = [last for last in seconds if sum(last - 60 < each <= last for each in seconds) > per_minute]
    expected = NOON + max(ends) * SECOND if ends else None
    assert newest_burst([NOON + each * SECOND for each in shuffled], per_minute) == expected


def test_so_many_in_a_minute_are_none_and_one_more_is() -> None:
    assert BurstWatch(per_minute=10).hot(flood(10)) == {}
    assert BurstWatch(per_minute=10).hot(flood(11)) == {"shop": NOON + 10 * SECOND + HOT_FOR}
    assert BurstWatch(per_minute=10).hot(flood(11, every=6 * SECOND)) == {}


def test_it_is_seen_over_several_batches() -> None:
    watch = BurstWatch(per_minute=10)
    found = [watch.hot([each]) for each in flood(11)]
    assert found == [{}] * 10 + [{"shop": NOON + 10 * SECOND + HOT_FOR}]


def test_a_redelivery_and_a_revision_are_the_response_they_are_of() -> None:
    watch = BurstWatch(per_minute=10)
    for revision in range(1, 5):
        assert watch.hot([answer(number, revision=revision, at=NOON + revision * SECOND) for number in range(9)]) == {}


def test_answers_by_link_or_secret_key_and_to_other_surveys_are_no_part_of_it() -> None:
    watch = BurstWatch(per_minute=10)
    assert watch.hot(flood(100, verified=True, source=Source.LINK)) == {}
    assert watch.hot([*flood(10), *flood(10, first=50, survey_id="chat")]) == {}


def test_it_is_marked_again_only_when_it_lasts_for_minutes() -> None:
    watch = BurstWatch(per_minute=10)
    marked = []
    for response in flood(1_200):
        for survey_id, until in watch.hot([response]).items():
            watch.marked(survey_id, until)
            marked.append(until)
    assert len(marked) == 4
    assert {later - earlier for earlier, later in itertools.pairwise(marked)} == {RENEWED_EVERY}


def test_a_watch_remembers_no_more_than_could_make_a_burst() -> None:
    watch = BurstWatch(per_minute=10)
    watch.hot(flood(500))
    for number in range(300):
        watch.hot(flood(3, survey_id=f"survey-{number}"))
    assert max(map(len, watch._accepted.values())) <= 10
    assert len(watch._accepted) <= 100
