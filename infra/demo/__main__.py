"""`python -m infra.demo`: play and replay into the Hearback of this checkout, or replay into another one.

First the story of two deliveries is told at speed (`infra/demo/golden.py`), on the embedded AWS only, whose clock it
moves. `--story` plays nothing else, `--pause 3` leaves more time to watch each step in the browser.

Another one is named by HEARBACK_API (its address), HEARBACK_SECRET_KEY, and HEARBACK_DELIVERY_SURVEY if whoever got a
parcel shall be invited to that survey. It needs the survey of infra/demo/surveys/relationship-2020.yaml.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urljoin

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from infra.demo import replay_year
from infra.demo.client import Client, DemoError
from infra.demo.golden import Golden, Step
from infra.demo.parcels import Replay
from infra.demo.year import published
from infra.ops.surveys import publish_survey, read_definition
from infra.stack import LOCAL_STACK_FILE, StackError, local_stack

SURVEY = Path(__file__).parent / "surveys" / f"{replay_year.SURVEY_ID}.yaml"


class Target(NamedTuple):
    """The Hearback to replay into."""

    api: str
    secret_key: str
    mail_api: str | None
    delivery_survey_id: str | None


def main(arguments: Sequence[str] | None = None) -> int:
    """Replay; 0 when every month's score equals the one computed from the file, 1 if not, or if it can not be read."""
    parser = argparse.ArgumentParser(prog="infra.demo", description="Replay a year of answers and five parcels.")
    parser.add_argument("--story", action="store_true", help="only the story of two deliveries")
    parser.add_argument(
        "--pause", type=float, default=1.0, help="seconds after each of its steps (default: %(default)s)"
    )
    parser.add_argument("--stack", type=Path, default=LOCAL_STACK_FILE, help="what runs here (default: %(default)s)")
    options = parser.parse_args(arguments)
    console = Console(highlight=False)
    try:
        told = _tell(options.stack, options.pause, console)
        if options.story:
            return 0 if told else 1
        equal = _replay(options.stack, console)
    except (DemoError, StackError) as error:
        console.print(f"[red]{error}[/red]", soft_wrap=True)
        return 1
    if not equal:
        console.print("[red]At least one month differs from the file.[/red]")
    return 0 if equal else 1


def _tell(stack_file: Path, pause: float, console: Console) -> bool:
    """Play the story of two deliveries, if the clock can be moved; whether it was."""
    target = _target(os.environ, stack_file)
    if target.mail_api is None:
        console.print("The story of two deliveries is told on the embedded AWS only: no other clock can be moved.")
        return False

    def watch(step: Step) -> None:
        console.print(f"[bold]{step.at:%A %H:%M}[/bold]  {step.title}")
        time.sleep(pause)

    console.print("The story of two deliveries, at speed. Watch what is sent, and later the van:", soft_wrap=True)
    console.print(f"  {urljoin(target.mail_api, '/mail')}", soft_wrap=True)
    golden = Golden(Client(target.api, target.secret_key), target.mail_api, datetime.now(UTC), watch)
    golden.on_track = lambda address: console.print(f"  {address}", soft_wrap=True)
    for sent in golden.play():
        console.print(f"[dim]{sent.at.astimezone(golden.zone):%a %H:%M}  {sent.channel:5}  {sent.to}[/dim]")
        console.print(Padding(Text(sent.text, "italic"), (0, 0, 0, 18)))
    console.print()
    return True


def _replay(stack_file: Path, console: Console) -> bool:
    target = _target(os.environ, stack_file)
    client, year = Client(target.api, target.secret_key, replay_year.AT_ONCE), published()
    if client.get(f"surveys/{replay_year.SURVEY_ID}") is None:
        raise DemoError(f"There is no survey {replay_year.SURVEY_ID} yet; make it with: ops surveys publish {SURVEY}")
    now = datetime.now(UTC).replace(microsecond=0)
    carriers = Replay(client, now, target.delivery_survey_id, target.mail_api)
    parcels = carriers.run(console)
    replay_year.replay(client, year, console)
    carriers.show(parcels, console)
    return replay_year.compare(client, year, console)


def _target(environment: Mapping[str, str], stack_file: Path) -> Target:
    """What the environment names, else what runs in this checkout, whose survey is published if need be."""
    if "HEARBACK_API" in environment:
        try:
            return Target(
                environment["HEARBACK_API"].rstrip("/").removesuffix("/v1") + "/v1/",
                environment["HEARBACK_SECRET_KEY"],
                mail_api=None,
                delivery_survey_id=environment.get("HEARBACK_DELIVERY_SURVEY"),
            )
        except KeyError:
            raise DemoError(
                "HEARBACK_API is set, HEARBACK_SECRET_KEY is not: `ops keys create demo` makes one."
            ) from None
    publish_survey(local_stack(stack_file), read_definition(SURVEY))
    facts = json.loads(stack_file.read_text(encoding="utf-8"))
    return Target(facts["api"], facts["secret_key"], facts["mail_api"], facts.get("delivery_survey_id"))


if __name__ == "__main__":
    sys.exit(main())
