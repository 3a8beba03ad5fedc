"""A few storms on the embedded AWS, where the processes are real: functions are killed while they work, and messages
come again while their first delivery is still worked on. What the simulation says of a model must hold here too.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from unittest.mock import patch

import pytest
from rich.console import Console

from infra.local import running, server
from infra.ops import cli
from infra.stack import local_stack
from tests.local.stack import Deployed, eventually, free_place

pytestmark = [pytest.mark.local, pytest.mark.slow]

ANSWERS, KILLS = 30, 8
HURRIED_SECONDS = 2
"""A visibility timeout so short that what a slow function works on is delivered to another one meanwhile."""


class Embedded:
    """A stack whose functions can be killed."""

    def __init__(self, deployed: Deployed, pid: int) -> None:
        self.deployed = deployed
        self._pid = pid

    def kill_a_function(self, rng: random.Random) -> bool:
        """Kill one of the processes that run functions, all of them the emulator's children."""
        listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
        pairs = (line.split() for line in listed.splitlines())
        children = sorted(int(pid) for pid, parent in pairs if int(parent) == self._pid)
        if not children:
            return False
        with suppress(ProcessLookupError):
            os.kill(rng.choice(children), signal.SIGKILL)
        return True

    def ask(self, method: str, path: str, key: str, body: object = None) -> tuple[int, object]:
        headers = {"authorization": f"Bearer {self.deployed.facts[key]}", "content-type": "application/json"}
        sent = None if body is None else json.dumps(body).encode()
        answer = self.deployed.request(method, f"/v1/{path}", sent, headers)
        return answer.status, answer.json() if answer.status < 500 else None

    def send(self, response_id: str, revision: int, rating: int) -> None:
        """Post an answer until it is accepted, as the widget does."""
        body = {"response_id": response_id, "revision": revision, "rating": rating}
        eventually(lambda: self.ask("POST", "surveys/checkout/responses", "publishable_key", body)[0] == 202)

    def counts(self) -> tuple[int, int, int] | None:
        status, found = self.ask("GET", "metrics?survey=checkout&since=2020-01-01", "secret_key")
        if status != 200 or not isinstance(found, dict):
            return None
        return found["response_count"], found["promoter_count"], found["detractor_count"]


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    place = free_place(tmp_path_factory.mktemp("killed"))
    with server.emulator(place) as process:
        deployed = Deployed(place, facts=running.ready(place, lambda step: None))
        queue = local_stack(place.stack_file).queue_url("responses")
        short = {"VisibilityTimeout": str(HURRIED_SECONDS)}
        deployed.client("sqs").set_queue_attributes(QueueUrl=queue, Attributes=short)
        found = Embedded(deployed, process.pid)
        eventually(lambda: (found.counts() or (0,))[0] == 50)
        yield found


@pytest.mark.parametrize("seed", range(3))
def test_whoever_is_killed_each_answer_counts_once_and_none_is_lost(embedded: Embedded, seed: int) -> None:
    rng = random.Random(f"killed-{seed}")
    before = embedded.counts()
    assert before is not None
    final: dict[str, int] = {}
    sent: list[tuple[str, int, int]] = []
    for _ in range(ANSWERS):
        response_id, ratings = str(uuid.UUID(int=rng.getrandbits(128), version=4)), rng.choices(range(11), k=2)
        revisions = list(enumerate(ratings[: rng.choice((1, 1, 2))], start=1))
        final[response_id] = revisions[-1][1]
        sent += [(response_id, revision, rating) for revision, rating in revisions * rng.choice((1, 1, 2))]
    rng.shuffle(sent)
    killed = 0
    for n, submission in enumerate(sent):
        embedded.send(*submission)
        if n % (len(sent) // KILLS) == 0:
            time.sleep(rng.random() / 4)
            killed += embedded.kill_a_function(rng)
    assert killed >= KILLS / 2
    expected = tuple(
        known + sum(map(counts, final.values()))
        for known, counts in zip(before, (lambda _: 1, lambda r: r >= 9, lambda r: r <= 6), strict=True)
    )
    eventually(lambda: embedded.counts() == expected)
    time.sleep(2 * HURRIED_SECONDS)
    assert embedded.counts() == expected
    stack = local_stack(embedded.deployed.place.stack_file)
    with patch.object(cli, "local_stack", lambda: stack):
        assert cli.main(["--local", "rebuild", "--check"], Console(quiet=True)) == 0
