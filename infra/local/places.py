"""Where things are: the checkout, and what a run makes in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

#: What runs share and can be made anew at any time: environments and packages.
CACHE = ROOT / ".local"


@dataclass(frozen=True)
class Place:
    """The home of one running Hearback: its state, its log, its addresses.

    Args:
        port: where it listens, on 127.0.0.1.
        home: its folder; tests have their own, so that they begin with nothing.
    """

    port: int
    home: Path = field(default=CACHE)

    @property
    def base(self) -> str:
        """The address of everything."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def state(self) -> Path:
        """What survives a restart."""
        return self.home / "state"

    @property
    def stack_file(self) -> Path:
        """Addresses and keys, there exactly while Hearback is ready."""
        return self.home / "stack.json"

    @property
    def emulator_log(self) -> Path:
        """What the emulator and the functions in it say."""
        return self.home / "log" / "emulator.log"

    @property
    def run_log(self) -> Path:
        """What a run in the background says."""
        return self.home / "log" / "run.log"

    @property
    def lock(self) -> Path:
        """Held while a run lives; has its process id."""
        return self.home / "run.pid"

    @property
    def unpacked(self) -> Path:
        """Where layers are kept unpacked and compiled, for all runs."""
        return CACHE / "layers"

    @property
    def temporary(self) -> Path:
        """Where functions are unpacked; emptied at each start."""
        return self.home / "tmp"
