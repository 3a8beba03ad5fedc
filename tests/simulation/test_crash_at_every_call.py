"""The guarantees of one message, with the real handler dying before and after every single call that it makes.

    G1  at most one call is accepted by the provider; two, if ambiguous messages of its category go once more
    G2  `sent` means that one was
    G3  what is not sent, and is not ambiguous, was accepted by nobody
    G4  whatever becomes of it, its state says so; a receipt settles what nobody knew

The provider counts what it accepts. What is not handled comes again, until all is quiet.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from unittest.mock import patch

import pytest

from shared.domain.messages import MessageState
from shared.domain.sending import Fence
from shared.storage.messages import MessageRepository
from tests.simulation.aws import Call
from tests.simulation.faults import Fault, FirstOf, NoFaults, Plan, every_crash
from tests.simulation.oracles import accepted_calls, messages, provider_calls
from tests.simulation.shop import Shop, shop

FINAL = {"sent", "failed", "suppressed", "expired", "ambiguous"}


class Case(NamedTuple):
    """One message: by which channel, what its provider does, and whether it may go again."""

    phone: str | None
    loses_answers: int
    resends: bool

    @property
    def most(self) -> int:
        """Calls that may be accepted."""
        return 2 if self.resends else 1

    def __str__(self) -> str:
        how = f"{self.loses_answers} answers lost" if self.loses_answers else "answered"
        return f"{'SMS' if self.phone else 'e-mail'}, {how}{', may go again' if self.resends else ''}"


PHONE = "+4915112345678"
CASES = [
    Case(None, 0, resends=False),
    Case(PHONE, 0, resends=False),
    Case(None, 1, resends=False),
    Case(PHONE, 1, resends=True),
    Case(None, 2, resends=True),
]


@dataclass
class LosesAnswers:
    """A provider that takes messages, and whose first answers are lost."""

    left: int

    def choose(self, call: Call) -> Fault | None:
        if self.left and call.operation in {"SendEmail", "SendTextMessage"}:
            self.left -= 1
            return Fault.LOST_ANSWER
        return None


@contextmanager
def told(case: Case, crash: Plan | None = None, planted: AbstractContextManager[Any] | None = None) -> Iterator[Shop]:
    """A parcel leaves, which its customer is told; at rest, before any receipt has come."""
    parameters = {"ResendAmbiguous": "on_its_way"} if case.resends else {}
    plan = FirstOf((crash or NoFaults(), LosesAnswers(case.loses_answers)))
    with ExitStack() as stack:
        story = stack.enter_context(shop(seed=1, plan=plan, parameters=parameters))
        if planted is not None:
            stack.enter_context(planted)
        story.register("parcel", phone=case.phone)
        story.report("parcel", "out_for_delivery")
        story.come_to_rest()
        yield story


def calls_of_notify(case: Case) -> list[Call]:
    with told(case) as story:
        return [entry.call for entry in story.aws.log if entry.call.function == "notify"]


def broken(story: Shop, case: Case) -> list[str]:
    """The guarantees that do not hold, before and after the receipts."""
    amiss = [*guarantees_broken(story, case)]
    assert messages(story.aws), "somebody is told something"
    story.deliver_receipts()
    story.come_to_rest()
    accepted = accepted_calls(story.aws)
    amiss += guarantees_broken(story, case)
    amiss += [
        f"G4: {one.message_id} is {one.state} although its receipt came"
        for one in messages(story.aws)
        if accepted[one.message_id] and one.state != "sent"
    ]
    return amiss


def guarantees_broken(story: Shop, case: Case) -> Iterator[str]:
    accepted, attempts = accepted_calls(story.aws), provider_calls(story.aws)
    for message in messages(story.aws):
        times = accepted[message.message_id]
        if times > case.most or attempts[message.message_id] > case.most:
            yield f"G1: {times} accepted of {attempts[message.message_id]} calls"
        if message.state == "sent" and not times:
            yield "G2: sent, and nobody accepted it"
        if message.state not in {"sent", "ambiguous"} and times:
            yield f"G3: {message.state}, and it was accepted"
        if message.state not in FINAL:
            yield f"G4: all is quiet, and it is {message.state}"


@pytest.mark.parametrize("case", CASES, ids=str)
def test_without_a_crash_it_ends_as_it_should(case: Case) -> None:
    with told(case) as story:
        (message,) = [one for one in messages(story.aws) if one.kind == "delivery_on_its_way"]
        goes_again = case.resends and case.loses_answers
        assert accepted_calls(story.aws)[message.message_id] == (2 if goes_again else 1)
        is_known = case.loses_answers == (1 if case.resends else 0)
        assert message.state == ("sent" if is_known else "ambiguous")
        assert broken(story, case) == []


@pytest.mark.parametrize("case", CASES, ids=str)
def test_dead_before_or_after_any_call_its_guarantees_hold(case: Case) -> None:
    crashes = every_crash(calls_of_notify(case))
    assert len(crashes) > 12
    for crash in crashes:
        with told(case, crash) as story:
            assert broken(story, case) == [], crash


def sends_then_marks() -> AbstractContextManager[Any]:
    """Nothing is written before the call: what is claimed is sent, and only then marked."""

    def fence(self: MessageRepository, *args: Any, **named: Any) -> Fence:
        return Fence.PASSED

    def settle(
        self: MessageRepository, message_id: str, token: str, state: MessageState, now: datetime, **named: Any
    ) -> bool:
        return self._update(message_id, token, [MessageState.CLAIMED], {"state": state.value, **named})

    return patch.multiple(MessageRepository, fence=fence, settle=settle)


@pytest.mark.parametrize("case", [Case(None, 0, resends=False), Case(PHONE, 1, resends=False)], ids=str)
def test_a_sender_that_sends_and_then_marks_is_found(case: Case) -> None:
    """The negative control: without it nobody knows whether the crashes above strike where it hurts."""
    found = []
    for crash in every_crash(calls_of_notify(case)):
        with told(case, crash, sends_then_marks()) as story:
            found += broken(story, case)
    assert any(fault.startswith("G1") for fault in found)
