"""Start the embedded AWS; see :mod:`infra.local.server`, which calls this in the emulator's own environment."""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from hypercorn.asyncio import serve
from hypercorn.config import Config
from ministack import app as ministack_app
from ministack.core import persistence
from ministack.services import eventbridge, scheduler, sqs

from infra.local.emulator import batches, http_api, permissions, provisioning, runtime
from infra.local.emulator.channels import Channels
from infra.local.emulator.clock import MovableClock
from infra.local.emulator.front import Front
from infra.local.emulator.layers import Layers
from infra.local.emulator.outbox import STORE, Outbox
from infra.local.emulator.saving import Saver
from infra.local.emulator.settings import Settings, from_environment

#: Upstream looks for due schedules every ten seconds.
SCHEDULER_TICK_SECONDS = 1
#: A queue's URL is its name in the saved state, so that it must not change with the port. Clients never connect to it:
#: they send it to the endpoint they are given.
QUEUE_HOST, QUEUE_PORT = "sqs.localhost", "80"


def _keep_queue_names() -> None:
    sqs.DEFAULT_HOST, sqs.DEFAULT_PORT = QUEUE_HOST, QUEUE_PORT
    sqs._CANONICAL_NETLOC = f"{QUEUE_HOST}:{QUEUE_PORT}"


def _give_back_what_was_in_work() -> None:
    """Make messages visible again that functions of the last run had in their hands; those functions are gone."""
    for queue in sqs._queues.all_values():
        for message in queue["messages"]:
            if message.get("receipt_handle"):
                message["visible_at"] = min(message["visible_at"], time.time())


def _end_with(starter: int) -> None:
    """End, saving, when the process that started us is gone."""

    def watch() -> None:
        while os.getppid() == starter:
            time.sleep(1)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="starter", daemon=True).start()


class Application:
    """The whole: mended emulator, front and saver, through their life."""

    def __init__(self, settings: Settings, clock: MovableClock) -> None:
        self._outbox = Outbox(clock.now)
        self._saver = Saver(settings.state, {STORE: self._outbox.state})
        channels = Channels(self._outbox, clock.now)
        channels.install()
        self._front = Front(ministack_app.app, settings, self._outbox, channels, self._saver, clock)
        self._fire_upstream = eventbridge._invoke_target
        eventbridge._invoke_target = self._fire
        self._run_batch_upstream = batches.run_batch
        batches.install(self._run_batch)
        self._saving: asyncio.Task[None] | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve a request, or a step of the server's life."""
        if scope["type"] == "lifespan":
            await self._live(scope, receive, send)
        else:
            await self._front(scope, receive, send)

    async def _live(self, scope: Any, receive: Any, send: Any) -> None:
        async def receiving() -> Any:
            message = await receive()
            if message["type"] == "lifespan.shutdown" and self._saving:
                self._saving.cancel()
                await self._saver.save(everything=True)
            return message

        async def sending(message: Any) -> None:
            if message["type"] == "lifespan.startup.complete":
                self._outbox.restore(persistence.load_state(STORE))
                _give_back_what_was_in_work()
                self._saving = asyncio.create_task(self._saver.run())
            await send(message)

        await ministack_app.app(scope, receiving, sending)

    def _fire(self, *args: Any, **named: Any) -> Any:
        result = self._fire_upstream(*args, **named)
        self._saver.touch()
        return result

    def _run_batch(self, *args: Any) -> None:
        self._run_batch_upstream(*args)
        self._saver.touch()


def main() -> None:
    """Serve until told to end."""
    settings = from_environment()
    _end_with(settings.starter)
    _keep_queue_names()
    scheduler._SCHEDULE_TICK_INTERVAL = SCHEDULER_TICK_SECONDS
    http_api.install()
    provisioning.install()
    permissions.install()
    place = Path(tempfile.gettempdir()) / "lambda-runtime"
    python = runtime.make(place, settings.runtime_python)
    runtime.install(python)
    clock = MovableClock(runtime.clock_file(place))
    clock.install()
    Layers(settings.unpacked, python).install()
    config = Config()
    config.bind = [f"127.0.0.1:{settings.port}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 1
    asyncio.run(serve(Application(settings, clock), config))


if __name__ == "__main__":
    main()
