"""The order in which a person is erased: noted, then touched; answers first, the receipt last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

import pytest

from functions.erasure.service import BETWEEN_SWEEPS, Erasing
from shared.domain.erasure import Erasure, Found
from shared.domain.events import PersonErased
from shared.domain.queued import ErasePerson
from shared.errors import PoisonMessageError, TemporaryError
from tests.fakes.clock import NOON, FrozenClock
from tests.fakes.events import RecordingBus
from tests.fakes.queues import RecordingQueue


class Everything:
    """Stands in for every table; writes down what was done, in order."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.erasure: Erasure | None = Erasure(person_id="per_1", requested_at=NOON)
        self.notes: dict[tuple[Found, str], int] = {(Found.IDENTIFIER, "CLAIM#email#1"): 0}
        self.away = ""

    def get(self, person_id: str) -> Erasure | None:
        return self.erasure

    def note(self, person_id: str, found: Found, id_: str) -> None:
        self.log.append(f"note {id_}")
        self.notes.setdefault((found, id_), 0)

    def left(self, person_id: str, found: Found, sweep: int) -> Iterator[str]:
        return iter([id_ for (kind, id_), swept in self.notes.items() if kind is found and swept < sweep])

    def done_in(self, sweep: int) -> set[str]:
        return {id_ for (_, id_), swept in self.notes.items() if swept == sweep}

    def done(self, person_id: str, found: Found, id_: str, sweep: int) -> None:
        self.notes[found, id_] = sweep

    def finish(self, erasure: Erasure, now: datetime) -> Erasure:
        self.log.append("finish")
        self.erasure = erasure.model_copy(update={"finished_at": now})
        return self.erasure

    def tidy(self, person_id: str) -> None:
        self.log.append("tidy")


class Place:
    """One table."""

    def __init__(self, everything: Everything, name: str) -> None:
        self._everything = everything
        self._name = name
        self.left = [f"{name}-1"]

    def of_person(self, person_id: str) -> Iterable[str]:
        return list(self.left)

    def of_identifier(self, identifier: str, until: datetime) -> Iterable[str]:
        return [f"{self._name}-claimed"] if self.left else []

    def of_response(self, response_id: str) -> Iterable[str]:
        return [f"{self._name}-about-{response_id}"] if self.left else []

    def short_links_of(self, person_id: str) -> Iterable[str]:
        return ["code"] if self.left else []

    def erase_short_link(self, code: str) -> None:
        self._everything.log.append(f"erase {code}")

    def erase(self, id_: str, *_: object) -> None:
        if self._everything.away == self._name:
            raise TemporaryError("the store did not answer")
        self._everything.log.append(f"erase {id_}")


class House:
    """The service with everything around it in memory."""

    def __init__(self) -> None:
        self.everything = Everything()
        self.queue = RecordingQueue()
        self.bus = RecordingBus()
        self.service = Erasing(
            erasures=self.everything,
            responses=Place(self.everything, "response"),
            messages=Place(self.everything, "message"),
            deliveries=Place(self.everything, "delivery"),
            people=Place(self.everything, "person"),
            queue=self.queue,
            bus=self.bus,
            clock=FrozenClock(NOON + timedelta(minutes=16)),
        )


@pytest.fixture
def house() -> House:
    return House()


def test_everything_is_noted_before_it_is_touched_and_the_person_goes_last(house: House) -> None:
    house.service.sweep(ErasePerson(person_id="per_1"))
    done = house.everything.log
    erased = [step.removeprefix("erase ") for step in done if step.startswith("erase")]
    erased.remove("code")  # a short link needs no note: by the index it is found for as long as it is there
    assert len(erased) == 7
    for id_ in erased[:-1]:
        assert done.index(f"note {id_}") < done.index(f"erase {id_}")
    assert (erased[:2], erased[-1]) == (["response-1", "response-claimed"], "per_1")


def test_the_first_sweep_asks_for_the_second_and_only_that_ends_it(house: House) -> None:
    assert house.service.sweep(ErasePerson(person_id="per_1")).finished_at is None
    ((message, group, delay),) = house.queue.sent
    assert (message, group, delay) == (ErasePerson(person_id="per_1", sweep=2), "per_1", BETWEEN_SWEEPS)
    assert house.service.sweep(ErasePerson(person_id="per_1", sweep=2)).finished_at is not None
    assert house.everything.log[-1] == "finish"
    assert len(house.queue.sent) == 1


@pytest.mark.parametrize("away", ["response", "message", "delivery", "person"])
@pytest.mark.parametrize("sweep", [1, 2])
def test_while_a_table_is_away_nothing_is_finished(house: House, away: str, sweep: int) -> None:
    house.everything.away = away
    with pytest.raises(TemporaryError):
        house.service.sweep(ErasePerson.model_validate({"person_id": "per_1", "sweep": sweep}))
    assert "finish" not in house.everything.log
    assert house.queue.sent == []


def test_the_second_sweep_looks_again_at_what_quotes_the_answers_of_the_first(house: House) -> None:
    house.everything.notes[Found.RESPONSE, "earlier"] = 1
    house.service.sweep(ErasePerson(person_id="per_1", sweep=2))
    assert "erase message-about-earlier" in house.everything.log


def test_what_is_finished_is_only_tidied_and_told_again(house: House) -> None:
    receipt = Erasure(person_id="per_1", requested_at=NOON, finished_at=NOON)
    house.everything.erasure = receipt
    for sweep in (1, 2):
        assert house.service.sweep(ErasePerson.model_validate({"person_id": "per_1", "sweep": sweep})) == receipt
    assert house.everything.log == ["tidy", "tidy"]
    assert [event.detail() for event in house.bus.told] == [PersonErased.of("per_1", NOON, NOON).detail()] * 2


def test_it_is_told_when_it_is_finished_and_again_if_the_bus_did_not_take_it(house: House) -> None:
    house.service.sweep(ErasePerson(person_id="per_1"))
    assert house.bus.told == []
    house.bus.refused = {PersonErased.of("per_1", NOON, NOON).id}
    second = ErasePerson(person_id="per_1", sweep=2)
    with pytest.raises(TemporaryError):
        house.service.sweep(second)
    house.bus.refused = set()
    receipt = house.service.sweep(second)
    assert receipt.finished_at is not None
    assert house.bus.told == [PersonErased.of("per_1", receipt.requested_at, receipt.finished_at)]


def test_nobody_is_erased_who_did_not_ask(house: House) -> None:
    house.everything.erasure = None
    with pytest.raises(PoisonMessageError):
        house.service.sweep(ErasePerson(person_id="per_1"))
    assert house.everything.log == []
