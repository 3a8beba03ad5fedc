"""The JSON schemas of the events on the bus: `python -m infra.event_schemas` writes docs/events, one file for each.

They are made of the models that are published, so a consumer can trust them; tests find a stale one.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from infra.openapi import explained
from shared.domain.events import EVENTS, DomainEvent

FOLDER = Path(__file__).parents[1] / "docs" / "events"


def schema(event: type[DomainEvent]) -> dict[str, object]:
    """The schema of an event's `detail`; consumers must let fields pass that they do not know."""
    made = event.model_json_schema(mode="serialization")
    parts = {name: explained(part) for name, part in sorted(made.pop("$defs", {}).items())}
    for part in (made, *parts.values()):
        part.pop("additionalProperties", None)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **explained(made),
        **({"$defs": parts} if parts else {}),
    }


def documents() -> dict[Path, str]:
    """Each file of docs/events, with what should stand in it."""
    return {
        FOLDER / f"{event.__name__}.json": json.dumps(schema(event), indent=2, ensure_ascii=False) + "\n"
        for event in EVENTS
    }


def main() -> int:
    """Write the files."""
    FOLDER.mkdir(exist_ok=True)
    for path, text in documents().items():
        path.write_text(text, encoding="utf-8")
        print(f"{path.relative_to(FOLDER.parents[1])} is written.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
