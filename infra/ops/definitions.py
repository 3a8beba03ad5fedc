"""What operators write in a file, JSON or YAML."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml


class DefinitionError(Exception):
    """A file that is no definition."""


def read_file(file: Path, of: str) -> dict[str, Any]:
    """What a JSON or YAML file says.

    Args:
        file: The file.
        of: What it is to define.

    Raises:
        DefinitionError: the file can not be read as either.
    """
    try:
        text = file.read_text(encoding="utf-8")
        data = json.loads(text) if file.suffix == ".json" else yaml.safe_load(text)
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise DefinitionError(f"{file} can not be read: {error}") from None
    if not isinstance(data, dict):
        raise DefinitionError(f"{file} holds no {of} definition.")
    return data
