"""Virtual environments and folders of packages, made from lock files and kept until the lock changes."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from infra.local.errors import LocalError

STAMP = "made-from.sha256"


def environment(place: Path, lock: Path) -> Path:
    """Make a virtual environment with the packages of a lock file, unless it is there.

    Args:
        place: its folder.
        lock: a requirements file with hashes.

    Returns:
        Its Python.

    Raises:
        LocalError: a package cannot be had.
    """
    python = place / "bin" / "python"
    wanted = _fingerprint(lock)
    with _one_at_a_time(place):
        if _stamped(place, wanted) and _runs(python):
            return python
        shutil.rmtree(place, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(place)], check=True)
        _install(lock, python=python)
        (place / STAMP).write_text(wanted, encoding="utf-8")
    return python


def packages(place: Path, lock: Path) -> Path:
    """Install the packages of a lock file, for this machine's Python, into a folder, unless they are there.

    Returns:
        The folder.

    Raises:
        LocalError: a package cannot be had.
    """
    wanted = _fingerprint(lock)
    with _one_at_a_time(place):
        if not _stamped(place, wanted):
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir(parents=True)
            _install(lock, target=place)
            (place / STAMP).write_text(wanted, encoding="utf-8")
    return place


@contextlib.contextmanager
def _one_at_a_time(place: Path) -> Iterator[None]:
    """Let a second run in the same checkout wait until the first has installed."""
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.with_suffix(".lock").open("w", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _fingerprint(lock: Path) -> str:
    machine = f"{sys.implementation.cache_tag} {platform.system()} {platform.machine()} {sys.base_prefix}"
    return hashlib.sha256(machine.encode() + lock.read_bytes()).hexdigest()


def _stamped(place: Path, wanted: str) -> bool:
    try:
        return (place / STAMP).read_text(encoding="utf-8") == wanted
    except FileNotFoundError:
        return False


def _runs(python: Path) -> bool:
    """Whether it starts; the Python it was made from may have been upgraded or removed."""
    try:
        return subprocess.run([str(python), "-c", ""], check=False, capture_output=True).returncode == 0
    except OSError:
        return False


def _install(lock: Path, *, python: Path | None = None, target: Path | None = None) -> None:
    """Install with uv, which is fast; where it finds nothing, pip, which may know a mirror, gets its turn."""
    into = ["--target", str(target)] if target else []
    locked = ["--require-hashes", "-r", str(lock)]
    uv = Path(sys.prefix) / "bin" / "uv"
    pip = [sys.executable, "-m", "pip", *(["--python", str(python)] if python else [])]
    commands = [
        [str(uv), "pip", "install", "--quiet", "--python", str(python or sys.executable), *into, *locked],
        [*pip, "install", "--quiet", "--disable-pip-version-check", *into, *locked],
    ]
    said = ""
    for command in commands if uv.exists() else commands[1:]:
        result = subprocess.run(command, check=False, capture_output=True, text=True)
        if result.returncode == 0:
            return
        said = result.stderr.strip().rpartition("\n")[2]
    raise LocalError(f"Cannot install {lock.parent.name}/{lock.name}; is there a network? The installer said: {said}")
