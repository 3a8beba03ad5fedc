"""One run of Hearback on this machine, from nothing to ready and back."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from rich.console import Console
from rich.table import Table

from infra.local import deploy, seed, server
from infra.local.errors import LocalError
from infra.local.places import ROOT, Place
from infra.stack import LOCAL_REGION, Stack

UP_SECONDS = 300
DOWN_SECONDS = 20
POLL_SECONDS = 0.1

Facts = dict[str, Any]


class Stopped(BaseException):
    """Somebody asked us to end: `make down`, or the machine shutting down."""


def ready(place: Place, say: Callable[[str], None]) -> Facts:
    """Deploy to the running emulator, load the first data, and write the stack file.

    Args:
        place: where the emulator runs.
        say: is told of each step.

    Returns:
        What is in the stack file.

    Raises:
        LocalError: the deployment failed.
    """
    say("Deploying template.yaml")
    outputs = deploy.deploy(place.base, deploy.parameters(place.base))
    say("Loading surveys, a delivery and answers")
    stack = Stack(deploy.STACK_NAME, deploy.session(), place.base, outputs)
    facts = {
        "api": f"{place.base}/v1/",
        "demo_page": f"{place.base}/demo",
        "mail_page": f"{place.base}/mail",
        "mail_api": f"{place.base}/mail.json",
        "scores_page": f"{place.base}/scores",
        "staff_page": f"{place.base}/staff/surveys",
        "openapi": f"{place.base}/openapi",
        "stack_name": deploy.STACK_NAME,
        "region": LOCAL_REGION,
        **seed.load(stack, place),
    }
    # What was deployed and loaded is on disk before anyone builds on it.
    server.save(place)
    _write(place.stack_file, facts)
    return facts


def run(place: Place, console: Console) -> None:
    """Run until Ctrl-C or `make down`.

    Raises:
        LocalError: it cannot run, or the emulator ended by itself.
    """
    with _only_one(place), contextlib.ExitStack() as ending:
        ending.callback(place.stack_file.unlink, missing_ok=True)
        place.stack_file.unlink(missing_ok=True)
        signal.signal(signal.SIGTERM, _stop)
        try:
            with console.status("Installing the embedded AWS") as status:
                server.prepare()
                status.update("Starting the embedded AWS")
                process = ending.enter_context(server.emulator(place))
                facts = ready(place, status.update)
            console.print(_addresses(facts))
            console.print("Ctrl-C stops it. What it knows is kept in .local/state; a crash loses at most two seconds.")
            process.wait()
            raise LocalError("The embedded AWS ended by itself; see .local/log/emulator.log.")
        except (KeyboardInterrupt, Stopped):
            # make passes on a signal that the terminal's group got already: only the first one counts.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            console.print("Stopping.")


def up(place: Place, console: Console) -> None:
    """Run in the background, and return when it is ready. Does nothing when it runs already.

    Raises:
        LocalError: it did not become ready.
    """
    if _runner(place) is None:
        server.check_port(place)
        place.stack_file.unlink(missing_ok=True)
        place.run_log.parent.mkdir(parents=True, exist_ok=True)
        with place.run_log.open("wb") as log:
            process: subprocess.Popen[bytes] | None = subprocess.Popen(
                [sys.executable, "-m", "infra.local", "run", "--port", str(place.port), "--home", str(place.home)],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
    else:
        process = None
    with console.status("Starting Hearback in the background"):
        facts = _await(place, process)
    console.print(_addresses(facts))
    console.print("`make down` stops it.")


def down(place: Place, console: Console) -> None:
    """Stop what runs, saving its state. Does nothing when nothing runs.

    Raises:
        LocalError: it does not end.
    """
    pid = _runner(place)
    if pid is None:
        console.print("Hearback does not run here.")
        return
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + DOWN_SECONDS
    while _runner(place) is not None:
        if time.monotonic() > deadline:
            raise LocalError(f"Process {pid} does not end; look at it, then end it with: kill -9 {pid}")
        time.sleep(POLL_SECONDS)
    console.print("Hearback is stopped.")


def _await(place: Place, process: subprocess.Popen[bytes] | None) -> Facts:
    deadline = time.monotonic() + UP_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(FileNotFoundError):
            facts: Facts = json.loads(place.stack_file.read_text(encoding="utf-8"))
            return facts
        if process is not None and process.poll() is not None:
            said = place.run_log.read_text(encoding="utf-8", errors="replace").strip()
            raise LocalError(said or "Hearback ended before it was ready; see .local/log/run.log.")
        time.sleep(POLL_SECONDS)
    raise LocalError(f"Hearback was not ready in {UP_SECONDS} s; see .local/log/run.log and .local/log/emulator.log.")


@contextlib.contextmanager
def _only_one(place: Place) -> Iterator[None]:
    """Hold the lock of this place, with our process id in it. The system lets it go however we end."""
    place.lock.parent.mkdir(parents=True, exist_ok=True)
    with place.lock.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LocalError("Hearback runs here already; `make down` stops it.") from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def _runner(place: Place) -> int | None:
    """Return the process id of the run of this place, None when there is none."""
    try:
        with place.lock.open("r", encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return int(file.read())
    except FileNotFoundError:
        pass
    return None


def _write(file: Path, facts: Facts) -> None:
    aside = file.with_suffix(".tmp")
    aside.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    aside.replace(file)


def _addresses(facts: Facts) -> Table:
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    for name, key in (
        ("Demo shop", "demo_page"),
        ("Mail and SMS", "mail_page"),
        ("Scores", "scores_page"),
        ("Surveys", "staff_page"),
        ("OpenAPI", "openapi"),
        ("API", "api"),
        ("Survey", "survey_id"),
        ("Publishable key", "publishable_key"),
        ("Secret key", "secret_key"),
    ):
        if key in facts:
            table.add_row(name, f"[bold]{facts[key]}[/bold]")
    return table


def _stop(signal_number: int, frame: FrameType | None) -> None:
    raise Stopped
