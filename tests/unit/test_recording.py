"""The plan of `record`, without a store: what a submission becomes, and how writes are packed."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.people import Recipient
from shared.domain.queued import ResponseSubmitted
from shared.domain.recording import (
    ABSENT,
    MAX_ACTIONS,
    MAX_BYTES,
    Outcome,
    Recorded,
    Stored,
    contradicts,
    decisive,
    judged,
    must_read_first,
    packed,
    rounds,
    write,
)
from shared.domain.responses import Response, ScoreKey
from tests.fakes.answers import TODAY, answer, response_id, submitted
from tests.fakes.clock import NOON
from tests.fakes.recount import Document, recount

ERASED = Stored(erased=True)


def stored(response: Response) -> Stored:
    return Stored(response, response.counted)


def submission(response: Response, expected_revision: int | None = None) -> ResponseSubmitted:
    return submitted(response, expected_revision=expected_revision)[0]


RESENT = answer(revision=2, at=NOON + timedelta(seconds=9))


@pytest.mark.parametrize(
    ("given_answer", "expected_revision", "known", "outcome"),
    [
        (answer(), None, ABSENT, Outcome.RECORDED),
        (answer(revision=9), None, ABSENT, Outcome.RECORDED),
        (answer(revision=3), None, stored(answer(revision=2)), Outcome.RECORDED),
        (RESENT, None, stored(answer(revision=2)), Outcome.KNOWN),
        (answer(revision=1), None, stored(answer(revision=2)), Outcome.OUTDATED),
        (answer(), None, ERASED, Outcome.ERASED),
        (answer(revision=9), 8, ERASED, Outcome.ERASED),
        (answer(), None, Stored(readable=False), Outcome.POSTPONED),
        (answer(), 0, ABSENT, Outcome.RECORDED),
        (answer(), 0, stored(answer()), Outcome.KNOWN),
        (answer(rating=1), 0, stored(answer()), Outcome.CONDITION_FAILED),
        (answer(revision=2), 1, ABSENT, Outcome.CONDITION_FAILED),
        (answer(revision=2), 1, stored(answer()), Outcome.RECORDED),
        (answer(revision=2), 1, stored(answer(revision=2)), Outcome.KNOWN),
        (answer(rating=1, revision=2), 1, stored(answer(revision=2)), Outcome.CONDITION_FAILED),
        (answer(revision=2), 1, stored(answer(revision=3)), Outcome.CONDITION_FAILED),
        (answer(revision=2), 3, stored(answer(revision=3)), Outcome.OUTDATED),
    ],
)
def test_what_becomes_of_a_submission_follows_from_what_is_stored(
    given_answer: Response, expected_revision: int | None, known: Stored, outcome: Outcome
) -> None:
    assert judged(submission(given_answer, expected_revision), known) is outcome


def test_a_new_answer_is_not_read_before_it_is_written() -> None:
    assert not must_read_first(submission(answer()))
    assert not must_read_first(submission(answer(), expected_revision=0))
    assert must_read_first(submission(answer(revision=2)))
    assert must_read_first(submission(answer(), expected_revision=1))


def test_a_batch_is_folded_to_the_highest_revision_and_the_first_of_equals() -> None:
    first = answer(revision=3, rating=1)
    batch = submitted(answer(revision=2), first, answer(revision=3, rating=2), answer(number=2))
    assert [[each.response for each in round_] for round_ in rounds(batch)] == [[first, answer(number=2)]]


def test_no_response_is_twice_in_a_round_and_no_condition_is_lost() -> None:
    batch = [
        *submitted(answer(revision=3), expected_revision=2),
        *submitted(answer(revision=2), expected_revision=1),
        *submitted(answer(revision=2), expected_revision=1),
        *submitted(answer(), answer(number=2)),
    ]
    assert [[(each.response.response_id, each.response.revision) for each in round_] for round_ in rounds(batch)] == [
        [(response_id(1), 1), (response_id(2), 1)],
        [(response_id(1), 2)],
        [(response_id(1), 3)],
    ]


def test_an_empty_batch_has_no_rounds() -> None:
    assert list(rounds([])) == []


def test_nothing_changes_in_the_scores_if_only_the_comment_is_new() -> None:
    same = write(answer(revision=2, comment="Warm"), stored(answer()))
    assert same.documents == frozenset()
    assert packed([same])[0].deltas == {}


def test_an_edit_subtracts_the_old_and_adds_the_new_in_one_net_change() -> None:
    edit = write(answer(rating=9, revision=2), stored(answer(rating=3)))
    (delta,) = packed([edit])[0].deltas.values()
    assert (delta.counters, delta.responses) == ({"recommend:3": -1, "recommend:9": 1}, 0)


def test_a_batch_of_one_survey_and_day_is_one_transaction() -> None:
    transactions = packed(write(answer(n), ABSENT) for n in range(99))
    assert [len(each.writes) for each in transactions] == [99]
    assert [len(each.writes) for each in packed(write(answer(n), ABSENT) for n in range(100))] == [99, 1]


def test_the_days_of_a_survey_lie_together() -> None:
    mixed = [write(answer(n, day=TODAY - timedelta(days=n % 30)), ABSENT) for n in range(120)]
    assert len(packed(mixed)) == 2


def test_those_counted_in_the_same_documents_share_a_transaction() -> None:
    """Fifty breakdown values make two transactions; each value's document is then paid for in one of them only."""
    alternating = [write(answer(n, breakdowns={"city": f"city-{n % 50}"}), ABSENT) for n in range(100)]
    cities = [{key.value for key in each.deltas if key.breakdown} for each in packed(alternating)]
    assert len(cities) == 2
    assert len(cities[0] & cities[1]) <= 1


def test_a_heavy_batch_is_cut_by_its_bytes() -> None:
    heavy = [write(answer(n, texts={"why": "ä" * 150_000}), ABSENT) for n in range(10)]
    assert all(sum(2 * len(each.content.encode()) for each in t.writes) < MAX_BYTES for t in packed(heavy))
    assert sorted(each.response.response_id for t in packed(heavy) for each in t.writes) == [
        response_id(n) for n in range(10)
    ]


ANSWERS = st.builds(
    answer,
    number=st.integers(1, 400),
    rating=st.none() | st.integers(0, 10),
    survey_id=st.sampled_from(["shop", "delivery"]),
    day=st.sampled_from([TODAY, TODAY - timedelta(days=1)]),
    breakdowns=st.dictionaries(st.sampled_from(["country", "device", "store"]), st.sampled_from("abcdefgh")),
    test=st.booleans(),
)


@given(st.lists(ANSWERS, max_size=150, unique_by=lambda each: each.response_id), st.data())
def test_every_write_is_packed_once_within_the_limits_and_the_sums_are_those_of_a_recount(
    answers: list[Response], data: st.DataObject
) -> None:
    before = {each.response_id: each for each in answers if data.draw(st.booleans())}
    edited = [
        write(
            each.model_copy(update={"ratings": {}} if data.draw(st.booleans()) else {}),
            stored(before[each.response_id]) if each.response_id in before else ABSENT,
        )
        for each in answers
    ]
    transactions = packed(edited)
    assert Counter(each.response.response_id for t in transactions for each in t.writes) == Counter(
        each.response_id for each in answers
    )
    for each in transactions:
        assert len(each.writes) + len(each.deltas) <= MAX_ACTIONS
        assert len({one.response.survey_id for one in each.writes}) == 1
    sums: dict[ScoreKey, Counter[str]] = {}
    for each in transactions:
        for key, delta in each.deltas.items():
            summed = sums.setdefault(key, Counter())
            for name, number in {**delta.counters, "n": delta.responses, "c": delta.certificate}.items():
                summed[name] += number
    was, now = recount(before.values()), recount(each.response for each in edited)
    for document in {*was, *now, *(Document(*key) for key in sums)}:
        expected: Counter[str] = Counter()
        for sign, side in ((-1, was), (1, now)):
            counted = side.get(document)
            if counted is not None:
                expected["n"] += sign * counted.responses
                expected["c"] += sign * counted.certificate
                for question, ratings in counted.counters.items():
                    for rating, number in ratings.items():
                        expected[f"{question}:{rating}"] += sign * number
        summed = sums.get(ScoreKey(*document), Counter())
        assert (summed.pop("c", 0) - expected.pop("c", 0)) % 2**64 == 0
        assert {n: v for n, v in summed.items() if v} == {n: v for n, v in expected.items() if v}


def test_of_several_outcomes_of_one_response_the_one_that_has_to_come_again_decides() -> None:
    recorded, failed, postponed = (
        Recorded(None, outcome) for outcome in (Outcome.RECORDED, Outcome.CONDITION_FAILED, Outcome.POSTPONED)
    )
    assert decisive(None, failed) == failed
    assert decisive(recorded, failed) == decisive(failed, recorded) == recorded
    assert decisive(recorded, postponed) == decisive(postponed, recorded) == postponed
    newer = Recorded(answer(revision=2), Outcome.RECORDED)
    assert decisive(recorded, newer) == newer


def test_who_created_an_answer_twice_has_one_that_is_stored_and_that_one_is_followed_up() -> None:
    stored, other = Recorded(answer(), Outcome.KNOWN), Recorded(answer(), Outcome.CONDITION_FAILED)
    assert decisive(stored, other) == decisive(other, stored) == stored


@pytest.mark.parametrize(
    ("again", "is_other"),
    [
        ({}, False),
        ({"at": NOON + timedelta(hours=1), "day": TODAY + timedelta(days=1), "locale": "fr"}, False),
        ({"rating": 3, "revision": 2}, False),
        ({"rating": 3}, True),
        ({"comment": "Cold"}, True),
        ({"claimed_person": Recipient(email="ada@example.org")}, True),
        ({"properties": {"city": "Berlin"}}, True),
        ({"test": True}, True),
    ],
)
def test_a_sender_contradicts_itself_that_says_something_else_under_one_revision(
    again: dict[str, Any], is_other: bool
) -> None:
    (sent,) = submitted(answer(**{"rating": 9, **again}))
    assert contradicts(sent, answer(rating=9)) is is_other
    assert not contradicts(sent, None)


def test_who_has_a_condition_is_told_by_the_api_and_not_counted() -> None:
    (sent,) = submitted(answer(rating=3), expected_revision=0)
    assert not contradicts(sent, answer(rating=9))
