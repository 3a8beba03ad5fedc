"""`make run`, `make up` and `make down`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from infra.local import running
from infra.local.errors import LocalError
from infra.local.places import CACHE, Place

DEFAULT_PORT = 8484
HIGHEST_PORT = 65_535


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 when it did what it was asked, 1 when it could not."""
    parser = argparse.ArgumentParser(prog="infra.local", description="Hearback on an embedded AWS on this machine.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, command, text in (
        ("run", running.run, "run until Ctrl-C"),
        ("up", running.up, "run in the background"),
        ("down", running.down, "stop what runs"),
    ):
        chosen = commands.add_parser(name, help=text)
        chosen.add_argument("--port", type=_port, default=DEFAULT_PORT)
        chosen.add_argument("--home", type=Path, default=CACHE, help="where its state is kept (default: .local)")
        chosen.set_defaults(command=command)
    options = parser.parse_args(arguments)
    console = Console(highlight=False)
    try:
        options.command(Place(options.port, options.home), console)
    except LocalError as error:
        console.print(f"[red]{error}[/red]", soft_wrap=True)
        return 1
    return 0


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= HIGHEST_PORT:
        raise argparse.ArgumentTypeError(f"{text} is no port; choose one from 1024 to {HIGHEST_PORT}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
