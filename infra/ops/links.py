"""The keys that sign survey links: `ops links rotate`."""

from __future__ import annotations

import json
import secrets
from typing import Any

KEPT = 3
"""Keys that still verify after a rotation, the new one among them; a link lives 30 days at most."""


def rotate(ssm: Any, parameter: str) -> int:
    """Put a fresh signing key after the others, so that it signs from now on; the first call creates the parameter.

    Functions keep keys for 5 minutes, so for that long links are still signed with the key before.

    Args:
        ssm: A client of Systems Manager.
        parameter: The parameter's name, an output of the stack.

    Returns:
        How many keys verify now.
    """
    try:
        known = json.loads(ssm.get_parameter(Name=parameter, WithDecryption=True)["Parameter"]["Value"])
    except ssm.exceptions.ParameterNotFound:
        known = []
    keys = [*known, secrets.token_urlsafe(32)][-KEPT:]
    ssm.put_parameter(Name=parameter, Value=json.dumps(keys), Type="SecureString", Overwrite=True)
    return len(keys)
