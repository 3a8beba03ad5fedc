"""The contract of responses and scores: held by the fakes that unit tests use and by the real repositories alike."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple, Protocol

import boto3
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moto import mock_aws

from shared.domain.queued import ResponseSubmitted
from shared.domain.recording import ABSENT, Erasure, Outcome, Recorded
from shared.domain.responses import Response
from shared.domain.scores import ScoreDocument, counts, nps, tally
from shared.domain.surveys import Scale
from shared.errors import TemporaryError
from shared.storage.keys import score_key
from shared.storage.responses import ResponseRepository
from shared.storage.scores import ScoreRepository
from tests.fakes.answers import QUESTION, TODAY, answer, response_id, submitted
from tests.fakes.clock import NOON
from tests.fakes.responses import InMemoryResponses, RecountedScores
from tests.functional.tables import TABLE, create_table

YESTERDAY, TOMORROW = TODAY - timedelta(days=1), TODAY + timedelta(days=1)


class Responses(Protocol):
    def get(self, response_id: str) -> Response | None: ...

    def record(
        self, submitted: Sequence[ResponseSubmitted], read_first: Collection[str] = ()
    ) -> Mapping[str, Recorded]: ...

    def erase(self, response_id: str, at: datetime) -> Erasure: ...


class Scores(Protocol):
    def read(self, survey_id: str, since: date, until: date, breakdown: str = "") -> tuple[ScoreDocument, ...]: ...

    def latest_day(self, survey_id: str) -> date | None: ...


class Store(NamedTuple):
    responses: Responses
    scores: Scores


def in_memory() -> Store:
    responses = InMemoryResponses()
    return Store(responses, RecountedScores(responses))


def in_dynamodb(client: Any) -> Store:
    return Store(ResponseRepository(client, TABLE), ScoreRepository(client, TABLE))


@pytest.fixture
def dynamodb() -> Iterator[Any]:
    with mock_aws():
        client = boto3.client("dynamodb")
        create_table(client)
        yield client


@pytest.fixture(params=["fake", "real"])
def store(request: pytest.FixtureRequest) -> Store:
    return in_memory() if request.param == "fake" else in_dynamodb(request.getfixturevalue("dynamodb"))


def test_what_was_recorded_is_read_back(store: Store) -> None:
    assert store.responses.get(response_id(1)) is None
    given_answer = answer(comment="Déjà vu 🥐", breakdowns={"country": "de"}, properties={"basket": "42"})
    assert store.responses.record(submitted(given_answer)) == {
        response_id(1): Recorded(given_answer, Outcome.RECORDED, counted=given_answer.counted, before=ABSENT)
    }
    assert store.responses.get(response_id(1)) == given_answer


def test_a_dismissed_question_is_no_answer(store: Store) -> None:
    """10 promoters, 5 passives and 5 detractors are 25; 20 who passed over the question do not make it 12.5."""
    ratings = [10] * 10 + [8] * 5 + [2] * 5 + [None] * 20
    store.responses.record(submitted(*(answer(n, rating, comment="Hello") for n, rating in enumerate(ratings))))
    documents = store.scores.read("shop", TODAY, TODAY)
    score = nps(tally(Scale.NPS, counts(documents, QUESTION)))
    assert score is not None
    assert (score.value, sum(document.responses for document in documents)) == (25, 20)


def test_a_survey_nobody_answered_has_no_documents_and_no_latest_day(store: Store) -> None:
    assert store.scores.read("shop", YESTERDAY, TOMORROW) == ()
    assert store.scores.latest_day("shop") is None


def test_a_range_of_days_includes_both_of_its_ends_and_nothing_else(store: Store) -> None:
    days = [TODAY + timedelta(days=n) for n in range(-3, 4)]
    store.responses.record(submitted(*(answer(n, day=day) for n, day in enumerate(days))))
    read = store.scores.read("shop", YESTERDAY, TOMORROW)
    assert [document.day for document in read] == [YESTERDAY, TODAY, TOMORROW]
    assert [document.day for document in store.scores.read("shop", TODAY, TODAY)] == [TODAY]
    assert store.scores.read("shop", TOMORROW, YESTERDAY) == ()
    assert len(store.scores.read("shop", date.min, date.max)) == len(days)


def test_the_values_of_a_breakdown_are_documents_of_their_own(store: Store) -> None:
    store.responses.record(
        submitted(*(answer(n, rating=n, breakdowns={"country": ("de", "fr")[n % 2]}) for n in range(4)))
    )
    assert [
        (each.value, each.counters, each.responses) for each in store.scores.read("shop", TODAY, TODAY, "country")
    ] == [
        ("de", {QUESTION: {0: 1, 2: 1}}, 2),
        ("fr", {QUESTION: {1: 1, 3: 1}}, 2),
    ]
    (whole,) = store.scores.read("shop", TODAY, TODAY)
    assert (whole.value, whole.responses) == ("", 4)


def test_another_survey_is_another_score(store: Store) -> None:
    store.responses.record(submitted(answer(1), answer(2, survey_id="shop2"), answer(3, survey_id="sho")))
    assert counts(store.scores.read("shop", TODAY, TODAY), QUESTION) == {9: 1}


def test_the_latest_day_is_the_last_on_which_an_answer_still_counts(store: Store) -> None:
    store.responses.record(submitted(answer(1, day=YESTERDAY), answer(2, day=TODAY), answer(3, day=TODAY, test=True)))
    assert store.scores.latest_day("shop") == TODAY
    store.responses.record(submitted(answer(2, rating=None, comment="never mind", revision=2, day=TODAY)))
    assert store.scores.latest_day("shop") == YESTERDAY


HISTORIES = st.lists(
    st.builds(
        lambda expected, **about: submitted(answer(**about), expected_revision=expected)[0],
        expected=st.sampled_from([None, None, 0, 1, 2]),
        number=st.integers(1, 3),
        rating=st.none() | st.integers(0, 10),
        revision=st.integers(1, 3),
        day=st.sampled_from([YESTERDAY, TODAY]),
        breakdowns=st.sampled_from([{}, {"country": "de"}, {"country": "fr"}]),
        test=st.booleans(),
    )
    | st.integers(1, 3).map(response_id),
    max_size=12,
)
"""Submissions, and ids of responses that are erased."""


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(HISTORIES)
def test_the_fake_says_what_the_store_says_after_any_history(history: list[ResponseSubmitted | str]) -> None:
    with mock_aws():
        client = boto3.client("dynamodb")
        create_table(client)
        fake, real = in_memory(), in_dynamodb(client)
        for step in history:
            if isinstance(step, str):
                assert real.responses.erase(step, NOON) == fake.responses.erase(step, NOON)
            else:
                assert real.responses.record([step]) == fake.responses.record([step])
        for survey_breakdown in ("", "country"):
            documents = [each.scores.read("shop", YESTERDAY, TODAY, survey_breakdown) for each in (fake, real)]
            assert documents[0] == documents[1]
        assert real.scores.latest_day("shop") == fake.scores.latest_day("shop")


def test_lanes_are_summed_over_any_number_of_pages(dynamodb: Any) -> None:
    """DynamoDB ends a page at 1 MB; here at every second item, so that pages cut through days and documents."""
    scores = {(day, lane): (day + 1) * (lane + 1) for day in range(5) for lane in range(3)}
    for (day, lane), number in scores.items():
        dynamodb.update_item(
            TableName=TABLE,
            Key=score_key("shop", "", TODAY + timedelta(days=day), "", lane),
            UpdateExpression="ADD #rating :n, responses :n, certificate :c",
            ExpressionAttributeNames={"#rating": f"{QUESTION}:9"},
            ExpressionAttributeValues={":n": {"N": str(number)}, ":c": {"N": str(2**64 - 1)}},
        )

    class Paged:
        calls = 0

        def query(self, **kwargs: Any) -> Any:
            self.calls += 1
            return dynamodb.query(**{**kwargs, "Limit": 2})

    paged = Paged()
    read = ScoreRepository(paged, TABLE).read("shop", TODAY, TODAY + timedelta(days=9))
    assert [document.counters[QUESTION][9] for document in read] == [6, 12, 18, 24, 30]
    assert {document.certificate for document in read} == {2**64 - 3}
    assert paged.calls == 8


def test_a_month_of_one_lane_is_one_query(dynamodb: Any) -> None:
    days = [TODAY - timedelta(days=n) for n in range(30)]
    ResponseRepository(dynamodb, TABLE).record(submitted(*(answer(n, day=day) for n, day in enumerate(days))))

    class Counted:
        calls = 0

        def query(self, **kwargs: Any) -> Any:
            self.calls += 1
            return dynamodb.query(**kwargs)

    counted = Counted()
    assert len(ScoreRepository(counted, TABLE).read("shop", days[-1], TODAY)) == 30
    assert counted.calls == 1


def test_an_outage_is_temporary() -> None:
    with mock_aws():
        missing = in_dynamodb(boto3.client("dynamodb"))
        with pytest.raises(TemporaryError):
            missing.responses.get(response_id(1))
        with pytest.raises(TemporaryError):
            missing.scores.read("shop", TODAY, TODAY)
        with pytest.raises(TemporaryError):
            missing.scores.latest_day("shop")
        assert missing.responses.record(submitted(answer())) == {response_id(1): Recorded(None, Outcome.POSTPONED)}
