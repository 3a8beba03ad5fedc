"""A hundred SMS at once, of which the day's money is enough for seven: seven leave, whoever comes first.

Each worker stands at every call to DynamoDB while the others go on, in an order drawn from a seed. Of the writes some
meet another one at the same item, and are tried again.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import boto3
import pytest
from greenlet import getcurrent, greenlet

from shared.domain.messages import MessageKind, Notification, SmsContent, SmsRequest
from shared.domain.sending import Draft, Fence
from shared.domain.sms_limits import taking_of
from shared.errors import TemporaryError
from shared.storage import messages, sms_limits
from shared.storage.messages import MessageRepository, Tables
from tests.simulation.aws import Call, InMemoryAws
from tests.simulation.aws.cloud import Effect
from tests.simulation.aws.transactions import cancelled
from tests.simulation.aws.wire import ServiceError

MANY = 100
PRICE = 90_000
ENOUGH_FOR = 7
ALIKE = 3
TABLES = Tables("messages", "responses", "deliveries", "people")


class Rush:
    """A hundred workers, each with an SMS of its own.

    Args:
        seed: Of the order in which they go on.
        spend_limit: What all of them may cost.
        prefix_limit: How many may go to numbers alike; there are four kinds of them.
        conflicts: In how many of a hundred writes another one is in the way.
    """

    def __init__(self, seed: int, *, spend_limit: int, prefix_limit: int, conflicts: int = 30) -> None:
        self.aws = InMemoryAws(seed)
        for name in TABLES:
            self.aws.dynamodb.create_table(name, hash_key="pk", range_key="sk")
        self.outcomes: list[Fence] = []
        self.alike: Counter[str] = Counter()
        self._limits = {"spend_limit": spend_limit, "prefix_limit": prefix_limit}
        self._conflicts = conflicts
        self._rng = random.Random(f"rush-{seed}")

    def run(self) -> None:
        """Have all of them send at once."""
        with self.aws.installed():
            repository = MessageRepository(boto3.client("dynamodb"), TABLES)
            hub = getcurrent()

            def others_go_on(call: Call, effect: Effect) -> dict[str, Any]:
                if getcurrent() is not hub:
                    hub.switch()
                if call.operation == "TransactWriteItems" and self._rng.randrange(100) < self._conflicts:
                    raise _conflict(call.params["TransactItems"], self._rng)
                return effect()

            self.aws.hook = others_go_on
            running = [greenlet(lambda n=n: self._send(repository, n)) for n in range(MANY)]
            while running:
                one = self._rng.choice(running)
                one.switch()
                if one.dead:
                    running.remove(one)

    def _send(self, repository: MessageRepository, n: int) -> None:
        now = self.aws.clock.now()
        request = SmsRequest(
            message_id=f"msg_{n}",
            to=f"+4915{n % 4}1234{n:04d}",
            content=SmsContent(body="Your parcel"),
            expires_at=now + timedelta(hours=1),
        )
        wish = Notification(
            message_id=request.message_id,
            kind=MessageKind.DELIVERY_ARRIVING,
            person_id=f"per_{n}",
            requested_at=now,
            expires_at=request.expires_at,
        )
        message = repository.claim(wish, "worker", now, now + timedelta(seconds=30))
        draft = Draft(request=request, sms=taking_of(request.to, PRICE, now, **self._limits)).after(message)
        for _ in range(20):
            try:
                fence = repository.fence(draft, "worker", now, now + timedelta(seconds=30))
            except TemporaryError:
                continue
            self.outcomes.append(fence)
            if fence is Fence.PASSED:
                self.alike[request.to[:-4]] += 1
            return


def _conflict(actions: Any, rng: random.Random) -> ServiceError:
    """What DynamoDB says of a write that met another at one of its items."""
    reasons: list[dict[str, Any]] = [{"Code": "None"} for _ in actions]
    reasons[rng.randrange(len(actions))] = {"Code": "TransactionConflict", "Message": "Transaction is ongoing"}
    return cancelled(reasons)


@pytest.mark.parametrize("seed", range(3))
def test_the_days_money_is_never_passed_whoever_comes_at_once(seed: int) -> None:
    rush = Rush(seed, spend_limit=ENOUGH_FOR * PRICE + PRICE // 2, prefix_limit=MANY)
    rush.run()
    assert Counter(rush.outcomes) == {Fence.PASSED: ENOUGH_FOR, Fence.SPEND_LIMIT: MANY - ENOUGH_FOR}


@pytest.mark.parametrize("seed", range(3))
def test_numbers_alike_get_no_more_than_an_hour_allows_whoever_comes_at_once(seed: int) -> None:
    rush = Rush(seed, spend_limit=MANY * PRICE, prefix_limit=ALIKE)
    rush.run()
    assert set(rush.alike.values()) == {ALIKE} and len(rush.alike) == 4
    assert Counter(rush.outcomes) == {Fence.PASSED: 4 * ALIKE, Fence.PREFIX_LIMIT: MANY - 4 * ALIKE}


@contextmanager
def without_condition() -> Iterator[None]:
    """Counts what is spent, and looks at the limit only where there is time to look."""
    spending = sms_limits.spending

    def unconditional(*args: Any) -> dict[str, Any] | None:
        action = spending(*args)
        if action is not None:
            del action["Update"]["ConditionExpression"]
            del action["Update"]["ExpressionAttributeValues"][":room"]
        return action

    with patch.object(messages, "spending", unconditional):
        yield


def test_a_limit_without_a_condition_is_noticed() -> None:
    rush = Rush(0, spend_limit=ENOUGH_FOR * PRICE, prefix_limit=MANY)
    with without_condition():
        rush.run()
    assert Counter(rush.outcomes)[Fence.PASSED] > ENOUGH_FOR
