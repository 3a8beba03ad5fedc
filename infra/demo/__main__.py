"""`python -m infra.demo`: replay into the Hearback of this checkout, or into another one.

Another one is named by HEARBACK_API (its address), HEARBACK_SECRET_KEY, and HEARBACK_DELIVERY_SURVEY if whoever got a
parcel shall be invited to that survey. It needs the survey of infra/demo/surveys/relationship-2020.yaml.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from rich.console import Console

from infra.demo import replay_year
from infra.demo.client import Client, DemoError
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
    parser.add_argument("--stack", type=Path, default=LOCAL_STACK_FILE, help="what runs here (default: %(default)s)")
    options = parser.parse_args(arguments)
    console = Console(highlight=False)
    try:
        equal = _replay(options.stack, console)
    except (DemoError, StackError) as error:
        console.print(f"[red]{error}[/red]", soft_wrap=True)
        return 1
    if not equal:
        console.print("[red]At least one month differs from the file.[/red]")
    return 0 if equal else 1


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
