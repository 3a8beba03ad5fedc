"""What the starting process tells the emulator, as environment variables."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """Where the emulator listens and what it serves."""

    port: int
    #: The process to end with: an emulator whose starter was killed must not linger on the port.
    starter: int
    #: Tells this run from any other that may hold the same port.
    run_id: str
    #: Holds emulator state between runs.
    state: Path
    #: The Lambda layer's packages, for Swagger UI's files.
    layer: Path
    #: Where layers are kept unpacked.
    unpacked: Path
    #: What the run wrote for people and programs: addresses, keys.
    stack_file: Path
    openapi: Path
    demo: Path
    #: What functions run on; the layer must have been built for it.
    runtime_python: Path

    @property
    def base(self) -> str:
        """The address of everything."""
        return f"http://127.0.0.1:{self.port}"


def from_environment() -> Settings:
    """Read the settings, and take ours away: functions inherit the environment, and AWS has none of them.

    Raises:
        KeyError: a variable is missing; only :mod:`infra.local.server` starts the emulator.
    """
    env = os.environ
    return Settings(
        port=int(env["GATEWAY_PORT"]),
        starter=int(env.pop("HEARBACK_STARTER")),
        run_id=env.pop("HEARBACK_RUN_ID"),
        state=Path(env["STATE_DIR"]),
        layer=Path(env.pop("HEARBACK_LAYER")),
        unpacked=Path(env.pop("HEARBACK_UNPACKED")),
        stack_file=Path(env.pop("HEARBACK_STACK_FILE")),
        openapi=Path(env.pop("HEARBACK_OPENAPI")),
        demo=Path(env.pop("HEARBACK_DEMO")),
        runtime_python=Path(env.pop("HEARBACK_RUNTIME_PYTHON")),
    )
