"""A customer is erased while the shop goes on: afterwards nothing of her is anywhere, and every score is right.

The worker dies before and after every call; others write what they had begun; indexes lag; letters lie in dead-letter
queues. What is wrong is looked for in the raw items of every table and index and the messages of every queue.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import pytest

from functions.erasure.service import Erasing
from shared.storage.erasing import ErasingDeliveries, ErasingMessages, ErasingPeople, ErasingResponses
from shared.storage.erasure_notes import ErasureNotes
from shared.storage.erasures import Erasures
from tests.simulation.answers import stored_answers
from tests.simulation.aws import Call
from tests.simulation.aws.cloud import Effect
from tests.simulation.aws.queues import Weather
from tests.simulation.customer import Customer
from tests.simulation.faults import Fault, Nth, Plan, Seeded, every_crash
from tests.simulation.oracles import messages
from tests.simulation.residue import residue
from tests.simulation.shop import Shop, shop

BETWEEN_SWEEPS_SECONDS = 900
WEATHER = Weather(duplicate=0.15, resurrect=0.05, disorder=True, passed_over=0.3)
LAG_SECONDS = 5
ERASED = {"identifiers": 4, "responses": 3, "messages": 7, "deliveries": 2}
"""Two e-mail addresses, a phone number and an external id; two answers of hers, for which she was thanked, and one that
claims to be hers, of each of which the owner was alerted; two parcels, of each of which she was told."""


def live(story: Shop) -> Customer:
    """What the shop holds of Ada before she asks, and of others all the while."""
    ada = Customer(story)
    story.answer(1, 10)
    ada.buys("hers-1", email="ada.byron@old.example")
    ada.buys("hers-2")
    for parcel in ("hers-1", "hers-2"):
        ada.is_told(parcel, "out_for_delivery")
    ada.becomes_known()
    ada.answers(101, 2)
    ada.answers(102, 3)
    ada.is_to_be_asked()
    ada.claims(103, 0)
    story.answer(2, 4, comment="meh")
    story.wait(200)
    while not ada.is_known:
        story.wait(60)
    return ada


def erase(story: Shop, ada: Customer) -> None:
    """She asks while some of what she said still waits in queues; what she says later is of a new person."""
    ada.buys("hers-3")
    ada.claims(104, 1)
    ada.claims(103, 5, revision=2)
    story.answer(3, 9)
    ada.asks_to_be_erased()
    story.aws.clock.advance(1)
    story.answer(2, 8, revision=2)
    story.come_to_rest()


def amiss(story: Shop, ada: Customer) -> list[str]:
    """What is not as it must be after all that."""
    found = [*residue(story.aws, ada.person_id), *story.faults()]
    receipt = ada.receipt()
    if receipt.get("counts") != ERASED:
        found.append(f"the receipt says {receipt}")
    told = {event.text for event in story.aws.events.taken if event.detail_type == "PersonErased"}
    if [json.loads(text)["person_id"] for text in told] != [ada.person_id]:
        found.append(f"her erasure was told as {told}")
    if answers := sorted(stored_answers(story.aws).keys() - {answer.response_id for answer in story.accepted}):
        found.append(f"answers of hers are stored: {answers}")
    return found


def run(plan: Plan | None = None, seed: int = 1) -> tuple[Shop, list[str]]:
    with shop(seed=seed, plan=plan) as story:
        ada = live(story)
        erase(story, ada)
        return story, amiss(story, ada)


def calls() -> list[Call]:
    story, _ = run()
    return [entry.call for entry in story.aws.log if entry.call.function == "erasure"]


def changes() -> list[Call]:
    return [call for call in calls() if not call.operation.startswith(("Get", "BatchGet", "Query"))]


def test_nothing_of_her_is_left_and_all_that_is_of_others() -> None:
    story, found = run()
    assert found == []
    assert sorted(stored_answers(story.aws)) == [f"00000000-0000-4000-8000-{number:012d}" for number in (1, 2, 3)]
    states = {(message.kind, message.state) for message in messages(story.aws)}
    assert {("detractor_alert", "sent"), ("delivery_on_its_way", "sent")} <= states


def test_it_is_the_product_that_erases_from_the_door_on() -> None:
    story, _ = run()
    assert {entry.call.function for entry in story.aws.log} <= {*story.stack.functions, "outside", "ops"}
    assert "PersonErased" in {event.detail_type for event in story.aws.events.taken}


def test_before_she_asks_there_is_much_to_find() -> None:
    with shop(seed=1) as story:
        live(story)
        places = {place.split(" in ")[1].partition(":")[0] for place in residue(story.aws, "")}
    assert {"PeopleTable", "ResponsesTable", "MessagesTable", "DeliveriesTable", "ResponsesTable/by_person"} <= places


def ends_of_each_kind(changes: Iterable[Call]) -> list[Call]:
    """The first and the last change of each kind in a run; those between them differ only in whose turn it is."""
    kinds: defaultdict[Any, list[Call]] = defaultdict(list)
    for call in changes:
        params = call.params
        kinds[call.run, call.name, params.get("TableName"), params.get("UpdateExpression")].append(call)
    return [call for alike in kinds.values() for call in ([alike[0], alike[-1]] if len(alike) > 1 else alike)]


def test_killed_after_each_kind_of_change_the_next_worker_ends_it() -> None:
    """The slow test below kills before and after every call."""
    chosen = ends_of_each_kind(changes())
    assert len(chosen) > 15
    assert {call.name for call in chosen} == {call.name for call in changes()}
    for call in chosen:
        plan = Nth(call.function, call.run, call.index, Fault.CRASH_AFTER)
        assert run(plan)[1] == [], plan


@pytest.mark.slow
def test_killed_before_and_after_every_call_the_next_worker_ends_it() -> None:
    for plan in every_crash(calls()):
        assert run(plan)[1] == [], plan


@pytest.mark.apart
@pytest.mark.parametrize("seed", [*range(10), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(10, 200))])
def test_in_a_storm_nothing_of_her_is_left(seed: int) -> None:
    with shop(seed=seed, plan=Seeded(seed, 0.05, budget=60), weather=WEATHER) as story:
        story.aws.dynamodb.lag(LAG_SECONDS)
        ada = live(story)
        erase(story, ada)
        story.aws.clock.advance(LAG_SECONDS)
        assert [*residue(story.aws, ada.person_id), *story.faults()] == []
        assert ada.receipt()["finished_at"]


@dataclass(frozen=True)
class OutOfTime:
    """Each run of the worker is killed after so many calls, as by Lambda's time-out."""

    calls: int

    def choose(self, call: Call) -> Fault | None:
        return Fault.CRASH_BEFORE if call.function == "erasure" and call.index > self.calls else None


def test_workers_that_never_have_time_for_all_of_it_come_to_the_end() -> None:
    story, found = run(OutOfTime(24))
    assert found == []
    assert story.redriven == 0
    assert story.aws.runs_of("erasure") > 6


@dataclass
class Stalled:
    """A worker that stalls at the first write of hers in a table, until the first sweep has gone through."""

    story: Shop
    ada: Customer
    function: str
    table: str
    done: bool = False

    def __call__(self, call: Call, effect: Effect) -> dict[str, Any]:
        words = str(call.params)
        if not self.done and call.function == self.function and self.table in words and "Lovelace" in words:
            self.done = True
            self.ada.asks_to_be_erased()
            self.story.stack.restart(self.function)
            self.story.wait(BETWEEN_SWEEPS_SECONDS / 10)
        return effect()


def stalled(function: str, table: str) -> list[str]:
    """She asks while a worker is about to write something of hers, which it knows to be allowed."""
    with shop(seed=1) as story:
        ada = live(story)
        ada.knows_herself()
        story.aws.hook = stall = Stalled(story, ada, function, table)
        ada.buys("hers-3")
        ada.claims(104, 1)
        story.stack.worker.run_until_quiet()
        assert stall.done
        story.come_to_rest()
        return [*residue(story.aws, ada.person_id), *story.faults()]


STALLED = [("delivery_status", "DeliveriesTable"), ("nps_calc", "ResponsesTable")]


@pytest.mark.parametrize(("function", "table"), STALLED)
def test_what_a_slow_worker_writes_after_the_first_sweep_goes_with_the_second(function: str, table: str) -> None:
    assert stalled(function, table) == []


@contextmanager
def tombstones_last() -> Iterator[None]:
    """The tombstones are written when all is erased, instead of before."""
    kept: list[Any] = []
    write, sweep = Erasures._written, Erasing.sweep

    def without(self: Erasures, actions: list[dict[str, Any]]) -> bool:
        last = [action for action in actions if action.get("Put", {}).get("Item", {}).keys() & {"erased_at"}]
        kept.append((self, last))
        return write(self, [action for action in actions if action not in last])

    def swept(self: Erasing, wish: Any) -> Any:
        erasure = sweep(self, wish)
        while erasure.finished_at is not None and kept:
            erasures, last = kept.pop()
            write(erasures, last)
        return erasure

    with patch.object(Erasures, "_written", without), patch.object(Erasing, "sweep", swept):
        yield


def no_second_sweep() -> AbstractContextManager[object]:
    """The first sweep is taken for the last."""
    sweep = Erasing.sweep
    return patch.object(Erasing, "sweep", lambda self, wish: sweep(self, wish.model_copy(update={"sweep": 2})))


def erases_before_it_notes() -> AbstractContextManager[object]:
    """What is found is noted only once it is erased, so a crash in between forgets what there was to count."""

    def each(self: Erasing, wish: Any, found: Any, ids: Any) -> Iterator[str]:
        for id_ in ids:
            yield id_
            self._erasures.note(wish.person_id, found, id_)
            self._erasures.done(wish.person_id, found, id_, wish.sweep)
        yield from self._erasures.left(wish.person_id, found, wish.sweep)

    return patch.object(Erasing, "_each", each)


def forgets(table: type, method: str) -> AbstractContextManager[object]:
    """One table is not looked into."""
    return patch.object(table, method, lambda *_: iter(()))


@pytest.mark.parametrize(
    ("table", "method"),
    [
        (ErasingResponses, "of_person"),
        (ErasingResponses, "of_identifier"),
        (ErasingMessages, "of_person"),
        (ErasingMessages, "of_response"),
        (ErasingDeliveries, "of_person"),
        (ErasingPeople, "erase"),
    ],
)
def test_a_table_that_is_forgotten_is_noticed(table: type, method: str) -> None:
    with forgets(table, method):
        assert run()[1] != []


def test_workers_that_begin_again_each_time_are_noticed() -> None:
    """Their message becomes a dead letter, and what is still due in this story comes later than those are kept."""
    with forgets(ErasureNotes, "done"):
        story, found = run(OutOfTime(24))
    assert story.redriven > 0 or found != []


def test_tombstones_that_come_last_are_noticed() -> None:
    with tombstones_last():
        assert run()[1] != []


@pytest.mark.parametrize(("function", "table"), STALLED)
def test_a_second_sweep_that_is_missing_is_noticed(function: str, table: str) -> None:
    with no_second_sweep():
        assert stalled(function, table) != []


def test_a_note_that_comes_too_late_is_noticed() -> None:
    plans = [Nth(call.function, call.run, call.index, Fault.CRASH_AFTER) for call in changes()]
    with erases_before_it_notes():
        assert any(run(plan)[1] for plan in plans)
