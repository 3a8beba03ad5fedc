"""The keys that sign survey links: `ops links rotate`."""

from __future__ import annotations

import json
import secrets
from typing import Any

KEPT = 4
"""Keys that are kept: the next one, the one that signs, and two before it; a link lives 30 days at most."""


def rotate(ssm: Any, parameter: str) -> int:
    """Have the next key sign, and make another next one; the first call creates the parameter with both.

    A key is known everywhere before it signs, because functions read the keys every 5 minutes only: without a next
    one, a link signed by a function that has read the new key would be refused by one that has not.

    Args:
        ssm: A client of Systems Manager.
        parameter: The parameter's name, an output of the stack.

    Returns:
        How many keys verify now.
    """
    try:
        known = json.loads(ssm.get_parameter(Name=parameter, WithDecryption=True)["Parameter"]["Value"])
    except ssm.exceptions.ParameterNotFound:
        known = [_new_key()]
    keys = [*known, _new_key()][-KEPT:]
    ssm.put_parameter(Name=parameter, Value=json.dumps(keys), Type="SecureString", Overwrite=True)
    return len(keys)


def _new_key() -> str:
    return secrets.token_urlsafe(32)
