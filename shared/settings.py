"""Settings of a function: its environment, parsed once into a frozen model.

Each `bootstrap.py` declares `class Settings(EnvironmentSettings)` with a field per variable; `RESPONSES_QUEUE_URL` in
the template is `responses_queue_url` in the code, and a test holds the two lists against each other.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Self

from pydantic import BaseModel, ConfigDict


class EnvironmentSettings(BaseModel):
    """Base of every function's `Settings`."""

    # Built when it is read, which is once, and before anything is answered.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Read each field from the variable of the same name in capitals.

        Raises:
            pydantic.ValidationError: a variable is missing or malformed; the function then fails at its first call.
        """
        variables = os.environ if environment is None else environment
        present = {name: variables[name.upper()] for name in cls.model_fields if name.upper() in variables}
        return cls.model_validate(present)
