"""Two hundred at once ask one person, on every channel: exactly one does.

Each stands at every call to DynamoDB while the others go on, in an order drawn from a seed, so that all have looked
before the first writes.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import boto3
import pytest
from greenlet import getcurrent, greenlet

from shared.domain.asking import Ask
from shared.domain.messages import Category, Channel, LinkChannel, MessageKind, MessageState, Notification, Reason
from shared.domain.sending import Fence
from shared.errors import TemporaryError
from shared.storage import ask_budget, link_invitations, messages
from shared.storage.link_invitations import LinkInvitations
from shared.storage.messages import MessageRepository, Tables
from tests.fakes.wishes import draft
from tests.simulation.aws import Call, InMemoryAws
from tests.simulation.aws.cloud import Effect

ADA = "per_ada"
MANY = 200
WINDOW = timedelta(days=30)
TABLES = Tables("messages", "responses", "deliveries", "people")


class Crowd:
    """Everybody who wishes to ask Ada."""

    def __init__(self, seed: int) -> None:
        self.aws = InMemoryAws(seed)
        for name in TABLES:
            self.aws.dynamodb.create_table(name, hash_key="pk", range_key="sk")
        self.outcomes: list[str] = []
        self._rng = random.Random(f"crowd-{seed}")

    def ask(self) -> None:
        """Have all of them ask at once."""
        with self.aws.installed():
            dynamodb = boto3.client("dynamodb")
            asking: list[Callable[[int], str]] = [
                lambda n: self._by_link(LinkInvitations(dynamodb, "messages", "people"), n),
                lambda n: self._by_message(MessageRepository(dynamodb, TABLES), n),
            ]
            hub = getcurrent()

            def others_go_on(call: Call, effect: Effect) -> dict[str, Any]:
                if getcurrent() is not hub:
                    hub.switch()
                return effect()

            self.aws.hook = others_go_on
            running = [greenlet(lambda n=n: self.outcomes.append(asking[n % 2](n))) for n in range(MANY)]
            while running:
                one = self._rng.choice(running)
                one.switch()
                if one.dead:
                    running.remove(one)

    def _wish(self, n: int, channel: LinkChannel) -> Notification:
        now = self.aws.clock.now()
        return Notification(
            message_id=f"msg_{n}",
            kind=MessageKind.SURVEY_INVITATION,
            person_id=ADA,
            survey_id=f"survey-{n % 3}",
            channel=channel,
            requested_at=now,
            expires_at=now + timedelta(days=7),
        )

    def _ask(self, n: int) -> Ask:
        return Ask(person_id=ADA, survey_id=f"survey-{n % 3}", by=f"msg_{n}", window=WINDOW)

    def _by_link(self, invitations: LinkInvitations, n: int) -> str:
        wish, now = self._wish(n, LinkChannel.LINK), self.aws.clock.now()
        for _ in range(MANY):
            try:
                decided = invitations.hand_out(
                    wish, self._ask(n), [(Channel.EMAIL, "ada@example.org")], subject=None, properties={}, now=now
                )
            except TemporaryError:
                continue
            assert decided.state is MessageState.SENT or decided.reason is Reason.RECENTLY_ASKED
            return "asked" if decided.state is MessageState.SENT else "refused"
        return "never decided"

    def _by_message(self, messages: MessageRepository, n: int) -> str:
        wish, now = self._wish(n, LinkChannel.EMAIL), self.aws.clock.now()
        message = messages.claim(wish, "worker", now, now + timedelta(seconds=30))
        wanted = draft(wish, about=None, person_id=ADA, ask=self._ask(n), category=Category.SURVEYS)
        for _ in range(MANY):
            try:
                fence = messages.fence(wanted, message.token or "", now, now + timedelta(seconds=30))
            except TemporaryError:
                continue
            assert fence in {Fence.PASSED, Fence.RECENTLY_ASKED}
            return "asked" if fence is Fence.PASSED else "refused"
        return "never decided"


@pytest.mark.parametrize("seed", range(3))
def test_two_hundred_at_once_ask_one_person_exactly_once(seed: int) -> None:
    crowd = Crowd(seed)
    crowd.ask()
    assert Counter(crowd.outcomes) == {"asked": 1, "refused": MANY - 1}


@contextmanager
def looks_first() -> Iterator[None]:
    """A budget that is looked at before, and taken without a condition."""

    def unconditional(table_name: str, ask: Ask, now: Any) -> dict[str, Any]:
        return ask_budget.taking(table_name, ask.model_copy(update={"window": timedelta(0)}), now)

    with patch.object(messages, "taking", unconditional), patch.object(link_invitations, "taking", unconditional):
        yield


def test_a_budget_without_a_condition_is_noticed() -> None:
    crowd = Crowd(0)
    with looks_first():
        crowd.ask()
    assert Counter(crowd.outcomes)["asked"] > 1
