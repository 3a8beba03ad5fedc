"""Somebody floods a survey while others answer it: on the deployed template, in simulated time, from post to score.

The honest do what the widget does: they keep what was not taken, and send it again when they were told to.
"""

from __future__ import annotations

import heapq
import random
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from uuid import UUID

import boto3
import pytest

from shared.storage.surveys import SurveyRepository
from tests.simulation.shop import PUBLISHABLE, SECRET, Shop, shop

ANSWERS = "/v1/surveys/delivery/responses"
HONEST = 50
PER_SECOND = 50
"""Posts of the attacker."""
COUNTED_EVERY = 2
"""Seconds between two batches of the workers."""


class Post(NamedTuple):
    """One attempt of somebody; sorted by when it is made."""

    at: float
    number: int
    address: str
    rating: int
    honest: bool = True


class Flood:
    """The course of an attack.

    Attributes:
        tries: how often each honest answer was sent until it was taken, by its number.
        taken: how many of the attacker's posts were taken.
        told: the Retry-After of each refusal.
    """

    def __init__(self, opened: Shop, posts: int, addresses: Callable[[int], str]) -> None:
        self.opened = opened
        self.tries: Counter[int] = Counter()
        self.taken = 0
        self.told: list[str] = []
        self._began = opened.aws.clock.seconds()
        self._posts = list(self._script(posts, addresses))
        heapq.heapify(self._posts)

    def _script(self, posts: int, addresses: Callable[[int], str]) -> Iterator[Post]:
        chance = random.Random(4)
        for number in range(HONEST):
            yield Post(chance.uniform(0, posts / PER_SECOND), number, f"203.0.113.{number}", rating=0)
        for number in range(posts):
            yield Post(number / PER_SECOND, HONEST + number, addresses(number), rating=10, honest=False)

    def run(self) -> None:
        """Everybody posts, who is honest until it is taken, while the workers count."""
        clock, counted = self.opened.aws.clock, 0.0
        while self._posts:
            post = heapq.heappop(self._posts)
            if post.at >= counted + COUNTED_EVERY:
                counted = post.at
                self.opened.stack.worker.run_until_quiet(until=clock.seconds())
            clock.advance_to(max(clock.seconds(), self._began + post.at))
            self._send(post)
        self.opened.come_to_rest()

    def _send(self, post: Post) -> None:
        body = {"response_id": str(UUID(int=post.number, version=4)), "rating": post.rating}
        reply = self.opened.stack.http("POST", ANSWERS, body, key=PUBLISHABLE, address=post.address)
        assert reply.status in (202, 429)
        if reply.status == 429:
            self.told.append(reply.headers["retry-after"])
        if not post.honest:
            self.taken += reply.status == 202
            return
        self.tries[post.number] += 1
        if reply.status == 429:
            heapq.heappush(self._posts, post._replace(at=post.at + int(reply.headers["retry-after"])))

    def metrics(self) -> Any:
        """The score as the company reads it."""
        return self.opened.stack.http("GET", "/v1/metrics", key=SECRET).json


def flood(opened: Shop, posts: int, addresses: Callable[[int], str]) -> Flood:
    opened.aws.witness = lambda call: (
        None
    )  # a recount after each of thousands of answers takes minutes; the last one is enough here
    attack = Flood(opened, posts, addresses)
    attack.run()
    assert [*opened.stack.refused_calls(), *opened.stack.uncaught] == []
    return attack


def was_hot(opened: Shop) -> bool:
    published = SurveyRepository(boto3.client("dynamodb"), "SurveysTable").current("delivery")
    return published is not None and published.hot_until is not None


@pytest.mark.parametrize("posts", [1_000, pytest.param(10_000, marks=pytest.mark.slow)])
def test_from_one_address_is_slowed_without_a_call_and_every_honest_answer_is_counted_at_once(posts: int) -> None:
    """In one process an address has 240 at once and two a second."""
    with shop() as opened:
        attack = flood(opened, posts, lambda _: "198.51.100.66")
        metrics = attack.metrics()
        assert metrics["detractor_count"] == HONEST
        assert set(attack.tries.values()) == {1}
        assert metrics["promoter_count"] == attack.taken
        assert 240 <= attack.taken <= 241 + 2 * posts / PER_SECOND
        sent = (entry.call for entry in opened.aws.log if entry.call.operation == "SendMessage")
        assert sum(call.function == "survey_ingest" for call in sent) == HONEST + attack.taken


@pytest.mark.slow
def test_from_ten_thousand_addresses_makes_the_survey_hot_and_every_honest_answer_is_counted_in_the_end() -> None:
    """No bucket of an address stops it. Once nps_calc has seen it and the door has heard of it, few come through."""
    seen_after, heard_after = 600 / PER_SECOND + COUNTED_EVERY, 60
    with shop() as opened:
        attack = flood(opened, 10_000, lambda number: f"2001:db8:{number:x}::1")
        metrics = attack.metrics()
        assert metrics["detractor_count"] == HONEST
        assert metrics["promoter_count"] == attack.taken
        assert attack.taken <= PER_SECOND * (seen_after + heard_after) + 60 + 10_000 / PER_SECOND
        assert all(int(seconds) >= 1 for seconds in attack.told)
        assert max(attack.tries.values()) > 1
        assert was_hot(opened)
        suspicious = {"suspicious": "true", "per_page": "100"}
        listed = opened.stack.http("GET", "/v1/survey_responses", key=SECRET, query=suspicious).json
        assert len(listed) == 100
        assert {response["suspicious"] for response in listed} == {True}
