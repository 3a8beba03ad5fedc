"""Copied into the functions' Python and imported at its start: their clock is that of the embedded AWS.

It changes nothing but what ``shared.clock.SystemClock`` says, once that is imported. Functions do not know of it, and
on AWS it is not there.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from types import ModuleType

#: The seconds, in a file beside this one; no variable of the environment tells of it.
AHEAD = Path(__file__).with_name("clock")


def ahead() -> timedelta:
    """How far the embedded AWS is ahead of the machine."""
    try:
        return timedelta(seconds=float(AHEAD.read_text(encoding="ascii")))
    except FileNotFoundError:
        return timedelta(0)


class Moved(importlib.abc.Loader):
    """Loads the module as ever, then moves its clock."""

    def __init__(self, loader: importlib.abc.Loader) -> None:
        self._loader = loader

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        """Make the module as ever."""
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """Run it, then put our clock before its own."""
        self._loader.exec_module(module)
        told = module.SystemClock.now
        module.SystemClock.now = lambda clock: told(clock) + ahead()


class Finder(importlib.abc.MetaPathFinder):
    """Finds the one module of the product that knows the time."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The module with its clock moved, if it is that one."""
        if fullname != "shared.clock":
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = Moved(spec.loader)
        return spec


sys.meta_path.insert(0, Finder())
