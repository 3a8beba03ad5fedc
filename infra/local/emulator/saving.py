"""State that survives a crash: saved every second, each file written aside and then put in place.

Upstream saves only when it ends in peace.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ministack import app
from ministack.core import persistence
from ministack.services import dynamodb, scheduler, sqs

log = logging.getLogger(__name__)

#: Seconds from the beginning of a save to that of the next: one that a crash spoils, and the one before it, are within
#: the two seconds that a crash may cost.
EVERY = 1.0
#: A save stops the emulator while it copies; it may do so for at most this share of the time. What counts is the
#: processor's time: on a loaded machine a copy takes longer, and to save less often then would break the promise.
SHARE = 0.5

#: The stores that every message changes, from the source of a message to its effects. They are copied in this order at
#: one moment and written in the opposite one, so that after a crash a message is at worst handled again, never lost:
#: what a queue no longer holds, the table does. Consumers are idempotent, as they must be on AWS.
LIVE = ("scheduler", "sqs", "dynamodb")

State = Callable[[], object]


class Saver:
    """Saves what changed.

    Args:
        directory: where a file for each store is kept, as upstream reads them.
        extra: stores of our own beside the emulator's, saved together with the live ones.
    """

    def __init__(self, directory: Path, extra: dict[str, State]) -> None:
        self._directory = directory
        self._extra = extra
        self._live_changed = asyncio.Event()
        self._rest_changed = False
        self._writing = asyncio.Lock()

    def touch(self, *, everything: bool = False) -> None:
        """Say that a live store has changed, or that any store may have (a deployment)."""
        self._rest_changed |= everything
        app._MAIN_LOOP.call_soon_threadsafe(self._live_changed.set)

    async def run(self) -> None:
        """Save for as long as the emulator runs."""
        while True:
            await self._live_changed.wait()
            began, copying = time.monotonic(), 0.0
            try:
                copying = await self.save(everything=self._rest_changed)
            except Exception:  # A full disk, a store changed meanwhile: whatever it is, saving goes on.
                log.exception("the state could not be saved; trying again")
                self._live_changed.set()
            left = began + EVERY - time.monotonic()
            await asyncio.sleep(max(left, copying * (1 - SHARE) / SHARE))

    async def save(self, *, everything: bool) -> float:
        """Save the live stores, or all.

        Returns:
            How long the emulator was stopped for it, in seconds of the processor.

        Raises:
            OSError: a file cannot be written.
            RuntimeError: a store changed while it was copied. Nothing is written then.
        """
        async with self._writing:
            self._live_changed.clear()
            self._rest_changed = self._rest_changed and not everything
            began = time.thread_time()
            files = list(self._copy(everything=everything))
            copying = time.thread_time() - began
            await asyncio.to_thread(self._write, reversed(files))
        return copying

    def _copy(self, *, everything: bool) -> Iterator[tuple[str, str]]:
        # Runs on the loop that serves every request: no request, so no transaction, is ever seen half done.
        states = {**app._build_persistence_save_dict(), **self._extra}
        names = [name for name in (*LIVE, *self._extra) if name in states]
        names += [name for name in states if name not in names and everything]
        for name in names:
            with _as_it_is(name):
                state = states[name]()
                if state is not None:
                    yield name, _encode(name, state)

    def _write(self, files: Iterable[tuple[str, str]]) -> None:
        self._directory.mkdir(parents=True, exist_ok=True)
        for name, text in files:
            aside = self._directory / f"{name}.json.tmp"
            aside.write_text(text, encoding="utf-8")
            os.replace(aside, self._directory / f"{name}.json")  # noqa: PTH105 - the one call that is atomic by contract


def _encode(name: str, state: object) -> str:
    wrapped = {"__ministack_format__": persistence._state_format_version(name), "payload": state}
    return json.dumps(wrapped, default=persistence._json_default)


@contextlib.contextmanager
def _as_it_is(name: str) -> Iterator[None]:
    """Let upstream hand out a large store itself, not a slow deep copy: it is encoded before anyone changes it."""
    module: Any = {"sqs": sqs, "dynamodb": dynamodb, "scheduler": scheduler}.get(name)
    if module is None or not hasattr(module, "copy"):
        yield
        return
    lock = sqs._queues_lock if module is sqs else contextlib.nullcontext()
    copy = module.copy
    with lock:
        module.copy = SimpleNamespace(deepcopy=lambda value: value, copy=copy.copy)
        try:
            yield
        finally:
            module.copy = copy
