"""The emulator as a process: checked before, started, waited for, stopped."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path

from infra.local.environments import environment, packages
from infra.local.errors import LocalError
from infra.local.places import CACHE, ROOT, Place
from infra.stack import LOCAL_REGION

START_SECONDS = 30
STOP_SECONDS = 15
POLL_SECONDS = 0.05


def prepare() -> tuple[Path, Path]:
    """Install what the emulator and the functions need, unless it is there.

    Returns:
        The emulator's Python, and the folder of the layer's packages.

    Raises:
        LocalError: a package cannot be had.
    """
    python = environment(CACHE / "emulator", ROOT / "requirements" / "emulator.txt")
    layer = packages(CACHE / "packages" / "shared", ROOT / "shared" / "requirements.txt")
    return python, layer


def check_port(place: Place) -> None:
    """Make sure that nobody else listens.

    Raises:
        LocalError: somebody does.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", place.port))
        except OSError as error:
            raise LocalError(
                f"Port {place.port} is in use by another program; stop it, or choose another: "
                f"make run PORT={place.port + 1}"
            ) from error


def check_state(place: Place) -> None:
    """Make sure that the saved state can be read: the emulator itself would begin afresh without a word.

    Raises:
        LocalError: a file is broken.
    """
    for file in sorted(place.state.glob("*.json")):
        try:
            json.loads(file.read_bytes())
        except ValueError as error:
            raise LocalError(
                f"The saved state {_shown(file)} is broken ({error}); "
                f"remove {_shown(place.state)} to begin with nothing, and run again."
            ) from error


@contextlib.contextmanager
def emulator(place: Place, runtime_python: Path | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """Run the emulator for as long as the block runs.

    Args:
        place: where.
        runtime_python: what functions run on; the Python that runs us, for which our layer is built, if None.

    Raises:
        LocalError: it cannot start.
    """
    process = start(place, runtime_python)
    try:
        yield process
    finally:
        stop(process)


def start(place: Place, runtime_python: Path | None = None) -> subprocess.Popen[bytes]:
    """Start the emulator and wait until it answers.

    Raises:
        LocalError: the port is taken, the state is broken, or it does not start.
    """
    python, layer = prepare()
    check_port(place)
    check_state(place)
    shutil.rmtree(place.temporary, ignore_errors=True)
    for folder in (place.temporary, place.emulator_log.parent, place.state):
        folder.mkdir(parents=True, exist_ok=True)
    run_id = uuid.uuid4().hex
    with place.emulator_log.open("wb") as log:
        process = subprocess.Popen(
            [str(python), "-m", "infra.local.emulator"],
            cwd=ROOT,
            env=_environment(place, layer, run_id, runtime_python or Path(sys.executable)),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            # Ctrl-C on the terminal is for the starter, which stops the emulator in its own time.
            start_new_session=True,
        )
    try:
        _await(place, process, run_id)
    except BaseException:
        stop(process)
        raise
    return process


def stop(process: subprocess.Popen[bytes]) -> None:
    """Let the emulator save its state and end; a second Ctrl-C meanwhile does not interrupt it."""
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _environment(place: Place, layer: Path, run_id: str, runtime_python: Path) -> dict[str, str]:
    """Give the emulator, and so every function, only what they need: on AWS there is no more either."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "LC_ALL") if name in os.environ}
    return {
        **kept,
        "TMPDIR": str(place.temporary),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "127.0.0.1",
        "MINISTACK_REGION": LOCAL_REGION,
        "GATEWAY_PORT": str(place.port),
        "IOT_MTLS_ENABLED": "0",  # It would listen on every interface.
        "SFTP_ENABLED": "0",
        "LOG_LEVEL": "INFO",
        "AUTH": "true",  # Functions may do what their policies say, and no more.
        "AWS_ACCESS_KEY_ID": "local",  # The account's owner, who deploys.
        "PERSIST_STATE": "1",
        "STATE_DIR": str(place.state),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(place.state / "s3"),
        "AWS_SECRET_ACCESS_KEY": "local",
        "HEARBACK_STARTER": str(os.getpid()),
        "HEARBACK_RUN_ID": run_id,
        "HEARBACK_LAYER": str(layer),
        "HEARBACK_UNPACKED": str(place.unpacked),
        "HEARBACK_STACK_FILE": str(place.stack_file),
        "HEARBACK_OPENAPI": str(ROOT / "docs" / "openapi.json"),
        "HEARBACK_DEMO": str(ROOT / "infra" / "local" / "demo"),
        "HEARBACK_RUNTIME_PYTHON": str(runtime_python),
    }


def _await(place: Place, process: subprocess.Popen[bytes], run_id: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            said = place.emulator_log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
            raise LocalError(f"The embedded AWS did not start ({' '.join(said)}); see {_shown(place.emulator_log)}.")
        try:
            with urllib.request.urlopen(f"{place.base}/_hearback/health", timeout=2) as answer:  # noqa: S310
                if json.load(answer)["run_id"] == run_id:
                    return
        except (urllib.error.URLError, OSError, ValueError, KeyError):
            pass
        time.sleep(POLL_SECONDS)
    raise LocalError(f"The embedded AWS did not answer in {START_SECONDS} s; see {_shown(place.emulator_log)}.")


def _shown(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def save(place: Place) -> None:
    """Have the emulator save everything it knows, now."""
    request = urllib.request.Request(f"{place.base}/_hearback/save", method="POST")  # noqa: S310 - our own address
    with urllib.request.urlopen(request, timeout=START_SECONDS):  # noqa: S310
        pass
