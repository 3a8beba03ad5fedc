"""What `make bench` counts is what is billed, and what it promises is what it measures."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from shared.domain.recording import StoredResponse
from shared.storage.response_lists import ResponseLists
from tests.benchmarks import __main__ as bench
from tests.benchmarks.counted import counting, dollars_per_million, peer_count
from tests.benchmarks.growth import checked, months_of_metrics
from tests.benchmarks.vans import Cost, van_costs


def test_one_answer_alone_is_sent_received_and_deleted_by_itself() -> None:
    alone = counting(1)
    assert (alone.http_requests, alone.lambda_runs, alone.queue_calls) == (1, 2, 3)


def test_many_answers_share_a_run_and_are_received_and_deleted_in_tens() -> None:
    together = counting(84)
    assert (together.http_requests, together.lambda_runs, together.queue_calls) == (84, 85, 84 + 9 + 9)


def test_a_read_is_paid_for_by_the_peer_too() -> None:
    peer = peer_count()
    assert peer.read_units == 0.5
    assert dollars_per_million(peer) > dollars_per_million(peer._replace(read_units=0))


def test_the_whole_survey_is_held_to_ten_units_and_one_query_however_many_answered() -> None:
    rows = {row.what: row for row in bench.of_metrics_growth({1_000: months_of_metrics(1_000)})}
    units = rows["read units of 30 days of the whole survey, 1,000 answers"]
    queries = rows["Queries of 30 days of the whole survey, 1,000 answers"]
    assert (units.must, queries.must) == (10, 1)
    assert 0 < units.measured <= units.must
    assert queries.measured == 1
    assert bench.GROWTH == (1_000, 10_000, 100_000, 1_000_000)


def test_the_check_of_a_day_is_seen_to_hold_more_when_it_keeps_what_it_read(monkeypatch: pytest.MonkeyPatch) -> None:
    few, many = (checked(answers, page_bytes=30_000).kilobytes for answers in (300, 1_500))
    assert many < 1.2 * few
    page_by_page = ResponseLists.stored_of_day

    def all_at_once(lists: ResponseLists, survey_id: str, day: date) -> Iterator[StoredResponse]:
        return iter([*page_by_page(lists, survey_id, day)])

    monkeypatch.setattr(ResponseLists, "stored_of_day", all_at_once)
    few, many = (checked(answers, page_bytes=30_000).kilobytes for answers in (300, 1_500))
    assert many > 2 * few


def test_a_look_at_a_live_page_is_two_calls_and_a_position_one_write_however_long_the_route() -> None:
    short, long = van_costs(3), van_costs(30)
    assert (short.page.calls, long.page.calls) == (2, 2)
    assert short.position == long.position == Cost(calls=3, read_units=1, write_units=1)
    assert (short.plan.calls, long.plan.calls) == (5, 5)
    assert long.first_plan.write_units == 30 + long.plan.write_units


def test_a_message_is_held_to_what_it_costs_and_one_that_is_not_sent_costs_less() -> None:
    rows = {row.what: row for row in bench.of_messages()}
    for what, least in (("e-mail", 5), ("SMS", 5), ("suppressed message", 3)):
        calls = rows[f"AWS calls per {what}"]
        assert least <= calls.measured <= calls.must
        assert rows[f"write units per {what}"].verdict != "BROKEN"
    assert rows["write units per suppressed message"].measured < rows["write units per SMS"].measured
    assert rows["CPU to render an e-mail, us"].measured > 0
