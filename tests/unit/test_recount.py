"""A recount finds whatever makes a score differ from the stored answers, and nothing else."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.recording import StoredResponse
from shared.domain.recount import MAX_LOOKS, Checked, Verdict, check_day, recount
from shared.domain.responses import ScoreDelta, ScoreKey
from tests.fakes import recount as oracle
from tests.fakes.answers import TODAY, answer
from tests.fakes.days import InMemoryDays

WHOLE = ScoreKey("shop", TODAY)
IN_GERMANY = ScoreKey("shop", TODAY, "country", "DE")


def three() -> InMemoryDays:
    """A day with three answers, two of them from Germany."""
    return InMemoryDays(
        answer(1, 9, breakdowns={"country": "DE"}),
        answer(2, 3, breakdowns={"country": "DE"}),
        answer(3, 10, breakdowns={"country": "AT"}),
    )


def check(days: InMemoryDays, breakdowns: tuple[str, ...] = ("country",)) -> Checked:
    return check_day(days, days, "shop", TODAY, breakdowns, pause=lambda: None)


def found(checked: Checked) -> dict[ScoreKey, ScoreDelta]:
    return {difference.key: difference.missing for difference in checked.differences}


ANSWERS = st.lists(
    st.builds(
        lambda number, rating, countries: answer(number, rating, breakdowns={"country": countries}),
        st.integers(1, 10_000),
        st.none() | st.integers(0, 10),
        st.sampled_from(["DE", "AT", "other"]),
    ),
    unique_by=lambda response: response.response_id,
)


@given(ANSWERS)
def test_a_recount_is_what_the_oracle_counts(responses: list) -> None:
    recounted = recount(StoredResponse(each, each.counted) for each in responses)
    expected = oracle.recount(responses)
    assert {tuple(key) for key in recounted} == {tuple(document) for document in expected}
    for document, count in expected.items():
        counters = {f"{q}:{rating}": n for q, counts in count.counters.items() for rating, n in counts.items()}
        assert recounted[ScoreKey(*document)] == ScoreDelta(counters, count.responses, count.certificate)


@given(ANSWERS)
def test_a_day_whose_scores_are_its_answers_is_exact(responses: list) -> None:
    days = InMemoryDays(*responses)
    checked = check(days)
    assert (checked.verdict, checked.differences, days.looks) == (Verdict.EXACT, (), 1)


def test_a_day_that_was_counted_in_several_lanes_is_exact() -> None:
    days = three()
    whole = days.documents[WHOLE][0]
    days.documents[WHOLE] = {
        2: {"recommend:9": 5, "responses": 5, "certificate": whole["certificate"] + 2**64},
        7: {"recommend:9": -4, "recommend:3": 1, "recommend:10": 1, "responses": -2},
    }
    assert check(days).verdict is Verdict.EXACT


def test_drift_in_one_counter_is_found() -> None:
    days = three()
    days.documents[IN_GERMANY][0]["recommend:9"] += 1
    checked = check(days)
    assert checked.verdict is Verdict.DRIFTED
    assert found(checked) == {IN_GERMANY: ScoreDelta({"recommend:9": -1}, 0, 0)}


def test_drift_in_one_lane_is_found() -> None:
    days = three()
    days.documents[WHOLE][5] = {"recommend:0": 1, "responses": 1}
    assert found(check(days)) == {WHOLE: ScoreDelta({"recommend:0": -1}, -1, 0)}


def test_an_answer_that_is_stored_and_not_counted_is_found() -> None:
    days = three()
    days.responses.append(answer(4, 7))
    missing = found(check(days))
    assert missing.keys() == {WHOLE}
    assert missing[WHOLE].counters == {"recommend:7": 1}
    assert missing[WHOLE].responses == 1


def test_an_answer_that_is_counted_and_not_stored_is_found_even_if_it_was_the_last() -> None:
    days = InMemoryDays(answer(1, 9, breakdowns={"country": "DE"}))
    days.responses.clear()
    missing = found(check(days))
    assert missing.keys() == {WHOLE, IN_GERMANY}
    assert missing[WHOLE].counters == {"recommend:9": -1}


def test_answers_that_were_exchanged_without_moving_a_count_are_found_by_the_certificate() -> None:
    days = three()
    days.responses[0] = answer(99, 9, breakdowns={"country": "DE"})
    missing = found(check(days))
    assert missing.keys() == {WHOLE, IN_GERMANY}
    assert all((not delta.counters, delta.responses) == (True, 0) for delta in missing.values())
    assert all(delta.certificate for delta in missing.values())


def test_a_document_of_a_value_that_nobody_gave_is_found() -> None:
    days = three()
    days.documents[ScoreKey("shop", TODAY, "country", "XX")] = {0: {"recommend:1": 1, "responses": 1}}
    assert found(check(days)).keys() == {ScoreKey("shop", TODAY, "country", "XX")}


def test_a_breakdown_that_only_the_answers_name_is_judged_as_well() -> None:
    days = three()
    assert check(days, breakdowns=()).verdict is Verdict.EXACT
    del days.documents[IN_GERMANY]
    assert found(check(days, breakdowns=())).keys() == {IN_GERMANY}


def test_a_list_that_lags_once_is_not_believed() -> None:
    days = three()
    last = days.responses.pop()
    days.listed = [lambda: None, lambda: days.responses.append(last)]
    assert check(days).verdict is Verdict.EXACT
    assert days.looks == 2


def test_a_day_that_is_written_to_while_it_is_read_is_looked_at_again() -> None:
    days = three()

    def recorded() -> None:
        days.responses.append(answer(4, 1))
        days.count()

    days.listed = [recorded]
    assert check(days).verdict is Verdict.EXACT
    assert days.looks == 2


def test_an_answer_that_is_edited_to_and_fro_while_it_is_read_is_no_difference() -> None:
    """Both looks see the same difference; what tells them apart from a fault is that the documents moved."""
    days = InMemoryDays(answer(1, 9))

    def edited(rating: int) -> None:
        days.responses[0] = answer(1, rating)
        days.count()

    days.listed = [lambda: edited(10), lambda: edited(10)]
    checked = check_day(days, days, "shop", TODAY, (), pause=lambda: edited(9))
    assert (checked.verdict, days.looks) == (Verdict.EXACT, 3)


def test_a_day_that_never_stands_still_is_not_judged() -> None:
    days = three()
    pauses: list[int] = []

    def recorded() -> None:
        days.responses.append(answer(100 + len(days.responses), 1))
        days.count()

    days.listed = [recorded] * MAX_LOOKS
    checked = check_day(days, days, "shop", TODAY, ("country",), pause=lambda: pauses.append(1))
    assert (checked.verdict, checked.differences) == (Verdict.UNSETTLED, ())
    assert len(pauses) == MAX_LOOKS - 1


def test_what_is_missing_in_a_certificate_is_the_shorter_way_round() -> None:
    days = three()
    days.documents[WHOLE][0]["certificate"] -= 1
    assert found(check(days))[WHOLE].certificate == 1
    days.documents[WHOLE][0]["certificate"] += 2
    assert found(check(days))[WHOLE].certificate == -1


def test_another_days_answers_are_another_days_business() -> None:
    days = three()
    days.responses.append(answer(9, 1, day=TODAY - timedelta(days=1)))
    assert check(days).verdict is Verdict.EXACT


def generated(count: int) -> Iterator[StoredResponse]:
    """As many answers, one at a time, each forgotten when the next is asked for."""
    for number in range(count):
        response = answer(number, number % 11, breakdowns={"country": ("DE", "AT", "other")[number % 3]})
        yield StoredResponse(response, response.counted)


def peak_bytes(count: int) -> int:
    tracemalloc.start()
    try:
        recount(generated(count))
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_number_of_answers() -> None:
    peak_bytes(500)  # The first run fills caches.
    few, many = peak_bytes(500), peak_bytes(8_000)
    assert many < 1.5 * few


@pytest.mark.parametrize("count", [0, 1])
def test_a_day_with_hardly_anything_is_exact(count: int) -> None:
    assert check(InMemoryDays(*(answer(1) for _ in range(count)))).verdict is Verdict.EXACT
