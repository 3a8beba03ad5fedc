"""Record: whatever is repeated, reordered, refused or at work at the same moment, the scores are the responses."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import boto3
import pytest
from botocore.exceptions import ReadTimeoutError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moto import mock_aws

from shared.domain.recording import Outcome
from shared.domain.responses import Rating, Response
from shared.domain.surveys import Scale
from shared.storage.audit_trail import AuditTrail
from shared.storage.keys import response_key
from shared.storage.responses import LANES, MAX_ATTEMPTS, ResponseRepository
from tests.fakes.answers import TODAY, answer, response_id, submitted
from tests.fakes.recount import Document
from tests.functional.tables import TABLE, create_table
from tests.functional.watched import Watched, assert_exact, cancelled


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    with mock_aws():
        yield boto3.client("dynamodb")


@pytest.fixture
def table(client: Any) -> Iterator[Watched]:
    create_table(client)
    yield Watched(client)
    client.delete_table(TableName=TABLE)


@pytest.fixture
def responses(table: Watched) -> ResponseRepository:
    return ResponseRepository(table, TABLE)


def record(repository: ResponseRepository, *answers: Response, read_first: Sequence[str] = ()) -> set[Outcome]:
    return {each.outcome for each in repository.record(submitted(*answers), read_first).values()}


# once, whatever the order


def test_an_answer_is_stored_and_counted_in_every_document_it_belongs_to(
    table: Watched, responses: ResponseRepository
) -> None:
    given_answer = answer(rating=9, breakdowns={"country": "de", "device": "phone"}, comment="Merci")
    recorded = responses.record(submitted(given_answer))[response_id(1)]
    assert recorded[:2] == (given_answer, Outcome.RECORDED)
    assert responses.get(response_id(1)) == given_answer
    assert {(d.breakdown, d.value): c.counters for d, c in table.documents().items()} == {
        ("", ""): {"recommend": {9: 1}},
        ("country", "de"): {"recommend": {9: 1}},
        ("device", "phone"): {"recommend": {9: 1}},
    }
    assert_exact(table)


def test_a_resend_counts_once(table: Watched, responses: ResponseRepository) -> None:
    assert record(responses, answer()) == {Outcome.RECORDED}
    before = table.items()
    assert record(responses, answer()) == {Outcome.KNOWN}
    assert record(responses, answer(), read_first=[response_id(1)]) == {Outcome.KNOWN}
    assert record(responses, answer(), answer()) == {Outcome.KNOWN}
    assert table.items() == before


def test_the_first_of_equal_revisions_stays(table: Watched, responses: ResponseRepository) -> None:
    record(responses, answer(rating=9))
    recorded = responses.record(submitted(answer(rating=2)))[response_id(1)]
    assert recorded[:2] == (answer(rating=9), Outcome.KNOWN)
    assert_exact(table)


@pytest.mark.parametrize("order", list(itertools.permutations((1, 2, 3))))
def test_the_highest_revision_wins_in_any_order(
    order: tuple[int, ...], table: Watched, responses: ResponseRepository
) -> None:
    revisions = {n: answer(rating=n, revision=n, breakdowns={"country": "de" if n < 3 else "fr"}) for n in (1, 2, 3)}
    for number in order:
        record(responses, revisions[number])
        assert_exact(table)
    assert responses.get(response_id(1)) == revisions[3]
    assert table.documents()[Document("shop", TODAY, "", "")].counters == {"recommend": {3: 1}}


def test_an_older_revision_is_told_so_and_shown_what_stands(responses: ResponseRepository) -> None:
    record(responses, answer(revision=5))
    assert responses.record(submitted(answer(revision=2)))[response_id(1)][:2] == (answer(revision=5), Outcome.OUTDATED)


def test_a_comment_alone_is_one_write_and_touches_no_score_document(
    table: Watched, responses: ResponseRepository
) -> None:
    record(responses, answer(rating=3))
    scores = [item for item in table.items() if item["pk"]["S"].startswith("SCORE#")]
    table.calls.clear()
    assert record(responses, answer(rating=3, revision=2, comment="The bread was cold")) == {Outcome.RECORDED}
    assert table.names == {"batch_get_item": 1, "put_item": 1}
    assert [item for item in table.items() if item["pk"]["S"].startswith("SCORE#")] == scores
    assert_exact(table)


def test_another_day_moves_the_answer_between_documents(table: Watched, responses: ResponseRepository) -> None:
    record(responses, answer(rating=3), answer(2, rating=9))
    record(responses, answer(rating=3, revision=2, day=TODAY.replace(day=23)))
    assert {document.day.day: count.responses for document, count in table.documents().items()} == {22: 1, 23: 1}
    assert_exact(table)


def test_tests_and_bare_comments_are_stored_and_never_counted(table: Watched, responses: ResponseRepository) -> None:
    assert record(responses, answer(1, test=True), answer(2, rating=None, comment="Bonjour")) == {Outcome.RECORDED}
    assert len(table.responses()) == 2
    assert table.documents() == {}


def test_an_erased_response_stays_erased(table: Watched, responses: ResponseRepository) -> None:
    table.client.put_item(TableName=TABLE, Item={**response_key(response_id(1)), "erased": {"BOOL": True}})
    for late in (answer(), answer(revision=7)):
        assert responses.record(submitted(late))[response_id(1)][:2] == (None, Outcome.ERASED)
    assert responses.get(response_id(1)) is None
    assert table.documents() == {}


def test_an_edit_subtracts_what_was_counted_even_if_it_would_count_otherwise_today(
    table: Watched, responses: ResponseRepository
) -> None:
    record(responses, answer(rating=9), answer(2, rating=9))
    item = table.client.get_item(TableName=TABLE, Key=response_key(response_id(1)))["Item"]
    item["content"] = {"S": answer(rating=8).model_dump_json(exclude_none=True)}
    table.client.put_item(TableName=TABLE, Item=item)
    record(responses, answer(rating=2, revision=2))
    assert table.documents()[Document("shop", TODAY, "", "")].counters == {"recommend": {9: 1, 2: 1}}
    assert_exact(table)


def test_an_answer_with_a_long_comment_and_three_breakdowns_is_one_kilobyte(
    table: Watched, responses: ResponseRepository
) -> None:
    breakdowns = {name: f"{name}-1" for name in ("region", "carrier", "device")}
    stored = answer(comment="x" * 500).model_copy(update={"properties": breakdowns, "breakdowns": breakdowns})
    record(responses, stored)
    item = next(item for item in table.items() if "content" in item)
    size = sum(len(name) + len(str(*value.values()).encode()) for name, value in item.items())
    assert size <= 1024, item
    assert responses.get(stored.response_id) == stored


def test_an_item_that_repeats_itself_is_read_all_the_same(table: Watched, responses: ResponseRepository) -> None:
    """As the first version of Hearback wrote them."""
    before = answer(rating=9)
    assert before.counted is not None
    record(responses, before)
    item = table.client.get_item(TableName=TABLE, Key=response_key(before.response_id))["Item"]
    item["content"] = {"S": before.model_dump_json(exclude_none=True)}
    item["counted"] = {"S": before.counted.model_dump_json()}
    table.client.put_item(TableName=TABLE, Item=item)
    record(responses, answer(rating=2, revision=2))
    assert_exact(table)


# conditions of the caller


def test_a_condition_that_holds_is_met_once_and_known_again(table: Watched, responses: ResponseRepository) -> None:
    first, edit = answer(rating=3), answer(rating=9, revision=2)
    assert _outcome(responses, first, 0) is Outcome.RECORDED
    assert _outcome(responses, first, 0) is Outcome.KNOWN
    assert _outcome(responses, edit, 1) is Outcome.RECORDED
    assert _outcome(responses, edit, 1) is Outcome.KNOWN
    assert_exact(table)


def test_a_condition_that_does_not_hold_changes_nothing(table: Watched, responses: ResponseRepository) -> None:
    assert _outcome(responses, answer(rating=9, revision=2), 1) is Outcome.CONDITION_FAILED
    assert table.items() == []
    record(responses, answer(rating=3))
    before = table.items()
    assert _outcome(responses, answer(rating=9), 0) is Outcome.CONDITION_FAILED
    assert _outcome(responses, answer(rating=9, revision=9), 4) is Outcome.CONDITION_FAILED
    assert table.items() == before


def test_of_two_edits_of_the_same_revision_one_wins(table: Watched, responses: ResponseRepository) -> None:
    record(responses, answer(rating=3))
    edits = [*submitted(answer(rating=9, revision=2), answer(rating=7, revision=2), expected_revision=1)]
    outcomes = [responses.record([edit])[response_id(1)].outcome for edit in edits]
    assert outcomes == [Outcome.RECORDED, Outcome.CONDITION_FAILED]
    assert_exact(table)


def test_a_condition_is_not_folded_away_by_its_neighbours(table: Watched, responses: ResponseRepository) -> None:
    """An edit whose condition fails must not take the plain answer of the same batch with it."""
    plain = submitted(answer(rating=3))
    failing = submitted(answer(rating=9, revision=8), expected_revision=7)
    assert responses.record([*failing, *plain])[response_id(1)][:2] == (answer(rating=3), Outcome.RECORDED)
    following = submitted(answer(rating=9, revision=2), expected_revision=1)
    assert responses.record([*following, *plain])[response_id(1)].stored == answer(rating=9, revision=2)
    assert_exact(table)


def _outcome(responses: ResponseRepository, given_answer: Response, expected_revision: int) -> Outcome:
    recorded = responses.record(submitted(given_answer, expected_revision=expected_revision))
    return recorded[given_answer.response_id].outcome


# cost


def test_a_full_batch_of_new_answers_is_one_call(table: Watched, responses: ResponseRepository) -> None:
    spread = [
        answer(n, rating=n % 11, breakdowns={name: f"v{(n + i) % 5}" for i, name in enumerate("abc")})
        for n in range(84)
    ]
    assert record(responses, *spread) == {Outcome.RECORDED}
    assert table.names == {"transact_write_items": 1}
    assert len(table.calls[0][1]["TransactItems"]) == 84 + 1 + 15
    assert_exact(table)


def test_more_than_a_transaction_holds_is_packed_into_several(table: Watched, responses: ResponseRepository) -> None:
    assert record(responses, *(answer(n, breakdowns={"country": f"c{n % 90}"}) for n in range(250))) == {
        Outcome.RECORDED
    }
    sizes = [len(arguments["TransactItems"]) for _, arguments in table.calls]
    assert max(sizes) <= 100
    assert len(sizes) <= 6
    assert_exact(table)


def test_two_surveys_are_two_transactions(table: Watched, responses: ResponseRepository) -> None:
    mixed = [answer(n, survey_id=("shop", "delivery")[n % 2]) for n in range(20)]
    assert record(responses, *mixed) == {Outcome.RECORDED}
    assert table.names == {"transact_write_items": 2}
    assert_exact(table)


def test_a_redelivered_batch_costs_one_read_and_no_write(table: Watched, responses: ResponseRepository) -> None:
    batch = [answer(n) for n in range(84)]
    record(responses, *batch)
    table.calls.clear()
    assert record(responses, *batch, read_first=[each.response_id for each in batch]) == {Outcome.KNOWN}
    assert table.names == {"batch_get_item": 1}


def test_an_unforeseen_duplicate_costs_one_more_transaction(table: Watched, responses: ResponseRepository) -> None:
    record(responses, answer(1))
    table.calls.clear()
    outcomes = responses.record(submitted(*(answer(n) for n in range(84))))
    assert Counter(each.outcome for each in outcomes.values()) == {Outcome.RECORDED: 83, Outcome.KNOWN: 1}
    assert table.names == {"transact_write_items": 2}
    assert_exact(table)


def test_edits_of_a_full_batch_are_three_calls_for_each_has_an_entry_in_the_audit_trail(
    table: Watched, responses: ResponseRepository
) -> None:
    record(responses, *(answer(n, rating=3) for n in range(84)))
    table.calls.clear()
    assert record(responses, *(answer(n, rating=9, revision=2) for n in range(84))) == {Outcome.RECORDED}
    assert table.names == {"batch_get_item": 1, "transact_write_items": 2}
    assert_exact(table)


def test_the_widest_survey_stays_within_the_limits_of_an_expression() -> None:
    """20 questions of 11 ratings, every rating given in one batch; DynamoDB takes 4 KB and 300 operators.

    The emulator parses such an expression by recursion and gives up, so here nobody parses it.
    """
    expressions: list[str] = []

    class Accepting(Watched):
        def transact_write_items(self, **arguments: Any) -> Any:
            expressions.extend(a["Update"]["UpdateExpression"] for a in arguments["TransactItems"] if "Update" in a)

    wide = [
        answer(number).model_copy(
            update={"ratings": {f"q{n}": Rating(scale=Scale.NPS, value=number) for n in range(20)}}
        )
        for number in range(11)
    ]
    assert record(ResponseRepository(Accepting(None), TABLE), *wide) == {Outcome.RECORDED}
    (expression,) = expressions
    assert expression.count(":") == 222
    assert len(expression.encode()) < 4096


# others at work


def test_a_conflict_on_a_document_takes_another_lane(table: Watched, responses: ResponseRepository) -> None:
    record(responses, answer(1))

    def busy(name: str, arguments: Any) -> None:
        document = arguments["TransactItems"][-1]["Update"]["Key"]["sk"]["S"]
        if document.endswith("#0"):
            raise cancelled(arguments, -1, "TransactionConflict")

    table.before = busy
    assert record(responses, answer(2)) == {Outcome.RECORDED}
    lanes = {item["sk"]["S"] for item in table.items() if item["pk"]["S"].startswith("SCORE#")}
    assert lanes == {"2026-11-22##0", "2026-11-22##1"}
    assert_exact(table)


def test_an_edit_may_leave_one_lane_below_zero_and_the_sum_right(table: Watched, responses: ResponseRepository) -> None:
    record(responses, answer(rating=3))

    def busy(name: str, arguments: Any) -> None:
        if name == "transact_write_items" and arguments["TransactItems"][-1]["Update"]["Key"]["sk"]["S"].endswith("#0"):
            raise cancelled(arguments, -1, "TransactionConflict")

    table.before = busy
    assert record(responses, answer(rating=9, revision=2)) == {Outcome.RECORDED}
    assert any(item.get("recommend:3") == {"N": "-1"} for item in table.items())
    assert_exact(table)


def test_a_document_that_is_always_busy_postpones_after_a_few_tries(
    table: Watched, responses: ResponseRepository
) -> None:
    def busy(name: str, arguments: Any) -> None:
        raise cancelled(arguments, -1, "TransactionConflict")

    table.before = busy
    assert record(responses, answer()) == {Outcome.POSTPONED}
    assert table.names == {"transact_write_items": MAX_ATTEMPTS}
    lanes = {arguments["TransactItems"][-1]["Update"]["Key"]["sk"]["S"][-1] for _, arguments in table.calls}
    assert len(lanes) == LANES
    table.before = lambda name, arguments: None
    assert record(responses, answer()) == {Outcome.RECORDED}
    assert_exact(table)


def test_a_conflict_on_a_response_is_tried_again(table: Watched, responses: ResponseRepository) -> None:
    def busy(name: str, arguments: Any) -> None:
        if len(table.calls) == 1:
            raise cancelled(arguments, 0, "TransactionConflict")

    table.before = busy
    assert record(responses, answer()) == {Outcome.RECORDED}
    assert_exact(table)


def test_who_is_overtaken_between_reading_and_writing_plans_again(
    table: Watched, responses: ResponseRepository
) -> None:
    record(responses, answer(rating=0))
    other = ResponseRepository(table.client, TABLE)
    overtaking = iter([answer(rating=5, revision=2), answer(rating=9, revision=3), answer(rating=1, revision=4)])

    def overtake(name: str, arguments: Any) -> None:
        if name == "transact_write_items" and (faster := next(overtaking, None)):
            other.record(submitted(faster))

    table.before = overtake
    assert record(responses, answer(rating=10, revision=5)) == {Outcome.RECORDED}
    assert responses.get(response_id(1)) == answer(rating=10, revision=5)
    assert_exact(table)


def test_who_is_overtaken_by_an_erasure_writes_nothing(table: Watched, responses: ResponseRepository) -> None:
    def erase(name: str, arguments: Any) -> None:
        table.client.put_item(TableName=TABLE, Item={**response_key(response_id(1)), "erased": {"BOOL": True}})

    table.before = erase
    assert record(responses, answer()) == {Outcome.ERASED}
    assert table.documents() == {}


# refusals and outages


@pytest.mark.parametrize("poison", [0, 41, 83])
def test_only_the_answer_that_the_store_refuses_fails(
    poison: int, table: Watched, responses: ResponseRepository
) -> None:
    """An item of more than 400 KB has the whole transaction refused, and nobody says which item it is."""
    batch = [answer(n, texts={"why": "x" * 450_000} if n == poison else {}) for n in range(84)]
    outcomes = responses.record(submitted(*batch))
    assert {r for r, each in outcomes.items() if each.outcome is Outcome.INVALID} == {response_id(poison)}
    assert Counter(each.outcome for each in outcomes.values())[Outcome.RECORDED] == 83
    assert table.names["transact_write_items"] <= 16
    assert_exact(table)


def test_a_refusal_that_names_the_answer_needs_no_search(table: Watched, responses: ResponseRepository) -> None:
    def refuse(name: str, arguments: Any) -> None:
        ids = [action["Put"]["Item"]["pk"]["S"] for action in arguments["TransactItems"] if "Put" in action]
        if f"RESPONSE#{response_id(7)}" in ids:
            raise cancelled(arguments, ids.index(f"RESPONSE#{response_id(7)}"), "ValidationError")

    table.before = refuse
    outcomes = responses.record(submitted(*(answer(n) for n in range(84))))
    assert outcomes[response_id(7)].outcome is Outcome.INVALID
    assert table.names == {"transact_write_items": 2}
    assert len(table.responses()) == 83
    assert_exact(table)


def test_a_broken_document_fails_its_own_answers_only(table: Watched, responses: ResponseRepository) -> None:
    record(responses, answer(0))
    table.client.update_item(
        TableName=TABLE,
        Key={"pk": {"S": "SCORE#shop#country"}, "sk": {"S": "2026-11-22#de#0"}},
        UpdateExpression="SET responses = :text",
        ExpressionAttributeValues={":text": {"S": "many"}},
    )

    def refuse(name: str, arguments: Any) -> None:
        keys = [
            action["Update"]["Key"]["sk"]["S"] if "Update" in action else "" for action in arguments["TransactItems"]
        ]
        if "2026-11-22#de#0" in keys:
            raise cancelled(arguments, keys.index("2026-11-22#de#0"), "ValidationError")

    table.before = refuse
    outcomes = responses.record(
        submitted(*(answer(n, breakdowns={"country": ("de", "fr")[n % 2]}) for n in range(1, 9)))
    )
    failed = {response for response, each in outcomes.items() if each.outcome is Outcome.INVALID}
    assert failed == {response_id(n) for n in (2, 4, 6, 8)}
    assert len(table.responses()) == 5


@pytest.mark.parametrize("happened", [False, True])
def test_a_lost_answer_of_the_store_is_settled_by_the_redelivery(
    happened: bool, table: Watched, responses: ResponseRepository
) -> None:
    def lose(name: str, arguments: Any) -> None:
        if name == "transact_write_items":
            raise ReadTimeoutError(endpoint_url="https://dynamodb")

    batch = [answer(n) for n in range(5)]
    table.before, table.after = (table.before, lose) if happened else (lose, table.after)
    assert record(responses, *batch) == {Outcome.POSTPONED}
    assert len(table.responses()) == (5 if happened else 0)
    table.before = table.after = lambda name, arguments: None
    assert record(responses, *batch, read_first=[each.response_id for each in batch]) == {
        Outcome.KNOWN if happened else Outcome.RECORDED
    }
    assert_exact(table)


def test_an_outage_of_reads_postpones_only_what_has_to_be_read(table: Watched, responses: ResponseRepository) -> None:
    def away(name: str, arguments: Any) -> None:
        if name == "batch_get_item":
            raise ReadTimeoutError(endpoint_url="https://dynamodb")

    table.before = away
    outcomes = responses.record(submitted(answer(1), answer(2, revision=2)))
    assert [outcomes[response_id(n)].outcome for n in (1, 2)] == [Outcome.RECORDED, Outcome.POSTPONED]
    assert_exact(table)


def test_a_throttled_transaction_is_not_hammered(table: Watched, responses: ResponseRepository) -> None:
    def throttle(name: str, arguments: Any) -> None:
        raise cancelled(arguments, -1, "ProvisionedThroughputExceeded")

    table.before = throttle
    assert record(responses, answer()) == {Outcome.POSTPONED}
    assert table.names == {"transact_write_items": 1}


def test_what_a_newer_hearback_stored_is_left_alone(table: Watched, responses: ResponseRepository) -> None:
    """After a rollback, an item may hold what this version can not read."""
    item = {**response_key(response_id(1)), "revision": {"N": "1"}, "content": {"S": '{"mood": "blue"}'}}
    table.client.put_item(TableName=TABLE, Item=item)
    assert record(responses, answer(revision=2), answer(2)) == {Outcome.POSTPONED, Outcome.RECORDED}
    assert item in table.items()


def test_keys_that_were_not_read_are_asked_for_again(table: Watched, responses: ResponseRepository) -> None:
    record(responses, *(answer(n) for n in range(4)))

    class Halting(Watched):
        def batch_get_item(self, **arguments: Any) -> Any:
            self.calls.append(("batch_get_item", arguments))
            asked = arguments["RequestItems"][TABLE]
            head, rest = asked["Keys"][:1], asked["Keys"][1:]
            answered = self.client.batch_get_item(RequestItems={TABLE: {**asked, "Keys": head}})
            return {**answered, "UnprocessedKeys": {TABLE: {**asked, "Keys": rest}} if rest else {}}

    halting = Halting(table.client)
    edits = [answer(n, rating=1, revision=2) for n in range(4)]
    assert record(ResponseRepository(halting, TABLE), *edits) == {Outcome.RECORDED}
    assert halting.names == {"batch_get_item": 4, "transact_write_items": 1}
    assert_exact(table)


def test_what_could_not_be_read_is_not_taken_for_absent(table: Watched, responses: ResponseRepository) -> None:
    record(responses, answer(1))

    class Stuck(Watched):
        def batch_get_item(self, **arguments: Any) -> Any:
            return {"Responses": {}, "UnprocessedKeys": arguments["RequestItems"]}

    edit = submitted(answer(1, rating=1, revision=2), expected_revision=1)
    stuck = ResponseRepository(Stuck(table.client), TABLE)
    assert stuck.record(edit)[response_id(1)].outcome is Outcome.POSTPONED
    assert_exact(table)


class Killed(BaseException):
    """The worker ended here, as when its machine goes away."""


@pytest.mark.parametrize("happened", [False, True])
@pytest.mark.parametrize("call", range(4))
def test_a_worker_killed_at_any_call_leaves_the_scores_exact_and_the_redelivery_completes(
    call: int, happened: bool, table: Watched, responses: ResponseRepository
) -> None:
    first = [answer(n, rating=n) for n in range(3)]
    batch = [
        *(answer(n, rating=9, revision=2, breakdowns={"country": "de"}) for n in range(3)),
        *(answer(n, survey_id="delivery") for n in range(3, 6)),
        answer(6, survey_id="support"),
    ]
    record(responses, *first)
    table.calls.clear()

    def kill(name: str, arguments: Any) -> None:
        if len(table.calls) == call + 1:
            raise Killed

    table.before, table.after = (table.before, kill) if happened else (kill, table.after)
    with pytest.raises(Killed):
        record(responses, *batch)
    assert_exact(table)
    table.before = table.after = lambda name, arguments: None
    assert record(responses, *batch) <= {Outcome.RECORDED, Outcome.KNOWN}
    assert {each.response_id: each.revision for each in table.responses()} == {
        each.response_id: each.revision for each in batch
    }
    assert_exact(table)
    trail = AuditTrail(table, TABLE)
    assert [len(trail.of(each.response_id)) for each in batch] == [1, 1, 1, 0, 0, 0, 0]


# anything at all

ANSWERS = st.builds(
    answer,
    number=st.integers(1, 4),
    rating=st.none() | st.integers(0, 10),
    revision=st.integers(1, 3),
    survey_id=st.sampled_from(["shop", "delivery"]),
    day=st.sampled_from([TODAY, TODAY.replace(day=23)]),
    breakdowns=st.sampled_from([{}, {"country": "de"}, {"country": "fr", "device": "phone"}]),
    test=st.booleans(),
    comment=st.none() | st.just("Hm"),
)
BATCHES = st.lists(st.lists(ANSWERS, min_size=1, max_size=8), min_size=1, max_size=5)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=BATCHES, conflicts=st.lists(st.booleans(), max_size=12), repeated=st.booleans())
def test_scores_equal_a_recount_after_any_history(
    batches: list[list[Response]], conflicts: list[bool], repeated: bool, client: Any
) -> None:
    create_table(client)
    try:
        table = Watched(client)
        repository = ResponseRepository(table, TABLE)
        cancel = iter(conflicts)

        def busy(name: str, arguments: Any) -> None:
            if name == "transact_write_items" and next(cancel, False):
                raise cancelled(arguments, -1, "TransactionConflict")

        table.before = busy
        for batch in [*batches, *(batches if repeated else [])]:
            record(repository, *batch)
            assert_exact(table)
        highest: dict[str, int] = {}
        for given_answer in itertools.chain(*batches):
            highest[given_answer.response_id] = max(highest.get(given_answer.response_id, 0), given_answer.revision)
        assert {each.response_id: each.revision for each in table.responses()} == highest
    finally:
        client.delete_table(TableName=TABLE)
